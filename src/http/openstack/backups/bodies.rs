//! What the requests about backups ask for.

use serde_json::{Map, Value};

use super::METADATA;
use crate::domain::disk::DiskEvent;
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::microversion::Microversion;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::backups::{BackupChange, BackupOf, Extent, NewBackup, RestoreInto};

/// From here on a backup may lie in another zone than its disk.
const ZONE: Microversion = Microversion(3, 51);

/// Everything that a new backup is asked for with, and what of it is known from a version on.
const NEW: &[&str] =
    &["volume_id", "snapshot_id", "name", "description", "container", "incremental", "force"];

/// The members that are known at a version: those of `always`, and the others.
fn known(
    always: &[&'static str],
    later: &[(&'static str, Microversion)],
    version: Microversion,
) -> Vec<&'static str> {
    let later = later.iter().filter(|(_, since)| version >= *since).map(|(name, _)| *name);
    always.iter().copied().chain(later).collect()
}

pub(in crate::http) fn new_backup(
    body: &Value,
    version: Microversion,
) -> Result<NewBackup, ApiError> {
    let backup = Fields::only(body, "backup")?;
    let disk = backup.required_id("volume_id", DiskId::parse)?;
    let members = known(NEW, &[("metadata", METADATA), ("availability_zone", ZONE)], version);
    backup.no_others(&members)?;
    let of = match backup.id_or_null("snapshot_id")?.as_deref().and_then(SnapshotId::parse) {
        None => {
            let forced = backup.boolean("force")?;
            BackupOf::Disk(if forced { DiskEvent::ForceBackup } else { DiskEvent::Backup })
        }
        Some(snapshot) => BackupOf::Snapshot(snapshot),
    };
    let incremental = backup.boolean("incremental")?;
    Ok(NewBackup {
        disk,
        of,
        name: backup.label("name")?,
        description: backup.label("description")?,
        container: backup.label("container")?.filter(|container| !container.is_empty()),
        extent: if incremental { Extent::Incremental } else { Extent::Full },
        metadata: backup.metadata("metadata")?,
        zone: backup.label("availability_zone")?.filter(|zone| !zone.is_empty()),
        policy: None,
    })
}

pub(in crate::http) fn change(
    body: &Value,
    version: Microversion,
) -> Result<BackupChange, ApiError> {
    let backup = Fields::only(body, "backup")?;
    backup.no_others(&known(&["name", "description"], &[("metadata", METADATA)], version))?;
    Ok(BackupChange {
        name: backup.given("name", |key| backup.label(key))?,
        description: backup.given("description", |key| backup.label(key))?,
        metadata: backup.given("metadata", |key| backup.metadata(key))?,
    })
}

/// A `null` in place of all members is like none of them.
pub(in crate::http) fn restore(body: &Value) -> Result<RestoreInto, ApiError> {
    let empty = Value::Object(Map::from_iter([("restore".to_owned(), Value::Object(Map::new()))]));
    let top = Fields::top(body)?;
    let body = if top.get("restore") == Some(&Value::Null) { &empty } else { body };
    let restore = Fields::only(body, "restore")?;
    restore.no_others(&["volume_id", "name"])?;
    let name = restore.label("name")?;
    let disk = restore.id_or_null("volume_id")?.as_deref().and_then(DiskId::parse);
    Ok(disk.map_or(RestoreInto::NewDisk(name), RestoreInto::Disk))
}
