//! What is done to a disk by `POST /volumes/{id}/action`.

use actix_web::HttpResponse;

use super::super::{one_action, wanted_status};
use crate::domain::access::Action;
use crate::domain::disk::DiskStatus;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;

/// The actions that handing disks over needs; exactly one stands in the body.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let (name, top) = one_action(&body)?;
    match name {
        "os-extend" => extend(call, &top.required_object(name)?).await,
        "os-set_bootable" => set_bootable(call, &top.required_object(name)?).await,
        "os-reset_status" => reset_status(call, &top.required_object(name)?).await,
        "os-force_delete" => force_delete(call).await,
        other => Err(ApiError::NoSuchAction(other.to_owned())),
    }
}

async fn extend(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ExtendDisk)?;
    let size = fields.required_number("new_size", 1)?;
    fields.no_others(&["new_size"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.extend_disk(&caller, &id, size).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn set_bootable(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::UpdateDisk)?;
    fields.required("bootable")?;
    let bootable = fields.boolean("bootable")?;
    fields.no_others(&["bootable"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.set_bootable(&caller, &id, bootable).await }).await?;
    Ok(HttpResponse::Ok().finish())
}

/// `attach_status` and `migration_status` are taken and change nothing: nothing is ever attached or
/// migrated here.
async fn reset_status(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ResetDiskStatus)?;
    fields.no_others(&["status", "attach_status", "migration_status"])?;
    if fields.keys().next().is_none() {
        return Err(fields.wrong("{} does not have enough properties"));
    }
    let status = match fields.text("status")? {
        None => None,
        Some(_) => Some(wanted_status(fields, DiskStatus::parse, |status| {
            *status != DiskStatus::Deleting
        })?),
    };
    for key in ["attach_status", "migration_status"] {
        fields.text(key)?;
    }
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reset_disk_status(&caller, &id, status).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn force_delete(call: Call) -> Answer {
    let caller = call.may(Action::ForceDeleteDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.force_delete_disk(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}
