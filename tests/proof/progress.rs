//! What takes time, and servers that are killed meanwhile: everything comes to its end, once.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::world::opened_copy;
use crate::{millis, pass};

/// How long every operation takes.
const DELAY_MS: &str = "120";

/// What a client knows of one disk: the size it must have in the end, or none if it must be gone.
type Known = BTreeMap<String, Option<i64>>;

fn slow(command: &mut Command) -> &mut Command {
    for operation in ["CREATE", "EXTEND", "DELETE"] {
        command.env(format!("EVS__SIMULATION__{operation}_DELAY_MS"), DELAY_MS);
    }
    command.stderr(Stdio::null())
}

/// Makes disks, lets them grow and removes them until the server no longer answers. A disk whose
/// last request got no answer is forgotten: it may have come to either end.
async fn work(client: &Client, known: &mut Known) {
    for round in 0.. {
        let Ok(made) = client.create_disk(&format!("disk {round}")).await else { return };
        assert_eq!(made.status, 202, "{}", made.body);
        known.insert(text(&made.body, "volume", "id"), Some(1));
        let ids: Vec<String> = known.keys().cloned().collect();
        for id in ids.iter().rev().take(4) {
            let grow = round % 3 != 0;
            let answer = if grow {
                let body = json!({"os-extend": {"new_size": 2}});
                let url = client.own(&format!("volumes/{id}/action"));
                client.send(Method::POST, &url, Some(body)).await
            } else {
                client.send(Method::DELETE, &client.own(&format!("volumes/{id}")), None).await
            };
            match answer.map(|answer| answer.status) {
                Ok(202) => drop(known.insert(id.clone(), grow.then_some(2))),
                // It is still busy with something else, or gone, or large enough.
                Ok(400 | 404) => {}
                Ok(status) => panic!("{status}"),
                Err(_) => {
                    known.remove(id);
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_status_that_takes_time_outlives_its_time_across_kills() {
    let run = Run::of("due work", 25);
    let cycles = run.count;
    let mut chance = Chance::of(run.seed);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut known = Known::new();
    let mut server = Server::start(slow(&mut serve(&data))).unwrap();
    let mut demo = Client::login(&server.url, "demo").await;
    let mut caught = 0;
    for _ in 0..cycles {
        let moment = millis(&mut chance, 20, 200);
        tokio::join!(work(&demo, &mut known), async {
            pass(moment).await;
            server.signal("KILL");
        });
        server.end();
        assert_eq!(violations(&data).await, Vec::<String>::new());
        caught += under_way(&data).await;
        server = Server::start(slow(&mut serve(&data))).unwrap();
        demo = demo.moved_to(&server.url);
        settle(&demo, &known).await;
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
    assert!(caught > 0, "no kill met anything under way");
    let disks = known.len();
    run.survived(cycles, &format!("{disks} disks, {caught} found in a status that takes time"));
}

/// How many disks a kill left in a status that takes time.
async fn under_way(data: &Path) -> i64 {
    let (_copy, mut connection) = opened_copy(data).await;
    let count = "SELECT count(*) FROM disks WHERE status IN ('creating', 'extending', 'deleting')";
    let count = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

/// Waits until everything that was answered has come to its end, and asserts which.
async fn settle(client: &Client, known: &Known) {
    let deadline = Instant::now() + Duration::from_secs(20);
    for (id, end) in known {
        loop {
            let answer = client.get(&format!("volumes/{id}")).await.unwrap();
            let status = (answer.status == 200).then(|| text(&answer.body, "volume", "status"));
            match (status.as_deref(), end) {
                (None, None) => break,
                (Some("available"), Some(size)) => {
                    assert_eq!(answer.body["volume"]["size"], *size, "disk {id}");
                    break;
                }
                (Some("creating" | "extending" | "deleting"), _) => {}
                other => panic!("disk {id}: {other:?}"),
            }
            assert!(Instant::now() < deadline, "disk {id} does not come to its end");
            pass(Duration::from_millis(5)).await;
        }
    }
}
