//! The sentences of the use cases' refusals, in Cinder's words where Cinder has some.

use std::borrow::Cow;

use super::super::evs::policies;
use super::super::openstack::types::refusals;
use super::super::time::with_zone;
use super::statuses::NOT_DELETABLE_DISK;
use super::statuses::wrong_status;
use super::{OUR_FAULT, UNAUTHENTICATED};
use crate::domain::attachment::AttachRefused;
use crate::domain::backup::{BackupRefused, MOST_OF_A_DISK};
use crate::domain::clock::{ClockRefused, LATEST};
use crate::domain::disk::{Kind, SourceRefused};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::quota::QuotaExceeded;
use crate::domain::snapshot::SnapshotRefused;
use crate::service::{Resource, ServiceError};
use crate::store::StoreError;

const IDEMPOTENCY_KEY_REUSED: &str = "The Idempotency-Key belongs to another request; a request that differs in its \
                                      method, path, body or expiry needs a key of its own.";

const RESET_TO_AWAITING_TRANSFER: &str = "Invalid volume: status can not be reset to awaiting-transfer; create a \
                                          transfer instead.";

/// The sentence for the client.
pub(super) fn of(error: &ServiceError) -> Cow<'_, str> {
    use ServiceError as S;
    match error {
        S::NotFound(resource, id) => not_found(*resource, id).into(),
        S::NoMetadata { of, id, key } => {
            let kind = if *of == Resource::Snapshot { "Snapshot" } else { "Volume" };
            format!("{kind} {id} has no metadata with key {key}.").into()
        }
        S::MetadataChanged(disk) => format!("The metadata of volume {disk} has changed.").into(),
        S::Transfer(refused) => format!("Invalid volume: {refused}").into(),
        S::WrongKey(id) => {
            format!("Invalid auth key: Attempt to transfer {id} with invalid auth key.").into()
        }
        S::Status(wrong) => wrong_status(wrong).into(),
        S::NotDeletable(Resource::Snapshot, _) => {
            "Invalid snapshot: Snapshot status must be available or error and must not be part of \
             a group."
                .into()
        }
        S::NotDeletable(..) => "Invalid backup: Backup status must be available or error".into(),
        S::HasSnapshots(_) | S::SnapshotForbidsCascade(_) => NOT_DELETABLE_DISK.into(),
        S::Source(refused) => source_refused(refused).into(),
        S::Snapshot(refused) => snapshot_refused(refused).into(),
        S::UnknownNewType(name) | S::LowerType(name) => {
            format!("Invalid input received: Invalid volume_type passed: {name}.").into()
        }
        S::NotLatestSnapshot(disk, snapshot) => not_the_latest(disk, snapshot).into(),
        S::SnapshotOfOtherSize(disk, snapshot) => of_other_size(disk, snapshot).into(),
        S::NoTag(disk) => format!("Volume {disk} has no such tag.").into(),
        S::TooManyTags(most) => format!("A volume has at most {most} tags.").into(),
        S::TokenReused => "The X-Client-Token belongs to another request.".into(),
        S::IdempotencyKeyReused => IDEMPOTENCY_KEY_REUSED.into(),
        S::NoImageMetadata => "Metadata item was not found".into(),
        S::ResetToAwaitingTransfer => RESET_TO_AWAITING_TRANSFER.into(),
        S::ResetToInUse => {
            "Invalid volume: status can not be reset to in-use while the volume has no attachments."
                .into()
        }
        S::Attachment(refused) => attach_refused(refused).into(),
        S::NotLarger { current, extended } => format!(
            "Invalid input received: New size for extend must be greater than current size. \
             (current: {current}, extended: {extended})."
        )
        .into(),
        S::TooLarge(most) => {
            format!("Invalid input received: size must be at most {most} GiB.").into()
        }
        S::UnknownZone(zone) => format!("Availability zone '{zone}' is invalid.").into(),
        S::Backup(refused) => backup_refused(refused).into(),
        S::Policy(refused) => policies::refusal(refused).message,
        // Cinder converts the capacity error of accept in the controller, which drops its class.
        S::RecipientQuota(exceeded @ QuotaExceeded::Gigabytes { .. }) => {
            exceeded.to_string().into()
        }
        // That of restore converts the two that concern disks at all, the same way.
        S::RestoreQuota(
            exceeded @ (QuotaExceeded::Gigabytes { .. } | QuotaExceeded::Disks { .. }),
        ) => exceeded.to_string().into(),
        S::Quota(exceeded) | S::RecipientQuota(exceeded) | S::RestoreQuota(exceeded) => {
            format!("{}: {exceeded}", quota_class(exceeded)).into()
        }
        S::TooManyAccessKeys(most) => {
            format!("akSkNumExceed: a user has at most {most} access keys.").into()
        }
        S::Unauthenticated => UNAUTHENTICATED.into(),
        S::Signature(refused) => {
            format!("Incorrect IAM authentication information: {refused}").into()
        }
        S::Identity(refusal) => refusal.to_string().into(),
        S::DiskType(refused) => refusals::type_message(refused).into(),
        S::Qos(refused) => refusals::qos_message(refused).into(),
        S::Fault(refused) => refused.to_string().into(),
        S::EventsWentBack { .. } => error.to_string().into(),
        S::Clock(refused) => clock_refused(refused).into(),
        S::Scenario(complaints) => complaints.to_string().into(),
        S::State(refused) => sentence(&refused.to_string()).into(),
        S::Guesses(refused) => format!("Too many requests: {refused}.").into(),
        S::Hasher(_) | S::Sealing(_) | S::Panicked(_) => OUR_FAULT.into(),
        S::Store(error) => store_failed(error),
    }
}

