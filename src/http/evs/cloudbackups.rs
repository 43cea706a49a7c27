//! `cloudbackups`: backups as the backup service's own API handles them (OTC Volume Backup Service,
//! "VBS Backups"). What begins is answered with a job.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::members::{Members, flag};
use crate::domain::access::Action;
use crate::domain::backup::BackupRefused;
use crate::domain::disk::{DiskStatus, WrongStatus};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::job::Job;
use crate::domain::quota::QuotaExceeded;
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::backups::{BackupOf, Extent, NewBackup};
use crate::service::{Resource, ServiceError};

macro_rules! faults {
    ($($name:ident = $status:ident, $code:literal, $message:literal;)+) => {
        $(pub(super) const $name: NativeFault = NativeFault::$status($code, $message);)+
    };
}

// The published texts (OTC Volume Backup Service, "Error Codes"); the service documents no statuses
// for them.
faults! {
    FORMAT = bad_request, "VolumeBackup.0002", "The request format is incorrect.";
    NAME_LONG = bad_request, "VolumeBackup.0003", "Parameter name in the request is too long.";
    NAME_CHARACTERS = bad_request, "VolumeBackup.0004", "Parameter name in the request contains invalid characters.";
    NAME_AUTO = bad_request, "VolumeBackup.0005", "Parameter name in the request starts with auto.";
    DESCRIPTION = bad_request, "VolumeBackup.0006", "Parameter description in the request is too long or contains invalid characters.";
    NAME_EMPTY = bad_request, "VolumeBackup.0007", "Parameter name in the request is empty.";
    VOLUME_EMPTY = bad_request, "VolumeBackup.0010", "Parameter volume_id in the request is empty.";
    VOLUME_FORMAT = bad_request, "VolumeBackup.0011", "The format of parameter volume_id in the request is incorrect.";
    VOLUME_STATUS = bad_request, "VolumeBackup.0012", "The disk status is not available or in_use.";
    IN_PROGRESS = bad_request, "VolumeBackup.0013", "The previous backup creation task is not complete.";
    SNAPSHOT_ABSENT = bad_request, "VolumeBackup.0020", "The snapshot query result is empty.";
    VOLUME_ABSENT = bad_request, "VolumeBackup.0021", "The EVS disk does not exist or has been deleted.";
    NAME_SHORT = bad_request, "VolumeBackup.0026", "Parameter name in the request is too short.";
    SNAPSHOT_STATUS = bad_request, "VolumeBackup.0037", "Failed to query the snapshot status.";
    TOO_MANY = bad_request, "VolumeBackup.0040", "The number of backups for the disk has reached the upper limit (20).";
    TAG = bad_request, "VolumeBackup.0049", "The tag parameter is invalid.";
    TOO_MANY_TAGS = bad_request, "VolumeBackup.0050", "The number of tags has reached the upper limit.";
    DEDICATED = bad_request, "VolumeBackup.0053", "DESS disks do not support backup.";
    BACKUPS_QUOTA = bad_request, "VolumeBackup.0080", "The quota for the number of backups has been used up.";
    BACKUP_GIGABYTES_QUOTA = bad_request, "VolumeBackup.0081", "The quota for the capacity of backups has been used up.";
    VOLUMES_QUOTA = bad_request, "VolumeBackup.0082", "The quota for the number of disks has been used up.";
    GIGABYTES_QUOTA = bad_request, "VolumeBackup.0083", "The quota for the capacity of disks has been used up.";
    SNAPSHOTS_QUOTA = bad_request, "VolumeBackup.0084", "The quota for the number of snapshots has been used up.";
    BACKUP_STATUS = bad_request, "VolumeBackup.0089", "The disk backup status is unavailable.";
    ABSENT = bad_request, "VolumeBackup.0111", "The disk to be restored or the backup used to restore the disk does not exist.";
    NOT_DELETABLE = bad_request, "VolumeBackup.0125", "Failed to perform the backup deletion operation.";
    RESTORE_STATUS = bad_request, "VolumeBackup.0205", "The disk status is unavailable.";
    TOO_SMALL = bad_request, "VolumeBackup.0209", "The capacity of the disk must be greater than or equal to that of the backup.";

    // What a job that failed says.
    CREATE_FAILED = failure, "VolumeBackup.0064", "The backup status is error.";
    DELETE_FAILED = failure, "VolumeBackup.0102", "Failed to delete the backup.";
    RESTORE_FAILED = failure, "VolumeBackup.0200", "Failed to restore data.";
}

