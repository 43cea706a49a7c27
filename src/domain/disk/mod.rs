//! Disks: what one is, which statuses it can be in and what moves it between them.

mod origin;
mod progress;
mod query;
mod transitions;

use std::collections::BTreeMap;

use super::attachment::Attachment;
use super::clock::Time;
use super::ids::{DiskId, PolicyId, ProjectId, SnapshotId, TransferId, UserId};
use super::status::statuses;

pub use origin::{Kind, Origin, SourceRefused};
pub use progress::{Becoming, DiskCourse, Pending};
pub use query::{
    Comparison, DiskCondition, DiskFilter, DiskFlag, DiskQuery, DiskSort, DiskText, DiskTime,
};
pub use transitions::{DiskEvent, In, Step, TRANSITIONS, Transition, WrongStatus};

statuses! {
    /// What a disk is doing or has come to (OTC "EVS Disk Status", and Cinder's internal ones).
    DiskStatus {
        /// Being made.
        Creating = "creating",
        /// Being filled from an image.
        Downloading = "downloading",
        /// Ready and attached to nothing.
        Available = "available",
        /// Reserved for a server, or being attached.
        Attaching = "attaching",
        /// Attached to a server.
        InUse = "in-use",
        /// Being detached.
        Detaching = "detaching",
        /// Growing.
        Extending = "extending",
        /// Being backed up.
        BackingUp = "backing-up",
        /// Being filled from a backup.
        RestoringBackup = "restoring-backup",
        /// Being copied into an image.
        Uploading = "uploading",
        /// Going back to a snapshot (EVS).
        Rollbacking = "rollbacking",
        /// Going back to a snapshot (Cinder).
        Reverting = "reverting",
        /// Changing its type.
        Retyping = "retyping",
        /// Offered to another project.
        AwaitingTransfer = "awaiting-transfer",
        /// Going away.
        Deleting = "deleting",
        /// Failed.
        Error = "error",
        /// Failed to grow.
        ErrorExtending = "error_extending",
        /// Failed to be filled from a backup.
        ErrorRestoring = "error_restoring",
        /// Failed to go back to a snapshot.
        ErrorRollbacking = "error_rollbacking",
        /// Failed to go away.
        ErrorDeleting = "error_deleting",
        /// Failed to be taken over.
        ErrorManaging = "error_managing",
        /// Failed to be backed up.
        ErrorBackingUp = "error_backing-up",
        /// Taken out of use by an administrator.
        Maintenance = "maintenance",
        /// Reserved by an administrator.
        Reserved = "reserved",
    }
}

/// A disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its id.
    pub id: DiskId,
    /// The one project that owns it; changed by an accepted transfer only.
    pub project: ProjectId,
    /// Who made it, or who accepted it last.
    pub user: UserId,
    /// Its name; many disks may have the same.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Its size in GiB.
    pub size_gib: i64,
    /// What it is doing.
    pub status: DiskStatus,
    /// The name of its type.
    pub disk_type: String,
    /// The name of its availability zone.
    pub zone: String,
    /// A system disk (OTC: `bootable` is what tells one).
    pub bootable: bool,
    /// May be attached to several servers.
    pub multiattach: bool,
    /// Its type encrypts, or its metadata says so.
    pub encrypted: bool,
    /// The dedicated storage it lies on (DSS, DESS), if any.
    pub dedicated_storage: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Whether servers may only read it; none: nobody said so, and they may write.
    pub read_only: Option<bool>,
    /// The snapshot that it was made from; that may be gone by now.
    pub from_snapshot: Option<SnapshotId>,
    /// The disk that it was made from; that may be gone by now.
    pub from_disk: Option<DiskId>,
    /// What is known of the image that it was made from.
    pub image_metadata: BTreeMap<String, String>,
    /// What it is about to become: set while it is in a status that takes time.
    pub pending: Option<Pending>,
    /// The pending transfer that offers it: set exactly while it is `awaiting-transfer`.
    pub transfer: Option<TransferId>,
    /// The backup policy that it is under, as its row was read; nothing is written from here.
    pub policy: Option<PolicyId>,
    /// What it is attached to or kept for, the oldest first; none while it is available.
    pub attachments: Vec<Attachment>,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_word_and_is_read_back_from_it() {
        for status in DiskStatus::ALL {
            assert_eq!(DiskStatus::parse(status.as_str()), Some(*status));
        }
        assert_eq!(DiskStatus::parse("in_use"), None, "hyphen, not underscore");
        assert_eq!(DiskStatus::parse("error-extending"), None, "underscore, not hyphen");
    }
}
