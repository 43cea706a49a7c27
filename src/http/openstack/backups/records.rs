//! Records of backups: JSON in base64, with the members that Cinder's have, so that what is taken out
//! here or there can be taken in here.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::view::summary;
use crate::domain::access::Action;
use crate::domain::backup::{Backup, BackupRecord};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, SnapshotId};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::time::{read, with_zone};

/// What keeps the backups, by the name that Cinder's clients see.
const SERVICE: &str = "cinder.backup.drivers.posix.PosixBackupDriver";

/// The members without which Cinder takes no record.
const NEEDED: &[&str] = &[
    "display_name",
    "display_description",
    "container",
    "size",
    "service_metadata",
    "object_count",
    "id",
];

pub(in crate::http) async fn export(call: Call) -> Answer {
    let caller = call.may(Action::ExportBackup)?;
    let backup = call.app().export_backup(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"backup-record": {
        "backup_service": SERVICE,
        "backup_url": STANDARD.encode(record(&backup).to_string()),
    }})))
}

fn record(backup: &Backup) -> Value {
    json!({
        "driver_info": {"native": backup.native},
        "id": backup.id.to_string(),
        "user_id": backup.user.as_str(),
        "project_id": backup.project.as_str(),
        "volume_id": backup.disk.to_string(),
        "host": "evs",
        "availability_zone": backup.zone,
        "container": backup.container,
        "parent_id": backup.base.map(|id| id.to_string()),
        "status": backup.status.as_str(),
        "fail_reason": backup.fail_reason,
        "size": backup.size_gib,
        "display_name": backup.name,
        "display_description": backup.description,
        "service_metadata": format!("volume_{}/backup_{}", backup.disk, backup.id),
        "service": SERVICE,
        "object_count": backup.objects(),
        "temp_volume_id": null,
        "temp_snapshot_id": null,
        "num_dependent_backups": i64::from(backup.has_dependents),
        "snapshot_id": backup.snapshot.map(|id| id.to_string()),
        "data_timestamp": backup.data_at.map(with_zone),
        "restore_volume_id": null,
        "metadata": backup.metadata,
        "encryption_key_id": null,
        "created_at": with_zone(backup.created_at),
        "updated_at": backup.updated_at.map(with_zone),
        "deleted_at": null,
        "deleted": false,
    })
}

pub(in crate::http) async fn import(call: Call) -> Answer {
    let caller = call.may(Action::ImportBackup)?;
    let record = record_of(&call.json()?)?;
    let backup =
        call.write(move |app| async move { app.import_backup(&caller, record).await }).await?;
    Ok(HttpResponse::Created().json(json!({"backup": summary(&call, &backup)})))
}

/// The record that a body holds.
pub(in crate::http) fn record_of(body: &Value) -> Result<BackupRecord, ApiError> {
    decoded(&url(body)?)
}

fn url(body: &Value) -> Result<String, ApiError> {
    let record = Fields::only(body, "backup-record")?;
    record.required_words("backup_service", 1)?;
    let url = record.required_text("backup_url")?;
    record.no_others(&["backup_service", "backup_url"])?;
    if url.is_empty() {
        return Err(record.wrong_value("backup_url", |value| format!("{value} is too short")));
    }
    Ok(url.to_owned())
}

fn invalid(what: &str) -> ApiError {
    ApiError::Schema(format!("Invalid input received: {what}"))
}

fn decoded(url: &str) -> Result<BackupRecord, ApiError> {
    let bytes = STANDARD.decode(url).map_err(|_| invalid("Can't decode backup record."))?;
    let record: Value =
        serde_json::from_slice(&bytes).map_err(|_| invalid("Can't parse backup record."))?;
    let record = record.as_object().ok_or_else(|| invalid("Can't parse backup record."))?;
    if !record.contains_key("id") {
        return Err(invalid("Provided backup record is missing an id"));
    }
    if !record.contains_key("size") {
        return Err(invalid("Provided backup record is missing size attribute"));
    }
    let missing: Vec<&str> =
        NEEDED.iter().copied().filter(|name| !record.contains_key(*name)).collect();
    if !missing.is_empty() {
        return Err(ApiError::Schema(format!(
            "Invalid backup: Driver successfully decoded imported backup data, but there are \
             missing fields ({}).",
            missing.join(", ")
        )));
    }
    read_record(record)
        .map_err(|name| invalid(&format!("Provided backup record has an invalid {name} attribute")))
}

/// The record, or the name of what is wrong with it.
fn read_record(record: &Map<String, Value>) -> Result<BackupRecord, &'static str> {
    let member = Members(record);
    let size_gib = record.get("size").and_then(Value::as_i64).filter(|size| *size > 0);
    let driver_info = record.get("driver_info").and_then(Value::as_object);
    Ok(BackupRecord {
        id: member.id("id", BackupId::parse)?.ok_or("id")?,
        disk: member.id("volume_id", DiskId::parse)?.ok_or("volume_id")?,
        name: member.text("display_name", 255)?,
        description: member.text("display_description", 255)?,
        container: member.text("container", 255)?,
        size_gib: size_gib.ok_or("size")?,
        base: member.id("parent_id", BackupId::parse)?,
        snapshot: member.id("snapshot_id", SnapshotId::parse)?,
        native: driver_info.and_then(|info| info.get("native")) == Some(&Value::Bool(true)),
        zone: member.text("availability_zone", 255)?,
        metadata: member.metadata()?,
        data_at: member.time("data_timestamp")?,
        created_at: member.time("created_at")?,
    })
}

/// The members of a record. One that is `null` is like none.
struct Members<'a>(&'a Map<String, Value>);

impl Members<'_> {
    fn text(&self, name: &'static str, longest: usize) -> Result<Option<String>, &'static str> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() <= longest && !text.contains('\0') => {
                Ok(Some(text.clone()))
            }
            Some(
                Value::String(_)
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_),
            ) => Err(name),
        }
    }

    fn id<I>(
        &self,
        name: &'static str,
        parse: fn(&str) -> Option<I>,
    ) -> Result<Option<I>, &'static str> {
        self.text(name, 36)?.map(|text| parse(&text).ok_or(name)).transpose()
    }

    fn time(&self, name: &'static str) -> Result<Option<Time>, &'static str> {
        self.text(name, 64)?.map(|text| read(&text).ok_or(name)).transpose()
    }

    fn metadata(&self) -> Result<BTreeMap<String, String>, &'static str> {
        let name = "metadata";
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(BTreeMap::new()),
            Some(value) => {
                let members = value.as_object().ok_or(name)?;
                let text = |value: &Value| value.as_str().map(str::to_owned).ok_or(name);
                members.iter().map(|(key, value)| Ok((key.clone(), text(value)?))).collect()
            }
        }
    }
}
