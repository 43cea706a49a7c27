//! Making disks.

use reqwest::Method;
use serde_json::{Value, json};

use super::{VERSIONS, create, disk, empty, empty_with, job, job_of, show, shown, with};
use crate::disks::ABSENT;
use crate::support::{Client, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_made_and_shown_with_all_that_was_said_of_it() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = disk(&demo, empty()).await;
    show(&demo, &id).await.is(200, &json!({"volume": shown(&demo, &id, json!({}))}));

    let eps = "11111111-2222-4333-8444-555555555555";
    let body = json!({
        "volume": {
            "size": "40.9", "availability_zone": "az-sim-2", "volume_type": "SAS", "count": 1.5,
            "name": " ledger ", "description": "d", "multiattach": true, "shareable": "true",
            "tags": {"team": "ops", "empty": ""}, "enterprise_project_id": eps, "iops": 3000,
            "metadata": {"k": "v", "hw:passthrough": "true", "__system__encrypted": "1",
                "__system__cmkid": ABSENT, "orderID": "CS1"},
            "unknown": 1,
        },
        "bssParam": {"chargingMode": "prePaid", "periodType": "month", "periodNum": 1},
        "OS-SCH-HNT:scheduler_hints": {"dedicated_storage_id": "dss-1"},
    });
    let answer = demo.post(&demo.path("v3", "os-vendor-volumes"), body).await;
    let made = job(&demo, &job_of(&answer, 200)).await;
    let id = made["entities"]["volume_id"].as_str().unwrap();
    let expected = json!({
        "name": "ledger", "description": "d", "size": 40, "availability_zone": "az-sim-2",
        "volume_type": "SAS", "multiattach": true, "shareable": "true", "encrypted": true,
        "tags": {"team": "ops", "empty": ""}, "enterprise_project_id": eps,
        "dedicated_storage_id": "dss-1", "service_type": "DSS",
        "os-vol-host-attr:host": "pod01.az-sim-2#SAS",
        "metadata": {"k": "v", "hw:passthrough": "true", "__system__encrypted": "1",
            "__system__cmkid": ABSENT, "orderID": "CS1"},
    });
    show(&demo, id).await.is(200, &json!({"volume": shown(&demo, id, expected)}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn version_2_1_answers_202_with_the_ids_and_the_others_do_if_asked() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let ids = empty_with(json!({"count": 2, "metadata": {"create_for_volume_id": "true"}}));
    for (version, volume, status) in
        [("v2.1", empty(), 202), ("v2", ids.clone(), 200), ("v3", ids, 200)]
    {
        let path = demo.path(version, "cloudvolumes");
        let answer = demo.post(&path, json!({"volume": volume})).await;
        let made = job(&demo, answer.body["job_id"].as_str().unwrap()).await;
        let of = |part: &Value| part["entities"]["volume_id"].clone();
        let ids: Vec<Value> = match made["entities"]["sub_jobs"].as_array() {
            Some(parts) => parts.iter().map(of).collect(),
            None => vec![of(&made)],
        };
        answer.is(status, &json!({"job_id": made["job_id"], "volume_ids": ids}));
        let path = demo.path(version, &format!("cloudvolumes/{}", ids[0].as_str().unwrap()));
        assert_eq!(demo.get(&path).await.body["volume"]["metadata"], json!({}), "{version}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_disks_are_made_at_once_with_numbers_behind_their_name() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let name = "n".repeat(250);
    let tags = json!({"a": "1", "b": "2"});
    let id = create(&demo, empty_with(json!({"count": 100, "name": name, "tags": tags}))).await;
    let made = job(&demo, &id).await;
    let parts = made["entities"]["sub_jobs"].as_array().unwrap();
    assert_eq!((made["job_type"].as_str(), parts.len()), (Some("batchCreateVolume"), 100));
    for (place, part) in parts.iter().enumerate() {
        assert_eq!(part["entities"]["name"], format!("{name}-{:04}", place + 1));
    }
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 100);
    let id = parts[99]["entities"]["volume_id"].as_str().unwrap();
    let expected = shown(&demo, id, json!({"name": format!("{name}-0100"), "tags": tags}));
    show(&demo, id).await.is(200, &json!({"volume": expected}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_made_from_snapshots_backups_and_images() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let source = demo.disk().await;
    let (snapshot, backup) = (demo.snapshot(&source).await, demo.backup(&source).await);
    let id = disk(&demo, empty_with(json!({"snapshot_id": snapshot}))).await;
    let expected = shown(&demo, &id, json!({"snapshot_id": snapshot}));
    show(&demo, &id).await.is(200, &json!({"volume": expected}));

    let mut from_backup = empty_with(json!({"backup_id": backup, "snapshot_id": ""}));
    from_backup.as_object_mut().unwrap().remove("size");
    let id = disk(&demo, from_backup).await;
    show(&demo, &id).await.is(200, &json!({"volume": shown(&demo, &id, json!({}))}));

    let id = disk(&demo, empty_with(json!({"imageRef": ABSENT, "size": 1}))).await;
    let volume = show(&demo, &id).await.body["volume"].clone();
    assert_eq!((&volume["bootable"], &volume["size"]), (&json!("true"), &json!(1)));
    assert_eq!(volume["volume_image_metadata"]["image_id"], ABSENT);
    server.finish().await;
}

fn members(changes: Value) -> Value {
    json!({"volume": empty_with(changes)})
}

/// Every rule that is broken by the body alone: the body, code and text.
fn refusals() -> Vec<(Value, &'static str, &'static str)> {
    let (no_create, no_volume) = ("null createVolumeReq!", "invalid volumeForCreate!");
    let (size, wrong_type) =
        ("invalid volume size!", "Type conversion error , parameter type is unexpected");
    let (encrypt, az) =
        ("The encrypt Param is invalid!", "AZ and volume type must not be empty or null!");
    let sources = "Invalid input received: May specify only one of imageRef, snapshot_id, \
                   backup_id!";
    let inherited = "encrypt and cmk and passthrougth in metadata is not support when create \
                     volume from snapshot or image!";
    let shared = "system image is not support to create Multiattach/shareable volume !";
    let eleven: Value =
        (0..11).map(|n| (format!("k{n}"), json!("v"))).collect::<serde_json::Map<_, _>>().into();
    let key = json!({"__system__encrypted": "1"});
    vec![
        (json!([]), "EVS.1008", no_create),
        (Value::Null, "EVS.1008", no_create),
        (json!({}), "EVS.1009", no_volume),
        (json!({"volume": "x"}), "EVS.1009", no_volume),
        (members(json!({"size": null})), "EVS.1010", size),
        (members(json!({"size": 9})), "EVS.1010", size),
        (members(json!({"size": 32_769})), "EVS.1010", size),
        (members(json!({"size": 1025, "imageRef": ABSENT})), "EVS.1010", size),
        (members(json!({"size": -1})), "EVS.1010", size),
        (members(json!({"size": "ten"})), "EVS.1018", wrong_type),
        (members(json!({"size": true})), "EVS.1018", wrong_type),
        (members(json!({"name": 1})), "EVS.1018", wrong_type),
        (members(json!({"multiattach": "maybe"})), "EVS.1018", wrong_type),
        (members(json!({"metadata": {"k": 1}})), "EVS.1018", wrong_type),
        (members(json!({"metadata": []})), "EVS.1018", wrong_type),
        (members(json!({"iops": "x"})), "EVS.1018", wrong_type),
        (members(json!({"name": "n".repeat(256)})), "EVS.1003", "invalid volume name!"),
        (members(json!({"name": "a\u{0}"})), "EVS.1003", "invalid volume name!"),
        (members(json!({"name": "n".repeat(251), "count": 2})), "EVS.1003", "invalid volume name!"),
        (
            members(json!({"description": "ü".repeat(128)})),
            "EVS.1004",
            "invalid volume description!",
        ),
        (
            members(json!({"metadata": {"k": "v".repeat(256)}})),
            "EVS.1005",
            "size of metadata is too large!",
        ),
        (members(json!({"metadata": {"": "v"}})), "EVS.1005", "size of metadata is too large!"),
        (members(json!({"backup_id": "x"})), "EVS.1006", "invalid backup id!"),
        (members(json!({"backup_id": ABSENT})), "EVS.1006", "invalid backup id!"),
        (members(json!({"backup_id": ABSENT, "snapshot_id": ABSENT})), "EVS.1016", sources),
        (members(json!({"volume_type": "floppy"})), "EVS.1020", "invalid volume type!"),
        (members(json!({"count": 0})), "EVS.1021", "the quantity of volume is invalid!"),
        (members(json!({"count": 101})), "EVS.1021", "the quantity of volume is invalid!"),
        (members(json!({"availability_zone": "moon"})), "EVS.1036", "invalid availability zone!"),
        (members(json!({"availability_zone": ""})), "EVS.2083", az),
        (members(json!({"volume_type": null})), "EVS.2083", az),
        (
            members(json!({"imageRef": ABSENT, "metadata": {"hw:passthrough": "true"}})),
            "EVS.1043",
            inherited,
        ),
        (
            members(json!({"backup_id": ABSENT, "count": 2})),
            "EVS.1051",
            "can not batch create volume from backup!",
        ),
        (members(json!({"shareable": "maybe"})), "EVS.1054", "invalid shareable parameter!"),
        (
            members(json!({"metadata": {"hw:passthrough": "1"}})),
            "EVS.1057",
            "invalid hw:passthrough in metadata!",
        ),
        (members(json!({"tags": eleven})), "EVS.1061", "The Volume Tags is Exceed Max Limit Num."),
        (members(json!({"tags": {"a.b": "v"}})), "EVS.1062", "invalid tag!"),
        (members(json!({"tags": {"k": 1}})), "EVS.1062", "invalid tag!"),
        (members(json!({"tags": []})), "EVS.1062", "invalid tag!"),
        (
            members(json!({"metadata": {"full_clone": "yes"}})),
            "EVS.1063",
            "invalid full_clone in metadata!",
        ),
        (members(json!({"metadata": {"__system__encrypted": "2"}})), "EVS.2041", encrypt),
        (members(json!({"metadata": key})), "EVS.2041", encrypt),
        (members(json!({"metadata": {"__system__cmkid": "short"}})), "EVS.2041", encrypt),
        (members(json!({"snapshot_id": "x"})), "EVS.2045", "invalid snapshot_id!"),
        (members(json!({"snapshot_id": ABSENT})), "EVS.2045", "invalid snapshot_id!"),
        (members(json!({"imageRef": "x"})), "EVS.2046", "invalid imageRef!"),
        (members(json!({"imageRef": ABSENT, "multiattach": true})), "EVS.2094", shared),
        (members(json!({"enterprise_project_id": "x"})), "EVS.1009", no_volume),
    ]
}

/// Those that stand beside the disk.
fn refusals_beside() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (
            with(members(json!({})), json!({"server_id": "x"})),
            "EVS.2131",
            "Query server info from ecs fail",
        ),
        (
            with(members(json!({})), json!({"bssParam": {"chargingMode": "free"}})),
            "EVS.1070",
            "invalid request.",
        ),
        (
            with(members(json!({})), json!({"bssParam": {"periodNum": 0}})),
            "EVS.1070",
            "invalid request.",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_broken_rule_has_its_code_and_nothing_is_made() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let path = demo.path(version, "cloudvolumes");
        for (body, code, message) in refusals().into_iter().chain(refusals_beside()) {
            let answer = demo.post(&path, body.clone()).await;
            assert_eq!(answer.body["error"]["code"], code, "{body}: {}", answer.text);
            answer.is_evs_fault(400, code, message);
        }
        let answer = demo.send(Method::POST, &path, Some("{".to_owned())).await;
        answer.is_evs_fault(400, "EVS.1052", "invalid http body!");
        for key in ["readonly", "attached_mode", "policy"] {
            let answer = demo.post(&path, members(json!({"metadata": {key: "x"}}))).await;
            answer.is_evs_fault(403, "EVS.5403", "metadata can not be operated.");
        }
    }
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_fit_is_refused_by_its_own_code() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let source = demo.disk_of(json!({"size": 20})).await;
    let (snapshot, backup) = (demo.snapshot(&source).await, demo.backup(&source).await);
    let path = demo.path("v2", "cloudvolumes");
    let of_snapshot =
        |changes: Value| members(with(json!({"snapshot_id": snapshot, "size": 20}), changes));
    let of_backup =
        |changes: Value| members(with(json!({"backup_id": backup, "size": 20}), changes));
    let other = format!("Target volumeType[SAS] is not matched with snapshot[{snapshot}] !");
    let (zone, less) = (
        "Cannot create volume from snapshot as the az is invalid!",
        "the size param is less than backup size!",
    );
    for (body, code, message) in [
        (of_snapshot(json!({"size": 19})), "EVS.1010", "invalid volume size!"),
        (of_snapshot(json!({"availability_zone": "az-sim-2"})), "EVS.2054", zone),
        (of_snapshot(json!({"volume_type": "SAS"})), "EVS.2096", &other),
        (of_backup(json!({"size": 19})), "EVS.1022", less),
        (
            of_backup(json!({"availability_zone": "az-sim-2"})),
            "EVS.1049",
            "available-zone is not equal to backup available-zone!",
        ),
    ] {
        demo.post(&path, body).await.is_evs_fault(400, code, message);
    }
    for (kind, id) in [("snapshots", &snapshot), ("backups", &backup)] {
        let reset = json!({"os-reset_status": {"status": "error"}});
        admin.post(&admin.path("v3", &format!("{kind}/{id}/action")), reset).await.is_empty(202);
    }
    let not_ready = "The status of snapshot is not available or backing-up.";
    demo.post(&path, of_snapshot(json!({}))).await.is_evs_fault(400, "EVS.2043", not_ready);
    let not_ready = "backup status must be available when create a volume from it!";
    demo.post(&path, of_backup(json!({}))).await.is_evs_fault(400, "EVS.1044", not_ready);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_breaks_a_limit_is_refused_as_a_whole() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let path = demo.path("v2", "cloudvolumes");
    let two = members(json!({"count": 2}));
    for (limits, code, message) in [
        (json!({"volumes": 1}), "EVS.1034", "volume count exceeded volume count quota!"),
        (
            json!({"volumes": -1, "gigabytes": 19}),
            "EVS.1042",
            "volume gigabytes exceeded volume gigabytes quota!",
        ),
    ] {
        admin.set_quota(&demo.project, limits).await;
        demo.post(&path, two.clone()).await.is_evs_fault(400, code, message);
        assert_eq!(demo.in_use(&demo.project, "volumes").await, 0);
    }
    admin.set_quota(&demo.project, json!({"volumes": 2, "gigabytes": 20})).await;
    assert_eq!(demo.post(&path, two).await.status, 200);
    server.finish().await;
}

async fn send_again(client: &Client, token: &str, body: &Value) -> crate::support::Answer {
    let headers = [("content-type", "application/json"), ("x-client-token", token)];
    let path = client.path("v2.1", "cloudvolumes");
    client.send_with(Method::POST, &path, &headers, Some(body.to_string())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_again_gets_the_same_job_and_makes_no_second_disk() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let body = members(json!({"name": "once", "count": 2}));
    let first = send_again(&demo, "token-1", &body).await;
    assert_eq!(first.status, 202, "{}", first.text);
    send_again(&demo, "token-1", &body).await.is(202, &first.body);
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    send_again(&demo, "token-1", &body).await.is(202, &first.body);
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 2);

    let other = members(json!({"name": "other"}));
    let text = "The X-Client-Token belongs to another request.";
    send_again(&demo, "token-1", &other).await.is_evs_fault(409, "EVS.5400", text);
    assert_eq!(send_again(&demo, "token-2", &body).await.status, 202);
    let partner = partner.moved_to(&server);
    let theirs = send_again(&partner, "token-1", &body).await;
    assert_ne!(theirs.body["job_id"], first.body["job_id"], "a token counts in its project");
    for token in ["", &"t".repeat(256)] {
        send_again(&demo, token, &body).await.is_evs_fault(400, "EVS.1070", "invalid request.");
    }
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 4);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_send_the_same_request_at_once_one_makes_the_disk() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let body = members(json!({}));
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (demo, body) = (demo.clone(), body.clone());
        racing.spawn(async move { send_again(&demo, "race", &body).await.text });
    }
    let mut answers = racing.join_all().await;
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_made_for_a_server_is_attached_to_it_when_it_is_there() {
    let server_id = "5d0f0fb5-7a8c-4a55-9d9b-0d6a27a1b6c8";
    for explicit in [false, true] {
        let server =
            TestServer::start_with(|settings| settings.simulation.explicit = explicit).await;
        let (demo, admin) = (server.login("demo").await, server.login("admin").await);
        let body = json!({"volume": empty_with(json!({"count": 2})), "server_id": server_id});
        let answer = demo.post(&demo.path("v2.1", "cloudvolumes"), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let ids: Vec<&str> = answer.body["volume_ids"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        if explicit {
            let [good, bad] = [ids[0], ids[1]];
            assert_eq!(show(&demo, good).await.body["volume"]["attachments"], json!([]));
            for (id, outcome) in [(good, "done"), (bad, "failed")] {
                let step = json!({"disk_id": id, "outcome": outcome});
                assert_eq!(admin.post("/_evs/progress", step).await.status, 200);
            }
            let failed = show(&demo, bad).await.body["volume"].clone();
            assert_eq!(failed["status"], "error");
            assert_eq!(failed["attachments"], json!([]));
        }
        let shown = show(&demo, ids[0]).await.body["volume"].clone();
        assert_eq!(shown["status"], "in-use");
        assert_eq!(shown["attachments"][0]["server_id"], server_id);
        assert_eq!(shown["attachments"][0]["device"], "/dev/vdb");
        if !explicit {
            let other = show(&demo, ids[1]).await.body["volume"].clone();
            assert_eq!(other["attachments"][0]["device"], "/dev/vdc");
        }
        let job = job(&demo, answer.body["job_id"].as_str().unwrap()).await;
        assert_eq!(job["status"], if explicit { "FAIL" } else { "SUCCESS" });
        let path = demo.path("v2", &format!("cloudvolumes/detail?server_id={server_id}"));
        let listed = demo.get(&path).await.body["count"].clone();
        assert_eq!(listed, if explicit { 1 } else { 2 });
        server.finish().await;
    }
}
