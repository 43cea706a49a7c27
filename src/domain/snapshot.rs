//! Snapshots: any that exists, whatever its status, forbids to transfer its disk.

use super::clock::Time;
use super::ids::{DiskId, ProjectId, SnapshotId, UserId};
use super::page::Paging;
use super::progress::{Course, End, Ending, Operation, Outcome};
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
        /// Its disk goes back to it (EVS).
        Rollbacking = "rollbacking",
        /// Its disk goes back to it (Cinder).
        Restoring = "restoring",
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
        self.ending = Some(ending);
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
        self.status = match course.end(outcome) {
            End::At(status) => status,
            // Whatever its disk or a backup does with it, it was available before.
            End::Former => SnapshotStatus::Available,
            End::Gone => return None,
        };
        Some(self)
    }
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
