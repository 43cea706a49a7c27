//! Taking a disk back to a snapshot, also below `os-vendor-snapshots`.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::codes;
use super::super::members::body;
use super::create::disk;
use super::{coded, object_in};
use crate::domain::access::Action;
use crate::domain::ids::DiskId;
use crate::domain::name;
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;

pub(in crate::http) async fn roll_back(call: Call) -> Answer {
    let caller = call.may(Action::RollBackDisk)?;
    let disk = target(&body(&call)?)?;
    let id = call.part("id").to_owned();
    let disk = call
        .write(move |app| async move { app.roll_back_disk(&caller, &id, disk).await })
        .await
        .map_err(coded)?;
    Ok(HttpResponse::Accepted().json(json!({"rollback": {"volume_id": disk.id.to_string()}})))
}

/// The disk that goes back; its name may stand beside its id and is not compared.
pub(in crate::http) fn target(asked: &Value) -> Result<DiskId, NativeFault> {
    let rollback = object_in(asked, "rollback")?;
    let name = rollback.text("name")?.map(name::possibly_empty).transpose();
    name.map_err(|_| codes::NAME)?;
    disk(rollback)
}
