//! Jobs: they run while their disks do, and tell how it ended.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{create, disk, empty, empty_with, job, job_of, show, slow, step};
use crate::disks::ABSENT;
use crate::support::{Client, TestServer};

const BEGUN: &str = "2026-11-23T07:41:05.318Z";
const ENDED: &str = "2026-11-23T07:41:08.318Z";

fn entity(id: &str, changes: Value) -> Value {
    let entity = json!({"volume_id": id, "name": null, "size": 10, "volume_type": "SSD"});
    super::with(entity, changes)
}

/// A job about one disk that began at the test's start.
fn told(id: &str, kind: &str, status: &str, end: &str, entities: impl Into<Value>) -> Value {
    let entities: Value = entities.into();
    json!({
        "job_id": id, "job_type": kind, "status": status, "begin_time": BEGUN, "end_time": end,
        "error_code": null, "fail_reason": null, "entities": entities,
    })
}

fn failed(mut job: Value, code: &str, reason: &str) -> Value {
    job["error_code"] = code.into();
    job["fail_reason"] = reason.into();
    job
}

async fn volume_id(client: &Client, id: &str) -> String {
    job(client, id).await["entities"]["volume_id"].as_str().unwrap().to_owned()
}

async fn extend(client: &Client, disk: &str, size: i64) -> String {
    let path = client.path("v2", &format!("cloudvolumes/{disk}/action"));
    job_of(&client.post(&path, json!({"os-extend": {"new_size": size}})).await, 200)
}

async fn retype(client: &Client, disk: &str, to: &str) -> String {
    let path = client.path("v2", &format!("volumes/{disk}/retype"));
    job_of(&client.post(&path, json!({"os-retype": {"new_type": to}})).await, 202)
}

