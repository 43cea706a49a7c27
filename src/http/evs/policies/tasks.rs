//! Tasks of backup policies (VBS "Querying Backup Jobs Triggered by a Backup Policy").

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::faults;
use crate::domain::access::Action;
use crate::domain::ids::JobId;
use crate::domain::page::Direction;
use crate::domain::policy::{Task, TaskSort, TaskStatus};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::page::{SortWords, paging};
use crate::http::time::millis;

/// How many tasks a page has if nobody says so.
const PAGE: u32 = 20;

const SORT: SortWords<TaskSort> = &[("created_at", TaskSort::CreatedAt)];

/// What VBS calls how a task stands.
fn word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Waiting => "WAITING",
        TaskStatus::Running => "RUNNING",
        TaskStatus::Success => "EXECUTE_SUCCESS",
        TaskStatus::Fail => "EXECUTE_FAIL",
        TaskStatus::Timeout => "EXECUTE_TIMEOUT",
        TaskStatus::Skip => "SKIP",
    }
}

/// Runs a policy at once; whatever the body says, there is no other action.
pub(in crate::http) async fn run(call: Call) -> Answer {
    let caller = call.may(Action::RunPolicy)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.run_policy_now(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicyTasks)?;
    let newest = (TaskSort::CreatedAt, Direction::Descending);
    let any = |text: &str| Some(JobId::new(text));
    let mut page = paging(&call, SORT, newest, any, |_| ApiError::NoRoute)?;
    if matches!(call.query("limit"), None | Some("" | "0")) {
        page.limit = PAGE;
    }
    let filter = (call.filter("job_id").map(JobId::new), status(&call)?);
    let found = call.app().policy_tasks(&caller, call.part("id"), filter, page).await;
    let (tasks, count) = found.map_err(faults::queried)?;
    let tasks: Vec<Value> = tasks.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"count": count, "tasks": tasks})))
}

fn status(call: &Call) -> Result<Option<TaskStatus>, ApiError> {
    let Some(text) = call.query("status").filter(|text| !text.is_empty()) else { return Ok(None) };
    let status = TaskStatus::ALL.iter().find(|status| word(**status) == text);
    status.copied().map(Some).ok_or_else(|| {
        let words: Vec<&str> = TaskStatus::ALL.iter().map(|status| word(*status)).collect();
        ApiError::Query(format!("status must be one of {}", words.join(", ")))
    })
}

/// Why there is no backup stands in `code` and `message`, which other tasks do not have.
fn view(task: &Task) -> Value {
    let mut view = json!({
        "job_id": task.id.as_str(),
        "status": word(task.status),
        "created_at": millis(task.created_at),
        "finished_at": task.finished_at.map(millis),
        "backup_name": task.backup.as_ref().map(|(_, name)| name),
        "resource_id": task.disk.to_string(),
        "resource_type": "volume",
        "vbs_job_id": null,
    });
    if let (Some((code, message)), Some(members)) = (&task.failure, view.as_object_mut()) {
        members.insert("code".to_owned(), code.as_str().into());
        members.insert("message".to_owned(), message.as_str().into());
    }
    view
}
