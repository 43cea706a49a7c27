//! Snapshots: what one is, which statuses it can be in, and which a disk goes back to. Any that exists,
//! whatever its status, forbids to transfer its disk.

mod query;
mod rules;

use std::collections::BTreeMap;

use super::clock::Time;
use super::ids::{DiskId, ProjectId, SnapshotId, UserId};
use super::progress::{Course, End, Ending, Operation, Outcome};
use super::status::statuses;

pub use query::{SnapshotCondition, SnapshotFilter, SnapshotQuery, SnapshotSort, SnapshotText};
pub use rules::{OF_A_BACKUP, SnapshotRefused, admit, come_to};

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
        /// Its disk goes back to it (EVS).
        Rollbacking = "rollbacking",
        /// Its disk goes back to it (Cinder).
        Restoring = "restoring",
        /// A backup is made from it.
        BackingUp = "backing-up",
    }
}

impl SnapshotStatus {
    /// What can be said that a snapshot of this status has come to (Cinder): only what is being taken or
    /// removed has yet to come to something.
    fn may_come_to(self) -> &'static [Self] {
        match self {
            Self::Creating => &[Self::Creating, Self::Available, Self::Error],
            Self::Deleting => &[Self::Deleting, Self::ErrorDeleting],
            Self::Available
            | Self::Error
            | Self::ErrorDeleting
            | Self::Rollbacking
            | Self::Restoring
            | Self::BackingUp => &[],
        }
    }

    /// Whether a snapshot of this status may be deleted.
    pub fn may_be_deleted(self) -> bool {
        match self {
            Self::Available | Self::Error => true,
            Self::Creating
            | Self::Deleting
            | Self::ErrorDeleting
            | Self::Rollbacking
            | Self::Restoring
            | Self::BackingUp => false,
        }
    }
}

/// How something that takes time runs and ends on a snapshot (OTC "EVS Snapshot Status", Cinder's
/// managers).
pub type SnapshotCourse = Course<SnapshotStatus>;

macro_rules! course {
    ($operation:ident, $during:ident, $done:expr, $failed:expr) => {
        Self {
            operation: Operation::$operation,
            during: SnapshotStatus::$during,
            done: $done,
            failed: $failed,
        }
    };
}

impl SnapshotCourse {
    /// It is taken.
    pub const CREATE: Self = course!(
        Snapshot,
        Creating,
        End::At(SnapshotStatus::Available),
        End::At(SnapshotStatus::Error)
    );
    /// Its disk goes back to it (EVS).
    pub const ROLLBACK: Self = course!(Rollback, Rollbacking, End::Former, End::Former);
    /// Its disk goes back to it (Cinder).
    pub const REVERT: Self = course!(Revert, Restoring, End::Former, End::Former);
    /// A backup is made from it.
    pub const BACKUP: Self = course!(Backup, BackingUp, End::Former, End::Former);
    /// It is removed.
    pub const DELETE: Self =
        course!(DeleteSnapshot, Deleting, End::Gone, End::At(SnapshotStatus::ErrorDeleting));
    /// Everything about snapshots that takes time.
    pub const ALL: &[Self] =
        &[Self::CREATE, Self::ROLLBACK, Self::REVERT, Self::BACKUP, Self::DELETE];
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
    /// How far it has come in percent, if somebody said so; none: its status says it.
    pub progress: Option<i64>,
    /// When and how what is under way ends; its status says what that is.
    pub ending: Option<Ending>,
    /// When it was taken.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

impl Snapshot {
    /// Begins what `course` is of.
    pub fn begin(&mut self, course: SnapshotCourse, ending: Ending) {
        self.status = course.during;
        self.progress = None;
        self.ending = Some(ending);
    }

    /// How far it has come, in percent.
    pub fn percent(&self) -> i64 {
        let done = if self.status == SnapshotStatus::Creating { 0 } else { 100 };
        self.progress.unwrap_or(done)
    }

    /// What is under way; none: nothing is.
    pub fn course(&self) -> Option<SnapshotCourse> {
        self.ending?;
        SnapshotCourse::ALL.iter().copied().find(|course| course.during == self.status)
    }

    /// The snapshot after what is under way; none: it is gone. One that waits for nothing stays.
    pub fn finished(mut self, outcome: Outcome) -> Option<Self> {
        let Some(course) = self.course() else { return Some(self) };
        self.ending = None;
        self.progress = None;
        self.status = match course.end(outcome) {
            End::At(status) => status,
            // Whatever its disk or a backup does with it, it was available before.
            End::Former => SnapshotStatus::Available,
            End::Gone => return None,
        };
        Some(self)
    }
}
