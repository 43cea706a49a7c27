//! Backups in SQLite.

use async_trait::async_trait;

use super::page::{List, id_or_nothing};
use super::rows::{BackupRow, backup_columns};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::backup::{Backup, BackupQuery, BackupSort, BackupStatus};
use crate::domain::ids::{BackupId, DiskId, PolicyId};
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
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(Backup::try_from)
        .transpose()
    }

    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>> {
        List::new(concat!("SELECT ", backup_columns!(), " FROM backups WHERE TRUE"), "backups")
            .only(" AND project_id = ", query.project.as_ref())
            .only(" AND disk_id = ", id_or_nothing(query.disk.as_deref(), DiskId::parse))
            .only(" AND name = ", query.name.as_ref())
            .only(" AND status = ", query.status.as_ref())
            .page(&query.page, BackupSort::Id, |sort| match sort {
                BackupSort::CreatedAt => "created_at",
                BackupSort::Id => "id",
                BackupSort::Name => "coalesce(name, '')",
            })
            .build_query_as::<BackupRow>()
            .fetch_all(self.connection()?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(Backup::try_from)
            .collect()
    }

    async fn latest_backup(&mut self, disk: DiskId) -> Result<Option<Backup>> {
        sqlx::query_as::<_, BackupRow>(concat!(
            "SELECT ",
            backup_columns!(),
            " FROM backups WHERE disk_id = $1 AND status = 'available'
              ORDER BY created_at DESC, id DESC LIMIT 1"
        ))
        .bind(disk.to_string())
        .fetch_optional(self.connection()?)
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
        .fetch_all(self.connection()?)
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
        .fetch_all(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Backup::try_from)
        .collect()
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
                 SET name = ?, description = ?, status = ?, fail_reason = ?, metadata = ?,
                     next_at = ?, next_outcome = ?, updated_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(backup.name.as_deref())
            .bind(backup.description.as_deref())
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

    fn delete_backup(&mut self, id: BackupId, from: BackupStatus) {
        self.queue(
            Write::of_one_row("delete backup", "DELETE FROM backups WHERE id = ? AND status = ?")
                .bind(id)
                .bind(from.as_str()),
        );
    }
}
