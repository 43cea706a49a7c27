//! `snapshots`, as far as they forbid to hand a disk over. Snapshots carry no links.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{not_found, only_reset, page, wanted_status};
use crate::domain::access::Action;
use crate::domain::disk::DiskEvent;
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::domain::snapshot::{Snapshot, SnapshotQuery, SnapshotSort, SnapshotStatus};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::Resource;
use crate::service::snapshots::NewSnapshot;

/// From here on a snapshot of a disk in use needs no force, and `force: false` is refused.
const NO_FORCE: Microversion = Microversion(3, 66);

const SORT_WORDS: SortWords<SnapshotSort> = &[
    ("created_at", SnapshotSort::CreatedAt),
    ("id", SnapshotSort::Id),
    ("name", SnapshotSort::Name),
    ("display_name", SnapshotSort::Name),
];

/// The statuses that a snapshot is reset to (Cinder).
const RESETS: &[SnapshotStatus] = &[
    SnapshotStatus::Available,
    SnapshotStatus::Error,
    SnapshotStatus::Creating,
    SnapshotStatus::Deleting,
    SnapshotStatus::ErrorDeleting,
];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateSnapshot)?;
    let new = new_snapshot(&call.json()?, call.version())?;
    let mut snapshot =
        call.write(move |app| async move { app.create_snapshot(&caller, new).await }).await?;
    // It is on disk and available; the API's word in this one answer is `creating`.
    snapshot.status = SnapshotStatus::Creating;
    Ok(HttpResponse::Accepted().json(json!({"snapshot": view(&call, &snapshot)})))
}

fn new_snapshot(body: &Value, version: Microversion) -> Result<NewSnapshot, ApiError> {
    let snapshot = Fields::only(body, "snapshot")?;
    let disk = snapshot.required_id("volume_id", DiskId::parse)?;
    let forced = snapshot.boolean("force")?;
    if version >= NO_FORCE && !forced && snapshot.get("force").is_some() {
        return Err(snapshot.wrong_value("force", |_| {
            "'false' is not allowed: since 3.66 a snapshot never needs force".to_owned()
        }));
    }
    let event =
        if forced || version >= NO_FORCE { DiskEvent::ForceSnapshot } else { DiskEvent::Snapshot };
    let name = if snapshot.get("name").is_some() { "name" } else { "display_name" };
    Ok(NewSnapshot {
        disk,
        name: snapshot.label(name)?,
        description: snapshot.label("description")?,
        metadata: snapshot.metadata("metadata")?,
        event,
    })
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowSnapshot)?;
    let snapshot = call.app().snapshot(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"snapshot": detail(&call, &snapshot)})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteSnapshot)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_snapshot(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let reset = only_reset(&body)?;
    let caller = call.may(Action::ResetSnapshotStatus)?;
    let status = wanted_status(&reset, SnapshotStatus::parse, |status| RESETS.contains(status))?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reset_snapshot_status(&caller, &id, status).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |_, snapshot| summary(snapshot)).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Snapshot) -> Value) -> Answer {
    let caller = call.may(Action::ListSnapshots)?;
    let query = SnapshotQuery {
        project: None,
        disk: call.filter("volume_id"),
        name: call.filter("name"),
        status: call.filter("status"),
        page: paging(
            call,
            SORT_WORDS,
            (SnapshotSort::CreatedAt, Direction::Descending),
            SnapshotId::parse,
            |id| not_found(Resource::Snapshot, id),
        )?,
    };
    let limit = query.page.limit;
    let snapshots = call.app().snapshots(&caller, call.everywhere()?, query).await?;
    let id = |snapshot: &Snapshot| snapshot.id.to_string();
    let body = page(call, "snapshots", limit, &snapshots, id, |snapshot| view(call, snapshot));
    Ok(HttpResponse::Ok().json(body))
}

fn summary(snapshot: &Snapshot) -> Value {
    json!({
        "id": snapshot.id.to_string(),
        "created_at": zoneless(snapshot.created_at),
        "updated_at": snapshot.updated_at.map(zoneless),
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.disk.to_string(),
        "status": snapshot.status.as_str(),
        "size": snapshot.size_gib,
        "metadata": snapshot.metadata,
    })
}

/// The same with what later versions add, as create answers it.
fn view(call: &Call, snapshot: &Snapshot) -> Value {
    let mut view = summary(snapshot);
    if let Some(members) = view.as_object_mut() {
        if call.version() >= Microversion(3, 14) {
            members.insert("group_snapshot_id".to_owned(), Value::Null);
        }
        if call.version() >= Microversion(3, 41) {
            members.insert("user_id".to_owned(), snapshot.user.as_str().into());
        }
        if call.version() >= Microversion(3, 65) {
            members.insert("consumes_quota".to_owned(), true.into());
        }
    }
    view
}

/// The same with what show and the detailed list add.
fn detail(call: &Call, snapshot: &Snapshot) -> Value {
    let mut view = view(call, snapshot);
    if let Some(members) = view.as_object_mut() {
        let progress = if snapshot.status == SnapshotStatus::Creating { "0%" } else { "100%" };
        let project = snapshot.project.as_str();
        members.insert("os-extended-snapshot-attributes:project_id".to_owned(), project.into());
        members.insert("os-extended-snapshot-attributes:progress".to_owned(), progress.into());
    }
    view
}
