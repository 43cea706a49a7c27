//! The sentences of what a disk's status forbids, in Cinder's words where Cinder has some.

use crate::domain::disk::{DiskEvent, DiskStatus, WrongStatus};

/// Cinder's one sentence for every reason not to delete a disk.
pub(super) const NOT_DELETABLE_DISK: &str = "Invalid volume: Volume status must be available or error or error_restoring or \
     error_extending or error_managing and must not be migrating, attached, belong to a group, \
     have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.";

/// What Cinder says of a disk that nothing is detached from.
const NOT_DETACHABLE_DISK: &str = "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must \
     be 'attached' to detach";

/// Cinder's one sentence for every reason not to give a disk another type.
const NOT_RETYPABLE_DISK: &str = "Invalid volume: Retype needs volume to be in available or in-use state, not be part of an \
     active migration or a consistency group, requested type has to be different that the one from \
     the volume, and for in-use volumes front-end qos specs cannot change.";

/// What is `done` to an attachment needs a disk that is what the words of `needed` say.
fn wrong_for_attachment(wrong: &WrongStatus, done: &str, needed: &str) -> String {
    let WrongStatus { event: _, status, disk } = wrong;
    if status.as_str().contains("error") {
        // Cinder's sentence ends in a space.
        return format!(
            "Invalid volume: Volume attachments can not be {done} if the volume is in an error \
             state. The Volume {disk} currently has a status of: {status} "
        );
    }
    format!(
        "Invalid volume: Volume {disk} status must be {needed}, but the current status is {status}."
    )
}

/// What forbids to make a backup of a disk.
fn wrong_for_backup(wrong: &WrongStatus) -> String {
    let WrongStatus { event, status, disk: _ } = wrong;
    if *event == DiskEvent::Backup && *status == DiskStatus::InUse {
        return "Invalid volume: Backing up an in-use volume must use the force flag.".to_owned();
    }
    format!(
        "Invalid volume: Volume to be backed up must be available or in-use, but the current \
         status is \"{status}\"."
    )
}

/// What forbids to put a snapshot back onto a disk.
fn wrong_for_rollback(wrong: &WrongStatus) -> String {
    let WrongStatus { event: _, status, disk } = wrong;
    format!(
        "Invalid volume: Volume {disk} status must be available or error_rollbacking to be rolled \
         back, but current status is: {status}."
    )
}

pub(super) fn wrong_status(wrong: &WrongStatus) -> String {
    let WrongStatus { event, status, disk } = wrong;
    match event {
        DiskEvent::Delete | DiskEvent::ForceDelete => NOT_DELETABLE_DISK.to_owned(),
        DiskEvent::Extend => format!(
            "Invalid volume: Volume {disk} status must be '{{'status': 'available'}}' to extend, \
             currently {status}."
        ),
        DiskEvent::ExtendInUse => format!(
            "Invalid volume: Volume {disk} status must be '{{'status': ('available', 'in-use')}}' \
             to extend, currently {status}."
        ),
        DiskEvent::SetReadOnly => format!(
            "Invalid volume: Volume {disk} status must be available to update readonly flag, but \
             current status is: {status}."
        ),
        DiskEvent::Reserve | DiskEvent::ReserveShared => {
            let shared = *event == DiskEvent::ReserveShared;
            let wanted = if shared { "available or in-use" } else { "available" };
            format!(
                "Invalid volume: Volume status must be {wanted} to reserve, but the status is \
                 {status}."
            )
        }
        DiskEvent::Attach | DiskEvent::AttachShared if *status == DiskStatus::Maintenance => {
            "Invalid volume: Unable to attach volume, because it is in maintenance.".to_owned()
        }
        DiskEvent::Attach | DiskEvent::AttachShared => {
            "Invalid volume: status must be available or attaching".to_owned()
        }
        DiskEvent::ReserveAttachment | DiskEvent::ReserveAttachmentAgain => {
            wrong_for_attachment(wrong, "created", "available or downloading to reserve")
        }
        DiskEvent::ReserveAttachmentShared => {
            wrong_for_attachment(wrong, "created", "available or in-use or downloading to reserve")
        }
        DiskEvent::ConnectAttachment => {
            wrong_for_attachment(wrong, "updated", "reserved or attaching or in-use to update")
        }
        DiskEvent::CompleteAttachment => {
            wrong_for_attachment(wrong, "completed", "reserved or attaching or in-use to complete")
        }
        DiskEvent::DeleteAttachment => wrong_for_attachment(wrong, "deleted", "in use to detach"),
        DiskEvent::BeginDetaching => format!("{NOT_DETACHABLE_DISK}."),
        DiskEvent::Detach | DiskEvent::ForceDetach => {
            format!("{NOT_DETACHABLE_DISK}, but the current status is {status}.")
        }
        DiskEvent::Retype => NOT_RETYPABLE_DISK.to_owned(),
        DiskEvent::ForceUploadImage => format!(
            "Invalid volume: Volume {disk} status must be available or in-use, but current status \
             is: {status}."
        ),
        DiskEvent::Revert => format!(
            "Invalid volume: Can't revert volume {disk} to its latest snapshot. The volume status \
             must be available, but the current status is {status}."
        ),
        DiskEvent::Clone => {
            "Invalid volume: Originating source volume status must be one of 'available, in-use' \
             values"
                .to_owned()
        }
        DiskEvent::Snapshot | DiskEvent::UploadImage => format!(
            "Invalid volume: Volume {disk} status must be available, but current status is: \
             {status}."
        ),
        DiskEvent::SnapshotInUse | DiskEvent::ForceSnapshot => format!(
            "Invalid volume: Volume {disk} status must be available, in-use, but current status \
             is: {status}."
        ),
        DiskEvent::Backup | DiskEvent::ForceBackup | DiskEvent::BackupSnapshot => {
            wrong_for_backup(wrong)
        }
        DiskEvent::Restore => {
            "Invalid volume: Volume to be restored to must be available".to_owned()
        }
        DiskEvent::Rollback => wrong_for_rollback(wrong),
        DiskEvent::UpdateMetadata => format!(
            "Invalid volume: Updating volume metadata is not allowed for volumes in {status} status."
        ),
        DiskEvent::DeleteMetadata => format!(
            "Invalid volume: Deleting volume metadata is not allowed for volumes in {status} status."
        ),
        DiskEvent::Update
        | DiskEvent::SetBootable
        | DiskEvent::Unreserve
        | DiskEvent::RollDetaching => format!(
            "Invalid volume: Volume {disk} can not be updated while its status is {status}."
        ),
        DiskEvent::BindPolicy => format!(
            "Invalid volume: Volume {disk} can not be associated with a backup policy while its \
             status is {status}."
        ),
        DiskEvent::CreateTransfer => {
            format!("Invalid volume: status must be available, but the current status is {status}")
        }
        DiskEvent::AcceptTransfer | DiskEvent::DeleteTransfer => {
            format!("Invalid volume: Volume id {disk} expected in awaiting-transfer state.")
        }
    }
}
