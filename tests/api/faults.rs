//! Faults: each effect in both dialects, which calls they meet, what they count, and what outlives a
//! restart.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Client, TestServer};

const FAULTS: &str = "/_evs/faults";

/// Sends a request and takes any answer, which the client's own way takes for a mistake of ours; none:
/// there is no answer.
async fn ask(client: &Client, method: Method, path: &str, body: Option<Value>) -> Option<Answer> {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", client.url));
    if let Some(token) = &client.token {
        request = request.header("x-auth-token", token);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    match request.send().await {
        Ok(response) => Some(Answer::of(response).await),
        Err(_) => None,
    }
}

async fn show(client: &Client, disk: &str) -> Option<Answer> {
    ask(client, Method::GET, &client.path("v3", &format!("volumes/{disk}")), None).await
}

async fn create_disk(client: &Client, name: &str) -> Option<Answer> {
    let body = json!({"volume": {"size": 10, "name": name}});
    ask(client, Method::POST, &client.path("v3", "volumes"), Some(body)).await
}

/// Adds a rule; its id.
async fn add(admin: &Client, fault: Value) -> String {
    let answer = admin.post(FAULTS, fault).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["id"].as_str().unwrap().to_owned()
}

async fn counts(admin: &Client, id: &str) -> (u64, u64) {
    let answer = admin.get(&format!("{FAULTS}/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let count = |name: &str| answer.body[name].as_u64().unwrap();
    (count("matched"), count("fired"))
}

async fn clear(admin: &Client) -> Value {
    let answer = admin.delete(FAULTS).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

/// The names of a project's disks.
async fn disks(client: &Client) -> Vec<String> {
    let answer = client.get(&client.path("v3", "volumes")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let volumes = answer.body["volumes"].as_array().unwrap();
    volumes.iter().map(|volume| volume["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Sends requests over one connection, each when the last is answered; what came back of each, which is
/// nothing where the connection was closed.
async fn over_one_connection(client: &Client, requests: &[(&str, &str, &str)]) -> Vec<String> {
    let address = client.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let token = client.token.as_deref().unwrap_or_default();
    let mut answers = Vec::new();
    for (method, path, body) in requests {
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: evs\r\nX-Auth-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 65536];
        // A connection that is reset has carried nothing either.
        let read = stream.read(&mut answer).await.unwrap_or(0);
        answers.push(String::from_utf8(answer[..read].to_vec()).unwrap());
    }
    answers
}

#[tokio::test]
async fn a_rule_is_added_shown_listed_and_removed_by_administrators_alone() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let rule = json!({
        "note": "a busy hour", "operation": "transfer.*", "project": "demo", "disk": disk,
        "skip": 1, "times": 3, "probability": 0.25, "seed": 7, "error": "busy",
    });
    let added = admin.post(FAULTS, rule).await;
    let id = added.body["id"].as_str().unwrap().to_owned();
    let expected = json!({
        "id": id, "note": "a busy hour", "operation": "transfer.*", "project": demo.project,
        "disk": disk, "skip": 1, "times": 3, "probability": 0.25, "seed": 7, "error": "busy",
        "persist": false, "created_at": "2026-11-23T07:41:05.318204Z", "armed": true,
        "matched": 0, "fired": 0,
    });
    added.is(201, &expected);
    let own = format!("{FAULTS}/{id}");
    admin.get(&own).await.is(200, &expected);
    admin.get(FAULTS).await.is(200, &json!({"faults": [expected]}));
    let several = json!({"faults": [{"delay_ms": 1}, {"fail_step": "extend", "nth": 2}]});
    let answer = admin.post(FAULTS, several).await;
    assert_eq!((answer.status, answer.body["faults"].as_array().unwrap().len()), (201, 2));
    assert_eq!(answer.body["faults"][0]["delay_ms"], 1);
    let step = &answer.body["faults"][1];
    assert_eq!(
        (&step["operation"], &step["skip"], &step["times"]),
        (&Value::Null, &json!(1), &json!(1))
    );

    let body = || Some(json!({"error": "busy"}).to_string());
    for (method, path, body, rule) in [
        (Method::GET, FAULTS, None, "list"),
        (Method::POST, FAULTS, body(), "create"),
        (Method::DELETE, FAULTS, None, "delete"),
        (Method::GET, own.as_str(), None, "get"),
        (Method::DELETE, own.as_str(), None, "delete"),
    ] {
        let message = format!("Policy doesn't allow evs:faults:{rule} to be performed.");
        demo.send(method.clone(), path, body.clone()).await.is_fault(403, &message);
        server.anonymous().send(method, path, body).await.is_unauthenticated();
    }
    admin.delete(&own).await.is_empty(204);
    let gone = format!("Fault {id} could not be found.");
    admin.get(&own).await.is_fault(404, &gone);
    admin.delete(&own).await.is_fault(404, &gone);
    assert_eq!(clear(&admin).await, json!({"removed": 2}));
    admin.get(FAULTS).await.is(200, &json!({"faults": []}));
    server.finish().await;
}

#[tokio::test]
async fn what_is_no_rule_is_refused_with_a_sentence_and_nothing_is_added() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    for (body, message) in [
        (
            json!({}),
            "A fault has exactly one effect: one of error, delay_ms, drop, fail_step, crash, \
             panic, fail.",
        ),
        (
            json!({"drop": "now"}),
            "drop is one of before, after, before_unit, before_writes, before_commit, \
             after_commit, before_answer, not 'now'.",
        ),
        (
            json!({"faults": [{"error": "busy"}, {"delay_ms": 0}]}),
            "Fault 2: delay_ms is from 1 to 3600000, not 0.",
        ),
        (json!([]), "Invalid fault: it is an object."),
        (json!({"faults": [["busy"]]}), "Invalid fault: it is an object."),
        (json!({"faults": {"error": "busy"}}), "Invalid fault: faults is a list of them."),
        (
            json!({"error": "busy", "times": "two"}),
            "Invalid fault: invalid type: string \"two\", expected u32.",
        ),
    ] {
        admin.post(FAULTS, body).await.is_fault(400, message);
    }
    let message = "A crash point really kills the process: start evs with --allow-crash to use \
                   one, or set server.allow_crash.";
    for crash in ["before_commit", "after_step"] {
        let refused = admin.post(FAULTS, json!({"crash": crash})).await;
        let fault = json!({"code": 409, "message": message});
        refused.is(409, &json!({"conflictingRequest": fault}));
    }
    admin.get(FAULTS).await.is(200, &json!({"faults": []}));
    server.finish().await;
}

/// Each error in the shape of either dialect, and nothing is done.
#[tokio::test]
async fn an_error_has_the_shape_of_its_dialect_and_nothing_is_done() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let err = "The server has either erred or is incapable of performing the requested operation.";
    let locked = "The data file is locked by another process. Try again.";
    let full = "No space is left for the data file; reads still work.";
    let changed = "The data file was changed at the same time. Try again.";
    let quota = "VolumeLimitExceeded: Maximum number of volumes allowed (1000) exceeded for quota 'volumes'.";
    let gone = "The resource could not be found.";
    let denied = "Policy doesn't allow volume:create to be performed.";
    let native_denied =
        "Policy check failed. Policy doesn't allow evs:volumes:create to be performed.";
    let often = "Too many requests. Try again.";
    let malformed = "Malformed request body";
    for (kind, status, name, message, code, native) in [
        ("bad_request", 400, "badRequest", malformed, "EVS.5400", malformed),
        ("forbidden", 403, "forbidden", denied, "EVS.5403", native_denied),
        ("not_found", 404, "itemNotFound", gone, "EVS.5404", gone),
        ("conflict", 409, "conflictingRequest", changed, "EVS.5400", changed),
        ("quota", 413, "overLimit", quota, "EVS.5413", quota),
        ("too_many_requests", 429, "overLimit", often, "EVS.5400", often),
        ("internal", 500, "computeFault", err, "EVS.5500", err),
        ("busy", 503, "serviceUnavailable", locked, "EVS.5503", locked),
        ("full", 507, "computeFault", full, "EVS.5500", full),
    ] {
        let id = add(&admin, json!({"operation": "disk.create", "error": kind})).await;
        let answer = create_disk(&demo, "never").await.unwrap();
        let mut fault = json!({"code": status, "message": message});
        let retry = match status {
            413 => "0",
            429 | 503 => "1",
            _ => "",
        };
        if name == "overLimit" {
            fault["retryAfter"] = retry.into();
        }
        answer.is(status, &json!({name: fault}));
        assert_eq!(answer.header("retry-after"), retry, "{kind}");
        assert_eq!(answer.header("x-evs-fault"), id);
        let volume = json!({"volume": {
            "size": 10, "name": "never", "availability_zone": "az-sim-1", "volume_type": "SSD",
        }});
        let path = demo.path("v2", "cloudvolumes");
        let answer = ask(&demo, Method::POST, &path, Some(volume)).await.unwrap();
        answer.is_evs_fault(status, code, native);
        assert_eq!(counts(&admin, &id).await, (2, 2));
        clear(&admin).await;
    }
    add(&admin, json!({"operation": "disk.create", "error": "unauthorized"})).await;
    create_disk(&demo, "never").await.unwrap().is_unauthenticated();
    clear(&admin).await;
    assert_eq!(disks(&demo).await, Vec::<String>::new());
    server.finish().await;
}

#[tokio::test]
async fn a_connection_is_dropped_without_a_byte_before_the_work_or_after_it() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let volumes = demo.path("v3", "volumes");
    let native = demo.path("v2", "cloudvolumes");
    let list = ("GET", volumes.as_str(), "");
    for (moment, path, body, name) in [
        ("before", &volumes, json!({"volume": {"size": 1, "name": "a"}}), None),
        ("after", &volumes, json!({"volume": {"size": 1, "name": "b"}}), Some("b")),
        (
            "after",
            &native,
            json!({"volume": {
                "size": 10, "name": "c", "availability_zone": "az-sim-1", "volume_type": "SSD",
            }}),
            Some("c"),
        ),
    ] {
        let before = disks(&demo).await;
        let id = add(&admin, json!({"operation": "disk.create", "drop": moment})).await;
        let body = body.to_string();
        let answers = over_one_connection(&demo, &[list, ("POST", path, &body)]).await;
        assert!(answers[0].starts_with("HTTP/1.1 200 OK\r\n"), "{}", answers[0]);
        assert_eq!(answers[1], "", "drop {moment}");
        assert_eq!(counts(&admin, &id).await, (1, 1));
        clear(&admin).await;
        let mut after = disks(&demo).await;
        after.retain(|name| !before.contains(name));
        assert_eq!(after, name.map(str::to_owned).into_iter().collect::<Vec<_>>());
    }
    // A read that is dropped: the client's own library takes it for a broken connection.
    add(&admin, json!({"operation": "disk.show", "drop": "after"})).await;
    let disk = demo.disk().await;
    assert!(show(&demo, &disk).await.is_none());
    clear(&admin).await;
    server.finish().await;
}

/// The answer to an accept is lost: the disk is the recipient's, and accepting again finds nothing.
#[tokio::test]
async fn a_lost_answer_of_an_accept_leaves_the_disk_with_the_recipient() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    add(&admin, json!({"operation": "transfer.accept", "drop": "after", "times": 1})).await;
    let path = partner.path("v3", &format!("os-volume-transfer/{id}/accept"));
    let body = json!({"accept": {"auth_key": key}});
    assert!(ask(&partner, Method::POST, &path, Some(body)).await.is_none());
    assert_eq!(partner.disk_status(&disk).await, "available");
    let again = partner.accept(&id, &key).await;
    again.is_fault(404, &format!("Transfer {id} could not be found."));
    server.finish().await;
}

#[tokio::test]
async fn an_answer_is_delayed_and_so_is_the_work_of_who_changes_something() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let id = add(&admin, json!({"operation": "disk.*", "delay_ms": 150, "times": 2})).await;
    let began = Instant::now();
    let shown = show(&demo, &disk).await.unwrap();
    assert_eq!((shown.status, shown.header("x-evs-fault")), (200, id.clone()));
    assert!(began.elapsed() >= Duration::from_millis(150));
    let began = Instant::now();
    let (made, listed) = tokio::join!(create_disk(&demo, "late"), async {
        demo.get("/_evs/health").await;
        // The list is not met any more: the rule has met two calls.
        while counts(&admin, &id).await.0 < 2 {}
        disks(&demo).await
    });
    assert_eq!(made.unwrap().status, 202);
    assert!(began.elapsed() >= Duration::from_millis(150));
    assert_eq!(listed, [""], "the new disk was not there yet");
    assert_eq!(disks(&demo).await.len(), 2);
    server.finish().await;
}

#[tokio::test]
async fn a_rule_meets_its_project_its_disk_and_its_calls_alone() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let id = add(&admin, json!({"project": "partner", "error": "busy"})).await;
    assert_eq!(disks(&demo).await, Vec::<String>::new());
    assert_eq!(create_disk(&partner, "x").await.unwrap().status, 503);
    assert_eq!(counts(&admin, &id).await, (1, 1));
    clear(&admin).await;

    // By its own path, by the body, and by the ids of what belongs to it.
    let (disk, other) = (demo.disk().await, demo.disk().await);
    let ([snapshot, of_other], backup) =
        ([demo.snapshot(&disk).await, demo.snapshot(&other).await], demo.backup(&disk).await);
    let third = demo.disk().await;
    let (transfer, key) = demo.offer(&third).await;
    let id = add(&admin, json!({"disk": disk, "error": "busy"})).await;
    let get = async |path: String| {
        ask(&demo, Method::GET, &demo.path("v3", &path), None).await.unwrap().status
    };
    assert_eq!(get(format!("volumes/{disk}")).await, 503);
    assert_eq!(get(format!("cloudvolumes/{disk}")).await, 503);
    assert_eq!(get(format!("snapshots/{snapshot}")).await, 503);
    assert_eq!(get(format!("backups/{backup}")).await, 503);
    assert_eq!(get(format!("volumes/{other}")).await, 200);
    assert_eq!(get(format!("snapshots/{of_other}")).await, 200);
    assert_eq!(get("volumes".to_owned()).await, 200);
    let body = json!({"snapshot": {"volume_id": disk}});
    let path = demo.path("v3", "snapshots");
    let taken = ask(&demo, Method::POST, &path, Some(body)).await.unwrap();
    assert_eq!(taken.status, 503);
    assert_eq!(counts(&admin, &id).await, (5, 5));
    clear(&admin).await;

    let id =
        add(&admin, json!({"disk": third, "operation": "transfer.accept", "error": "full"})).await;
    let path = partner.path("v3", &format!("os-volume-transfer/{transfer}/accept"));
    let body = json!({"accept": {"auth_key": key}});
    let accepted = ask(&partner, Method::POST, &path, Some(body.clone())).await.unwrap();
    assert_eq!(accepted.status, 507);
    assert_eq!(counts(&admin, &id).await, (1, 1));
    admin.delete(&format!("{FAULTS}/{id}")).await.is_empty(204);
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);
    server.finish().await;
}

