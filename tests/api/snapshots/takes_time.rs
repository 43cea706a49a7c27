//! What takes time on snapshots: how it looks meanwhile, how it ends, and who is told when it fails.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Client, T0, TestServer};

async fn shown(client: &Client, id: &str) -> Value {
    client.get(&client.path("v3", &format!("snapshots/{id}"))).await.body["snapshot"].clone()
}

async fn status(client: &Client, id: &str) -> String {
    shown(client, id).await["status"].as_str().unwrap_or("gone").to_owned()
}

async fn remove(client: &Client, id: &str) -> Answer {
    client.delete(&client.path("v3", &format!("snapshots/{id}"))).await
}

async fn step(admin: &Client, body: Value) -> Answer {
    admin.post("/_evs/progress", body).await
}

async fn roll_back(client: &Client, snapshot: &str, disk: &str) -> Answer {
    let path = client.path("v2", &format!("cloudsnapshots/{snapshot}/rollback"));
    client.post(&path, json!({"rollback": {"volume_id": disk}})).await
}

/// Snapshots and rollbacks take two seconds, and fail as told; nothing ends but by hand.
async fn slow(fail: &[&str]) -> (TestServer, Client, Client) {
    let server = TestServer::start_with(|settings| {
        for operation in ["snapshot", "delete_snapshot", "rollback"] {
            settings.simulation.delays.insert(operation, TimeDelta::seconds(2));
        }
        settings.simulation.explicit = true;
        settings.simulation.fail = fail.iter().map(|&word| word.to_owned()).collect();
    })
    .await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    (server, admin, demo)
}

