//! Jobs (OTC "Querying Task Status").

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{cloudbackups, codes};
use crate::domain::access::Action;
use crate::domain::clock::Time;
use crate::domain::disk::DiskStatus;
use crate::domain::job::{Job, JobKind, JobPart, JobStatus, PartEnd};
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;

/// The name of the disk that the backup service makes of a snapshot to read it from; there is none here.
const TEMPORARY_DISK: &str = "autobk_volume";

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowJob)?;
    let job = call.app().job(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(view(&job)))
}

fn view(job: &Job) -> Value {
    let entities = match (job.kind, job.parts.as_slice()) {
        (JobKind::CreateBatch, parts) => {
            json!({"sub_jobs": parts.iter().map(|part| sub_job(job, part)).collect::<Vec<_>>()})
        }
        (_, parts) => parts.first().map_or_else(|| json!({}), |part| entity(job.kind, part)),
    };
    let failure = job.failure().map(|part| failure(job.kind, part));
    json!({
        "job_id": job.id.as_str(),
        "job_type": kind(job.kind),
        "status": status(job.status()),
        "begin_time": three_digits(job.begun_at),
        "end_time": job.ended_at().map(three_digits).unwrap_or_default(),
        "error_code": failure.as_ref().map(|failure| failure.code),
        "fail_reason": failure.as_ref().map(|failure| failure.message.as_ref()),
        "entities": entities,
    })
}

fn sub_job(job: &Job, part: &JobPart) -> Value {
    let failed = part.status() == JobStatus::Fail;
    let failure = failed.then(|| failure(job.kind, part));
    json!({
        "job_id": part.id.as_str(),
        "job_type": kind(JobKind::Create),
        "status": status(part.status()),
        "begin_time": three_digits(job.begun_at),
        "end_time": part.end.map(|(_, at)| three_digits(at)).unwrap_or_default(),
        "error_code": failure.as_ref().map(|failure| failure.code),
        "fail_reason": failure.as_ref().map(|failure| failure.message.as_ref()),
        "entities": entity(JobKind::Create, part),
    })
}

fn entity(kind: JobKind, part: &JobPart) -> Value {
    if let Some(backup) = part.backup {
        let mut entity = json!({
            "backup_id": backup.to_string(),
            "volume_id": part.disk.to_string(),
            "snapshot_id": part.snapshot.map(|id| id.to_string()),
        });
        if let Some(members) = entity.as_object_mut().filter(|_| kind == JobKind::CreateBackup) {
            members.insert("bks_create_volume_name".to_owned(), TEMPORARY_DISK.into());
        }
        return entity;
    }
    json!({
        "volume_id": part.disk.to_string(),
        "name": part.disk_name,
        "size": part.size_gib,
        "volume_type": part.disk_type,
    })
}

fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Create => "createVolume",
        JobKind::CreateBatch => "batchCreateVolume",
        JobKind::Extend => "extendVolume",
        JobKind::Retype => "retypeVolume",
        JobKind::Delete => "deleteVolume",
        JobKind::CreateBackup => "bksCreateBackup",
        JobKind::DeleteBackup => "bksDeleteBackup",
        JobKind::RestoreBackup => "bksRestoreBackup",
    }
}

fn status(status: JobStatus) -> &'static str {
    match status {
        JobStatus::Running => "RUNNING",
        JobStatus::Success => "SUCCESS",
        JobStatus::Fail => "FAIL",
    }
}

/// Why a part failed, told by the status that its disk was left in.
fn failure(kind: JobKind, part: &JobPart) -> NativeFault {
    match kind {
        JobKind::CreateBackup => return cloudbackups::CREATE_FAILED,
        JobKind::DeleteBackup => return cloudbackups::DELETE_FAILED,
        JobKind::RestoreBackup => return cloudbackups::RESTORE_FAILED,
        JobKind::Create
        | JobKind::CreateBatch
        | JobKind::Extend
        | JobKind::Retype
        | JobKind::Delete => {}
    }
    let into = part.end.and_then(|(end, _)| match end {
        PartEnd::Success => None,
        PartEnd::Fail(into) => into,
    });
    let codes = [
        (DiskStatus::Error, codes::ERROR),
        (DiskStatus::ErrorDeleting, codes::ERROR_DELETING),
        (DiskStatus::ErrorExtending, codes::ERROR_EXTENDING),
        (DiskStatus::ErrorRestoring, codes::ERROR_RESTORING),
    ];
    let code = codes.into_iter().find(|(status, _)| into == Some(*status)).map(|(_, code)| code);
    // A disk that could not be given another type is as it was before.
    let other = if kind == JobKind::Retype { codes::RETYPE } else { codes::INTERNAL };
    code.unwrap_or(other)
}

/// Three digits and a zone, unlike every other time of the API.
fn three_digits(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