fn store_failed(error: &StoreError) -> Cow<'_, str> {
    match error {
        StoreError::Busy(Some(who)) => {
            format!("The data file is locked by another process: {who}. Try again.").into()
        }
        StoreError::Busy(None) => "The data file is locked by another process. Try again.".into(),
        StoreError::Closed => "The service is stopping.".into(),
        StoreError::Displaced(why) => {
            format!("Nothing is written, since {why}; reads still work.").into()
        }
        StoreError::Full => "No space is left for the data file; reads still work.".into(),
        StoreError::Conflict(_) => "The data file was changed at the same time. Try again.".into(),
        StoreError::Corrupt { .. }
        | StoreError::RowsAffected { .. }
        | StoreError::Lost(_)
        | StoreError::Database(_) => OUR_FAULT.into(),
    }
}

fn not_the_latest(disk: &DiskId, snapshot: &SnapshotId) -> String {
    format!(
        "Can't revert volume {disk} to snapshot {snapshot}. It is not the latest snapshot of the \
         volume."
    )
}

fn of_other_size(disk: &DiskId, snapshot: &SnapshotId) -> String {
    format!(
        "Can't revert volume {disk} to its latest snapshot {snapshot}. The volume size must be \
         equal to the snapshot size."
    )
}

/// What is said, with a beginning and an end.
fn sentence(said: &str) -> String {
    let mut rest = said.chars();
    rest.next()
        .map(|first| first.to_uppercase().chain(rest).collect::<String>() + ".")
        .unwrap_or_default()
}

fn clock_refused(refused: &ClockRefused) -> String {
    match refused {
        ClockRefused::Backwards { now, wanted } => format!(
            "The clock never goes back: it shows {}, which is after {}.",
            with_zone(*now),
            with_zone(*wanted)
        ),
        ClockRefused::AheadOfMachine { now, real } => format!(
            "The clock never goes back: it shows {}, which is after the machine's {}. Freeze it \
             until the machine has caught up, or begin with a new data directory.",
            with_zone(*now),
            with_zone(*real)
        ),
        ClockRefused::TooLate => {
            format!("The clock goes no further than {}.", with_zone(LATEST))
        }
    }
}

fn attach_refused(refused: &AttachRefused) -> String {
    match refused {
        AttachRefused::ReadOnly(disk) => {
            format!("Invalid attaching mode 'rw' for volume {disk}.")
        }
        AttachRefused::Already => {
            "Invalid volume: volume is already attached and multiple attachments are not enabled"
                .to_owned()
        }
        AttachRefused::NotBy(id) => format!(
            "Error detaching volume - VolumeAttachmentNotFound: {}",
            not_found(Resource::Attachment, id)
        ),
        AttachRefused::Several => {
            "Invalid volume: Detach volume failed: More than one attachment, but no attachment_id \
             provided."
                .to_owned()
        }
        AttachRefused::Twice(disk) => {
            format!("Invalid volume: duplicate connectors detected on volume {disk}")
        }
        AttachRefused::Maintenance => {
            "Invalid volume: The volume connection cannot be initialized in maintenance mode."
                .to_owned()
        }
    }
}

fn source_refused(refused: &SourceRefused) -> String {
    use SourceRefused as R;
    let rule = match refused {
        R::TooSmall { kind: Kind::Disk, size_gib, source_gib } => format!(
            "Volume size '{size_gib}'GB cannot be smaller than original volume size  \
             {source_gib}GB. They must be >= original volume size."
        ),
        R::TooSmall { kind, size_gib, source_gib } => {
            let kind = kind_word(*kind);
            format!(
                "Volume size '{size_gib}'GB cannot be smaller than the {kind} size \
                 {source_gib}GB. They must be >= {kind} size."
            )
        }
        R::NoSize => "Volume size 'None' must be an integer and greater than 0".to_owned(),
        R::OtherType(name, Kind::Disk) => format!(
            "Invalid volume_type provided: {name} (requested type is not compatible; either match \
             source volume, or omit type argument)."
        ),
        R::OtherType(name, _) => format!(
            "Invalid volume_type provided: {name} (requested type is not compatible; recommend \
             omitting the type argument)."
        ),
        R::OtherZone(kind) => {
            let kind = kind_word(*kind);
            format!("Volume must be in the same availability zone as the {kind}")
        }
        R::NotReady(kind) => {
            let word = kind_word(*kind);
            return format!(
                "Invalid {word}: Originating {word} status must be one of 'available' values"
            );
        }
        R::UnknownImage => {
            return "Invalid image identifier or unable to access requested image.".to_owned();
        }
    };
    format!("Invalid input received: {rule}")
}

