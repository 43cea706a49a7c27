//! The OpenStack Block Storage API: one file a resource, its wire shapes and handlers together.

pub(super) mod attachments;
pub(super) mod backups;
pub(super) mod disks;
pub(super) mod extensions;
pub(super) mod hosts;
pub(super) mod messages;
mod metadata;
pub(super) mod qos_specs;
pub(super) mod quotas;
pub(super) mod resource_filters;
pub(super) mod services;
pub(super) mod snapshots;
pub(super) mod transfers;
pub(super) mod types;
pub(super) mod versions;
pub(super) mod zones;

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use super::call::Call;
use super::error::ApiError;
use super::fields::Fields;
use super::page::next_link;
use crate::service::{Resource, ServiceError};

/// A list's body: a page, the number of all there are if that was asked for, and a link to the next page
/// if this one is full.
#[derive(Debug)]
struct Page<V> {
    collection: &'static str,
    views: Vec<V>,
    count: Option<i64>,
    next: Option<String>,
}

impl<V: Serialize> Serialize for Page<V> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut members = to.serialize_map(None)?;
        members.serialize_entry(self.collection, &self.views)?;
        if let Some(href) = &self.next {
            let link = json!([{"rel": "next", "href": href}]);
            members.serialize_entry(&format!("{}_links", self.collection), &link)?;
        }
        if let Some(count) = self.count {
            members.serialize_entry("count", &count)?;
        }
        members.end()
    }
}

/// A list's page.
fn page<'a, T, V>(
    call: &Call,
    collection: &'static str,
    limit: u32,
    items: &'a [T],
    id: impl Fn(&T) -> String,
    view: impl Fn(&'a T) -> V,
) -> Page<V> {
    let last = items.last().map(id).unwrap_or_default();
    let next = next_link(call, limit, items.len(), &last);
    Page { collection, views: items.iter().map(view).collect(), count: None, next }
}

/// The name of the one action in a body, and the body.
fn one_action(body: &Value) -> Result<(&str, Fields<'_>), ApiError> {
    let top = Fields::top(body)?;
    let mut names = top.keys();
    match (names.next(), names.next()) {
        (Some(name), None) => Ok((name, top)),
        _ => Err(ApiError::MalformedBody),
    }
}

/// The members of `os-reset_status`, if that is the action: the only one that snapshots and backups
/// know.
fn only_reset(body: &Value) -> Result<Fields<'_>, ApiError> {
    match one_action(body)? {
        ("os-reset_status", top) => {
            let reset = top.required_object("os-reset_status")?;
            reset.required("status")?;
            reset.no_others(&["status"])?;
            Ok(reset)
        }
        (other, _) => Err(ApiError::NoSuchAction(other.to_owned())),
    }
}

/// The status that `os-reset_status` names, in any letter case, if it may be reset to that.
fn wanted_status<S>(
    reset: &Fields<'_>,
    parse: fn(&str) -> Option<S>,
    allowed: fn(&S) -> bool,
) -> Result<S, ApiError> {
    let word = reset.required_text("status")?.to_lowercase();
    parse(&word)
        .filter(allowed)
        .ok_or_else(|| reset.wrong_value("status", |_| "Must specify a valid status.".to_owned()))
}

fn not_found(resource: Resource, id: String) -> ApiError {
    ServiceError::NotFound(resource, id).into()
}
