//! `os-volume-transfer`, and `volume-transfers`, which is the same but for one member of create
//! (reference: OTC `evs_04_2105` to `evs_04_2111`, Cinder's volume transfer API).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::{not_found, page};
use crate::domain::access::Action;
use crate::domain::ids::{DiskId, TransferId};
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::domain::transfer::{AuthKey, Transfer, TransferQuery, TransferSort};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::page::{SortWords, paging};
use crate::http::time::zoneless;
use crate::service::Resource;
use crate::service::transfers::NewTransfer;

/// From here on `no_snapshots` is asked for and told.
const NO_SNAPSHOTS: Microversion = Microversion(3, 55);
/// From here on a transfer tells its history.
const HISTORY: Microversion = Microversion(3, 57);
/// From here on lists run backwards unless told otherwise.
const SORTED: Microversion = Microversion(3, 59);

/// The collection in every link, whichever name the request used (as Cinder does).
const COLLECTION: &str = "os-volume-transfer";

const SORT_WORDS: SortWords<TransferSort> = &[
    ("created_at", TransferSort::CreatedAt),
    ("id", TransferSort::Id),
    ("name", TransferSort::Name),
    ("display_name", TransferSort::Name),
    ("volume_id", TransferSort::Disk),
];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateTransfer)?;
    let new = new_transfer(&call.json()?, false)?;
    offer(call, caller, new).await
}

/// Create under the name `volume-transfers`, which takes `no_snapshots` from 3.55 on.
pub(in crate::http) async fn create_v355(call: Call) -> Answer {
    let caller = call.may(Action::CreateTransfer)?;
    let new = new_transfer(&call.json()?, call.version() >= NO_SNAPSHOTS)?;
    offer(call, caller, new).await
}

async fn offer(call: Call, caller: crate::domain::access::Caller, new: NewTransfer) -> Answer {
    let offered =
        call.write(move |app| async move { app.create_transfer(&caller, new).await }).await?;
    let mut view = detail(&call, &offered.transfer);
    if let Some(members) = view.as_object_mut() {
        members.insert("auth_key".to_owned(), offered.key.reveal().into());
    }
    Ok(HttpResponse::Accepted().json(json!({"transfer": view})))
}

fn new_transfer(body: &Value, with_no_snapshots: bool) -> Result<NewTransfer, ApiError> {
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
    Ok(NewTransfer { disk, name, no_snapshots })
}

pub(in crate::http) async fn accept(call: Call) -> Answer {
    let caller = call.may(Action::AcceptTransfer)?;
    let key = presented_key(&call.json()?)?;
    let id = call.part("id").to_owned();
    let transfer =
        call.write(move |app| async move { app.accept_transfer(&caller, &id, key).await }).await?;
    Ok(HttpResponse::Accepted().json(json!({"transfer": summary(&call, &transfer)})))
}

/// A text, or a whole number that stands for its digits.
fn presented_key(body: &Value) -> Result<AuthKey, ApiError> {
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
    call.write(move |app| async move { app.delete_transfer(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowTransfer)?;
    let transfer = call.app().transfer(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"transfer": detail(&call, &transfer)})))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, summary).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Transfer) -> Value) -> Answer {
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
    let id = |transfer: &Transfer| transfer.id.to_string();
    let body = page(call, "transfers", limit, &transfers, id, |transfer| view(call, transfer));
    Ok(HttpResponse::Ok().json(body))
}

fn summary(call: &Call, transfer: &Transfer) -> Value {
    let id = transfer.id.to_string();
    json!({
        "id": id,
        "name": transfer.name,
        "volume_id": transfer.disk.to_string(),
        "links": call.links(COLLECTION, &id),
    })
}

/// The members of 3.55 and 3.57 follow the version of the request, whatever its path.
fn detail(call: &Call, transfer: &Transfer) -> Value {
    let mut view = summary(call, transfer);
    if let Some(members) = view.as_object_mut() {
        members.insert("created_at".to_owned(), zoneless(transfer.created_at).into());
        if call.version() >= NO_SNAPSHOTS {
            members.insert("no_snapshots".to_owned(), transfer.no_snapshots.into());
        }
        if call.version() >= HISTORY {
            let source = transfer.source_project.as_str();
            members.insert("source_project_id".to_owned(), source.into());
            // Only pending transfers are told of, so there is no destination yet.
            members.insert("destination_project_id".to_owned(), Value::Null);
            members.insert("accepted".to_owned(), false.into());
        }
    }
    view
}
