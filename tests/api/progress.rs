//! What takes time: how it looks meanwhile, how it ends, and that it ends whatever happens.

use chrono::TimeDelta;
use evs_local::config::Settings;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

const OPERATIONS: [&str; 8] =
    ["create", "download", "restore", "extend", "retype", "upload", "revert", "delete"];

/// Every operation takes two seconds.
fn slow(settings: &mut Settings) {
    for operation in OPERATIONS {
        settings.simulation.delays.insert(operation, TimeDelta::seconds(2));
    }
}

/// Nothing ends but by hand.
fn explicit(settings: &mut Settings) {
    settings.simulation.explicit = true;
}

async fn step(admin: &Client, body: Value) -> Answer {
    admin.post("/_evs/progress", body).await
}

/// Ends what is due, and says how many that were.
async fn end_due(admin: &Client) -> usize {
    let answer = step(admin, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["finished"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_delay_a_disk_is_creating_until_its_time_has_come_and_then_available() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        explicit(settings);
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    assert_eq!(demo.disk_status(&id).await, "creating");
    server.advance(TimeDelta::milliseconds(1999));
    assert_eq!(end_due(&admin).await, 0);
    assert_eq!(demo.disk_status(&id).await, "creating");
    server.advance(TimeDelta::milliseconds(1));
    let ended = json!({"disk_id": id, "from": "creating", "to": "available"});
    step(&admin, json!({})).await.is(200, &json!({"finished": [ended]}));
    assert_eq!(demo.disk_status(&id).await, "available");
    step(&admin, json!({})).await.is(200, &json!({"finished": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_under_way_ends_by_itself_when_its_time_has_come() {
    let server = TestServer::start_with(slow).await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    assert_eq!(demo.disk_status(&id).await, "creating");
    server.advance(TimeDelta::seconds(2));
    // The service looks at the clock at least once a second; this asks until it has.
    let mut asked = 0;
    while demo.disk_status(&id).await != "available" {
        asked += 1;
        assert!(asked < 1_000_000, "it never ends");
    }
    server.finish().await;
}

/// Takes `id` into each status that takes time and asserts the status meanwhile and afterwards.
async fn through(demo: &Client, admin: &Client, id: &str, action: Value, status: &str) {
    let answer = demo.at("3.42").act(id, action).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(demo.disk_status(id).await, status);
    assert_eq!(end_due(admin).await, 1, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_shows_its_status_meanwhile_and_comes_to_its_end() {
    let server = TestServer::start_with(explicit).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    assert_eq!(demo.disk_status(&id).await, "creating");
    assert_eq!(end_due(&admin).await, 1);

    through(&demo, &admin, &id, json!({"os-extend": {"new_size": 20}}), "extending").await;
    assert_eq!(demo.show_disk(&id).await.body["volume"]["size"], 20);
    through(&demo, &admin, &id, json!({"os-retype": {"new_type": "SAS"}}), "retyping").await;
    assert_eq!(demo.show_disk(&id).await.body["volume"]["volume_type"], "SAS");
    let upload = json!({"os-volume_upload_image": {"image_name": "golden"}});
    through(&demo, &admin, &id, upload, "uploading").await;
    let snapshot = demo.snapshot(&id).await;
    assert_eq!(end_due(&admin).await, 1, "the snapshot is there");
    let revert = json!({"revert": {"snapshot_id": snapshot}});
    demo.at("3.42").act(&id, revert).await.is_empty(202);
    assert_eq!(demo.disk_status(&id).await, "reverting");
    assert_eq!(end_due(&admin).await, 2, "the disk and its snapshot");
    assert_eq!(demo.disk_status(&id).await, "available");

    let path = demo.path("v3", &format!("volumes/{id}?cascade=true"));
    demo.delete(&path).await.is_empty(202);
    assert_eq!(demo.disk_status(&id).await, "deleting");
    let gone = json!({"disk_id": id, "from": "deleting", "to": "deleted"});
    step(&admin, json!({})).await.is(200, &json!({"finished": [gone]}));
    demo.show_disk(&id).await.is_fault(404, &format!("Volume {id} could not be found."));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_operation_leaves_its_error_status_and_the_disk_as_it_was() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.fail = vec!["extend".to_owned(), "retype".to_owned()];
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    demo.act(&id, json!({"os-retype": {"new_type": "SAS"}})).await.is_empty(202);
    let shown = demo.show_disk(&id).await.body["volume"].clone();
    assert_eq!((&shown["status"], &shown["volume_type"]), (&json!("available"), &json!("SSD")));
    demo.act(&id, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    let shown = demo.show_disk(&id).await.body["volume"].clone();
    assert_eq!((&shown["status"], &shown["size"]), (&json!("error_extending"), &json!(10)));
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 10);
    // The way out.
    demo.delete(&demo.path("v3", &format!("volumes/{id}"))).await.is_empty(202);
    server.finish().await;
}

/// A disk is encrypted when its new type is its type, not before, and not if it never is.
#[tokio::test(flavor = "multi_thread")]
async fn a_retype_to_an_encrypted_type_encrypts_when_it_is_done() {
    let server = TestServer::start_with(|settings| {
        explicit(settings);
        settings.disks.encrypted_types = vec!["SAS".to_owned()];
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    for (outcome, encrypted) in [("failed", false), ("done", true)] {
        let id = demo.disk().await;
        assert_eq!(end_due(&admin).await, 1);
        demo.act(&id, json!({"os-retype": {"new_type": "SAS"}})).await.is_empty(202);
        assert_eq!(demo.show_disk(&id).await.body["volume"]["encrypted"], false);
        step(&admin, json!({"disk_id": id, "outcome": outcome})).await;
        assert_eq!(demo.show_disk(&id).await.body["volume"]["encrypted"], encrypted);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_by_hand_decides_the_outcome_of_one_disk() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        explicit(settings);
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let (bad, good) = (demo.disk().await, demo.disk().await);
    let failed = json!({"disk_id": bad, "from": "creating", "to": "error"});
    step(&admin, json!({"disk_id": bad, "outcome": "failed"}))
        .await
        .is(200, &json!({"finished": [failed]}));
    assert_eq!(demo.disk_status(&bad).await, "error");
    assert_eq!(demo.disk_status(&good).await, "creating");
    let done = json!({"disk_id": good, "from": "creating", "to": "available"});
    step(&admin, json!({"disk_id": good})).await.is(200, &json!({"finished": [done]}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_step_and_only_with_a_body_that_makes_sense() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    server.anonymous().post("/_evs/progress", json!({})).await.is_unauthenticated();
    demo.post("/_evs/progress", json!({}))
        .await
        .is_fault(403, "Policy doesn't allow evs:progress:step to be performed.");
    let cases = [
        (
            json!({"outcome": "odd"}),
            "Invalid input for field/attribute outcome. Value: odd. 'odd' is not one of ['done', \
             'failed']",
        ),
        (
            json!({"disk_id": "x"}),
            "Invalid input for field/attribute disk_id. Value: x. 'x' is not a 'uuid'",
        ),
        (json!({"all": true}), "Additional properties are not allowed ('all' was unexpected)"),
    ];
    for (body, message) in cases {
        step(&admin, body).await.is_fault(400, message);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_under_way_counts_as_what_it_will_be() {
    let server = TestServer::start_with(explicit).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    admin.set_quota(&demo.project, json!({"gigabytes": 30})).await;
    let (one, other) = (demo.disk().await, demo.disk().await);
    assert_eq!(end_due(&admin).await, 2);
    demo.act(&one, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 30);
    demo.act(&other, json!({"os-extend": {"new_size": 11}})).await.is_over_limit(
        "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes \
         quota. Requested 1G, quota is 30G and 30G has been consumed.",
    );
    demo.act(&other, json!({"os-retype": {"new_type": "SAS"}})).await.is_empty(202);
    assert_eq!(admin.in_use(&demo.project, "volumes_SAS").await, 1);
    assert_eq!(end_due(&admin).await, 2);
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 30);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_with_what_was_under_way() {
    let server = TestServer::start_with(slow).await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    let server = server.restart().await;
    let (demo, admin) = (demo.moved_to(&server), server.login("admin").await);
    assert_eq!(demo.disk_status(&id).await, "creating");
    server.advance(TimeDelta::seconds(2));
    end_due(&admin).await;
    assert_eq!(demo.disk_status(&id).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_under_way_is_neither_offered_nor_changed_and_a_reset_drops_what_was_to_come() {
    let server = TestServer::start_with(explicit).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let offer = json!({"transfer": {"volume_id": id}});
    demo.post(&demo.path("v3", "os-volume-transfer"), offer).await.is_fault(
        400,
        "Invalid volume: status must be available, but the current status is creating",
    );
    demo.act(&id, json!({"os-extend": {"new_size": 20}})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {id} status must be '{{'status': 'available'}}' to extend, \
             currently creating."
        ),
    );
    admin.reset(&id, "available").await;
    assert_eq!(end_due(&admin).await, 0);
    assert_eq!(demo.disk_status(&id).await, "available");
    server.finish().await;
}

/// Whatever is under way, an administrator can end it: no status is a trap.
#[tokio::test(flavor = "multi_thread")]
async fn every_status_that_takes_time_can_be_force_deleted_and_its_transfer_ends() {
    let server = TestServer::start_with(explicit).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    for status in ["creating", "extending", "retyping", "uploading"] {
        let id = demo.disk().await;
        if status != "creating" {
            assert_eq!(end_due(&admin).await, 1);
            let action = match status {
                "extending" => json!({"os-extend": {"new_size": 20}}),
                "retyping" => json!({"os-retype": {"new_type": "SAS"}}),
                _ => json!({"os-volume_upload_image": {"image_name": "i"}}),
            };
            assert_eq!(demo.act(&id, action).await.status, 202);
        }
        assert_eq!(demo.disk_status(&id).await, status);
        admin.act(&id, json!({"os-force_delete": {}})).await.is_empty(202);
        assert_eq!(demo.disk_status(&id).await, "deleting");
        assert_eq!(end_due(&admin).await, 1);
        assert_eq!(demo.show_disk(&id).await.status, 404);
    }
    server.finish().await;
}

/// A row that somebody broke stays as it is; everything else goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_row_does_not_hold_up_what_else_is_under_way() {
    let server = TestServer::start_with(explicit).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let (broken, whole) = (demo.disk().await, demo.disk().await);
    let spoil =
        |value: &str| format!("UPDATE disks SET metadata = '{value}' WHERE id = '{broken}'");
    server.edit(&spoil("{\"k\": 7}")).await;
    let ended = json!({"disk_id": whole, "from": "creating", "to": "available"});
    step(&admin, json!({})).await.is(200, &json!({"finished": [ended]}));
    server.edit(&spoil("{}")).await;
    assert_eq!(end_due(&admin).await, 1);
    server.finish().await;
}
