//! A clock that is set ahead, and servers that are killed meanwhile: it never goes back, and what it
//! comes by happens at its moment, once.

use std::process::{Command, Stdio};

use chrono::{NaiveDateTime, TimeDelta};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::{millis, pass};

const DISKS: usize = 60;

/// How long it takes to make one: long beside the time that the test takes.
const DELAY: TimeDelta = TimeDelta::hours(1);

fn slow(command: &mut Command) -> &mut Command {
    let delay_ms = DELAY.num_milliseconds().to_string();
    command.env("EVS__SIMULATION__CREATE_DELAY_MS", delay_ms).stderr(Stdio::null())
}

async fn steer(admin: &Client, change: Value) -> reqwest::Result<Value> {
    let path = format!("{}/_evs/clock", admin.url);
    let answer = admin.send(Method::POST, &path, Some(change)).await?;
    assert_eq!(answer.status, 200, "{}", answer.body);
    Ok(answer.body)
}

/// What the clock shows; it stands still.
async fn shown(admin: &Client) -> String {
    let answer = admin.send(Method::GET, &format!("{}/_evs/clock", admin.url), None).await.unwrap();
    assert_eq!(answer.body["mode"], "frozen", "{}", answer.body);
    answer.body["now"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_clock_comes_by_happens_at_its_moment_however_often_the_server_is_killed() {
    let run = Run::of("clock", 1);
    let mut chance = Chance::of(run.seed);
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(slow(&mut serve(&data))).unwrap();
    let mut admin = Client::login(&server.url, "admin").await;
    steer(&admin, json!({"freeze": true})).await.unwrap();
    let mut disks = Vec::new();
    for number in 0..DISKS {
        let made = admin.create_disk(&format!("disk {number}")).await.unwrap();
        disks.push(text(&made.body, "volume", "id"));
        steer(&admin, json!({"advance_s": 10})).await.unwrap();
    }
    let mut now = shown(&admin).await;
    let target: NaiveDateTime = now.trim_end_matches('Z').parse().unwrap();
    let target = (target + DELAY).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();

    let (mut kills, mut stops) = (0, 0);
    while now != target {
        let moment = millis(&mut chance, 1, 30);
        let (_, ()) = tokio::join!(steer(&admin, json!({"set": target})), async {
            pass(moment).await;
            server.signal("KILL");
        });
        server.end();
        kills += 1;
        assert_eq!(violations(&data).await, Vec::<String>::new());
        server = Server::start(slow(&mut serve(&data))).unwrap();
        admin = admin.moved_to(&server.url);
        let then = shown(&admin).await;
        assert!(now <= then && then <= target, "{now}, {then}, {target}");
        stops += usize::from(now < then && then < target);
        now = then;
        assert!(kills < 1000, "the clock never comes there");
    }
    for id in disks {
        let disk = admin.get(&format!("volumes/{id}")).await.unwrap().body;
        assert_eq!(disk["volume"]["status"], "available");
        let time = |name| text(&disk, "volume", name).parse::<NaiveDateTime>().unwrap();
        assert_eq!(time("updated_at") - time("created_at"), DELAY, "disk {id}");
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
    assert!(stops > 0, "no kill met the clock on its way");
    run.survived(kills, &format!("{stops} of them on the way of the clock"));
}
