//! Snapshots in SQLite.

mod lists;

use async_trait::async_trait;

use super::rows::{SnapshotRow, snapshot_columns};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::snapshot::{Snapshot, SnapshotFilter, SnapshotQuery, SnapshotStatus};
use crate::store::{Result, SnapshotReads, SnapshotWrites};

#[async_trait]
impl<T: AsConnection> SnapshotReads for T {
    async fn snapshot(&mut self, id: SnapshotId) -> Result<Option<Snapshot>> {
        sqlx::query_as::<_, SnapshotRow>(concat!(
            "SELECT ",
            snapshot_columns!(),
            " FROM snapshots WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Snapshot::try_from)
        .transpose()
    }

    async fn snapshots_of(&mut self, disk: DiskId) -> Result<Vec<Snapshot>> {
        sqlx::query_as::<_, SnapshotRow>(concat!(
            "SELECT ",
            snapshot_columns!(),
            " FROM snapshots WHERE disk_id = $1 ORDER BY created_at, id"
        ))
        .bind(disk.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Snapshot::try_from)
        .collect()
    }

    async fn snapshots_under_way(&mut self, disk: DiskId) -> Result<Vec<Snapshot>> {
        sqlx::query_as::<_, SnapshotRow>(concat!(
            "SELECT ",
            snapshot_columns!(),
            " FROM snapshots WHERE disk_id = $1 AND next_at IS NOT NULL ORDER BY next_at, id"
        ))
        .bind(disk.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Snapshot::try_from)
        .collect()
    }

    async fn snapshots(&mut self, query: &SnapshotQuery) -> Result<Vec<Snapshot>> {
        lists::page(self.connection().await?, query).await
    }

    async fn count_snapshots(&mut self, filter: &SnapshotFilter) -> Result<i64> {
        lists::count(self.connection().await?, filter).await
    }
}

impl SnapshotWrites for Unit {
    fn insert_snapshot(&mut self, snapshot: &Snapshot) {
        self.queue(
            Write::of_one_row(
                "insert snapshot",
                "INSERT INTO snapshots (id, disk_id, project_id, user_id, name, description,
                                        size_gib, disk_type, status, metadata, progress,
                                        next_at, next_outcome, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(snapshot.id)
            .bind(snapshot.disk)
            .bind(&snapshot.project)
            .bind(&snapshot.user)
            .bind(snapshot.name.as_deref())
            .bind(snapshot.description.as_deref())
            .bind(snapshot.size_gib)
            .bind(snapshot.disk_type.as_str())
            .bind(snapshot.status.as_str())
            .bind(codec::values_to_text(&snapshot.metadata))
            .bind(snapshot.progress)
            .bind(snapshot.ending.map(|ending| ending.at))
            .bind(snapshot.ending.map(|ending| ending.outcome.as_str()))
            .bind(snapshot.created_at)
            .bind(snapshot.updated_at),
        );
    }

    fn update_snapshot(&mut self, snapshot: &Snapshot, from: SnapshotStatus) {
        self.queue(
            Write::of_one_row(
                "update snapshot",
                "UPDATE snapshots
                 SET name = ?, description = ?, status = ?, metadata = ?, progress = ?,
                     next_at = ?, next_outcome = ?, updated_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(snapshot.name.as_deref())
            .bind(snapshot.description.as_deref())
            .bind(snapshot.status.as_str())
            .bind(codec::values_to_text(&snapshot.metadata))
            .bind(snapshot.progress)
            .bind(snapshot.ending.map(|ending| ending.at))
            .bind(snapshot.ending.map(|ending| ending.outcome.as_str()))
            .bind(snapshot.updated_at)
            .bind(snapshot.id)
            .bind(from.as_str()),
        );
    }

    fn delete_snapshot_of_backup(&mut self, id: SnapshotId) {
        let write =
            Write::of_any_rows("delete snapshot of backup", "DELETE FROM snapshots WHERE id = ?");
        self.queue(write.bind(id));
    }

    fn delete_snapshot(&mut self, id: SnapshotId, from: SnapshotStatus) {
        self.queue(
            Write::of_one_row(
                "delete snapshot",
                "DELETE FROM snapshots WHERE id = ? AND status = ?",
            )
            .bind(id)
            .bind(from.as_str()),
        );
    }
}
