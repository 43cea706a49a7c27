//! Backups that are shared with other projects.

use serde_json::{Value, json};

use super::made;
use crate::disks::ABSENT;
use crate::support::{Client, T0, TestServer};

const SHARES: &str = "os-vendor-backup-sharing";

async fn share(client: &Client, backup: &str, with: &[&str]) -> String {
    let body = json!({"shared": {"backup_id": backup, "to_project_ids": with}});
    let answer = client.post(&client.path("v2", SHARES), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let shares = answer.body["shared"].as_array().unwrap();
    let own = shares.iter().find(|share| share["to_project_id"] == with[0]).unwrap();
    own["id"].as_str().unwrap().to_owned()
}

async fn listed(client: &Client, query: &str) -> usize {
    let answer = client.get(&client.path("v2", &format!("{SHARES}/detail?{query}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let shown = answer.body["shared"].as_array().unwrap().len();
    let path = client.path("v2", &format!("{SHARES}/count?{query}"));
    client.get(&path).await.is(200, &json!({"count": shown}));
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_backup_is_shown_to_both_and_makes_disks_for_the_other_and_nothing_else() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let id = made(&demo, "3.0", json!({"volume_id": disk, "name": "golden"})).await;
    let from_it = json!({"volume": {"size": 10, "backup_id": id}});
    let volumes = partner.path("v3", "volumes");
    let absent = format!("Backup {id} could not be found.");
    partner.at("3.47").post(&volumes, from_it.clone()).await.is_fault(404, &absent);

    let body = json!({"shared": {"backup_id": id, "to_project_ids": [partner.project]}});
    let answer = demo.post(&demo.path("v2", SHARES), body.clone()).await;
    let own = answer.body["shared"][0]["id"].as_str().unwrap().to_owned();
    let mut shared = json!({
        "id": own,
        "backup_id": id,
        "from_project_id": demo.project,
        "to_project_id": partner.project,
        "created_at": T0,
        "updated_at": null,
        "deleted": null,
        "deleted_at": null,
    });
    answer.is(200, &json!({"shared": [shared]}));
    demo.post(&demo.path("v2", SHARES), body).await.is(200, &json!({"shared": [shared]}));
    let members = shared.as_object_mut().unwrap();
    members.remove("deleted");
    members.remove("deleted_at");
    shared["backup"] = json!({
        "id": id,
        "name": "golden",
        "description": null,
        "status": "available",
        "size": 10,
        "object_count": 6,
        "volume_id": disk,
        "snapshot_id": null,
        "availability_zone": "az-sim-1",
        "container": "volumebackups",
        "fail_reason": null,
        "is_incremental": false,
        "has_dependent_backups": false,
        "service_metadata": null,
        "created_at": T0,
        "updated_at": null,
        "data_timestamp": T0,
    });
    for (client, query) in [(&demo, ""), (&partner, "?share_to_me=true")] {
        let path = client.path("v2", &format!("{SHARES}/{own}"));
        client.get(&path).await.is(200, &json!({"shared": shared}));
        let path = client.path("v2", &format!("{SHARES}/detail{query}"));
        client.get(&path).await.is(200, &json!({"shared": [shared]}));
    }

    let made = partner.at("3.47").post(&volumes, from_it).await;
    assert_eq!(made.status, 202, "{}", made.text);
    let native = json!({"volume": {"backup_id": id, "volume_type": "SSD",
                                   "availability_zone": "az-sim-1"}});
    let made = partner.post(&partner.path("v2", "cloudvolumes"), native).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let theirs = partner.path("v3", &format!("backups/{id}"));
    partner.get(&theirs).await.is_fault(404, &absent);
    partner.delete(&theirs).await.is_fault(404, &absent);
    let restore = format!("{theirs}/restore");
    partner.post(&restore, json!({"restore": {}})).await.is_fault(404, &absent);
    let offer = json!({"transfer": {"volume_id": disk}});
    let refused = demo.post(&demo.path("v3", "os-volume-transfer"), offer).await;
    assert_eq!(refused.status, 400, "it is a backup of the disk: {}", refused.text);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_is_ended_by_either_side_by_the_backup_or_with_it() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let id = demo.backup(&demo.disk().await).await;
    let none = |own: &str| format!("Backup sharing {own} could not be found.");
    for (client, query) in [(&demo, ""), (&partner, ""), (&demo, "?is_backup_id=true")] {
        let own = share(&demo, &id, &[&partner.project, "elsewhere"]).await;
        let ended = if query.is_empty() { &own } else { &id };
        let path = client.path("v2", &format!("{SHARES}/{ended}{query}"));
        client.delete(&path).await.is_empty(200);
        let left = usize::from(query.is_empty());
        assert_eq!(listed(&demo, "").await, left);
        assert_eq!(listed(&partner, "share_to_me=true").await, 0);
        let path = demo.path("v2", &format!("{SHARES}/{own}"));
        demo.get(&path).await.is_evs_fault(404, "EVS.5404", &none(&own));
        demo.delete(&path).await.is_evs_fault(404, "EVS.5404", &none(&own));
    }
    share(&demo, &id, &[&partner.project]).await;
    let path = partner.path("v2", &format!("{SHARES}?backup_id={id}"));
    let absent = "The disk to be restored or the backup used to restore the disk does not exist.";
    partner.delete(&path).await.is_evs_fault(400, "VolumeBackup.0111", absent);
    demo.delete(&demo.path("v2", &format!("{SHARES}?backup_id={id}"))).await.is_empty(200);
    assert_eq!(listed(&demo, "").await, 0);
    share(&demo, &id, &[&partner.project]).await;
    demo.delete(&demo.path("v3", &format!("backups/{id}"))).await.is_empty(202);
    assert_eq!(listed(&partner, "share_to_me=true").await, 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_are_listed_and_counted_by_what_their_backups_are() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (one, other) = (demo.disk().await, demo.disk().await);
    let golden = made(&demo, "3.0", json!({"volume_id": one, "name": "golden"})).await;
    let silver = made(&demo, "3.0", json!({"volume_id": other, "name": "silver"})).await;
    share(&demo, &golden, &[&partner.project, "elsewhere"]).await;
    share(&demo, &silver, &[&partner.project]).await;
    for (query, found) in [
        ("", 3),
        ("name=old", 2),
        ("status=available", 3),
        ("status=error", 0),
        (&*format!("volume_id={other}"), 1),
        (&*format!("backup_id={golden}"), 2),
        ("to_project_id=elsewhere", 1),
        ("avalilability_zone=az-sim-1", 3),
        ("availability_zone=az-sim-2", 0),
    ] {
        assert_eq!(listed(&demo, query).await, found, "{query}");
    }
    for (query, found) in [
        ("share_to_me=1".to_owned(), 2),
        (format!("share_to_me=1&from_project_id={}", demo.project), 2),
        ("share_to_me=1&from_project_id=elsewhere".to_owned(), 0),
        ("share_to_me=false".to_owned(), 0),
    ] {
        assert_eq!(listed(&partner, &query).await, found, "{query}");
    }
    let path =
        demo.path("v2", &format!("{SHARES}/detail?limit=1&offset=1&sort_key=name&sort_dir=desc"));
    let page = demo.get(&path).await;
    let names: Vec<&Value> =
        page.body["shared"].as_array().unwrap().iter().map(|s| &s["backup"]["name"]).collect();
    assert_eq!(names, [&json!("golden")]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_share_has_its_code() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let id = demo.backup(&demo.disk().await).await;
    let format = ("VolumeBackup.0002", "The request format is incorrect.");
    let absent = (
        "VolumeBackup.0111",
        "The disk to be restored or the backup used to restore the disk does not exist.",
    );
    let of = |id: &str, with: Value| json!({"shared": {"backup_id": id, "to_project_ids": with}});
    for (body, (code, message)) in [
        (json!({}), format),
        (of("", json!(["x"])), format),
        (of(&id, json!([])), format),
        (of(&id, json!("x")), format),
        (of(&id, json!(["a b"])), format),
        (of(&id, json!([demo.project])), format),
        (of(ABSENT, json!(["x"])), absent),
        (of("x", json!(["x"])), absent),
    ] {
        let answer = demo.post(&demo.path("v2", SHARES), body).await;
        answer.is_evs_fault(400, code, message);
    }
    let answer = partner.post(&partner.path("v2", SHARES), of(&id, json!(["x"]))).await;
    answer.is_evs_fault(400, absent.0, absent.1);
    demo.delete(&demo.path("v2", SHARES)).await.is_evs_fault(400, format.0, format.1);
    let action = admin.path("v3", &format!("backups/{id}/action"));
    admin.post(&action, json!({"os-reset_status": {"status": "error"}})).await.is_empty(202);
    let answer = demo.post(&demo.path("v2", SHARES), of(&id, json!(["x"]))).await;
    let unavailable = "The disk backup status is unavailable.";
    answer.is_evs_fault(400, "VolumeBackup.0089", unavailable);
    server.finish().await;
}