/// The longest name and description, in characters.
const LONGEST_WORDS: usize = 64;

/// The most tags of a backup, and the longest key and value, in characters.
const MOST_TAGS: usize = 10;
const LONGEST_KEY: usize = 36;
const LONGEST_VALUE: usize = 43;

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateCloudBackup)?;
    let new = new_backup(&body(&call)?)?;
    let job = call
        .write(move |app| async move { app.create_backup_job(&caller, new).await })
        .await
        .map_err(|error| native(error, VOLUME_ABSENT, VOLUME_STATUS))?;
    Ok(accepted(&job))
}

/// `POST`, since deleting is a job like any other.
pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteCloudBackup)?;
    let id = call.part("id").to_owned();
    let job = call
        .write(move |app| async move { app.delete_backup_job(&caller, &id).await })
        .await
        .map_err(|error| native(error, ABSENT, VOLUME_STATUS))?;
    Ok(accepted(&job))
}

pub(in crate::http) async fn restore(call: Call) -> Answer {
    let caller = call.may(Action::RestoreCloudBackup)?;
    let asked = body(&call)?;
    let top = Members::of(&asked, FORMAT)?;
    let disk = disk(Members::of(top.get("restore").ok_or(FORMAT)?, FORMAT)?)?;
    let id = call.part("id").to_owned();
    let job = call
        .write(move |app| async move { app.restore_backup_job(&caller, &id, disk).await })
        .await
        .map_err(|error| native(error, ABSENT, RESTORE_STATUS))?;
    Ok(accepted(&job))
}

pub(in crate::http) async fn quota(call: Call) -> Answer {
    let caller = call.may(Action::ShowBackupQuota)?;
    let quota = call.app().quota(&caller.project).await?;
    let resources: Vec<Value> = ["backups", "backup_gigabytes"]
        .into_iter()
        .map(|kind| {
            let (used, limit) = (quota.usage.of(kind), quota.limits.of(kind));
            json!({"type": kind, "used": used, "reserved": 0, "quota": limit})
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"quotas": {"resources": resources}})))
}

fn accepted(job: &Job) -> HttpResponse {
    HttpResponse::Ok().json(json!({"job_id": job.id.as_str()}))
}

/// The body as JSON.
pub(super) fn body(call: &Call) -> Result<Value, ApiError> {
    match call.json() {
        Err(ApiError::MalformedBody) => Err(FORMAT.into()),
        other => other,
    }
}

pub(in crate::http) fn new_backup(body: &Value) -> Result<NewBackup, NativeFault> {
    let top = Members::of(body, FORMAT)?;
    let backup = Members::of(top.get("backup").ok_or(FORMAT)?, FORMAT)?;
    let of = match backup.text("snapshot_id").map_err(|_| FORMAT)? {
        None => BackupOf::OwnSnapshot,
        Some(id) => BackupOf::GivenSnapshot(SnapshotId::parse(id).ok_or(SNAPSHOT_ABSENT)?),
    };
    Ok(NewBackup {
        disk: disk(backup)?,
        of,
        name: Some(name(backup)?),
        description: description(backup)?,
        container: None,
        // There is no other place for them, and as metadata they can be seen.
        metadata: tags(backup)?,
        extent: extent(backup)?,
        zone: None,
        policy: None,
    })
}

/// The disk that is meant.
fn disk(members: Members<'_>) -> Result<DiskId, NativeFault> {
    let id = match members.get("volume_id") {
        None => return Err(VOLUME_EMPTY),
        Some(id) => id.as_str().ok_or(VOLUME_FORMAT)?,
    };
    if id.is_empty() { Err(VOLUME_EMPTY) } else { DiskId::parse(id).ok_or(VOLUME_FORMAT) }
}

fn name(backup: Members<'_>) -> Result<String, NativeFault> {
    let name = backup.text("name").map_err(|_| FORMAT)?.ok_or(NAME_EMPTY)?;
    if name.is_empty() {
        Err(NAME_SHORT)
    } else if name.chars().count() > LONGEST_WORDS {
        Err(NAME_LONG)
    } else if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        Err(NAME_CHARACTERS)
    } else if name.starts_with("auto") {
        Err(NAME_AUTO)
    } else {
        Ok(name.to_owned())
    }
}

fn description(backup: Members<'_>) -> Result<Option<String>, NativeFault> {
    let Some(text) = backup.text("description").map_err(|_| FORMAT)? else { return Ok(None) };
    let fits = text.chars().count() <= LONGEST_WORDS && !text.contains(['<', '>', '\0']);
    if fits { Ok(Some(text.to_owned())) } else { Err(DESCRIPTION) }
}

