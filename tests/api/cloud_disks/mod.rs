//! Disks by the cloud's own API.

mod changes;
mod create;
mod jobs;
mod lists;
mod tags;
mod vendor_tags;

use reqwest::Method;
use serde_json::{Value, json};

use crate::access::Needs::{self, Member, Reader};
use crate::access::Route;
use crate::disks::ABSENT;
use crate::support::{Answer, Client, T0, TestServer};

/// The same API under three versions.
pub(crate) const VERSIONS: [&str; 3] = ["v2", "v2.1", "v3"];

/// Every route of it, for the matrix of routes and roles.
pub(crate) fn routes(version: &str) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut add = |method: Method, path: &str, body: Value, needs: Needs| {
        routes.push(Route { method, path: path.to_owned(), body, needs });
    };
    if version == "v1" {
        add(Method::GET, "jobs/ID", Value::Null, Reader);
        return routes;
    }
    let none = Value::Null;
    let search = json!({"action": "count", "tags": []});
    let pairs = json!({"action": "create", "tags": [{"key": "k", "value": "v"}]});
    for place in ["cloudvolumes", "os-vendor-volumes"] {
        add(Method::POST, place, json!({"volume": empty()}), Member("evs:volumes:create"));
        for rest in ["detail", "ID", "ID/tags"] {
            add(Method::GET, &format!("{place}/{rest}"), none.clone(), Reader);
        }
        add(Method::POST, &format!("{place}/resource_instances/action"), search.clone(), Reader);
        let change = Member("evs:volumeTags:create");
        add(Method::POST, &format!("{place}/ID/tags/action"), pairs.clone(), change);
    }
    for path in ["cloudvolumes", "cloudvolumes/tags", "os-vendor-volumes/ID/internal-info"] {
        add(Method::GET, path, none.clone(), Reader);
    }
    let named = json!({"volume": {"name": "x"}});
    let (extend, retype) =
        (json!({"os-extend": {"new_size": 20}}), json!({"os-retype": {"new_type": "SAS"}}));
    add(Method::PUT, "cloudvolumes/ID", named, Member("evs:volumes:update"));
    add(Method::DELETE, "cloudvolumes/ID", none.clone(), Member("evs:volumes:delete"));
    add(Method::POST, "cloudvolumes/ID/action", extend, Member("evs:volumes:extend"));
    add(Method::POST, "volumes/ID/retype", retype, Member("evs:volumes:retype"));

    let snapshot = json!({"snapshot": {"volume_id": ABSENT, "name": "x"}});
    let rollback = json!({"rollback": {"volume_id": ABSENT}});
    add(Method::POST, "cloudsnapshots", snapshot.clone(), Member("evs:snapshots:create"));
    add(Method::PUT, "cloudsnapshots/ID", snapshot, Member("evs:snapshots:update"));
    add(Method::DELETE, "cloudsnapshots/ID", none.clone(), Member("evs:snapshots:delete"));
    for rest in ["detail", "ID"] {
        add(Method::GET, &format!("cloudsnapshots/{rest}"), none.clone(), Reader);
    }
    for place in ["cloudsnapshots", "os-vendor-snapshots"] {
        let path = format!("{place}/ID/rollback");
        add(Method::POST, &path, rollback.clone(), Member("evs:snapshots:rollback"));
    }

    let own = "os-vendor-tags/volumes/ID";
    let one = "os-vendor-tags/volumes/ID/KEY";
    let tags = json!({"tags": {"k": "v"}});
    for rest in ["", "/resource_instances", "/ID", "/ID/KEY"] {
        add(Method::GET, &format!("os-vendor-tags/volumes{rest}"), none.clone(), Reader);
    }
    let delete = json!({"os-delete_tags": {"k": "v"}});
    add(Method::POST, own, tags.clone(), Member("evs:volumeTags:create"));
    add(Method::PUT, own, tags, Member("evs:volumeTags:update"));
    add(Method::POST, &format!("{own}/action"), delete, Member("evs:volumeTags:delete"));
    add(Method::PUT, one, json!({"tag": {"KEY": "v"}}), Member("evs:volumeTags:update"));
    add(Method::DELETE, one, none, Member("evs:volumeTags:delete"));
    routes
}