#[tokio::test]
async fn only_the_nth_call_is_met_and_a_chance_is_the_same_for_its_seed() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let met = async |rule: Value, calls: usize| {
        let id = add(&admin, rule).await;
        let mut met = Vec::new();
        for _ in 0..calls {
            met.push(show(&demo, &disk).await.unwrap().status == 503);
        }
        let fired = met.iter().filter(|met| **met).count() as u64;
        assert_eq!(counts(&admin, &id).await, (calls as u64, fired));
        clear(&admin).await;
        met
    };
    let third = json!({"operation": "disk.show", "error": "busy", "nth": 3});
    assert_eq!(met(third, 5).await, [false, false, true, false, false]);
    let two = json!({"operation": "disk.show", "error": "busy", "skip": 1, "times": 2});
    assert_eq!(met(two, 5).await, [false, true, true, false, false]);
    let chance = |seed: u32| json!({"operation": "disk.show", "error": "busy", "probability": 0.5, "seed": seed});
    let seven = met(chance(7), 32).await;
    assert_eq!(met(chance(7), 32).await, seven);
    assert_ne!(met(chance(8), 32).await, seven);
    assert!(seven.contains(&true) && seven.contains(&false));
    server.finish().await;
}

#[tokio::test]
async fn nobody_locks_himself_out_by_a_rule_about_everything() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    add(&admin, json!({"drop": "before"})).await;
    assert!(create_disk(&demo, "x").await.is_none());
    assert_eq!(admin.get("/_evs/clock").await.status, 200);
    let again = server.login("admin").await;
    assert_eq!(clear(&again).await, json!({"removed": 1}));
    assert_eq!(create_disk(&demo, "x").await.unwrap().status, 202);
    server.finish().await;
}

