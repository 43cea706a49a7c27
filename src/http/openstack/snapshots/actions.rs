//! What is done to a snapshot by `POST /snapshots/{id}/action`: administrators set its status or remove it,
//! and members may say what has become of it (Cinder's own rule; its drivers act for them).

use actix_web::HttpResponse;

use super::super::{one_action, only_reset, wanted_status};
use crate::domain::access::Action;
use crate::domain::snapshot::SnapshotStatus;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::snapshots::SnapshotDeletion;

/// The statuses that a snapshot is reset to (Cinder).
const RESETS: &[SnapshotStatus] = &[
    SnapshotStatus::Available,
    SnapshotStatus::Error,
    SnapshotStatus::Creating,
    SnapshotStatus::Deleting,
    SnapshotStatus::ErrorDeleting,
];

/// Exactly one action stands in the body.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let (name, top) = one_action(&body)?;
    match name {
        "os-force_delete" => force_delete(call).await,
        "os-update_snapshot_status" => tell_status(call, &top.required_object(name)?).await,
        _ => reset_status(call, &only_reset(&body)?).await,
    }
}

async fn reset_status(call: Call, reset: &Fields<'_>) -> Answer {
    let caller = call.may(Action::ResetSnapshotStatus)?;
    let status = wanted_status(reset, SnapshotStatus::parse, |status| RESETS.contains(status))?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.reset_snapshot_status(&caller, &id, status).await })
        .await?;
    Ok(HttpResponse::Accepted().finish())
}

async fn force_delete(call: Call) -> Answer {
    let caller = call.may(Action::ForceDeleteSnapshot)?;
    let (id, how) = (call.part("id").to_owned(), SnapshotDeletion::Force);
    call.write(move |app| async move { app.delete_snapshot(&caller, &id, how).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// What those who take a snapshot tell of it.
async fn tell_status(call: Call, told: &Fields<'_>) -> Answer {
    let caller = call.may(Action::TellSnapshotStatus)?;
    let status = wanted_status(told, SnapshotStatus::parse, |status| RESETS.contains(status))?;
    let progress = told.text("progress")?.map(percent).transpose()?;
    told.no_others(&["status", "progress"])?;
    let id = call.part("id").to_owned();
    call.write(
        move |app| async move { app.tell_snapshot_status(&caller, &id, status, progress).await },
    )
    .await?;
    Ok(HttpResponse::Accepted().finish())
}

/// `73%`.
fn percent(text: &str) -> Result<i64, ApiError> {
    let wrong = || {
        let sentence = "Invalid input received: progress must be an integer percentage";
        ApiError::Query(sentence.to_owned())
    };
    let digits = text.strip_suffix('%').ok_or_else(wrong)?;
    let percent = digits.parse().map_err(|_| wrong())?;
    if (0..=100).contains(&percent) { Ok(percent) } else { Err(wrong()) }
}
