//! Snapshots in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::snapshot::{Snapshot, SnapshotFilter, SnapshotQuery, SnapshotStatus};

/// Questions about snapshots.
#[async_trait]
pub trait SnapshotReads {
    /// The snapshot, whoever owns it.
    async fn snapshot(&mut self, id: SnapshotId) -> Result<Option<Snapshot>>;

    /// Every snapshot of a disk, the oldest first.
    async fn snapshots_of(&mut self, disk: DiskId) -> Result<Vec<Snapshot>>;

    /// The snapshots of a disk on which something is under way, what ends first first.
    async fn snapshots_under_way(&mut self, disk: DiskId) -> Result<Vec<Snapshot>>;

    /// One page of snapshots.
    async fn snapshots(&mut self, query: &SnapshotQuery) -> Result<Vec<Snapshot>>;

    /// How many snapshots there are on all pages.
    async fn count_snapshots(&mut self, filter: &SnapshotFilter) -> Result<i64>;
}

/// Changes of snapshots.
pub trait SnapshotWrites {
    /// A new snapshot.
    fn insert_snapshot(&mut self, snapshot: &Snapshot);

    /// All that can change of a snapshot, provided that its status is still `from`.
    fn update_snapshot(&mut self, snapshot: &Snapshot, from: SnapshotStatus);

    /// Removes a snapshot, provided that its status is still `from`.
    fn delete_snapshot(&mut self, id: SnapshotId, from: SnapshotStatus);

    /// Removes a snapshot that goes with its backup, whatever its status, unless it is gone already:
    /// the unit of work that ends the backup may have ended something on it before.
    fn delete_snapshot_of_backup(&mut self, id: SnapshotId);
}
