//! Lists, counts and sums of disks.
//!
//! # What is indexed, and what is not
//!
//! A page in the default order, newest first, is read off an index and costs what it shows: of a
//! project (`disks_by_project`), of all projects (`disks_by_age`), of a name (`disks_by_name`), and
//! of a status that is out of the ordinary (`disks_by_status`). The statuses that every disk comes
//! by are left out there: creating and offering a disk would have to write them, and as good as
//! every disk is available, so that such a page is found by walking the list.
//!
//! Every other filter walks the project's own part of `disks_by_project`, or for an administrator
//! who asks for all projects the whole of `disks_by_age`, until the page is full: size, zone, type,
//! flags, user, origin, metadata, parts of texts. Each index that would spare this is written with
//! every disk, by everybody, for lists that few ask for; the 1000 disks of the default quota are
//! walked in about a millisecond, 50 000 in about thirty (metadata: fifty). `created_at` narrows the
//! walk, since it is the order; an index of `updated_at` would move its entry with each change of a
//! disk, which is what transfers do.
//!
//! Another order than by age sorts what the filters leave, for the same reason. A count, asked for
//! by `with_count` alone, and the summary walk all that they count.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::super::codec::time_to_text;
use super::super::errors;
use super::super::page::List;
use super::super::rows::{DiskRow, disk_columns};
use crate::domain::disk::{
    Comparison, Disk, DiskCondition, DiskFilter, DiskFlag, DiskQuery, DiskSort, DiskStatus,
    DiskText, DiskTime,
};
use crate::domain::ids::ProjectId;
use crate::store::Result;
use crate::store::disks::DiskSummary;

pub(super) async fn page(of: &mut SqliteConnection, query: &DiskQuery) -> Result<Vec<Disk>> {
    page_query(query)
        .build_query_as::<DiskRow>()
        .fetch_all(of)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Disk::try_from)
        .collect()
}

fn page_query(query: &DiskQuery) -> QueryBuilder<Sqlite> {
    let list =
        List::new(concat!("SELECT ", disk_columns!("disks"), " FROM disks WHERE TRUE"), "disks");
    narrowed(list, &query.filter).page(&query.page, DiskSort::Id, |sort| match sort {
        DiskSort::CreatedAt => "created_at",
        DiskSort::UpdatedAt => "coalesce(updated_at, '')",
        DiskSort::Id => "id",
        DiskSort::Name => "coalesce(name, '')",
        DiskSort::Description => "coalesce(description, '')",
        DiskSort::Status => "status",
        DiskSort::Size => "size_gib",
        DiskSort::Type => "disk_type",
        DiskSort::Zone => "zone",
        DiskSort::Bootable => "bootable",
        DiskSort::Multiattach => "multiattach",
        DiskSort::Project => "project_id",
        DiskSort::User => "user_id",
    })
}

pub(super) async fn count(of: &mut SqliteConnection, filter: &DiskFilter) -> Result<i64> {
    let list = List::new("SELECT count(*) FROM disks WHERE TRUE", "disks");
    let (count,) = narrowed(list, filter)
        .whole()
        .build_query_as::<(i64,)>()
        .fetch_one(of)
        .await
        .map_err(errors::of_statement)?;
    Ok(count)
}

pub(super) async fn summary(
    of: &mut SqliteConnection,
    project: Option<&ProjectId>,
) -> Result<DiskSummary> {
    // One statement, so that sums and values are of one moment. Of a project, or of all: two texts,
    // since no index serves a condition that may be none.
    let statement = match project {
        Some(_) => {
            "SELECT '', '', count(*), coalesce(sum(size_gib), 0)
             FROM disks WHERE project_id = $1
             UNION ALL
             SELECT DISTINCT m.key, m.value, -1, 0
             FROM disks AS d, json_each(d.metadata) AS m
             WHERE d.project_id = $1 AND d.metadata <> '{}'"
        }
        None => {
            "SELECT '', '', count(*), coalesce(sum(size_gib), 0) FROM disks
             UNION ALL
             SELECT DISTINCT m.key, m.value, -1, 0
             FROM disks AS d, json_each(d.metadata) AS m
             WHERE d.metadata <> '{}'"
        }
    };
    let mut asked = sqlx::query_as::<_, (String, String, i64, i64)>(statement);
    if let Some(project) = project {
        asked = asked.bind(project.as_str().to_owned());
    }
    let rows = asked.fetch_all(of).await.map_err(errors::of_statement)?;
    let mut summary = DiskSummary { disks: 0, gib: 0, metadata: BTreeMap::new() };
    for (key, value, disks, gib) in rows {
        if disks < 0 {
            summary.metadata.entry(key).or_default().insert(value);
        } else {
            (summary.disks, summary.gib) = (disks, gib);
        }
    }
    Ok(summary)
}

