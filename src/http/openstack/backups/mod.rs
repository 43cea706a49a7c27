//! `backups`: made, listed, shown, changed, restored, removed, and taken out and in as records.

pub(in crate::http) mod bodies;
mod lists;
mod records;
mod view;

use actix_web::HttpResponse;
use serde_json::json;

use super::{one_action, only_reset};
use crate::domain::access::Action;
use crate::domain::backup::BackupStatus;
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::backups::BackupDeletion;

pub(in crate::http) use lists::{list, list_detail};
pub(in crate::http) use records::{export, import, record_of};

/// From here on backups can be changed.
const CHANGED: Microversion = Microversion(3, 9);
/// From here on backups have metadata.
const METADATA: Microversion = Microversion(3, 43);

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateBackup)?;
    let new = bodies::new_backup(&call.json()?, call.version())?;
    let backup =
        call.write(move |app| async move { app.create_backup(&caller, new).await }).await?;
    Ok(HttpResponse::Accepted().json(json!({"backup": view::summary(&call, &backup)})))
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowBackup)?;
    let backup = call.app().backup(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"backup": view::detail(&call, &caller, &backup)})))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateBackup)?;
    if call.version() < CHANGED {
        return Err(ApiError::NoRoute);
    }
    let change = bodies::change(&call.json()?, call.version())?;
    let id = call.part("id").to_owned();
    let backup =
        call.write(move |app| async move { app.update_backup(&caller, &id, change).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"backup": view::summary(&call, &backup)})))
}

pub(in crate::http) async fn restore(call: Call) -> Answer {
    let caller = call.may(Action::RestoreBackup)?;
    let into = bodies::restore(&call.json()?)?;
    let id = call.part("id").to_owned();
    let disk =
        call.write(move |app| async move { app.restore_backup(&caller, &id, into).await }).await?;
    Ok(HttpResponse::Accepted().json(json!({"restore": {
        "backup_id": call.part("id"),
        "volume_id": disk.id.to_string(),
        "volume_name": disk.name,
    }})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteBackup)?;
    let (id, how) = (call.part("id").to_owned(), BackupDeletion::Plain);
    call.write(move |app| async move { app.delete_backup(&caller, &id, how).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let id = call.part("id").to_owned();
    if one_action(&body)?.0 == "os-force_delete" {
        let (caller, how) = (call.may(Action::ForceDeleteBackup)?, BackupDeletion::Forced);
        call.write(move |app| async move { app.delete_backup(&caller, &id, how).await }).await?;
    } else {
        let reset = only_reset(&body)?;
        let caller = call.may(Action::ResetBackupStatus)?;
        let status = reset_to(&reset)?;
        call.write(move |app| async move { app.reset_backup_status(&caller, &id, status).await })
            .await?;
    }
    Ok(HttpResponse::Accepted().finish())
}

/// What a backup is reset to, in any letter case. What is under way is not for anybody to say (Cinder, as
/// the sentence).
fn reset_to(reset: &Fields<'_>) -> Result<BackupStatus, ApiError> {
    let word = reset.required_text("status")?;
    match BackupStatus::parse(&word.to_lowercase()) {
        Some(status @ (BackupStatus::Available | BackupStatus::Error)) => Ok(status),
        Some(
            BackupStatus::Creating
            | BackupStatus::Restoring
            | BackupStatus::Deleting
            | BackupStatus::ErrorRestoring
            | BackupStatus::ErrorDeleting,
        )
        | None => Err(ApiError::Schema(format!(
            "Backup status: {word} is invalid, valid statuses are: ['available', 'error']."
        ))),
    }
}
