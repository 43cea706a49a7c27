//! What a backup is made from and with, and what people say about it later.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{detail, made, shown_backup};
use crate::disks::ABSENT;
use crate::support::{T0, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn metadata_and_a_zone_are_heard_from_their_versions_on() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, path) = (demo.disk().await, demo.path("v3", "backups"));
    for (member, value, before, since) in [
        ("metadata", json!({"k": "v"}), "3.42", "3.43"),
        ("availability_zone", json!("az-sim-2"), "3.50", "3.51"),
    ] {
        let body = json!({"backup": {"volume_id": disk, member: value}});
        let refused = demo.at(before).post(&path, body.clone()).await;
        assert_eq!(refused.status, 400);
        let rule = format!("Additional properties are not allowed ('{member}' was unexpected)");
        assert!(refused.text.contains(&rule), "{}", refused.text);
        let id = made(&demo, since, body["backup"].clone()).await;
        assert_eq!(shown_backup(&demo, &id).await[member], value);
    }
    let nowhere = json!({"backup": {"volume_id": disk, "availability_zone": "az-9"}});
    let refused = demo.at("3.51").post(&path, nowhere).await;
    refused.is_fault(400, "Availability zone 'az-9' is invalid.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_snapshot_has_its_time_and_builds_on_what_is_older() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, other) = (demo.disk().await, demo.disk().await);
    let old = made(&demo, "3.0", json!({"volume_id": disk})).await;
    server.advance(TimeDelta::seconds(1));
    let snapshot = demo.snapshot(&disk).await;
    server.advance(TimeDelta::seconds(1));
    made(&demo, "3.0", json!({"volume_id": disk})).await;
    let of = json!({"volume_id": disk, "snapshot_id": snapshot, "incremental": true});
    let id = made(&demo, "3.0", of).await;
    let path = demo.path("v3", &format!("backups/{id}"));
    let changes = json!({
        "snapshot_id": snapshot,
        "is_incremental": true,
        "object_count": 1,
        "created_at": "2026-11-23T07:41:07.318204",
        "data_timestamp": "2026-11-23T07:41:06.318204",
    });
    let expected = detail(&demo, "v3", &id, &disk, changes);
    demo.get(&path).await.is(200, &json!({"backup": expected}));
    assert_eq!(shown_backup(&demo, &old).await["has_dependent_backups"], true);

    let path = demo.path("v3", "backups");
    let foreign = json!({"backup": {"volume_id": other, "snapshot_id": snapshot}});
    let rule =
        format!("Invalid volume: Volume {other} does not match with snapshot.volume_id {disk}.");
    demo.post(&path, foreign).await.is_fault(400, &rule);
    let absent = json!({"backup": {"volume_id": disk, "snapshot_id": ABSENT}});
    let rule = format!("Snapshot {ABSENT} could not be found.");
    demo.post(&path, absent).await.is_fault(404, &rule);
    server.edit(&format!("UPDATE snapshots SET status = 'error' WHERE id = '{snapshot}'")).await;
    let broken = json!({"backup": {"volume_id": disk, "snapshot_id": snapshot}});
    demo.post(&path, broken).await.is_fault(
        400,
        "Invalid snapshot: Snapshot to be backed up must be available, but the current status is \
         \"error\".",
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_say_is_changed_from_3_9_on_and_metadata_from_3_43_on() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let id = made(&demo, "3.0", json!({"volume_id": disk, "name": "a", "description": "b"})).await;
    let path = demo.path("v3", &format!("backups/{id}"));
    let change = json!({"backup": {"name": "new", "description": null}});
    let gone = "The resource could not be found.";
    demo.at("3.8").put(&path, change.clone()).await.is_fault(404, gone);
    demo.put(&demo.path("v2", &format!("backups/{id}")), change.clone()).await.is_fault(404, gone);
    let summary = json!({"id": id, "name": "new", "links": demo.links("v3", "backups", &id)});
    demo.at("3.9").put(&path, change.clone()).await.is(200, &json!({"backup": summary}));
    let changes = json!({"name": "new", "updated_at": T0});
    let expected = detail(&demo, "v3", &id, &disk, changes);
    demo.get(&path).await.is(200, &json!({"backup": expected}));
    let metadata = json!({"backup": {"metadata": {"k": "v"}}});
    demo.at("3.42").put(&path, metadata.clone()).await.is_fault(
        400,
        "Invalid input for field/attribute backup. Value: {'metadata': {'k': 'v'}}. Additional \
         properties are not allowed ('metadata' was unexpected)",
    );
    demo.at("3.43").put(&path, metadata).await.is(200, &json!({"backup": summary}));
    assert_eq!(shown_backup(&demo, &id).await["metadata"], json!({"k": "v"}));
    let foreign = partner.path("v3", &format!("backups/{id}"));
    let absent = format!("Backup {id} could not be found.");
    partner.at("3.9").put(&foreign, change).await.is_fault(404, &absent);
    demo.at("3.9").put(&path, json!({})).await.is_fault(400, "'backup' is a required property");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_of_backups_are_told_in_cinders_words() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let (disk, path) = (demo.disk().await, demo.path("v3", "backups"));
    let body = json!({"backup": {"volume_id": disk}});
    let limit = async |limits: Value| admin.set_quota(&demo.project, limits).await;
    limit(json!({"backups": 1})).await;
    demo.backup(&disk).await;
    demo.post(&path, body.clone())
        .await
        .is_over_limit("BackupLimitExceeded: Maximum number of backups allowed (1) exceeded");
    limit(json!({"backups": 2, "backup_gigabytes": 15})).await;
    demo.post(&path, body.clone()).await.is_over_limit(
        "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup gigabytes \
         quota. Requested 10G, quota is 15G and 10G has been consumed.",
    );
    limit(json!({"backup_gigabytes": 20})).await;
    assert_eq!(demo.post(&path, body).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_removes_a_backup_in_any_status_but_not_one_that_others_build_on() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let base = demo.backup(&disk).await;
    let upon = made(&demo, "3.0", json!({"volume_id": disk, "incremental": true})).await;
    let force = async |id: &str| {
        let path = admin.path("v3", &format!("backups/{id}/action"));
        server.backup_comes_to(id, "creating").await;
        admin.post(&path, json!({"os-force_delete": {}})).await
    };
    let why = "Invalid backup: Incremental backups exist for this backup.";
    force(&base).await.is_fault(400, why);
    force(&upon).await.is_empty(202);
    force(&base).await.is_empty(202);
    demo.get(&demo.path("v3", "backups")).await.is(200, &json!({"backups": []}));
    let path = admin.path("v3", &format!("backups/{base}/action"));
    admin.post(&path, json!({"os-nonsense": {}})).await.is_fault(
        400,
        "There is no such action: os-nonsense. Verify the request body and Content-Type header and \
         try again.",
    );
    server.finish().await;
}
