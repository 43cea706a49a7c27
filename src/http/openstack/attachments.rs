//! `attachments` (reference: Cinder's attachments API, from 3.27 on).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::resource_filters::{REFUSED, refuse};
use super::{not_found, one_action};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::attachment::{
    AttachMode, Attachment, AttachmentQuery, AttachmentSort, Connector,
};
use crate::domain::disk::Disk;
use crate::domain::ids::{AttachmentId, DiskId, ProjectId, ServerId};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::Resource;
use crate::service::attachments::NewAttachment;

/// From here on there are attachments.
const ATTACHMENTS: Microversion = Microversion(3, 27);
/// From here on an attachment is completed.
const COMPLETION: Microversion = Microversion(3, 44);
/// From here on the mode is said when an attachment is made.
const MODE: Microversion = Microversion(3, 54);

const SORT_WORDS: SortWords<AttachmentSort> = &[
    ("created_at", AttachmentSort::CreatedAt),
    ("id", AttachmentSort::Id),
    ("volume_id", AttachmentSort::Disk),
    ("instance_uuid", AttachmentSort::Server),
    ("attach_status", AttachmentSort::Status),
    ("status", AttachmentSort::Status),
];

/// What lists can be narrowed by.
const FILTERS: &[&str] = &["volume_id", "status", "instance_id", "attach_status"];

/// The query parameters that are no filters.
const NO_FILTERS: &[&str] =
    &["limit", "offset", "marker", "sort", "sort_key", "sort_dir", "all_tenants"];

/// Who asks, if attachments are there in the version asked for.
fn may(call: &Call, action: Action) -> Result<Caller, ApiError> {
    if call.version() < ATTACHMENTS {
        return Err(ApiError::NoRoute);
    }
    call.may(action)
}

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = may(&call, Action::CreateAttachment)?;
    let new = new_attachment(&call.json()?, call.version())?;
    let attachment =
        call.write(move |app| async move { app.create_attachment(&caller, new).await }).await?;
    Ok(shown(&attachment))
}

pub(in crate::http) fn new_attachment(
    body: &Value,
    version: Microversion,
) -> Result<NewAttachment, ApiError> {
    let fields = Fields::only(body, "attachment")?;
    let disk = fields.required_id("volume_uuid", DiskId::parse)?;
    let mut known = vec!["volume_uuid", "instance_uuid", "connector"];
    if version >= MODE {
        known.push("mode");
    }
    fields.no_others(&known)?;
    let server = fields.given("instance_uuid", |key| fields.required_id(key, ServerId::parse))?;
    let mode = if version >= MODE { mode_of(&fields)? } else { None };
    let connector = match fields.get("connector") {
        None | Some(Value::Null) => None,
        Some(Value::Object(members)) if members.is_empty() => None,
        Some(Value::Object(_)) => Some(connector_of(&fields)?),
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            return Err(fields.wrong_type("connector", "'object', 'null'"));
        }
    };
    Ok(NewAttachment { disk, server, mode, connector })
}

/// What a server may do with a disk, if that is said.
pub(super) fn mode_of(fields: &Fields<'_>) -> Result<Option<AttachMode>, ApiError> {
    fields.given("mode", |key| {
        AttachMode::parse(fields.required_text(key)?).ok_or_else(|| {
            fields.wrong_value(key, |value| format!("{value} is not one of ['rw', 'ro']"))
        })
    })
}

/// A connector says what it likes; only three of its members mean something here.
fn connector_of(fields: &Fields<'_>) -> Result<Connector, ApiError> {
    let inner = fields.required_object("connector")?;
    let said = |key: &str| match inner.get(key) {
        Some(Value::String(text)) if !text.is_empty() => inner.required_words(key, 0).map(Some),
        _ => Ok(None),
    };
    let mode = inner.get("mode").and_then(Value::as_str).and_then(AttachMode::parse);
    let json = fields.required("connector")?.to_string();
    Ok(Connector { json, host: said("host")?, mountpoint: said("mountpoint")?, mode })
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = may(&call, Action::UpdateAttachment)?;
    let body = call.json()?;
    let fields = Fields::only(&body, "attachment")?;
    let connector = fields.required_object("connector")?;
    if connector.keys().next().is_none() {
        return Err(connector.wrong("{} does not have enough properties"));
    }
    fields.no_others(&["connector"])?;
    let (id, connector) = (call.part("id").to_owned(), connector_of(&fields)?);
    let attachment = call
        .write(move |app| async move { app.update_attachment(&caller, &id, connector).await })
        .await?;
    Ok(shown(&attachment))
}

