//! `os-vendor-backup-sharing`: backups that other projects may make disks from (OTC Volume Backup
//! Service, "Sharing a Backup" and the pages after it).

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::cloudbackups::{ABSENT, FORMAT, VOLUME_STATUS, body, native};
use super::members::Members;
use crate::domain::access::{Action, Caller};
use crate::domain::backup::{BackupText, ShareFilter, ShareQuery, ShareSort, SharedBackup};
use crate::domain::ids::{BackupShareId, ProjectId};
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::backups::Unshare;
use crate::service::{Resource, ServiceError};

const SORT_WORDS: SortWords<ShareSort> = &[
    ("created_at", ShareSort::CreatedAt),
    ("id", ShareSort::Id),
    ("name", ShareSort::Name),
    ("status", ShareSort::Status),
    ("size", ShareSort::Size),
];

/// Query parameters that say what a text of the backup is. The zone is spelled wrongly where it is
/// documented.
const TEXTS: &[(&str, BackupText)] = &[
    ("volume_id", BackupText::Disk),
    ("status", BackupText::Status),
    ("backup_id", BackupText::Id),
    ("avalilability_zone", BackupText::Zone),
    ("availability_zone", BackupText::Zone),
];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::ShareBackup)?;
    let (id, with) = new_shares(&body(&call)?)?;
    let shares = call
        .write(move |app| async move { app.share_backup(&caller, &id, with).await })
        .await
        .map_err(|error| native(error, ABSENT, VOLUME_STATUS))?;
    let shares: Vec<Value> = shares.iter().map(new_view).collect();
    Ok(HttpResponse::Ok().json(json!({"shared": shares})))
}

pub(in crate::http) fn new_shares(body: &Value) -> Result<(String, Vec<ProjectId>), NativeFault> {
    let top = Members::of(body, FORMAT)?;
    let shared = Members::of(top.get("shared").ok_or(FORMAT)?, FORMAT)?;
    let backup = shared.filled("backup_id").map_err(|_| FORMAT)?.ok_or(FORMAT)?;
    let mut projects: Vec<ProjectId> = Vec::new();
    for id in shared.list("to_project_ids").map_err(|_| FORMAT)? {
        let id = id.as_str().filter(|id| ProjectId::is_well_formed(id)).ok_or(FORMAT)?;
        if projects.iter().all(|project| project.as_str() != id) {
            projects.push(ProjectId::new(id));
        }
    }
    if projects.is_empty() { Err(FORMAT) } else { Ok((backup.to_owned(), projects)) }
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListBackupShares)?;
    let default = (ShareSort::CreatedAt, Direction::Descending);
    let unknown = |id| ApiError::from(ServiceError::NotFound(Resource::BackupShare, id));
    let page = paging(&call, SORT_WORDS, default, BackupShareId::parse, unknown)?;
    let query = ShareQuery { filter: filter(&call, &caller)?, page };
    let shares: Vec<Value> = call.app().backup_shares(&query).await?.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"shared": shares})))
}

pub(in crate::http) async fn count(call: Call) -> Answer {
    let caller = call.may(Action::ListBackupShares)?;
    let count = call.app().count_backup_shares(&filter(&call, &caller)?).await?;
    Ok(HttpResponse::Ok().json(json!({"count": count})))
}

/// What the caller's project shares, or what is shared with it.
fn filter(call: &Call, caller: &Caller) -> Result<ShareFilter, ApiError> {
    let own = Some(caller.project.clone());
    let other = |name| call.filter(name).map(ProjectId::new);
    let (from, to) = if call.flag("share_to_me")? {
        (other("from_project_id"), own)
    } else {
        (own, other("to_project_id"))
    };
    let is = TEXTS.iter().filter_map(|(name, text)| Some((*text, call.filter(name)?))).collect();
    Ok(ShareFilter { from, to, name: call.filter("name"), is })
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowBackupShare)?;
    let shared = call.app().backup_share(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"shared": view(&shared)})))
}

/// One share by its id, or all of a backup by that one's.
pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::UnshareBackup)?;
    let id = call.part("id").to_owned();
    let what = if call.flag("is_backup_id")? { Unshare::Backup(id) } else { Unshare::Share(id) };
    end(&call, caller, what).await
}

/// All of a backup; the documents show this call without the id that it must need, so the query names it.
pub(in crate::http) async fn delete_all(call: Call) -> Answer {
    let caller = call.may(Action::UnshareBackup)?;
    let id = call.filter("backup_id").ok_or(FORMAT)?;
    end(&call, caller, Unshare::Backup(id)).await
}

async fn end(call: &Call, caller: Caller, what: Unshare) -> Answer {
    call.write(move |app| async move { app.unshare_backup(&caller, what).await })
        .await
        .map_err(|error| native(error, ABSENT, VOLUME_STATUS))?;
    Ok(HttpResponse::Ok().finish())
}

fn members(shared: &SharedBackup) -> Map<String, Value> {
    let SharedBackup { share, backup } = shared;
    Map::from_iter([
        ("id".to_owned(), share.id.to_string().into()),
        ("backup_id".to_owned(), share.backup.to_string().into()),
        ("from_project_id".to_owned(), backup.project.as_str().into()),
        ("to_project_id".to_owned(), share.project.as_str().into()),
        ("created_at".to_owned(), zoneless(share.created_at).into()),
        // Nothing of a share ever changes.
        ("updated_at".to_owned(), Value::Null),
    ])
}

fn new_view(shared: &SharedBackup) -> Value {
    let mut view = members(shared);
    view.insert("deleted".to_owned(), Value::Null);
    view.insert("deleted_at".to_owned(), Value::Null);
    Value::Object(view)
}

fn view(shared: &SharedBackup) -> Value {
    let (mut view, backup) = (members(shared), &shared.backup);
    let of = json!({
        "id": backup.id.to_string(),
        "name": backup.name,
        "description": backup.description,
        "status": backup.status.as_str(),
        "size": backup.size_gib,
        "object_count": backup.objects(),
        "volume_id": backup.disk.to_string(),
        "snapshot_id": backup.snapshot.map(|id| id.to_string()),
        "availability_zone": backup.zone,
        "container": backup.container,
        "fail_reason": backup.fail_reason,
        "is_incremental": backup.incremental,
        "has_dependent_backups": backup.has_dependents,
        "service_metadata": null,
        "created_at": zoneless(backup.created_at),
        "updated_at": backup.updated_at.map(zoneless),
        "data_timestamp": zoneless(backup.data_time()),
    });
    view.insert("backup".to_owned(), of);
    Value::Object(view)
}