/// The events of a thing: action and reason.
async fn told(server: &TestServer, id: &str) -> Vec<(String, Option<String>)> {
    let sql = "SELECT action, reason FROM events WHERE resource_id = $1 ORDER BY seq";
    server.rows(sql, id).await
}

#[tokio::test]
async fn a_step_fails_at_once_or_later_and_the_events_name_the_rule() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.delays.insert("extend", TimeDelta::seconds(5));
    })
    .await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = add(&admin, json!({"fail_step": "create", "nth": 2, "project": "demo"})).await;
    let (good, bad) = (demo.disk().await, demo.disk().await);
    let statuses = (demo.disk_status(&good).await, demo.disk_status(&bad).await);
    assert_eq!((statuses.0.as_str(), statuses.1.as_str()), ("available", "error"));
    let reason = format!("fault {id} lets create of disk {bad} fail");
    let step = ("fault.fail_step".to_owned(), Some(reason));
    assert_eq!(told(&server, &bad).await, [step, ("disk.create".to_owned(), None)]);
    assert_eq!(told(&server, &good).await, [("disk.create".to_owned(), None)]);
    let messages = demo.at("3.3").get(&demo.path("v3", "messages")).await;
    assert_eq!(messages.body["messages"].as_array().unwrap().len(), 1);

    let id = add(&admin, json!({"fail_step": "*", "disk": good, "times": 1})).await;
    demo.act(&good, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&good).await, "extending");
    server.advance(TimeDelta::seconds(5));
    assert_eq!(admin.post("/_evs/progress", json!({"disk_id": good})).await.status, 200);
    assert_eq!(demo.disk_status(&good).await, "error_extending");
    assert_eq!(counts(&admin, &id).await, (1, 1));
    server.finish().await;
}

