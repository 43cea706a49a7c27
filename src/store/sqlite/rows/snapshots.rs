//! The rows of `snapshots`.

use sqlx::FromRow;

use super::Row;
use crate::domain::ids::{DiskId, ProjectId, SnapshotId, UserId};
use crate::domain::snapshot::{Snapshot, SnapshotStatus};
use crate::store::{Result, StoreError};

/// The columns that a [`SnapshotRow`] is read from: the one list of them, as a literal.
macro_rules! snapshot_columns {
    () => {
        "id, disk_id, project_id, user_id, name, description, size_gib, disk_type, status, metadata,
         progress, next_at, next_outcome, created_at, updated_at"
    };
}

pub(in crate::store::sqlite) use snapshot_columns;

#[derive(Debug, FromRow)]
pub(in crate::store::sqlite) struct SnapshotRow {
    id: String,
    disk_id: String,
    project_id: String,
    user_id: String,
    name: Option<String>,
    description: Option<String>,
    size_gib: i64,
    disk_type: String,
    status: String,
    metadata: String,
    progress: Option<i64>,
    next_at: Option<String>,
    next_outcome: Option<String>,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<SnapshotRow> for Snapshot {
    type Error = StoreError;

    fn try_from(snapshot: SnapshotRow) -> Result<Self> {
        let row = Row { table: "snapshots", id: &snapshot.id };
        Ok(Self {
            id: row.need("id", "UUID", SnapshotId::parse(&snapshot.id))?,
            disk: row.need("disk_id", "UUID", DiskId::parse(&snapshot.disk_id))?,
            status: row.need(
                "status",
                "status of a snapshot",
                SnapshotStatus::parse(&snapshot.status),
            )?,
            metadata: row.values("metadata", &snapshot.metadata)?,
            ending: row.ending(snapshot.next_at.as_deref(), snapshot.next_outcome.as_deref())?,
            created_at: row.time("created_at", &snapshot.created_at)?,
            updated_at: row.time_if_any("updated_at", snapshot.updated_at.as_deref())?,
            project: ProjectId::new(snapshot.project_id),
            user: UserId::new(snapshot.user_id),
            name: snapshot.name,
            description: snapshot.description,
            size_gib: snapshot.size_gib,
            disk_type: snapshot.disk_type,
            progress: snapshot.progress,
        })
    }
}
