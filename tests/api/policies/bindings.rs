//! Which disks are under which policy.

use reqwest::Method;
use serde_json::{Value, json};

use super::{default_of, refuses_bodies_of_nothing};
use crate::disks::ABSENT;
use crate::support::TestServer;

fn success(disk: &str) -> Value {
    json!({
        "resource_id": disk,
        "resource_type": "volume",
        "availability_zone": "az-sim-1",
        "os_vol_host_attr": "pod01.az-sim-1",
    })
}

fn failure(disk: &str, code: &str, message: &str) -> Value {
    json!({
        "resource_id": disk,
        "resource_type": "volume",
        "availability_zone": null,
        "os_vol_host_attr": null,
        "code": code,
        "message": message,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_bound_each_on_its_own_and_a_second_policy_takes_a_disk_from_the_first() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let theirs = server.login("partner").await.disk().await;
    let (first, second) = (demo.policy("one", "ON").await, demo.policy("two", "OFF").await);
    let (good, broken) = (demo.disk().await, demo.disk().await);
    admin.reset(&broken, "error").await;
    let invalid = "The resource to be associated is invalid.";
    let resources: Vec<Value> = [&*good, ABSENT, "xxx", &theirs, &broken]
        .iter()
        .map(|id| json!({"resource_id": id, "resource_type": "volume"}))
        .collect();
    let body = json!({"backup_policy_id": first, "resources": resources});
    demo.post(&demo.path("v2", "backuppolicyresources"), body).await.is(
        200,
        &json!({
            "success_resources": [success(&good)],
            "fail_resources": [
                failure(ABSENT, "AutoBackup.1400", invalid),
                failure("xxx", "AutoBackup.1400", invalid),
                failure(&theirs, "AutoBackup.1400", invalid),
                failure(&broken, "AutoBackup.0206", "The disk status error forbids it."),
            ],
        }),
    );
    let count = async |policy: &str| {
        let path = demo.path("v2", &format!("backuppolicy/{policy}"));
        demo.get(&path).await.body["policy_resource_count"].as_i64().unwrap()
    };
    let done = json!({"success_resources": [success(&good)], "fail_resources": []});
    demo.bind(&first, &good).await.is(200, &done);
    assert_eq!((count(&first).await, count(&second).await), (1, 0), "bound twice is bound once");
    demo.bind(&second, &good).await.is(200, &done);
    assert_eq!((count(&first).await, count(&second).await), (0, 1));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_offered_disks_are_not_bound_and_all_others_are() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let policy = demo.policy("nightly", "ON").await;
    let forbidding = [
        "awaiting-transfer",
        "error_extending",
        "error_restoring",
        "error_rollbacking",
        "error",
        "error_deleting",
    ];
    for status in ["creating", "available", "extending", "backing-up"].iter().chain(&forbidding) {
        let disk = demo.disk().await;
        if *status == "awaiting-transfer" {
            demo.offer(&disk).await;
        } else {
            admin.reset(&disk, status).await;
        }
        let answer = demo.bind(&policy, &disk).await;
        let expected = if forbidding.contains(status) {
            let message = format!("The disk status {status} forbids it.");
            json!({
                "success_resources": [],
                "fail_resources": [failure(&disk, "AutoBackup.0206", &message)],
            })
        } else {
            json!({"success_resources": [success(&disk)], "fail_resources": []})
        };
        answer.is(200, &expected);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_taken_out_of_its_own_policy_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (first, second) = (demo.policy("one", "ON").await, demo.policy("two", "OFF").await);
    let disk = demo.disk().await;
    demo.bind(&first, &disk).await;
    let not_bound = json!({
        "success_resources": [],
        "fail_resources": [{
            "resource_id": disk,
            "resource_type": "volume",
            "code": "AutoBackup.1400",
            "message": "The disk is not bound to this policy.",
        }],
    });
    let done = json!({
        "success_resources": [{"resource_id": disk, "resource_type": "volume"}],
        "fail_resources": [],
    });
    demo.unbind(&second, &disk).await.is(200, &not_bound);
    demo.unbind(&first, &disk).await.is(200, &done);
    demo.unbind(&first, &disk).await.is(200, &not_bound);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_bind_and_unbind_is_refused_with_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let policy = demo.policy("nightly", "ON").await;
    let bind = demo.path("v2", "backuppolicyresources");
    let unbind = format!("{bind}/{policy}/deleted_resources");
    let id = ("AutoBackup.0209", "each of resources needs a resource_id");
    let kind = ("AutoBackup.0211", "resource_type must be volume");
    let none = ("AutoBackup.0207", "resources must name at least one disk");
    for (resources, (code, message)) in [
        (Value::Null, none),
        (json!([]), none),
        (json!({}), none),
        (json!([{"resource_type": "volume"}]), id),
        (json!([{"resource_id": "", "resource_type": "volume"}]), id),
        (json!([{"resource_id": 5, "resource_type": "volume"}]), id),
        (json!([{"resource_id": ABSENT, "resource_type": "server"}]), kind),
    ] {
        let body = json!({"backup_policy_id": policy, "resources": resources});
        demo.post(&bind, body.clone()).await.is_evs_fault(400, code, message);
        demo.post(&unbind, body).await.is_evs_fault(400, code, message);
    }
    let (code, message) = kind;
    let untyped = json!({"backup_policy_id": policy, "resources": [{"resource_id": ABSENT}]});
    demo.post(&bind, untyped).await.is_evs_fault(400, code, message);
    let required = "backup_policy_id is required";
    let unnamed = json!({"resources": [{"resource_id": ABSENT, "resource_type": "volume"}]});
    demo.post(&bind, unnamed).await.is_evs_fault(400, "AutoBackup.0006", required);
    demo.get(&bind).await.is_evs_fault(400, "AutoBackup.0006", required);
    for path in [&bind, &unbind] {
        refuses_bodies_of_nothing(&demo, &Method::POST, path).await;
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_on_dedicated_storage_are_not_bound() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let policy = demo.policy("nightly", "ON").await;
    let disk = demo.disk().await;
    server.edit("UPDATE disks SET dedicated_storage = 'pool-1'").await;
    let message = "Disks on dedicated storage cannot be associated with a backup policy.";
    demo.bind(&policy, &disk).await.is(
        200,
        &json!({
            "success_resources": [],
            "fail_resources": [failure(&disk, "AutoBackup.0220", message)],
        }),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_has_at_most_64_disks_and_those_it_has_may_be_named_again() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let policy = demo.policy("nightly", "ON").await;
    let mut disks = Vec::new();
    for _ in 0..66 {
        disks.push(demo.disk().await);
    }
    let resources = |disks: &[String]| -> Value {
        disks.iter().map(|id| json!({"resource_id": id, "resource_type": "volume"})).collect()
    };
    let bind = async |disks: &[String]| {
        let body = json!({"backup_policy_id": policy, "resources": resources(disks)});
        demo.post(&demo.path("v2", "backuppolicyresources"), body).await
    };
    let full = "A backup policy has at most 64 disks.";
    let done = |disks: &[String]| -> Vec<Value> { disks.iter().map(|id| success(id)).collect() };
    bind(&disks[..65]).await.is(
        200,
        &json!({
            "success_resources": done(&disks[..64]),
            "fail_resources": [failure(&disks[64], "AutoBackup.0204", full)],
        }),
    );
    bind(&disks[63..]).await.is(
        200,
        &json!({
            "success_resources": done(&disks[63..64]),
            "fail_resources": [
                failure(&disks[64], "AutoBackup.0204", full),
                failure(&disks[65], "AutoBackup.0204", full),
            ],
        }),
    );
    let (other, _) = default_of(&demo).await;
    demo.bind(&other, &disks[0]).await;
    demo.bind(&policy, &disks[64])
        .await
        .is(200, &json!({"success_resources": [success(&disks[64])], "fail_resources": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_disk_tells_its_policy_in_its_metadata_whatever_its_user_writes_there() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (first, second) = (demo.policy("one", "ON").await, demo.policy("two", "OFF").await);
    let disk = demo.disk_of(json!({"size": 1, "metadata": {"policy": "mine", "a": "1"}})).await;
    let shown = async || {
        let mut told = Vec::new();
        for path in [
            demo.path("v2", &format!("volumes/{disk}")),
            demo.path("v3", &format!("volumes/{disk}")),
            demo.path("v2.1", &format!("cloudvolumes/{disk}")),
        ] {
            told.push(demo.get(&path).await.body["volume"]["metadata"].clone());
        }
        for path in [demo.path("v3", "volumes/detail"), demo.path("v2", "cloudvolumes/detail")] {
            told.push(demo.get(&path).await.body["volumes"][0]["metadata"].clone());
        }
        told
    };
    let all = |policy: &str| vec![json!({"policy": policy, "a": "1"}); 5];
    assert_eq!(shown().await, all("mine"));
    demo.bind(&first, &disk).await;
    assert_eq!(shown().await, all(&first));
    demo.bind(&second, &disk).await;
    assert_eq!(shown().await, all(&second));
    let own = demo.path("v3", &format!("volumes/{disk}/metadata"));
    let answer = demo.post(&own, json!({"metadata": {"policy": "other"}})).await;
    answer.is(200, &json!({"metadata": {"policy": "other", "a": "1"}}));
    assert_eq!(shown().await, all(&second));
    demo.unbind(&second, &disk).await;
    assert_eq!(shown().await, all("other"));
    server.finish().await;
}
