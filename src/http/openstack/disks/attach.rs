//! What servers do to a disk: keep it, attach it, detach it, connect to it.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::attachments::{connection_data, mode_of};
use crate::domain::access::Action;
use crate::domain::attachment::{AttachMode, AttachStatus};
use crate::domain::ids::ServerId;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::attachments::{Attaching, Detaching, Place};
use crate::service::disks::AttachmentReset;

pub(super) async fn reserve(call: Call) -> Answer {
    let caller = call.may(Action::ReserveDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reserve_disk(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn unreserve(call: Call) -> Answer {
    let caller = call.may(Action::UnreserveDisk)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.unreserve_disk(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn attach(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::AttachDisk)?;
    let to = attaching(fields)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.attach_disk(&caller, &id, to).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

fn attaching(fields: &Fields<'_>) -> Result<Attaching, ApiError> {
    let mountpoint = fields.required_words("mountpoint", 1)?;
    fields.no_others(&["instance_uuid", "mountpoint", "host_name", "mode"])?;
    let server = fields.given("instance_uuid", |key| fields.required_id(key, ServerId::parse))?;
    let host = fields.given("host_name", |key| fields.required_words(key, 0))?;
    let place = match (server, host) {
        (Some(server), Some(host)) => {
            return Err(ApiError::Query(format!(
                "Invalid request to attach volume to an instance {server} and a host {host} \
                 simultaneously"
            )));
        }
        (Some(server), None) => Place::Server(server),
        (None, Some(host)) => Place::Host(host),
        (None, None) => return Err(fields.none_of_the_schemas()),
    };
    let mode = mode_of(fields)?.unwrap_or(AttachMode::ReadWrite);
    Ok(Attaching { place, mountpoint, mode })
}

/// The attachment may be left out, and so may the object that would name it.
pub(super) async fn detach(call: Call, top: &Fields<'_>) -> Answer {
    let caller = call.may(Action::DetachDisk)?;
    let named = match top.required("os-detach")? {
        Value::Null => None,
        Value::Object(_) => {
            let fields = top.required_object("os-detach")?;
            fields.no_others(&["attachment_id"])?;
            fields.id_or_null("attachment_id")?
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(top.wrong_type("os-detach", "'object', 'null'"));
        }
    };
    end(call, caller, named, Detaching::Plain).await
}

pub(super) async fn force_detach(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ForceDetachDisk)?;
    fields.no_others(&["attachment_id", "connector"])?;
    let named = fields.text("attachment_id")?.map(str::to_owned);
    fields.given("connector", |key| connector_of_any_kind(fields, key, true))?;
    end(call, caller, named, Detaching::Force).await
}

async fn end(
    call: Call,
    caller: crate::domain::access::Caller,
    named: Option<String>,
    how: Detaching,
) -> Answer {
    let id = call.part("id").to_owned();
    call.write(
        move |app| async move { app.detach_disk(&caller, &id, named.as_deref(), how).await },
    )
    .await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn begin_detaching(call: Call) -> Answer {
    let caller = call.may(Action::BeginDetaching)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.begin_detaching(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn roll_detaching(call: Call) -> Answer {
    let caller = call.may(Action::RollDetaching)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.roll_detaching(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// There is nothing to connect to: the answer has the members that hosts look for, and leads to a
/// port of their own machine.
pub(super) async fn initialize(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::InitializeConnection)?;
    connector_of_any_kind(fields, "connector", false)?;
    fields.no_others(&["connector"])?;
    let disk = call.app().connectable_disk(&caller, call.part("id")).await?;
    let last = disk.attachments.iter().rfind(|a| a.status == AttachStatus::Attached);
    let data = connection_data(&disk, last.and_then(|attachment| attachment.mode));
    let info = json!({"driver_volume_type": "iscsi", "data": data});
    Ok(HttpResponse::Ok().json(json!({"connection_info": info})))
}

pub(super) async fn terminate(call: Call, fields: &Fields<'_>) -> Answer {
    let caller = call.may(Action::TerminateConnection)?;
    connector_of_any_kind(fields, "connector", true)?;
    fields.no_others(&["connector"])?;
    call.app().disk(&caller, call.part("id")).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Nothing depends on what a connector says here.
fn connector_of_any_kind(fields: &Fields<'_>, key: &str, or_null: bool) -> Result<(), ApiError> {
    match fields.required(key)? {
        Value::Object(_) | Value::String(_) => Ok(()),
        Value::Null if or_null => Ok(()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) if or_null => {
            Err(fields.wrong_type(key, "'string', 'object', 'null'"))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            Err(fields.wrong_type(key, "'object', 'string'"))
        }
    }
}

/// What `os-reset_status` wants of a disk's attachments.
pub(super) fn wanted_reset(fields: &Fields<'_>) -> Result<Option<AttachmentReset>, ApiError> {
    let Some(word) = fields.text("attach_status")? else { return Ok(None) };
    let word = word.to_lowercase();
    if word == "detached" {
        return Ok(Some(AttachmentReset::Detached));
    }
    let status = AttachStatus::parse(&word).ok_or_else(|| {
        fields.wrong_value("attach_status", |_| "Must specify a valid attach status.".to_owned())
    })?;
    Ok(Some(AttachmentReset::All(status)))
}
