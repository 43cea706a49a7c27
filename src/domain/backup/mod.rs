//! Backups: any that exists, whatever its status, forbids to transfer its disk.

mod query;
mod record;
mod share;

use std::collections::BTreeMap;

use thiserror::Error;

use super::clock::Time;
use super::ids::{BackupId, DiskId, PolicyId, ProjectId, SnapshotId, UserId};
use super::progress::{Course, End, Ending, Operation, Outcome};
use super::snapshot::SnapshotStatus;
use super::status::statuses;

pub use query::{BackupCondition, BackupFilter, BackupQuery, BackupSort, BackupText};
pub use record::BackupRecord;
pub use share::{BackupShare, ShareFilter, ShareQuery, ShareSort, SharedBackup};

/// Where a backup is kept if nobody says where (Cinder).
pub const DEFAULT_CONTAINER: &str = "volumebackups";

/// The bytes of a GiB, and of the objects that a backup is kept in (Cinder).
const GIB: i64 = 1 << 30;
const OBJECT_BYTES: i64 = 1_999_994_880;

/// The most backups of a disk that allow to make another one by hand (VBS).
pub const MOST_OF_A_DISK: i64 = 20;

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
    /// Begins what `course` is of; what failed before is told no more.
    pub fn begin(&mut self, course: BackupCourse, ending: Ending) {
        self.status = course.during;
        self.ending = Some(ending);
        self.fail_reason = None;
    }

    /// How a disk is filled from it.
    pub fn restoring(&self) -> BackupCourse {
        if self.native { BackupCourse::RESTORE_NATIVE } else { BackupCourse::RESTORE }
    }

    /// Of when its data are.
    pub fn data_time(&self) -> Time {
        self.data_at.unwrap_or(self.created_at)
    }

    /// In how many objects it is kept: none before it is made. What has changed since the backup that an
    /// incremental one builds on fits into one.
    pub fn objects(&self) -> i64 {
        match self.status {
            BackupStatus::Creating | BackupStatus::Error => 0,
            BackupStatus::Available
            | BackupStatus::Restoring
            | BackupStatus::Deleting
            | BackupStatus::ErrorRestoring
            | BackupStatus::ErrorDeleting
                if self.incremental =>
            {
                1
            }
            BackupStatus::Available
            | BackupStatus::Restoring
            | BackupStatus::Deleting
            | BackupStatus::ErrorRestoring
            | BackupStatus::ErrorDeleting => {
                (self.size_gib.saturating_mul(GIB).saturating_add(OBJECT_BYTES - 1)) / OBJECT_BYTES
            }
        }
    }

    /// What is under way; none: nothing is.
    pub fn course(&self) -> Option<BackupCourse> {
        self.ending?;
        match self.status {
            BackupStatus::Creating => Some(BackupCourse::CREATE),
            BackupStatus::Restoring => Some(self.restoring()),
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
        } else if course == BackupCourse::CREATE {
            self.container.get_or_insert_with(|| DEFAULT_CONTAINER.to_owned());
        }
        Some(self)
    }
}

/// Why a backup is not made, restored, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BackupRefused {
    /// An incremental one builds on another.
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
    /// Another backup of the disk is being made (VBS).
    #[error("a backup of the disk is being made")]
    InProgress,
    /// The disk has too many (VBS).
    #[error("the disk has {MOST_OF_A_DISK} backups")]
    TooMany,
    /// Disks on dedicated storage are not backed up (VBS).
    #[error("the disk lies on dedicated storage")]
    OnDedicatedStorage,
    /// No disk is filled from one that is busy or broken.
    #[error("the backup is not available but {0}")]
    NotAvailable(BackupStatus),
    /// The disk has less room than the backup needs.
    #[error("the disk has {disk_gib} GiB and the backup {backup_gib}")]
    TooSmall {
        /// The disk's size.
        disk_gib: i64,
        /// The backup's size.
        backup_gib: i64,
    },
    /// Others build on it (Cinder; VBS takes them along).
    #[error("incremental backups build on it")]
    HasDependents,
    /// It is taken out of the file as a record in no status but available.
    #[error("a backup that is {0} is not exported")]
    NotExportable(BackupStatus),
    /// There is one with the record's id.
    #[error("the backup exists already")]
    Exists,
    /// A record builds on a backup of another disk, or one of another disk builds on it.
    #[error("backups {0} and {1} build on each other and are of different disks")]
    ChainOfTwoDisks(BackupId, BackupId),
    /// A record would close a ring of backups that build on each other.
    #[error("backup {0} would build on itself in the end")]
    Ring(BackupId),
    /// It is shared with others, not with the project that has it.
    #[error("a backup is not shared with its own project")]
    SharedWithItself,
}
