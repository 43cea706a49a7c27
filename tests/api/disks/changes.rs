//! Updating and deleting disks, and which disks are there for whom.

use chrono::TimeDelta;
use evs_local::domain::disk::DiskStatus;
use reqwest::Method;
use serde_json::{Value, json};

use super::{ABSENT, VERSIONS, fresh};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn update_changes_what_is_given_and_replaces_the_metadata() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let start: chrono::DateTime<chrono::Utc> = crate::support::START.parse().unwrap();
    let mut seconds = 0;
    for version in VERSIONS {
        let created_at = start + TimeDelta::seconds(seconds);
        let metadata = json!({"a": "1", "b": "2"});
        let id = demo.disk_of(json!({"size": 10, "name": "n", "metadata": metadata})).await;
        let path = demo.path(version, &format!("volumes/{id}"));
        let stamp = "%Y-%m-%dT%H:%M:%S%.6f";
        let mut expected = fresh(&demo, version, &id, json!({"name": "n", "metadata": metadata}));
        expected["created_at"] = created_at.format(stamp).to_string().into();
        for (change, member, value) in [
            (json!({"name": " new "}), "name", json!("new")),
            (json!({"description": "d"}), "description", json!("d")),
            (json!({"display_name": "old style"}), "name", json!("old style")),
            (json!({"name": ""}), "name", json!("")),
            (json!({"name": null}), "name", Value::Null),
            (json!({"metadata": {"c": "3"}}), "metadata", json!({"c": "3"})),
            (json!({"metadata": null}), "metadata", json!({"c": "3"})),
            (json!({"metadata": {}}), "metadata", json!({})),
            (json!({}), "size", json!(10)),
        ] {
            seconds += 1;
            server.advance(TimeDelta::seconds(1));
            let now = start + TimeDelta::seconds(seconds);
            expected[member] = value;
            expected["updated_at"] = now.format(stamp).to_string().into();
            let answer = demo.put(&path, json!({"volume": change})).await;
            answer.is(200, &json!({"volume": expected}));
        }
        for (body, message) in [
            (json!({}), "'volume' is a required property".to_owned()),
            (
                json!({"volume": {"size": 20}}),
                "Invalid input for field/attribute volume. Value: {'size': 20}. Additional \
                 properties are not allowed ('size' was unexpected)"
                    .to_owned(),
            ),
            (
                json!({"volume": {"name": true}}),
                "Invalid input for field/attribute name. Value: True. True is not of type \
                 'string', 'null'"
                    .to_owned(),
            ),
            (
                json!({"volume": {"metadata": {"k": 1}}}),
                "Invalid input for field/attribute k. Value: 1. 1 is not of type 'string'"
                    .to_owned(),
            ),
        ] {
            demo.put(&path, body).await.is_fault(400, &message);
        }
        let tenant = json!(demo.project);
        expected["os-vol-tenant-attr:tenant_id"] = tenant;
        demo.get(&path).await.is(200, &json!({"volume": expected}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_allows_or_forbids_to_update_and_to_delete() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let deletable = [
        "available",
        "error",
        "error_extending",
        "error_restoring",
        "error_rollbacking",
        "error_managing",
    ];
    for status in DiskStatus::ALL {
        let word = status.as_str();
        if ["awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        for version in VERSIONS {
            let id = demo.disk().await;
            let path = demo.path(version, &format!("volumes/{id}"));
            admin.reset(&id, word).await;
            let renamed = demo.put(&path, json!({"volume": {"name": "x"}})).await;
            if word == "maintenance" {
                let why = "can not be updated while its status is maintenance.";
                renamed.is_fault(400, &format!("Invalid volume: Volume {id} {why}"));
            } else {
                assert_eq!(renamed.status, 200, "{}", renamed.text);
            }
            let answer = demo.delete(&path).await;
            if deletable.contains(&word) {
                answer.is_empty(202);
                let gone = format!("Volume {id} could not be found.");
                demo.get(&path).await.is_fault(404, &gone);
                demo.delete(&path).await.is_fault(404, &gone);
            } else {
                answer.is_fault(400, NOT_DELETABLE);
                assert_eq!(demo.disk_status(&id).await, word);
            }
        }
    }
    server.finish().await;
}

const NOT_DELETABLE: &str = "Invalid volume: Volume status must be available or error or \
    error_restoring or error_extending or error_managing and must not be migrating, attached, \
    belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots \
    after volume transfer.";

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_and_offers_forbid_to_delete_a_disk_and_backups_and_policies_do_not() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for version in VERSIONS {
        let id = demo.disk().await;
        let path = demo.path(version, &format!("volumes/{id}"));
        let snapshot = demo.snapshot(&id).await;
        demo.delete(&path).await.is_fault(400, NOT_DELETABLE);
        demo.delete(&demo.path("v3", &format!("snapshots/{snapshot}"))).await.is_empty(202);
        let (transfer, _) = demo.offer(&id).await;
        demo.delete(&path).await.is_fault(400, NOT_DELETABLE);
        demo.delete(&demo.path("v3", &format!("os-volume-transfer/{transfer}")))
            .await
            .is_empty(202);
        let backup = demo.backup(&id).await;
        let policy = demo.policy("nightly", "ON").await;
        assert_eq!(demo.bind(&policy, &id).await.status, 200);
        demo.delete(&path).await.is_empty(202);
        assert_eq!(demo.get(&demo.path("v3", &format!("backups/{backup}"))).await.status, 200);
        let bound = demo.path("v2", &format!("backuppolicyresources?policy_id={policy}"));
        assert_eq!(demo.get(&bound).await.body["resources"], json!([]));
        assert_eq!(admin.in_use(&demo.project, "volumes").await, 0);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_absent_or_another_projects_is_the_same_404_whatever_is_asked_of_it() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let theirs = partner.disk().await;
    let before = partner.show_disk(&theirs).await.text;
    for version in VERSIONS {
        for (client, method, action, body) in [
            (&demo, Method::GET, "", Value::Null),
            (&demo, Method::PUT, "", json!({"volume": {"name": "mine"}})),
            (&demo, Method::DELETE, "", Value::Null),
            (&demo, Method::POST, "/action", json!({"os-extend": {"new_size": 20}})),
            (&demo, Method::POST, "/action", json!({"os-set_bootable": {"bootable": true}})),
            (&admin, Method::POST, "/action", json!({"os-reset_status": {"status": "error"}})),
            (&admin, Method::POST, "/action", json!({"os-force_delete": {}})),
        ] {
            let ask = async |id: &str| {
                let path = client.path(version, &format!("volumes/{id}{action}"));
                let body = (!body.is_null()).then(|| body.to_string());
                client.send(method.clone(), &path, body).await
            };
            for id in [ABSENT, "xxx", "new"] {
                ask(id).await.is_fault(404, &format!("Volume {id} could not be found."));
            }
            if client.user == demo.user {
                let absent = ask(ABSENT).await.text;
                let answer = ask(&theirs).await;
                assert_eq!(answer.status, 404);
                assert_eq!(answer.text.replace(&theirs, ABSENT), absent, "byte for byte");
            }
        }
    }
    assert_eq!(partner.show_disk(&theirs).await.text, before);
    server.finish().await;
}
