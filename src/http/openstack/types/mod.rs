//! `types`: disk types (reference: Cinder types, `types_manage`).

pub(in crate::http) mod access;
pub(in crate::http) mod encryptions;
pub(in crate::http) mod extra_specs;
pub(in crate::http) mod refusals;

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::not_found;
use crate::domain::access::{Action, Caller, Role};
use crate::domain::disk_type::{DiskType, DiskTypeQuery, DiskTypeSort, Shown};
use crate::domain::ids::DiskTypeId;
use crate::domain::microversion::Microversion;
use crate::domain::name;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, truth};
use crate::http::page::{SortWords, next_link, paging};
use crate::http::python;
use crate::service::Resource;
use crate::service::disk_types::extra_specs::specs_for;
use crate::service::disk_types::{DiskTypeChange, NewDiskType};
use extra_specs::{SPACED_KEYS, specs};

/// From here on everybody may ask for a name and for extra specs, and nobody but an administrator for
/// anything unknown.
const FILTERS: Microversion = Microversion(3, 52);

const SORT_WORDS: SortWords<DiskTypeSort> = &[
    ("created_at", DiskTypeSort::CreatedAt),
    ("updated_at", DiskTypeSort::UpdatedAt),
    ("id", DiskTypeSort::Id),
    ("name", DiskTypeSort::Name),
    ("is_public", DiskTypeSort::IsPublic),
];

/// What a list is asked with.
const QUERY: &[&str] = &[
    "is_public",
    "name",
    "extra_specs",
    "limit",
    "marker",
    "offset",
    "sort",
    "sort_key",
    "sort_dir",
];

const IS_PUBLIC: &str = "os-volume-type-access:is_public";

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListTypes)?;
    let query = query(&call, &caller)?;
    let limit = query.page.limit;
    let types = call.app().disk_types(&caller, query).await?;
    let mut body = Map::new();
    body.insert("volume_types".to_owned(), types.iter().map(|one| view(&caller, one)).collect());
    let last = types.last().map(|one| one.id.to_string()).unwrap_or_default();
    if let Some(href) = next_link(&call, limit, types.len(), &last) {
        body.insert("volume_type_links".to_owned(), json!([{"rel": "next", "href": href}]));
    }
    Ok(HttpResponse::Ok().json(body))
}

fn query(call: &Call, caller: &Caller) -> Result<DiskTypeQuery, ApiError> {
    let admin = caller.role == Role::Admin;
    if !admin && call.version() >= FILTERS {
        only_known_filters(call)?;
    }
    let filtered = admin || call.version() >= FILTERS;
    let extra_specs = match call.query("extra_specs").filter(|_| filtered) {
        None => BTreeMap::new(),
        Some(text) => python::pairs(text).ok_or_else(|| {
            ApiError::Query(format!("Invalid input received: extra_specs is no dictionary: {text}"))
        })?,
    };
    Ok(DiskTypeQuery {
        shown: shown(call.query("is_public").filter(|_| admin), caller)?,
        name: call.filter("name").filter(|_| filtered),
        extra_specs,
        page: paging(
            call,
            SORT_WORDS,
            (DiskTypeSort::CreatedAt, Direction::Descending),
            DiskTypeId::parse,
            |id| not_found(Resource::DiskType, id),
        )?,
    })
}

fn only_known_filters(call: &Call) -> Result<(), ApiError> {
    let unknown: Vec<&str> =
        call.query_pairs().map(|(key, _)| key).filter(|key| !QUERY.contains(key)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let unknown = unknown.join(",");
    Err(ApiError::Query(format!("Invalid filters {unknown} are found in query options.")))
}

/// What `is_public` asks for: `none` means both, none at all means public.
fn shown(is_public: Option<&str>, caller: &Caller) -> Result<Shown, ApiError> {
    let public = Shown::Public { and_of: caller.project.clone() };
    let Some(text) = is_public else {
        return Ok(public);
    };
    let word = text.trim().to_lowercase();
    if word == "none" {
        return Ok(Shown::All);
    }
    match truth(&word) {
        Some(true) => Ok(public),
        Some(false) => Ok(Shown::Private),
        None => Err(ApiError::Query(format!("Invalid is_public filter [{text}]"))),
    }
}

/// By id, or `default`; a name is not found here, which makes clients look through the list.
pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowType)?;
    let found = match call.part("id") {
        "default" => call.app().default_disk_type().await?,
        id => call.app().disk_type(&caller, id).await?,
    };
    Ok(HttpResponse::Ok().json(json!({"volume_type": view(&caller, &found)})))
}

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateType)?;
    let new = new_type(&call.json()?)?;
    let made =
        call.write(move |app| async move { app.create_disk_type(&caller, new).await }).await?;
    let mut view = managed(&made);
    view.insert(IS_PUBLIC.to_owned(), made.is_public.into());
    Ok(HttpResponse::Ok().json(json!({"volume_type": view})))
}

