//! Backups in SQLite.
//!
//! A page in the default order, newest first, is read off `backups_by_project` or, of all projects, off
//! `backups_by_age`; what builds on a backup, what is due and what a policy made have indexes of their
//! own. The backups of a disk are few: `backups_by_disk` finds them and a page of them is sorted.
//! Every other filter walks the project's own part of the list.

use async_trait::async_trait;
use sqlx::{QueryBuilder, Sqlite};

use super::page::List;
use super::rows::{BackupRow, backup_columns};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::backup::{
    Backup, BackupCondition, BackupFilter, BackupQuery, BackupSort, BackupStatus, BackupText,
};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, PolicyId, ProjectId};
use crate::store::{BackupReads, BackupWrites, Result};

#[async_trait]
impl<T: AsConnection> BackupReads for T {
    async fn backup(&mut self, id: BackupId) -> Result<Option<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Backup::try_from)
        .transpose()
    }

    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>> {
        page_query(query)
            .build_query_as::<BackupRow>()
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(Backup::try_from)
            .collect()
    }

    async fn count_backups(&mut self, filter: &BackupFilter) -> Result<i64> {
        let list = List::new("SELECT count(*) FROM backups WHERE TRUE", "backups");
        let (count,) = narrowed(list, filter)
            .whole()
            .build_query_as::<(i64,)>()
            .fetch_one(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        Ok(count)
    }

    async fn latest_backup(
        &mut self,
        disk: DiskId,
        project: &ProjectId,
        before: Option<Time>,
    ) -> Result<Option<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups
              WHERE disk_id = $1 AND project_id = $2 AND status = 'available'
                AND coalesce(data_at, created_at) < $3
              ORDER BY coalesce(data_at, created_at) DESC, created_at DESC, id DESC LIMIT 1"
        ))
        .bind(disk.to_string())
        .bind(project.as_str())
        .bind(before.map_or_else(|| codec::END_OF_TIME.to_owned(), codec::time_to_text))
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Backup::try_from)
        .transpose()
    }

    async fn policy_backups(&mut self, policy: PolicyId, disk: DiskId) -> Result<Vec<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups INDEXED BY backups_by_policy
              WHERE policy_id = $1 AND disk_id = $2 AND status = 'available'
              ORDER BY created_at, id"
        ))
        .bind(policy.to_string())
        .bind(disk.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Backup::try_from)
        .collect()
    }

    async fn backups_upon(&mut self, base: BackupId) -> Result<Vec<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups WHERE base_id = $1 ORDER BY created_at, id"
        ))
        .bind(base.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Backup::try_from)
        .collect()
    }

    async fn backups_under_way(&mut self, disk: DiskId) -> Result<Vec<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups WHERE disk_id = $1 AND next_at IS NOT NULL ORDER BY next_at, id"
        ))
        .bind(disk.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Backup::try_from)
        .collect()
    }
}

fn page_query(query: &BackupQuery) -> QueryBuilder<Sqlite> {
    let list =
        List::new(concat!("SELECT ", backup_columns!(), " FROM backups WHERE TRUE"), "backups");
    narrowed(list, &query.filter).page(&query.page, BackupSort::Id, |sort| match sort {
        BackupSort::CreatedAt => "created_at",
        BackupSort::UpdatedAt => "coalesce(updated_at, '')",
        BackupSort::DataAt => "coalesce(data_at, created_at)",
        BackupSort::Id => "id",
        BackupSort::Name => "coalesce(name, '')",
        BackupSort::Status => "status",
        BackupSort::Size => "size_gib",
        BackupSort::Disk => "disk_id",
    })
}

fn narrowed(list: List, filter: &BackupFilter) -> List {
    let list = list.only(" AND project_id = ", filter.project.as_ref());
    filter.conditions.iter().fold(list, |list, condition| match condition {
        BackupCondition::Is(text, value) => list.only(is(*text), Some(spelled(*text, value))),
        BackupCondition::Contains(text, part) => list.containing(contains(*text), part),
        BackupCondition::Never => list.and(" AND FALSE"),
    })
}

/// The value as the rows spell it: ids in their usual spelling.
fn spelled(text: BackupText, value: &str) -> String {
    match text {
        BackupText::Id | BackupText::Disk | BackupText::Snapshot => {
            // One spelling for all ids, whatever they are of.
            DiskId::parse(value).map_or_else(|| value.to_owned(), |id| id.to_string())
        }
        BackupText::Name
        | BackupText::Status
        | BackupText::Zone
        | BackupText::Container
        | BackupText::Project
        | BackupText::User => value.to_owned(),
    }
}

fn is(text: BackupText) -> &'static str {
    match text {
        BackupText::Id => " AND id = ",
        BackupText::Name => " AND name = ",
        BackupText::Status => " AND status = ",
        BackupText::Disk => " AND disk_id = ",
        BackupText::Snapshot => " AND snapshot_id = ",
        BackupText::Zone => " AND zone = ",
        BackupText::Container => " AND container = ",
        BackupText::Project => " AND project_id = ",
        BackupText::User => " AND user_id = ",
    }
}

fn contains(text: BackupText) -> &'static str {
    match text {
        BackupText::Id => " AND id LIKE ",
        BackupText::Name => " AND name LIKE ",
        BackupText::Status => " AND status LIKE ",
        BackupText::Disk => " AND disk_id LIKE ",
        BackupText::Snapshot => " AND snapshot_id LIKE ",
        BackupText::Zone => " AND zone LIKE ",
        BackupText::Container => " AND container LIKE ",
        BackupText::Project => " AND project_id LIKE ",
        BackupText::User => " AND user_id LIKE ",
    }
}

