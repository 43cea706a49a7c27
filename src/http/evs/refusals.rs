//! What the use cases refuse, in the codes of the native API where it has one of its own.

use super::codes;
use crate::domain::disk::{DiskEvent, DiskStatus, Kind, SourceRefused, WrongStatus};
use crate::domain::quota::QuotaExceeded;
use crate::http::error::{ApiError, NativeFault};
use crate::service::{Resource, ServiceError};

/// The same error with its own code, if there is one; the common ones (404, busy, …) stay.
pub(super) fn native(error: ApiError) -> ApiError {
    let ApiError::Service(refusal) = &error else { return error };
    code(refusal).map_or(error, ApiError::Native)
}

/// One `if let` a code: what has none is told like everywhere else.
fn code(refusal: &ServiceError) -> Option<NativeFault> {
    use ServiceError as S;
    if let S::Status(wrong) = refusal {
        return status(wrong);
    }
    if let S::Source(refused) = refusal {
        return source(refused);
    }
    if let S::Quota(exceeded) = refusal {
        return quota(exceeded);
    }
    if let S::NotFound(resource, _) = refusal {
        return absent(*resource);
    }
    if matches!(refusal, S::NotLarger { .. }) {
        return Some(codes::NOT_LARGER);
    }
    if matches!(refusal, S::TooLarge(_)) {
        return Some(codes::NOT_EXTENDABLE);
    }
    if matches!(refusal, S::UnknownZone(_)) {
        return Some(codes::ZONE);
    }
    if matches!(refusal, S::UnknownNewType(_)) {
        return Some(codes::UNKNOWN_TYPE);
    }
    if matches!(refusal, S::LowerType(_)) {
        return Some(codes::RETYPE);
    }
    matches!(refusal, S::TooManyTags(_)).then_some(codes::TOO_MANY_TAGS)
}

fn status(wrong: &WrongStatus) -> Option<NativeFault> {
    let is = |event| wrong.event == event;
    if is(DiskEvent::Delete) && wrong.status == DiskStatus::BackingUp {
        Some(codes::DELETE_WHILE_BACKING_UP)
    } else if is(DiskEvent::Delete) {
        Some(codes::DELETE_STATUS)
    } else if is(DiskEvent::ExtendInUse) {
        Some(codes::EXTEND_STATUS)
    } else if is(DiskEvent::Extend) {
        Some(codes::EXTEND_SHARED_STATUS)
    } else if is(DiskEvent::Retype)
        && matches!(wrong.status, DiskStatus::Available | DiskStatus::InUse)
    {
        // Its status allows it: the type is the one that it has.
        Some(codes::RETYPE)
    } else {
        None
    }
}

fn source(refused: &SourceRefused) -> Option<NativeFault> {
    use SourceRefused as R;
    Some(match refused {
        R::TooSmall { kind: Kind::Backup, .. } => codes::LESS_THAN_BACKUP,
        R::TooSmall { .. } | R::NoSize => codes::SIZE,
        R::NotReady(Kind::Backup) => codes::BACKUP_STATUS,
        R::NotReady(_) => codes::SNAPSHOT_STATUS,
        R::OtherZone(Kind::Backup) => codes::BACKUP_ZONE,
        R::OtherZone(_) => codes::SNAPSHOT_ZONE,
        R::UnknownImage => codes::IMAGE,
        R::OtherType(..) => return None,
    })
}

fn quota(exceeded: &QuotaExceeded) -> Option<NativeFault> {
    match exceeded {
        QuotaExceeded::Disks { .. } => Some(codes::COUNT_QUOTA),
        QuotaExceeded::Gigabytes { .. } | QuotaExceeded::DiskSize { .. } => {
            Some(codes::GIGABYTES_QUOTA)
        }
        QuotaExceeded::Snapshots { .. }
        | QuotaExceeded::Backups { .. }
        | QuotaExceeded::BackupGigabytes { .. } => None,
    }
}

/// What stands in a body and is not there; the disk of the path is a 404.
const ABSENT: &[(Resource, NativeFault)] = &[
    (Resource::Snapshot, codes::SNAPSHOT_ID),
    (Resource::Backup, codes::BACKUP_ID),
    (Resource::DiskType, codes::VOLUME_TYPE),
    (Resource::DiskTypeName, codes::VOLUME_TYPE),
];

fn absent(resource: Resource) -> Option<NativeFault> {
    ABSENT.iter().find(|(absent, _)| *absent == resource).map(|(_, code)| code.clone())
}
