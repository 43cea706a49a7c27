//! Backups: any that exists, whatever its status, forbids to transfer its disk.

use std::collections::BTreeMap;

use thiserror::Error;

use super::clock::Time;
use super::ids::{BackupId, DiskId, PolicyId, ProjectId, SnapshotId, UserId};
use super::page::Paging;
use super::progress::{Course, End, Ending, Operation, Outcome};
use super::snapshot::SnapshotStatus;
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

/// How something that takes time runs and ends on a backup (VBS, Cinder's managers).
pub type BackupCourse = Course<BackupStatus>;

impl BackupCourse {
    /// It is made.
    pub const CREATE: Self = Self {
        operation: Operation::Backup,
        during: BackupStatus::Creating,
        done: End::At(BackupStatus::Available),
        failed: End::At(BackupStatus::Error),
    };
    /// A disk is filled from it. Cinder's are available again whatever comes of it.
    pub const RESTORE: Self = Self {
        operation: Operation::Restore,
        during: BackupStatus::Restoring,
        done: End::At(BackupStatus::Available),
        failed: End::At(BackupStatus::Available),
    };
    /// A disk is filled from one of the backup service.
    pub const RESTORE_NATIVE: Self =
        Self { failed: End::At(BackupStatus::ErrorRestoring), ..Self::RESTORE };
    /// It is removed.
    pub const DELETE: Self = Self {
        operation: Operation::DeleteBackup,
        during: BackupStatus::Deleting,
        done: End::Gone,
        failed: End::At(BackupStatus::ErrorDeleting),
    };
}

/// A backup of a disk. It outlives its disk.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
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
    /// Holds only what changed since the backup it builds on.
    pub incremental: bool,
    /// The backup that an incremental one builds on, which may be gone.
    pub base: Option<BackupId>,
    /// Whether incremental ones build on it; counted from the rows, never stored.
    pub has_dependents: bool,
    /// The snapshot that it was made from, which may be gone; none: from the disk itself.
    pub snapshot: Option<SnapshotId>,
    /// Whether that snapshot was taken for it and goes with it.
    pub own_snapshot: bool,
    /// The backup policy that made it, which may be gone; none: somebody did.
    pub policy: Option<PolicyId>,
    /// Made by the backup service's own API or by a policy, not by Cinder's.
    pub native: bool,
    /// The disk's availability zone when it was made.
    pub zone: String,
    /// What it is doing.
    pub status: BackupStatus,
    /// Why it failed, if it did.
    pub fail_reason: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Of when its data are, if not of when it was made.
    pub data_at: Option<Time>,
    /// When and how what is under way ends; its status says what that is.
    pub ending: Option<Ending>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

impl Backup {
    /// Begins what `course` is of.
    pub fn begin(&mut self, course: BackupCourse, ending: Ending) {
        self.status = course.during;
        self.ending = Some(ending);
    }

    /// What is under way; none: nothing is.
    pub fn course(&self) -> Option<BackupCourse> {
        self.ending?;
        match self.status {
            BackupStatus::Creating => Some(BackupCourse::CREATE),
            BackupStatus::Restoring if self.native => Some(BackupCourse::RESTORE_NATIVE),
            BackupStatus::Restoring => Some(BackupCourse::RESTORE),
            BackupStatus::Deleting => Some(BackupCourse::DELETE),
            BackupStatus::Available
            | BackupStatus::Error
            | BackupStatus::ErrorRestoring
            | BackupStatus::ErrorDeleting => None,
        }
    }

    /// The backup after what is under way; none: it is gone. One that waits for nothing stays.
    pub fn finished(mut self, outcome: Outcome) -> Option<Self> {
        let Some(course) = self.course() else { return Some(self) };
        self.ending = None;
        self.status = match course.end(outcome) {
            End::At(status) => status,
            End::Former => BackupStatus::Available,
            End::Gone => return None,
        };
        if outcome == Outcome::Failed {
            self.fail_reason = Some(format!("{} failed", course.operation));
        }
        Some(self)
    }
}

/// Why a backup is not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BackupRefused {
    /// An incremental one builds on a full one.
    #[error("the disk has no backup to build on")]
    NoBase,
    /// It is made of a snapshot of its own disk only.
    #[error("snapshot of disk {of} is not one of disk {disk}")]
    SnapshotOfOtherDisk {
        /// The disk to be backed up.
        disk: DiskId,
        /// The disk that the snapshot is of.
        of: DiskId,
    },
    /// The snapshot that it is to be made of is busy or broken.
    #[error("the snapshot is not available but {0}")]
    SnapshotNotAvailable(SnapshotStatus),
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
