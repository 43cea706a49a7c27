//! Snapshots by the cloud's own API, and the way back to any of them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::cloud_disks::{VERSIONS, empty_with, with};
use crate::disks::ABSENT;
use crate::support::{Answer, Client, T0, TestServer};

/// A snapshot of 10 GiB as show shows it.
fn shown(client: &Client, id: &str, disk: &str, changes: Value) -> Value {
    let snapshot = json!({
        "id": id,
        "name": null,
        "description": null,
        "volume_id": disk,
        "status": "available",
        "size": 10,
        "created_at": T0,
        "updated_at": null,
        "metadata": {},
        "os-extended-snapshot-attributes:project_id": client.project,
        "os-extended-snapshot-attributes:progress": "100%",
    });
    with(snapshot, changes)
}

/// The same as the list shows it.
fn listed(client: &Client, id: &str, disk: &str, changes: Value) -> Value {
    let more = json!({
        "service_type": "EVS",
        "dedicated_storage_id": null,
        "dedicated_storage_name": null,
    });
    with(shown(client, id, disk, changes), more)
}

async fn take(client: &Client, version: &str, snapshot: Value) -> Answer {
    client.post(&client.path(version, "cloudsnapshots"), json!({"snapshot": snapshot})).await
}

fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["snapshot"]["id"].as_str().unwrap().to_owned()
}

fn own(client: &Client, version: &str, id: &str) -> String {
    client.path(version, &format!("cloudsnapshots/{id}"))
}

