//! Backups: any that exists, whatever its status, forbids to transfer its disk.

use super::clock::Time;
use super::ids::{BackupId, DiskId, ProjectId, UserId};
use super::page::Paging;
use super::status::statuses;

statuses! {
    /// What a backup is doing or has come to (VBS and Cinder).
    BackupStatus {
        /// Being made.
        Creating = "creating",
        /// Ready.
        Available = "available",
        /// A disk is filled from it.
        Restoring = "restoring",
        /// Going away.
        Deleting = "deleting",
        /// Failed.
        Error = "error",
        /// Failed to fill a disk.
        ErrorRestoring = "error_restoring",
        /// Failed to go away.
        ErrorDeleting = "error_deleting",
    }
}

impl BackupStatus {
    /// Whether a backup of this status may be deleted.
    pub fn may_be_deleted(self) -> bool {
        match self {
            Self::Available | Self::Error => true,
            Self::Creating
            | Self::Restoring
            | Self::Deleting
            | Self::ErrorRestoring
            | Self::ErrorDeleting => false,
        }
    }
}

/// A backup of a disk. It outlives its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// Its id.
    pub id: BackupId,
    /// The disk it was made of, which may be gone.
    pub disk: DiskId,
    /// The project that owns it.
    pub project: ProjectId,
    /// Who made it.
    pub user: UserId,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it is kept.
    pub container: Option<String>,
    /// The disk's size when it was made, in GiB.
    pub size_gib: i64,
    /// Holds only what changed since the backup before it.
    pub incremental: bool,
    /// The disk's availability zone when it was made.
    pub zone: String,
    /// What it is doing.
    pub status: BackupStatus,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

/// By what a list of backups can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
}

/// Which backups to list, and which page of them.
#[derive(Debug, Clone)]
pub struct BackupQuery {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// Of this disk; a text that is no disk's id matches nothing.
    pub disk: Option<String>,
    /// With exactly this name.
    pub name: Option<String>,
    /// With this status word.
    pub status: Option<String>,
    /// The page.
    pub page: Paging<BackupId, BackupSort>,
}
