//! Backup policies that run while their server is killed: every run that was answered makes one
//! backup of each disk, never two, and no more are kept than shall be.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Answer, Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::world::opened_copy;
use crate::{millis, pass};

/// How many disks the policy has.
const DISKS: u64 = 6;

/// How many backups of each disk it keeps.
const KEPT: usize = 2;

fn slow(data: &Path) -> Command {
    let mut command = serve(data);
    command.env("EVS__SIMULATION__BACKUP_DELAY_MS", "60");
    command.env("EVS__SIMULATION__DELETE_BACKUP_DELAY_MS", "30");
    command.stderr(Stdio::null());
    command
}

/// A call of the backup service.
async fn call(
    client: &Client,
    method: Method,
    rest: &str,
    body: Option<Value>,
) -> reqwest::Result<Answer> {
    let url = client.own(rest).replace("/v3/", "/v2/");
    client.send(method, &url, body).await
}

/// A policy with its disks; its id.
async fn policy(client: &Client) -> String {
    let body = json!({"backup_policy_name": "by-hand", "scheduled_policy": {
        "start_time": "02:00", "frequency": 30, "rentention_num": KEPT, "status": "OFF",
    }});
    let made = call(client, Method::POST, "backuppolicy", Some(body)).await.unwrap();
    let id = made.body["backup_policy_id"].as_str().unwrap().to_owned();
    let mut resources = Vec::new();
    for number in 0..DISKS {
        let disk = client.create_disk(&format!("disk {number}")).await.unwrap();
        let disk = text(&disk.body, "volume", "id");
        resources.push(json!({"resource_id": disk, "resource_type": "volume"}));
    }
    while !client.get("volumes?status=creating").await.unwrap().body["volumes"]
        .as_array()
        .unwrap()
        .is_empty()
    {
        pass(Duration::from_millis(5)).await;
    }
    let body = json!({"backup_policy_id": id, "resources": resources});
    let bound = call(client, Method::POST, "backuppolicyresources", Some(body)).await.unwrap();
    assert_eq!(bound.body["fail_resources"], json!([]), "{}", bound.body);
    id
}

/// Runs the policy again and again until the server no longer answers: how often it said yes, and
/// whether the last answer did not come.
async fn run(client: &Client, policy: &str) -> (u64, u64) {
    let mut accepted = 0;
    loop {
        let action = format!("backuppolicy/{policy}/action");
        match call(client, Method::POST, &action, None).await.map(|answer| answer.status) {
            Ok(204) => accepted += 1,
            // The run before it is not over.
            Ok(400) => pass(Duration::from_millis(2)).await,
            Ok(status) => panic!("{status}"),
            Err(_) => return (accepted, 1),
        }
    }
}

/// How many tasks of the policy stand so; all of them, without a word.
async fn tasks(client: &Client, policy: &str, status: &str) -> u64 {
    let rest = format!("backuppolicy/{policy}/backuptasks?limit=1&status={status}");
    call(client, Method::GET, &rest, None).await.unwrap().body["count"].as_u64().unwrap()
}

/// How many tasks a kill left that were not over.
async fn not_over(data: &Path) -> i64 {
    let (_copy, mut connection) = opened_copy(data).await;
    let count = "SELECT count(*) FROM policy_tasks WHERE status IN ('waiting', 'running')";
    let count = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_answered_backs_each_disk_up_once_across_kills() {
    let proof = Run::of("policies", 25);
    let mut chance = Chance::of(proof.seed);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(&mut slow(&data)).unwrap();
    let mut demo = Client::login(&server.url, "demo").await;
    let policy = policy(&demo).await;
    let (mut accepted, mut unanswered, mut caught) = (0, 0, 0);
    for _ in 0..proof.count {
        let moment = millis(&mut chance, 20, 200);
        let ((more, open), ()) = tokio::join!(run(&demo, &policy), async {
            pass(moment).await;
            server.signal("KILL");
        });
        (accepted, unanswered) = (accepted + more, unanswered + open);
        server.end();
        assert_eq!(violations(&data).await, Vec::<String>::new());
        // Counted before the next start, in which they may come to their end.
        caught += not_over(&data).await;
        server = Server::start(&mut slow(&data)).unwrap();
        demo = demo.moved_to(&server.url);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let (waiting, running) =
                (tasks(&demo, &policy, "WAITING").await, tasks(&demo, &policy, "RUNNING").await);
            if waiting + running == 0 {
                break;
            }
            assert!(Instant::now() < deadline, "{waiting} wait and {running} run for ever");
            pass(Duration::from_millis(5)).await;
        }
        let (all, worked) =
            (tasks(&demo, &policy, "").await, tasks(&demo, &policy, "EXECUTE_SUCCESS").await);
        assert_eq!(all, worked, "every task came to a backup");
        assert_eq!(all % DISKS, 0, "a run has a task for each disk or none");
        let runs = all / DISKS;
        assert!((accepted..=accepted + unanswered).contains(&runs), "{accepted} and {runs}");
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = demo.get("backups").await.unwrap().body["backups"].as_array().unwrap().len();
        if left as u64 == DISKS * KEPT as u64 {
            break;
        }
        assert!(Instant::now() < deadline, "{left} backups are left");
        pass(Duration::from_millis(5)).await;
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
    assert!(caught > 0, "no kill met a run");
    let result = format!("{accepted} runs, {caught} tasks found that were not over");
    proof.survived(proof.count, &result);
}