/// The only action.
pub(in crate::http) async fn action(call: Call) -> Answer {
    if call.version() < COMPLETION {
        return Err(ApiError::NoRoute);
    }
    let body = call.json()?;
    let (name, _) = one_action(&body)?;
    if name != "os-complete" {
        return Err(ApiError::NoSuchAction(name.to_owned()));
    }
    let caller = may(&call, Action::CompleteAttachment)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.complete_attachment(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What the disk is still attached to is the answer.
pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = may(&call, Action::DeleteAttachment)?;
    let id = call.part("id").to_owned();
    let left =
        call.write(move |app| async move { app.delete_attachment(&caller, &id).await }).await?;
    Ok(listed(&left, summary))
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = may(&call, Action::ShowAttachment)?;
    let attachment = call.app().attachment(&caller, call.part("id")).await?;
    Ok(shown(&attachment))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, summary).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

/// Cinder gives no links here: clients take the last id for their marker.
async fn list_as(call: &Call, view: fn(&Attachment) -> Value) -> Answer {
    let caller = may(call, Action::ListAttachments)?;
    check_filters(call, &caller)?;
    let admins = |name: &str| (caller.role == Role::Admin).then(|| call.filter(name)).flatten();
    let query = AttachmentQuery {
        project: admins("project_id").map(ProjectId::new),
        disk: call.filter("volume_id"),
        server: call.filter("instance_id"),
        status: call.filter("status").or(call.filter("attach_status")),
        page: paging(
            call,
            SORT_WORDS,
            (AttachmentSort::CreatedAt, Direction::Descending),
            AttachmentId::parse,
            |id| not_found(Resource::Attachment, id),
        )?,
    };
    let attachments = call.app().attachments(&caller, call.everywhere()?, query).await?;
    Ok(listed(&attachments, view))
}

/// Up to 3.30 a filter that is none of these is not heard; later it is refused, but for admins.
fn check_filters(call: &Call, caller: &Caller) -> Result<(), ApiError> {
    if caller.role == Role::Admin || call.version() < REFUSED {
        return Ok(());
    }
    let known = |key: &str| FILTERS.contains(&key) || NO_FILTERS.contains(&key);
    refuse(call.query_pairs().map(|(key, _)| key).filter(|key| !known(key)))
}

fn shown(attachment: &Attachment) -> HttpResponse {
    HttpResponse::Ok().json(json!({"attachment": detail(attachment)}))
}

fn listed(attachments: &[Attachment], view: fn(&Attachment) -> Value) -> HttpResponse {
    let views: Vec<Value> = attachments.iter().map(view).collect();
    HttpResponse::Ok().json(json!({"attachments": views}))
}

fn summary(attachment: &Attachment) -> Value {
    json!({
        "id": attachment.id.to_string(),
        "status": attachment.status.as_str(),
        "instance": attachment.server.map(|server| server.to_string()),
        "volume_id": attachment.disk.to_string(),
    })
}

/// The same with what show adds. What is not known yet is an empty text, or `null` as a text.
fn detail(attachment: &Attachment) -> Value {
    let mut view = summary(attachment);
    if let Some(members) = view.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("attached_at", attachment.attached_at.map_or_else(String::new, zoneless).into());
        add("detached_at", "".into());
        add("attach_mode", attachment.mode.map_or("null", AttachMode::as_str).into());
        add("connection_info", connection_info(attachment));
    }
    view
}

/// How a host that has connected reaches the disk: the members of both objects in one (Cinder).
fn connection_info(attachment: &Attachment) -> Value {
    if attachment.connector.is_none() {
        return json!({});
    }
    let mut info = connection(attachment.disk, attachment.mode.unwrap_or(AttachMode::ReadWrite));
    if let Some(members) = info.as_object_mut() {
        members.insert("driver_volume_type".to_owned(), "iscsi".into());
        members.insert("attachment_id".to_owned(), attachment.id.to_string().into());
    }
    info
}

/// How a host reaches a disk; a mode that nobody said is what the disk allows.
pub(super) fn connection_data(disk: &Disk, mode: Option<AttachMode>) -> Value {
    let allowed =
        if disk.read_only == Some(true) { AttachMode::ReadOnly } else { AttachMode::ReadWrite };
    connection(disk.id, mode.unwrap_or(allowed))
}

/// The members that hosts look for: a target that is nowhere, on their own machine.
fn connection(disk: DiskId, mode: AttachMode) -> Value {
    json!({
        "target_discovered": false,
        "target_portal": "127.0.0.1:3260",
        "target_iqn": format!("iqn.2010-10.org.openstack:volume-{disk}"),
        "target_lun": 0,
        "volume_id": disk.to_string(),
        "qos_specs": null,
        "access_mode": mode.as_str(),
        "encrypted": false,
        "cacheable": false,
    })
}
