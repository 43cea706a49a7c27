//! The list of a policy's tasks.

use serde_json::{Value, json};

use super::default_of;
use crate::disks::ABSENT;
use crate::support::{Client, TestServer};

/// Changes rows by hand.
async fn run(server: &TestServer, sql: &str) {
    use sqlx::Connection as _;
    let mut tester = server.tester().await;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
}

/// Rows as a policy's runs leave them: one of each status, a second apart.
async fn with_tasks(server: &TestServer, demo: &Client) -> (String, String) {
    let (policy, disk) = (demo.policy("nightly", "OFF").await, demo.disk().await);
    let ended = |status: &str| !["waiting", "running"].contains(&status);
    for (n, status) in
        ["waiting", "running", "success", "fail", "timeout", "skip"].iter().enumerate()
    {
        let made = format!("2026-11-23T02:00:0{n}.467999Z");
        let finished = if ended(status) { format!("'{made}'") } else { "NULL".to_owned() };
        let backup = if n == 1 || n == 2 {
            format!("'{ABSENT}', 'autobk_{n}'")
        } else {
            "NULL, NULL".to_owned()
        };
        let why = if n == 3 { "'AutoBackup.0218', 'no'" } else { "NULL, NULL" };
        server
            .edit(&format!(
                "INSERT INTO policy_tasks VALUES ('{n:032}', '{policy}', '{disk}', '{made}',
                 0, '{status}', {backup}, {why}, '{made}', {finished})"
            ))
            .await;
    }
    (policy, disk)
}

fn task(n: usize, disk: &str) -> Value {
    let words =
        ["WAITING", "RUNNING", "EXECUTE_SUCCESS", "EXECUTE_FAIL", "EXECUTE_TIMEOUT", "SKIP"];
    let made = format!("2026-11-23T02:00:0{n}.467");
    let mut task = json!({
        "job_id": format!("{n:032}"),
        "status": words[n],
        "created_at": made,
        "finished_at": (n > 1).then_some(made),
        "backup_name": (n == 1 || n == 2).then(|| format!("autobk_{n}")),
        "resource_id": disk,
        "resource_type": "volume",
        "vbs_job_id": null,
    });
    if n == 3 {
        task["code"] = "AutoBackup.0218".into();
        task["message"] = "no".into();
    }
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_newest_first_narrowed_and_in_pages() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (policy, disk) = with_tasks(&server, &demo).await;
    let path = demo.path("v2", &format!("backuppolicy/{policy}/backuptasks"));
    let one = format!("{:032}", 1);
    let (after, of_one) = (format!("?marker={one}"), format!("?job_id={one}"));
    for (query, count, listed) in [
        ("", 6, &[5, 4, 3, 2, 1, 0][..]),
        ("?sort_dir=desc&sort_key=created_at", 6, &[5, 4, 3, 2, 1, 0]),
        ("?sort_dir=asc", 6, &[0, 1, 2, 3, 4, 5]),
        ("?limit=2&offset=1", 6, &[4, 3]),
        ("?limit=0", 6, &[5, 4, 3, 2, 1, 0]),
        ("?offset=9", 6, &[]),
        (&after, 6, &[0]),
        ("?status=WAITING", 1, &[0]),
        ("?status=EXECUTE_FAIL", 1, &[3]),
        (&of_one, 1, &[1]),
        ("?job_id=x", 0, &[]),
        ("?job_id=", 0, &[]),
    ] {
        let tasks: Vec<Value> = listed.iter().map(|n| task(*n, &disk)).collect();
        let expected = json!({"count": count, "tasks": tasks});
        demo.get(&format!("{path}{query}")).await.is(200, &expected);
    }
    run(&server, "DELETE FROM policy_tasks WHERE status IN ('waiting', 'running')").await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_tasks_are_a_page_and_policies_know_their_own_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (policy, _) = with_tasks(&server, &demo).await;
    run(
        &server,
        "DELETE FROM policy_tasks WHERE status <> 'skip';
             WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 40)
             INSERT INTO policy_tasks SELECT printf('%032d', n.n), policy_id, disk_id, due_at,
                 scheduled, status, backup_id, backup_name, code, message, created_at, finished_at
             FROM policy_tasks, n",
    )
    .await;
    let path = demo.path("v2", &format!("backuppolicy/{policy}/backuptasks"));
    let all = demo.get(&path).await;
    assert_eq!((&all.body["count"], all.body["tasks"].as_array().unwrap().len()), (&json!(32), 20));
    let (other, _) = default_of(&demo).await;
    let others = demo.path("v2", &format!("backuppolicy/{other}/backuptasks"));
    demo.get(&others).await.is(200, &json!({"count": 0, "tasks": []}));
    for (path, marker) in [(&path, "x".to_owned()), (&others, format!("{:032}", 12))] {
        let message = format!("Task {marker} could not be found.");
        let answer = demo.get(&format!("{path}?marker={marker}")).await;
        answer.is_evs_fault(404, "EVS.5404", &message);
    }
    for (query, message) in [
        ("limit=x", "limit param must be an integer"),
        ("limit=-1", "limit param must be positive"),
        ("offset=-1", "offset must be >= 0"),
        ("sort_key=status", "Invalid input received: Sort key supplied is invalid: status"),
        ("sort_dir=up", "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'."),
        (
            "status=DONE",
            "status must be one of WAITING, RUNNING, EXECUTE_SUCCESS, EXECUTE_FAIL, \
             EXECUTE_TIMEOUT, SKIP",
        ),
    ] {
        let answer = demo.get(&format!("{path}?{query}")).await;
        answer.is_evs_fault(400, "EVS.5400", message);
    }
    server.finish().await;
}
