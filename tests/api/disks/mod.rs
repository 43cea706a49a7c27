//! Disks, alike under `/v2` and `/v3`.

mod actions;
mod attach;
mod changes;
mod create;
mod filters;
mod lists;
mod metadata;
mod sources;

use serde_json::{Value, json};

use crate::support::{Client, T0};

pub(crate) const VERSIONS: [&str; 2] = ["v2", "v3"];
pub(crate) const ABSENT: &str = "00000000-0000-4000-8000-000000000001";

/// A disk of 10 GiB as create answers it at 3.0; `changes` are what differs.
pub(crate) fn fresh(client: &Client, version: &str, id: &str, changes: Value) -> Value {
    let mut disk = json!({
        "id": id,
        "status": "available",
        "size": 10,
        "availability_zone": "az-sim-1",
        "created_at": T0,
        "updated_at": null,
        "name": null,
        "description": null,
        "volume_type": "SSD",
        "snapshot_id": null,
        "source_volid": null,
        "metadata": {},
        "links": client.links(version, "volumes", id),
        "user_id": client.user,
        "bootable": "false",
        "encrypted": false,
        "replication_status": null,
        "consistencygroup_id": null,
        "multiattach": false,
        "attachments": [],
    });
    let Value::Object(changes) = changes else { panic!("{changes}") };
    disk.as_object_mut().unwrap().extend(changes);
    disk
}

/// The same as show answers it to its own project.
pub(crate) fn shown(client: &Client, version: &str, id: &str, changes: Value) -> Value {
    let mut disk = fresh(client, version, id, changes);
    disk["os-vol-tenant-attr:tenant_id"] = client.project.clone().into();
    disk
}
