//! Making disks.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{STRICT, either, type_ids, view};
use crate::domain::access::Action;
use crate::domain::disk::DiskStatus;
use crate::domain::microversion::{MIN, Microversion};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::disks::{NewDisk, Source};

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

/// From the id of a source to the source.
type MakeSource = fn(String) -> Source;

/// What a disk can be made from, and from which version on.
const SOURCES: &[(&str, Microversion, MakeSource)] = &[
    ("snapshot_id", MIN, Source::Snapshot),
    ("source_volid", MIN, Source::Disk),
    ("imageRef", MIN, Source::Image),
    ("image_id", MIN, Source::Image),
    ("backup_id", Microversion(3, 47), Source::Backup),
];

const HINTS: &str = "OS-SCH-HNT:scheduler_hints";

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateDisk)?;
    let new = new_disk(&call.json()?, call.version())?;
    let mut disk =
        call.write(move |app| async move { app.create_disk(&caller, new).await }).await?;
    // It is on disk and available; the API's word in this one answer is `creating`.
    disk.status = DiskStatus::Creating;
    let types = type_ids(&call).await?;
    Ok(HttpResponse::Accepted().json(json!({"volume": view(&call, &types, &disk)})))
}

pub(in crate::http) fn new_disk(body: &Value, version: Microversion) -> Result<NewDisk, ApiError> {
    let top = Fields::top(body)?;
    let volume = top.required_object("volume")?;
    top.no_others(&["volume", HINTS])?;
    if version >= STRICT {
        volume.no_others(NEW)?;
    }
    let source = source(&volume, version)?;
    if source == Source::Nothing {
        volume.required("size")?;
    }
    let zone = volume.text("availability_zone")?.filter(|zone| !zone.is_empty());
    let disk_type = volume.text("volume_type")?.filter(|name| !name.is_empty());
    Ok(NewDisk {
        size_gib: size(&volume)?,
        name: either(&volume, "name", "display_name")?,
        description: either(&volume, "description", "display_description")?,
        disk_type: disk_type.map(str::to_owned),
        zone: zone.map(str::to_owned),
        multiattach: volume.boolean("multiattach")?,
        dedicated_storage: dedicated_storage(&top)?,
        metadata: volume.metadata("metadata")?,
        source,
    })
}

/// The size in GiB; it may be missing where the source has one.
fn size(volume: &Fields<'_>) -> Result<Option<i64>, ApiError> {
    match volume.get("size") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => volume.required_number("size", 1).map(Some),
    }
}

/// The one thing that the disk is made from; empty texts are like none.
fn source(volume: &Fields<'_>, version: Microversion) -> Result<Source, ApiError> {
    let mut found = Vec::new();
    for (key, since, make) in SOURCES {
        if version < *since {
            continue;
        }
        if let Some(id) = volume.text(key)?.filter(|id| !id.is_empty()) {
            found.push(make(id.to_owned()));
        }
    }
    if found.len() > 1 {
        return Err(ApiError::Query(
            "Invalid input received: May specify only one of snapshot, imageRef or source volume"
                .to_owned(),
        ));
    }
    Ok(found.pop().unwrap_or(Source::Nothing))
}

fn dedicated_storage(top: &Fields<'_>) -> Result<Option<String>, ApiError> {
    if top.get(HINTS).is_none_or(Value::is_null) {
        return Ok(None);
    }
    let hints = top.required_object(HINTS)?;
    Ok(hints.text("dedicated_storage_id")?.filter(|id| !id.is_empty()).map(str::to_owned))
}
