//! What takes time: the operations that put something into a status for a while, and how each ends.

use std::fmt;

use super::clock::Time;
use super::ids::{BackupId, DiskId, SnapshotId};
use super::status::statuses;

statuses! {
    /// Something that takes time; its word stands in the settings and in messages.
    Operation {
        /// A disk is made from nothing, a snapshot or another disk.
        Create = "create",
        /// A disk is made from an image.
        Download = "download",
        /// A disk is filled from a backup, as a new disk or over an old one.
        Restore = "restore",
        /// A disk is made larger.
        Extend = "extend",
        /// A disk is given another type.
        Retype = "retype",
        /// A disk is copied into an image.
        Upload = "upload",
        /// A disk is taken back to its latest snapshot (Cinder).
        Revert = "revert",
        /// A disk is taken back to one of its snapshots (EVS).
        Rollback = "rollback",
        /// A disk or a snapshot is copied into a backup.
        Backup = "backup",
        /// A disk is removed.
        Delete = "delete",
        /// A snapshot is taken.
        Snapshot = "snapshot",
        /// A snapshot is removed.
        DeleteSnapshot = "delete_snapshot",
        /// A backup is removed.
        DeleteBackup = "delete_backup",
    }
}

impl Operation {
    /// The kind of thing that is told of when it fails: a failure brings one message, even if it
    /// happens to several things at once (Cinder's managers).
    pub fn told_of(self) -> ThingKind {
        match self {
            Self::Create
            | Self::Download
            | Self::Restore
            | Self::Extend
            | Self::Retype
            | Self::Upload
            | Self::Revert
            | Self::Rollback
            | Self::Delete => ThingKind::Disk,
            Self::Snapshot | Self::DeleteSnapshot => ThingKind::Snapshot,
            Self::Backup | Self::DeleteBackup => ThingKind::Backup,
        }
    }
}

statuses! {
    /// How something ends.
    Outcome {
        /// It works.
        Done = "done",
        /// It fails.
        Failed = "failed",
    }
}

statuses! {
    /// A kind of thing that something can be under way on.
    ThingKind {
        /// A disk.
        Disk = "disk",
        /// A snapshot.
        Snapshot = "snapshot",
        /// A backup.
        Backup = "backup",
    }
}

/// What something can be under way on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thing {
    /// The disk itself.
    Disk(DiskId),
    /// A snapshot of it.
    Snapshot(SnapshotId),
    /// A backup of it.
    Backup(BackupId),
}

impl Thing {
    /// Of a kind, with the id that a text is.
    pub fn parse(kind: ThingKind, id: &str) -> Option<Self> {
        match kind {
            ThingKind::Disk => DiskId::parse(id).map(Self::Disk),
            ThingKind::Snapshot => SnapshotId::parse(id).map(Self::Snapshot),
            ThingKind::Backup => BackupId::parse(id).map(Self::Backup),
        }
    }

    /// What kind of thing it is.
    pub fn kind(self) -> ThingKind {
        match self {
            Self::Disk(_) => ThingKind::Disk,
            Self::Snapshot(_) => ThingKind::Snapshot,
            Self::Backup(_) => ThingKind::Backup,
        }
    }

    /// Its id alone.
    pub fn id(self) -> String {
        match self {
            Self::Disk(id) => id.to_string(),
            Self::Snapshot(id) => id.to_string(),
            Self::Backup(id) => id.to_string(),
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.id())
    }
}

/// When and how something that is under way ends; it stands in the row of what it happens to, so that
/// a restart goes on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// How it will end.
    pub outcome: Outcome,
    /// When it will.
    pub at: Time,
}

/// How an operation runs and ends on something whose statuses are `S`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course<S> {
    /// What takes the time.
    pub operation: Operation,
    /// The status meanwhile; no two courses of one kind of thing share it.
    pub during: S,
    /// What follows if it works.
    pub done: End<S>,
    /// What follows if it fails.
    pub failed: End<S>,
}

/// What follows something that took time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<S> {
    /// This status.
    At(S),
    /// The status before it began.
    Former,
    /// It is there no more.
    Gone,
}

impl<S: Copy> Course<S> {
    /// What follows with this outcome.
    pub fn end(&self, outcome: Outcome) -> End<S> {
        match outcome {
            Outcome::Done => self.done,
            Outcome::Failed => self.failed,
        }
    }
}