pub(in crate::http) fn new_type(body: &Value) -> Result<NewDiskType, ApiError> {
    let fields = Fields::only(body, "volume_type")?;
    let name = fields.required_text("name")?;
    fields.no_others(&["name", "description", "extra_specs", IS_PUBLIC])?;
    if name.is_empty() {
        return Err(fields.wrong_value("name", |value| format!("{value} should be non-empty")));
    }
    if name.trim().is_empty() {
        return Err(unnamed());
    }
    Ok(NewDiskType {
        name: short(&fields, "name", name)?,
        description: description(&fields)?,
        is_public: fields.get(IS_PUBLIC).is_none() || fields.boolean(IS_PUBLIC)?,
        extra_specs: match fields.get("extra_specs") {
            None => BTreeMap::new(),
            Some(_) => specs(&fields.required_object("extra_specs")?, SPACED_KEYS)?,
        },
    })
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateType)?;
    let change = type_change(&call.json()?)?;
    let id = call.part("id").to_owned();
    let changed = call
        .write(move |app| async move { app.update_disk_type(&caller, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"volume_type": managed(&changed)})))
}

pub(in crate::http) fn type_change(body: &Value) -> Result<DiskTypeChange, ApiError> {
    let fields = Fields::only(body, "volume_type")?;
    fields.no_others(&["name", "description", "is_public"])?;
    let name = fields.text("name")?;
    if name.is_some_and(|name| name.trim().is_empty()) {
        return Err(ApiError::Schema("Volume type name can not be empty.".to_owned()));
    }
    let change = DiskTypeChange {
        name: name.map(|name| short(&fields, "name", name)).transpose()?,
        description: description(&fields)?,
        is_public: fields.get("is_public").map(|_| fields.boolean("is_public")).transpose()?,
    };
    if change.name.is_none() && change.description.is_none() && change.is_public.is_none() {
        return Err(ApiError::Schema(
            "Specify volume type name, description, is_public or a combination thereof.".to_owned(),
        ));
    }
    Ok(change)
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteType)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_disk_type(&caller, &id).await }).await?;
    Ok(HttpResponse::Accepted().finish())
}

fn description(fields: &Fields<'_>) -> Result<Option<String>, ApiError> {
    let text = fields.text("description")?;
    text.map(|text| short(fields, "description", text)).transpose()
}

/// A text as it is, if it has at most 255 characters and SQLite can show all of it.
pub(super) fn short(fields: &Fields<'_>, key: &str, text: &str) -> Result<String, ApiError> {
    if text.chars().count() > name::LONGEST {
        return Err(fields.wrong_value(key, |value| format!("{value} is too long")));
    }
    if text.contains('\0') {
        return Err(fields.wrong_value(key, |value| format!("{value} has a null character")));
    }
    Ok(text.to_owned())
}

/// A name of nothing but white space.
pub(super) fn unnamed() -> ApiError {
    ApiError::Schema(
        "An invalid 'name' value was provided. The 'name' can not be empty.".to_owned(),
    )
}

/// A type as lists and show have it.
fn view(caller: &Caller, disk_type: &DiskType) -> Value {
    let mut view = Map::new();
    let mut add = |name: &str, value: Value| view.insert(name.to_owned(), value);
    add("id", disk_type.id.to_string().into());
    add("name", disk_type.name.as_str().into());
    add("is_public", disk_type.is_public.into());
    add("description", disk_type.description.as_deref().into());
    add("extra_specs", json!(specs_for(caller, disk_type)));
    if caller.role == Role::Admin {
        add("qos_specs_id", disk_type.qos_specs.map(|id| id.to_string()).into());
    }
    add(IS_PUBLIC, disk_type.is_public.into());
    Value::Object(view)
}

/// A type as create and update answer it.
fn managed(disk_type: &DiskType) -> Map<String, Value> {
    let mut view = Map::new();
    let mut add = |name: &str, value: Value| view.insert(name.to_owned(), value);
    add("id", disk_type.id.to_string().into());
    add("name", disk_type.name.as_str().into());
    add("is_public", disk_type.is_public.into());
    add("extra_specs", json!(disk_type.extra_specs));
    add("description", disk_type.description.as_deref().into());
    view
}
