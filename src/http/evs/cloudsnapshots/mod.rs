//! `cloudsnapshots` (OTC "EVS API Reference", "EVS Snapshot"). Nothing here is answered with a job.

mod create;
mod lists;
mod rollback;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::codes;
use super::members::{Members, body};
use crate::domain::access::Action;
use crate::domain::snapshot::SnapshotRefused;
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::http::openstack::snapshots::whole;
use crate::service::snapshots::{SnapshotChange, SnapshotDeletion};
use crate::service::{Resource, ServiceError};
use create::{description, name};

pub(in crate::http) use create::{create, new_snapshot};
pub(in crate::http) use lists::list_detail;
pub(in crate::http) use rollback::{roll_back, target};

/// No code says what a snapshot's update lacks.
const NOTHING_TO_SAY: NativeFault =
    NativeFault::bad_request("EVS.5400", "snapshot name and description can not both be empty!");

/// A disk goes back to an available one only, which the text of the code is wider about.
const NOT_AVAILABLE: NativeFault =
    NativeFault::bad_request("EVS.2043", "The status of snapshot is not available.");

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowSnapshot)?;
    let snapshot = call.app().snapshot(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"snapshot": whole(&snapshot)})))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateSnapshot)?;
    let change = snapshot_change(&body(&call)?)?;
    let id = call.part("id").to_owned();
    let snapshot = call
        .write(move |app| async move { app.update_snapshot(&caller, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"snapshot": whole(&snapshot)})))
}

pub(in crate::http) fn snapshot_change(asked: &Value) -> Result<SnapshotChange, NativeFault> {
    let snapshot = object_in(asked, "snapshot")?;
    let change = SnapshotChange {
        name: name(snapshot)?.map(Some),
        description: description(snapshot)?.map(Some),
    };
    let nothing = change.name.is_none() && change.description.is_none();
    if nothing { Err(NOTHING_TO_SAY) } else { Ok(change) }
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteSnapshot)?;
    let (id, how) = (call.part("id").to_owned(), SnapshotDeletion::Plain);
    call.write(move |app| async move { app.delete_snapshot(&caller, &id, how).await })
        .await
        .map_err(coded)?;
    Ok(HttpResponse::Accepted().finish())
}

/// The object that a body is about.
fn object_in<'a>(asked: &'a Value, name: &str) -> Result<Members<'a>, NativeFault> {
    let top = Members::of(asked, codes::BAD_BODY)?;
    Members::of(top.get(name).ok_or(codes::BAD_BODY)?, codes::BAD_BODY)
}

/// The same error with the code that snapshots have for it, if they have one.
fn coded(error: ApiError) -> ApiError {
    if let ApiError::Service(ServiceError::NotDeletable(Resource::Snapshot, _)) = &error {
        return codes::DELETE_SNAPSHOT_STATUS.into();
    }
    if let ApiError::Service(ServiceError::Snapshot(SnapshotRefused::NotAvailable(..))) = &error {
        return NOT_AVAILABLE.into();
    }
    error
}
