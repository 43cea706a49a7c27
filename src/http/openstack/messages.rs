//! `messages` (Cinder, from 3.3 on).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{not_found, page};
use crate::domain::access::{Action, Caller};
use crate::domain::ids::MessageId;
use crate::domain::message::{Message, MessageQuery, MessageSort};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::domain::progress::{Operation, ThingKind};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::Resource;

/// Before that there are no messages.
const SINCE: Microversion = Microversion(3, 3);

/// How bad everything is that a message tells of: there are no others here.
const LEVEL: &str = "ERROR";

const SORT_WORDS: SortWords<MessageSort> = &[
    ("created_at", MessageSort::CreatedAt),
    ("id", MessageSort::Id),
    ("event_id", MessageSort::Operation),
    ("resource_uuid", MessageSort::Thing),
    ("resource_type", MessageSort::Kind),
    ("request_id", MessageSort::Request),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = may(&call, Action::ListMessages)?;
    let query = query(&call)?;
    let limit = query.page.limit;
    let other = call.query("message_level").is_some_and(|word| word != LEVEL);
    let messages = if other || is_about_nothing(&call, &query) {
        Vec::new()
    } else {
        call.app().messages(&caller, call.everywhere()?, query).await?
    };
    let id = |message: &Message| message.id.to_string();
    let body = page(&call, "messages", limit, &messages, id, |message| view(&call, message));
    Ok(HttpResponse::Ok().json(body))
}

/// Whether the kind of thing that is asked for is none, or another than that of the event.
fn is_about_nothing(call: &Call, query: &MessageQuery) -> bool {
    call.query("resource_type").is_some_and(|word| kind(word).is_none() || kind(word) != query.kind)
}

fn query(call: &Call) -> Result<MessageQuery, ApiError> {
    let event = call.query("event_id").map(event_of);
    let asked = call.query("resource_type").and_then(kind);
    Ok(MessageQuery {
        project: None,
        thing: call.filter("resource_uuid"),
        kind: event.flatten().map(|(kind, _)| kind).or(asked),
        request: call.filter("request_id"),
        operation: event.map(|event| event.map_or("", |(_, of)| of.as_str()).to_owned()),
        page: paging(
            call,
            SORT_WORDS,
            (MessageSort::CreatedAt, Direction::Descending),
            MessageId::parse,
            |id| not_found(Resource::Message, id),
        )?,
    })
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = may(&call, Action::ShowMessage)?;
    let message = call.app().message(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"message": view(&call, &message)})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = may(&call, Action::DeleteMessage)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_message(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn may(call: &Call, action: Action) -> Result<Caller, ApiError> {
    if call.version() < SINCE {
        return Err(ApiError::NoRoute);
    }
    call.may(action)
}

fn view(call: &Call, message: &Message) -> Value {
    let id = message.id.to_string();
    json!({
        "id": id,
        "event_id": event_id(message.thing.kind(), message.operation),
        "user_message": format!(
            "{}:An unknown error occurred.",
            action(message.operation).1
        ),
        "message_level": LEVEL,
        "created_at": zoneless(message.created_at),
        "guaranteed_until": zoneless(message.guaranteed_until),
        "request_id": message.request.as_str(),
        "links": call.links("messages", &id),
        "resource_type": resource(message.thing.kind()),
        "resource_uuid": message.thing.id(),
    })
}

/// Resource, action and detail; detail 1 is "An unknown error occurred.".
fn event_id(kind: ThingKind, operation: Operation) -> String {
    format!("VOLUME_{}_{}_001", resource(kind), action(operation).0)
}

/// What an event's id tells of.
fn event_of(id: &str) -> Option<(ThingKind, Operation)> {
    let all = ThingKind::ALL.iter().flat_map(|kind| Operation::ALL.iter().map(|of| (*kind, *of)));
    all.into_iter().find(|(kind, operation)| event_id(*kind, *operation) == id)
}

/// What a message is about, in Cinder's word.
fn resource(kind: ThingKind) -> &'static str {
    match kind {
        ThingKind::Disk => "VOLUME",
        ThingKind::Snapshot => "VOLUME_SNAPSHOT",
        ThingKind::Backup => "VOLUME_BACKUP",
    }
}

fn kind(resource_type: &str) -> Option<ThingKind> {
    ThingKind::ALL.iter().copied().find(|kind| resource(*kind) == resource_type)
}

/// Cinder's numbers and words for what failed; those from 901 on have none there.
fn action(operation: Operation) -> (&'static str, &'static str) {
    match operation {
        Operation::Create => ("008", "create volume from backend storage"),
        Operation::Download => ("005", "copy image to volume"),
        Operation::Restore => ("015", "restore backup"),
        Operation::Extend => ("007", "extend volume"),
        Operation::Upload => ("003", "copy volume to image"),
        Operation::Retype => ("901", "retype volume"),
        Operation::Revert => ("902", "revert volume"),
        Operation::Delete => ("903", "delete volume"),
        Operation::Rollback => ("904", "roll back volume"),
        Operation::Backup => ("013", "create backup"),
        Operation::Snapshot => ("009", "create snapshot"),
        Operation::DeleteSnapshot => ("010", "delete snapshot"),
        Operation::DeleteBackup => ("014", "delete backup"),
    }
}
