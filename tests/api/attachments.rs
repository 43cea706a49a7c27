//! Attachments as things of their own, from 3.27 on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::support::{Answer, Client, T0, TestServer};

const SERVER: &str = "5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a11";
const OTHER: &str = "5f3c0f6e-0d8e-4d7e-9d64-6c6f9d0f7a12";

/// A client that knows attachments.
async fn login(server: &TestServer, name: &str) -> Client {
    server.login(name).await.at("3.54")
}

fn path(client: &Client, rest: &str) -> String {
    client.path("v3", &format!("attachments{rest}"))
}

async fn create(client: &Client, attachment: Value) -> Answer {
    client.post(&path(client, ""), json!({"attachment": attachment})).await
}

/// An attachment of the disk; its id.
async fn reserve(client: &Client, disk: &str, server: &str) -> String {
    let made = create(client, json!({"volume_uuid": disk, "instance_uuid": server})).await;
    assert_eq!(made.status, 200, "{}", made.text);
    made.body["attachment"]["id"].as_str().unwrap().to_owned()
}

fn detail(id: &str, disk: &str, status: &str) -> Value {
    json!({
        "id": id,
        "status": status,
        "instance": SERVER,
        "volume_id": disk,
        "attached_at": "",
        "detached_at": "",
        "attach_mode": "null",
        "connection_info": {},
    })
}

