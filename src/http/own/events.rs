//! `/_evs/events`: what happened, as a list and as a stream.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use serde_json::{Value, json};

use super::call::OwnCall;
use super::event_stream::EventStream;
use super::event_types::{actions_called, event_type};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::clock::Time;
use crate::domain::event::{EventFilter, Recorded, Words};
use crate::domain::ids::ProjectId;
use crate::domain::page::LARGEST_PAGE;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::time;
use crate::service::events::{EventPage, EventSearch, Place};
use crate::service::webhooks::Message;

/// What events can be narrowed by, in a list and in a stream.
pub(in crate::http) const NARROWED_BY: [&str; 12] = [
    "after",
    "epoch",
    "limit",
    "action",
    "event_type",
    "project_id",
    "disk_id",
    "resource_id",
    "request_id",
    "user_id",
    "since",
    "until",
];

/// How long a list waits for the first of them.
const WAIT: &str = "wait_s";

/// The media type of a stream.
pub(in crate::http) const STREAM: &str = "text/event-stream";

/// How many events a stream reads at a time.
const CHUNK: u32 = 100;

/// The longest wait for an event that is not there yet.
const LONGEST_WAIT_S: i64 = 60;

/// Lists events, or streams them to whoever accepts nothing else.
pub(in crate::http) async fn list(call: OwnCall) -> Answer {
    let accepted = call.request().headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains(STREAM)) {
        return stream(call).await;
    }
    let caller = call.may(Action::ListEvents)?;
    let (search, place) = wanted(&call, &caller).await?;
    let wait = number(&call, WAIT, 0..=LONGEST_WAIT_S)?.unwrap_or(0);
    let wait = Duration::from_secs(wait.unsigned_abs());
    let page = call.app().next_events(&search, place, wait).await?;
    Ok(HttpResponse::Ok().json(page_view(&page)))
}

/// Streams events as they come.
pub(in crate::http) async fn stream(call: OwnCall) -> Answer {
    let caller = call.may(Action::ListEvents)?;
    let (search, mut place) = wanted(&call, &caller).await?;
    // Whoever comes back says so in a header, and still has in the query where it began.
    if let Some(last) = call.header("last-event-id").filter(|last| !last.is_empty()) {
        place.after = whole(last).ok_or_else(|| wrong("Last-Event-ID", last, "a number"))?;
    }
    let search = EventSearch { limit: CHUNK, ..search };
    let follower = call.app().follow(search, place, call.expires_at());
    Ok(HttpResponse::Ok()
        .content_type(STREAM)
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(EventStream::of(follower, call.api().heartbeat)))
}

async fn wanted(call: &OwnCall, caller: &Caller) -> Result<(EventSearch, Place), ApiError> {
    for (name, _) in call.query_pairs() {
        if name != WAIT && !NARROWED_BY.contains(&name) {
            let known = NARROWED_BY.join(", ") + ", " + WAIT;
            return Err(ApiError::Query(format!("'{name}' is none of the parameters: {known}.")));
        }
    }
    let limit = number(call, "limit", 1..=i64::from(LARGEST_PAGE))?;
    let limit = limit.and_then(|limit| u32::try_from(limit).ok()).unwrap_or(LARGEST_PAGE);
    let names = words(call, "event_type")?;
    let asked = call.filter("project_id");
    let own = (caller.role != Role::Admin).then(|| caller.project.clone());
    let filter = EventFilter {
        project: own.clone().or_else(|| asked.clone().map(ProjectId::new)),
        action: words(call, "action")?,
        among: names.as_ref().map(actions_called),
        disk: call.filter("disk_id"),
        resource: call.filter("resource_id"),
        request: call.filter("request_id"),
        user: call.filter("user_id"),
        since: moment(call, "since")?,
        until: moment(call, "until")?,
    };
    // Of another project nothing is there, as of one that is none.
    let theirs = asked.is_some_and(|asked| own.is_some_and(|own| own.as_str() != asked));
    let fits = move |event: &Recorded| {
        !theirs && names.as_ref().is_none_or(|names| names.contain(&event_type(event)))
    };
    let place = Place { after: after(call).await?, epoch: number(call, "epoch", 1..=i64::MAX)? };
    Ok((EventSearch { filter, fits: Arc::new(fits), limit }, place))
}

/// Where to begin: at the beginning unless somebody says otherwise.
async fn after(call: &OwnCall) -> Result<i64, ApiError> {
    match call.query("after") {
        Some("latest") => Ok(call.app().event_line().await?.latest),
        Some(text) => {
            whole(text).ok_or_else(|| wrong("after", text, "a number from 0 on or 'latest'"))
        }
        None => Ok(0),
    }
}

fn number(
    call: &OwnCall,
    name: &str,
    bounds: RangeInclusive<i64>,
) -> Result<Option<i64>, ApiError> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let found = whole(text).filter(|number| bounds.contains(number));
    let rule = || match (*bounds.start(), *bounds.end()) {
        (least, i64::MAX) => format!("a number from {least} on"),
        (least, most) => format!("a number from {least} to {most}"),
    };
    found.map(Some).ok_or_else(|| wrong(name, text, &rule()))
}

/// A number from 0 on, in digits alone.
fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

fn words(call: &OwnCall, name: &str) -> Result<Option<Words>, ApiError> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let found = Words::parse(text);
    found.map(Some).ok_or_else(|| wrong(name, text, "a word such as transfer.create or transfer.*"))
}

fn moment(call: &OwnCall, name: &str) -> Result<Option<Time>, ApiError> {
    let Some(text) = call.query(name) else { return Ok(None) };
    let found = time::read(text);
    found.map(Some).ok_or_else(|| wrong(name, text, "a moment such as 2026-12-01T00:00:00Z"))
}

fn wrong(name: &str, value: &str, rule: &str) -> ApiError {
    ApiError::Query(format!("Invalid input for query parameter {name}: '{value}' is not {rule}."))
}

fn page_view(page: &EventPage) -> Value {
    json!({
        "events": page.events.iter().map(event_view).collect::<Vec<_>>(),
        "next": page.next,
        "latest": page.line.latest,
        "epoch": page.line.epoch,
    })
}

/// An event, wherever it is told.
pub(super) fn event_view(event: &Recorded) -> Value {
    view(event, &event_type(event))
}

fn view(event: &Recorded, called: &str) -> Value {
    let state = |state: &Option<String>| -> Value {
        state.as_deref().and_then(|state| serde_json::from_str(state).ok()).unwrap_or_default()
    };
    json!({
        "seq": event.seq,
        "at": time::with_zone(event.at),
        "event_type": called,
        "action": event.action,
        "request_id": event.request.as_str(),
        "user_id": event.user.as_str(),
        "project_id": event.project.as_str(),
        "resource_id": event.resource,
        "disk_id": event.disk,
        "before": state(&event.before),
        "after": state(&event.after),
        "reason": event.reason,
    })
}

/// What a webhook is told of an event: what a list has of it.
pub fn message(event: &Recorded) -> Message {
    let called = event_type(event);
    Message { body: view(event, &called).to_string(), called }
}
