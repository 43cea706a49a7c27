//! Every rule that forbids a transfer, alone, on create and again on accept, with what breaks it.

use serde_json::{Value, json};

use crate::support::{Client, FAMILIES, TestServer};

/// Breaks one rule for a disk; gives the refusal and what undoes it.
struct Obstacle {
    message: String,
    undo: Undo,
}

enum Undo {
    Delete(String),
    Unbind { policy: String, disk: String },
    Unboot(String),
    Metadata(String),
}

impl Undo {
    async fn run(&self, demo: &Client) {
        match self {
            Self::Delete(path) => demo.delete(path).await.is_empty(202),
            Self::Unbind { policy, disk } => {
                assert_eq!(demo.unbind(policy, disk).await.status, 200);
            }
            Self::Unboot(disk) => {
                demo.act(disk, json!({"os-set_bootable": {"bootable": false}})).await.is_empty(200);
            }
            Self::Metadata(disk) => set_metadata(demo, disk, json!({})).await,
        }
    }
}

async fn set_metadata(demo: &Client, disk: &str, metadata: Value) {
    let body = json!({"volume": {"metadata": metadata}});
    let answer = demo.put(&demo.path("v3", &format!("volumes/{disk}")), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

const RULES: [&str; 7] =
    ["snapshot", "backup", "policy on", "policy off", "bootable", "encrypted", "order"];

async fn break_rule(demo: &Client, rule: &str, disk: &str) -> Obstacle {
    match rule {
        "snapshot" => {
            let id = demo.snapshot(disk).await;
            Obstacle {
                message: format!(
                    "Invalid volume: disk has snapshots: 1 in all, among them {id} in status \
                     available"
                ),
                undo: Undo::Delete(demo.path("v3", &format!("snapshots/{id}"))),
            }
        }
        "backup" => {
            let id = demo.backup(disk).await;
            Obstacle {
                message: format!(
                    "Invalid volume: disk has backups: 1 in all, among them {id} in status \
                     available"
                ),
                undo: Undo::Delete(demo.path("v3", &format!("backups/{id}"))),
            }
        }
        "policy on" | "policy off" => {
            let status = if rule == "policy on" { "ON" } else { "OFF" };
            let policy = demo.policy("nightly", status).await;
            assert_eq!(demo.bind(&policy, disk).await.status, 200);
            Obstacle {
                message: format!(
                    "Invalid volume: disk is associated with a backup policy: nightly ({policy})"
                ),
                undo: Undo::Unbind { policy, disk: disk.to_owned() },
            }
        }
        "bootable" => {
            demo.act(disk, json!({"os-set_bootable": {"bootable": true}})).await.is_empty(200);
            Obstacle {
                message: "Invalid volume: system disks cannot be transferred: the disk is bootable"
                    .to_owned(),
                undo: Undo::Unboot(disk.to_owned()),
            }
        }
        "encrypted" => {
            set_metadata(demo, disk, json!({"__system__encrypted": "1"})).await;
            Obstacle {
                message: "Invalid volume: transferring encrypted volume is not supported: \
                          metadata __system__encrypted is '1'"
                    .to_owned(),
                undo: Undo::Metadata(disk.to_owned()),
            }
        }
        "order" => {
            set_metadata(demo, disk, json!({"orderID": "CS2611"})).await;
            Obstacle {
                message: "Invalid volume: yearly/monthly disks cannot be transferred: metadata \
                          orderID is 'CS2611'"
                    .to_owned(),
                undo: Undo::Metadata(disk.to_owned()),
            }
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_alone_forbids_create_until_what_breaks_it_is_gone() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (version, family) in FAMILIES {
        let path = demo.path(version, family);
        for rule in RULES {
            let disk = demo.disk().await;
            let body = json!({"transfer": {"volume_id": disk}});
            let obstacle = break_rule(&demo, rule, &disk).await;
            demo.post(&path, body.clone()).await.is_fault(400, &obstacle.message);
            assert_eq!(demo.disk_status(&disk).await, "available", "{rule}");
            obstacle.undo.run(&demo).await;
            assert_eq!(demo.post(&path, body).await.status, 202, "{rule}");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_broken_after_the_offer_forbids_accept_and_the_key_stays_good() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    // While a disk awaits transfer the API refuses snapshots, backups and bindings, so that these
    // rules are broken here by what it still lets through.
    for (version, family) in FAMILIES {
        for rule in ["bootable", "encrypted", "order"] {
            let disk = demo.disk().await;
            let (id, key) = demo.offer(&disk).await;
            let obstacle = break_rule(&demo, rule, &disk).await;
            let path = partner.path(version, &format!("{family}/{id}/accept"));
            let body = json!({"accept": {"auth_key": key}});
            partner.post(&path, body.clone()).await.is_fault(400, &obstacle.message);
            assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer", "{rule}");
            obstacle.undo.run(&demo).await;
            assert_eq!(partner.post(&path, body).await.status, 202, "{rule}");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_backups_and_bindings_that_appear_behind_our_back_forbid_accept_too() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let policy = demo.policy("nightly", "OFF").await;
    for (column_of_obstacle, message) in [
        ("snapshots", "disk has snapshots: 1 in all"),
        ("backups", "disk has backups: 1 in all"),
        ("policy_disks", "disk is associated with a backup policy: nightly"),
    ] {
        let (offered, other) = (demo.disk().await, demo.disk().await);
        let (id, key) = demo.offer(&offered).await;
        match column_of_obstacle {
            "snapshots" => drop(demo.snapshot(&other).await),
            "backups" => drop(demo.backup(&other).await),
            _ => assert_eq!(demo.bind(&policy, &other).await.status, 200),
        }
        server
            .edit(&format!(
                "UPDATE {column_of_obstacle} SET disk_id = '{offered}' WHERE disk_id = '{other}'"
            ))
            .await;
        let answer = partner.accept(&id, &key).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let said = answer.body["badRequest"]["message"].as_str().unwrap();
        assert!(said.starts_with(&format!("Invalid volume: {message}")), "{said}");
        assert_eq!(demo.disk_status(&offered).await, "awaiting-transfer");
        server
            .edit(&format!(
                "UPDATE {column_of_obstacle} SET disk_id = '{other}' WHERE disk_id = '{offered}'"
            ))
            .await;
        assert_eq!(partner.accept(&id, &key).await.status, 202, "the key is still good");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_in_any_status_but_available_is_not_offered() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let mut tried = 0;
    for status in evs_local::domain::disk::DiskStatus::ALL {
        let word = status.as_str();
        if ["available", "awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        admin.reset(&disk, word).await;
        for (version, family) in FAMILIES {
            let body = json!({"transfer": {"volume_id": disk}});
            demo.post(&demo.path(version, family), body).await.is_fault(
                400,
                &format!(
                    "Invalid volume: status must be available, but the current status is {word}"
                ),
            );
        }
        assert_eq!(demo.disk_status(&disk).await, word);
        tried += 1;
    }
    assert!(tried > 15, "{tried} statuses");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offered_disk_is_not_offered_again() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let (id, _) = demo.offer(&disk).await;
    for (version, family) in FAMILIES {
        let body = json!({"transfer": {"volume_id": disk}});
        demo.post(&demo.path(version, family), body).await.is_fault(
            400,
            "Invalid volume: status must be available, but the current status is \
             awaiting-transfer",
        );
    }
    let list = demo.get(&demo.path("v3", "os-volume-transfer")).await;
    assert_eq!(list.body["transfers"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["transfers"][0]["id"], json!(id));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_and_backups_in_any_status_forbid_and_the_first_rule_is_reported() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let offer = json!({"transfer": {"volume_id": disk}});
    let path = demo.path("v3", "volume-transfers");
    let backup = demo.backup(&disk).await;
    for status in ["error", "creating", "deleting", "restoring", "available"] {
        server.backup_comes_to(&backup, status).await;
        demo.post(&path, offer.clone()).await.is_fault(
            400,
            &format!(
                "Invalid volume: disk has backups: 1 in all, among them {backup} in status \
                 {status}"
            ),
        );
    }
    let snapshot = demo.snapshot(&disk).await;
    for status in ["creating", "deleting", "error_deleting", "error"] {
        let reset = json!({"os-reset_status": {"status": status}});
        let action = admin.path("v3", &format!("snapshots/{snapshot}/action"));
        admin.post(&action, reset).await.is_empty(202);
        // The backup is still there: snapshots come first.
        demo.post(&path, offer.clone()).await.is_fault(
            400,
            &format!(
                "Invalid volume: disk has snapshots: 1 in all, among them {snapshot} in status \
                 {status}"
            ),
        );
    }
    demo.delete(&demo.path("v3", &format!("snapshots/{snapshot}"))).await.is_empty(202);
    demo.delete(&demo.path("v3", &format!("backups/{backup}"))).await.is_empty(202);
    assert_eq!(demo.post(&path, offer).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_types_and_dedicated_storage_stay_and_optional_rules_can_be_switched_off() {
    let server = TestServer::start_with(|settings| {
        settings.disks.encrypted_types = vec!["ESSD".to_owned()];
        settings.transfers.refuse_yearly_monthly = false;
    })
    .await;
    let demo = server.login("demo").await;
    let path = demo.path("v3", "volume-transfers");
    let encrypted = demo.disk_of(json!({"size": 10, "volume_type": "ESSD"})).await;
    demo.post(&path, json!({"transfer": {"volume_id": encrypted}})).await.is_fault(
        400,
        "Invalid volume: transferring encrypted volume is not supported: the disk type is encrypted",
    );
    let hints = json!({
        "volume": {"size": 10},
        "OS-SCH-HNT:scheduler_hints": {"dedicated_storage_id": "dss-7"},
    });
    let created = demo.post(&demo.path("v3", "volumes"), hints).await;
    let dedicated = created.body["volume"]["id"].as_str().unwrap().to_owned();
    demo.post(&path, json!({"transfer": {"volume_id": dedicated}})).await.is_fault(
        400,
        "Invalid volume: disks on dedicated storage cannot be transferred: dedicated_storage_id \
         is 'dss-7'",
    );
    let ordered = demo.disk_of(json!({"size": 10, "metadata": {"orderID": "CS1"}})).await;
    let answer = demo.post(&path, json!({"transfer": {"volume_id": ordered}})).await;
    assert_eq!(answer.status, 202, "this rule is off: {}", answer.text);
    server.finish().await;
}
