//! Changes of a snapshot: its name and description, its metadata, and what is set by hand.

use reqwest::Method;
use serde_json::{Value, json};

use super::{detail, summary};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::{T0, TestServer};

fn about(name: &str, value: &str, rule: &str) -> String {
    format!("Invalid input for field/attribute {name}. Value: {value}. {rule}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_it_names_by_either_name_and_nothing_else() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    for version in VERSIONS {
        let id = demo.snapshot(&disk).await;
        let own = demo.path(version, &format!("snapshots/{id}"));
        let changed = |changes: Value| {
            let mut snapshot = summary(&id, &disk, json!({"updated_at": T0}));
            snapshot.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            snapshot
        };
        for (change, after) in [
            (json!({"name": " a "}), json!({"name": "a"})),
            (
                json!({"display_name": "b", "display_description": "d"}),
                json!({"name": "b", "description": "d"}),
            ),
            (json!({"description": ""}), json!({"name": "b", "description": ""})),
            (
                json!({"name": null, "display_name": "c", "description": null}),
                json!({"name": null, "description": null}),
            ),
        ] {
            let answer = demo.put(&own, json!({"snapshot": change})).await;
            answer.is(200, &json!({"snapshot": changed(after.clone())}));
            let shown = detail(&demo, changed(after));
            demo.get(&own).await.is(200, &json!({"snapshot": shown}));
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_update_is_refused_by_the_member_and_rule() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.snapshot(&demo.disk().await).await;
    let long = "x".repeat(256);
    for version in VERSIONS {
        let own = demo.path(version, &format!("snapshots/{id}"));
        let before = demo.get(&own).await.text;
        for (body, message) in [
            (json!({}), "'snapshot' is a required property".to_owned()),
            (
                json!({"snapshot": {}}),
                about("snapshot", "{}", "{} is not valid under any of the given schemas"),
            ),
            (
                json!({"snapshot": {"name": 1}}),
                about("name", "1", "1 is not of type 'string', 'null'"),
            ),
            (
                json!({"snapshot": {"name": "n", "size": 1}}),
                about(
                    "snapshot",
                    "{'name': 'n', 'size': 1}",
                    "Additional properties are not allowed ('size' was unexpected)",
                ),
            ),
            (
                json!({"snapshot": {"description": long}}),
                "An invalid 'description' value was provided. The 'description' can not be greater \
                 than 255 characters."
                    .to_owned(),
            ),
        ] {
            demo.put(&own, body).await.is_fault(400, &message);
        }
        assert_eq!(demo.get(&own).await.text, before);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_shown_added_to_replaced_and_taken_away() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    for version in VERSIONS {
        let id = demo.snapshot(&disk).await;
        let all = demo.path(version, &format!("snapshots/{id}/metadata"));
        let one = |key: &str| demo.path(version, &format!("snapshots/{id}/metadata/{key}"));
        demo.get(&all).await.is(200, &json!({"metadata": {}}));
        let two = json!({"metadata": {"a": "1", "b": "2"}});
        demo.post(&all, two.clone()).await.is(200, &two);
        let more = json!({"metadata": {"b": "3", "c d": "4"}});
        let merged = json!({"metadata": {"a": "1", "b": "3", "c d": "4"}});
        demo.post(&all, more.clone()).await.is(200, &merged);
        demo.get(&one("c%20d")).await.is(200, &json!({"meta": {"c d": "4"}}));
        let meta = json!({"meta": {"a": "5"}});
        demo.put(&one("a"), meta.clone()).await.is(200, &meta);
        demo.get(&one("a")).await.is(200, &meta);
        demo.put(&all, more.clone()).await.is(200, &more);
        demo.delete(&one("b")).await.is_empty(200);
        demo.get(&all).await.is(200, &json!({"metadata": {"c d": "4"}}));
        let shown = demo.get(&demo.path(version, &format!("snapshots/{id}"))).await;
        assert_eq!(shown.body["snapshot"]["metadata"], json!({"c d": "4"}));
        assert_eq!(shown.body["snapshot"]["updated_at"], T0);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_use_of_metadata_is_refused() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let id = demo.snapshot(&demo.disk().await).await;
    let theirs = partner.snapshot(&partner.disk().await).await;
    let long = "x".repeat(256);
    for version in VERSIONS {
        let all = demo.path(version, &format!("snapshots/{id}/metadata"));
        let one = |key: &str| demo.path(version, &format!("snapshots/{id}/metadata/{key}"));
        let gone = format!("Snapshot {id} has no metadata with key k.");
        demo.get(&one("k")).await.is_fault(404, &gone);
        demo.delete(&one("k")).await.is_fault(404, &gone);
        for (body, message) in [
            (json!({}), "'metadata' is a required property".to_owned()),
            (
                json!({"metadata": {}, "x": 1}),
                "Additional properties are not allowed ('x' was unexpected)".to_owned(),
            ),
            (json!({"metadata": []}), about("metadata", "[]", "[] is not of type 'object'")),
            (json!({"metadata": {"k": 1}}), about("k", "1", "1 is not of type 'string'")),
        ] {
            demo.post(&all, body.clone()).await.is_fault(400, &message);
            demo.put(&all, body).await.is_fault(400, &message);
        }
        for (body, message) in [
            (json!({"meta": {"b": "1"}}), "Request body and URI mismatch"),
            (json!({"meta": {"a": "1", "b": "1"}}), "Request body contains too many items"),
            (json!({}), "'meta' is a required property"),
        ] {
            demo.put(&one("a"), body).await.is_fault(400, message);
        }
        let too_long = demo.post(&all, json!({"metadata": {"k": long}})).await;
        assert_eq!(too_long.status, if version == "v2" { 413 } else { 400 }, "{}", too_long.text);
        demo.get(&all).await.is(200, &json!({"metadata": {}}));

        let (whole, meta) = (json!({"metadata": {"k": "v"}}), json!({"meta": {"k": "v"}}));
        for (method, rest, body) in [
            (Method::GET, "", None),
            (Method::GET, "/k", None),
            (Method::POST, "", Some(&whole)),
            (Method::PUT, "", Some(&whole)),
            (Method::PUT, "/k", Some(&meta)),
            (Method::DELETE, "/k", None),
        ] {
            let ask = async |id: &str| {
                let path = demo.path(version, &format!("snapshots/{id}/metadata{rest}"));
                let body = body.map(Value::to_string);
                demo.send(method.clone(), &path, body).await
            };
            let absent = ask(ABSENT).await;
            absent.is_fault(404, &format!("Snapshot {ABSENT} could not be found."));
            assert_eq!(ask(&theirs).await.text.replace(&theirs, ABSENT), absent.text);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_removes_a_snapshot_in_any_status() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    for version in VERSIONS {
        for status in ["available", "error", "creating", "deleting", "error_deleting"] {
            let id = demo.snapshot(&disk).await;
            let action = admin.path(version, &format!("snapshots/{id}/action"));
            let reset = json!({"os-reset_status": {"status": status}});
            admin.post(&action, reset).await.is_empty(202);
            admin.post(&action, json!({"os-force_delete": {}})).await.is_empty(202);
            let gone = format!("Snapshot {id} could not be found.");
            demo.get(&demo.path(version, &format!("snapshots/{id}"))).await.is_fault(404, &gone);
            admin.post(&action, json!({"os-force_delete": {}})).await.is_fault(404, &gone);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_taken_or_removed_may_be_said_to_have_come_to_something() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.snapshot(&demo.disk().await).await;
    for version in VERSIONS {
        let own = demo.path(version, &format!("snapshots/{id}"));
        let reset = async |status: &str| {
            let path = admin.path(version, &format!("snapshots/{id}/action"));
            admin.post(&path, json!({"os-reset_status": {"status": status}})).await.is_empty(202);
        };
        let tell = async |told: Value| {
            demo.post(&format!("{own}/action"), json!({"os-update_snapshot_status": told})).await
        };
        let shown = async || {
            let snapshot = demo.get(&own).await.body["snapshot"].clone();
            let progress = snapshot["os-extended-snapshot-attributes:progress"].clone();
            (snapshot["status"].clone(), progress)
        };
        reset("creating").await;
        tell(json!({"status": "creating", "progress": "73%"})).await.is_empty(202);
        assert_eq!(shown().await, (json!("creating"), json!("73%")));
        tell(json!({"status": "error", "progress": "80%"})).await.is_empty(202);
        assert_eq!(shown().await, (json!("error"), json!("80%")));
        tell(json!({"status": "available"}))
            .await
            .is_fault(400, "Snapshot status error not allowed for update_snapshot_status");
        reset("available").await;
        assert_eq!(shown().await, (json!("available"), json!("100%")));
        reset("deleting").await;
        tell(json!({"status": "available"})).await.is_fault(
            400,
            "Provided snapshot status available not allowed for snapshot with status deleting.",
        );
        tell(json!({"status": "error_deleting", "progress": null})).await.is_empty(202);
        assert_eq!(shown().await, (json!("error_deleting"), json!("100%")));
        for (told, message) in [
            (
                json!({}),
                about("os-update_snapshot_status", "{}", "'status' is a required property"),
            ),
            (json!({"status": "gone"}), about("status", "gone", "Must specify a valid status.")),
            (
                json!({"status": "error", "x": 1}),
                about(
                    "os-update_snapshot_status",
                    "{'status': 'error', 'x': 1}",
                    "Additional properties are not allowed ('x' was unexpected)",
                ),
            ),
            (
                json!({"status": "error", "progress": "101%"}),
                "Invalid input received: progress must be an integer percentage".to_owned(),
            ),
            (
                json!({"status": "error", "progress": "some"}),
                "Invalid input received: progress must be an integer percentage".to_owned(),
            ),
        ] {
            tell(told).await.is_fault(400, &message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_or_action_on_what_is_absent_or_another_projects_is_the_same_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.snapshot(&partner.disk().await).await;
    for version in VERSIONS {
        let rename = async |id: &str| {
            let path = demo.path(version, &format!("snapshots/{id}"));
            demo.put(&path, json!({"snapshot": {"name": "mine"}})).await
        };
        let tell = async |id: &str| {
            let path = demo.path(version, &format!("snapshots/{id}/action"));
            demo.post(&path, json!({"os-update_snapshot_status": {"status": "error"}})).await
        };
        for (absent, foreign) in [
            (rename(ABSENT).await, rename(&theirs).await),
            (tell(ABSENT).await, tell(&theirs).await),
        ] {
            absent.is_fault(404, &format!("Snapshot {ABSENT} could not be found."));
            assert_eq!(foreign.text.replace(&theirs, ABSENT), absent.text);
        }
        let unknown = json!({"os-unmanage": {}});
        let path = demo.path(version, &format!("snapshots/{ABSENT}/action"));
        demo.post(&path, unknown).await.is_fault(
            400,
            "There is no such action: os-unmanage. Verify the request body and Content-Type \
             header and try again.",
        );
    }
    server.finish().await;
}
