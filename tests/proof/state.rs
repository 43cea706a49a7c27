//! A state that is loaded by a server that is killed meanwhile: the file is wholly the old or wholly the
//! new one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Server, evs, serve, violations};
use crate::survived::Run;
use crate::{millis, pass};

/// How many disks a state has: so many that a load takes a while.
const DISKS: usize = 1000;

/// Makes the disks of state `a`, each with its event.
const FILL: &str = "
    INSERT INTO disks (id, project_id, user_id, name, size_gib, status, disk_type, zone, bootable,
                       multiattach, encrypted, metadata, created_at)
    SELECT printf('%08x-0000-4000-8000-000000000000', value), 'atlas', 'ann', 'disk ' || value, 1,
           'available', 'SSD', 'az-sim-1', 0, 0, 0, '{\"k\": \"v\"}', '2026-11-23T07:41:05.318204Z'
    FROM (WITH RECURSIVE count (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM count LIMIT $1)
          SELECT value FROM count);
    INSERT INTO events (at, request_id, user_id, project_id, action, resource_id, disk_id, after)
    SELECT created_at, 'req-1', 'ann', 'atlas', 'disk.create', id, id,
           json_object('status', status, 'project_id', project_id, 'name', name)
    FROM disks ORDER BY id";

/// Makes of state `a` what is state `b`: every third disk is gone, every other one is larger.
const CHANGE: &str = "
    INSERT INTO events (at, request_id, user_id, project_id, action, resource_id, disk_id, before)
    SELECT created_at, 'req-2', 'ann', 'atlas', 'disk.delete', id, id,
           json_object('status', status, 'project_id', project_id, 'name', name)
    FROM disks WHERE rowid % 3 = 0;
    DELETE FROM disks WHERE rowid % 3 = 0;
    UPDATE disks SET size_gib = 2, name = 'larger ' || name WHERE rowid % 2 = 0;
    INSERT INTO quotas (project_id, key, hard_limit) VALUES ('atlas', 'volumes', 7)";

async fn open(file: &Path) -> SqliteConnection {
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

async fn edit(file: &Path, sql: &'static str) {
    let mut connection = open(file).await;
    let sql = sql.replace("$1", &DISKS.to_string());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

fn command(data: &Path, words: &str) {
    let mut command = evs();
    command.arg("--data").arg(data).arg("state").args(words.split(' ')).stdout(Stdio::null());
    assert!(command.env("EVS__LOG__FILTER", "off").status().unwrap().success(), "{words}");
}

/// What is in every table, but for what tells of loads themselves.
pub(crate) async fn digest(file: &Path) -> String {
    let mut connection = open(file).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, group_concat('\"' || c.name || '\"') FROM sqlite_schema AS t,
                pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT IN ('lineage', '_sqlx_migrations')
         GROUP BY t.name ORDER BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(columns.len() > 20, "{} tables", columns.len());
    let mut digest = Sha256::new();
    for (table, columns) in columns {
        let loads = if table == "events" { "WHERE action <> 'state.load'" } else { "" };
        let rows = format!(
            "SELECT json_group_array(row) FROM (SELECT json_array({columns}) AS row FROM {table}
             {loads} ORDER BY row)"
        );
        let rows: String =
            sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(&mut connection).await.unwrap();
        digest.update(table);
        digest.update(rows);
    }
    connection.close().await.unwrap();
    format!("{:x?}", digest.finalize())
}

/// The epoch, and the state that an event tells to have been loaded last.
async fn lineage(file: &Path) -> (i64, Option<String>) {
    let mut connection = open(file).await;
    let sql = "SELECT (SELECT epoch FROM lineage), (SELECT resource_id FROM events
               WHERE seq = (SELECT max(seq) FROM events) AND action = 'state.load')";
    let found = sqlx::query_as(sql).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    found
}

fn open_mode(data: &Path) -> Command {
    let mut command = serve(data);
    command.env("EVS__AUTH__MODE", "open").stderr(Stdio::null());
    command
}

