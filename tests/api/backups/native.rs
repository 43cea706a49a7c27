//! `cloudbackups` of VBS: jobs, codes, own snapshots, quotas.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{made, shown_backup};
use crate::disks::ABSENT;
use crate::support::{Answer, Client, TestServer};

const NOW: &str = "2026-11-23T07:41:05.318Z";

/// Asks for a backup natively.
pub(super) async fn ask(client: &Client, backup: Value) -> Answer {
    client.post(&client.path("v2", "cloudbackups"), json!({"backup": backup})).await
}

/// What a job has come to that an answer names.
pub(super) async fn job(client: &Client, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.body["job_id"].as_str().unwrap();
    answer.is(200, &json!({"job_id": id}));
    let shown = client.get(&client.path("v1", &format!("jobs/{id}"))).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.body
}

/// Makes a backup natively; its id.
async fn native(client: &Client, disk: &str) -> String {
    let answer = ask(client, json!({"volume_id": disk, "name": "b"})).await;
    let job = job(client, &answer).await;
    assert_eq!(job["status"], "SUCCESS");
    job["entities"]["backup_id"].as_str().unwrap().to_owned()
}

fn finished(id: &Value, kind: &str, entities: &Value) -> Value {
    json!({
        "job_id": id,
        "job_type": kind,
        "status": "SUCCESS",
        "begin_time": NOW,
        "end_time": NOW,
        "error_code": null,
        "fail_reason": null,
        "entities": entities,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_leaves_the_snapshot_that_was_taken_for_it_and_takes_it_along() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let answer = ask(
        &demo,
        json!({"volume_id": disk, "snapshot_id": null, "name": "backup-1", "description": "d",
               "tags": [{"key": "k", "value": "v"}], "extend_param": {"FullBackup": "true"}}),
    )
    .await;
    let made = job(&demo, &answer).await;
    let (backup, snapshot) =
        (made["entities"]["backup_id"].clone(), made["entities"]["snapshot_id"].clone());
    let entities = json!({
        "backup_id": backup,
        "volume_id": disk,
        "snapshot_id": snapshot,
        "bks_create_volume_name": "autobk_volume",
    });
    assert_eq!(made, finished(&answer.body["job_id"], "bksCreateBackup", &entities));
    let backup = backup.as_str().unwrap();
    let shown = shown_backup(&demo, backup).await;
    for (member, value) in [
        ("name", json!("backup-1")),
        ("description", json!("d")),
        ("snapshot_id", snapshot.clone()),
        ("metadata", json!({"k": "v"})),
        ("is_incremental", json!(false)),
        ("status", json!("available")),
    ] {
        assert_eq!(shown[member], value, "{member}");
    }
    let path = demo.path("v3", &format!("snapshots/{}", snapshot.as_str().unwrap()));
    let taken = demo.get(&path).await.body["snapshot"].clone();
    assert!(taken["name"].as_str().unwrap().starts_with("autobk_snapshot_"), "{taken}");
    assert_eq!(taken["metadata"], json!({"__system__enableActive": "true"}));
    assert_eq!((&taken["status"], &taken["volume_id"]), (&json!("available"), &json!(disk)));

    let answer = demo.send_empty_post(&demo.path("v2", &format!("cloudbackups/{backup}"))).await;
    let entities = json!({"backup_id": backup, "volume_id": disk, "snapshot_id": snapshot});
    let expected = finished(&answer.body["job_id"], "bksDeleteBackup", &entities);
    assert_eq!(job(&demo, &answer).await, expected);
    assert_eq!(demo.get(&path).await.status, 404);
    demo.get(&demo.path("v3", "backups")).await.is(200, &json!({"backups": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_builds_on_the_one_before_unless_it_is_to_be_a_full_one() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let mut chain = Vec::new();
    for _ in 0..3 {
        chain.push(native(&demo, &disk).await);
        server.advance(TimeDelta::seconds(1));
    }
    let incremental = async |id: &str| shown_backup(&demo, id).await["is_incremental"].clone();
    assert_eq!(incremental(&chain[0]).await, false);
    assert_eq!(incremental(&chain[1]).await, true);
    for word in [json!("true"), json!(true)] {
        let full = json!({"volume_id": disk, "name": "b", "extend_param": {"FullBackup": word}});
        let job = job(&demo, &ask(&demo, full).await).await;
        let id = job["entities"]["backup_id"].as_str().unwrap();
        assert_eq!(incremental(id).await, false);
    }
    // Deleting one natively lets the next take over what it held.
    let delete = async |id: &str| {
        let path = demo.path("v2", &format!("cloudbackups/{id}"));
        job(&demo, &demo.send_empty_post(&path).await).await
    };
    assert_eq!(delete(&chain[0]).await["status"], "SUCCESS");
    assert_eq!(incremental(&chain[1]).await, false);
    let shown = shown_backup(&demo, &chain[1]).await;
    assert_eq!(
        (&shown["has_dependent_backups"], &shown["object_count"]),
        (&json!(true), &json!(6))
    );
    assert_eq!(delete(&chain[1]).await["status"], "SUCCESS");
    assert_eq!(incremental(&chain[2]).await, false);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_disk_with_a_job() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (disk, other) = (demo.disk().await, demo.disk().await);
    let id = native(&demo, &disk).await;
    let snapshot = shown_backup(&demo, &id).await["snapshot_id"].clone();
    let path = demo.path("v2", &format!("cloudbackups/{id}/restore"));
    let answer = demo.post(&path, json!({"restore": {"volume_id": other}})).await;
    let entities = json!({"backup_id": id, "volume_id": other, "snapshot_id": snapshot});
    let expected = finished(&answer.body["job_id"], "bksRestoreBackup", &entities);
    assert_eq!(job(&demo, &answer).await, expected);
    assert_eq!(demo.disk_status(&other).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_has_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let with = |name: &str, value: Value| {
        let mut backup = json!({"volume_id": disk, "name": "b"});
        backup[name] = value;
        json!({"backup": backup})
    };
    let format = ("VolumeBackup.0002", "The request format is incorrect.");
    let empty = ("VolumeBackup.0010", "Parameter volume_id in the request is empty.");
    let wrong =
        ("VolumeBackup.0011", "The format of parameter volume_id in the request is incorrect.");
    let characters =
        ("VolumeBackup.0004", "Parameter name in the request contains invalid characters.");
    let description = (
        "VolumeBackup.0006",
        "Parameter description in the request is too long or contains invalid characters.",
    );
    let tag = ("VolumeBackup.0049", "The tag parameter is invalid.");
    let many: Vec<Value> = (0..11).map(|n| json!({"key": format!("k{n}")})).collect();
    for (body, (code, message)) in [
        (json!({}), format),
        (json!([]), format),
        (json!({"backup": 1}), format),
        (with("extend_param", json!({"FullBackup": "maybe"})), format),
        (with("extend_param", json!([])), format),
        (json!({"backup": {"name": "b"}}), empty),
        (with("volume_id", json!("")), empty),
        (with("volume_id", json!("x")), wrong),
        (with("volume_id", json!(1)), wrong),
        (
            with("name", Value::Null),
            ("VolumeBackup.0007", "Parameter name in the request is empty."),
        ),
        (
            with("name", json!("")),
            ("VolumeBackup.0026", "Parameter name in the request is too short."),
        ),
        (
            with("name", json!("x".repeat(65))),
            ("VolumeBackup.0003", "Parameter name in the request is too long."),
        ),
        (with("name", json!("a b")), characters),
        (with("name", json!("ä")), characters),
        (
            with("name", json!("autobk_1")),
            ("VolumeBackup.0005", "Parameter name in the request starts with auto."),
        ),
        (with("description", json!("x".repeat(65))), description),
        (with("description", json!("<b>")), description),
        (with("tags", json!([{"key": "a=b"}])), tag),
        (with("tags", json!([{"key": ""}])), tag),
        (with("tags", json!([{"key": "k", "value": "x".repeat(44)}])), tag),
        (with("tags", json!({"k": "v"})), tag),
        (
            with("tags", json!(many)),
            ("VolumeBackup.0050", "The number of tags has reached the upper limit."),
        ),
    ] {
        let answer = demo.post(&demo.path("v2", "cloudbackups"), body).await;
        answer.is_evs_fault(400, code, message);
    }
    let id = native(&demo, &disk).await;
    let path = demo.path("v2", &format!("cloudbackups/{id}/restore"));
    for (body, (code, message)) in [
        (json!({}), format),
        (json!({"restore": []}), format),
        (json!({"restore": {}}), empty),
        (json!({"restore": {"volume_id": "x"}}), wrong),
    ] {
        demo.post(&path, body).await.is_evs_fault(400, code, message);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_code() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let (disk, small) = (demo.disk_of(json!({"size": 40})).await, demo.disk().await);
    let new = |disk: &str| json!({"volume_id": disk, "name": "b"});
    let gone = ("VolumeBackup.0021", "The EVS disk does not exist or has been deleted.");
    let absent = (
        "VolumeBackup.0111",
        "The disk to be restored or the backup used to restore the disk does not exist.",
    );
    ask(&demo, new(ABSENT)).await.is_evs_fault(400, gone.0, gone.1);
    ask(&partner, new(&disk)).await.is_evs_fault(400, gone.0, gone.1);
    let status = ("VolumeBackup.0012", "The disk status is not available or in_use.");
    admin.reset(&disk, "error").await;
    ask(&demo, new(&disk)).await.is_evs_fault(400, status.0, status.1);
    let busy = ("VolumeBackup.0013", "The previous backup creation task is not complete.");
    admin.reset(&disk, "backing-up").await;
    ask(&demo, new(&disk)).await.is_evs_fault(400, busy.0, busy.1);
    admin.reset(&disk, "available").await;
    server.edit(&format!("UPDATE disks SET dedicated_storage = 'd' WHERE id = '{disk}'")).await;
    ask(&demo, new(&disk)).await.is_evs_fault(
        400,
        "VolumeBackup.0053",
        "DESS disks do not support backup.",
    );
    server.edit(&format!("UPDATE disks SET dedicated_storage = NULL WHERE id = '{disk}'")).await;
    let id = native(&demo, &disk).await;
    let no_snapshot = ("VolumeBackup.0020", "The snapshot query result is empty.");
    for snapshot in [ABSENT, "x"] {
        let of = json!({"volume_id": disk, "name": "b", "snapshot_id": snapshot});
        ask(&demo, of).await.is_evs_fault(400, no_snapshot.0, no_snapshot.1);
    }

    let restore = async |client: &Client, id: &str, disk: &str| {
        let path = client.path("v2", &format!("cloudbackups/{id}/restore"));
        client.post(&path, json!({"restore": {"volume_id": disk}})).await
    };
    for answer in [
        restore(&demo, ABSENT, &disk).await,
        restore(&demo, "x", &disk).await,
        restore(&demo, &id, ABSENT).await,
        restore(&partner, &id, &disk).await,
    ] {
        answer.is_evs_fault(400, absent.0, absent.1);
    }
    restore(&demo, &id, &small).await.is_evs_fault(
        400,
        "VolumeBackup.0209",
        "The capacity of the disk must be greater than or equal to that of the backup.",
    );
    admin.reset(&disk, "error").await;
    let unavailable = "The disk status is unavailable.";
    restore(&demo, &id, &disk).await.is_evs_fault(400, "VolumeBackup.0205", unavailable);
    admin.reset(&disk, "available").await;
    server.backup_comes_to(&id, "error_restoring").await;
    let unavailable = "The disk backup status is unavailable.";
    restore(&demo, &id, &disk).await.is_evs_fault(400, "VolumeBackup.0089", unavailable);

    let delete = async |client: &Client, id: &str| {
        client.send_empty_post(&client.path("v2", &format!("cloudbackups/{id}"))).await
    };
    let failed = "Failed to perform the backup deletion operation.";
    delete(&demo, &id).await.is_evs_fault(400, "VolumeBackup.0125", failed);
    for answer in [delete(&demo, ABSENT).await, delete(&partner, &id).await] {
        answer.is_evs_fault(400, absent.0, absent.1);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_backups_and_their_quotas_are_limits_and_told() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let new = json!({"volume_id": disk, "name": "b"});
    let limit = async |limits: Value| admin.set_quota(&demo.project, limits).await;
    for (limits, code, message) in [
        (json!({"backups": 0}), "0080", "The quota for the number of backups has been used up."),
        (
            json!({"backups": -1, "backup_gigabytes": 5}),
            "0081",
            "The quota for the capacity of backups has been used up.",
        ),
        (
            json!({"backup_gigabytes": -1, "snapshots": 0}),
            "0084",
            "The quota for the number of snapshots has been used up.",
        ),
        (
            json!({"snapshots": -1, "gigabytes": 15}),
            "0083",
            "The quota for the capacity of disks has been used up.",
        ),
    ] {
        limit(limits).await;
        let code = format!("VolumeBackup.{code}");
        ask(&demo, new.clone()).await.is_evs_fault(400, &code, message);
    }
    limit(json!({"gigabytes": -1, "backups": 100, "backup_gigabytes": -1})).await;
    for _ in 0..20 {
        made(&demo, "3.0", json!({"volume_id": disk})).await;
    }
    ask(&demo, new).await.is_evs_fault(
        400,
        "VolumeBackup.0040",
        "The number of backups for the disk has reached the upper limit (20).",
    );
    demo.get(&demo.path("v2", "cloudbackups/quota")).await.is(
        200,
        &json!({"quotas": {"resources": [
            {"type": "backups", "used": 20, "reserved": 0, "quota": 100},
            {"type": "backup_gigabytes", "used": 200, "reserved": 0, "quota": -1},
        ]}}),
    );
    server.finish().await;
}
