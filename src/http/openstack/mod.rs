//! The OpenStack Block Storage API: one file a resource, its wire shapes and handlers together.

pub(super) mod backups;
pub(super) mod disks;
pub(super) mod quotas;
pub(super) mod snapshots;
pub(super) mod transfers;
pub(super) mod types;
pub(super) mod versions;
pub(super) mod zones;

use serde_json::{Map, Value, json};

use super::call::Call;
use super::error::ApiError;
use super::page::next_link;
use crate::service::{Resource, ServiceError};

/// A list's body: the page, and a link to the next one if this one is full.
fn page<T>(
    call: &Call,
    collection: &str,
    limit: u32,
    items: &[T],
    id: impl Fn(&T) -> String,
    view: impl Fn(&T) -> Value,
) -> Value {
    let mut body = Map::new();
    body.insert(collection.to_owned(), items.iter().map(view).collect());
    let last = items.last().map(id).unwrap_or_default();
    if let Some(href) = next_link(call, limit, items.len(), &last) {
        body.insert(format!("{collection}_links"), json!([{"rel": "next", "href": href}]));
    }
    Value::Object(body)
}

fn not_found(resource: Resource, id: String) -> ApiError {
    ServiceError::NotFound(resource, id).into()
}