fn snapshot_refused(refused: &SnapshotRefused) -> String {
    use SnapshotRefused as R;
    match refused {
        R::OtherDisk { snapshot, of, disk } => format!(
            "Invalid snapshot: Snapshot {snapshot} can only be rolled back to its source volume \
             {of}, not to {disk}."
        ),
        R::NotAvailable(id, status) => format!(
            "Invalid snapshot: Snapshot {id} status must be available to be rolled back, but \
             current status is: {status}."
        ),
        R::OfBackup(id) => format!(
            "Invalid snapshot: Snapshot {id} was created for a backup and can not be rolled back."
        ),
        R::Settled(status) => {
            format!("Snapshot status {status} not allowed for update_snapshot_status")
        }
        R::NotNext { from, to } => {
            format!("Provided snapshot status {to} not allowed for snapshot with status {from}.")
        }
    }
}

fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Nothing | Kind::Image => "image",
        Kind::Disk => "source volume",
        Kind::Snapshot => "snapshot",
        Kind::Backup => "backup",
    }
}

fn not_found(resource: Resource, id: &str) -> String {
    let kind = match resource {
        Resource::Disk => "Volume",
        Resource::Transfer => "Transfer",
        Resource::Snapshot => "Snapshot",
        Resource::Backup => "Backup",
        Resource::BackupShare => "Backup sharing",
        Resource::Message => "Message",
        Resource::Attachment => {
            return format!(
                "Volume attachment could not be found with filter: attachment_id = {id}."
            );
        }
        Resource::Policy => "Backup policy",
        Resource::Fault => "Fault",
        Resource::PolicyTask => "Task",
        Resource::DiskType => "Volume type",
        Resource::DiskTypeName => "Volume type with name",
        Resource::QosSpecs => return format!("No such QoS spec {id}."),
        Resource::User => return format!("Could not find user: {id}."),
        Resource::Job => return "query job fail.".to_owned(),
        Resource::AccessKey => return format!("Could not find credential: {id}."),
    };
    format!("{kind} {id} could not be found.")
}

fn quota_class(exceeded: &QuotaExceeded) -> &'static str {
    match exceeded {
        QuotaExceeded::DiskSize { .. } => "VolumeSizeExceedsLimit",
        QuotaExceeded::Gigabytes { .. } => "VolumeSizeExceedsAvailableQuota",
        QuotaExceeded::Disks { .. } => "VolumeLimitExceeded",
        QuotaExceeded::Snapshots { .. } => "SnapshotLimitExceeded",
        QuotaExceeded::Backups { .. } => "BackupLimitExceeded",
        QuotaExceeded::BackupGigabytes { .. } => "VolumeBackupSizeExceedsAvailableQuota",
    }
}

fn backup_refused(refused: &BackupRefused) -> String {
    match refused {
        BackupRefused::NoBase => {
            "Invalid backup: No backups available to do an incremental backup.".to_owned()
        }
        BackupRefused::SnapshotOfOtherDisk { disk, of } => {
            format!("Invalid volume: Volume {disk} does not match with snapshot.volume_id {of}.")
        }
        BackupRefused::InProgress => {
            "Invalid volume: A backup of the volume is being created.".to_owned()
        }
        BackupRefused::TooMany => {
            format!("Invalid volume: The volume has {MOST_OF_A_DISK} backups already.")
        }
        BackupRefused::OnDedicatedStorage => {
            "Invalid volume: Volumes on dedicated storage can not be backed up.".to_owned()
        }
        BackupRefused::NotAvailable(_) => {
            "Invalid backup: Backup status must be available".to_owned()
        }
        BackupRefused::TooSmall { disk_gib, backup_gib } => format!(
            "Invalid volume: volume size {disk_gib} is too small to restore backup of size \
             {backup_gib}."
        ),
        BackupRefused::HasDependents => {
            "Invalid backup: Incremental backups exist for this backup.".to_owned()
        }
        BackupRefused::NotExportable(status) => {
            format!("Invalid backup: Backup status must be available and not {status}.")
        }
        BackupRefused::Exists => "Invalid backup: Backup already exists in database.".to_owned(),
        BackupRefused::ChainOfTwoDisks(one, other) => format!(
            "Invalid backup: Backups {one} and {other} build on each other and are of different \
             volumes."
        ),
        BackupRefused::Ring(id) => {
            format!("Invalid backup: Backup {id} would build on itself in the end.")
        }
        BackupRefused::SharedWithItself => {
            "Invalid backup: A backup can not be shared with its own project.".to_owned()
        }
        BackupRefused::SnapshotNotAvailable(status) => format!(
            "Invalid snapshot: Snapshot to be backed up must be available, but the current status \
             is \"{status}\"."
        ),
    }
}