fn tags(backup: Members<'_>) -> Result<BTreeMap<String, String>, NativeFault> {
    let mut tags = BTreeMap::new();
    for tag in backup.list("tags").map_err(|_| TAG)? {
        let tag = Members::of(tag, TAG)?;
        let text = |name| tag.text(name).map_err(|_| TAG);
        let (key, value) = (text("key")?.ok_or(TAG)?, text("value")?.unwrap_or_default());
        let good = (1..=LONGEST_KEY).contains(&key.chars().count())
            && value.chars().count() <= LONGEST_VALUE
            && !key.chars().chain(value.chars()).any(|c| c < ' ' || "=*<>\\,|/".contains(c));
        if !good || tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(TAG);
        }
    }
    if tags.len() > MOST_TAGS { Err(TOO_MANY_TAGS) } else { Ok(tags) }
}

fn extent(backup: Members<'_>) -> Result<Extent, NativeFault> {
    let full = match backup.object("extend_param").map_err(|_| FORMAT)? {
        None => None,
        Some(extra) => match extra.get("FullBackup") {
            None => None,
            Some(Value::Bool(full)) => Some(*full),
            Some(Value::String(word)) if word.is_empty() => None,
            Some(Value::String(word)) => Some(flag(word).ok_or(FORMAT)?),
            Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(FORMAT);
            }
        },
    };
    Ok(if full == Some(true) { Extent::Full } else { Extent::IncrementalIfPossible })
}

/// The same error with its own code, if there is one: `absent` is that of a disk that is not there,
/// `status` that of one whose status forbids it.
pub(super) fn native(error: ApiError, absent: NativeFault, status: NativeFault) -> ApiError {
    use ServiceError as S;
    let ApiError::Service(refusal) = &error else { return error };
    let code = if let S::Backup(refused) = refusal {
        code(refused)
    } else if let S::Quota(exceeded) = refusal {
        Some(quota_code(exceeded))
    } else if let S::Status(WrongStatus { status: DiskStatus::BackingUp, .. }) = refusal
        && status == VOLUME_STATUS
    {
        Some(IN_PROGRESS)
    } else if matches!(refusal, S::Status(_)) {
        Some(status)
    } else if matches!(refusal, S::NotDeletable(..)) {
        Some(NOT_DELETABLE)
    } else if matches!(refusal, S::NotFound(Resource::Disk, _)) {
        Some(absent)
    } else if matches!(refusal, S::NotFound(Resource::Backup, _)) {
        Some(ABSENT)
    } else {
        matches!(refusal, S::NotFound(Resource::Snapshot, _)).then_some(SNAPSHOT_ABSENT)
    };
    code.map_or(error, ApiError::Native)
}

fn code(refused: &BackupRefused) -> Option<NativeFault> {
    match refused {
        BackupRefused::InProgress => Some(IN_PROGRESS),
        BackupRefused::TooMany => Some(TOO_MANY),
        BackupRefused::OnDedicatedStorage => Some(DEDICATED),
        BackupRefused::NotAvailable(_) => Some(BACKUP_STATUS),
        BackupRefused::TooSmall { .. } => Some(TOO_SMALL),
        BackupRefused::SnapshotOfOtherDisk { .. } => Some(SNAPSHOT_ABSENT),
        BackupRefused::SnapshotNotAvailable(_) => Some(SNAPSHOT_STATUS),
        BackupRefused::SharedWithItself => Some(FORMAT),
        BackupRefused::NoBase
        | BackupRefused::HasDependents
        | BackupRefused::NotExportable(_)
        | BackupRefused::Exists
        | BackupRefused::ChainOfTwoDisks(..)
        | BackupRefused::Ring(_) => None,
    }
}

fn quota_code(exceeded: &QuotaExceeded) -> NativeFault {
    match exceeded {
        QuotaExceeded::Backups { .. } => BACKUPS_QUOTA,
        QuotaExceeded::BackupGigabytes { .. } => BACKUP_GIGABYTES_QUOTA,
        QuotaExceeded::Disks { .. } => VOLUMES_QUOTA,
        QuotaExceeded::Gigabytes { .. } | QuotaExceeded::DiskSize { .. } => GIGABYTES_QUOTA,
        QuotaExceeded::Snapshots { .. } => SNAPSHOTS_QUOTA,
    }
}