fn narrowed(list: List, filter: &DiskFilter) -> List {
    let list = list.only(" AND project_id = ", filter.project.as_ref());
    filter.conditions.iter().fold(list, |list, condition| match condition {
        DiskCondition::Is(text, values) => is(list, *text, values),
        DiskCondition::Contains(text, part) => list.containing(contains(*text), part),
        DiskCondition::Size(sizes) => list.among(" AND size_gib IN (", sizes),
        DiskCondition::Flag(DiskFlag::Bootable, flag) => list.among(" AND bootable IN (", &[*flag]),
        DiskCondition::Flag(DiskFlag::Multiattach, flag) => {
            list.among(" AND multiattach IN (", &[*flag])
        }
        DiskCondition::Metadata(key, value) => list
            .only(" AND EXISTS (SELECT 1 FROM json_each(disks.metadata) WHERE key = ", Some(key))
            .only(" AND value = ", Some(value))
            .and(")"),
        DiskCondition::ImageMetadata(key, value) => list
            .only(
                " AND EXISTS (SELECT 1 FROM json_each(disks.image_metadata) WHERE key = ",
                Some(key),
            )
            .only(" AND value = ", Some(value))
            .and(")"),
        DiskCondition::Time(time, comparison, than) => {
            list.only(compares(*time, *comparison), Some(time_to_text(*than)))
        }
        DiskCondition::Never => list.and(" AND FALSE"),
    })
}

fn is(list: List, text: DiskText, values: &[String]) -> List {
    let column = match text {
        DiskText::Id => " AND id IN (",
        DiskText::Name => " AND name IN (",
        DiskText::Description => " AND description IN (",
        DiskText::Status => " AND status IN (",
        DiskText::Type => " AND disk_type IN (",
        DiskText::Zone => " AND zone IN (",
        DiskText::Project => " AND project_id IN (",
        DiskText::User => " AND user_id IN (",
        DiskText::FromSnapshot => " AND from_snapshot_id IN (",
        DiskText::FromDisk => " AND from_disk_id IN (",
    };
    // What `disks_by_status` leaves out is said here too, word for word: a bound value does not tell
    // SQLite.
    let ordinary = |word: &String| {
        DiskStatus::parse(word).is_none_or(|status| {
            [
                DiskStatus::Available,
                DiskStatus::AwaitingTransfer,
                DiskStatus::Creating,
                DiskStatus::Deleting,
            ]
            .contains(&status)
        })
    };
    if text == DiskText::Status && !values.iter().any(ordinary) {
        let others =
            " AND status NOT IN ('available', 'awaiting-transfer', 'creating', 'deleting')";
        list.among(column, values).and(others)
    } else {
        list.among(column, values)
    }
}

fn contains(text: DiskText) -> &'static str {
    match text {
        DiskText::Id => " AND id LIKE ",
        DiskText::Name => " AND name LIKE ",
        DiskText::Description => " AND description LIKE ",
        DiskText::Status => " AND status LIKE ",
        DiskText::Type => " AND disk_type LIKE ",
        DiskText::Zone => " AND zone LIKE ",
        DiskText::Project => " AND project_id LIKE ",
        DiskText::User => " AND user_id LIKE ",
        DiskText::FromSnapshot => " AND from_snapshot_id LIKE ",
        DiskText::FromDisk => " AND from_disk_id LIKE ",
    }
}

