//! `snapshots` (reference: OTC "EVS Snapshot", Cinder snapshots). Snapshots carry no links.

mod actions;
mod create;
mod filters;
mod lists;
pub(in crate::http) mod metadata;
mod view;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::Action;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::snapshots::{SnapshotChange, SnapshotDeletion};
use view::{detail, view};

pub(in crate::http) use actions::action;
pub(in crate::http) use create::{create, new_snapshot};
pub(in crate::http) use lists::{list, list_detail};
pub(in crate::http) use view::whole;

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowSnapshot)?;
    let snapshot = call.app().snapshot(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"snapshot": detail(&call, &snapshot)})))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateSnapshot)?;
    let change = snapshot_change(&call.json()?)?;
    let id = call.part("id").to_owned();
    let snapshot = call
        .write(move |app| async move { app.update_snapshot(&caller, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"snapshot": view(&call, &snapshot)})))
}

pub(in crate::http) fn snapshot_change(body: &Value) -> Result<SnapshotChange, ApiError> {
    let snapshot = Fields::only(body, "snapshot")?;
    snapshot.no_others(&["name", "description", "display_name", "display_description"])?;
    let change = SnapshotChange {
        name: given(&snapshot, NAME).map(|name| snapshot.label(name)).transpose()?,
        description: given(&snapshot, DESCRIPTION).map(|name| snapshot.label(name)).transpose()?,
    };
    let nothing = change.name.is_none() && change.description.is_none();
    if nothing { Err(snapshot.none_of_the_schemas()) } else { Ok(change) }
}

/// The first of two names of one member that is there.
fn given<'a>(fields: &Fields<'_>, names: [&'a str; 2]) -> Option<&'a str> {
    names.into_iter().find(|name| fields.get(name).is_some())
}

const NAME: [&str; 2] = ["name", "display_name"];
const DESCRIPTION: [&str; 2] = ["description", "display_description"];

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteSnapshot)?;
    let (id, how) = (call.part("id").to_owned(), SnapshotDeletion::Plain);
    call.write(move |app| async move { app.delete_snapshot(&caller, &id, how).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}
