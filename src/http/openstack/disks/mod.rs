//! `volumes` (reference: OTC "EVS Disk", Cinder volumes).

mod actions;
mod attach;
mod create;
pub(in crate::http) mod encryption;
mod filters;
mod images;
mod lists;
pub(in crate::http) mod metadata;
mod view;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::{Action, Caller};
use crate::domain::disk_type::DiskType;
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::time::zoneless;
use crate::service::disks::{Deletion, DiskChange};
use view::{detail, type_ids, view};

pub(in crate::http) use actions::action;
pub(in crate::http) use create::{create, new_disk};
pub(in crate::http) use lists::{list, list_detail, summary};
pub(in crate::http) use view::{attachments, shown_metadata};

/// From here on unknown members of create are refused, and updates without any member.
const STRICT: Microversion = Microversion(3, 53);

/// From here on delete knows `force`.
const FORCE: Microversion = Microversion(3, 23);

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowDisk)?;
    let disk = call.app().disk(&caller, call.part("id")).await?;
    let types = type_ids(&call).await?;
    Ok(HttpResponse::Ok().json(json!({"volume": detail(&call, &types, &caller, &disk)})))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateDisk)?;
    let change = disk_change(&call.json()?, call.version())?;
    let id = call.part("id").to_owned();
    let disk =
        call.write(move |app| async move { app.update_disk(&caller, &id, change).await }).await?;
    let types = type_ids(&call).await?;
    Ok(HttpResponse::Ok().json(json!({"volume": view(&call, &types, &disk)})))
}

pub(in crate::http) fn disk_change(
    body: &Value,
    version: Microversion,
) -> Result<DiskChange, ApiError> {
    let volume = Fields::only(body, "volume")?;
    if version >= STRICT && volume.keys().next().is_none() {
        return Err(volume.wrong("{} does not have enough properties"));
    }
    volume.no_others(&[
        "name",
        "description",
        "display_name",
        "display_description",
        "metadata",
    ])?;
    let given = |key: &str, alias: &str| volume.get(key).or(volume.get(alias)).is_some();
    let mut change = DiskChange::default();
    if given("name", "display_name") {
        change.name = Some(either(&volume, "name", "display_name")?);
    }
    if given("description", "display_description") {
        change.description = Some(either(&volume, "description", "display_description")?);
    }
    if volume.get("metadata").is_some_and(|metadata| !metadata.is_null()) {
        change.metadata = Some(volume.metadata("metadata")?);
    }
    Ok(change)
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteDisk)?;
    let id = call.part("id").to_owned();
    let how = deletion(&call, &caller)?;
    call.write(move |app| async move { app.delete_disk(&caller, &id, how).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// How `cascade` and `force` want it; `force` is there from 3.23 on.
fn deletion(call: &Call, caller: &Caller) -> Result<Deletion, ApiError> {
    let cascade = call.flag("cascade")?;
    let force = call.version() >= FORCE && call.flag("force")?;
    if force && caller.role < Action::ForceDeleteDisk.needs() {
        return Err(ApiError::Forbidden(Action::ForceDeleteDisk));
    }
    Ok(match (force, cascade) {
        (false, false) => Deletion::Plain,
        (false, true) => Deletion::Cascade,
        (true, false) => Deletion::Force,
        (true, true) => Deletion::ForceCascade,
    })
}

/// The first of two names of one thing that is there.
fn either(fields: &Fields<'_>, key: &str, alias: &str) -> Result<Option<String>, ApiError> {
    fields.label(if fields.get(key).is_some() { key } else { alias })
}

/// The type of a disk, as an upload's answer shows it.
fn type_view(disk_type: &DiskType) -> Value {
    json!({
        "id": disk_type.id.to_string(),
        "name": disk_type.name,
        "description": disk_type.description,
        "is_public": disk_type.is_public,
        "extra_specs": disk_type.visible_specs(),
        "qos_specs_id": disk_type.qos_specs.map(|id| id.to_string()),
        "created_at": zoneless(disk_type.created_at),
        "updated_at": disk_type.updated_at.map(zoneless),
        "deleted_at": null,
        "deleted": false,
    })
}
