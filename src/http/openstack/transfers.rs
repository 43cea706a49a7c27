//! `os-volume-transfer`, and `volume-transfers`, which is the same but for one member of create
//! (reference: OTC `evs_04_2105` to `evs_04_2111`, Cinder's volume transfer API).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::{not_found, page};
use crate::domain::access::{Action, Caller};
use crate::domain::idempotency::{Answer as FirstAnswer, RetriedAction};
use crate::domain::ids::{DiskId, TransferId};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::domain::transfer::{AuthKey, Lifetime, Transfer, TransferQuery, TransferSort};
use crate::http::call::{Answer, Call, Link, Linker};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::idempotency::{answer, attempt, response};
use crate::http::page::{SortWords, paging};
use crate::http::time::{with_zone, zoneless};
use crate::service::Resource;
use crate::service::idempotency::Retriable;
use crate::service::transfers::{NewTransfer, Offered};

/// From here on `no_snapshots` is asked for and told.
const NO_SNAPSHOTS: Microversion = Microversion(3, 55);
/// From here on a transfer tells its history.
const HISTORY: Microversion = Microversion(3, 57);
/// From here on lists run backwards unless told otherwise.
const SORTED: Microversion = Microversion(3, 59);

/// The collection in every link, whichever name the request used (as Cinder does).
const COLLECTION: &str = "os-volume-transfer";

/// How long a new transfer lasts: our own.
const EXPIRES_IN: &str = "X-Evs-Transfer-Expires-In";

/// What that must be.
const LIFETIME_RULE: &str = "be whole seconds from 1 to 31536000, or 0 for never, and come once";

/// When a new transfer will end by itself: our own.
const EXPIRES_AT: &str = "X-Evs-Transfer-Expires-At";

const SORT_WORDS: SortWords<TransferSort> = &[
    ("created_at", TransferSort::CreatedAt),
    ("id", TransferSort::Id),
    ("name", TransferSort::Name),
    ("display_name", TransferSort::Name),
    ("volume_id", TransferSort::Disk),
];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateTransfer)?;
    let new = new_transfer(&call, false)?;
    offer(call, caller, new).await
}

/// Create under the name `volume-transfers`, which takes `no_snapshots` from 3.55 on.
pub(in crate::http) async fn create_v355(call: Call) -> Answer {
    let caller = call.may(Action::CreateTransfer)?;
    let new = new_transfer(&call, call.version() >= NO_SNAPSHOTS)?;
    offer(call, caller, new).await
}

async fn offer(call: Call, caller: Caller, new: NewTransfer) -> Answer {
    let attempt = attempt(&call, RetriedAction::CreateTransfer, call.header(EXPIRES_IN))?;
    let look = Look::of(&call);
    let request = Retriable::new(attempt, move |offered: &Offered| look.offered(offered));
    let answered = call
        .write(move |app| async move { app.create_transfer(&caller, new, request).await })
        .await?;
    Ok(response(answered))
}

fn new_transfer(call: &Call, with_no_snapshots: bool) -> Result<NewTransfer, ApiError> {
    let lifetime = || call.own_header(EXPIRES_IN, LIFETIME_RULE, Lifetime::parse);
    let new = transfer_of(&call.json()?, with_no_snapshots)?;
    Ok(NewTransfer { lifetime: lifetime()?, ..new })
}

/// The transfer that a body asks for; how long it lasts is said elsewhere.
pub(in crate::http) fn transfer_of(
    body: &Value,
    with_no_snapshots: bool,
) -> Result<NewTransfer, ApiError> {
    let transfer = Fields::only(body, "transfer")?;
    let disk = transfer.required_id("volume_id", DiskId::parse)?;
    let name = transfer.name("name")?;
    let no_snapshots = if with_no_snapshots {
        transfer.no_others(&["volume_id", "name", "no_snapshots"])?;
        transfer.boolean("no_snapshots")?
    } else {
        transfer.no_others(&["volume_id", "name"])?;
        false
    };
    Ok(NewTransfer { disk, name, no_snapshots, lifetime: None })
}

pub(in crate::http) async fn accept(call: Call) -> Answer {
    let caller = call.may(Action::AcceptTransfer)?;
    let key = presented_key(&call.json()?)?;
    let id = call.part("id").to_owned();
    let look = Look::of(&call);
    let attempt = attempt(&call, RetriedAction::AcceptTransfer, None)?;
    let request = Retriable::new(attempt, move |transfer: &Transfer| look.accepted(transfer));
    let answered = call
        .write(move |app| async move { app.accept_transfer(&caller, &id, key, request).await })
        .await?;
    Ok(response(answered))
}

