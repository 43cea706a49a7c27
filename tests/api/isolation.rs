//! What is not there and what is not the asker's cannot be told apart: not by the answer, and not by
//! the work that it costs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::statements::Watch;
use crate::support::{Answer, Client, TestServer};

/// Everything that is asked about one thing: the method, the path behind the project with the id
/// left open, and the body.
fn questions() -> Vec<(&'static str, Method, &'static str, Value)> {
    let (none, get, delete) = (Value::Null, Method::GET, Method::DELETE);
    let name = |kind: &str| json!({ kind: {"name": "x"} });
    vec![
        ("disk", get.clone(), "v3 volumes/ID", none.clone()),
        ("disk", Method::PUT, "v3 volumes/ID", name("volume")),
        ("disk", delete.clone(), "v3 volumes/ID", none.clone()),
        ("disk", Method::POST, "v3 volumes/ID/action", json!({"os-extend": {"new_size": 20}})),
        (
            "disk",
            Method::POST,
            "v3 volumes/ID/action",
            json!({"os-set_bootable": {"bootable": true}}),
        ),
        ("disk", Method::POST, "v3 snapshots", json!({"snapshot": {"volume_id": "ID"}})),
        ("disk", Method::POST, "v3 backups", json!({"backup": {"volume_id": "ID"}})),
        ("disk", Method::POST, "v2 os-volume-transfer", json!({"transfer": {"volume_id": "ID"}})),
        ("disk", get.clone(), "v3 volumes?marker=ID", none.clone()),
        ("snapshot", get.clone(), "v3 snapshots/ID", none.clone()),
        ("snapshot", delete.clone(), "v3 snapshots/ID", none.clone()),
        ("backup", get.clone(), "v3 backups/ID", none.clone()),
        ("backup", delete.clone(), "v3 backups/ID", none.clone()),
        ("transfer", get.clone(), "v2 os-volume-transfer/ID", none.clone()),
        ("transfer", delete.clone(), "v2 os-volume-transfer/ID", none.clone()),
        ("transfer", get.clone(), "v3 volume-transfers?marker=ID", none.clone()),
        ("finished", get.clone(), "v2 os-volume-transfer/ID", none.clone()),
        ("finished", delete.clone(), "v2 os-volume-transfer/ID", none.clone()),
        // Anybody may accept what is pending, so only what is over is as good as absent.
        (
            "finished",
            Method::POST,
            "v2 os-volume-transfer/ID/accept",
            json!({"accept": {"auth_key": "0123456789abcdef"}}),
        ),
        ("policy", get.clone(), "v2 backuppolicy/ID", none.clone()),
        ("policy", delete.clone(), "v2 backuppolicy/ID", none.clone()),
        ("policy", Method::PUT, "v2 backuppolicy/ID", json!({"time_zone": "UTC+01:00"})),
        ("policy", get.clone(), "v2 backuppolicy/ID/backuptasks", none.clone()),
        ("policy", get, "v2 backuppolicy/ID/tags", none.clone()),
        ("policy", Method::POST, "v2 backuppolicy/ID/tags", json!({"tag": {"key": "k"}})),
        ("policy", delete, "v2 backuppolicy/ID/tags/k", none),
    ]
}

async fn ask(client: &Client, question: &(&str, Method, &str, Value), id: &str) -> Answer {
    let (_, method, path, body) = question;
    let (version, rest) = path.split_once(' ').unwrap();
    let body = (!body.is_null()).then(|| body.to_string().replace("ID", id));
    client.send(method.clone(), &client.path(version, &rest.replace("ID", id)), body).await
}

/// One of each kind, all of them demo's.
async fn things(server: &TestServer) -> Vec<(&'static str, String)> {
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let (offered, _) = demo.offer(&demo.disk().await).await;
    let (finished, key) = demo.offer(&demo.disk().await).await;
    assert_eq!(demo.accept(&finished, &key).await.status, 202);
    vec![
        ("snapshot", demo.snapshot(&disk).await),
        ("backup", demo.backup(&disk).await),
        ("disk", disk),
        ("transfer", offered),
        ("finished", finished),
        ("policy", demo.policy("nightly", "OFF").await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_absent_and_what_is_not_yours_run_the_very_same_statements() {
    let server = TestServer::start().await;
    let partner = server.login("partner").await;
    let things = things(&server).await;
    let watch = Watch::begin();
    for question in questions() {
        let (kind, method, path, _) = &question;
        let (_, foreign) = things.iter().find(|(of, _)| of == kind).unwrap();
        let mut seen = Vec::new();
        for id in [foreign, ABSENT] {
            let answer = ask(&partner, &question, id).await;
            assert_eq!(answer.status, 404, "{method} {path}: {}", answer.text);
            let mut statements = watch.of_request(&answer.header("x-request-id"));
            // What a reader begins with that happens to be opened for this request.
            statements.retain(|sql| !sql.starts_with("PRAGMA"));
            // The session, and at least one look at the thing.
            assert!(statements.len() >= 2, "{method} {path}: {statements:#?}");
            seen.push((answer.text.replace(id, "ID"), statements));
        }
        assert_eq!(seen[0], seen[1], "{method} {path}");
    }
    server.finish().await;
}
