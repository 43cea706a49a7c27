//! `/_evs`: what the service says of itself.

use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::Api;
use super::auth::{ANYBODY, request_id, session, signed_body};
use super::call::{Answer, api, rest_of_body};
use super::error::ApiError;
use super::fields::{self, Fields};
use crate::config::AuthMode;
use crate::domain::access::{Action, Caller, Role};
use crate::domain::ids::{DiskId, ProjectId, UserId};
use crate::domain::progress::Outcome;
use crate::metrics::CONTENT_TYPE;
use crate::service::progress::{Due, Finished, Subject, Thing};

/// The process answers.
pub(super) async fn health() -> Answer {
    Ok(HttpResponse::Ok().json(json!({"status": "alive"})))
}

/// The database answers too.
pub(super) async fn ready(request: HttpRequest) -> Answer {
    api(&request)?.app.check_ready().await?;
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}

/// What runs here and where its data are.
pub(super) async fn info(request: HttpRequest) -> Answer {
    let api = api(&request)?;
    let store = api.app.store().info();
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "data_file": store.file.to_string_lossy(),
        "schema": store.schema,
        "sqlite_version": store.library,
        "durable": store.durable,
    })))
}

/// Ends what takes time and is due, or whatever is under way on one disk; what is answered says what
/// came of it. With `outcome` it ends so, whatever was to come of it.
pub(super) async fn progress(request: HttpRequest, payload: Payload) -> Answer {
    let api = api(&request)?;
    let mut payload = payload.into_inner();
    let signed = signed_body(&request, &mut payload).await?;
    admin(&api, &request, signed.as_ref(), Action::StepProgress).await?;
    let body = rest_of_body(signed, &request, &mut payload).await?;
    let due = due(&body, &api)?;
    let app = api.app.clone();
    let finished = api.tasks.run(async move { app.step(due).await }).await??;
    let finished: Vec<Value> = finished.iter().map(finished_view).collect();
    Ok(HttpResponse::Ok().json(json!({"finished": finished})))
}

/// Who steers the simulator: an administrator, where there are tokens at all.
pub(super) async fn admin(
    api: &Api,
    request: &HttpRequest,
    signed: Option<&Bytes>,
    action: Action,
) -> Result<Caller, ApiError> {
    let (id, role) = (request_id(request), Role::Admin);
    if api.mode == AuthMode::Open {
        let (user, project) = (UserId::new(ANYBODY), ProjectId::new(""));
        return Ok(Caller { user, project, role, request: id });
    }
    let session = session(api, request, signed).await?;
    if !session.roles.contains(&Role::Admin) {
        return Err(ApiError::Forbidden(action));
    }
    let project = session.project().map_or(ProjectId::new(""), |project| project.id.clone());
    Ok(Caller { user: session.user.id, project, role, request: id })
}

fn due(body: &[u8], api: &Api) -> Result<Due, ApiError> {
    let until = Some(api.app.now());
    if body.is_empty() {
        return Ok(Due { until, ..Due::default() });
    }
    let body = fields::parse(body)?;
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
        Subject::Policy(id) => Some(("policy_id", id.to_string())),
        Subject::Task(id) => Some(("task_id", id.to_string())),
    };
    if let (Some((key, id)), Some(members)) = (part, view.as_object_mut()) {
        members.insert(key.to_owned(), id.into());
    }
    view
}

/// What was counted since the start.
pub(super) async fn metrics(request: HttpRequest) -> Answer {
    let text = api(&request)?.app.metrics().render();
    let text = text.map_err(|why| ApiError::Framework(why.to_string()))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// What there is to ask, for machines.
pub(super) async fn openapi() -> Answer {
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(super::openapi::text()))
}
