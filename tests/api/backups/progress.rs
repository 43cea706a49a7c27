//! Backups that take time, fail, and go on after a restart.

use chrono::TimeDelta;
use evs_local::config::Settings;
use serde_json::{Value, json};

use super::native::{ask, job};
use super::{made, shown_backup};
use crate::support::{Client, TestServer};

fn slow(settings: &mut Settings) {
    for operation in ["backup", "delete_backup", "restore"] {
        settings.simulation.delays.insert(operation, TimeDelta::seconds(2));
    }
    settings.simulation.explicit = true;
}

fn failing(settings: &mut Settings) {
    settings.simulation.fail = ["backup", "delete_backup", "restore"].map(str::to_owned).to_vec();
}

async fn end(admin: &Client, body: Value) -> usize {
    let answer = admin.post("/_evs/progress", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["finished"].as_array().unwrap().len()
}

async fn status(client: &Client, id: &str) -> String {
    shown_backup(client, id).await["status"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn disk_backup_and_job_are_under_way_together_over_a_restart_and_end_together() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    assert_eq!(end(&admin, json!({})).await, 1);
    let asked = ask(&demo, json!({"volume_id": disk, "name": "b"})).await;
    let begun = job(&demo, &asked).await;
    let id = begun["entities"]["backup_id"].as_str().unwrap().to_owned();
    assert_eq!((&begun["status"], &begun["end_time"]), (&json!("RUNNING"), &json!("")));
    let shown = shown_backup(&demo, &id).await;
    let members = ["status", "object_count", "container"].map(|member| shown[member].clone());
    assert_eq!(members, [json!("creating"), json!(0), Value::Null]);
    assert_eq!(demo.disk_status(&disk).await, "backing-up");

    let server = server.restart().await;
    let (demo, admin) = (demo.moved_to(&server), server.login("admin").await);
    server.advance(TimeDelta::seconds(2));
    assert_eq!(end(&admin, json!({})).await, 3, "the disk, its snapshot and its backup");
    assert_eq!(status(&demo, &id).await, "available");
    assert_eq!(demo.disk_status(&disk).await, "available");
    assert_eq!(job(&demo, &asked).await["status"], "SUCCESS");

    let path = demo.path("v2", &format!("cloudbackups/{id}/restore"));
    let asked = demo.post(&path, json!({"restore": {"volume_id": disk}})).await;
    assert_eq!(status(&demo, &id).await, "restoring");
    assert_eq!(demo.disk_status(&disk).await, "restoring-backup");
    assert_eq!(job(&demo, &asked).await["status"], "RUNNING");
    server.advance(TimeDelta::seconds(2));
    assert_eq!(end(&admin, json!({})).await, 2);
    assert_eq!(status(&demo, &id).await, "available");
    assert_eq!(job(&demo, &asked).await["status"], "SUCCESS");

    let asked = demo.send_empty_post(&demo.path("v2", &format!("cloudbackups/{id}"))).await;
    assert_eq!(status(&demo, &id).await, "deleting");
    assert_eq!(job(&demo, &asked).await["status"], "RUNNING");
    server.advance(TimeDelta::seconds(2));
    assert_eq!(end(&admin, json!({})).await, 1);
    assert_eq!(job(&demo, &asked).await["status"], "SUCCESS");
    let gone = demo.get(&demo.path("v3", &format!("backups/{id}"))).await;
    gone.is_fault(404, &format!("Backup {id} could not be found."));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_goes_when_its_backup_is_kept_no_longer_holds_nothing_up() {
    let server = TestServer::start_with(|settings| {
        for operation in ["backup", "delete_snapshot"] {
            settings.simulation.delays.insert(operation, TimeDelta::seconds(2));
        }
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let schedule = json!({
        "start_time": "02:00", "frequency": 1, "rentention_num": 2, "status": "OFF",
    });
    let body = json!({"backup_policy_name": "keeps-two", "scheduled_policy": schedule});
    let made = demo.post(&demo.path("v2", "backuppolicy"), body).await;
    let policy = made.body["backup_policy_id"].as_str().unwrap();
    demo.bind(policy, &disk).await;
    // The service itself does the same meanwhile; whoever comes first.
    let end_all = async || while end(&admin, json!({})).await > 0 {};
    let begin = async || {
        let action = demo.path("v2", &format!("backuppolicy/{policy}/action"));
        demo.send_empty_post(&action).await.is_empty(204);
        end_all().await;
    };
    for _ in 0..2 {
        begin().await;
        server.advance(TimeDelta::seconds(2));
        end_all().await;
    }
    begin().await;
    let listed = demo.get(&demo.path("v3", "snapshots?sort=created_at:asc")).await;
    let oldest = listed.body["snapshots"][0]["id"].as_str().unwrap();
    demo.delete(&demo.path("v3", &format!("snapshots/{oldest}"))).await.is_empty(202);
    // The third backup is made, so that the first goes, and with it a snapshot that goes by itself.
    server.advance(TimeDelta::seconds(2));
    end_all().await;
    for list in ["backups", "snapshots"] {
        let listed = demo.get(&demo.path("v3", list)).await;
        assert_eq!(listed.body[list].as_array().unwrap().len(), 2, "{}", listed.text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_backup_waits_until_the_first_is_made_and_a_reset_fails_its_job() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    assert_eq!(end(&admin, json!({})).await, 1);
    let snapshot = demo.snapshot(&disk).await;
    assert_eq!(end(&admin, json!({})).await, 1);
    let of = json!({"volume_id": disk, "name": "b", "snapshot_id": snapshot});
    let asked = ask(&demo, of.clone()).await;
    assert_eq!(demo.disk_status(&disk).await, "available", "its snapshot is copied");
    let busy = "The previous backup creation task is not complete.";
    ask(&demo, of).await.is_evs_fault(400, "VolumeBackup.0013", busy);
    let begun = job(&demo, &asked).await;
    let id = begun["entities"]["backup_id"].as_str().unwrap();
    let action = admin.path("v3", &format!("backups/{id}/action"));
    admin.post(&action, json!({"os-reset_status": {"status": "error"}})).await.is_empty(202);
    let over = job(&demo, &asked).await;
    assert_eq!(
        (&over["status"], &over["error_code"]),
        (&json!("FAIL"), &json!("VolumeBackup.0064"))
    );
    end(&admin, json!({})).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_at_once_says_why_and_leaves_the_disk_as_it_was() {
    let server = TestServer::start_with(failing).await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let id = made(&demo, "3.0", json!({"volume_id": disk})).await;
    let shown = shown_backup(&demo, &id).await;
    let members = ["status", "fail_reason", "object_count"].map(|member| shown[member].clone());
    assert_eq!(members, [json!("error"), json!("backup failed"), json!(0)]);
    assert_eq!(demo.disk_status(&disk).await, "available");
    demo.delete(&demo.path("v3", &format!("backups/{id}"))).await.is_empty(202);
    let shown = shown_backup(&demo, &id).await;
    let members = ["status", "fail_reason"].map(|member| shown[member].clone());
    assert_eq!(members, [json!("error_deleting"), json!("delete_backup failed")]);
    let asked = ask(&demo, json!({"volume_id": disk, "name": "b"})).await;
    let over = job(&demo, &asked).await;
    let members = ["status", "error_code", "fail_reason"].map(|member| over[member].clone());
    assert_eq!(
        members,
        [json!("FAIL"), json!("VolumeBackup.0064"), json!("The backup status is error.")]
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_fails_is_told_of_by_the_disk_and_by_a_native_backup_and_its_job() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    end(&admin, json!({})).await;
    let cinders = made(&demo, "3.0", json!({"volume_id": disk})).await;
    assert_eq!(end(&admin, json!({"disk_id": disk})).await, 2);
    let asked = ask(&demo, json!({"volume_id": disk, "name": "b"})).await;
    assert_eq!(end(&admin, json!({"disk_id": disk})).await, 3);
    let native = job(&demo, &asked).await["entities"]["backup_id"].as_str().unwrap().to_owned();
    for (id, left) in [(&cinders, "available"), (&native, "error_restoring")] {
        let path = demo.path("v2", &format!("cloudbackups/{id}/restore"));
        let asked = demo.post(&path, json!({"restore": {"volume_id": disk}})).await;
        assert_eq!(end(&admin, json!({"disk_id": disk, "outcome": "failed"})).await, 2);
        assert_eq!(demo.disk_status(&disk).await, "error_restoring");
        let shown = shown_backup(&demo, id).await;
        assert_eq!(
            (&shown["status"], &shown["fail_reason"]),
            (&json!(left), &json!("restore failed"))
        );
        let over = job(&demo, &asked).await;
        let members = ["status", "error_code", "fail_reason"].map(|member| over[member].clone());
        assert_eq!(
            members,
            [json!("FAIL"), json!("VolumeBackup.0200"), json!("Failed to restore data.")]
        );
        admin.reset(&disk, "available").await;
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_on_which_something_ends_when_its_backup_goes_holds_nothing_up() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        for operation in ["delete_snapshot", "revert"] {
            settings.simulation.delays.insert(operation, TimeDelta::seconds(2));
        }
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    assert_eq!(end(&admin, json!({})).await, 1);
    for reverted in [false, true] {
        let asked = ask(&demo, json!({"volume_id": disk, "name": "b"})).await;
        server.advance(TimeDelta::seconds(2));
        assert_eq!(end(&admin, json!({})).await, 3, "the disk, its snapshot and its backup");
        let entities = job(&demo, &asked).await["entities"].clone();
        let id = |name: &str| entities[name].as_str().unwrap().to_owned();
        let snapshot = demo.path("v3", &format!("snapshots/{}", id("snapshot_id")));
        if reverted {
            let path = demo.path("v3", &format!("volumes/{disk}/action"));
            let body = json!({"revert": {"snapshot_id": id("snapshot_id")}});
            demo.at("3.40").post(&path, body).await.is_empty(202);
        } else {
            demo.delete(&snapshot).await.is_empty(202);
        }
        let path = demo.path("v2", &format!("cloudbackups/{}", id("backup_id")));
        let asked = demo.send_empty_post(&path).await;
        server.advance(TimeDelta::seconds(2));
        let ended = end(&admin, json!({})).await;
        assert_eq!(ended, 2 + usize::from(reverted), "the snapshot, the backup, and the disk");
        assert_eq!(demo.get(&snapshot).await.status, 404);
        assert_eq!(job(&demo, &asked).await["status"], "SUCCESS");
        assert_eq!(demo.disk_status(&disk).await, "available");
    }
    let (transfer, _) = demo.offer(&disk).await;
    assert!(!transfer.is_empty(), "nothing is left that forbids it");
    server.finish().await;
}