impl BackupWrites for Unit {
    fn insert_backup(&mut self, backup: &Backup) {
        self.queue(
            Write::of_one_row(
                "insert backup",
                "INSERT INTO backups (id, disk_id, project_id, user_id, name, description,
                                      container, size_gib, incremental, base_id, snapshot_id,
                                      own_snapshot, policy_id, native, zone, status, fail_reason,
                                      metadata, data_at, next_at, next_outcome, created_at,
                                      updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(backup.id)
            .bind(backup.disk)
            .bind(&backup.project)
            .bind(&backup.user)
            .bind(backup.name.as_deref())
            .bind(backup.description.as_deref())
            .bind(backup.container.as_deref())
            .bind(backup.size_gib)
            .bind(backup.incremental)
            .bind(backup.base)
            .bind(backup.snapshot)
            .bind(backup.own_snapshot)
            .bind(backup.policy)
            .bind(backup.native)
            .bind(backup.zone.as_str())
            .bind(backup.status.as_str())
            .bind(backup.fail_reason.as_deref())
            .bind(codec::values_to_text(&backup.metadata))
            .bind(backup.data_at)
            .bind(backup.ending.map(|ending| ending.at))
            .bind(backup.ending.map(|ending| ending.outcome.as_str()))
            .bind(backup.created_at)
            .bind(backup.updated_at),
        );
    }

    fn update_backup(&mut self, backup: &Backup, from: BackupStatus) {
        self.queue(
            Write::of_one_row(
                "update backup",
                "UPDATE backups
                 SET name = ?, description = ?, container = ?, status = ?, fail_reason = ?,
                     metadata = ?, next_at = ?, next_outcome = ?, updated_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(backup.name.as_deref())
            .bind(backup.description.as_deref())
            .bind(backup.container.as_deref())
            .bind(backup.status.as_str())
            .bind(backup.fail_reason.as_deref())
            .bind(codec::values_to_text(&backup.metadata))
            .bind(backup.ending.map(|ending| ending.at))
            .bind(backup.ending.map(|ending| ending.outcome.as_str()))
            .bind(backup.updated_at)
            .bind(backup.id)
            .bind(from.as_str()),
        );
    }

    fn rebase_backups(&mut self, base: BackupId) {
        // One statement: what it builds on may be another by then than when somebody looked.
        self.queue(
            Write::of_any_rows(
                "rebase backups",
                "UPDATE backups
                 SET (base_id, incremental) = (SELECT b.base_id, b.base_id IS NOT NULL
                                               FROM backups AS b WHERE b.id = ?)
                 WHERE base_id = ?",
            )
            .bind(base)
            .bind(base),
        );
    }

    fn delete_backup(&mut self, id: BackupId, from: BackupStatus) {
        self.queue(
            Write::of_one_row("delete backup", "DELETE FROM backups WHERE id = ? AND status = ?")
                .bind(id)
                .bind(from.as_str()),
        );
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::super::open::MIGRATIONS;
    use super::*;
    use crate::domain::page::{Direction, Paging};

    async fn plan(schema: &mut SqliteConnection, statement: &str) -> Vec<String> {
        let explained = format!("EXPLAIN QUERY PLAN {statement}");
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(explained)).fetch_all(schema).await.unwrap();
        // Whether something builds on a backup is asked for each backup of a page, by an index.
        let of_page = |step: &String| !step.contains("later") && !step.contains("SCALAR SUBQUERY");
        steps.into_iter().map(|(.., step)| step).filter(of_page).collect()
    }

    #[tokio::test]
    async fn a_page_in_the_default_order_is_read_off_an_index_and_never_sorted() {
        let mut schema = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        MIGRATIONS.run(&mut schema).await.unwrap();
        let is = |text, value: &str| vec![BackupCondition::Is(text, value.to_owned())];
        let own = "SEARCH backups USING INDEX backups_by_project (project_id=?";
        let all = "SCAN backups USING INDEX backups_by_age";
        for (project, conditions, marked, found) in [
            (true, vec![], false, format!("{own})")),
            (true, vec![], true, format!("{own} AND created_at<?)")),
            (true, is(BackupText::Status, "error"), false, format!("{own})")),
            (true, is(BackupText::Name, "nightly"), true, format!("{own} AND created_at<?)")),
            (false, vec![], false, all.to_owned()),
            (false, is(BackupText::Status, "error"), false, all.to_owned()),
        ] {
            let query = BackupQuery {
                filter: BackupFilter {
                    project: project.then(|| ProjectId::new("atlas")),
                    conditions,
                },
                page: Paging {
                    limit: 10,
                    offset: 0,
                    marker: marked.then(BackupId::random),
                    sort: vec![(BackupSort::CreatedAt, Direction::Descending)],
                },
            };
            let steps = plan(&mut schema, &page_query(&query).into_string()).await;
            assert_eq!(steps.first(), Some(&found), "{query:?}");
            assert!(steps.iter().all(|step| !step.contains("TEMP B-TREE")), "{steps:?}");
        }
        let by_disk = BackupQuery {
            filter: BackupFilter { project: None, conditions: is(BackupText::Disk, "d") },
            page: Paging {
                limit: 10,
                offset: 0,
                marker: None,
                sort: vec![(BackupSort::CreatedAt, Direction::Descending)],
            },
        };
        let steps = plan(&mut schema, &page_query(&by_disk).into_string()).await;
        let found = "SEARCH backups USING INDEX backups_by_disk (disk_id=?)";
        assert_eq!(steps.first().map(String::as_str), Some(found));
        let base = "SELECT 1 FROM backups WHERE base_id = ?";
        let steps = plan(&mut schema, base).await;
        assert!(steps[0].contains("USING COVERING INDEX backups_by_base"), "{steps:?}");
    }
}