/// The least that create takes.
pub(crate) fn empty() -> Value {
    json!({"size": 10, "availability_zone": "az-sim-1", "volume_type": "SSD"})
}

/// The same with other members.
pub(crate) fn empty_with(changes: Value) -> Value {
    with(empty(), changes)
}

pub(crate) fn with(mut of: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("{changes}") };
    of.as_object_mut().unwrap().extend(changes);
    of
}

/// Creates, under v2; the job's id.
pub(crate) async fn create(client: &Client, volume: Value) -> String {
    let answer = client.post(&client.path("v2", "cloudvolumes"), json!({"volume": volume})).await;
    job_of(&answer, 200)
}

/// The id of the job that is all that the answer has.
#[track_caller]
pub(crate) fn job_of(answer: &Answer, status: u16) -> String {
    let id = answer.body["job_id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(id.len(), 32, "{}", answer.text);
    answer.is(status, &json!({"job_id": id}));
    id
}

/// What a job says.
pub(crate) async fn job(client: &Client, id: &str) -> Value {
    let answer = client.get(&client.path("v1", &format!("jobs/{id}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

/// Creates one disk; its id.
pub(crate) async fn disk(client: &Client, volume: Value) -> String {
    let id = create(client, volume).await;
    job(client, &id).await["entities"]["volume_id"].as_str().unwrap().to_owned()
}

pub(crate) async fn show(client: &Client, id: &str) -> Answer {
    client.get(&client.path("v2", &format!("cloudvolumes/{id}"))).await
}

/// A disk as [`empty`] makes it and v2 shows it.
pub(crate) fn shown(client: &Client, id: &str, changes: Value) -> Value {
    let end: String = id.replace('-', "").chars().skip(7).collect();
    let disk = json!({
        "id": id,
        "links": client.links("v2", "volumes", id),
        "name": null,
        "description": null,
        "status": "available",
        "size": 10,
        "availability_zone": "az-sim-1",
        "volume_type": "SSD",
        "bootable": "false",
        "encrypted": false,
        "multiattach": false,
        "shareable": "false",
        "snapshot_id": null,
        "source_volid": null,
        "metadata": {},
        "volume_image_metadata": {},
        "attachments": [],
        "created_at": T0,
        "updated_at": null,
        "user_id": client.user,
        "os-vol-tenant-attr:tenant_id": client.project,
        "os-vol-host-attr:host": "pod01.az-sim-1#SSD",
        "os-vol-mig-status-attr:migstat": null,
        "os-vol-mig-status-attr:name_id": null,
        "os-volume-replication:extended_status": null,
        "os-volume-replication:driver_data": null,
        "replication_status": null,
        "consistencygroup_id": null,
        "service_type": "EVS",
        "wwn": format!("6888603{end}"),
        "tags": {},
        "enterprise_project_id": "0",
        "dedicated_storage_id": null,
        "dedicated_storage_name": null,
    });
    with(disk, changes)
}

/// A server on which everything takes its time.
pub(crate) async fn slow() -> TestServer {
    TestServer::start_with(|settings| settings.simulation.explicit = true).await
}

/// Ends what is under way on a disk; how it ends is what was decided when it began, or this.
pub(crate) async fn step(admin: &Client, disk: &str, outcome: Option<&str>) {
    let mut body = json!({"disk_id": disk});
    if let Some(outcome) = outcome {
        body["outcome"] = outcome.into();
    }
    let answer = admin.post("/_evs/progress", body).await;
    assert_eq!(answer.body["finished"].as_array().unwrap().len(), 1, "{}", answer.text);
}
