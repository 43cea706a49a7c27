//! What is done to a disk by `POST /volumes/{id}/action`.

use actix_web::HttpResponse;

use super::super::{one_action, wanted_status};
use super::{attach, images};
use crate::domain::access::Action;
use crate::domain::disk::DiskStatus;
use crate::domain::ids::SnapshotId;
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::disks::{Deletion, DiskReset, Growth};

/// From here on a disk in use can grow.
const ONLINE: Microversion = Microversion(3, 42);

/// From here on a disk can go back to its latest snapshot.
const REVERT: Microversion = Microversion(3, 40);

/// Exactly one action stands in the body.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let (name, top) = one_action(&body)?;
    match name {
        "os-extend" => extend(call, &top.required_object(name)?).await,
        "os-set_bootable" => set_bootable(call, &top.required_object(name)?).await,
        "os-reset_status" => reset_status(call, &top.required_object(name)?).await,
        "os-force_delete" => force_delete(call).await,
        "os-update_readonly_flag" => set_read_only(call, &top.required_object(name)?).await,
        "os-retype" => retype(call, &top.required_object(name)?).await,
        "revert" if call.version() >= REVERT => revert(call, &top.required_object(name)?).await,
        "os-volume_upload_image" => images::upload(call, &top.required_object(name)?).await,
        "os-set_image_metadata" => images::set_metadata(call, &top.required_object(name)?).await,
        "os-show_image_metadata" => images::show_metadata(call).await,
        "os-unset_image_metadata" => {
            images::unset_metadata(call, &top.required_object(name)?).await
        }
        "os-migrate_volume" => migrate(call).await,
        "os-reserve" => attach::reserve(call).await,
        "os-unreserve" => attach::unreserve(call).await,
        "os-attach" => attach::attach(call, &top.required_object(name)?).await,
        "os-detach" => attach::detach(call, &top).await,
        "os-begin_detaching" => attach::begin_detaching(call).await,
        "os-roll_detaching" => attach::roll_detaching(call).await,
        "os-force_detach" => attach::force_detach(call, &top.required_object(name)?).await,
        "os-initialize_connection" => attach::initialize(call, &top.required_object(name)?).await,
        "os-terminate_connection" => attach::terminate(call, &top.required_object(name)?).await,
        other => Err(ApiError::NoSuchAction(other.to_owned())),
    }
}

async fn extend(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ExtendDisk)?;
    let size = fields.required_number("new_size", 1)?;
    fields.no_others(&["new_size"])?;
    let id = call.part("id").to_owned();
    let growth = if call.version() >= ONLINE { Growth::Online } else { Growth::Offline };
    call.write(move |app| async move { app.extend_disk(&caller, &id, size, growth).await }).await?;
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

/// `migration_status` is taken and changes nothing: nothing is ever migrated here.
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
    let attachments = attach::wanted_reset(fields)?;
    fields.text("migration_status")?;
    let (id, to) = (call.part("id").to_owned(), DiskReset { status, attachments });
    call.write(move |app| async move { app.reset_disk_status(&caller, &id, to).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn force_delete(call: Call) -> Answer {
    let caller = call.may(Action::ForceDeleteDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_disk(&caller, &id, Deletion::Force).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn set_read_only(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::SetDiskReadOnly)?;
    fields.required("readonly")?;
    let read_only = fields.boolean("readonly")?;
    fields.no_others(&["readonly"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.set_read_only(&caller, &id, read_only).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn retype(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::RetypeDisk)?;
    let to = fields.required_text("new_type")?.to_owned();
    let policy = fields.text("migration_policy")?;
    if policy.is_some_and(|policy| !matches!(policy, "on-demand" | "never")) {
        return Err(fields.wrong_value("migration_policy", |value| {
            format!("{value} is not one of ['on-demand', 'never']")
        }));
    }
    fields.no_others(&["new_type", "migration_policy"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.retype_disk(&caller, &id, &to).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn revert(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::RevertDisk)?;
    let snapshot = fields.required_id("snapshot_id", SnapshotId::parse)?;
    fields.no_others(&["snapshot_id"])?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.revert_disk(&caller, &id, snapshot).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// There is no second host to go to.
async fn migrate(call: Call) -> Answer {
    let caller = call.may(Action::MigrateDisk)?;
    call.app().disk(&caller, call.part("id")).await?;
    Err(ApiError::Query("No available service named 'volume': this is the only host.".to_owned()))
}
