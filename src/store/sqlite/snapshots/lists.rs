//! Lists and counts of snapshots.
//!
//! A page in the default order, newest first, is read off an index and costs what it shows: of a project
//! (`snapshots_by_project`), of all projects (`snapshots_by_age`), of a disk (`snapshots_by_disk`). Every
//! other filter walks the project's own part of the first until the page is full, and asks the disk's row
//! for what is the disk's. Another order sorts what the filters leave; a count walks what it counts.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::super::errors;
use super::super::page::List;
use super::super::rows::{SnapshotRow, snapshot_columns};
use crate::domain::snapshot::{
    Snapshot, SnapshotCondition, SnapshotFilter, SnapshotQuery, SnapshotSort, SnapshotText,
};
use crate::store::Result;

pub(super) async fn page(
    of: &mut SqliteConnection,
    query: &SnapshotQuery,
) -> Result<Vec<Snapshot>> {
    page_query(query)
        .build_query_as::<SnapshotRow>()
        .fetch_all(of)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Snapshot::try_from)
        .collect()
}

fn page_query(query: &SnapshotQuery) -> QueryBuilder<Sqlite> {
    let list = List::new(
        concat!("SELECT ", snapshot_columns!(), " FROM snapshots WHERE TRUE"),
        "snapshots",
    );
    narrowed(list, &query.filter).page(&query.page, SnapshotSort::Id, |sort| match sort {
        SnapshotSort::CreatedAt => "created_at",
        SnapshotSort::UpdatedAt => "coalesce(updated_at, '')",
        SnapshotSort::Id => "id",
        SnapshotSort::Name => "coalesce(name, '')",
        SnapshotSort::Description => "coalesce(description, '')",
        SnapshotSort::Status => "status",
        SnapshotSort::Size => "size_gib",
        SnapshotSort::Disk => "disk_id",
        SnapshotSort::Project => "project_id",
        SnapshotSort::User => "user_id",
    })
}

pub(super) async fn count(of: &mut SqliteConnection, filter: &SnapshotFilter) -> Result<i64> {
    let list = List::new("SELECT count(*) FROM snapshots WHERE TRUE", "snapshots");
    let (count,) = narrowed(list, filter)
        .whole()
        .build_query_as::<(i64,)>()
        .fetch_one(of)
        .await
        .map_err(errors::of_statement)?;
    Ok(count)
}

fn narrowed(list: List, filter: &SnapshotFilter) -> List {
    let of_a_disk = |condition: &SnapshotCondition| {
        matches!(condition, SnapshotCondition::Is(SnapshotText::Disk, _))
    };
    // A disk has few snapshots and a project may have many: the plus hides the project's index.
    let of_project = if filter.conditions.iter().any(of_a_disk) {
        " AND +project_id = "
    } else {
        " AND project_id = "
    };
    let list = list.only(of_project, filter.project.as_ref());
    filter.conditions.iter().fold(list, |list, condition| match condition {
        SnapshotCondition::Is(text, values) => list.among(is(*text), values),
        SnapshotCondition::Contains(text, part) => list.containing(contains(*text), part),
        SnapshotCondition::Size(sizes) => list.among(" AND size_gib IN (", sizes),
        SnapshotCondition::Metadata(key, value) => list
            .only(
                " AND EXISTS (SELECT 1 FROM json_each(snapshots.metadata) WHERE key = ",
                Some(key),
            )
            .only(" AND value = ", Some(value))
            .and(")"),
        SnapshotCondition::Never => list.and(" AND FALSE"),
    })
}

fn is(text: SnapshotText) -> &'static str {
    match text {
        SnapshotText::Id => " AND id IN (",
        SnapshotText::Disk => " AND disk_id IN (",
        SnapshotText::Name => " AND name IN (",
        SnapshotText::Description => " AND description IN (",
        SnapshotText::Status => " AND status IN (",
        SnapshotText::Zone => {
            " AND (SELECT zone FROM disks WHERE disks.id = snapshots.disk_id) IN ("
        }
        SnapshotText::EnterpriseProject => {
            " AND (SELECT enterprise_project FROM disks WHERE disks.id = snapshots.disk_id) IN ("
        }
        SnapshotText::Project => " AND project_id IN (",
        SnapshotText::User => " AND user_id IN (",
    }
}

