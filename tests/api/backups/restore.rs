//! Filling disks from backups.

use serde_json::{Value, json};

use super::{detail, made};
use crate::disks::{ABSENT, VERSIONS, shown};
use crate::support::{T0, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_new_disk_that_is_named_after_it_or_as_asked() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let disk = demo.disk().await;
        let id = demo.backup(&disk).await;
        let path = demo.path(version, &format!("backups/{id}/restore"));
        let usual = format!("restore_backup_{id}");
        for (body, name) in [
            (json!({}), &*usual),
            (Value::Null, &*usual),
            (json!({"volume_id": null, "name": null}), &*usual),
            (json!({"name": "mine"}), "mine"),
        ] {
            let answer = demo.post(&path, json!({"restore": body})).await;
            let new = answer.body["restore"]["volume_id"].as_str().unwrap().to_owned();
            let told = json!({"backup_id": id, "volume_id": new, "volume_name": name});
            answer.is(202, &json!({"restore": told}));
            let description = "auto-created_from_restore_from_backup";
            let expected =
                shown(&demo, "v3", &new, json!({"name": name, "description": description}));
            demo.show_disk(&new).await.is(200, &json!({"volume": expected}));
        }
        let own = demo.path(version, &format!("backups/{id}"));
        let expected = detail(&demo, version, &id, &disk, json!({"updated_at": T0}));
        demo.get(&own).await.is(200, &json!({"backup": expected}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_disk_that_is_ready_and_large_enough() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let large = demo.disk_of(json!({"size": 40, "name": "large"})).await;
    let small = demo.disk().await;
    let id = demo.backup(&large).await;
    for version in VERSIONS {
        let path = demo.path(version, &format!("backups/{id}/restore"));
        let into = |disk: &str| json!({"restore": {"volume_id": disk, "name": "not heard"}});
        let told = json!({"backup_id": id, "volume_id": large, "volume_name": "large"});
        demo.post(&path, into(&large)).await.is(202, &json!({"restore": told}));
        demo.post(&path, into(&small)).await.is_fault(
            400,
            "Invalid volume: volume size 10 is too small to restore backup of size 40.",
        );
        admin.reset(&large, "error").await;
        let busy = "Invalid volume: Volume to be restored to must be available";
        demo.post(&path, into(&large)).await.is_fault(400, busy);
        admin.reset(&large, "available").await;
        let absent = format!("Volume {ABSENT} could not be found.");
        demo.post(&path, into(ABSENT)).await.is_fault(404, &absent);
        let theirs = partner.disk().await;
        let answer = demo.post(&path, into(&theirs)).await;
        assert_eq!(answer.text.replace(&theirs, ABSENT), demo.post(&path, into(ABSENT)).await.text);

        let reset = async |status: &str| {
            let action = admin.path("v3", &format!("backups/{id}/action"));
            let body = json!({"os-reset_status": {"status": status}});
            admin.post(&action, body).await.is_empty(202);
        };
        reset("error").await;
        let broken = "Invalid backup: Backup status must be available";
        demo.post(&path, json!({"restore": {}})).await.is_fault(400, broken);
        reset("available").await;
        let nowhere = demo.path(version, &format!("backups/{ABSENT}/restore"));
        let absent = format!("Backup {ABSENT} could not be found.");
        demo.post(&nowhere, json!({"restore": {}})).await.is_fault(404, &absent);
        let foreign = partner.path(version, &format!("backups/{id}/restore"));
        let answer = partner.post(&foreign, json!({"restore": {}})).await;
        answer.is_fault(404, &format!("Backup {id} could not be found."));

        demo.post(&path, json!({})).await.is_fault(400, "'restore' is a required property");
        demo.post(&path, into("x")).await.is_fault(
            400,
            "Invalid input for field/attribute volume_id. Value: x. 'x' is not valid under any of \
             the given schemas",
        );
        demo.post(&path, json!({"restore": {"size": 1}})).await.is_fault(
            400,
            "Invalid input for field/attribute restore. Value: {'size': 1}. Additional properties \
             are not allowed ('size' was unexpected)",
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_disk_counts_towards_the_quotas_of_disks() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.backup(&demo.disk().await).await;
    let path = demo.path("v3", &format!("backups/{id}/restore"));
    admin.set_quota(&demo.project, json!({"volumes": 1})).await;
    demo.post(&path, json!({"restore": {}}))
        .await
        .is_over_limit("Maximum number of volumes allowed (1) exceeded for quota 'volumes'.");
    admin.set_quota(&demo.project, json!({"volumes": 2, "gigabytes": 15})).await;
    demo.post(&path, json!({"restore": {}})).await.is_over_limit(
        "Requested volume or snapshot exceeds allowed gigabytes quota. Requested 10G, quota is 15G \
         and 10G has been consumed.",
    );
    admin.set_quota(&demo.project, json!({"gigabytes": 20})).await;
    assert_eq!(demo.post(&path, json!({"restore": {}})).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_restored_is_offered_when_no_backup_of_its_own_is_there() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let id = made(&demo, "3.0", json!({"volume_id": disk})).await;
    let path = demo.path("v3", &format!("backups/{id}/restore"));
    let restored = demo.post(&path, json!({"restore": {}})).await;
    let new = restored.body["restore"]["volume_id"].as_str().unwrap();
    demo.offer(new).await;
    let offer = json!({"transfer": {"volume_id": disk}});
    let refused = demo.post(&demo.path("v3", "os-volume-transfer"), offer).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    server.finish().await;
}