/// A disk and the backup that is made of it, or restored into it, end in one way.
#[tokio::test]
async fn what_begins_together_fails_together() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let backup = demo.backup(&disk).await;
    let id = add(&admin, json!({"fail_step": "*", "times": 1})).await;
    let failed = demo.backup(&disk).await;
    let status = async |kind: &str, name: &str, id: &str| {
        let answer = demo.get(&demo.path("v3", &format!("{kind}/{id}"))).await;
        answer.body[name]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status("backups", "backup", &failed).await, "error");
    assert_eq!(counts(&admin, &id).await, (1, 1));
    let id = add(&admin, json!({"fail_step": "restore", "times": 1})).await;
    let path = demo.path("v3", &format!("backups/{backup}/restore"));
    assert_eq!(demo.post(&path, json!({"restore": {"volume_id": disk}})).await.status, 202);
    assert_eq!(demo.disk_status(&disk).await, "error_restoring");
    assert_eq!(status("backups", "backup", &backup).await, "available");
    assert_eq!(counts(&admin, &id).await, (1, 1));
    server.finish().await;
}

#[tokio::test]
async fn a_persisted_rule_outlives_a_restart_and_one_of_the_session_does_not() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let kept = json!({"operation": "disk.create", "error": "busy", "times": 1, "persist": true});
    let kept = add(&admin, kept).await;
    add(&admin, json!({"operation": "disk.list", "error": "busy"})).await;
    assert_eq!(create_disk(&demo, "x").await.unwrap().status, 503);
    assert_eq!(create_disk(&demo, "x").await.unwrap().status, 202);
    let mut before = admin.get(&format!("{FAULTS}/{kept}")).await.body;
    assert_eq!((&before["matched"], &before["fired"]), (&json!(2), &json!(1)));

    let server = server.restart().await;
    let (admin, demo) = (admin.moved_to(&server), demo.moved_to(&server));
    (before["matched"], before["fired"]) = (json!(0), json!(0));
    admin.get(FAULTS).await.is(200, &json!({"faults": [before]}));
    assert_eq!(create_disk(&demo, "y").await.unwrap().status, 503, "it counts from the start");
    assert_eq!(clear(&admin).await, json!({"removed": 1}));
    assert_eq!(told(&server, &kept).await.len(), 2, "an event each for its coming and its going");

    let server = server.restart().await;
    let admin = admin.moved_to(&server);
    admin.get(FAULTS).await.is(200, &json!({"faults": []}));
    server.finish().await;
}

