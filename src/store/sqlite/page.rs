//! Lists, the one thing whose SQL is put together: filters, order and page. Every piece is a
//! literal, every value is bound.
//!
//! The order is total, since the id decides last, and a page begins behind its marker's place in
//! that order: whatever is added or removed meanwhile, nothing is listed twice and nothing that
//! stays is left out.

use std::fmt::Display;

use sqlx::{QueryBuilder, Sqlite};

use crate::domain::page::{Direction, Paging};

/// A piece of a condition.
pub(super) enum Piece {
    /// SQL as it stands.
    Sql(&'static str),
    /// A value to bind.
    Value(String),
}

/// A list in the making.
pub(super) struct List {
    query: QueryBuilder<Sqlite>,
    table: &'static str,
}

impl List {
    /// Lists what `select`, which ends in a condition, finds in `table`.
    pub(super) fn new(select: &'static str, table: &'static str) -> Self {
        Self { query: QueryBuilder::new(select), table }
    }

    /// Only rows with that value, if there is one; `condition` is ` AND column = `.
    pub(super) fn only(mut self, condition: &'static str, value: Option<impl Display>) -> Self {
        if let Some(value) = value {
            self.query.push(condition).push_bind(value.to_string());
        }
        self
    }

    /// Only rows that fulfil the condition of these pieces, which begins with ` AND `; none: any row.
    pub(super) fn when(mut self, condition: Vec<Piece>) -> Self {
        for piece in condition {
            match piece {
                Piece::Sql(sql) => self.query.push(sql),
                Piece::Value(value) => self.query.push_bind(value),
            };
        }
        self
    }

