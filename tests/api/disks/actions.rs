//! The actions on disks that transfers need.

use chrono::TimeDelta;
use evs_local::domain::disk::DiskStatus;
use serde_json::{Value, json};

use super::{ABSENT, VERSIONS, shown};
use crate::support::{Client, TestServer};

const LATER: &str = "2026-11-23T07:41:06.318204";

fn path(client: &Client, version: &str, id: &str) -> String {
    client.path(version, &format!("volumes/{id}/action"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_grows_at_once_to_a_number_or_its_digits() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disks = [demo.disk().await, demo.disk().await];
    server.advance(TimeDelta::seconds(1));
    for (version, (id, size)) in
        VERSIONS.into_iter().zip(disks.iter().zip([json!(40), json!("40")]))
    {
        let body = json!({"os-extend": {"new_size": size}});
        demo.post(&path(&demo, version, id), body).await.is_empty(202);
        let expected = shown(&demo, "v3", id, json!({"size": 40, "updated_at": LATER}));
        demo.show_disk(id).await.is(200, &json!({"volume": expected}));
    }
    assert_eq!(admin.in_use(&demo.project, "gigabytes").await, 80);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_does_not_shrink_nor_outgrow_the_settings_nor_grow_by_a_bad_body() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    let not_greater = |extended: i64| {
        format!(
            "Invalid input received: New size for extend must be greater than current size. \
             (current: 10, extended: {extended})."
        )
    };
    let about = |value: &str, rule: &str| {
        format!("Invalid input for field/attribute new_size. Value: {value}. {rule}")
    };
    let cases: [(Value, String); 8] = [
        (json!({"new_size": 10}), not_greater(10)),
        (json!({"new_size": 9}), not_greater(9)),
        (
            json!({"new_size": 32769}),
            "Invalid input received: size must be at most 32768 GiB.".to_owned(),
        ),
        (json!({"new_size": 0}), about("0", "0 is less than the minimum of 1")),
        (json!({"new_size": null}), about("None", "None is not of type 'integer', 'string'")),
        (json!({"new_size": "1x"}), about("1x", "'1x' does not match '^[0-9]+$'")),
        (
            json!({}),
            "Invalid input for field/attribute os-extend. Value: {}. 'new_size' is a required \
             property"
                .to_owned(),
        ),
        (
            json!({"new_size": 20, "x": 1}),
            "Invalid input for field/attribute os-extend. Value: {'new_size': 20, 'x': 1}. \
             Additional properties are not allowed ('x' was unexpected)"
                .to_owned(),
        ),
    ];
    for version in VERSIONS {
        for (extend, message) in &cases {
            let body = json!({"os-extend": extend});
            demo.post(&path(&demo, version, &id), body).await.is_fault(400, message);
        }
    }
    let unchanged = shown(&demo, "v3", &id, json!({}));
    demo.show_disk(&id).await.is(200, &json!({"volume": unchanged}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_available_disk_grows() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    for status in DiskStatus::ALL {
        let word = status.as_str();
        if ["available", "awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        admin.reset(&id, word).await;
        demo.act(&id, json!({"os-extend": {"new_size": 20}})).await.is_fault(
            400,
            &format!(
                "Invalid volume: Volume {id} status must be '{{'status': 'available'}}' to \
                 extend, currently {word}."
            ),
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bootable_flag_is_set_and_unset_in_any_status_and_told_as_a_text() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    admin.reset(&id, "error").await;
    for version in VERSIONS {
        for (given, told) in [
            (json!(true), "true"),
            (json!(false), "false"),
            (json!("True"), "true"),
            (json!("0"), "false"),
        ] {
            let body = json!({"os-set_bootable": {"bootable": given}});
            demo.post(&path(&demo, version, &id), body).await.is_empty(200);
            assert_eq!(demo.show_disk(&id).await.body["volume"]["bootable"], told);
        }
        let boolean =
            "is not of type 'boolean' (true, false, or one of 1, 0, on, off, yes, no, y, n, t, f)";
        for (fields, message) in [
            (
                json!({}),
                "Invalid input for field/attribute os-set_bootable. Value: {}. 'bootable' is a \
                 required property"
                    .to_owned(),
            ),
            (
                json!({"bootable": "perhaps"}),
                format!(
                    "Invalid input for field/attribute bootable. Value: perhaps. 'perhaps' {boolean}"
                ),
            ),
            (
                json!({"bootable": null}),
                format!("Invalid input for field/attribute bootable. Value: None. None {boolean}"),
            ),
            (
                json!({"bootable": true, "x": 1}),
                "Invalid input for field/attribute os-set_bootable. Value: {'bootable': True, \
                 'x': 1}. Additional properties are not allowed ('x' was unexpected)"
                    .to_owned(),
            ),
        ] {
            let body = json!({"os-set_bootable": fields});
            demo.post(&path(&demo, version, &id), body).await.is_fault(400, &message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_resets_a_disk_to_every_status_that_it_can_be_in_by_itself() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    for version in VERSIONS {
        for status in DiskStatus::ALL {
            let word = status.as_str();
            let body = json!({"os-reset_status": {"status": word.to_uppercase()}});
            let answer = admin.post(&path(&admin, version, &id), body).await;
            match word {
                "deleting" => answer.is_fault(
                    400,
                    "Invalid input for field/attribute status. Value: DELETING. Must specify a \
                     valid status.",
                ),
                "in-use" => answer.is_fault(
                    400,
                    "Invalid volume: status can not be reset to in-use while the volume has no \
                     attachments.",
                ),
                "awaiting-transfer" => answer.is_fault(
                    400,
                    "Invalid volume: status can not be reset to awaiting-transfer; create a \
                     transfer instead.",
                ),
                _ => {
                    answer.is_empty(202);
                    assert_eq!(demo.disk_status(&id).await, word);
                }
            }
        }
        let other =
            json!({"os-reset_status": {"attach_status": "detached", "migration_status": "none"}});
        admin.post(&path(&admin, version, &id), other).await.is_empty(202);
        assert_eq!(demo.disk_status(&id).await, "reserved", "nothing else is changed");
        for (fields, message) in [
            (
                json!({}),
                "Invalid input for field/attribute os-reset_status. Value: {}. {} does not have \
                 enough properties",
            ),
            (
                json!({"status": "bogus"}),
                "Invalid input for field/attribute status. Value: bogus. Must specify a valid \
                 status.",
            ),
            (
                json!({"status": 1}),
                "Invalid input for field/attribute status. Value: 1. 1 is not of type 'string', \
                 'null'",
            ),
            (
                json!({"state": "error"}),
                "Invalid input for field/attribute os-reset_status. Value: {'state': 'error'}. \
                 Additional properties are not allowed ('state' was unexpected)",
            ),
        ] {
            let body = json!({"os-reset_status": fields});
            admin.post(&path(&admin, version, &id), body).await.is_fault(400, message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_deletes_a_disk_in_any_status_but_not_from_under_its_snapshots() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for version in VERSIONS {
        for word in ["maintenance", "creating", "available"] {
            let id = demo.disk().await;
            admin.reset(&id, word).await;
            let snapshot = if word == "available" { Some(demo.snapshot(&id).await) } else { None };
            let act = async || {
                admin.post(&path(&admin, version, &id), json!({"os-force_delete": {}})).await
            };
            if let Some(snapshot) = snapshot {
                assert_eq!(act().await.status, 400, "it has a snapshot");
                demo.delete(&demo.path("v3", &format!("snapshots/{snapshot}"))).await.is_empty(202);
            }
            act().await.is_empty(202);
            demo.show_disk(&id).await.is_fault(404, &format!("Volume {id} could not be found."));
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_action_is_named_and_a_body_has_exactly_one() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    for version in VERSIONS {
        for kind in ["volumes", "snapshots", "backups"] {
            let path = admin.path(version, &format!("{kind}/{ABSENT}/action"));
            admin.post(&path, json!({"os-nonsense": {}})).await.is_fault(
                400,
                "There is no such action: os-nonsense. Verify the request body and Content-Type \
                 header and try again.",
            );
            for body in [json!({}), json!({"os-extend": {"new_size": 20}, "os-reset_status": {}})] {
                admin.post(&path, body).await.is_fault(400, "Malformed request body");
            }
            admin.post(&path, json!(null)).await.is_fault(400, "None is not of type 'object'");
        }
        let path = demo.path(version, &format!("volumes/{id}/action"));
        demo.post(&path, json!({"os-extend": 20})).await.is_fault(
            400,
            "Invalid input for field/attribute os-extend. Value: 20. 20 is not of type 'object'",
        );
    }
    server.finish().await;
}
