//! Making disks.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{STRICT, either, view};
use crate::domain::access::Action;
use crate::domain::disk::DiskStatus;
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::disks::NewDisk;

/// What create takes.
const NEW: &[&str] = &[
    "size",
    "availability_zone",
    "volume_type",
    "name",
    "display_name",
    "description",
    "display_description",
    "metadata",
    "multiattach",
    "shareable",
    "count",
    "consistencygroup_id",
    "source_replica",
    "snapshot_id",
    "source_volid",
    "imageRef",
    "image_id",
    "backup_id",
    "group_id",
];

/// Sources that a disk could be made from; only `null` is taken: disks are made from nothing here.
const SOURCES: &[&str] = &["snapshot_id", "source_volid", "imageRef", "image_id", "backup_id"];

const HINTS: &str = "OS-SCH-HNT:scheduler_hints";

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateDisk)?;
    let new = new_disk(&call.json()?, call.version())?;
    let mut disk =
        call.write(move |app| async move { app.create_disk(&caller, new).await }).await?;
    // It is on disk and available; the API's word in this one answer is `creating`.
    disk.status = DiskStatus::Creating;
    Ok(HttpResponse::Accepted().json(json!({"volume": view(&call, &disk)})))
}

fn new_disk(body: &Value, version: Microversion) -> Result<NewDisk, ApiError> {
    let top = Fields::top(body)?;
    let volume = top.required_object("volume")?;
    top.no_others(&["volume", HINTS])?;
    if version >= STRICT {
        volume.no_others(NEW)?;
    }
    for source in SOURCES {
        if volume.text(source)?.is_some_and(|text| !text.is_empty()) {
            return Err(volume.wrong_value(source, |_| {
                "Volumes are made empty here: a source is not supported".to_owned()
            }));
        }
    }
    let zone = volume.text("availability_zone")?.filter(|zone| !zone.is_empty());
    let disk_type = volume.text("volume_type")?.filter(|name| !name.is_empty());
    Ok(NewDisk {
        size_gib: volume.required_number("size", 1)?,
        name: either(&volume, "name", "display_name")?,
        description: either(&volume, "description", "display_description")?,
        disk_type: disk_type.map(str::to_owned),
        zone: zone.map(str::to_owned),
        multiattach: volume.boolean("multiattach")?,
        dedicated_storage: dedicated_storage(&top)?,
        metadata: volume.metadata("metadata")?,
    })
}

fn dedicated_storage(top: &Fields<'_>) -> Result<Option<String>, ApiError> {
    if top.get(HINTS).is_none_or(Value::is_null) {
        return Ok(None);
    }
    let hints = top.required_object(HINTS)?;
    Ok(hints.text("dedicated_storage_id")?.filter(|id| !id.is_empty()).map(str::to_owned))
}
