//! Whether a disk may be offered, rule by rule: the same rules and sentences as those of a refusal.

use chrono::TimeDelta;
use evs_local::config::{Account, AuthMode};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, TestServer};

const RULES: [&str; 8] = [
    "available",
    "no snapshots",
    "no backups",
    "no backup policy",
    "data disk",
    "not encrypted",
    "not yearly or monthly",
    "not dedicated",
];

fn path(disk: &str) -> String {
    format!("/_evs/disks/{disk}/transferable")
}

/// The answer about a disk that breaks these rules for these reasons.
fn verdict(disk: &str, status: &str, broken: &[(&str, &str)], transfer: &Value) -> Value {
    let rules = RULES.map(|rule| match broken.iter().find(|(name, _)| *name == rule) {
        None => json!({"rule": rule, "verdict": "holds"}),
        Some((_, why)) => json!({"rule": rule, "verdict": "broken", "why": why}),
    });
    json!({
        "disk_id": disk,
        "status": status,
        "transferable": broken.is_empty(),
        "rules": rules,
        "transfer": transfer,
    })
}

/// The sentence with which an offer is refused.
async fn refusal(client: &Client, disk: &str) -> String {
    let body = json!({"transfer": {"volume_id": disk}});
    let answer = client.post(&client.path("v3", "os-volume-transfer"), body).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    answer.body["badRequest"]["message"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_rule_is_told_with_the_sentence_of_the_refusal() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk_of(json!({"size": 10, "metadata": {"orderID": "CS1"}})).await;
    let order = "Invalid volume: yearly/monthly disks cannot be transferred: metadata orderID is \
                 'CS1'";
    let only_order = verdict(&disk, "available", &[("not yearly or monthly", order)], &Value::Null);
    demo.get(&path(&disk)).await.is(200, &only_order);
    assert_eq!(refusal(&demo, &disk).await, order);

    let snapshot = demo.snapshot(&disk).await;
    let backup = demo.backup(&disk).await;
    let policy = demo.policy("nightly", "OFF").await;
    assert_eq!(demo.bind(&policy, &disk).await.status, 200);
    demo.act(&disk, json!({"os-set_bootable": {"bootable": true}})).await.is_empty(200);
    let meta = demo.path("v3", &format!("volumes/{disk}/metadata"));
    let body = json!({"metadata": {"__system__encrypted": "1"}});
    assert_eq!(demo.send(Method::POST, &meta, Some(body.to_string())).await.status, 200);
    admin.reset(&disk, "error").await;
    let broken = [
        ("available", "status must be available, but the current status is error".to_owned()),
        (
            "no snapshots",
            format!("disk has snapshots: 1 in all, among them {snapshot} in status available"),
        ),
        (
            "no backups",
            format!("disk has backups: 1 in all, among them {backup} in status available"),
        ),
        (
            "no backup policy",
            format!("disk is associated with a backup policy: nightly ({policy})"),
        ),
        ("data disk", "system disks cannot be transferred: the disk is bootable".to_owned()),
        (
            "not encrypted",
            "transferring encrypted volume is not supported: metadata __system__encrypted is '1'"
                .to_owned(),
        ),
        (
            "not yearly or monthly",
            "yearly/monthly disks cannot be transferred: metadata orderID is 'CS1'".to_owned(),
        ),
    ];
    let broken = broken.map(|(rule, why)| (rule, format!("Invalid volume: {why}")));
    let broken: Vec<(&str, &str)> =
        broken.iter().map(|(rule, why)| (*rule, why.as_str())).collect();
    let all = verdict(&disk, "error", &broken, &Value::Null);
    for client in [&demo, &admin] {
        client.get(&path(&disk)).await.is(200, &all);
    }
    assert_eq!(refusal(&demo, &disk).await, broken[0].1, "the first of them");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_off_says_so_and_forbids_nothing() {
    let server = TestServer::start_with(|settings| {
        settings.transfers.refuse_yearly_monthly = false;
        settings.transfers.refuse_dedicated_storage = false;
    })
    .await;
    let demo = server.login("demo").await;
    let disk = demo.disk_of(json!({"size": 10, "metadata": {"orderID": "CS1"}})).await;
    let mut expected = verdict(&disk, "available", &[], &Value::Null);
    for (place, rule) in [(6, "not yearly or monthly"), (7, "not dedicated")] {
        expected["rules"][place] = json!({"rule": rule, "verdict": "off"});
    }
    demo.get(&path(&disk)).await.is(200, &expected);
    demo.offer(&disk).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_awaits_transfer_names_the_transfer_and_its_expiry_and_no_key() {
    let server = TestServer::start_with(|settings| settings.simulation.explicit = true).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    admin.post("/_evs/progress", json!({})).await;
    let fit = verdict(&disk, "available", &[], &Value::Null);
    demo.get(&path(&disk)).await.is(200, &fit);
    let why = "Invalid volume: status must be available, but the current status is \
               awaiting-transfer";
    let awaits =
        |transfer: &Value| verdict(&disk, "awaiting-transfer", &[("available", why)], transfer);

    let (id, _) = demo.offer(&disk).await;
    let lasting = json!({"id": id, "expires_at": null, "expired": false});
    demo.get(&path(&disk)).await.is(200, &awaits(&lasting));
    let withdrawn = demo.path("v3", &format!("os-volume-transfer/{id}"));
    demo.delete(&withdrawn).await.is_empty(202);

    let headers = [("content-type", "application/json"), ("x-evs-transfer-expires-in", "60")];
    let body = json!({"transfer": {"volume_id": disk}}).to_string();
    let offers = demo.path("v3", "os-volume-transfer");
    let answer = demo.send_with(Method::POST, &offers, &headers, Some(body)).await;
    let mut transfer = json!({
        "id": answer.body["transfer"]["id"],
        "expires_at": "2026-11-23T07:42:05.318204Z",
        "expired": false,
    });
    demo.get(&path(&disk)).await.is(200, &awaits(&transfer));
    server.advance(TimeDelta::seconds(60));
    transfer["expired"] = true.into();
    demo.get(&path(&disk)).await.is(200, &awaits(&transfer));
    admin.post("/_evs/progress", json!({})).await;
    demo.get(&path(&disk)).await.is(200, &fit);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sees_the_disk_may_ask_and_to_all_others_it_is_absent() {
    let server = TestServer::start_with(|settings| {
        let viewer = Account { name: "viewer".to_owned(), role: "reader".to_owned() };
        settings.bootstrap.accounts.push(viewer);
    })
    .await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    for client in [&demo, &admin] {
        let undashed = disk.replace('-', "").to_uppercase();
        for id in [&disk, &undashed] {
            client.get(&path(id)).await.is(200, &verdict(&disk, "available", &[], &Value::Null));
        }
    }
    let absent = "00000000-0000-4000-8000-000000000001";
    let not_there = |id: &str| format!("Volume {id} could not be found.");
    demo.get(&path(absent)).await.is_fault(404, &not_there(absent));
    demo.get(&path("x")).await.is_fault(404, &not_there("x"));
    for name in ["partner", "viewer"] {
        let other = server.login(name).await;
        other.get(&path(&disk)).await.is_fault(404, &not_there(&disk));
    }
    for token in [None, Some("garbage")] {
        demo.with_token(token).get(&path(&disk)).await.is_unauthenticated();
    }
    demo.post(&path(&disk), json!({}))
        .await
        .is_fault(405, "The method is not allowed for the requested URL.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_anybody_may_ask() {
    let server = TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await;
    let client = server.anonymous().in_project("anyone");
    let disk = client.disk().await;
    let fit = verdict(&disk, "available", &[], &Value::Null);
    server.anonymous().get(&path(&disk)).await.is(200, &fit);
    server.finish().await;
}