/// Loads a state; none: there was no answer.
async fn load(server: &Server, name: &str) -> Option<Value> {
    let path = format!("{}/_evs/state/{name}/load", server.url);
    let answer = reqwest::Client::new().post(path).send().await.ok()?;
    let (status, body) = (answer.status(), answer.text().await.ok()?);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).ok()
}

/// Waits until something stands in the log, which is empty after a start; not for ever, since what is
/// loaded may be there before anybody looks.
async fn begins_to_write(data: &Path, longest: Duration) {
    let (log, start) = (data.join("evs.db-wal"), Instant::now());
    while std::fs::metadata(&log).map_or(0, |log| log.len()) == 0 && start.elapsed() < longest {
        pass(Duration::from_micros(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_is_killed_at_any_moment_leaves_the_old_or_the_new_state() {
    let run = Run::of("load of a state", 100);
    let cycles = run.count;
    let mut chance = Chance::of(run.seed);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let file = data.join("evs.db");
    let mut server = Server::start(&mut open_mode(&data)).unwrap();
    server.signal("TERM");
    server.end();
    edit(&file, FILL).await;
    command(&data, "save a");
    edit(&file, CHANGE).await;
    command(&data, "save b");
    let of = |name: &str| data.join(format!("states/{name}.db"));
    let digests = [digest(&of("a")).await, digest(&of("b")).await];
    assert_ne!(digests[0], digests[1]);

    // How long it takes, the slower of two.
    let mut server = Server::start(&mut open_mode(&data)).unwrap();
    let mut time = Duration::ZERO;
    for name in ["a", "b"] {
        let start = Instant::now();
        load(&server, name).await.unwrap();
        time = time.max(start.elapsed());
    }

    let (mut now, mut epoch) = (1, 3);
    let (mut old, mut new, mut within, mut answered) = (0, 0, 0, 0);
    let longest_ms = u64::try_from(time.as_millis()).unwrap() * 12 / 10 + 1;
    for cycle in 0..cycles {
        let next = 1 - now;
        let name = ["a", "b"][next];
        // Every other one at any moment, the others soon after the transaction has begun to write.
        let (anywhere, soon) = (millis(&mut chance, 0, longest_ms), millis(&mut chance, 0, 4));
        let (answer, ()) = tokio::join!(load(&server, name), async {
            if cycle % 2 == 0 {
                pass(anywhere).await;
            } else {
                begins_to_write(&data, 4 * time).await;
                pass(soon).await;
            }
            server.signal("KILL");
        });
        server.end();
        let log = std::fs::metadata(data.join("evs.db-wal")).map_or(0, |log| log.len());
        let found = digest(&file).await;
        let (is_epoch, loaded) = lineage(&file).await;
        if found == digests[next] {
            (now, new, epoch) = (next, new + 1, epoch + 1);
            answered += usize::from(answer.is_some());
        } else {
            assert_eq!(found, digests[now], "cycle {cycle}: neither the old nor the new state");
            assert!(answer.is_none(), "cycle {cycle}: {answer:?} was answered and is not there");
            old += 1;
            within += usize::from(log > 0);
        }
        let is_now = Some(["a", "b"][now].to_owned());
        assert_eq!((is_epoch, loaded), (epoch, is_now), "cycle {cycle}");
        assert_eq!(violations(&data).await, Vec::<String>::new(), "cycle {cycle}");
        server = Server::start(&mut open_mode(&data)).unwrap();
        let states: Vec<_> = std::fs::read_dir(data.join("states"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(states.len(), 2, "cycle {cycle}: {states:?}");
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!([digest(&of("a")).await, digest(&of("b")).await], digests);
    assert!(cycles < 20 || old > 0 && new > 0, "{old} old, {new} new");
    let result = format!(
        "{old} found the old state, {within} of them in the middle of its transaction, {new} the \
         new one, {answered} of them after its answer; a load took {time:.0?}"
    );
    run.survived(cycles, &result);
}
