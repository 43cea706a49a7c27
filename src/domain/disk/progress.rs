//! What takes time: the operations that put a disk into a status for a while, and how each ends.

use super::{Disk, DiskStatus};
use crate::domain::clock::Time;

macro_rules! operations {
    ($($(#[$doc:meta])* $operation:ident = $word:literal: $during:ident, $done:expr, $failed:expr;)+) => {
        /// Something about a disk that takes time.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Operation { $($(#[$doc])* $operation,)+ }

        impl Operation {
            /// Everything that takes time.
            pub const ALL: &[Self] = &[$(Self::$operation,)+];

            /// The word for it in settings and tables.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$operation => $word,)+ }
            }

            /// The operation that a word stands for.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$operation),)+ _ => None }
            }

            /// How it runs and ends (reference: OTC "EVS Disk Status", Cinder's managers).
            pub fn course(self) -> Course {
                match self {
                    $(Self::$operation => Course {
                        during: DiskStatus::$during,
                        done: $done,
                        failed: $failed,
                    },)+
                }
            }
        }
    };
}

operations! {
    /// Made from nothing, a snapshot or another disk.
    Create = "create": Creating, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    /// Made from an image.
    Download = "download": Downloading, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    /// Filled from a backup, as a new disk or over an old one.
    Restore = "restore":
        RestoringBackup, End::At(DiskStatus::Available), End::At(DiskStatus::ErrorRestoring);
    /// Made larger.
    Extend = "extend": Extending, End::Former, End::At(DiskStatus::ErrorExtending);
    /// Given another type.
    Retype = "retype": Retyping, End::Former, End::Former;
    /// Copied into an image.
    Upload = "upload": Uploading, End::Former, End::Former;
    /// Taken back to its latest snapshot (Cinder).
    Revert = "revert": Reverting, End::At(DiskStatus::Available), End::At(DiskStatus::Error);
    /// Removed.
    Delete = "delete": Deleting, End::Gone, End::At(DiskStatus::ErrorDeleting);
}

/// How something that takes time runs and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    /// The status meanwhile.
    pub during: DiskStatus,
    /// What follows if it works.
    pub done: End,
    /// What follows if it fails.
    pub failed: End,
}

/// What follows something that took time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// This status.
    At(DiskStatus),
    /// The status before it began.
    Former,
    /// There is no disk any more.
    Gone,
}

/// How something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It works.
    Done,
    /// It fails.
    Failed,
}

impl Outcome {
    /// The word for it in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The outcome that a word stands for.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Done, Self::Failed].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What a disk is about to become; it stands in the disk's row, so that a restart goes on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// What takes the time.
    pub operation: Operation,
    /// The status before it began; a new disk had none.
    pub former: Option<DiskStatus>,
    /// How it will end.
    pub outcome: Outcome,
    /// When it will.
    pub at: Time,
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
        let course = self.operation.course();
        let end = match outcome {
            Outcome::Done => course.done,
            Outcome::Failed => course.failed,
        };
        match end {
            End::At(status) => Some(status),
            // Only new disks had no status before, and their courses do not end at the former one.
            End::Former => Some(self.former.unwrap_or(DiskStatus::Available)),
            End::Gone => None,
        }
    }
}

impl Disk {
    /// Begins `operation`, which will end at `at`. A transfer that offers the disk is over with it.
    pub fn begin(
        &mut self,
        operation: Operation,
        former: Option<DiskStatus>,
        becoming: Becoming,
        outcome: Outcome,
        at: Time,
    ) {
        self.status = operation.course().during;
        self.transfer = None;
        self.pending = Some(Pending {
            operation,
            former,
            outcome,
            at,
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
    fn no_two_operations_share_the_status_meanwhile() {
        for one in Operation::ALL {
            let same = Operation::ALL
                .iter()
                .filter(|other| other.course().during == one.course().during)
                .count();
            assert_eq!(same, 1, "{one:?}");
        }
    }

    #[test]
    fn nothing_ends_in_a_status_that_takes_time() {
        for operation in Operation::ALL {
            for end in [operation.course().done, operation.course().failed] {
                if let End::At(status) = end {
                    let meanwhile = Operation::ALL.iter().any(|o| o.course().during == status);
                    assert!(!meanwhile, "{operation:?} ends in {status}");
                }
            }
        }
    }
}
