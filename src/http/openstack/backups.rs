//! `backups`, as far as they forbid to hand a disk over.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{not_found, only_reset, page, wanted_status};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::backup::{Backup, BackupQuery, BackupSort, BackupStatus};
use crate::domain::disk::DiskEvent;
use crate::domain::ids::{BackupId, DiskId, SnapshotId};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::Resource;
use crate::service::backups::{BackupOf, Extent, NewBackup};

const SORT_WORDS: SortWords<BackupSort> = &[
    ("created_at", BackupSort::CreatedAt),
    ("id", BackupSort::Id),
    ("name", BackupSort::Name),
    ("display_name", BackupSort::Name),
];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateBackup)?;
    let new = new_backup(&call.json()?)?;
    let backup =
        call.write(move |app| async move { app.create_backup(&caller, new).await }).await?;
    Ok(HttpResponse::Accepted().json(json!({"backup": summary(&call, &backup)})))
}

fn new_backup(body: &Value) -> Result<NewBackup, ApiError> {
    let backup = Fields::only(body, "backup")?;
    let disk = backup.required_id("volume_id", DiskId::parse)?;
    let of = match backup.get("snapshot_id") {
        None | Some(Value::Null) => {
            let forced = backup.boolean("force")?;
            BackupOf::Disk(if forced { DiskEvent::ForceBackup } else { DiskEvent::Backup })
        }
        Some(_) => BackupOf::Snapshot(backup.required_id("snapshot_id", SnapshotId::parse)?),
    };
    let incremental = backup.boolean("incremental")?;
    Ok(NewBackup {
        disk,
        of,
        name: backup.label("name")?,
        description: backup.label("description")?,
        container: backup.label("container")?,
        extent: if incremental { Extent::Incremental } else { Extent::Full },
        metadata: BTreeMap::new(),
        zone: None,
        policy: None,
    })
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowBackup)?;
    let backup = call.app().backup(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"backup": detail(&call, &caller, &backup)})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteBackup)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_backup(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let reset = only_reset(&body)?;
    let caller = call.may(Action::ResetBackupStatus)?;
    let status = wanted_status(&reset, BackupStatus::parse, |_| true)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reset_backup_status(&caller, &id, status).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |call, _, backup| summary(call, backup)).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Caller, &Backup) -> Value) -> Answer {
    let caller = call.may(Action::ListBackups)?;
    let query = BackupQuery {
        project: None,
        disk: call.filter("volume_id"),
        name: call.filter("name"),
        status: call.filter("status"),
        page: paging(
            call,
            SORT_WORDS,
            (BackupSort::CreatedAt, Direction::Descending),
            BackupId::parse,
            |id| not_found(Resource::Backup, id),
        )?,
    };
    let limit = query.page.limit;
    let backups = call.app().backups(&caller, call.everywhere()?, query).await?;
    let id = |backup: &Backup| backup.id.to_string();
    let body = page(call, "backups", limit, &backups, id, |backup| view(call, &caller, backup));
    Ok(HttpResponse::Ok().json(body))
}

fn summary(call: &Call, backup: &Backup) -> Value {
    let id = backup.id.to_string();
    json!({"id": id, "name": backup.name, "links": call.links("backups", &id)})
}

/// From 3.18 and 3.56 on, admins are told whose a backup is.
fn detail(call: &Call, caller: &Caller, backup: &Backup) -> Value {
    let id = backup.id.to_string();
    let mut view = json!({
        "id": id,
        "status": backup.status.as_str(),
        "size": backup.size_gib,
        "object_count": 0,
        "availability_zone": backup.zone,
        "container": backup.container,
        "created_at": zoneless(backup.created_at),
        "updated_at": backup.updated_at.map(zoneless),
        "name": backup.name,
        "description": backup.description,
        "fail_reason": null,
        "volume_id": backup.disk.to_string(),
        "links": call.links("backups", &id),
        "is_incremental": backup.incremental,
        "has_dependent_backups": false,
        "snapshot_id": null,
        "data_timestamp": zoneless(backup.created_at),
    });
    if let Some(members) = view.as_object_mut().filter(|_| caller.role == Role::Admin) {
        let mut since = |version: Microversion, name: &str, value: &str| {
            if call.version() >= version {
                members.insert(name.to_owned(), value.into());
            }
        };
        since(Microversion(3, 18), "os-backup-project-attr:project_id", backup.project.as_str());
        since(Microversion(3, 56), "user_id", backup.user.as_str());
    }
    view
}
