//! Quotas: what a project may have and has, who may ask, and what happens at the limits.

use serde_json::{Value, json};

use crate::disks::VERSIONS;
use crate::support::{Client, TestServer};

const TYPES: [&str; 5] = ["SATA", "SAS", "GPSSD", "SSD", "ESSD"];

/// The limits of a project that nobody has changed.
fn defaults() -> Value {
    let mut set = json!({
        "volumes": 1000,
        "per_volume_gigabytes": -1,
        "snapshots": 1000,
        "gigabytes": 100_000,
        "backups": 1000,
        "backup_gigabytes": 100_000,
        "groups": 10,
    });
    for name in TYPES {
        for kind in ["volumes", "gigabytes", "snapshots"] {
            set[format!("{kind}_{name}")] = (-1).into();
        }
    }
    set
}

fn with_id(mut set: Value, project: &str) -> Value {
    set["id"] = project.into();
    json!({"quota_set": set})
}

fn path(client: &Client, version: &str, project: &str) -> String {
    client.path(version, &format!("os-quota-sets/{project}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_sees_its_limits_and_with_usage_what_it_has() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk_of(json!({"size": 30, "volume_type": "SAS"})).await;
    demo.disk().await;
    demo.snapshot(&disk).await;
    demo.backup(&disk).await;
    let mut usage = defaults();
    for (_, limit) in usage.as_object_mut().unwrap() {
        *limit = json!({"limit": limit, "in_use": 0, "reserved": 0});
    }
    for (key, in_use) in [
        ("volumes", 2),
        ("gigabytes", 70),
        ("snapshots", 1),
        ("backups", 1),
        ("backup_gigabytes", 30),
        ("volumes_SAS", 1),
        ("gigabytes_SAS", 60),
        ("snapshots_SAS", 1),
        ("volumes_SSD", 1),
        ("gigabytes_SSD", 10),
    ] {
        usage[key]["in_use"] = in_use.into();
    }
    let flat = with_id(defaults(), &demo.project);
    let usage = with_id(usage, &demo.project);
    for version in VERSIONS {
        for client in [&demo, &admin] {
            let path = path(client, version, &demo.project);
            client.get(&path).await.is(200, &flat);
            client.get(&format!("{path}?usage=False")).await.is(200, &flat);
            client.get(&format!("{path}?usage=True")).await.is(200, &usage);
            client.get(&format!("{path}?usage=true")).await.is(200, &usage);
            client
                .get(&format!("{path}?usage=maybe"))
                .await
                .is_fault(400, "Invalid input received: usage must be a boolean, not 'maybe'");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_admin_sees_and_changes_the_quota_of_another_project() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for version in VERSIONS {
        let theirs = path(&demo, version, &partner.project);
        let show = "Policy doesn't allow volume_extension:quotas:show to be performed.";
        let update = "Policy doesn't allow volume_extension:quotas:update to be performed.";
        demo.get(&theirs).await.is_fault(403, show);
        demo.get(&format!("{theirs}?usage=true")).await.is_fault(403, show);
        for target in [&theirs, &path(&demo, version, &demo.project)] {
            let raised = demo.put(target, json!({"quota_set": {"volumes": 5000}})).await;
            raised.is_fault(403, update);
        }
        let own = path(&partner, version, &partner.project);
        partner.get(&own).await.is(200, &with_id(defaults(), &partner.project));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sets_limits_by_numbers_or_digits_and_they_last() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    demo.disk().await;
    for version in VERSIONS {
        let theirs = path(&admin, version, &demo.project);
        for (limits, told) in [
            (json!({"volumes": 5}), json!({"volumes": 5})),
            (json!({"volumes": "7", "groups": 0}), json!({"volumes": 7, "groups": 0})),
            (json!({"gigabytes_SAS": 8, "tenant_id": "x"}), json!({"gigabytes_SAS": 8})),
            (json!({"volumes": -1, "groups": "-1"}), json!({"volumes": -1, "groups": -1})),
            (json!({"volumes": 0, "groups": 10}), json!({"volumes": 0, "groups": 10})),
            (json!({}), json!({})),
            (json!({"volumes": 1000, "gigabytes_SAS": -1}), json!({"volumes": 1000})),
        ] {
            let answer = admin.put(&theirs, json!({"quota_set": limits})).await;
            let set = &answer.body["quota_set"];
            assert_eq!((answer.status, set.get("id")), (200, None), "{}", answer.text);
            assert_eq!(set.as_object().unwrap().len(), 22);
            for (key, limit) in told.as_object().unwrap() {
                assert_eq!(&set[key], limit, "{limits}");
            }
            let shown = admin.get(&theirs).await;
            shown.is(200, &with_id(set.clone(), &demo.project));
        }
    }
    let own = path(&admin, "v3", &admin.project);
    admin.get(&own).await.is(200, &with_id(defaults(), &admin.project));
    admin.set_quota(&demo.project, json!({"volumes": 3})).await;
    let server = server.restart().await;
    let mut expected = defaults();
    expected["volumes"] = 3.into();
    let demo = demo.moved_to(&server);
    demo.get(&path(&demo, "v3", &demo.project)).await.is(200, &with_id(expected, &demo.project));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_key_and_a_bad_value_are_refused_and_nothing_is_set() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let about = |value: &str, rule: &str| {
        format!("Invalid input for field/attribute volumes. Value: {value}. {rule}")
    };
    let number = |value: &str| about(value, &format!("{value} is not of type 'integer', 'string'"));
    let bad_key = |key: &str| format!("Invalid input received: Bad key(s) in quota set: {key}");
    let cases: [(Value, String); 12] = [
        (json!({}), "'quota_set' is a required property".to_owned()),
        (
            json!({"quota_set": {}, "x": 1}),
            "Additional properties are not allowed ('x' was unexpected)".to_owned(),
        ),
        (json!({"quota_set": {"groups": 3, "shares": 1}}), bad_key("shares")),
        (json!({"quota_set": {"volumes_Gold": 1}}), bad_key("volumes_Gold")),
        (
            json!({"quota_set": {"per_volume_gigabytes_SSD": 1}}),
            bad_key("per_volume_gigabytes_SSD"),
        ),
        (json!({"quota_set": {"id": "x"}}), bad_key("id")),
        (
            json!({"quota_set": {"groups": 3, "volumes": -2}}),
            about("-2", "-2 is less than the minimum of -1"),
        ),
        (json!({"quota_set": {"volumes": null}}), number("None")),
        (json!({"quota_set": {"volumes": true}}), number("True")),
        (json!({"quota_set": {"volumes": 1.5}}), number("1.5")),
        (json!({"quota_set": {"volumes": [1]}}), number("[1]")),
        (json!({"quota_set": {"volumes": "ten"}}), about("ten", "'ten' does not match '^[0-9]+$'")),
    ];
    for version in VERSIONS {
        let own = path(&admin, version, &admin.project);
        for (body, message) in &cases {
            admin.put(&own, body.clone()).await.is_fault(400, message);
        }
        admin.get(&own).await.is(200, &with_id(defaults(), &admin.project));
        let nowhere = path(&admin, version, "no%20project");
        let answer = admin.put(&nowhere, json!({"quota_set": {"volumes": 1}})).await;
        answer.is_fault(404, "The resource could not be found.");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_beyond_a_limit_is_refused_in_cinders_words_and_order() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    demo.disk_of(json!({"size": 10, "volume_type": "SAS"})).await;
    let gigabytes = |key: &str, requested: i64, limit: i64, used: i64| {
        format!(
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed {key} \
             quota. Requested {requested}G, quota is {limit}G and {used}G has been consumed."
        )
    };
    let volumes = |key: &str, limit: i64| {
        format!(
            "VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded for quota \
             '{key}'."
        )
    };
    let size = "VolumeSizeExceedsLimit: Requested volume size 20G is larger than maximum allowed \
                limit 19G.";
    for (limits, undo, message) in [
        (json!({"volumes": 1}), json!({"volumes": -1}), volumes("volumes", 1)),
        (json!({"volumes": 0}), json!({"volumes": -1}), volumes("volumes", 0)),
        (json!({"volumes_SAS": 1}), json!({"volumes_SAS": -1}), volumes("volumes_SAS", 1)),
        (json!({"gigabytes": 29}), json!({"gigabytes": -1}), gigabytes("gigabytes", 20, 29, 10)),
        (
            json!({"gigabytes_SAS": 29}),
            json!({"gigabytes_SAS": -1}),
            gigabytes("gigabytes_SAS", 20, 29, 10),
        ),
        (
            json!({"gigabytes": 29, "volumes": 1}),
            json!({"gigabytes": -1, "volumes": -1}),
            gigabytes("gigabytes", 20, 29, 10),
        ),
        (
            json!({"per_volume_gigabytes": 19, "gigabytes": 0, "volumes": 0}),
            json!({"per_volume_gigabytes": -1, "gigabytes": -1, "volumes": -1}),
            size.to_owned(),
        ),
    ] {
        admin.set_quota(&demo.project, limits).await;
        let before = demo.get(&demo.path("v3", "volumes")).await.text;
        for version in VERSIONS {
            let body = json!({"volume": {"size": 20, "volume_type": "SAS"}});
            demo.post(&demo.path(version, "volumes"), body).await.is_over_limit(&message);
        }
        assert_eq!(demo.get(&demo.path("v3", "volumes")).await.text, before);
        admin.set_quota(&demo.project, undo).await;
    }
    admin.set_quota(&demo.project, json!({"volumes": 2, "gigabytes": 30, "volumes_SAS": 1})).await;
    demo.disk_of(json!({"size": 20, "volume_type": "SSD"})).await;
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 30, "up to the limit it fits");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_snapshots_and_backups_beyond_a_limit_are_refused_in_cinders_words() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    let over = |key: &str, requested: i64, limit: i64, used: i64| {
        format!(
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed {key} \
             quota. Requested {requested}G, quota is {limit}G and {used}G has been consumed."
        )
    };
    let extend = ("volumes/ID/action", json!({"os-extend": {"new_size": 25}}));
    let snapshot = ("snapshots", json!({"snapshot": {"volume_id": id}}));
    let backup = ("backups", json!({"backup": {"volume_id": id}}));
    for ((rest, body), key, limit, message) in [
        (&extend, "gigabytes", 24, over("gigabytes", 15, 24, 10)),
        (&extend, "gigabytes_SSD", 24, over("gigabytes_SSD", 15, 24, 10)),
        (
            &extend,
            "per_volume_gigabytes",
            24,
            "VolumeSizeExceedsLimit: Requested volume size 25G is larger than maximum allowed \
             limit 24G."
                .to_owned(),
        ),
        (&snapshot, "gigabytes", 19, over("gigabytes", 10, 19, 10)),
        (&snapshot, "gigabytes_SSD", 19, over("gigabytes_SSD", 10, 19, 10)),
        (
            &snapshot,
            "snapshots",
            0,
            "SnapshotLimitExceeded: Maximum number of snapshots allowed (0) exceeded".to_owned(),
        ),
        (
            &snapshot,
            "snapshots_SSD",
            0,
            "SnapshotLimitExceeded: Maximum number of snapshots allowed (0) exceeded".to_owned(),
        ),
        (
            &backup,
            "backups",
            0,
            "BackupLimitExceeded: Maximum number of backups allowed (0) exceeded".to_owned(),
        ),
        (
            &backup,
            "backup_gigabytes",
            9,
            "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup \
             gigabytes quota. Requested 10G, quota is 9G and 0G has been consumed."
                .to_owned(),
        ),
    ] {
        admin.set_quota(&demo.project, json!({key: limit})).await;
        for version in VERSIONS {
            let path = demo.path(version, &rest.replace("ID", &id));
            demo.post(&path, body.clone()).await.is_over_limit(&message);
        }
        admin.set_quota(&demo.project, json!({key: -1})).await;
    }
    for key in ["snapshots", "backups", "backup_gigabytes"] {
        assert_eq!(admin.in_use(&demo.project, key).await, 0, "{key}");
    }
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 10);
    admin.set_quota(&demo.project, json!({"gigabytes": 35, "per_volume_gigabytes": 25})).await;
    demo.snapshot(&id).await;
    demo.act(&id, extend.1).await.is_empty(202);
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 35, "up to the limit it fits");
    server.finish().await;
}
