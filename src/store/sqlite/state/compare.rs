//! How two states differ: table by table, rows by their primary key.

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};

use super::files::Folder;
use super::replace::quoted;
use super::save::{look, not_opened};
use crate::domain::state::{
    Cell, Detail, Difference, RowChange, RowDifference, Side, TableDifference,
};
use crate::store::StoreError;
use crate::store::sqlite::{SqliteStore, errors, open};
use crate::store::state::StateResult;

/// So many rows of a table are told, of each kind of difference, unless all are.
const MOST_TOLD: i64 = 1000;

/// Says nothing about the state: what the file says of itself, what was done to the schema, which past it has, and
/// who was told of it.
const PASSED_OVER: [&str; 4] = ["README", "_sqlx_migrations", "lineage", "webhooks"];

/// What comes and goes by itself, or tells again what other tables show: only counted.
const COUNTED: [&str; 4] = ["events", "idempotency_keys", "tokens", "wrong_guesses"];

/// What is never shown has one of these in the name of its column.
const HIDDEN: [&str; 7] = ["hash", "secret", "password", "sealed", "nonce", "fingerprint", "token"];

pub(super) async fn compare(
    store: &SqliteStore,
    from: &Side,
    to: &Side,
    detail: Detail,
) -> StateResult<Difference> {
    let mut files = Vec::new();
    for side in [from, to] {
        files.push(match side {
            Side::Now => store.info.file.clone(),
            Side::Saved(name) => {
                let file = Folder::beside(&store.info.file).file(name);
                look(&file, name, &store.options).await?;
                file
            }
        });
    }
    let [from_file, to_file] = files.as_slice() else { return Err(StoreError::Closed.into()) };
    let mut connection =
        open::read_only(from_file, &store.options).connect().await.map_err(errors::of_statement)?;
    let compared = async {
        sqlx::query("ATTACH $1 AS other")
            .bind(to_file.to_string_lossy())
            .execute(&mut connection)
            .await?;
        // One transaction: each side is seen as of one moment.
        sqlx::raw_sql("BEGIN DEFERRED").execute(&mut connection).await?;
        difference(&mut connection, detail).await
    }
    .await;
    connection.close().await.map_err(errors::of_statement)?;
    match compared {
        Ok(difference) => Ok(difference),
        // Which of the two it is cannot be told; a saved one is the likelier to be damaged.
        Err(error) => Err(match (from, to) {
            (_, Side::Saved(name)) | (Side::Saved(name), Side::Now) => {
                not_opened(name, errors::of_opening(to_file, error))
            }
            (Side::Now, Side::Now) => errors::of_statement(error).into(),
        }),
    }
}

/// A column of a table that both sides have.
#[derive(Debug, Clone)]
struct Column {
    name: String,
    /// Its place in the primary key, from 1; 0: it is not part of it.
    key: i64,
}

impl Column {
    fn is_hidden(&self) -> bool {
        HIDDEN.iter().any(|part| self.name.contains(part))
    }

    /// Its value on a side, as JSON can hold it.
    fn shown(&self, side: &str) -> String {
        if self.is_hidden() {
            return "NULL".to_owned();
        }
        let value = format!("{side}.{}", quoted(&self.name));
        format!(
            "CASE typeof({value}) WHEN 'blob' THEN length({value}) || ' bytes' ELSE {value} END"
        )
    }
}

async fn difference(connection: &mut SqliteConnection, detail: Detail) -> sqlx::Result<Difference> {
    let (from, to) = (columns(connection, "main").await?, columns(connection, "other").await?);
    let names = |all: &[(String, Column)]| {
        let mut names: Vec<String> = all.iter().map(|(table, _)| table.clone()).collect();
        names.dedup();
        names.retain(|name| !PASSED_OVER.contains(&name.as_str()));
        names
    };
    let (from_names, to_names) = (names(&from), names(&to));
    let mut tables = Vec::new();
    for name in from_names.iter().filter(|name| to_names.contains(name)) {
        let mine = from.iter().filter(|(table, _)| table == name).map(|(_, column)| column);
        let shared: Vec<Column> = mine
            .filter(|column| {
                to.iter().any(|(table, other)| table == name && other.name == column.name)
            })
            .cloned()
            .collect();
        tables.extend(table(connection, name, &shared, detail).await?);
    }
    let only = |these: &[String], others: &[String]| {
        these.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    Ok(Difference {
        tables,
        only_from: only(&from_names, &to_names),
        only_to: only(&to_names, &from_names),
    })
}

/// Every table of a side with its columns, in their order.
async fn columns(
    connection: &mut SqliteConnection,
    of: &'static str,
) -> sqlx::Result<Vec<(String, Column)>> {
    let found: Vec<(String, String, i64)> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT t.name, c.name, c.pk
         FROM {of}.sqlite_schema AS t, pragma_table_info(t.name, '{of}') AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY t.name, c.cid"
    )))
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(|(table, name, key)| (table, Column { name, key })).collect())
}

/// The statements that compare one table.
struct Statements {
    added: String,
    removed: String,
    changed: String,
    /// The columns of the key.
    order: Vec<String>,
}

