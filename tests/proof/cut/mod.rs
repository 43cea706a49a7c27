//! Connections that are cut, slow, wrong or full of requests: each write is whole or absent, nothing of
//! them is left over, and whoever comes later is answered.

mod answers;
mod cases;
mod wire;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::vitals::{Vitals, at_rest, panics};
use answers::Known;
use cases::{Asker, Case, Left};

/// Who cuts, at the same time.
const CUTTERS: usize = 12;
/// So many cases make the server warm, once again.
const WARM: usize = 500;
/// Good requests afterwards, and by how many clients.
const GOOD: usize = 1000;
const CLIENTS: usize = 4;
/// By how much more memory it may take after all of it than when it was warm.
const MEMORY_BOUND_KIB: u64 = 12 * 1024;
/// Threads that the runtime makes for work with files, and ends when there is none.
const THREADS_BOUND: u64 = 4;
/// How long the server waits for what does not come.
const PATIENCE_S: &str = "2";

/// What was done, of which kinds, and what went wrong with which seed.
#[derive(Debug, Default)]
struct Outcome {
    left: Left,
    kinds: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

/// Cuts with all threads until every case of these was done.
fn cut_all(who: &Asker, first: u64, cases: usize) -> Outcome {
    let (next, outcome) = (AtomicUsize::new(0), Mutex::new(Outcome::default()));
    std::thread::scope(|scope| {
        for _ in 0..CUTTERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= cases {
                        return;
                    }
                    let seed = first.wrapping_add(u64::try_from(number).unwrap());
                    let (kind, done) = Case::of(who, seed).run();
                    let mut outcome = outcome.lock().unwrap();
                    *outcome.kinds.entry(kind).or_default() += 1;
                    match done {
                        Ok(left) => outcome.left.extend(left),
                        Err(why) => {
                            outcome.wrong.push(format!("EVS_PROOF_SEED={seed} {kind}: {why}"));
                        }
                    }
                }
            });
        }
    });
    outcome.into_inner().unwrap()
}

/// How often each name is there, among the disks that are whole.
async fn whole_disks(data: &Path) -> BTreeMap<String, i64> {
    let options = SqliteConnectOptions::new().filename(data.join("evs.db"));
    let mut connection = options.connect().await.unwrap();
    // Whole: with all that was asked for, and with the event that tells of it.
    let rows: Vec<(String, i64, i64)> = sqlx::query_as(
        "SELECT d.name, count(*), sum(d.size_gib = 3 AND d.metadata ->> 'k' = 'v'
                    AND (SELECT count(*) FROM events AS e
                         WHERE e.disk_id = d.id AND e.action = 'disk.create') = 1)
         FROM disks AS d WHERE d.name LIKE 'cut %' GROUP BY d.name",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    rows.into_iter()
        .map(|(name, count, whole)| {
            assert_eq!(count, whole, "{name} is half there");
            (name, count)
        })
        .collect()
}

/// Good requests, one after the other by each client; how many.
async fn good_requests(url: &str) -> usize {
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let client = Client::login(url, "demo").await;
        clients.spawn(async move {
            for _ in 0..GOOD / CLIENTS / 4 {
                let made = client.create_disk("good").await.unwrap();
                assert_eq!(made.status, 202, "{}", made.body);
                let path = format!("volumes/{}", text(&made.body, "volume", "id"));
                for (method, status) in [(Method::GET, 200), (Method::DELETE, 202)] {
                    let url = client.own(&path);
                    let answer = client.send(method, &url, None).await.unwrap();
                    assert_eq!(answer.status, status, "{}", answer.body);
                }
                assert_eq!(client.get("volumes?limit=5").await.unwrap().status, 200);
            }
        });
    }
    clients.join_all().await;
    GOOD
}

/// A disk of which nobody is told anything.
async fn silent_disk(url: &str, demo: &Client) -> String {
    let made = demo.create_disk("silent").await.unwrap();
    let disk = text(&made.body, "volume", "id");
    let admin = Client::login(url, "admin").await;
    let rule = json!({"operation": "disk.show", "disk": disk, "drop": "after"});
    let armed = admin.send(Method::POST, &format!("{url}/_evs/faults"), Some(rule)).await.unwrap();
    assert_eq!(armed.status, 201, "{}", armed.body);
    disk
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_cut_at_any_byte_and_time_leave_whole_writes_and_nothing_else() {
    let run = Run::of("cut requests", 10_000);
    let home = TempDir::new().unwrap();
    let (data, log) = (home.path().join("data"), home.path().join("log"));
    let mut command = serve(&data);
    command.env("EVS__SERVER__REQUEST_TIMEOUT_S", PATIENCE_S);
    let mut server = Server::start(command.stderr(File::create(&log).unwrap())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let dropped = silent_disk(&server.url, &demo).await;
    let address = server.url.trim_start_matches("http://").parse().unwrap();
    let (project, token) = (demo.project.clone(), demo.token.clone());
    drop(demo);
    let who = Asker { address, project, token, dropped };

    // The same cases twice would make the same names: these have other seeds.
    let (first, warm) = (run.seed ^ (1 << 63), WARM.min(run.count));
    let warm = tokio::task::block_in_place(|| cut_all(&who, first, warm));
    good_requests(&server.url).await;
    let before = at_rest(server.pid()).await;
    let done = tokio::task::block_in_place(|| cut_all(&who, run.seed, run.count));
    let good = good_requests(&server.url).await;
    let after = at_rest(server.pid()).await;

    assert_eq!([warm.wrong, done.wrong].concat(), Vec::<String>::new());
    assert_eq!(after.open, before.open, "descriptors when nobody is connected");
    let [before, after] = [before, after].map(|rest| rest.vitals);
    let Vitals { memory_kib, threads, descriptors } = before;
    assert!(after.threads <= threads + THREADS_BOUND, "{before:?} {after:?}");
    assert!(after.memory_kib <= memory_kib + MEMORY_BOUND_KIB, "{before:?} {after:?}");
    // A write that nobody waited for ends before the server does.
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
    assert_eq!(panics(&log), Vec::<String>::new());
    let logged = std::fs::read_to_string(&log).unwrap();
    let errors: Vec<_> = logged.lines().filter(|line| line.contains(" ERROR ")).collect();
    assert_eq!(errors, Vec::<&str>::new(), "none of it is anything for whoever runs the server");

    let mut found = whole_disks(&data).await;
    let (mut answered, mut unanswered, mut absent) = (0, 0, 0);
    for (name, known) in warm.left.iter().chain(&done.left) {
        match (known, found.remove(name)) {
            (Known::Done, Some(1)) => answered += 1,
            (Known::Unknown, Some(1)) => unanswered += 1,
            (Known::Unknown | Known::Refused, None) => absent += 1,
            (known, found) => panic!("{name}: {known:?}, and there {found:?} times"),
        }
    }
    assert_eq!(found, BTreeMap::new(), "disks that nobody asked for");
    let kinds: Vec<_> = done.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    run.survived(
        run.count,
        &format!(
            "{answered} writes answered and there, {unanswered} not answered and whole, {absent} \
             absent; then {good} good requests without an error; descriptors {descriptors} before and {} \
             after, memory {} and {} MiB, threads {threads} and {}; {}",
            after.descriptors,
            memory_kib / 1024,
            after.memory_kib / 1024,
            after.threads,
            kinds.join(", ")
        ),
    );
}
