//! Snapshots: any that exists, whatever its status, forbids to transfer its disk.

use super::clock::Time;
use super::ids::{DiskId, ProjectId, SnapshotId, UserId};
use super::page::Paging;
use super::status::statuses;
use std::collections::BTreeMap;

statuses! {
    /// What a snapshot is doing or has come to (OTC "EVS Snapshot Status").
    SnapshotStatus {
        /// Being taken.
        Creating = "creating",
        /// Ready.
        Available = "available",
        /// Failed.
        Error = "error",
        /// Going away.
        Deleting = "deleting",
        /// Failed to go away.
        ErrorDeleting = "error_deleting",
        /// Its disk goes back to it.
        Rollbacking = "rollbacking",
        /// A backup is made from it.
        BackingUp = "backing-up",
    }
}

impl SnapshotStatus {
    /// Whether a snapshot of this status may be deleted.
    pub fn may_be_deleted(self) -> bool {
        match self {
            Self::Available | Self::Error => true,
            Self::Creating
            | Self::Deleting
            | Self::ErrorDeleting
            | Self::Rollbacking
            | Self::BackingUp => false,
        }
    }
}

/// A snapshot of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// The disk it was taken of.
    pub disk: DiskId,
    /// The project that owns it.
    pub project: ProjectId,
    /// Who took it.
    pub user: UserId,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The disk's size when it was taken, in GiB.
    pub size_gib: i64,
    /// The type of its disk, for the quotas by type.
    pub disk_type: String,
    /// What it is doing.
    pub status: SnapshotStatus,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// When it was taken.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

/// By what a list of snapshots can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotSort {
    /// When it was taken.
    CreatedAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
}

/// Which snapshots to list, and which page of them.
#[derive(Debug, Clone)]
pub struct SnapshotQuery {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// Of this disk; a text that is no disk's id matches nothing.
    pub disk: Option<String>,
    /// With exactly this name.
    pub name: Option<String>,
    /// With this status word.
    pub status: Option<String>,
    /// The page.
    pub page: Paging<SnapshotId, SnapshotSort>,
}