async fn disk(admin: &Client, demo: &Client) -> String {
    let disk = demo.disk().await;
    assert_eq!(step(admin, json!({"disk_id": disk})).await.status, 200);
    disk
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_creating_until_its_time_has_come_then_available_and_goes_likewise() {
    let (server, admin, demo) = slow(&[]).await;
    let disk = disk(&admin, &demo).await;
    let id = demo.snapshot(&disk).await;
    let creating = shown(&demo, &id).await;
    assert_eq!(creating["status"], "creating");
    assert_eq!(creating["os-extended-snapshot-attributes:progress"], "0%");
    assert_eq!(creating["updated_at"], Value::Null);
    remove(&demo, &id).await.is_fault(
        400,
        "Invalid snapshot: Snapshot status must be available or error and must not be part of a \
         group.",
    );
    step(&admin, json!({})).await.is(200, &json!({"finished": []}));
    // What is under way is in the file.
    let server = server.restart().await;
    let (admin, demo) = (admin.moved_to(&server), demo.moved_to(&server));
    assert_eq!(status(&demo, &id).await, "creating");
    server.advance(TimeDelta::seconds(2));
    let ended = json!({
        "disk_id": disk,
        "snapshot_id": id,
        "from": "creating",
        "to": "available",
    });
    step(&admin, json!({})).await.is(200, &json!({"finished": [ended]}));
    let available = shown(&demo, &id).await;
    assert_eq!(available["status"], "available");
    assert_eq!(available["os-extended-snapshot-attributes:progress"], "100%");
    assert_eq!(available["updated_at"], "2026-11-23T07:41:07.318204");
    assert_eq!(demo.disk_status(&disk).await, "available", "the disk is not concerned");

    remove(&demo, &id).await.is_empty(202);
    assert_eq!(status(&demo, &id).await, "deleting");
    let gone = json!({"disk_id": disk, "snapshot_id": id, "from": "deleting", "to": "deleted"});
    server.advance(TimeDelta::seconds(2));
    step(&admin, json!({})).await.is(200, &json!({"finished": [gone]}));
    assert_eq!(status(&demo, &id).await, "gone");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_keeps_disk_and_snapshot_until_both_end_at_once_even_after_a_restart() {
    let (server, admin, demo) = slow(&[]).await;
    let disk = disk(&admin, &demo).await;
    let [old, young] = [demo.snapshot(&disk).await, demo.snapshot(&disk).await];
    assert_eq!(step(&admin, json!({"disk_id": disk})).await.status, 200);
    // Any snapshot will do, and a disk that has grown keeps its size.
    demo.act(&disk, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    assert_eq!(step(&admin, json!({"disk_id": disk})).await.status, 200);
    roll_back(&demo, &old, &disk).await.is(202, &json!({"rollback": {"volume_id": disk}}));
    assert_eq!(demo.disk_status(&disk).await, "rollbacking");
    assert_eq!(status(&demo, &old).await, "rollbacking");
    assert_eq!(status(&demo, &young).await, "available");
    let server = server.restart().await;
    let (admin, demo) = (admin.moved_to(&server), demo.moved_to(&server));
    server.advance(TimeDelta::seconds(2));
    let ended = |thing: Value| {
        let mut ended = json!({"disk_id": disk, "from": "rollbacking", "to": "available"});
        ended.as_object_mut().unwrap().extend(thing.as_object().unwrap().clone());
        ended
    };
    let both = [ended(json!({"snapshot_id": old})), ended(json!({}))];
    step(&admin, json!({})).await.is(200, &json!({"finished": both}));
    assert_eq!(demo.disk_status(&disk).await, "available");
    assert_eq!(status(&demo, &old).await, "available");
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["size"], 20);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_rollback_leaves_the_disk_in_its_error_status_from_which_it_is_tried_again() {
    let (server, admin, demo) = slow(&["rollback"]).await;
    let disk = disk(&admin, &demo).await;
    let id = demo.snapshot(&disk).await;
    assert_eq!(step(&admin, json!({"disk_id": disk})).await.status, 200);
    assert_eq!(roll_back(&demo, &id, &disk).await.status, 202);
    assert_eq!(step(&admin, json!({"disk_id": disk})).await.status, 200);
    assert_eq!(demo.disk_status(&disk).await, "error_rollbacking");
    assert_eq!(status(&demo, &id).await, "available");
    let told = demo.at("3.5").get(&demo.path("v3", "messages")).await;
    let told = told.body["messages"].as_array().unwrap().clone();
    let events: Vec<&Value> = told.iter().map(|one| &one["event_id"]).collect();
    assert_eq!(events, ["VOLUME_VOLUME_904_001"], "one message, about the disk");
    assert_eq!(roll_back(&demo, &id, &disk).await.status, 202);
    let done = step(&admin, json!({"disk_id": disk, "outcome": "done"})).await;
    assert_eq!(done.body["finished"].as_array().unwrap().len(), 2, "{}", done.text);
    assert_eq!(demo.disk_status(&disk).await, "available");
    server.finish().await;
}

/// What the project is told about a snapshot: one message.
fn message(
    client: &Client,
    told: &Answer,
    snapshot: &str,
    request: &str,
    what: (&str, &str),
) -> Value {
    let id = told.body["messages"][0]["id"].as_str().unwrap_or_else(|| panic!("{}", told.text));
    json!({"messages": [{
        "id": id,
        "event_id": what.0,
        "user_message": format!("{}:An unknown error occurred.", what.1),
        "message_level": "ERROR",
        "created_at": T0,
        "guaranteed_until": "2026-12-23T07:41:05.318204",
        "request_id": request,
        "links": client.links("v3", "messages", id),
        "resource_type": "VOLUME_SNAPSHOT",
        "resource_uuid": snapshot,
    }]})
}

const TAKEN: (&str, &str) = ("VOLUME_VOLUME_SNAPSHOT_009_001", "create snapshot");
const REMOVED: (&str, &str) = ("VOLUME_VOLUME_SNAPSHOT_010_001", "delete snapshot");

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_at_once_is_told_with_its_request_and_found_by_kind() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.fail = vec!["snapshot".to_owned(), "delete_snapshot".to_owned()];
    })
    .await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let body = json!({"snapshot": {"volume_id": disk}});
    let taken = demo.post(&demo.path("v3", "snapshots"), body).await;
    assert_eq!(taken.body["snapshot"]["status"], "creating");
    let id = taken.body["snapshot"]["id"].as_str().unwrap().to_owned();
    assert_eq!(status(&demo, &id).await, "error");
    let removed = remove(&demo, &id).await;
    removed.is_empty(202);
    assert_eq!(status(&demo, &id).await, "error_deleting");
    for (answer, what) in [(&taken, TAKEN), (&removed, REMOVED)] {
        let path = demo.path("v3", &format!("messages?event_id={}", what.0));
        let told = demo.at("3.5").get(&path).await;
        let request = answer.header("x-openstack-request-id");
        told.is(200, &message(&demo, &told, &id, &request, what));
    }
    let count = async |query: &str| {
        let told = demo.at("3.5").get(&demo.path("v3", &format!("messages?{query}"))).await;
        told.body["messages"].as_array().unwrap().len()
    };
    assert_eq!(count("resource_type=VOLUME_SNAPSHOT").await, 2);
    assert_eq!(count("resource_type=VOLUME").await, 0);
    assert_eq!(count(&format!("resource_uuid={id}")).await, 2);
    assert_eq!(count("resource_type=VOLUME&event_id=VOLUME_VOLUME_SNAPSHOT_009_001").await, 0);
    // Only an administrator gets rid of it.
    let action = admin.path("v3", &format!("snapshots/{id}/action"));
    admin.post(&action, json!({"os-force_delete": {}})).await.is_empty(202);
    assert_eq!(status(&demo, &id).await, "error_deleting", "it fails again");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_comes_later_names_the_request_that_began_it() {
    let (server, admin, demo) = slow(&["snapshot", "delete_snapshot"]).await;
    let disk = disk(&admin, &demo).await;
    let body = json!({"snapshot": {"volume_id": disk}});
    let taken = demo.post(&demo.path("v3", "snapshots"), body).await;
    let id = taken.body["snapshot"]["id"].as_str().unwrap().to_owned();
    // What somebody says of it meanwhile is not what fails.
    let own = demo.path("v3", &format!("snapshots/{id}"));
    assert_eq!(demo.put(&own, json!({"snapshot": {"name": "n"}})).await.status, 200);
    let ended = json!({"disk_id": disk, "snapshot_id": id, "from": "creating", "to": "error"});
    step(&admin, json!({"disk_id": disk})).await.is(200, &json!({"finished": [ended]}));
    let messages = demo.path("v3", "messages");
    let told = demo.at("3.5").get(&messages).await;
    let request = taken.header("x-openstack-request-id");
    told.is(200, &message(&demo, &told, &id, &request, TAKEN));
    let own_message =
        demo.path("v3", &format!("messages/{}", told.body["messages"][0]["id"].as_str().unwrap()));
    demo.at("3.5").delete(&own_message).await.is_empty(204);
    let removed = remove(&demo, &id).await;
    assert_eq!(step(&admin, json!({"disk_id": disk})).await.status, 200);
    assert_eq!(status(&demo, &id).await, "error_deleting");
    let told = demo.at("3.5").get(&messages).await;
    let request = removed.header("x-openstack-request-id");
    told.is(200, &message(&demo, &told, &id, &request, REMOVED));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_drops_what_was_to_come_and_the_rest_of_a_rollback_still_ends() {
    let (server, admin, demo) = slow(&[]).await;
    let disk = disk(&admin, &demo).await;
    let id = demo.snapshot(&disk).await;
    let action = admin.path("v3", &format!("snapshots/{id}/action"));
    // Said to be going on, it goes on; said to have come to something, it has.
    let told = json!({"os-update_snapshot_status": {"status": "creating", "progress": "40%"}});
    admin.post(&action, told).await.is_empty(202);
    assert_eq!(shown(&demo, &id).await["os-extended-snapshot-attributes:progress"], "40%");
    let ended = step(&admin, json!({"disk_id": disk})).await;
    assert_eq!(ended.body["finished"][0]["to"], "available", "{}", ended.text);
    assert_eq!(shown(&demo, &id).await["os-extended-snapshot-attributes:progress"], "100%");

    assert_eq!(roll_back(&demo, &id, &disk).await.status, 202);
    admin.post(&action, json!({"os-reset_status": {"status": "error"}})).await.is_empty(202);
    let ended = json!({"disk_id": disk, "from": "rollbacking", "to": "available"});
    step(&admin, json!({"disk_id": disk})).await.is(200, &json!({"finished": [ended]}));
    assert_eq!(status(&demo, &id).await, "error");
    server.finish().await;
}