#[tokio::test]
async fn a_persisted_crash_point_is_idle_where_it_is_not_allowed() {
    let server = TestServer::start_with(|settings| settings.server.allow_crash = true).await;
    let admin = server.login("admin").await;
    let id = add(&admin, json!({"crash": "before_commit", "persist": true})).await;
    server.edit(&format!("UPDATE faults SET operation = 'disk.delete' WHERE id = '{id}'")).await;
    // By hand too: what stands in the file at the start counts.
    let server = server.restart_with(|settings| settings.server.allow_crash = false).await;
    let (admin, demo) = (admin.moved_to(&server), server.login("demo").await);
    let shown = admin.get(&format!("{FAULTS}/{id}")).await;
    assert_eq!(
        (&shown.body["operation"], &shown.body["armed"]),
        (&json!("disk.delete"), &json!(false))
    );
    let disk = demo.disk().await;
    demo.delete(&demo.path("v3", &format!("volumes/{disk}"))).await.is_empty(202);
    assert_eq!(counts(&admin, &id).await, (0, 0));
    admin.delete(&format!("{FAULTS}/{id}")).await.is_empty(204);
    server.finish().await;
}

/// The rules of a state come with it; those for the session are no part of any.
#[tokio::test]
async fn a_state_brings_its_own_rules_and_leaves_those_of_the_session() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let with_state =
        add(&admin, json!({"operation": "disk.create", "error": "busy", "persist": true})).await;
    assert_eq!(admin.send_empty_post("/_evs/state/busy").await.status, 201);
    assert_eq!(clear(&admin).await, json!({"removed": 1}));
    let of_session = add(&admin, json!({"operation": "disk.list", "delay_ms": 1})).await;
    let after =
        add(&admin, json!({"operation": "disk.show", "error": "full", "persist": true})).await;
    assert_eq!(admin.send_empty_post("/_evs/state/busy/load").await.status, 200);
    let listed = admin.get(FAULTS).await;
    let ids: Vec<&str> = listed.body["faults"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [with_state.as_str(), &of_session], "and not {after}");
    let demo = server.login("demo").await;
    assert_eq!(create_disk(&demo, "x").await.unwrap().status, 503);
    server.finish().await;
}
