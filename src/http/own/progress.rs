//! `/_evs/progress`: a step of what takes time.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::call::OwnCall;
use crate::domain::access::Action;
use crate::domain::ids::DiskId;
use crate::domain::progress::Outcome;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::service::progress::{Due, Finished, Subject, Thing};

/// Ends what takes time and is due, or whatever is under way on one disk; what is answered says what
/// came of it. With `outcome` it ends so, whatever was to come of it.
pub(in crate::http) async fn step(call: OwnCall) -> Answer {
    call.may(Action::StepProgress)?;
    let due = due(&call)?;
    let finished = call.write(move |app| async move { app.step(due).await }).await?;
    let finished: Vec<Value> = finished.iter().map(finished_view).collect();
    Ok(HttpResponse::Ok().json(json!({"finished": finished})))
}

fn due(call: &OwnCall) -> Result<Due, ApiError> {
    let until = Some(call.app().now());
    if !call.has_body() {
        return Ok(Due { until, ..Due::default() });
    }
    let body = call.any_json()?;
    let wanted = Fields::top(&body)?;
    wanted.no_others(&["disk_id", "outcome"])?;
    let disk = match wanted.get("disk_id") {
        None => None,
        Some(_) => Some(wanted.required_id("disk_id", DiskId::parse)?),
    };
    let outcome = match wanted.text("outcome")? {
        None => None,
        Some(word) => Some(Outcome::parse(word).ok_or_else(|| {
            wanted
                .wrong_value("outcome", |value| format!("{value} is not one of ['done', 'failed']"))
        })?),
    };
    Ok(Due { until: until.filter(|_| disk.is_none()), disk, outcome, ..Due::default() })
}

/// Something that is over.
pub(super) fn finished_view(finished: &Finished) -> Value {
    let mut view = json!({
        "disk_id": finished.disk.map(|disk| disk.to_string()),
        "from": finished.from,
        "to": finished.to.unwrap_or("deleted"),
    });
    let part = match &finished.subject {
        Subject::Thing(Thing::Disk(_)) => None,
        Subject::Thing(Thing::Snapshot(id)) => Some(("snapshot_id", id.to_string())),
        Subject::Thing(Thing::Backup(id)) => Some(("backup_id", id.to_string())),
        Subject::Transfer(id) => Some(("transfer_id", id.to_string())),
        Subject::Policy(id) => Some(("policy_id", id.to_string())),
        Subject::Task(id) => Some(("task_id", id.to_string())),
    };
    if let (Some((key, id)), Some(members)) = (part, view.as_object_mut()) {
        members.insert(key.to_owned(), id.into());
    }
    view
}
