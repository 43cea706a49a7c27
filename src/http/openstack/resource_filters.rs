//! `resource_filters`: what lists can be narrowed by, and who may ask for what.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::{Action, Caller, Role};
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;

/// From here on a filter that is not listed is refused rather than not heard.
pub(super) const REFUSED: Microversion = Microversion(3, 31);
/// From here on the list of filters is told.
const TOLD: Microversion = Microversion(3, 33);
/// From here on `name~=part` finds parts.
pub(super) const PARTS: Microversion = Microversion(3, 34);

/// What everybody may narrow which list by: what Cinder comes with, and the texts whose parts can be
/// looked for.
const FILTERS: &[(&str, &[&str])] = &[
    ("volume", VOLUME),
    ("backup", BACKUP),
    ("snapshot", SNAPSHOT),
    ("group", &["name"]),
    ("group_snapshot", &["name", "status", "group_id"]),
    ("attachment", &["volume_id", "status", "instance_id", "attach_status"]),
    ("message", &["resource_uuid", "resource_type", "event_id", "request_id", "message_level"]),
    ("pool", POOL),
    ("volume_type", &["is_public", "extra_specs"]),
];

/// What everybody may narrow lists of disks by.
pub(in crate::http) const VOLUME: &[&str] = &[
    "name",
    "name~",
    "description~",
    "status",
    "status~",
    "metadata",
    "bootable",
    "migration_status",
    "availability_zone",
    "availability_zone~",
    "group_id",
    "size",
    "created_at",
    "updated_at",
    "consumes_quota",
];

/// What everybody may narrow lists of backups by.
pub(in crate::http) const BACKUP: &[&str] =
    &["name", "name~", "status", "status~", "volume_id", "volume_id~"];

/// What everybody may narrow lists of snapshots by.
pub(in crate::http) const SNAPSHOT: &[&str] =
    &["name", "name~", "status", "volume_id", "metadata", "availability_zone", "consumes_quota"];

/// What administrators may narrow the list of pools by: this one is for them alone, and they are held
/// to it.
pub(super) const POOL: &[&str] = &["name", "volume_type"];

pub(in crate::http) async fn list(call: Call) -> Answer {
    call.may(Action::ListResourceFilters)?;
    if call.version() < TOLD {
        return Err(ApiError::NoRoute);
    }
    let asked = call.query("resource").filter(|resource| !resource.is_empty());
    let filters: Vec<Value> = FILTERS
        .iter()
        .filter(|(resource, _)| asked.is_none_or(|asked| asked == *resource))
        .map(|(resource, filters)| json!({"resource": resource, "filters": filters}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"resource_filters": filters})))
}

/// From here on lists tell how many there are on all pages.
pub(super) const COUNTED: Microversion = Microversion(3, 45);

/// What is no filter but says which page, in which order, and of whom.
const NO_FILTERS: &[&str] = &["limit", "marker", "offset", "sort", "sort_key", "sort_dir"];

/// The filters of a query, each once.
fn given(call: &Call) -> Vec<(&str, &str)> {
    let mut given: Vec<(&str, &str)> = Vec::new();
    for (key, value) in call.query_pairs() {
        let counted = key == "with_count" && call.version() >= COUNTED;
        let repeated = given.iter().any(|(earlier, _)| *earlier == key);
        if !NO_FILTERS.contains(&key) && !counted && !repeated {
            given.push((key, value));
        }
    }
    given
}

/// The filters of a query that the caller is heard on, where everybody is on those `known`. Up to 3.30
/// the others are dropped, later they are refused; administrators may use any. That somebody who is
/// none asks for all projects is never held against them, since clients always do.
pub(super) fn heard<'a>(
    call: &'a Call,
    caller: &Caller,
    known: &[&str],
) -> Result<Vec<(&'a str, &'a str)>, ApiError> {
    let given = given(call);
    if call.version() >= REFUSED && given.iter().any(|(key, _)| !key.is_ascii()) {
        let sentence = "Filter keys can only contain ASCII characters.";
        return Err(ApiError::Query(sentence.to_owned()));
    }
    if caller.role == Role::Admin {
        return Ok(given);
    }
    let parts = call.version() >= PARTS;
    let listed = |key: &str| known.contains(&key) && (parts || !key.ends_with('~'));
    let (heard, others): (Vec<_>, Vec<_>) = given.into_iter().partition(|(key, _)| listed(key));
    if call.version() >= REFUSED {
        refuse(others.iter().map(|(key, _)| *key).filter(|key| *key != "all_tenants"))?;
    }
    Ok(heard)
}

/// Refuses filters, if there are any.
pub(super) fn refuse<'a>(filters: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let filters: Vec<&str> = filters.collect();
    if filters.is_empty() {
        return Ok(());
    }
    let sentence = format!("Invalid filters {} are found in query options.", filters.join(","));
    Err(ApiError::Query(sentence))
}
