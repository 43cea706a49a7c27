//! Changing and removing disks, and what hinders it.

use reqwest::Method;
use serde_json::{Value, json};

use super::{VERSIONS, disk, empty, empty_with, job, job_of, show, shown, slow, step};
use crate::disks::ABSENT;
use crate::support::{Answer, Client, T0, TestServer};

async fn action(client: &Client, version: &str, id: &str, body: Value) -> Answer {
    client.post(&client.path(version, &format!("cloudvolumes/{id}/action")), body).await
}

async fn grow(client: &Client, id: &str, size: Value) -> Answer {
    action(client, "v2", id, json!({"os-extend": {"new_size": size}})).await
}

async fn retype(client: &Client, id: &str, body: Value) -> Answer {
    client.post(&client.path("v2", &format!("volumes/{id}/retype")), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_is_answered_with_the_disk_itself() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let metadata = json!({"hw:passthrough": "true", "old": "1"});
    let id = disk(&demo, empty_with(json!({"metadata": metadata, "tags": {"a": "1"}}))).await;
    let path = demo.path("v2", &format!("cloudvolumes/{id}"));
    let kept = json!({"hw:passthrough": "true", "old": "1"});
    let changed = |changes: Value| {
        super::with(shown(&demo, &id, json!({"tags": {"a": "1"}, "updated_at": T0})), changes)
    };
    let named = json!({"volume": {"name": "ledger", "unknown": 1}});
    let expected = changed(json!({"name": "ledger", "metadata": kept}));
    demo.put(&path, named).await.is(200, &expected);
    let all = json!({"volume": {"name": "", "description": "d", "metadata": {"new": "2"}}});
    let kept = json!({"hw:passthrough": "true", "new": "2"});
    let expected = changed(json!({"name": "", "description": "d", "metadata": kept}));
    demo.put(&path, all).await.is(200, &expected);
    demo.get(&path).await.is(200, &json!({"volume": expected}));

    let (none, nothing) = ("null volume!", "volume name and description can not both be empty!");
    let fixed = "the metadata Param is not allowed to be updated!";
    for (body, code, message) in [
        (json!({}), "EVS.1001", none),
        (json!({"volume": []}), "EVS.1001", none),
        (json!({"volume": {}}), "EVS.1007", nothing),
        (json!({"volume": {"name": "", "description": null}}), "EVS.1007", nothing),
        (json!({"volume": {"name": "n".repeat(256)}}), "EVS.1003", "invalid volume name!"),
        (
            json!({"volume": {"description": "d".repeat(256)}}),
            "EVS.1004",
            "invalid volume description!",
        ),
        (json!({"volume": {"name": "x", "metadata": {"full_clone": "0"}}}), "EVS.2047", fixed),
    ] {
        demo.put(&path, body).await.is_evs_fault(400, code, message);
    }
    let answer = demo.send(Method::PUT, &path, Some("{".to_owned())).await;
    answer.is_evs_fault(400, "EVS.1052", "invalid http body!");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_grows_and_each_hindrance_has_its_code() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = disk(&demo, empty()).await;
    for (version, size, status) in
        [("v2", json!(20), 200), ("v3", json!("30.9"), 200), ("v2.1", json!(40), 202)]
    {
        let body = json!({"os-extend": {"new_size": size}, "bssParam": {"isAutoPay": "true"}});
        let grown = job_of(&action(&demo, version, &id, body).await, status);
        assert_eq!(job(&demo, &grown).await["job_type"], "extendVolume");
    }
    assert_eq!(show(&demo, &id).await.body["volume"]["size"], 40);
    let (null, size) = ("null extendVolumeReq!", "invalid volume size!");
    let wrong_type = "Type conversion error , parameter type is unexpected";
    for (body, code, message) in [
        (Value::Null, "EVS.1011", null),
        (json!({}), "EVS.1011", null),
        (json!({"os-extend": null}), "EVS.1011", null),
        (json!({"os-extend": {}}), "EVS.1010", size),
        (json!({"os-extend": {"new_size": 0}}), "EVS.1010", size),
        (json!({"os-extend": {"new_size": "x"}}), "EVS.1018", wrong_type),
        (
            json!({"os-extend": {"new_size": 40}}),
            "EVS.1015",
            "new volume Size must be greater than old Size!",
        ),
        (json!({"os-extend": {"new_size": 32_769}}), "EVS.1014", "volume can not be extended!"),
        (
            json!({"os-shrink": {}}),
            "EVS.5400",
            "There is no such action: os-shrink. Verify the request body and Content-Type header \
             and try again.",
        ),
    ] {
        action(&demo, "v2", &id, body).await.is_evs_fault(400, code, message);
    }
    let system = disk(&demo, empty_with(json!({"imageRef": ABSENT}))).await;
    let answer = grow(&demo, &system, json!(1025)).await;
    answer.is_evs_fault(400, "EVS.1014", "volume can not be extended!");
    let shared = disk(&demo, empty_with(json!({"multiattach": true}))).await;
    for (disk, code, message) in [
        (&id, "EVS.1064", "volume status must be available or in-use when extending!"),
        (&shared, "EVS.1065", "multiattach volume status must be available when extending!"),
    ] {
        admin.reset(disk, "error").await;
        grow(&demo, disk, json!(50)).await.is_evs_fault(400, code, message);
        admin.reset(disk, "available").await;
    }
    admin.set_quota(&demo.project, json!({"gigabytes": 60})).await;
    let text = "volume gigabytes exceeded volume gigabytes quota!";
    grow(&demo, &id, json!(50)).await.is_evs_fault(400, "EVS.1042", text);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_changes_its_type_but_not_down_from_solid_state() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = disk(&demo, empty_with(json!({"volume_type": "SATA"}))).await;
    for to in ["SAS", "SSD", "GPSSD"] {
        job_of(&retype(&demo, &id, json!({"os-retype": {"new_type": to, "iops": 1}})).await, 202);
        assert_eq!(show(&demo, &id).await.body["volume"]["volume_type"], to);
    }
    let failed = "retype failed. please make sure that type is supported and the new one is higher \
                  than origin";
    let body = "Request body is invalid.";
    for (asked, code, message) in [
        (json!({"os-retype": {"new_type": "SAS"}}), "EVS.2087", failed),
        (json!({"os-retype": {"new_type": "GPSSD"}}), "EVS.2087", failed),
        (
            json!({"os-retype": {"new_type": "floppy"}}),
            "EVS.2070",
            "VolumeTypes are not supported !",
        ),
        (json!({"os-retype": {"new_type": ""}}), "EVS.2108", body),
        (json!({"os-retype": null}), "EVS.2108", body),
        (json!([]), "EVS.2108", body),
    ] {
        retype(&demo, &id, asked).await.is_evs_fault(400, code, message);
    }
    admin.reset(&id, "error").await;
    let answer = retype(&demo, &id, json!({"os-retype": {"new_type": "ESSD"}})).await;
    assert_eq!((answer.status, &answer.body["error"]["code"]), (400, &json!("EVS.5400")));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hinders_a_disks_removal_has_a_code_of_its_own() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = disk(&demo, empty()).await;
    let path = demo.path("v2", &format!("cloudvolumes/{id}"));
    let text = "volume status must be available, error, error_extending, error_restoring, \
                error_rollbacking when delete volume!";
    for status in ["attaching", "detaching", "maintenance", "error_deleting"] {
        admin.reset(&id, status).await;
        demo.delete(&path).await.is_evs_fault(400, "EVS.1046", text);
    }
    admin.reset(&id, "backing-up").await;
    let busy = "Volume is backing-up, forbidden deleting!";
    demo.delete(&path).await.is_evs_fault(400, "EVS.2130", busy);
    admin.reset(&id, "available").await;
    let (transfer, _) = demo.offer(&id).await;
    demo.delete(&path).await.is_evs_fault(400, "EVS.1046", text);
    let offer = demo.path("v3", &format!("os-volume-transfer/{transfer}"));
    demo.delete(&offer).await.is_empty(202);
    let snapshot = demo.snapshot(&id).await;
    let answer = demo.delete(&path).await;
    assert_eq!((answer.status, &answer.body["error"]["code"]), (400, &json!("EVS.5400")));
    demo.delete(&demo.path("v3", &format!("snapshots/{snapshot}"))).await.is_empty(202);
    admin.reset(&id, "error_rollbacking").await;
    job_of(&demo.delete(&path).await, 200);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_cannot_be_one_is_a_400_and_one_that_is_not_there_or_foreign_a_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let foreign = disk(&partner, empty()).await;
    for version in VERSIONS {
        for id in ["nonsense", ABSENT, foreign.as_str()] {
            for (method, rest, body) in [
                (Method::GET, "cloudvolumes/ID", None),
                (Method::GET, "os-vendor-volumes/ID", None),
                (Method::GET, "os-vendor-volumes/ID/internal-info", None),
                (Method::PUT, "cloudvolumes/ID", Some(json!({"volume": {"name": "x"}}))),
                (Method::DELETE, "cloudvolumes/ID", None),
                (
                    Method::POST,
                    "cloudvolumes/ID/action",
                    Some(json!({"os-extend": {"new_size": 20}})),
                ),
                (
                    Method::POST,
                    "volumes/ID/retype",
                    Some(json!({"os-retype": {"new_type": "SAS"}})),
                ),
                (Method::GET, "cloudvolumes/ID/tags", None),
                (
                    Method::POST,
                    "cloudvolumes/ID/tags/action",
                    Some(json!({"action": "delete", "tags": [{"key": "k"}]})),
                ),
                (Method::GET, "os-vendor-tags/volumes/ID", None),
                (Method::DELETE, "os-vendor-tags/volumes/ID/k", None),
            ] {
                let path = demo.path(version, &rest.replace("ID", id));
                let answer = demo.send(method, &path, body.map(|body| body.to_string())).await;
                if id == "nonsense" {
                    answer.is_evs_fault(400, "EVS.1002", "invalid volume id!");
                } else {
                    let text = format!("Volume {id} could not be found.");
                    answer.is_evs_fault(404, "EVS.5404", &text);
                }
            }
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_filled_from_elsewhere_is_loaded_when_it_is_there() {
    let server = slow().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = disk(&demo, empty_with(json!({"imageRef": ABSENT}))).await;
    let path = demo.path("v3", &format!("os-vendor-volumes/{id}/internal-info"));
    demo.get(&path).await.is(200, &json!({"info": {"loading_progress": 0}}));
    step(&admin, &id, None).await;
    demo.get(&path).await.is(200, &json!({"info": {"loading_progress": 100}}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_not_there_and_a_method_it_does_not_take_speak_the_native_dialect() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let path = demo.path(version, "cloudvolumes/x/nowhere");
        demo.get(&path).await.is_evs_fault(404, "EVS.5404", "The resource could not be found.");
        let answer = demo.delete(&demo.path(version, "cloudvolumes")).await;
        let text = "The method is not allowed for the requested URL.";
        answer.is_evs_fault(405, "EVS.5400", text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backup_policy_of_a_disk_stands_in_its_metadata_and_so_does_the_read_only_flag() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = disk(&demo, empty()).await;
    let policy = demo.policy("nightly", "ON").await;
    assert_eq!(demo.bind(&policy, &id).await.status, 200);
    demo.act(&id, json!({"os-update_readonly_flag": {"readonly": true}})).await.is_empty(202);
    let metadata = json!({"policy": policy, "readonly": "True"});
    let expected = shown(&demo, &id, json!({"metadata": metadata, "updated_at": T0}));
    show(&demo, &id).await.is(200, &json!({"volume": expected}));
    server.finish().await;
}
