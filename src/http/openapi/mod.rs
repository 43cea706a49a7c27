//! The OpenAPI 3.1 document: every route of the route table, told as data and rendered as JSON.
//!
//! The operations stand in tables of our own, one file a family, and not in attributes on handlers
//! (`utoipa`): attributes would want a wire type for every body, which the handlers read member by
//! member in Cinder's order, and could not take roles and rules from `domain/access.rs`, the shapes
//! of errors from `http/error`, or the many paths of one handler from the route table. A test reads
//! that table and holds the document to it. Must not know: how anything is answered.

mod backups;
mod disk_types;
mod evs;
mod faults;
mod identity;
mod links;
mod openstack;
mod own;
mod parameters;
mod render;
mod snapshots;
mod table;

use std::sync::LazyLock;

use serde_json::Value;

use table::Group;

/// The document as JSON.
pub fn document() -> Value {
    render::document(&groups())
}

/// The document as text, as `GET /_evs/openapi.json` and `evs openapi` give it.
pub fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", document()));
    &TEXT
}

fn groups() -> Vec<Group> {
    [
        openstack::GROUPS,
        snapshots::GROUPS,
        disk_types::GROUPS,
        evs::GROUPS,
        identity::GROUPS,
        own::GROUPS,
    ]
    .concat()
}
