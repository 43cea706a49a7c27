//! Backups in SQLite.

use async_trait::async_trait;

use super::errors;
use super::page::{List, id_or_nothing};
use super::rows::BackupRow;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::backup::{Backup, BackupQuery, BackupSort, BackupStatus};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId};
use crate::store::{BackupReads, BackupWrites, Result};

#[async_trait]
impl<T: AsConnection> BackupReads for T {
    async fn backup(&mut self, id: BackupId) -> Result<Option<Backup>> {
        sqlx::query_as::<_, BackupRow>(
            "SELECT id, disk_id, project_id, user_id, name, description, container, size_gib,
                    incremental, zone, status, created_at, updated_at
             FROM backups WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(Backup::try_from)
        .transpose()
    }

    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>> {
        List::new(
            "SELECT id, disk_id, project_id, user_id, name, description, container, size_gib,
                    incremental, zone, status, created_at, updated_at
             FROM backups WHERE TRUE",
            "backups",
        )
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

    async fn available_backups(&mut self, disk: DiskId) -> Result<i64> {
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM backups WHERE disk_id = $1 AND status = 'available'",
        )
        .bind(disk.to_string())
        .fetch_one(self.connection()?)
        .await
        .map_err(errors::of_statement)
    }
}

impl BackupWrites for Unit {
    fn insert_backup(&mut self, backup: &Backup) {
        self.queue(
            Write::of_one_row(
                "insert backup",
                "INSERT INTO backups (id, disk_id, project_id, user_id, name, description,
                                      container, size_gib, incremental, zone, status, created_at,
                                      updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            .bind(backup.zone.as_str())
            .bind(backup.status.as_str())
            .bind(backup.created_at)
            .bind(backup.updated_at),
        );
    }

    fn set_backup_status(&mut self, id: BackupId, from: BackupStatus, to: BackupStatus, at: Time) {
        self.queue(
            Write::of_one_row(
                "set backup status",
                "UPDATE backups SET status = ?, updated_at = ? WHERE id = ? AND status = ?",
            )
            .bind(to.as_str())
            .bind(at)
            .bind(id)
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
