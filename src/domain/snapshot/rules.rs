//! What forbids to go back to a snapshot, and to say what has become of one.

use thiserror::Error;

use super::{Snapshot, SnapshotStatus};
use crate::domain::ids::{DiskId, SnapshotId};

/// What the names of snapshots begin with that are taken for backups.
pub const OF_A_BACKUP: &str = "autobk_snapshot_";

/// Why something is not done with a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotRefused {
    /// Only its own disk goes back to it.
    #[error("snapshot {snapshot} is of disk {of}, not of {disk}")]
    OtherDisk {
        /// The snapshot.
        snapshot: SnapshotId,
        /// The disk that it was taken of.
        of: DiskId,
        /// The disk that was to go back to it.
        disk: DiskId,
    },
    /// A disk goes back to it only when it is available.
    #[error("snapshot {0} is {1}, not available")]
    NotAvailable(SnapshotId, SnapshotStatus),
    /// No disk goes back to what was taken for a backup.
    #[error("snapshot {0} was taken for a backup")]
    OfBackup(SnapshotId),
    /// It has come to what it is.
    #[error("nothing comes of a snapshot that is {0}")]
    Settled(SnapshotStatus),
    /// It does not come to that.
    #[error("a snapshot that is {from} does not become {to}")]
    NotNext {
        /// What it is.
        from: SnapshotStatus,
        /// What was said of it.
        to: SnapshotStatus,
    },
}

/// Whether `disk` goes back to `snapshot`, as far as the snapshot is asked: the disk's status has its
/// say after that (OTC "Rolling Back a Snapshot to an EVS Disk").
pub fn admit(snapshot: &Snapshot, disk: DiskId) -> Result<(), SnapshotRefused> {
    let (id, of) = (snapshot.id, snapshot.disk);
    if of != disk {
        return Err(SnapshotRefused::OtherDisk { snapshot: id, of, disk });
    }
    if snapshot.status != SnapshotStatus::Available {
        return Err(SnapshotRefused::NotAvailable(id, snapshot.status));
    }
    // HWC: "a snapshot whose name starts with autobk_snapshot_ cannot be used".
    if snapshot.name.as_deref().is_some_and(|name| name.starts_with(OF_A_BACKUP)) {
        return Err(SnapshotRefused::OfBackup(id));
    }
    Ok(())
}

/// Whether it can be said of a snapshot that is `from` that it has become `to` (Cinder).
pub fn come_to(from: SnapshotStatus, to: SnapshotStatus) -> Result<(), SnapshotRefused> {
    let next = from.may_come_to();
    if next.is_empty() {
        return Err(SnapshotRefused::Settled(from));
    }
    if next.contains(&to) { Ok(()) } else { Err(SnapshotRefused::NotNext { from, to }) }
}
