//! Disk types and availability zones: what a new data file has of them.

mod access;
mod encryptions;
mod extra_specs;
mod first;
mod lists;
mod manage;
mod qos_specs;

use serde_json::{Value, json};

use crate::disks::{ABSENT, VERSIONS};
use crate::support::{Answer, Client, TestServer};

/// A type of the settings as a member sees it.
fn element(id: &Value, name: &str, zones: &str) -> Value {
    json!({
        "id": id,
        "name": name,
        "is_public": true,
        "description": null,
        "extra_specs": {"RESKEY:availability_zones": zones},
        "os-volume-type-access:is_public": true,
    })
}

/// The same as an administrator sees it.
fn whole_element(id: &Value, name: &str, zones: &str) -> Value {
    let mut element = element(id, name, zones);
    element["extra_specs"]["volume_backend_name"] = name.into();
    element["qos_specs_id"] = Value::Null;
    element
}

fn path(client: &Client, rest: &str) -> String {
    client.path("v3", rest)
}

/// A type that an administrator makes; its id.
async fn made(admin: &Client, new: Value) -> String {
    let answer = admin.post(&path(admin, "types"), json!({"volume_type": new})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["volume_type"]["id"].as_str().unwrap().to_owned()
}

/// The names of listed types, in their order.
fn names(list: &Answer) -> Vec<&str> {
    assert_eq!(list.status, 200, "{}", list.text);
    let types = list.body["volume_types"].as_array().unwrap();
    types.iter().map(|one| one["name"].as_str().unwrap()).collect()
}

/// What happened to a thing, in order.
async fn events(server: &TestServer, id: &str) -> Vec<String> {
    let sql = "SELECT action FROM events WHERE resource_id = $1 ORDER BY seq";
    let rows: Vec<(String,)> = server.rows(sql, id).await;
    rows.into_iter().map(|(action,)| action).collect()
}

/// A conflict, which has no sentence of its own in the usual list.
fn is_conflict(answer: &Answer, message: &str) {
    answer.is(409, &json!({"conflictingRequest": {"code": 409, "message": message}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_listed_in_the_order_of_the_settings_and_shown_by_id_and_as_default() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let viewed = [(&demo, element as fn(&Value, &str, &str) -> Value), (&admin, whole_element)];
    for (version, (client, element)) in
        VERSIONS.iter().flat_map(|version| viewed.iter().map(move |viewed| (version, viewed)))
    {
        let path = client.path(version, "types");
        let list = client.get(&path).await;
        let names = ["SATA", "SAS", "GPSSD", "SSD", "ESSD"];
        let elements: Vec<Value> = names
            .iter()
            .enumerate()
            .map(|(n, name)| {
                element(&list.body["volume_types"][n]["id"], name, "az-sim-1,az-sim-2")
            })
            .collect();
        list.is(200, &json!({"volume_types": elements}));
        for element in &elements {
            let id = element["id"].as_str().unwrap();
            assert_eq!(id.len(), 36, "a UUID with dashes: {id}");
            client.get(&format!("{path}/{id}")).await.is(200, &json!({"volume_type": element}));
        }
        let default = json!({"volume_type": elements[3]});
        client.get(&format!("{path}/default")).await.is(200, &default);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_not_shown_by_its_name_so_that_clients_look_through_the_list() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        for id in ["SSD", ABSENT] {
            let path = demo.path(version, &format!("types/{id}"));
            let message = format!("Volume type {id} could not be found.");
            demo.get(&path).await.is_fault(404, &message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_and_types_come_from_the_settings_and_the_first_zone_is_the_default() {
    let server = TestServer::start_with(|settings| {
        settings.cloud.availability_zones = vec!["here".to_owned(), "there".to_owned()];
        settings.disks.types = vec!["fast".to_owned()];
        settings.disks.default_type = "fast".to_owned();
        settings.disks.encrypted_types = vec!["fast".to_owned()];
    })
    .await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        demo.get(&demo.path(version, "os-availability-zone")).await.is(
            200,
            &json!({"availabilityZoneInfo": [
                {"zoneName": "here", "zoneState": {"available": true}},
                {"zoneName": "there", "zoneState": {"available": true}},
            ]}),
        );
        let types = demo.get(&demo.path(version, "types")).await;
        let id = &types.body["volume_types"][0]["id"];
        types.is(200, &json!({"volume_types": [element(id, "fast", "here,there")]}));
    }
    let id = demo.disk().await;
    let changes = json!({"availability_zone": "here", "volume_type": "fast", "encrypted": true});
    let expected = crate::disks::shown(&demo, "v3", &id, changes);
    demo.show_disk(&id).await.is(200, &json!({"volume": expected}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_has_the_same_id_after_a_restart() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let before = demo.get(&demo.path("v3", "types")).await.text;
    let server = server.restart().await;
    let after = demo.moved_to(&server).get(&demo.path("v3", "types")).await.text;
    assert_eq!(before, after);
    server.finish().await;
}
