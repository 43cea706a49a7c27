//! The limits of every project, how a project goes back to them, and the limits that clients show.

use serde_json::{Value, json};

use crate::disks::VERSIONS;
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn the_default_class_stands_over_the_settings_and_under_a_projects_own_limits() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let class = admin.path("v3", "os-quota-class-sets/default");
    let shown = admin.get(&class).await.body["quota_class_set"].clone();
    assert_eq!((&shown["volumes"], &shown["id"]), (&json!(1000), &json!("default")));

    admin.set_quota(&demo.project, json!({"volumes": 7})).await;
    let body = json!({"quota_class_set": {"volumes": 5, "gigabytes_SAS": "100"}});
    let changed = admin.put(&class, body).await;
    let mut expected = shown.clone();
    expected["volumes"] = 5.into();
    expected["gigabytes_SAS"] = 100.into();
    assert_eq!(admin.get(&class).await.body["quota_class_set"], expected);
    expected.as_object_mut().unwrap().remove("id");
    changed.is(200, &json!({"quota_class_set": expected}));

    for (client, volumes) in [(&demo, 7), (&partner, 5)] {
        for version in VERSIONS {
            let path = client.path(version, &format!("os-quota-sets/{}", client.project));
            let set = client.get(&path).await.body["quota_set"].clone();
            assert_eq!((&set["volumes"], &set["gigabytes_SAS"]), (&json!(volumes), &json!(100)));
            let mut expected = expected.clone();
            expected["id"] = client.project.clone().into();
            client.get(&format!("{path}/defaults")).await.is(200, &json!({"quota_set": expected}));
        }
    }
    for _ in 0..5 {
        partner.disk().await;
    }
    let body = json!({"volume": {"size": 10}});
    partner.post(&partner.path("v3", "volumes"), body).await.is_over_limit(
        "VolumeLimitExceeded: Maximum number of volumes allowed (5) exceeded for quota 'volumes'.",
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_whose_limits_are_deleted_has_those_of_every_project() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for version in VERSIONS {
        admin.set_quota(&demo.project, json!({"volumes": 0, "gigabytes": 1})).await;
        let path = admin.path(version, &format!("os-quota-sets/{}", demo.project));
        assert_eq!(admin.get(&path).await.body["quota_set"]["volumes"], 0);
        admin.delete(&path).await.is_empty(200);
        let set = admin.get(&path).await.body["quota_set"].clone();
        assert_eq!((&set["volumes"], &set["gigabytes"]), (&json!(1000), &json!(100_000)));
        admin.delete(&path).await.is_empty(200);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_class_sets_are_refused_by_key_and_rule() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let class = admin.path("v3", "os-quota-class-sets/default");
    let before = admin.get(&class).await.text;
    for (body, message) in [
        (json!({}), "'quota_class_set' is a required property"),
        (
            json!({"quota_class_set": {"apples": 1}}),
            "Invalid input received: Bad key(s) in quota set: apples",
        ),
        (
            json!({"quota_class_set": {"volumes": -2}}),
            "Invalid input for field/attribute volumes. Value: -2. -2 is less than the minimum of \
             -1",
        ),
        (
            json!({"quota_class_set": {"volumes": "x"}}),
            "Invalid input for field/attribute volumes. Value: x. 'x' does not match '^[0-9]+$'",
        ),
    ] {
        admin.put(&class, body).await.is_fault(400, message);
    }
    let other = admin.path("v3", "os-quota-class-sets/gold");
    admin
        .put(&other, json!({"quota_class_set": {"volumes": 1}}))
        .await
        .is_fault(404, "The resource could not be found.");
    assert_eq!(admin.get(&class).await.text, before);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_tell_what_a_project_may_have_and_has() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk_of(json!({"size": 30})).await;
    demo.snapshot(&disk).await;
    demo.backup(&disk).await;
    admin.set_quota(&demo.project, json!({"volumes": 12})).await;
    let expected = json!({"limits": {"rate": [], "absolute": {
        "maxTotalVolumes": 12,
        "totalVolumesUsed": 1,
        "maxTotalVolumeGigabytes": 100_000,
        "totalGigabytesUsed": 60,
        "maxTotalSnapshots": 1000,
        "totalSnapshotsUsed": 1,
        "maxTotalBackups": 1000,
        "totalBackupsUsed": 1,
        "maxTotalBackupGigabytes": 100_000,
        "totalBackupGigabytesUsed": 30,
    }}});
    for version in VERSIONS {
        demo.get(&demo.path(version, "limits")).await.is(200, &expected);
        let of_demo = format!("limits?project_id={}", demo.project);
        admin.get(&admin.path(version, &of_demo)).await.is(200, &expected);
        let foreign = format!("limits?project_id={}", admin.project);
        let own: Value = demo.get(&demo.path(version, &foreign)).await.body;
        assert_eq!(own, expected, "others than admins are not heard on it");
    }
    server.finish().await;
}
