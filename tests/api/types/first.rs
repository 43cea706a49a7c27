//! The types that a data file begins with, and that its rows rule from then on.

use std::sync::Arc;

use evs_local::config::Settings;
use evs_local::domain::clock::ManualClock;
use evs_local::server::Server;
use serde_json::json;

use super::{events, made, names, path};
use crate::support::{START, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_changes_survives_restarts() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let list = admin.get(&path(&admin, "types")).await;
    let id = |n: usize| list.body["volume_types"][n]["id"].as_str().unwrap().to_owned();
    let (sata, essd) = (id(0), id(4));
    assert_eq!(events(&server, &sata).await, ["disk_type.create"]);
    made(&admin, json!({"name": "gold"})).await;
    admin.delete(&path(&admin, &format!("types/{sata}"))).await.is_empty(202);
    let change = json!({"volume_type": {"name": "fastest"}});
    assert_eq!(admin.put(&path(&admin, &format!("types/{essd}")), change).await.status, 200);
    let before = admin.get(&path(&admin, "types?sort=name:asc")).await;
    assert_eq!(names(&before), ["GPSSD", "SAS", "SSD", "fastest", "gold"]);
    let server = server.restart().await;
    let after = admin.moved_to(&server).get(&path(&admin, "types?sort=name:asc")).await;
    assert_eq!(after.text, before.text);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_from_before_the_types_gets_those_that_its_disks_have_too() {
    let server = TestServer::start_with(|settings| {
        settings.disks.types = vec!["fast".to_owned()];
        settings.disks.default_type = "fast".to_owned();
    })
    .await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    server.edit("UPDATE disks SET disk_type = 'relic'").await;
    server.edit("DELETE FROM disk_types").await;
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    assert_eq!(names(&demo.get(&path(&demo, "types")).await), ["fast", "relic"]);
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["volume_type"], "relic");
    demo.disk_of(json!({"size": 1, "volume_type": "relic"})).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_default_a_server_starts_and_whoever_makes_a_disk_names_a_type() {
    let server = TestServer::start_with(|settings| {
        settings.disks.types = vec!["fast".to_owned()];
        settings.disks.default_type = "fast".to_owned();
    })
    .await;
    let admin = server.login("admin").await;
    let list = admin.get(&path(&admin, "types")).await;
    let id = list.body["volume_types"][0]["id"].as_str().unwrap();
    let change = json!({"volume_type": {"name": "slow"}});
    assert_eq!(admin.put(&path(&admin, &format!("types/{id}")), change).await.status, 200);
    let server = server.restart().await;
    let admin = admin.moved_to(&server);
    let message = "Default volume type can not be found.";
    admin.get(&path(&admin, "types/default")).await.is_fault(404, message);
    let unnamed = json!({"volume": {"size": 1}});
    admin.post(&path(&admin, "volumes"), unnamed).await.is_fault(404, message);
    admin.delete(&path(&admin, &format!("types/{id}"))).await.is_fault(
        400,
        &format!(
            "The volume type {id} is the only currently defined volume type and cannot be deleted."
        ),
    );
    admin.disk_of(json!({"size": 1, "volume_type": "slow"})).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_file_whose_default_is_none_of_its_types_is_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let mut settings = Settings::defaults().unwrap();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.data.dir = dir.path().to_owned();
    settings.disks.default_type = "gold".to_owned();
    let clock = Arc::new(ManualClock::at(START.parse().unwrap()));
    let refused = Server::start(settings, clock).await.unwrap_err();
    assert_eq!(refused.to_string(), "disks.default_type is \"gold\", which is none of disks.types");
}
