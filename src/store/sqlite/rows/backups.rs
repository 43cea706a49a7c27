//! The rows of `backups`.

use sqlx::FromRow;

use super::Row;
use crate::domain::backup::{Backup, BackupStatus};
use crate::domain::ids::{BackupId, DiskId, PolicyId, ProjectId, SnapshotId, UserId};
use crate::store::{Result, StoreError};

/// The columns that a [`BackupRow`] is read from, of the table under its own name: the one list of
/// them, as a literal.
macro_rules! backup_columns {
    () => {
        "backups.id, backups.disk_id, backups.project_id, backups.user_id, backups.name,
         backups.description, backups.container, backups.size_gib, backups.incremental,
         backups.base_id,
         EXISTS (SELECT 1 FROM backups AS later WHERE later.base_id = backups.id) AS has_dependents,
         backups.snapshot_id, backups.own_snapshot, backups.policy_id, backups.native, backups.zone,
         backups.status, backups.fail_reason, backups.metadata, backups.data_at, backups.next_at,
         backups.next_outcome, backups.created_at, backups.updated_at"
    };
}

pub(in crate::store::sqlite) use backup_columns;

#[derive(Debug, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each column is a flag of its own")]
pub(in crate::store::sqlite) struct BackupRow {
    id: String,
    disk_id: String,
    project_id: String,
    user_id: String,
    name: Option<String>,
    description: Option<String>,
    container: Option<String>,
    size_gib: i64,
    incremental: bool,
    base_id: Option<String>,
    has_dependents: bool,
    snapshot_id: Option<String>,
    own_snapshot: bool,
    policy_id: Option<String>,
    native: bool,
    zone: String,
    status: String,
    fail_reason: Option<String>,
    metadata: String,
    data_at: Option<String>,
    next_at: Option<String>,
    next_outcome: Option<String>,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<BackupRow> for Backup {
    type Error = StoreError;

    fn try_from(backup: BackupRow) -> Result<Self> {
        let row = Row { table: "backups", id: &backup.id };
        Ok(Self {
            id: row.need("id", "UUID", BackupId::parse(&backup.id))?,
            disk: row.need("disk_id", "UUID", DiskId::parse(&backup.disk_id))?,
            status: row.need(
                "status",
                "status of a backup",
                BackupStatus::parse(&backup.status),
            )?,
            base: row.id_if_any("base_id", backup.base_id.as_deref(), BackupId::parse)?,
            snapshot: row.id_if_any(
                "snapshot_id",
                backup.snapshot_id.as_deref(),
                SnapshotId::parse,
            )?,
            policy: row.id_if_any("policy_id", backup.policy_id.as_deref(), PolicyId::parse)?,
            metadata: row.values("metadata", &backup.metadata)?,
            data_at: row.time_if_any("data_at", backup.data_at.as_deref())?,
            ending: row.ending(backup.next_at.as_deref(), backup.next_outcome.as_deref())?,
            created_at: row.time("created_at", &backup.created_at)?,
            updated_at: row.time_if_any("updated_at", backup.updated_at.as_deref())?,
            project: ProjectId::new(backup.project_id),
            user: UserId::new(backup.user_id),
            name: backup.name,
            description: backup.description,
            container: backup.container,
            size_gib: backup.size_gib,
            incremental: backup.incremental,
            has_dependents: backup.has_dependents,
            own_snapshot: backup.own_snapshot,
            native: backup.native,
            zone: backup.zone,
            fail_reason: backup.fail_reason,
        })
    }
}