async fn roll_back(client: &Client, snapshot: &str, body: Value) -> Answer {
    client.post(&format!("{}/rollback", own(client, "v2", snapshot)), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_is_taken_shown_listed_renamed_and_removed_without_a_job() {
    let server = TestServer::start().await;
    for (account, version) in [("demo", "v2"), ("partner", "v2.1"), ("admin", "v3")] {
        let client = server.login(account).await;
        let disk = client.disk().await;
        let asked = json!({
            "volume_id": disk,
            "name": " before ",
            "description": "d",
            "force": "true",
            "metadata": {"k": "v"},
        });
        let taken = take(&client, version, asked).await;
        let id = id_of(&taken);
        let said = json!({"name": "before", "description": "d", "metadata": {"k": "v"}});
        let creating = json!({
            "status": "creating",
            "os-extended-snapshot-attributes:progress": "0%",
        });
        taken.is(
            202,
            &json!({"snapshot": with(shown(&client, &id, &disk, said.clone()), creating)}),
        );
        let own = own(&client, version, &id);
        let snapshot = shown(&client, &id, &disk, said.clone());
        client.get(&own).await.is(200, &json!({"snapshot": snapshot}));
        let detail = client.path(version, "cloudsnapshots/detail");
        let one = listed(&client, &id, &disk, said.clone());
        client.get(&detail).await.is(200, &json!({"count": 1, "snapshots": [one]}));
        let renamed = client.put(&own, json!({"snapshot": {"name": "after"}})).await;
        let said = with(said, json!({"name": "after", "updated_at": T0}));
        renamed.is(200, &json!({"snapshot": shown(&client, &id, &disk, said)}));
        client.delete(&own).await.is_empty(202);
        let gone = format!("Snapshot {id} could not be found.");
        client.get(&own).await.is_evs_fault(404, "EVS.5404", &gone);
        client.get(&detail).await.is(200, &json!({"count": 0, "snapshots": []}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_filtered_paged_and_counted() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let one = demo.disk().await;
    let billed = empty_with(json!({
        "size": 10,
        "availability_zone": "az-sim-2",
        "enterprise_project_id": "0b7f3c0e-4e0b-4df5-8f7e-6f3f0c3f5a11",
    }));
    let other = crate::cloud_disks::disk(&demo, billed).await;
    let mut made = Vec::new();
    for (name, disk) in [("a", &one), ("b", &other), ("c", &one)] {
        made.push(id_of(&take(&demo, "v2", json!({"volume_id": disk, "name": name})).await));
        server.advance(TimeDelta::seconds(1));
    }
    partner.snapshot(&partner.disk().await).await;
    let ids = |answer: &Answer| -> Vec<String> {
        let snapshots = answer.body["snapshots"].as_array().unwrap();
        snapshots.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let pick = |of: &[usize]| of.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for version in VERSIONS {
        let detail = demo.path(version, "cloudsnapshots/detail");
        for (query, count, expected) in [
            (String::new(), 3, pick(&[2, 1, 0])),
            ("limit=2".to_owned(), 3, pick(&[2, 1])),
            ("limit=1&offset=1".to_owned(), 3, pick(&[1])),
            (format!("marker={}", made[1]), 3, pick(&[0])),
            (format!("id={}", made[1]), 1, pick(&[1])),
            ("id=x".to_owned(), 0, vec![]),
            ("name=a".to_owned(), 1, pick(&[0])),
            ("name=&status=".to_owned(), 3, pick(&[2, 1, 0])),
            ("status=error".to_owned(), 0, vec![]),
            ("status=available".to_owned(), 3, pick(&[2, 1, 0])),
            (format!("volume_id={one}&limit=1"), 2, pick(&[2])),
            ("volume_id=x".to_owned(), 0, vec![]),
            ("availability_zone=az-sim-2".to_owned(), 1, pick(&[1])),
            ("enterprise_project_id=0".to_owned(), 2, pick(&[2, 0])),
            ("enterprise_project_id=all_granted_eps".to_owned(), 3, pick(&[2, 1, 0])),
            ("service_type=evs".to_owned(), 3, pick(&[2, 1, 0])),
            ("service_type=DSS".to_owned(), 0, vec![]),
            ("dedicated_storage_id=x".to_owned(), 0, vec![]),
            ("dedicated_storage_name=x".to_owned(), 0, vec![]),
            ("sort_key=name&nonsense=1".to_owned(), 3, pick(&[2, 1, 0])),
        ] {
            let answer = demo.get(&format!("{detail}?{query}")).await;
            assert_eq!((answer.status, ids(&answer)), (200, expected), "{query}");
            assert_eq!(answer.body["count"], count, "{query}");
        }
        let first = demo.get(&format!("{detail}?limit=1")).await;
        let next = format!("{}{detail}?limit=1&marker={}", demo.url, made[2]);
        assert_eq!(first.body["snapshots_links"], json!([{"rel": "next", "href": next}]));
        for (query, code, message) in [
            ("limit=0", "EVS.1023", "invalid filter limit!"),
            ("limit=x", "EVS.1023", "invalid filter limit!"),
            ("limit=1001", "EVS.2142", "invalid filter limit, can not greater than 1000."),
            ("marker=x", "EVS.1024", "invalid filter marker!"),
            ("offset=x", "EVS.5400", "offset param must be an integer."),
            ("offset=-1", "EVS.5400", "offset param must be an integer."),
            ("availability_zone=nowhere", "EVS.1041", "invalid filter availablity-zone!"),
        ] {
            demo.get(&format!("{detail}?{query}")).await.is_evs_fault(400, code, message);
        }
        let unknown = demo.get(&format!("{detail}?marker={ABSENT}")).await;
        let message = format!("Snapshot {ABSENT} could not be found.");
        unknown.is_evs_fault(404, "EVS.5404", &message);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_is_refused_with_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let id = demo.snapshot(&disk).await;
    let of = |changes: Value| json!({"snapshot": with(json!({"volume_id": disk}), changes)});
    let long = "x".repeat(256);
    let malformed = ("EVS.5400", "Malformed request body.");
    let wrong_type = ("EVS.1018", "Type conversion error , parameter type is unexpected");
    let name = ("EVS.5400", "invalid snapshot name!");
    let description = ("EVS.5400", "invalid snapshot description!");
    let volume = ("EVS.1002", "invalid volume id!");
    let size = ("EVS.1005", "size of metadata is too large!");
    for version in VERSIONS {
        let create = demo.path(version, "cloudsnapshots");
        let update = own(&demo, version, &id);
        let before = demo.get(&update).await.text;
        for (body, (code, message)) in [
            (json!([]), malformed),
            (json!({}), malformed),
            (json!({"snapshot": []}), malformed),
            (json!({"snapshot": {}}), volume),
            (json!({"snapshot": {"volume_id": "x"}}), volume),
            (json!({"snapshot": {"volume_id": 1}}), wrong_type),
            (of(json!({"name": 1})), wrong_type),
            (of(json!({"name": long})), name),
            (of(json!({"name": "a\u{0}b"})), name),
            (of(json!({"description": long})), description),
            (of(json!({"force": "perhaps"})), wrong_type),
            (of(json!({"metadata": []})), wrong_type),
            (of(json!({"metadata": {"k": 1}})), wrong_type),
            (of(json!({"metadata": {"k": long}})), size),
            (of(json!({"metadata": {"": "v"}})), size),
            (of(json!({"metadata": {"k": "\u{0}"}})), ("EVS.1070", "invalid request.")),
        ] {
            demo.post(&create, body).await.is_evs_fault(400, code, message);
        }
        let nothing = ("EVS.5400", "snapshot name and description can not both be empty!");
        for (body, (code, message)) in [
            (json!({}), malformed),
            (json!({"snapshot": {}}), nothing),
            (json!({"snapshot": {"name": null}}), nothing),
            (json!({"snapshot": {"name": long}}), name),
            (json!({"snapshot": {"description": 1}}), wrong_type),
        ] {
            demo.put(&update, body).await.is_evs_fault(400, code, message);
        }
        for path in [&create, &format!("{update}/rollback")] {
            let broken = demo.send(reqwest::Method::POST, path, Some("{".to_owned())).await;
            broken.is_evs_fault(400, "EVS.1052", "invalid http body!");
        }
        assert_eq!(demo.get(&update).await.text, before);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_forbids_to_take_or_remove_a_snapshot_is_told_in_the_native_dialect() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let absent = take(&demo, "v2", json!({"volume_id": ABSENT})).await;
    absent.is_evs_fault(404, "EVS.5404", &format!("Volume {ABSENT} could not be found."));
    let (transfer, _) = demo.offer(&disk).await;
    for force in [false, true] {
        let refused = take(&demo, "v2", json!({"volume_id": disk, "force": force})).await;
        let message = format!(
            "Invalid volume: Volume {disk} status must be available, in-use, but current status \
             is: awaiting-transfer."
        );
        refused.is_evs_fault(400, "EVS.5400", &message);
    }
    demo.delete(&demo.path("v3", &format!("os-volume-transfer/{transfer}"))).await.is_empty(202);
    demo.act(&disk, json!({"os-reserve": {}})).await.is_empty(202);
    let attaching = take(&demo, "v2", json!({"volume_id": disk})).await;
    let message = format!(
        "Invalid volume: Volume {disk} status must be available, in-use, but current status is: \
         attaching."
    );
    attaching.is_evs_fault(400, "EVS.5400", &message);
    let id = id_of(&take(&demo, "v2", json!({"volume_id": disk, "force": true})).await);
    assert_eq!(demo.disk_status(&disk).await, "attaching");

    for (key, limit, message) in [
        (
            "snapshots",
            1,
            "SnapshotLimitExceeded: Maximum number of snapshots allowed (1) exceeded".to_owned(),
        ),
        (
            "snapshots_SSD",
            1,
            "SnapshotLimitExceeded: Maximum number of snapshots allowed (1) exceeded".to_owned(),
        ),
        (
            "gigabytes",
            29,
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed \
             gigabytes quota. Requested 10G, quota is 29G and 20G has been consumed."
                .to_owned(),
        ),
        (
            "gigabytes_SSD",
            29,
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed \
             gigabytes_SSD quota. Requested 10G, quota is 29G and 20G has been consumed."
                .to_owned(),
        ),
    ] {
        admin.set_quota(&demo.project, json!({key: limit})).await;
        let body = json!({"volume_id": disk, "force": true});
        let native = take(&demo, "v2", body.clone()).await;
        native.is_evs_fault(413, "EVS.5413", &message);
        assert_eq!(native.header("retry-after"), "0");
        let cinders = demo.post(&demo.path("v3", "snapshots"), json!({"snapshot": body})).await;
        cinders.is_over_limit(&message);
        admin.set_quota(&demo.project, json!({key: -1})).await;
    }

    for status in ["creating", "deleting", "error_deleting"] {
        let action = admin.path("v3", &format!("snapshots/{id}/action"));
        admin.post(&action, json!({"os-reset_status": {"status": status}})).await.is_empty(202);
        demo.delete(&own(&demo, "v2", &id)).await.is_evs_fault(
            400,
            "EVS.1047",
            "snapshot status must be available or error when delete snapshot!",
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_goes_back_to_any_of_its_snapshots_by_every_name_of_the_way() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let old = demo.snapshot(&disk).await;
    demo.snapshot(&disk).await;
    demo.act(&disk, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    for (version, place) in VERSIONS
        .iter()
        .flat_map(|version| [(version, "cloudsnapshots"), (version, "os-vendor-snapshots")])
    {
        let path = demo.path(version, &format!("{place}/{old}/rollback"));
        let body = json!({"rollback": {"volume_id": disk, "name": "whatever"}});
        demo.post(&path, body).await.is(202, &json!({"rollback": {"volume_id": disk}}));
        assert_eq!(demo.disk_status(&disk).await, "available");
        admin.reset(&disk, "error_rollbacking").await;
    }
    let shown = demo.show_disk(&disk).await;
    assert_eq!(shown.body["volume"]["size"], 20, "it keeps what it has grown to");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_wrong_rollback_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let [disk, other] = [demo.disk().await, demo.disk().await];
    let id = demo.snapshot(&disk).await;
    let theirs = partner.snapshot(&partner.disk().await).await;
    let back = |disk: &str| json!({"rollback": {"volume_id": disk}});
    let malformed = ("EVS.5400", "Malformed request body.");
    for (body, (code, message)) in [
        (json!({}), malformed),
        (json!({"rollback": null}), malformed),
        (json!({"rollback": {}}), ("EVS.1002", "invalid volume id!")),
        (json!({"rollback": {"name": "ledger"}}), ("EVS.1002", "invalid volume id!")),
        (json!({"rollback": {"volume_id": "x"}}), ("EVS.1002", "invalid volume id!")),
        (
            json!({"rollback": {"volume_id": disk, "name": "x".repeat(256)}}),
            ("EVS.1003", "invalid volume name!"),
        ),
        (
            json!({"rollback": {"volume_id": disk, "name": 1}}),
            ("EVS.1018", "Type conversion error , parameter type is unexpected"),
        ),
    ] {
        roll_back(&demo, &id, body).await.is_evs_fault(400, code, message);
    }
    for wrong in [&other, ABSENT] {
        let message = format!(
            "Invalid snapshot: Snapshot {id} can only be rolled back to its source volume {disk}, \
             not to {wrong}."
        );
        roll_back(&demo, &id, back(wrong)).await.is_evs_fault(400, "EVS.5400", &message);
    }
    let absent = roll_back(&demo, ABSENT, back(&disk)).await;
    absent.is_evs_fault(404, "EVS.5404", &format!("Snapshot {ABSENT} could not be found."));
    let foreign = roll_back(&demo, &theirs, back(&disk)).await;
    assert_eq!(foreign.text.replace(&theirs, ABSENT), absent.text);
    roll_back(&demo, "x", back(&disk)).await.is_evs_fault(
        404,
        "EVS.5404",
        "Snapshot x could not be found.",
    );

    let action = admin.path("v3", &format!("snapshots/{id}/action"));
    for status in ["error", "creating", "deleting", "error_deleting"] {
        admin.post(&action, json!({"os-reset_status": {"status": status}})).await.is_empty(202);
        let refused = roll_back(&demo, &id, back(&disk)).await;
        refused.is_evs_fault(400, "EVS.2043", "The status of snapshot is not available.");
    }
    admin.post(&action, json!({"os-reset_status": {"status": "available"}})).await.is_empty(202);
    demo.act(&disk, json!({"os-reserve": {}})).await.is_empty(202);
    let message = format!(
        "Invalid volume: Volume {disk} status must be available or error_rollbacking to be rolled \
         back, but current status is: attaching."
    );
    roll_back(&demo, &id, back(&disk)).await.is_evs_fault(400, "EVS.5400", &message);
    demo.act(&disk, json!({"os-unreserve": {}})).await.is_empty(202);

    let named = json!({"snapshot": {"name": "autobk_snapshot_7f3a"}});
    assert_eq!(demo.put(&own(&demo, "v2", &id), named).await.status, 200, "not reserved");
    let message = format!(
        "Invalid snapshot: Snapshot {id} was created for a backup and can not be rolled back."
    );
    roll_back(&demo, &id, back(&disk)).await.is_evs_fault(400, "EVS.5400", &message);
    assert_eq!(demo.disk_status(&disk).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_absent_or_another_projects_is_the_same_404_natively() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = partner.disk().await;
    let theirs = partner.snapshot(&disk).await;
    for version in VERSIONS {
        let ask = async |id: &str| {
            let path = own(&demo, version, id);
            let named = json!({"snapshot": {"name": "mine"}});
            [demo.get(&path).await, demo.put(&path, named).await, demo.delete(&path).await]
        };
        let message = format!("Snapshot {ABSENT} could not be found.");
        for (absent, foreign) in ask(ABSENT).await.iter().zip(&ask(&theirs).await) {
            absent.is_evs_fault(404, "EVS.5404", &message);
            assert_eq!(foreign.text.replace(&theirs, ABSENT), absent.text);
        }
        for answer in ask("xxx").await {
            answer.is_evs_fault(404, "EVS.5404", "Snapshot xxx could not be found.");
        }
        let absent = take(&demo, version, json!({"volume_id": ABSENT})).await;
        let foreign = take(&demo, version, json!({"volume_id": disk})).await;
        assert_eq!(foreign.text.replace(&disk, ABSENT), absent.text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_from_a_snapshot_is_encrypted_as_its_source_in_either_dialect() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let inherited = json!({
        "__system__encrypted": "1",
        "__system__cmkid": ABSENT,
        "hw:passthrough": "true",
    });
    let metadata = with(inherited.clone(), json!({"mine": "stays"}));
    let source = crate::cloud_disks::disk(&demo, empty_with(json!({"metadata": metadata}))).await;
    let snapshot = demo.snapshot(&source).await;
    let native = empty_with(json!({"snapshot_id": snapshot, "metadata": {"new": "one"}}));
    let native = crate::cloud_disks::disk(&demo, native).await;
    let cinders = demo
        .disk_of(json!({
            "snapshot_id": snapshot,
            "metadata": {"new": "one", "__system__encrypted": "0"},
        }))
        .await;
    let expected = with(inherited, json!({"new": "one"}));
    for id in [&native, &cinders] {
        let shown = crate::cloud_disks::show(&demo, id).await;
        assert_eq!(shown.body["volume"]["metadata"], expected, "{}", shown.text);
        assert_eq!(shown.body["volume"]["encrypted"], true);
    }
    server.finish().await;
}