fn contains(text: SnapshotText) -> &'static str {
    match text {
        SnapshotText::Id => " AND id LIKE ",
        SnapshotText::Disk => " AND disk_id LIKE ",
        SnapshotText::Name => " AND name LIKE ",
        SnapshotText::Description => " AND description LIKE ",
        SnapshotText::Status => " AND status LIKE ",
        SnapshotText::Zone => {
            " AND (SELECT zone FROM disks WHERE disks.id = snapshots.disk_id) LIKE "
        }
        SnapshotText::EnterpriseProject => {
            " AND (SELECT enterprise_project FROM disks WHERE disks.id = snapshots.disk_id) LIKE "
        }
        SnapshotText::Project => " AND project_id LIKE ",
        SnapshotText::User => " AND user_id LIKE ",
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _};

    use super::super::super::open::MIGRATIONS;
    use super::*;
    use crate::domain::ids::{ProjectId, SnapshotId};
    use crate::domain::page::{Direction, Paging};

    const DOWN: Direction = Direction::Descending;

    fn list(
        project: bool,
        conditions: Vec<SnapshotCondition>,
        paged: bool,
        sort: &[(SnapshotSort, Direction)],
    ) -> SnapshotQuery {
        let project = project.then(|| ProjectId::new("atlas"));
        let marker = paged.then(SnapshotId::random);
        let page = Paging { limit: 10, offset: 0, marker, sort: sort.to_vec() };
        SnapshotQuery { filter: SnapshotFilter { project, conditions }, page }
    }

    fn text(text: SnapshotText) -> Vec<SnapshotCondition> {
        vec![SnapshotCondition::Is(text, vec!["x".to_owned()])]
    }

    /// How SQLite would find what a statement asks for, a line a step.
    async fn plan(schema: &mut SqliteConnection, query: &SnapshotQuery) -> Vec<String> {
        let explained = format!("EXPLAIN QUERY PLAN {}", page_query(query).sql().as_str());
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(explained)).fetch_all(schema).await.unwrap();
        steps.into_iter().map(|(.., step)| step).collect()
    }

    async fn schema() -> SqliteConnection {
        let mut schema = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut schema).await.unwrap();
        schema
    }

    #[tokio::test]
    async fn a_page_in_the_default_order_is_read_off_an_index_and_never_sorted() {
        let mut schema = schema().await;
        let newest: &[_] = &[(SnapshotSort::CreatedAt, DOWN)];
        let own = "SEARCH snapshots USING INDEX snapshots_by_project (project_id=?";
        for (project, conditions, marked, found) in [
            (true, vec![], false, format!("{own})")),
            (true, vec![], true, format!("{own} AND created_at<?)")),
            (true, text(SnapshotText::Status), false, format!("{own})")),
            (true, text(SnapshotText::Zone), false, format!("{own})")),
            (false, vec![], false, "SCAN snapshots USING INDEX snapshots_by_age".to_owned()),
            (
                false,
                vec![],
                true,
                "SEARCH snapshots USING INDEX snapshots_by_age (created_at<?)".to_owned(),
            ),
        ] {
            let query = list(project, conditions, marked, newest);
            let steps = plan(&mut schema, &query).await;
            assert_eq!(steps.first(), Some(&found), "{query:?}");
            let sorts = |step: &String| step.starts_with("USE TEMP B-TREE FOR ORDER BY");
            assert!(!steps.iter().any(sorts), "{steps:?}");
        }
    }

    #[tokio::test]
    async fn the_snapshots_of_a_disk_and_one_snapshot_are_looked_up() {
        let mut schema = schema().await;
        for (project, of, found) in [
            (false, SnapshotText::Disk, "snapshots_by_disk (disk_id=?)"),
            (true, SnapshotText::Disk, "snapshots_by_disk (disk_id=?)"),
            (false, SnapshotText::Id, "sqlite_autoindex_snapshots_1 (id=?)"),
            (true, SnapshotText::Id, "sqlite_autoindex_snapshots_1 (id=?)"),
        ] {
            let query = list(project, text(of), false, &[(SnapshotSort::CreatedAt, DOWN)]);
            let steps = plan(&mut schema, &query).await;
            assert_eq!(steps.first(), Some(&format!("SEARCH snapshots USING INDEX {found}")));
        }
    }
}