/// A text, or a whole number that stands for its digits.
pub(in crate::http) fn presented_key(body: &Value) -> Result<AuthKey, ApiError> {
    let accept = Fields::only_secret(body, "accept")?;
    let key = match accept.required("auth_key")? {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            return Err(accept.wrong_type("auth_key", "'string', 'integer'"));
        }
    };
    accept.no_others(&["auth_key"])?;
    Ok(AuthKey::presented(key))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteTransfer)?;
    let id = call.part("id").to_owned();
    let attempt = attempt(&call, RetriedAction::DeleteTransfer, None)?;
    let request = Retriable::new(attempt, |_: &Transfer| nothing());
    let answered = call
        .write(move |app| async move { app.delete_transfer(&caller, &id, request).await })
        .await?;
    Ok(response(answered))
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowTransfer)?;
    let transfer = call.app().transfer(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"transfer": Look::of(&call).detail(&transfer)})))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, Look::summary).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, Look::detail).await
}

async fn list_as(call: &Call, view: for<'a> fn(&Look, &'a Transfer) -> View<'a>) -> Answer {
    let caller = call.may(Action::ListTransfers)?;
    let direction =
        if call.version() >= SORTED { Direction::Descending } else { Direction::Ascending };
    let query = TransferQuery {
        project: None,
        name: call.filter("name"),
        id: call.filter("id"),
        disk: call.filter("volume_id"),
        page: paging(
            call,
            SORT_WORDS,
            (TransferSort::CreatedAt, direction),
            TransferId::parse,
            |id| not_found(Resource::Transfer, id),
        )?,
    };
    let limit = query.page.limit;
    let transfers = call.app().transfers(&caller, call.everywhere()?, query).await?;
    let (id, look) = (|transfer: &Transfer| transfer.id.to_string(), Look::of(call));
    let body = page(call, "transfers", limit, &transfers, id, |transfer| view(&look, transfer));
    Ok(HttpResponse::Ok().json(body))
}

/// A transfer in an answer, as far as that tells of it.
#[derive(Debug, Serialize)]
struct View<'a> {
    id: String,
    name: Option<&'a str>,
    volume_id: String,
    links: [Link; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    no_snapshots: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_project_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_project_id: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_key: Option<&'a str>,
}

/// How transfers look in the answer to one call.
#[derive(Debug)]
struct Look {
    linker: Linker,
    version: Microversion,
}

impl Look {
    fn of(call: &Call) -> Self {
        Self { linker: call.linker(), version: call.version() }
    }

    fn summary<'a>(&self, transfer: &'a Transfer) -> View<'a> {
        let id = transfer.id.to_string();
        View {
            links: self.linker.pair(COLLECTION, &id),
            id,
            name: transfer.name.as_deref(),
            volume_id: transfer.disk.to_string(),
            created_at: None,
            no_snapshots: None,
            source_project_id: None,
            destination_project_id: None,
            accepted: None,
            auth_key: None,
        }
    }

    /// The members of 3.55 and 3.57 follow the version of the request, whatever its path.
    fn detail<'a>(&self, transfer: &'a Transfer) -> View<'a> {
        let has_history = self.version >= HISTORY;
        View {
            created_at: Some(zoneless(transfer.created_at)),
            no_snapshots: (self.version >= NO_SNAPSHOTS).then_some(transfer.no_snapshots),
            source_project_id: has_history.then(|| transfer.source_project.as_str()),
            // Only pending transfers are told of, so there is no destination yet.
            destination_project_id: has_history.then_some(Value::Null),
            accepted: has_history.then_some(false),
            ..self.summary(transfer)
        }
    }

    /// The one answer with the key. That the transfer will expire stands in a header: clients that check
    /// bodies strictly know no member for it.
    fn offered(&self, offered: &Offered) -> FirstAnswer {
        let view = View { auth_key: Some(offered.key.reveal()), ..self.detail(&offered.transfer) };
        let expiry = offered.transfer.expiry;
        let headers = expiry.map(|expiry| (EXPIRES_AT.to_owned(), with_zone(expiry.at)));
        let body = json!({"transfer": view});
        answer(StatusCode::ACCEPTED, headers.into_iter().collect(), Some(&body))
    }

    fn accepted(&self, transfer: &Transfer) -> FirstAnswer {
        let body = json!({"transfer": self.summary(transfer)});
        answer(StatusCode::ACCEPTED, Vec::new(), Some(&body))
    }
}

fn nothing() -> FirstAnswer {
    answer(StatusCode::ACCEPTED, Vec::new(), None)
}
