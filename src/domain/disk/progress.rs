//! What takes time on disks, and how each ends.

use super::{Disk, DiskStatus};
use crate::domain::progress::{Course, End, Ending, Operation, Outcome};

macro_rules! courses {
    ($($course:ident: $operation:ident, $during:ident, $done:expr, $failed:expr;)+) => {
        #[expect(missing_docs, reason = "each is named after its operation")]
        impl DiskCourse {
            $(pub const $course: Self = Self {
                operation: Operation::$operation,
                during: DiskStatus::$during,
                done: $done,
                failed: $failed,
            };)+

            /// Everything about disks that takes time.
            pub const ALL: &[Self] = &[$(Self::$course,)+];
        }
    };
}

/// How something that takes time runs and ends on a disk (OTC "EVS Disk Status", Cinder's managers).
pub type DiskCourse = Course<DiskStatus>;

courses! {
    CREATE: Create, Creating, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    DOWNLOAD: Download, Downloading, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    RESTORE: Restore, RestoringBackup, End::At(DiskStatus::Available), End::At(DiskStatus::ErrorRestoring);
    EXTEND: Extend, Extending, End::Former, End::At(DiskStatus::ErrorExtending);
    RETYPE: Retype, Retyping, End::Former, End::Former;
    UPLOAD: Upload, Uploading, End::Former, End::Former;
    REVERT: Revert, Reverting, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    ROLLBACK: Rollback, Rollbacking, End::At(DiskStatus::Available), End::At(DiskStatus::ErrorRollbacking);
    BACKUP: Backup, BackingUp, End::Former, End::Former;
    DELETE: Delete, Deleting, End::Gone, End::At(DiskStatus::ErrorDeleting);
}

/// What a disk is about to become; it stands in the disk's row, so that a restart goes on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What takes the time.
    pub course: DiskCourse,
    /// The status before it began; a new disk had none.
    pub former: Option<DiskStatus>,
    /// When and how it will end.
    pub ending: Ending,
    /// The size in GiB that it will have if all goes well.
    pub size_gib: Option<i64>,
    /// The name of the type that it will have if all goes well.
    pub disk_type: Option<String>,
}

/// What a disk is to become other than its status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Becoming {
    /// Its size in GiB.
    pub size_gib: Option<i64>,
    /// The name of its type.
    pub disk_type: Option<String>,
}

impl Pending {
    /// The status that follows with this outcome; none: the disk will be gone.
    pub fn end(&self, outcome: Outcome) -> Option<DiskStatus> {
        match self.course.end(outcome) {
            End::At(status) => Some(status),
            // Only new disks had no status before, and their courses do not end at the former one.
            End::Former => Some(self.former.unwrap_or(DiskStatus::Available)),
            End::Gone => None,
        }
    }
}

impl Disk {
    /// Begins what `course` is of. A transfer that offers the disk is over with it.
    pub fn begin(
        &mut self,
        course: DiskCourse,
        former: Option<DiskStatus>,
        becoming: Becoming,
        ending: Ending,
    ) {
        self.status = course.during;
        self.transfer = None;
        self.pending = Some(Pending {
            course,
            former,
            ending,
            size_gib: becoming.size_gib,
            disk_type: becoming.disk_type,
        });
    }

    /// Whether what is under way makes it.
    pub fn pending_is_new(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.former.is_none())
    }

    /// The disk after what it waits for; none: it is gone. A disk that waits for nothing stays.
    pub fn finished(mut self, outcome: Outcome) -> Option<Self> {
        let Some(pending) = self.pending.take() else { return Some(self) };
        self.status = pending.end(outcome)?;
        if outcome == Outcome::Done {
            self.size_gib = pending.size_gib.unwrap_or(self.size_gib);
            self.disk_type = pending.disk_type.unwrap_or(self.disk_type);
        }
        Some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_courses_share_the_status_meanwhile() {
        for one in DiskCourse::ALL {
            let same = DiskCourse::ALL.iter().filter(|other| other.during == one.during).count();
            assert_eq!(same, 1, "{one:?}");
        }
    }

    #[test]
    fn nothing_ends_in_a_status_that_takes_time() {
        for course in DiskCourse::ALL {
            for end in [course.done, course.failed] {
                if let End::At(status) = end {
                    let meanwhile = DiskCourse::ALL.iter().any(|other| other.during == status);
                    assert!(!meanwhile, "{course:?} ends in {status}");
                }
            }
        }
    }
}
