//! What servers do to disks: keep them, attach them, detach them, connect to them.

use chrono::TimeDelta;
use evs_local::domain::disk::DiskStatus;
use serde_json::{Value, json};

use super::{ABSENT, VERSIONS, shown};
use crate::support::{Answer, Client, T0, TestServer};

const SERVER: &str = "5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a11";
const OTHER: &str = "5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a12";
const LATER: &str = "2026-11-23T07:41:06.318204";

async fn act(client: &Client, version: &str, id: &str, body: Value) -> Answer {
    client.post(&client.path(version, &format!("volumes/{id}/action")), body).await
}

fn attach_to(server: &str) -> Value {
    json!({"os-attach": {"instance_uuid": server, "mountpoint": "/dev/vdb"}})
}

/// The id of the only attachment that a disk shows.
async fn attachment_of(client: &Client, id: &str) -> String {
    let shown = client.show_disk(id).await;
    let [only] = shown.body["volume"]["attachments"].as_array().unwrap().as_slice() else {
        panic!("{}", shown.text)
    };
    only["attachment_id"].as_str().unwrap().to_owned()
}

fn attached(id: &str, attachment: &str, server: Option<&str>, host: Option<&str>) -> Value {
    json!({
        "id": id,
        "attachment_id": attachment,
        "volume_id": id,
        "server_id": server,
        "host_name": host,
        "device": "/dev/vdb",
        "attached_at": LATER,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_kept_attached_detached_and_shows_who_has_it() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disks = [demo.disk().await, demo.disk().await];
    server.advance(TimeDelta::seconds(1));
    for (version, id) in VERSIONS.into_iter().zip(&disks) {
        act(&demo, version, id, json!({"os-reserve": {}})).await.is_empty(202);
        let changes = json!({"status": "attaching", "updated_at": LATER});
        demo.show_disk(id).await.is(200, &json!({"volume": shown(&demo, "v3", id, changes)}));

        act(&demo, version, id, attach_to(SERVER)).await.is_empty(202);
        let attachment = attachment_of(&demo, id).await;
        let mut in_use = json!({
            "status": "in-use",
            "updated_at": LATER,
            "metadata": {"readonly": "False", "attached_mode": "rw"},
            "attachments": [attached(id, &attachment, Some(SERVER), None)],
        });
        let expected = json!({"volume": shown(&demo, "v3", id, in_use.clone())});
        demo.show_disk(id).await.is(200, &expected);
        act(&demo, version, id, attach_to(SERVER)).await.is_empty(202);
        demo.show_disk(id).await.is(200, &expected);

        act(&demo, version, id, json!({"os-begin_detaching": {}})).await.is_empty(202);
        in_use["status"] = "detaching".into();
        let expected = json!({"volume": shown(&demo, "v3", id, in_use.clone())});
        demo.show_disk(id).await.is(200, &expected);
        act(&demo, version, id, json!({"os-roll_detaching": {}})).await.is_empty(202);
        assert_eq!(demo.disk_status(id).await, "in-use");
        act(&demo, version, id, json!({"os-begin_detaching": null})).await.is_empty(202);
        act(&demo, version, id, json!({"os-detach": {"attachment_id": attachment}}))
            .await
            .is_empty(202);
        let free = json!({
            "status": "available", "updated_at": LATER, "metadata": {"readonly": "False"},
        });
        demo.show_disk(id).await.is(200, &json!({"volume": shown(&demo, "v3", id, free)}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_told_to_administrators_only() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    server.advance(TimeDelta::seconds(1));
    let to = json!({"os-attach": {"host_name": "rack-7", "mountpoint": "/dev/vdb", "mode": "ro"}});
    demo.act(&id, to).await.is_empty(202);
    let attachment = attachment_of(&demo, &id).await;
    let seen = &demo.show_disk(&id).await.body["volume"];
    assert_eq!(seen["attachments"], json!([attached(&id, &attachment, None, None)]));
    assert_eq!(seen["metadata"], json!({"readonly": "False", "attached_mode": "ro"}));
    let list = demo.get(&demo.path("v3", "volumes/detail")).await;
    assert_eq!(list.body["volumes"][0]["attachments"], seen["attachments"]);
    let seen = &admin.show_disk(&id).await.body["volume"];
    assert_eq!(seen["attachments"], json!([attached(&id, &attachment, None, Some("rack-7"))]));
    demo.act(&id, json!({"os-detach": {}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&id).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_share_a_disk_that_is_made_for_it_and_no_other() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let own = demo.disk().await;
    let shared = demo.disk_of(json!({"size": 10, "multiattach": true})).await;
    for id in [&own, &shared] {
        demo.act(id, attach_to(SERVER)).await.is_empty(202);
    }
    demo.act(&own, attach_to(OTHER)).await.is_fault(
        400,
        "Invalid volume: volume is already attached and multiple attachments are not enabled",
    );
    demo.act(&own, json!({"os-reserve": {}})).await.is_fault(
        400,
        "Invalid volume: Volume status must be available to reserve, but the status is in-use.",
    );
    let first = attachment_of(&demo, &shared).await;
    demo.act(&shared, json!({"os-reserve": {}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&shared).await, "attaching");
    demo.act(&shared, json!({"os-reserve": {}})).await.is_fault(
        400,
        "Invalid volume: Volume status must be available or in-use to reserve, but the status is \
         attaching.",
    );
    demo.act(&shared, json!({"os-unreserve": {}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&shared).await, "in-use", "one is attached still");
    demo.act(&shared, attach_to(OTHER)).await.is_empty(202);
    for body in [json!({"os-detach": {}}), json!({"os-detach": {"attachment_id": null}})] {
        demo.act(&shared, body).await.is_fault(
            400,
            "Invalid volume: Detach volume failed: More than one attachment, but no attachment_id \
             provided.",
        );
    }
    demo.act(&shared, json!({"os-detach": {"attachment_id": first}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&shared).await, "in-use", "the other has it still");
    demo.act(&shared, json!({"os-extend": {"new_size": 20}})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {shared} status must be '{{'status': 'available'}}' to extend, \
             currently in-use."
        ),
    );
    demo.act(&shared, json!({"os-detach": null})).await.is_empty(202);
    assert_eq!(demo.disk_status(&shared).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_disk_is_attached_for_reading_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = demo.disk().await;
    for (read_only, word) in [(json!(false), "False"), (json!("on"), "True")] {
        demo.act(&id, json!({"os-update_readonly_flag": {"readonly": read_only}}))
            .await
            .is_empty(202);
        let metadata = &demo.show_disk(&id).await.body["volume"]["metadata"];
        assert_eq!(*metadata, json!({"readonly": word}));
    }
    for mode in [None, Some("rw")] {
        let mut body = attach_to(SERVER);
        if let Some(mode) = mode {
            body["os-attach"]["mode"] = mode.into();
        }
        let sentence = format!("Invalid attaching mode 'rw' for volume {id}.");
        demo.act(&id, body).await.is_fault(400, &sentence);
    }
    assert_eq!(demo.disk_status(&id).await, "available");
    let mut body = attach_to(SERVER);
    body["os-attach"]["mode"] = "ro".into();
    demo.act(&id, body).await.is_empty(202);
    let metadata = &demo.show_disk(&id).await.body["volume"]["metadata"];
    assert_eq!(*metadata, json!({"readonly": "True", "attached_mode": "ro"}));
    demo.act(&id, json!({"os-update_readonly_flag": {"readonly": false}})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {id} status must be available to update readonly flag, but \
             current status is: in-use."
        ),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_each_status_an_action_of_a_server_works_does_nothing_or_says_why_not() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let own = "Invalid volume: Unable to detach volume. Volume status must be 'in-use' and \
               attach_status must be 'attached' to detach";
    for status in DiskStatus::ALL {
        let word = status.as_str();
        if ["available", "awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        admin.reset(&id, word).await;
        demo.act(&id, json!({"os-reserve": {}})).await.is_fault(
            400,
            &format!(
                "Invalid volume: Volume status must be available to reserve, but the status is \
                 {word}."
            ),
        );
        if word != "attaching" {
            let why = if word == "maintenance" {
                "Invalid volume: Unable to attach volume, because it is in maintenance."
            } else {
                "Invalid volume: status must be available or attaching"
            };
            demo.act(&id, attach_to(SERVER)).await.is_fault(400, why);
            demo.act(&id, json!({"os-unreserve": {}})).await.is_empty(202);
            assert_eq!(demo.disk_status(&id).await, word, "nothing happens");
        }
        let begin = demo.act(&id, json!({"os-begin_detaching": {}})).await;
        begin.is_fault(400, &format!("{own}."));
        if word != "detaching" {
            demo.act(&id, json!({"os-roll_detaching": {}})).await.is_empty(202);
            assert_eq!(demo.disk_status(&id).await, word, "nothing happens");
            let why = format!("{own}, but the current status is {word}.");
            demo.act(&id, json!({"os-detach": {}})).await.is_fault(400, &why);
            let force = admin.act(&id, json!({"os-force_detach": {}})).await;
            if ["attaching", "reserved"].contains(&word) {
                force.is_empty(202);
                assert_eq!(demo.disk_status(&id).await, "available");
            } else {
                force.is_fault(400, &why);
            }
        }
    }
    for (word, action) in [
        ("attaching", "os-unreserve"),
        ("detaching", "os-roll_detaching"),
        ("detaching", "os-detach"),
    ] {
        admin.reset(&id, word).await;
        demo.act(&id, json!({action: {}})).await.is_empty(202);
        assert_eq!(demo.disk_status(&id).await, "available", "nothing has it");
    }
    let before = demo.show_disk(&id).await.text;
    let begin = demo.act(&id, json!({"os-begin_detaching": {}})).await;
    begin.is_fault(400, &format!("{own}."));
    for action in ["os-unreserve", "os-roll_detaching"] {
        server.advance(TimeDelta::seconds(1));
        demo.act(&id, json!({action: {}})).await.is_empty(202);
    }
    assert_eq!(demo.show_disk(&id).await.text, before, "no byte has changed");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_about_the_body_of_an_action_is_named() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let about = |field: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {field}. Value: {value}. {rule}")
    };
    let (long, long_repr) = ("x".repeat(256), format!("'{}'", "x".repeat(256)));
    let at = |more: Value| {
        let mut inner = json!({"instance_uuid": SERVER, "mountpoint": "/dev/vdb"});
        inner.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"os-attach": inner})
    };
    let cases: Vec<(Value, String)> = vec![
        (
            json!({"os-attach": {"instance_uuid": SERVER}}),
            about(
                "os-attach",
                &format!("{{'instance_uuid': '{SERVER}'}}"),
                "'mountpoint' is a required property",
            ),
        ),
        (
            json!({"os-attach": {"mountpoint": "/dev/vdb"}}),
            about(
                "os-attach",
                "{'mountpoint': '/dev/vdb'}",
                "{'mountpoint': '/dev/vdb'} is not valid under any of the given schemas",
            ),
        ),
        (at(json!({"mountpoint": ""})), about("mountpoint", "", "'' is too short")),
        (
            at(json!({"mountpoint": long})),
            about("mountpoint", &long, &format!("{long_repr} is too long")),
        ),
        (at(json!({"mountpoint": 1})), about("mountpoint", "1", "1 is not of type 'string'")),
        (
            at(json!({"mountpoint": "a\u{0}b"})),
            "An invalid 'mountpoint' value was provided. The 'mountpoint' can not contain the null \
             character."
                .to_owned(),
        ),
        (at(json!({"instance_uuid": "i-1"})), about("instance_uuid", "i-1", "'i-1' is not a 'uuid'")),
        (
            at(json!({"instance_uuid": null})),
            about("instance_uuid", "None", "None is not of type 'string'"),
        ),
        (
            at(json!({"host_name": "h"})),
            format!(
                "Invalid request to attach volume to an instance {SERVER} and a host h \
                 simultaneously"
            ),
        ),
        (at(json!({"mode": "wo"})), about("mode", "wo", "'wo' is not one of ['rw', 'ro']")),
        (json!({"os-attach": null}), about("os-attach", "None", "None is not of type 'object'")),
        (
            json!({"os-detach": {"attachment_id": "x"}}),
            about("attachment_id", "x", "'x' is not valid under any of the given schemas"),
        ),
        (
            json!({"os-detach": {"id": "x"}}),
            about(
                "os-detach",
                "{'id': 'x'}",
                "Additional properties are not allowed ('id' was unexpected)",
            ),
        ),
        (json!({"os-detach": 1}), about("os-detach", "1", "1 is not of type 'object', 'null'")),
    ];
    for version in VERSIONS {
        for (body, message) in &cases {
            act(&admin, version, &id, body.clone()).await.is_fault(400, message);
        }
    }
    demo.act(&id, attach_to(SERVER)).await.is_empty(202);
    let absent = json!({"os-detach": {"attachment_id": ABSENT}});
    demo.act(&id, absent).await.is_fault(
        400,
        &format!(
            "Error detaching volume - VolumeAttachmentNotFound: Volume attachment could not be \
             found with filter: attachment_id = {ABSENT}."
        ),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_about_the_body_of_a_hosts_or_an_administrators_action_is_named() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let about = |field: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {field}. Value: {value}. {rule}")
    };
    let cases: Vec<(Value, String)> = vec![
        (
            json!({"os-initialize_connection": {}}),
            about("os-initialize_connection", "{}", "'connector' is a required property"),
        ),
        (
            json!({"os-initialize_connection": {"connector": null}}),
            about("connector", "None", "None is not of type 'object', 'string'"),
        ),
        (
            json!({"os-terminate_connection": {"connector": 1}}),
            about("connector", "1", "1 is not of type 'string', 'object', 'null'"),
        ),
        (
            json!({"os-force_detach": {"attachment_id": 1}}),
            about("attachment_id", "1", "1 is not of type 'string', 'null'"),
        ),
        (
            json!({"os-force_detach": {"connector": []}}),
            about("connector", "[]", "[] is not of type 'string', 'object', 'null'"),
        ),
        (
            json!({"os-reset_status": {"attach_status": "stuck"}}),
            about("attach_status", "stuck", "Must specify a valid attach status."),
        ),
    ];
    for version in VERSIONS {
        for (body, message) in &cases {
            act(&admin, version, &id, body.clone()).await.is_fault(400, message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_own_a_disk_does_nothing_to_it_as_a_server() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.disk().await;
    partner.act(&theirs, attach_to(SERVER)).await.is_empty(202);
    let before = partner.show_disk(&theirs).await.text;
    for version in VERSIONS {
        for body in [
            json!({"os-reserve": {}}),
            json!({"os-unreserve": {}}),
            attach_to(OTHER),
            json!({"os-detach": {}}),
            json!({"os-begin_detaching": {}}),
            json!({"os-roll_detaching": {}}),
            json!({"os-initialize_connection": {"connector": {}}}),
            json!({"os-terminate_connection": {"connector": null}}),
        ] {
            for id in [ABSENT, "xxx"] {
                let gone = format!("Volume {id} could not be found.");
                act(&demo, version, id, body.clone()).await.is_fault(404, &gone);
            }
            let absent = act(&demo, version, ABSENT, body.clone()).await.text;
            let answer = act(&demo, version, &theirs, body).await;
            assert_eq!(answer.status, 404);
            assert_eq!(answer.text.replace(&theirs, ABSENT), absent, "byte for byte");
        }
    }
    assert_eq!(partner.show_disk(&theirs).await.text, before);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_tells_where_nothing_is_and_changes_nothing() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    let before = demo.show_disk(&id).await.text;
    let expected = json!({"connection_info": {
        "driver_volume_type": "iscsi",
        "data": {
            "target_discovered": false,
            "target_portal": "127.0.0.1:3260",
            "target_iqn": format!("iqn.2010-10.org.openstack:volume-{id}"),
            "target_lun": 0,
            "volume_id": id,
            "qos_specs": null,
            "access_mode": "rw",
            "encrypted": false,
            "cacheable": false,
        },
    }});
    for version in VERSIONS {
        let body = json!({"os-initialize_connection": {"connector": {"host": "h", "ip": "::1"}}});
        act(&demo, version, &id, body.clone()).await.is(200, &expected);
        act(&demo, version, &id, body).await.is(200, &expected);
        let body = json!({"os-terminate_connection": {"connector": {"host": "h"}}});
        act(&demo, version, &id, body).await.is_empty(202);
    }
    assert_eq!(demo.show_disk(&id).await.text, before);
    demo.act(&id, json!({"os-update_readonly_flag": {"readonly": true}})).await.is_empty(202);
    let body = json!({"os-initialize_connection": {"connector": "any"}});
    let told = demo.act(&id, body.clone()).await.body;
    assert_eq!(told["connection_info"]["data"]["access_mode"], "ro");
    admin.reset(&id, "maintenance").await;
    demo.act(&id, body).await.is_fault(
        400,
        "Invalid volume: The volume connection cannot be initialized in maintenance mode.",
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attached_disk_is_neither_offered_nor_deleted_but_grows() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    demo.act(&id, attach_to(SERVER)).await.is_empty(202);
    let offer = json!({"transfer": {"volume_id": id}});
    demo.post(&demo.path("v3", "os-volume-transfer"), offer).await.is_fault(
        400,
        "Invalid volume: status must be available, but the current status is in-use",
    );
    let path = demo.path("v3", &format!("volumes/{id}"));
    for status in ["in-use", "error"] {
        admin.reset(&id, status).await;
        for query in ["", "?cascade=true"] {
            let refused = demo.delete(&format!("{path}{query}")).await;
            assert_eq!(refused.status, 400, "{status}{query}: {}", refused.text);
        }
    }
    admin.reset(&id, "in-use").await;
    let extend = json!({"os-extend": {"new_size": 20}});
    demo.act(&id, extend.clone()).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {id} status must be '{{'status': 'available'}}' to extend, \
             currently in-use."
        ),
    );
    demo.at("3.42").act(&id, extend).await.is_empty(202);
    let seen = &demo.show_disk(&id).await.body["volume"];
    assert_eq!((&seen["status"], &seen["size"]), (&json!("in-use"), &json!(20)));
    admin.act(&id, json!({"os-force_delete": {}})).await.is_empty(202);
    let left: Vec<(i64,)> =
        server.rows("SELECT count(*) FROM attachments WHERE disk_id = $1", &id).await;
    assert_eq!(left, [(0,)]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_decides_about_attachments_and_never_makes_an_attached_disk_available() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let reset = async |id: &str, body: Value| {
        admin.act(id, json!({"os-reset_status": body})).await.is_empty(202);
        let shown = demo.show_disk(id).await;
        let disk = &shown.body["volume"];
        let attachments = disk["attachments"].as_array().unwrap().len();
        (disk["status"].as_str().unwrap().to_owned(), attachments)
    };
    for (body, status, left) in [
        (json!({"status": "available"}), "available", 0),
        (json!({"attach_status": "detached"}), "available", 0),
        (json!({"status": "error", "attach_status": "Detached"}), "error", 0),
        (json!({"status": "error"}), "error", 1),
        (json!({"status": "in-use", "attach_status": "attached"}), "in-use", 1),
        (json!({"attach_status": "error_detaching"}), "in-use", 0),
        (json!({"migration_status": "none"}), "in-use", 1),
    ] {
        let id = demo.disk().await;
        demo.act(&id, attach_to(SERVER)).await.is_empty(202);
        assert_eq!(reset(&id, body.clone()).await, (status.to_owned(), left), "{body}");
    }
    let id = demo.disk().await;
    demo.act(&id, attach_to(SERVER)).await.is_empty(202);
    for body in [
        json!({"status": "in-use", "attach_status": "detached"}),
        json!({"status": "in-use", "attach_status": "reserved"}),
    ] {
        admin.act(&id, json!({"os-reset_status": body})).await.is_fault(
            400,
            "Invalid volume: status can not be reset to in-use while the volume has no attachments.",
        );
    }
    // Whatever takes the disk out of its offer ends the offer.
    let offered = demo.disk().await;
    let (transfer, key) = demo.offer(&offered).await;
    for attach_status in ["attached", "detached"] {
        let kept = reset(&offered, json!({"attach_status": attach_status})).await;
        assert_eq!(kept, ("awaiting-transfer".to_owned(), 0));
    }
    assert_eq!(reset(&offered, json!({"status": "attaching"})).await.0, "attaching");
    let partner = server.login("partner").await;
    assert_eq!(partner.accept(&transfer, &key).await.status, 404);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_detaches_whatever_is_under_way() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    for version in VERSIONS {
        let id = demo.disk().await;
        demo.act(&id, attach_to(SERVER)).await.is_empty(202);
        let attachment = attachment_of(&demo, &id).await;
        let stamp =
            demo.show_disk(&id).await.body["volume"]["attachments"][0]["attached_at"].clone();
        assert_eq!(stamp, T0);
        let wrong = json!({"os-force_detach": {"attachment_id": ABSENT}});
        act(&admin, version, &id, wrong).await.is_fault(
            400,
            &format!(
                "Error detaching volume - VolumeAttachmentNotFound: Volume attachment could not be \
                 found with filter: attachment_id = {ABSENT}."
            ),
        );
        let body = json!({"os-force_detach": {"attachment_id": attachment, "connector": null}});
        act(&admin, version, &id, body).await.is_empty(202);
        assert_eq!(demo.disk_status(&id).await, "available");
    }
    server.finish().await;
}