fn connected(id: &str, disk: &str, status: &str, mode: &str) -> Value {
    let mut view = detail(id, disk, status);
    view["attached_at"] = T0.into();
    view["attach_mode"] = mode.into();
    view["connection_info"] = json!({
        "target_discovered": false,
        "target_portal": "127.0.0.1:3260",
        "target_iqn": format!("iqn.2010-10.org.openstack:volume-{disk}"),
        "target_lun": 0,
        "volume_id": disk,
        "qos_specs": null,
        "access_mode": mode,
        "encrypted": false,
        "cacheable": false,
        "driver_volume_type": "iscsi",
        "attachment_id": id,
    });
    view
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_reserved_connected_completed_and_deleted() {
    let server = TestServer::start().await;
    let demo = login(&server, "demo").await;
    let disk = demo.disk().await;
    let connector = json!({"host": "h1", "mountpoint": "/dev/vdc", "multipath": false});
    for empty in [json!(null), json!({})] {
        let asked = json!({"volume_uuid": disk, "instance_uuid": SERVER, "connector": empty});
        let made = create(&demo, asked).await;
        let id = made.body["attachment"]["id"].as_str().unwrap().to_owned();
        let own = path(&demo, &format!("/{id}"));
        let expected = json!({"attachment": detail(&id, &disk, "reserved")});
        made.is(200, &expected);
        demo.get(&own).await.is(200, &expected);
        assert_eq!(demo.disk_status(&disk).await, "reserved");

        let update = json!({"attachment": {"connector": connector}});
        let expected = json!({"attachment": connected(&id, &disk, "attaching", "rw")});
        demo.put(&own, update).await.is(200, &expected);
        assert_eq!(demo.disk_status(&disk).await, "attaching");
        let shown = demo.show_disk(&disk).await;
        assert_eq!(shown.body["volume"]["attachments"], json!([]), "not attached yet");

        let complete = json!({"os-complete": null});
        demo.post(&format!("{own}/action"), complete).await.is_empty(204);
        let expected = json!({"attachment": connected(&id, &disk, "attached", "rw")});
        demo.get(&own).await.is(200, &expected);
        let shown = demo.show_disk(&disk).await;
        assert_eq!(shown.body["volume"]["status"], "in-use");
        assert_eq!(shown.body["volume"]["metadata"], json!({}));
        let attached = json!([{
            "id": disk,
            "attachment_id": id,
            "volume_id": disk,
            "server_id": SERVER,
            "host_name": null,
            "device": "/dev/vdc",
            "attached_at": T0,
        }]);
        assert_eq!(shown.body["volume"]["attachments"], attached);

        demo.delete(&own).await.is(200, &json!({"attachments": []}));
        assert_eq!(demo.disk_status(&disk).await, "available");
        let gone =
            format!("Volume attachment could not be found with filter: attachment_id = {id}.");
        demo.get(&own).await.is_fault(404, &gone);
        demo.delete(&own).await.is_fault(404, &gone);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_connects_at_once_and_the_mode_is_said_once() {
    let server = TestServer::start().await;
    let demo = login(&server, "demo").await;
    for (mode, of_connector, expected) in [
        (None, None, "rw"),
        (None, Some("ro"), "ro"),
        (Some("ro"), Some("rw"), "ro"),
        (Some("rw"), Some("ro"), "rw"),
    ] {
        let disk = demo.disk().await;
        let mut asked = json!({"volume_uuid": disk, "instance_uuid": SERVER});
        asked["connector"] = json!({"host": "h"});
        if let Some(mode) = mode {
            asked["mode"] = mode.into();
        }
        if let Some(mode) = of_connector {
            asked["connector"]["mode"] = mode.into();
        }
        let made = create(&demo, asked).await;
        let id = made.body["attachment"]["id"].as_str().unwrap().to_owned();
        made.is(200, &json!({"attachment": connected(&id, &disk, "attaching", expected)}));
        assert_eq!(demo.disk_status(&disk).await, "attaching");
    }
    let disk = demo.disk().await;
    demo.act(&disk, json!({"os-update_readonly_flag": {"readonly": true}})).await.is_empty(202);
    let made = create(&demo, json!({"volume_uuid": disk, "mode": "rw"})).await;
    let mut expected = detail(made.body["attachment"]["id"].as_str().unwrap(), &disk, "reserved");
    (expected["attach_mode"], expected["instance"]) = ("ro".into(), Value::Null);
    made.is(200, &json!({"attachment": expected}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_taken_is_kept_again_for_the_same_server_or_when_shared() {
    let server = TestServer::start().await;
    let demo = login(&server, "demo").await;
    let disk = demo.disk().await;
    let first = reserve(&demo, &disk, SERVER).await;
    create(&demo, json!({"volume_uuid": disk, "instance_uuid": OTHER})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {disk} status must be available or downloading to reserve, but \
             the current status is reserved."
        ),
    );
    let connect = json!({"attachment": {"connector": {"host": "h1"}}});
    let own = path(&demo, &format!("/{first}"));
    assert_eq!(demo.put(&own, connect.clone()).await.status, 200);
    demo.post(&format!("{own}/action"), json!({"os-complete": {}})).await.is_empty(204);
    let second = reserve(&demo, &disk, SERVER).await;
    assert_eq!(demo.disk_status(&disk).await, "in-use", "the server moves to another host");
    let other = path(&demo, &format!("/{second}"));
    demo.put(&other, connect)
        .await
        .is_fault(400, &format!("Invalid volume: duplicate connectors detected on volume {disk}"));
    let left = json!({
        "id": second, "status": "reserved", "instance": SERVER, "volume_id": disk,
    });
    demo.delete(&own).await.is(200, &json!({"attachments": [left]}));
    assert_eq!(demo.disk_status(&disk).await, "reserved");
    demo.delete(&other).await.is(200, &json!({"attachments": []}));
    assert_eq!(demo.disk_status(&disk).await, "available");

    let shared = demo.disk_of(json!({"size": 10, "multiattach": true})).await;
    let first = reserve(&demo, &shared, SERVER).await;
    let complete = path(&demo, &format!("/{first}/action"));
    demo.post(&complete, json!({"os-complete": first})).await.is_empty(204);
    let second = reserve(&demo, &shared, OTHER).await;
    assert_eq!(demo.disk_status(&shared).await, "reserved");
    create(&demo, json!({"volume_uuid": shared, "instance_uuid": ABSENT})).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {shared} status must be available or in-use or downloading to \
             reserve, but the current status is reserved."
        ),
    );
    demo.delete(&path(&demo, &format!("/{second}"))).await.is(
        200,
        &json!({"attachments": [{
            "id": first, "status": "attached", "instance": SERVER, "volume_id": shared,
        }]}),
    );
    assert_eq!(demo.disk_status(&shared).await, "in-use");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_of_the_disk_forbids_all_but_to_delete_its_attachments() {
    let server = TestServer::start().await;
    let (demo, admin) = (login(&server, "demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let id = reserve(&demo, &disk, SERVER).await;
    let own = path(&demo, &format!("/{id}"));
    let connect = json!({"attachment": {"connector": {"host": "h1"}}});
    admin.reset(&disk, "error").await;
    let why = |done: &str| {
        format!(
            "Invalid volume: Volume attachments can not be {done} if the volume is in an error \
             state. The Volume {disk} currently has a status of: error "
        )
    };
    let new = json!({"volume_uuid": disk, "instance_uuid": OTHER});
    create(&demo, new).await.is_fault(400, &why("created"));
    demo.put(&own, connect.clone()).await.is_fault(400, &why("updated"));
    let complete = demo.post(&format!("{own}/action"), json!({"os-complete": null})).await;
    complete.is_fault(400, &why("completed"));
    admin.reset(&disk, "detaching").await;
    demo.put(&own, connect).await.is_fault(
        400,
        &format!(
            "Invalid volume: Volume {disk} status must be reserved or attaching or in-use to \
             update, but the current status is detaching."
        ),
    );
    admin.reset(&disk, "error").await;
    demo.delete(&own).await.is(200, &json!({"attachments": []}));
    assert_eq!(demo.disk_status(&disk).await, "error");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_are_listed_in_short_and_in_full_filtered_and_paged() {
    let server = TestServer::start().await;
    let (demo, admin) = (login(&server, "demo").await, login(&server, "admin").await);
    let partner = login(&server, "partner").await;
    let mut own = Vec::new();
    for _ in 0..3 {
        let disk = demo.disk().await;
        own.push((reserve(&demo, &disk, SERVER).await, disk));
        server.advance(chrono::TimeDelta::seconds(1));
    }
    let theirs = partner.disk().await;
    let theirs = (reserve(&partner, &theirs, OTHER).await, theirs);
    own.reverse();
    let short = |(id, disk): &(String, String)| json!({"id": id, "status": "reserved", "instance": SERVER, "volume_id": disk});
    let all: Vec<Value> = own.iter().map(short).collect();
    demo.get(&path(&demo, "")).await.is(200, &json!({"attachments": all}));
    let full: Vec<Value> = own.iter().map(|(id, disk)| detail(id, disk, "reserved")).collect();
    demo.get(&path(&demo, "/detail")).await.is(200, &json!({"attachments": full}));
    let middle = &own[1];
    for query in [
        format!("?volume_id={}", middle.1),
        format!("?limit=1&marker={}", own[0].0),
        "?limit=1&offset=1".to_owned(),
        format!("?volume_id={}&status=reserved&instance_id={SERVER}", middle.1),
    ] {
        let list = demo.get(&path(&demo, &query)).await;
        list.is(200, &json!({"attachments": [short(middle)]}));
    }
    for query in ["?status=attached", "?attach_status=detached", "?volume_id=x", "?instance_id=x"] {
        demo.get(&path(&demo, query)).await.is(200, &json!({"attachments": []}));
    }
    let upwards = demo.get(&path(&demo, "?sort=created_at:asc&all_tenants=1")).await;
    assert_eq!(upwards.body["attachments"][0], short(&own[2]));
    assert_eq!(upwards.body["attachments"].as_array().unwrap().len(), 3, "admins only are heard");
    let everywhere = admin.get(&path(&admin, "?all_tenants=True")).await;
    assert_eq!(everywhere.body["attachments"].as_array().unwrap().len(), 4);
    let of_partner = format!("?all_tenants=1&project_id={}", partner.project);
    let list = admin.get(&path(&admin, &of_partner)).await;
    assert_eq!(list.body["attachments"][0]["id"], json!(theirs.0));
    assert_eq!(list.body["attachments"].as_array().unwrap().len(), 1);
    admin.get(&path(&admin, "")).await.is(200, &json!({"attachments": []}));

    demo.get(&path(&demo, "?sort_key=color"))
        .await
        .is_fault(400, "Invalid input received: Sort key supplied is invalid: color");
    let absent =
        format!("Volume attachment could not be found with filter: attachment_id = {ABSENT}.");
    demo.get(&path(&demo, &format!("?marker={ABSENT}"))).await.is_fault(404, &absent);
    demo.get(&path(&demo, "?color=red"))
        .await
        .is_fault(400, "Invalid filters color are found in query options.");
    let older = demo.at("3.30").get(&path(&demo, "?color=red")).await;
    older.is(200, &json!({"attachments": all}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_about_a_body_is_named() {
    let server = TestServer::start().await;
    let demo = login(&server, "demo").await;
    let disk = demo.disk().await;
    let about = |field: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {field}. Value: {value}. {rule}")
    };
    for (body, message) in [
        (json!({}), "'attachment' is a required property".to_owned()),
        (
            json!({"attachment": {}}),
            about("attachment", "{}", "'volume_uuid' is a required property"),
        ),
        (
            json!({"attachment": {"volume_uuid": "x"}}),
            about("volume_uuid", "x", "'x' is not a 'uuid'"),
        ),
        (
            json!({"attachment": {"volume_uuid": disk, "instance_uuid": "i-1"}}),
            about("instance_uuid", "i-1", "'i-1' is not a 'uuid'"),
        ),
        (
            json!({"attachment": {"volume_uuid": disk, "connector": "c"}}),
            about("connector", "c", "'c' is not of type 'object', 'null'"),
        ),
        (
            json!({"attachment": {"volume_uuid": disk, "mode": "null"}}),
            about("mode", "null", "'null' is not one of ['rw', 'ro']"),
        ),
        (
            json!({"attachment": {"volume_uuid": ABSENT}}),
            format!("Volume {ABSENT} could not be found."),
        ),
    ] {
        let status = if message.starts_with("Volume") { 404 } else { 400 };
        demo.post(&path(&demo, ""), body).await.is_fault(status, &message);
    }
    let with_mode = json!({"attachment": {"volume_uuid": disk, "mode": "rw"}});
    demo.at("3.53").post(&path(&demo, ""), with_mode).await.is_fault(
        400,
        &about(
            "attachment",
            &format!("{{'volume_uuid': '{disk}', 'mode': 'rw'}}"),
            "Additional properties are not allowed ('mode' was unexpected)",
        ),
    );
    let id = reserve(&demo, &disk, SERVER).await;
    let own = path(&demo, &format!("/{id}"));
    for (body, message) in [
        (
            json!({"attachment": {}}),
            about("attachment", "{}", "'connector' is a required property"),
        ),
        (
            json!({"attachment": {"connector": {}}}),
            about("connector", "{}", "{} does not have enough properties"),
        ),
        (
            json!({"attachment": {"connector": null}}),
            about("connector", "None", "None is not of type 'object'"),
        ),
    ] {
        demo.put(&own, body).await.is_fault(400, &message);
    }
    demo.post(&format!("{own}/action"), json!({"os-finish": null})).await.is_fault(
        400,
        "There is no such action: os-finish. Verify the request body and Content-Type header and \
         try again.",
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attachment_is_there_from_its_version_on_and_for_its_project() {
    let server = TestServer::start().await;
    let (demo, partner) = (login(&server, "demo").await, login(&server, "partner").await);
    let theirs = partner.disk().await;
    let id = reserve(&partner, &theirs, SERVER).await;
    let own = format!("/{id}");
    let connect = json!({"attachment": {"connector": {"host": "h1"}}});
    let complete = json!({"os-complete": null});
    for (method, rest, body, since) in [
        (Method::GET, "", None, "3.26"),
        (Method::GET, "/detail", None, "3.26"),
        (Method::POST, "", Some(json!({"attachment": {"volume_uuid": theirs}})), "3.26"),
        (Method::GET, &own, None, "3.26"),
        (Method::PUT, &own, Some(connect), "3.26"),
        (Method::DELETE, &own, None, "3.26"),
        (Method::POST, &format!("{own}/action"), Some(complete), "3.43"),
    ] {
        let body = body.map(|body| body.to_string());
        let older = partner.at(since);
        let answer = older.send(method.clone(), &path(&partner, rest), body.clone()).await;
        answer.is_fault(404, "The resource could not be found.");
        let v2 = partner.path("v2", &format!("attachments{rest}"));
        assert_eq!(partner.send(method.clone(), &v2, body.clone()).await.status, 404);
        if rest.is_empty() || rest == "/detail" {
            continue;
        }
        let answer = demo.send(method.clone(), &path(&demo, rest), body.clone()).await;
        assert_eq!(answer.status, 404);
        let absent = demo.send(method, &path(&demo, &rest.replace(&id, ABSENT)), body).await;
        assert_eq!(answer.text.replace(&id, ABSENT), absent.text, "byte for byte");
    }
    let new = json!({"volume_uuid": theirs, "instance_uuid": OTHER});
    let not_theirs = create(&demo, new).await;
    not_theirs.is_fault(404, &format!("Volume {theirs} could not be found."));
    let expected = json!({"attachment": detail(&id, &theirs, "reserved")});
    partner.get(&path(&partner, &own)).await.is(200, &expected);
    server.finish().await;
}