    /// Only rows with one of those values; `condition` is ` AND column IN (`. None of them: no row.
    pub(super) fn among<V>(mut self, condition: &'static str, values: &[V]) -> Self
    where
        V: Clone + for<'q> sqlx::Encode<'q, Sqlite> + sqlx::Type<Sqlite> + 'static,
    {
        self.query.push(condition);
        let mut separator = "";
        for value in values {
            self.query.push(separator).push_bind(value.clone());
            separator = ", ";
        }
        self.query.push(")");
        self
    }

    /// Only rows with that part in a text; `condition` is ` AND column LIKE `.
    pub(super) fn containing(mut self, condition: &'static str, part: &str) -> Self {
        let escaped = part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        self.query.push(condition).push_bind(format!("%{escaped}%")).push(" ESCAPE '\\'");
        self
    }

    /// With this piece of a condition.
    pub(super) fn and(mut self, piece: &'static str) -> Self {
        self.query.push(piece);
        self
    }

    /// All of it, in no order.
    pub(super) fn whole(self) -> QueryBuilder<Sqlite> {
        self.query
    }

    /// One page; `id` is the sort key that is the id, and `column` names the column of a sort key,
    /// without nulls.
    pub(super) fn page<I: Display, K: Copy + PartialEq>(
        mut self,
        page: &Paging<I, K>,
        id: K,
        column: fn(K) -> &'static str,
    ) -> QueryBuilder<Sqlite> {
        let order: Vec<(&'static str, Direction)> =
            total(&page.sort, id).into_iter().map(|(key, to)| (column(key), to)).collect();
        if let Some(marker) = &page.marker {
            self.behind(&marker.to_string(), &order);
        }
        let mut separator = " ORDER BY ";
        for (column, direction) in &order {
            self.query.push(separator).push(column).push(match direction {
                Direction::Ascending => " ASC",
                Direction::Descending => " DESC",
            });
            separator = ", ";
        }
        self.query.push(" LIMIT ").push_bind(i64::from(page.limit));
        self.query.push(" OFFSET ").push_bind(page.offset);
        self.query
    }

    fn behind(&mut self, marker: &str, order: &[(&'static str, Direction)]) {
        let one_way = order.windows(2).all(|pair| match pair {
            [(_, one), (_, other)] => one == other,
            _ => true,
        });
        if one_way {
            self.behind_one_way(marker, order);
        } else {
            self.behind_both_ways(marker, order);
        }
    }

    /// `(a, b, id) > (the marker's)`: SQLite finds the place by the index.
    fn behind_one_way(&mut self, marker: &str, order: &[(&'static str, Direction)]) {
        self.query.push(" AND (");
        self.columns(order);
        self.query.push(")").push(order.first().map_or(" > ", |(_, to)| beyond(*to)));
        self.query.push("(SELECT ");
        self.columns(order);
        self.query.push(" FROM ").push(self.table).push(" WHERE id = ");
        self.query.push_bind(marker.to_owned()).push(")");
    }

    /// `a > m.a OR (a = m.a AND b < m.b) OR …`: rows cannot be compared when directions differ.
    fn behind_both_ways(&mut self, marker: &str, order: &[(&'static str, Direction)]) {
        let mut alternative = " AND (";
        for (place, (column, direction)) in order.iter().enumerate() {
            self.query.push(alternative).push("(");
            for (equal, _) in order.iter().take(place) {
                self.compare(equal, " = ", marker);
                self.query.push(" AND ");
            }
            self.compare(column, beyond(*direction), marker);
            self.query.push(")");
            alternative = " OR ";
        }
        self.query.push(")");
    }

    fn compare(&mut self, column: &'static str, operator: &'static str, marker: &str) {
        self.query.push(column).push(operator).push("(SELECT ").push(column);
        self.query.push(" FROM ").push(self.table).push(" WHERE id = ");
        self.query.push_bind(marker.to_owned()).push(")");
    }

    fn columns(&mut self, order: &[(&'static str, Direction)]) {
        let mut separator = "";
        for (column, _) in order {
            self.query.push(separator).push(column);
            separator = ", ";
        }
    }
}

fn beyond(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => " > ",
        Direction::Descending => " < ",
    }
}

/// The sort keys without repetition, up to the id, which comes last in the direction of the key
/// before it and ascending when it is alone.
fn total<K: Copy + PartialEq>(sort: &[(K, Direction)], id: K) -> Vec<(K, Direction)> {
    let mut order: Vec<(K, Direction)> = Vec::new();
    for (key, direction) in sort {
        if order.iter().all(|(earlier, _)| earlier != key) {
            order.push((*key, *direction));
        }
        if *key == id {
            return order;
        }
    }
    let direction = order.last().map_or(Direction::Ascending, |(_, direction)| *direction);
    order.push((id, direction));
    order
}

/// What to look for when an id is asked for by its text: its usual spelling, or the text itself,
/// which then is no row's id.
pub(super) fn id_or_nothing<I: Display>(
    text: Option<&str>,
    parse: fn(&str) -> Option<I>,
) -> Option<String> {
    text.map(|text| parse(text).map_or_else(|| text.to_owned(), |id| id.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Direction = Direction::Ascending;
    const DOWN: Direction = Direction::Descending;

    fn sql(sort: &[(char, Direction)], marker: Option<&str>) -> String {
        let page =
            Paging { limit: 2, offset: 0, marker: marker.map(str::to_owned), sort: sort.to_vec() };
        List::new("SELECT id FROM disks WHERE TRUE", "disks")
            .page(&page, 'i', |key| match key {
                'a' => "a",
                'b' => "coalesce(b, '')",
                _ => "id",
            })
            .into_string()
    }

    #[test]
    fn the_id_decides_last_in_the_direction_of_the_key_before_it() {
        assert_eq!(total(&[], 'i'), [('i', UP)]);
        assert_eq!(total(&[('a', DOWN)], 'i'), [('a', DOWN), ('i', DOWN)]);
        assert_eq!(total(&[('i', DOWN), ('a', UP)], 'i'), [('i', DOWN)]);
        assert_eq!(total(&[('a', UP), ('b', DOWN), ('a', DOWN)], 'i').len(), 3);
    }

    #[test]
    fn one_direction_compares_rows_and_two_compare_column_by_column() {
        assert_eq!(
            sql(&[('a', DOWN), ('b', DOWN)], Some("m")),
            "SELECT id FROM disks WHERE TRUE AND (a, coalesce(b, ''), id) < \
             (SELECT a, coalesce(b, ''), id FROM disks WHERE id = ?) \
             ORDER BY a DESC, coalesce(b, '') DESC, id DESC LIMIT ? OFFSET ?"
        );
        assert_eq!(
            sql(&[('a', DOWN), ('i', UP)], Some("m")),
            "SELECT id FROM disks WHERE TRUE AND ((a < (SELECT a FROM disks WHERE id = ?)) OR \
             (a = (SELECT a FROM disks WHERE id = ?) AND \
             id > (SELECT id FROM disks WHERE id = ?))) \
             ORDER BY a DESC, id ASC LIMIT ? OFFSET ?"
        );
        assert_eq!(
            sql(&[('a', UP)], None),
            "SELECT id FROM disks WHERE TRUE ORDER BY a ASC, id ASC LIMIT ? OFFSET ?"
        );
    }
}
