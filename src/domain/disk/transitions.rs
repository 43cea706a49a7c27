//! The status machine of disks, as a table.

use thiserror::Error;

use super::{Disk, DiskCourse, DiskStatus};
use crate::domain::ids::DiskId;

macro_rules! disk_events {
    ($($(#[$doc:meta])* $event:ident,)+) => {
        /// What may happen to a disk.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum DiskEvent { $($(#[$doc])* $event,)+ }

        impl DiskEvent {
            /// Everything that may happen.
            pub const ALL: &[Self] = &[$(Self::$event,)+];
        }
    };
}

disk_events! {
    /// Its name, description or metadata change.
    Update,
    /// Keys of its metadata are set.
    UpdateMetadata,
    /// A key of its metadata is taken out.
    DeleteMetadata,
    /// It becomes a system disk or a data disk.
    SetBootable,
    /// It becomes read-only or writable.
    SetReadOnly,
    /// It grows while nothing uses it.
    Extend,
    /// It grows, in use or not; not for disks that several servers may share.
    ExtendInUse,
    /// It is kept for a server that will attach it.
    Reserve,
    /// The same, for a disk that several servers may share.
    ReserveShared,
    /// It is kept no longer.
    Unreserve,
    /// It is attached to a server.
    Attach,
    /// The same, for a disk that several servers may share.
    AttachShared,
    /// Its detaching begins.
    BeginDetaching,
    /// Its detaching is called off.
    RollDetaching,
    /// It is detached from a server.
    Detach,
    /// It is detached by an administrator.
    ForceDetach,
    /// An attachment of it is made, which keeps it for a server.
    ReserveAttachment,
    /// The same, for a disk that several servers may share.
    ReserveAttachmentShared,
    /// One more attachment of it is made for a server that has one.
    ReserveAttachmentAgain,
    /// A host connects for one of its attachments.
    ConnectAttachment,
    /// One of its attachments is done.
    CompleteAttachment,
    /// One of its attachments goes.
    DeleteAttachment,
    /// It changes its type.
    Retype,
    /// It is copied into an image.
    UploadImage,
    /// It is copied into an image although it is in use.
    ForceUploadImage,
    /// A snapshot of it is taken.
    Snapshot,
    /// A snapshot of it is taken, and it may be in use.
    SnapshotInUse,
    /// A snapshot of it is taken although it is in use or being attached.
    ForceSnapshot,
    /// It goes back to its latest snapshot.
    Revert,
    /// A disk is made from it.
    Clone,
    /// A backup of it is made.
    Backup,
    /// A backup of it is made although it is in use.
    ForceBackup,
    /// A backup of one of its snapshots is made.
    BackupSnapshot,
    /// It goes back to one of its snapshots (EVS).
    Rollback,
    /// It is filled from a backup.
    Restore,
    /// It is put under a backup policy.
    BindPolicy,
    /// It is offered to another project.
    CreateTransfer,
    /// The offer is taken.
    AcceptTransfer,
    /// The offer is withdrawn.
    DeleteTransfer,
    /// It is removed.
    Delete,
    /// It is removed by an administrator.
    ForceDelete,
}

/// What an event makes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its status changes to this one.
    Becomes(DiskStatus),
    /// Its status stays.
    Stays,
    /// Its attachments decide: in use if it has any that are attached, available if it has none.
    Settles,
    /// It takes time, and the disk is in another status meanwhile.
    Takes(DiskCourse),
}

/// In which statuses an event is allowed.
#[derive(Debug)]
pub enum In {
    /// In these.
    Only(&'static [DiskStatus]),
    /// In all but these.
    AllBut(&'static [DiskStatus]),
}

impl In {
    fn contains(&self, status: DiskStatus) -> bool {
        match self {
            Self::Only(listed) => listed.contains(&status),
            Self::AllBut(listed) => !listed.contains(&status),
        }
    }
}

/// One row of [`TRANSITIONS`]: from any of these, this event, this outcome.
#[derive(Debug)]
pub struct Transition {
    /// The statuses in which the event is allowed.
    pub from: In,
    /// What happens.
    pub event: DiskEvent,
    /// What comes of it.
    pub step: Step,
}

const fn t(from: In, event: DiskEvent, step: Step) -> Transition {
    Transition { from, event, step }
}

/// What may happen to a disk in which status: the only source of status changes but for an
/// administrator's reset and the end of what takes time. What is not listed is refused.
pub const TRANSITIONS: &[Transition] = {
    use DiskEvent as E;
    use DiskStatus as S;
    use In::{AllBut, Only};
    use Step::{Becomes, Settles, Stays, Takes};
    &[
        // Cinder: nothing about a disk in maintenance is changed.
        t(AllBut(&[S::Maintenance]), E::Update, Stays),
        // Cinder: its keys and values are part of what is being copied into an image.
        t(AllBut(&[S::Maintenance, S::Uploading]), E::UpdateMetadata, Stays),
        t(AllBut(&[S::Maintenance, S::Uploading]), E::DeleteMetadata, Stays),
        // Cinder has no check here.
        t(AllBut(&[]), E::SetBootable, Stays),
        t(Only(&[S::Available]), E::SetReadOnly, Stays),
        t(Only(&[S::Available]), E::CreateTransfer, Becomes(S::AwaitingTransfer)),
        t(Only(&[S::AwaitingTransfer]), E::AcceptTransfer, Becomes(S::Available)),
        t(Only(&[S::AwaitingTransfer]), E::DeleteTransfer, Becomes(S::Available)),
        t(Only(&[S::Available]), E::Extend, Takes(DiskCourse::EXTEND)),
        t(Only(&[S::Available, S::InUse]), E::ExtendInUse, Takes(DiskCourse::EXTEND)),
        t(Only(&[S::Available]), E::Reserve, Becomes(S::Attaching)),
        t(Only(&[S::Available, S::InUse]), E::ReserveShared, Becomes(S::Attaching)),
        // Cinder: a compare and swap whose failure nobody hears of.
        t(Only(&[S::Attaching]), E::Unreserve, Settles),
        t(AllBut(&[S::Attaching]), E::Unreserve, Stays),
        t(Only(&[S::Available, S::Attaching]), E::Attach, Becomes(S::InUse)),
        t(Only(&[S::Available, S::Attaching, S::InUse]), E::AttachShared, Becomes(S::InUse)),
        t(Only(&[S::InUse]), E::BeginDetaching, Becomes(S::Detaching)),
        // In use again, since it has attachments; without any only by an administrator's reset.
        t(Only(&[S::Detaching]), E::RollDetaching, Settles),
        t(AllBut(&[S::Detaching]), E::RollDetaching, Stays),
        t(Only(&[S::InUse, S::Detaching]), E::Detach, Settles),
        t(Only(&[S::InUse, S::Attaching, S::Detaching, S::Reserved]), E::ForceDetach, Settles),
        // Cinder lets a disk be reserved while it is filled from an image, too; here that would hide
        // what is under way.
        t(Only(&[S::Available]), E::ReserveAttachment, Becomes(S::Reserved)),
        t(Only(&[S::Available, S::InUse]), E::ReserveAttachmentShared, Becomes(S::Reserved)),
        // A server that moves to another host has two for a while (Cinder).
        t(Only(&[S::InUse, S::Reserved]), E::ReserveAttachmentAgain, Stays),
        t(
            Only(&[S::Reserved, S::Attaching, S::InUse]),
            E::ConnectAttachment,
            Becomes(S::Attaching),
        ),
        t(Only(&[S::Reserved, S::Attaching, S::InUse]), E::CompleteAttachment, Becomes(S::InUse)),
        t(AllBut(&[S::AwaitingTransfer]), E::DeleteAttachment, Settles),
        t(Only(&[S::Available, S::InUse]), E::Retype, Takes(DiskCourse::RETYPE)),
        t(Only(&[S::Available]), E::UploadImage, Takes(DiskCourse::UPLOAD)),
        t(Only(&[S::Available, S::InUse]), E::ForceUploadImage, Takes(DiskCourse::UPLOAD)),
        t(Only(&[S::Available]), E::Snapshot, Stays),
        t(Only(&[S::Available, S::InUse]), E::SnapshotInUse, Stays),
        // OTC "Creating an EVS Snapshot": only by force while the disk is being attached.
        t(Only(&[S::Available, S::InUse, S::Attaching]), E::ForceSnapshot, Stays),
        t(Only(&[S::Available]), E::Revert, Takes(DiskCourse::REVERT)),
        // Cinder: the source of a clone is available or in use.
        t(Only(&[S::Available, S::InUse]), E::Clone, Stays),
        t(Only(&[S::Available, S::ErrorRollbacking]), E::Rollback, Takes(DiskCourse::ROLLBACK)),
        t(Only(&[S::Available]), E::Backup, Takes(DiskCourse::BACKUP)),
        t(Only(&[S::Available, S::InUse]), E::ForceBackup, Takes(DiskCourse::BACKUP)),
        // Cinder does not ask; but an offered disk gets no obstacle that its owner can avoid.
        t(AllBut(&[S::AwaitingTransfer]), E::BackupSnapshot, Stays),
        t(Only(&[S::Available]), E::Restore, Takes(DiskCourse::RESTORE)),
        // VBS user guide: awaiting-transfer and the failed ones cannot be associated; what an
        // administrator set aside and what is going away neither.
        t(
            AllBut(&[
                S::AwaitingTransfer,
                S::Error,
                S::ErrorExtending,
                S::ErrorRestoring,
                S::ErrorRollbacking,
                S::ErrorDeleting,
                S::ErrorManaging,
                S::ErrorBackingUp,
                S::Deleting,
                S::Maintenance,
                S::Reserved,
            ]),
            E::BindPolicy,
            Stays,
        ),
        t(
            Only(&[
                S::Available,
                S::Error,
                S::ErrorExtending,
                S::ErrorRestoring,
                S::ErrorRollbacking,
                S::ErrorManaging,
            ]),
            E::Delete,
            Takes(DiskCourse::DELETE),
        ),
        t(AllBut(&[]), E::ForceDelete, Takes(DiskCourse::DELETE)),
    ]
};

/// The event is not allowed in the disk's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{event:?} is not allowed in status {status}")]
pub struct WrongStatus {
    /// What was to happen.
    pub event: DiskEvent,
    /// The status that forbids it.
    pub status: DiskStatus,
    /// The disk.
    pub disk: DiskId,
}

impl Disk {
    /// What `event` would make of this disk.
    pub fn step(&self, event: DiskEvent) -> Result<Step, WrongStatus> {
        TRANSITIONS
            .iter()
            .find(|row| row.event == event && row.from.contains(self.status))
            .map(|row| row.step)
            .ok_or(WrongStatus { event, status: self.status, disk: self.id })
    }

    /// The status this disk has after `event`, for events that are over at once and need not know
    /// about attachments.
    pub fn after(&self, event: DiskEvent) -> Result<DiskStatus, WrongStatus> {
        Ok(match self.step(event)? {
            Step::Becomes(status) => status,
            Step::Stays | Step::Settles => self.status,
            Step::Takes(course) => course.during,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_and_event_stand_in_at_most_one_row() {
        for status in DiskStatus::ALL {
            for event in DiskEvent::ALL {
                let rows = TRANSITIONS
                    .iter()
                    .filter(|row| row.event == *event && row.from.contains(*status))
                    .count();
                assert!(rows <= 1, "{status} {event:?}");
            }
        }
    }

    /// What a disk awaiting transfer allows (OTC "EVS Disk Status", Cinder), spelled out: none of
    /// it gives the disk away or keeps it, but its acceptance, its withdrawal and an administrator.
    #[test]
    fn what_a_disk_awaiting_transfer_allows_is_little() {
        let allowed: Vec<DiskEvent> = TRANSITIONS
            .iter()
            .filter(|row| row.from.contains(DiskStatus::AwaitingTransfer))
            .map(|row| row.event)
            .collect();
        let expected = [
            DiskEvent::Update,
            DiskEvent::UpdateMetadata,
            DiskEvent::DeleteMetadata,
            DiskEvent::SetBootable,
            DiskEvent::AcceptTransfer,
            DiskEvent::DeleteTransfer,
            DiskEvent::Unreserve,
            DiskEvent::RollDetaching,
            DiskEvent::ForceDelete,
        ];
        assert_eq!(allowed, expected);
    }
}