async fn delete(client: &Client, disk: &str) -> String {
    job_of(&client.delete(&client.path("v2", &format!("cloudvolumes/{disk}"))).await, 200)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_no_time_is_a_job_that_is_over_when_it_is_answered() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = create(&demo, empty_with(json!({"name": "ledger"}))).await;
    let id = volume_id(&demo, &made).await;
    let expected = entity(&id, json!({"name": "ledger"}));
    assert_eq!(job(&demo, &made).await, told(&made, "createVolume", "SUCCESS", BEGUN, expected));
    for (job_id, kind, changes) in [
        (extend(&demo, &id, 20).await, "extendVolume", json!({"size": 20})),
        (
            retype(&demo, &id, "ESSD").await,
            "retypeVolume",
            json!({"size": 20, "volume_type": "ESSD"}),
        ),
        (delete(&demo, &id).await, "deleteVolume", json!({"size": 20, "volume_type": "ESSD"})),
    ] {
        let expected = super::with(entity(&id, json!({"name": "ledger"})), changes);
        assert_eq!(job(&demo, &job_id).await, told(&job_id, kind, "SUCCESS", BEGUN, expected));
    }
    show(&demo, &id).await.is_evs_fault(
        404,
        "EVS.5404",
        &format!("Volume {id} could not be found."),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_while_its_disk_does_and_tells_when_it_ended() {
    let server = slow().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = create(&demo, empty()).await;
    let id = volume_id(&demo, &made).await;
    let running = told(&made, "createVolume", "RUNNING", "", entity(&id, json!({})));
    assert_eq!(job(&demo, &made).await, running);
    assert_eq!(show(&demo, &id).await.body["volume"]["status"], "creating");
    server.advance(TimeDelta::seconds(3));
    step(&admin, &id, None).await;
    let over = told(&made, "createVolume", "SUCCESS", ENDED, entity(&id, json!({})));
    assert_eq!(job(&demo, &made).await, over);

    // Its entities are what the disk is to become, from the beginning.
    let grows = extend(&demo, &id, 20).await;
    assert_eq!(job(&demo, &grows).await["entities"], entity(&id, json!({"size": 20})));
    assert_eq!(show(&demo, &id).await.body["volume"]["size"], 10);
    let server = server.restart().await;
    let (demo, admin) = (demo.moved_to(&server), admin.moved_to(&server));
    assert_eq!(job(&demo, &grows).await["status"], "RUNNING", "after a restart, too");
    step(&admin, &id, None).await;
    assert_eq!(job(&demo, &grows).await["status"], "SUCCESS");
    let goes = delete(&demo, &id).await;
    assert_eq!(job(&demo, &goes).await["status"], "RUNNING");
    step(&admin, &id, None).await;
    assert_eq!(job(&demo, &goes).await["status"], "SUCCESS");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_failed_names_the_status_of_its_disk() {
    let server = slow().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let source = demo.disk().await;
    step(&admin, &source, None).await;
    let backup = demo.backup(&source).await;
    let ended = admin.post("/_evs/progress", json!({"disk_id": source})).await;
    assert_eq!(ended.body["finished"].as_array().unwrap().len(), 2, "the backup and the disk");
    let from_backup = empty_with(json!({"backup_id": backup}));
    for (volume, code, reason) in [
        (empty(), "EVS.2024", "volume is error!"),
        (from_backup, "EVS.2025", "volume is error_restoring!"),
    ] {
        let made = create(&demo, volume).await;
        let id = volume_id(&demo, &made).await;
        server.advance(TimeDelta::zero());
        step(&admin, &id, Some("failed")).await;
        let over = told(&made, "createVolume", "FAIL", BEGUN, entity(&id, json!({})));
        assert_eq!(job(&demo, &made).await, failed(over, code, reason));
    }
    for (begun, kind, changes, code, reason) in [(
        extend(&demo, &source, 20).await,
        "extendVolume",
        json!({"size": 20}),
        "EVS.2026",
        "volume is error_extending!",
    )] {
        step(&admin, &source, Some("failed")).await;
        let over = told(&begun, kind, "FAIL", BEGUN, entity(&source, changes));
        assert_eq!(job(&demo, &begun).await, failed(over, code, reason));
    }
    admin.reset(&source, "available").await;
    let changed = retype(&demo, &source, "ESSD").await;
    step(&admin, &source, Some("failed")).await;
    let over = told(
        &changed,
        "retypeVolume",
        "FAIL",
        BEGUN,
        entity(&source, json!({"volume_type": "ESSD"})),
    );
    let reason = "retype failed. please make sure that type is supported and the new one is higher \
                  than origin";
    assert_eq!(job(&demo, &changed).await, failed(over, "EVS.2087", reason));
    let gone = delete(&demo, &source).await;
    step(&admin, &source, Some("failed")).await;
    let over = told(&gone, "deleteVolume", "FAIL", BEGUN, entity(&source, json!({})));
    let reason = "volume is error_deleting!";
    assert_eq!(job(&demo, &gone).await, failed(over, "EVS.2020", reason));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_shall_fail_at_once_is_a_job_that_failed() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.fail = ["create", "extend", "delete"].map(str::to_owned).into();
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = create(&demo, empty()).await;
    let id = volume_id(&demo, &made).await;
    let is = async |id: &str, code: &str| {
        let job = job(&demo, id).await;
        assert_eq!((&job["status"], &job["error_code"]), (&json!("FAIL"), &json!(code)));
    };
    is(&made, "EVS.2024").await;
    admin.reset(&id, "available").await;
    is(&extend(&demo, &id, 20).await, "EVS.2026").await;
    is(&delete(&demo, &id).await, "EVS.2020").await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_runs_until_its_last_disk_is_there_and_fails_if_one_failed() {
    let server = slow().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = create(&demo, empty_with(json!({"count": 3, "name": "v"}))).await;
    let parts = job(&demo, &made).await["entities"]["sub_jobs"].as_array().unwrap().clone();
    let sub = |place: usize, status: &str, end: &str| {
        let (part, name) = (&parts[place], format!("v-000{}", place + 1));
        let id = part["entities"]["volume_id"].as_str().unwrap();
        let entity = entity(id, json!({"name": name}));
        told(part["job_id"].as_str().unwrap(), "createVolume", status, end, entity)
    };
    let batch = |status: &str, end: &str, subs: [Value; 3]| {
        told(&made, "batchCreateVolume", status, end, json!({"sub_jobs": subs}))
    };
    let running = [0, 1, 2].map(|place| sub(place, "RUNNING", ""));
    assert_eq!(job(&demo, &made).await, batch("RUNNING", "", running));
    let id = |place: usize| parts[place]["entities"]["volume_id"].as_str().unwrap();
    step(&admin, id(1), Some("failed")).await;
    server.advance(TimeDelta::seconds(3));
    step(&admin, id(0), None).await;
    let reason = "volume is error!";
    let bad = failed(sub(1, "FAIL", BEGUN), "EVS.2024", reason);
    let subs = [sub(0, "SUCCESS", ENDED), bad.clone(), sub(2, "RUNNING", "")];
    assert_eq!(job(&demo, &made).await, batch("RUNNING", "", subs));
    step(&admin, id(2), None).await;
    let subs = [sub(0, "SUCCESS", ENDED), bad, sub(2, "SUCCESS", ENDED)];
    let expected = failed(batch("FAIL", ENDED, subs), "EVS.2024", reason);
    assert_eq!(job(&demo, &made).await, expected);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_drops_is_a_job_that_failed() {
    let server = slow().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let made = create(&demo, empty()).await;
    let id = volume_id(&demo, &made).await;
    let path = demo.path("v3", &format!("volumes/{id}"));
    demo.put(&path, json!({"volume": {"name": "x"}})).await;
    assert_eq!(job(&demo, &made).await["status"], "RUNNING", "a new name drops nothing");
    admin.reset(&id, "error").await;
    let over = told(&made, "createVolume", "FAIL", BEGUN, entity(&id, json!({})));
    assert_eq!(job(&demo, &made).await, failed(over, "EVS.2024", "volume is error!"));

    let made = create(&demo, empty()).await;
    let id = volume_id(&demo, &made).await;
    admin.act(&id, json!({"os-force_delete": {}})).await.is_empty(202);
    let over = told(&made, "createVolume", "FAIL", BEGUN, entity(&id, json!({})));
    assert_eq!(job(&demo, &made).await, failed(over, "EVS.2002", "internal error!"));
    step(&admin, &id, None).await;
    assert_eq!(job(&demo, &made).await["error_code"], "EVS.2002");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_not_there_or_not_ones_own_is_not_told() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let made = create(&demo, empty()).await;
    for id in [&made, "nonsense", ABSENT, &"0".repeat(32)] {
        let answer = partner.get(&partner.path("v1", &format!("jobs/{id}"))).await;
        answer.is_evs_fault(400, "Common.0011", "query job fail.");
    }
    let answer = demo.get(&demo.path("v1", "jobs")).await;
    answer.is_evs_fault(404, "EVS.5404", "The resource could not be found.");
    assert_eq!(disk(&demo, empty()).await.len(), 36);
    server.finish().await;
}