fn compares(time: DiskTime, comparison: Comparison) -> &'static str {
    match (time, comparison) {
        (DiskTime::CreatedAt, Comparison::Greater) => " AND created_at > ",
        (DiskTime::CreatedAt, Comparison::GreaterOrEqual) => " AND created_at >= ",
        (DiskTime::CreatedAt, Comparison::Equal) => " AND created_at = ",
        (DiskTime::CreatedAt, Comparison::NotEqual) => " AND created_at <> ",
        (DiskTime::CreatedAt, Comparison::Less) => " AND created_at < ",
        (DiskTime::CreatedAt, Comparison::LessOrEqual) => " AND created_at <= ",
        (DiskTime::UpdatedAt, Comparison::Greater) => " AND updated_at > ",
        (DiskTime::UpdatedAt, Comparison::GreaterOrEqual) => " AND updated_at >= ",
        (DiskTime::UpdatedAt, Comparison::Equal) => " AND updated_at = ",
        (DiskTime::UpdatedAt, Comparison::NotEqual) => " AND updated_at <> ",
        (DiskTime::UpdatedAt, Comparison::Less) => " AND updated_at < ",
        (DiskTime::UpdatedAt, Comparison::LessOrEqual) => " AND updated_at <= ",
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _};

    use super::super::super::open::MIGRATIONS;
    use super::*;
    use crate::domain::ids::DiskId;
    use crate::domain::page::{Direction, Paging};

    const UP: Direction = Direction::Ascending;
    const DOWN: Direction = Direction::Descending;

    fn list(
        project: bool,
        conditions: Vec<DiskCondition>,
        paged: bool,
        sort: &[(DiskSort, Direction)],
    ) -> DiskQuery {
        let project = project.then(|| ProjectId::new("atlas"));
        let marker = paged.then(DiskId::random);
        let page = Paging { limit: 10, offset: 0, marker, sort: sort.to_vec() };
        DiskQuery { filter: DiskFilter { project, conditions }, page }
    }

    fn text(text: DiskText, value: &str) -> Vec<DiskCondition> {
        vec![DiskCondition::Is(text, vec![value.to_owned()])]
    }

    /// How SQLite would find what a statement asks for, a line a step.
    async fn plan(schema: &mut SqliteConnection, statement: &str) -> Vec<String> {
        let explained = format!("EXPLAIN QUERY PLAN {statement}");
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
        let newest: &[_] = &[(DiskSort::CreatedAt, DOWN)];
        let oldest: &[_] = &[(DiskSort::CreatedAt, UP)];
        let later = || {
            vec![DiskCondition::Time(
                DiskTime::CreatedAt,
                Comparison::Greater,
                chrono::DateTime::UNIX_EPOCH,
            )]
        };
        let own = "SEARCH disks USING INDEX disks_by_project (project_id=?";
        let all = "SCAN disks USING INDEX disks_by_age";
        for (project, conditions, marked, found) in [
            (true, vec![], false, format!("{own})")),
            (true, vec![], true, format!("{own} AND created_at<?)")),
            (true, text(DiskText::Status, "available"), false, format!("{own})")),
            (true, later(), false, format!("{own} AND created_at>?)")),
            // In order, and so no further than the page: `LIMIT` ends it.
            (false, vec![], false, all.to_owned()),
            (
                false,
                vec![],
                true,
                "SEARCH disks USING INDEX disks_by_age (created_at<?)".to_owned(),
            ),
            (false, text(DiskText::Status, "available"), false, all.to_owned()),
            (true, text(DiskText::Status, "awaiting-transfer"), false, format!("{own})")),
            (
                false,
                later(),
                false,
                "SEARCH disks USING INDEX disks_by_age (created_at>?)".to_owned(),
            ),
            (
                true,
                text(DiskText::Name, "ledger"),
                false,
                "SEARCH disks USING INDEX disks_by_name (name=? AND project_id=?)".to_owned(),
            ),
            (
                true,
                text(DiskText::Name, "ledger"),
                true,
                "SEARCH disks USING INDEX disks_by_name (name=? AND project_id=? AND \
                 created_at<?)"
                    .to_owned(),
            ),
            (
                true,
                text(DiskText::Status, "error"),
                false,
                "SEARCH disks USING INDEX disks_by_status (status=? AND project_id=?)".to_owned(),
            ),
            (
                true,
                text(DiskText::Status, "error"),
                true,
                "SEARCH disks USING INDEX disks_by_status (status=? AND project_id=? AND \
                 created_at<?)"
                    .to_owned(),
            ),
        ] {
            for sort in [newest, oldest] {
                let query = list(project, conditions.clone(), marked, sort);
                let steps = plan(&mut schema, page_query(&query).sql().as_str()).await;
                let found = if sort == oldest {
                    found.replace("created_at<", "created_at>")
                } else {
                    found.clone()
                };
                assert_eq!(steps.first(), Some(&found), "{query:?}");
                // The few attachments of a disk are put in order; the disks are not.
                let sorts = |step: &String| step.starts_with("USE TEMP B-TREE FOR ORDER BY");
                assert!(!steps.iter().any(sorts), "{steps:?}");
            }
        }
    }

    #[tokio::test]
    async fn an_administrator_finds_names_rare_statuses_and_ids_in_all_projects_by_an_index() {
        let mut schema = schema().await;
        for (text_of, value, found) in [
            (DiskText::Name, "ledger", "disks_by_name (name=?)"),
            (DiskText::Status, "error", "disks_by_status (status=?)"),
            (DiskText::Id, "x", "sqlite_autoindex_disks_1 (id=?)"),
        ] {
            let query = list(false, text(text_of, value), false, &[(DiskSort::CreatedAt, DOWN)]);
            let steps = plan(&mut schema, page_query(&query).sql().as_str()).await;
            assert_eq!(steps.first(), Some(&format!("SEARCH disks USING INDEX {found}")));
        }
    }

    #[tokio::test]
    async fn every_filter_and_order_of_a_project_stays_within_its_own_disks() {
        let mut schema = schema().await;
        let conditions = [
            DiskCondition::Is(DiskText::Zone, vec!["az".to_owned()]),
            DiskCondition::Is(DiskText::Type, vec!["SSD".to_owned(), "SAS".to_owned()]),
            DiskCondition::Is(DiskText::User, vec!["ann".to_owned()]),
            DiskCondition::Contains(DiskText::Name, "a".to_owned()),
            DiskCondition::Size(vec![10]),
            DiskCondition::Flag(DiskFlag::Bootable, true),
            DiskCondition::Metadata("a".to_owned(), "b".to_owned()),
            DiskCondition::Never,
        ];
        for condition in conditions {
            for sort in [DiskSort::CreatedAt, DiskSort::UpdatedAt, DiskSort::Name, DiskSort::Size] {
                let query = list(true, vec![condition.clone()], true, &[(sort, DOWN)]);
                let steps = plan(&mut schema, page_query(&query).sql().as_str()).await;
                let scanned = steps.iter().find(|step| step.starts_with("SCAN disks"));
                assert_eq!(scanned, None, "{query:?}");
            }
        }
    }
}
