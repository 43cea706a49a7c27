//! Taking snapshots.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::codes;
use super::super::members::{Members, body};
use super::object_in;
use crate::domain::access::Action;
use crate::domain::disk::DiskEvent;
use crate::domain::ids::DiskId;
use crate::domain::name;
use crate::domain::snapshot::SnapshotStatus;
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;
use crate::http::openstack::snapshots::whole;
use crate::service::snapshots::NewSnapshot;

/// The most characters of a key or a value.
const LONGEST: usize = 255;

const NAME: NativeFault = NativeFault::bad_request("EVS.5400", "invalid snapshot name!");
const DESCRIPTION: NativeFault =
    NativeFault::bad_request("EVS.5400", "invalid snapshot description!");

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateSnapshot)?;
    let new = new_snapshot(&body(&call)?)?;
    let mut snapshot =
        call.write(move |app| async move { app.create_snapshot(&caller, new).await }).await?;
    // Even if it is over already; the API's word in this one answer is `creating`.
    snapshot.status = SnapshotStatus::Creating;
    Ok(HttpResponse::Accepted().json(json!({"snapshot": whole(&snapshot)})))
}

pub(in crate::http) fn new_snapshot(asked: &Value) -> Result<NewSnapshot, NativeFault> {
    let snapshot = object_in(asked, "snapshot")?;
    let forced = snapshot.flag("force")?.unwrap_or(false);
    Ok(NewSnapshot {
        disk: disk(snapshot)?,
        name: name(snapshot)?,
        description: description(snapshot)?,
        metadata: metadata(snapshot)?,
        // OTC: a disk in use needs no force, one that is being attached does.
        event: if forced { DiskEvent::ForceSnapshot } else { DiskEvent::SnapshotInUse },
    })
}

/// The disk that a body names.
pub(super) fn disk(of: Members<'_>) -> Result<DiskId, NativeFault> {
    of.text("volume_id")?.and_then(DiskId::parse).ok_or(codes::VOLUME_ID)
}

pub(super) fn name(snapshot: Members<'_>) -> Result<Option<String>, NativeFault> {
    let name = snapshot.text("name")?.map(name::possibly_empty).transpose();
    name.map_err(|_| NAME)
}

pub(super) fn description(snapshot: Members<'_>) -> Result<Option<String>, NativeFault> {
    let description = snapshot.text("description")?.map(name::possibly_empty).transpose();
    description.map_err(|_| DESCRIPTION)
}

fn metadata(snapshot: Members<'_>) -> Result<BTreeMap<String, String>, NativeFault> {
    let Some(members) = snapshot.object("metadata")? else { return Ok(BTreeMap::new()) };
    let mut metadata = BTreeMap::new();
    for (key, value) in members.iter() {
        let value = value.as_str().ok_or(codes::WRONG_TYPE)?;
        if !(1..=LONGEST).contains(&key.chars().count()) || value.chars().count() > LONGEST {
            return Err(codes::METADATA_SIZE);
        }
        if key.contains('\0') || value.contains('\0') {
            return Err(codes::INVALID_REQUEST);
        }
        metadata.insert(key.clone(), value.to_owned());
    }
    Ok(metadata)
}
