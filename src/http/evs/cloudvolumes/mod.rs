//! `cloudvolumes`, alias `os-vendor-volumes` (OTC "EVS API Reference", "EVS Disk"; Huawei Cloud's
//! where it says more). What changes a disk for long is answered with a job.

mod create;
mod lists;
mod metadata;
mod view;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};

use super::codes;
use super::members::{Members, body};
use super::refusals::native;
use crate::domain::access::Action;
use crate::domain::disk::DiskStatus;
use crate::domain::ids::DiskId;
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::disks::DiskChange;

pub(in crate::http) use create::{create, new_disks};
pub(super) use lists::service_type;
pub(in crate::http) use lists::{list, list_detail};
pub(super) use view::view;

/// Begins the answer to what has begun: 200 as OTC documents it, and under `/v2.1`, which only
/// Huawei Cloud has, 202 as that documents it.
fn accepted(call: &Call) -> HttpResponseBuilder {
    let v21 = call.path().starts_with("/v2.1/");
    HttpResponse::build(if v21 { StatusCode::ACCEPTED } else { StatusCode::OK })
}

/// The id in the path, if it can be a disk's.
pub(super) fn disk_id(call: &Call) -> Result<String, NativeFault> {
    let id = call.part("id");
    DiskId::parse(id).map(|id| id.to_string()).ok_or(codes::VOLUME_ID)
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowDisk)?;
    let cloud = call.app().cloud_disk(&caller, &disk_id(&call)?).await?;
    Ok(HttpResponse::Ok().json(json!({"volume": view(&call, &cloud)})))
}

/// How much of a disk that is filled while it is used already is there: here it is used when all is.
pub(in crate::http) async fn show_internals(call: Call) -> Answer {
    let caller = call.may(Action::ShowDisk)?;
    let cloud = call.app().cloud_disk(&caller, &disk_id(&call)?).await?;
    let loading = matches!(
        cloud.disk.status,
        DiskStatus::Creating | DiskStatus::Downloading | DiskStatus::RestoringBackup
    );
    let progress = if loading { 0 } else { 100 };
    Ok(HttpResponse::Ok().json(json!({"info": {"loading_progress": progress}})))
}

/// The answer is the disk itself, without a name around it.
pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateDisk)?;
    let id = disk_id(&call)?;
    let change = disk_change(&body(&call)?)?;
    let cloud = call
        .write(move |app| async move {
            app.update_cloud_disk(&caller, &id, change, metadata::FIXED).await
        })
        .await?;
    Ok(HttpResponse::Ok().json(view(&call, &cloud)))
}

pub(in crate::http) fn disk_change(asked: &Value) -> Result<DiskChange, NativeFault> {
    let top = Members::of(asked, codes::NO_VOLUME)?;
    let volume = Members::of(top.get("volume").ok_or(codes::NO_VOLUME)?, codes::NO_VOLUME)?;
    let (name, description) = (create::new_name(volume)?, create::description(volume)?);
    let is_empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    if is_empty(&name) && is_empty(&description) {
        return Err(codes::NOTHING_TO_SAY);
    }
    Ok(DiskChange {
        name: name.map(Some),
        description: description.map(Some),
        metadata: metadata::new_metadata(volume)?,
    })
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteDisk)?;
    let id = disk_id(&call)?;
    let job = call
        .write(move |app| async move { app.delete_cloud_disk(&caller, &id).await })
        .await
        .map_err(native)?;
    Ok(HttpResponse::Ok().json(json!({"job_id": job.id.as_str()})))
}

/// The only action is to grow.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let caller = call.may(Action::ExtendDisk)?;
    let id = disk_id(&call)?;
    let size = new_size(&body(&call)?)?;
    let job = call
        .write(move |app| async move { app.extend_cloud_disk(&caller, &id, size).await })
        .await
        .map_err(native)?;
    Ok(accepted(&call).json(json!({"job_id": job.id.as_str()})))
}

pub(in crate::http) fn new_size(asked: &Value) -> Result<i64, ApiError> {
    let top = Members::of(asked, codes::NO_EXTEND)?;
    let unknown =
        top.iter().map(|(key, _)| key).find(|key| !ACTION_MEMBERS.contains(&key.as_str()));
    if let Some(key) = unknown {
        return Err(ApiError::NoSuchAction(key.clone()));
    }
    create::check_payment(top)?;
    let extend = Members::of(top.get("os-extend").ok_or(codes::NO_EXTEND)?, codes::NO_EXTEND)?;
    let size = extend.whole("new_size")?.filter(|size| *size >= 1);
    Ok(size.ok_or(codes::SIZE)?)
}

const ACTION_MEMBERS: [&str; 2] = ["os-extend", "bssParam"];

/// `POST /volumes/{id}/retype`.
pub(in crate::http) async fn retype(call: Call) -> Answer {
    let caller = call.may(Action::RetypeDisk)?;
    let id = disk_id(&call)?;
    let to = new_type(&body(&call)?)?;
    let job = call
        .write(move |app| async move { app.retype_cloud_disk(&caller, &id, &to).await })
        .await
        .map_err(native)?;
    Ok(HttpResponse::Accepted().json(json!({"job_id": job.id.as_str()})))
}

pub(in crate::http) fn new_type(asked: &Value) -> Result<String, NativeFault> {
    let top = Members::of(asked, codes::BODY)?;
    create::check_payment(top)?;
    let retype = Members::of(top.get("os-retype").ok_or(codes::BODY)?, codes::BODY)?;
    for key in ["iops", "throughput"] {
        retype.whole(key)?;
    }
    Ok(retype.filled("new_type")?.ok_or(codes::BODY)?.to_owned())
}
