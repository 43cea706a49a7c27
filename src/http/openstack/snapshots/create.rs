//! Taking snapshots.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{DESCRIPTION, NAME, given, view};
use crate::domain::access::Action;
use crate::domain::disk::DiskEvent;
use crate::domain::ids::DiskId;
use crate::domain::microversion::Microversion;
use crate::domain::snapshot::SnapshotStatus;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::snapshots::NewSnapshot;

/// From here on a snapshot of a disk in use needs no force, and `force: false` is refused.
const NO_FORCE: Microversion = Microversion(3, 66);

/// What Cinder says of `force: false` then; its spelling and its spaces.
const FORCED_ANYWAY: &str = "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward \
     compatability, however, when the 'force' flag is passed with a value evaluating to True, it \
     is silently ignored.";

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateSnapshot)?;
    let new = new_snapshot(&call.json()?, call.version())?;
    let mut snapshot =
        call.write(move |app| async move { app.create_snapshot(&caller, new).await }).await?;
    // Even if it is over already; the API's word in this one answer is `creating`.
    snapshot.status = SnapshotStatus::Creating;
    Ok(HttpResponse::Accepted().json(json!({"snapshot": view(&call, &snapshot)})))
}

pub(in crate::http) fn new_snapshot(
    body: &Value,
    version: Microversion,
) -> Result<NewSnapshot, ApiError> {
    let snapshot = Fields::only(body, "snapshot")?;
    let disk = snapshot.required_id("volume_id", DiskId::parse)?;
    let forced = snapshot.boolean("force")?;
    if version >= NO_FORCE && !forced && snapshot.get("force").is_some() {
        return Err(ApiError::Schema(FORCED_ANYWAY.to_owned()));
    }
    Ok(NewSnapshot {
        disk,
        name: snapshot.label(given(&snapshot, NAME).unwrap_or("name"))?,
        description: snapshot.label(given(&snapshot, DESCRIPTION).unwrap_or("description"))?,
        metadata: snapshot.metadata("metadata")?,
        event: match (forced, version >= NO_FORCE) {
            (true, _) => DiskEvent::ForceSnapshot,
            (false, true) => DiskEvent::SnapshotInUse,
            (false, false) => DiskEvent::Snapshot,
        },
    })
}