impl Statements {
    fn of(name: &str, columns: &[Column], key: &[Column]) -> Self {
        let (table, rest) = (quoted(name), columns.iter().filter(|column| !is_in(key, column)));
        let alike: Vec<String> = key
            .iter()
            .map(|column| {
                let name = quoted(&column.name);
                // Only IS finds what is null again, only = is certain to use the key's index.
                let sign = if column.key > 0 { "=" } else { "IS" };
                format!("a.{name} {sign} b.{name}")
            })
            .collect();
        let alike = alike.join(" AND ");
        let other: Vec<String> =
            rest.map(|column| format!("a.{0} IS NOT b.{0}", quoted(&column.name))).collect();
        let other = if other.is_empty() { "FALSE".to_owned() } else { other.join(" OR ") };
        Self {
            added: format!(
                "FROM other.{table} AS b
                 WHERE NOT EXISTS (SELECT 1 FROM main.{table} AS a WHERE {alike})"
            ),
            removed: format!(
                "FROM main.{table} AS a
                 WHERE NOT EXISTS (SELECT 1 FROM other.{table} AS b WHERE {alike})"
            ),
            changed: format!(
                "FROM main.{table} AS a JOIN other.{table} AS b ON {alike} WHERE {other}"
            ),
            order: key.iter().map(|column| quoted(&column.name)).collect(),
        }
    }
}

fn is_in(key: &[Column], column: &Column) -> bool {
    key.iter().any(|of_key| of_key.name == column.name)
}

async fn table(
    connection: &mut SqliteConnection,
    name: &str,
    columns: &[Column],
    detail: Detail,
) -> sqlx::Result<Option<TableDifference>> {
    let mut key: Vec<Column> = columns.iter().filter(|column| column.key > 0).cloned().collect();
    key.sort_by_key(|column| column.key);
    if key.is_empty() {
        // Rows without a name of their own are their values.
        key = columns.to_vec();
    }
    let statements = Statements::of(name, columns, &key);
    let Statements { added, removed, changed, .. } = &statements;
    let (added, removed, changed): (i64, i64, i64) = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT (SELECT count(*) {added}), (SELECT count(*) {removed}), (SELECT count(*) {changed})"
    )))
    .fetch_one(&mut *connection)
    .await?;
    if (added, removed, changed) == (0, 0, 0) {
        return Ok(None);
    }
    let limit = match detail {
        Detail::All => -1,
        Detail::Usual if COUNTED.contains(&name) => 0,
        Detail::Usual => MOST_TOLD,
    };
    let rows = rows(connection, &statements, columns, &key, limit).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(Some(TableDifference {
        table: name.to_owned(),
        added: count(added),
        removed: count(removed),
        changed: count(changed),
        rows,
    }))
}

async fn rows(
    connection: &mut SqliteConnection,
    statements: &Statements,
    columns: &[Column],
    key: &[Column],
    limit: i64,
) -> sqlx::Result<Vec<RowDifference>> {
    let Statements { added, removed, changed, order } = statements;
    let mut rows = Vec::new();
    let of_side = |side: &str| {
        let shown: Vec<String> = columns.iter().map(|column| column.shown(side)).collect();
        format!("json_array({})", shown.join(", "))
    };
    let ordered = |side: &str| {
        let columns: Vec<String> = order.iter().map(|column| format!("{side}.{column}")).collect();
        columns.join(", ")
    };
    for (rest, side, is_new) in [(removed, "a", false), (added, "b", true)] {
        let found: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT {} {rest} ORDER BY {} LIMIT {limit}",
            of_side(side),
            ordered(side)
        )))
        .fetch_all(&mut *connection)
        .await?;
        for row in found {
            let values = cells(columns, &row)?;
            let named = values.iter().filter(|(name, _)| key.iter().any(|of| of.name == *name));
            let named = named.cloned().collect();
            let change = if is_new { RowChange::Added(values) } else { RowChange::Removed(values) };
            rows.push(RowDifference { key: named, change });
        }
    }
    let differs: Vec<String> =
        columns.iter().map(|column| format!("a.{0} IS NOT b.{0}", quoted(&column.name))).collect();
    let found: Vec<(String, String, String)> = sqlx::query_as(AssertSqlSafe(format!(
        "SELECT {}, {}, json_array({}) {changed} ORDER BY {} LIMIT {limit}",
        of_side("a"),
        of_side("b"),
        differs.join(", "),
        ordered("a")
    )))
    .fetch_all(connection)
    .await?;
    for (old, new, differs) in found {
        let (old, new) = (cells(columns, &old)?, cells(columns, &new)?);
        let differs: Vec<i64> = parsed(&differs)?;
        let named = old.iter().filter(|(name, _)| key.iter().any(|of| of.name == *name));
        let named = named.cloned().collect();
        let changed = old.into_iter().zip(new).zip(differs).filter(|(_, differs)| *differs == 1);
        let changed = changed.map(|(((name, old), (_, new)), _)| (name, old, new)).collect();
        rows.push(RowDifference { key: named, change: RowChange::Changed(changed) });
    }
    Ok(rows)
}

/// The values of a row with the names of their columns.
fn cells(columns: &[Column], row: &str) -> sqlx::Result<Vec<(String, Cell)>> {
    let values: Vec<serde_json::Value> = parsed(row)?;
    let cells = columns.iter().zip(values).map(|(column, value)| {
        let cell = if column.is_hidden() { Cell::Hidden } else { cell(value) };
        (column.name.clone(), cell)
    });
    Ok(cells.collect())
}

fn parsed<T: serde::de::DeserializeOwned>(json: &str) -> sqlx::Result<T> {
    serde_json::from_str(json).map_err(|why| sqlx::Error::Decode(Box::new(why)))
}

fn cell(value: serde_json::Value) -> Cell {
    use serde_json::Value;
    match value {
        Value::Null => Cell::Null,
        Value::String(text) => Cell::Text(text),
        Value::Number(number) => match number.as_i64() {
            Some(number) => Cell::Integer(number),
            None => number.as_f64().map_or(Cell::Null, Cell::Real),
        },
        other @ (Value::Bool(_) | Value::Array(_) | Value::Object(_)) => {
            Cell::Text(other.to_string())
        }
    }
}
