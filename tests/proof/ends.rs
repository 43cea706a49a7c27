//! Other ends than a kill under load: a stop, a kill of the very first start, a client that goes away.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::world::World;
use crate::{millis, pass};

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_finishes_the_writes_under_way() {
    let run = Run::of("stops", 3);
    let mut world = World::new(run.seed);
    for _ in 0..run.count {
        let (mut server, projects) = world.start().await;
        let moment = millis(&mut world.chance, 50, 300);
        world
            .work(&projects, async {
                pass(moment).await;
                server.signal("TERM");
            })
            .await;
        let (status, rest) = server.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""), "{status}");
        let log = world.data().join("evs.db-wal");
        assert_eq!(std::fs::metadata(log).map_or(0, |log| log.len()), 0, "the main file is whole");

        let (_server, projects) = world.start().await;
        world.check(&projects).await;
    }
    let answered = world.answered();
    assert!(answered > 10 * run.count, "{answered} answers");
    run.survived(run.count, &format!("{answered} answers, each there after the stop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_killed_at_any_moment_does_not_hinder_the_next() {
    let run = Run::of("first starts", 40);
    let mut chance = Chance::of(run.seed);
    let mut cut = 0;
    for _ in 0..run.count {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        let mut command = serve(&data);
        let mut first = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        pass(millis(&mut chance, 0, 60)).await;
        first.kill().unwrap();
        let printed = first.wait_with_output().unwrap().stdout;
        cut += usize::from(printed.is_empty());

        let mut server = Server::start(serve(&data).stderr(Stdio::null())).unwrap();
        let demo = Client::login(&server.url, "demo").await;
        assert_eq!(demo.create_disk("first").await.unwrap().status, 202);
        server.signal("TERM");
        assert_eq!(server.end().0.code(), Some(0));
        assert_eq!(violations(&data).await, Vec::<String>::new());
    }
    assert!(cut > run.count / 8, "only {cut} starts were cut");
    run.survived(run.count, &format!("{cut} of them before the server had said that it serves"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_does_not_cancel_its_write() {
    const DISKS: usize = 12;
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut command = serve(&data);
    // A hash takes long enough for the connection to be gone before the write begins.
    command.env("EVS__TRANSFERS__KEY_MEMORY_KIB", "65536").stderr(Stdio::null());
    let server = Server::start(&mut command).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let mut disks = vec![];
    for number in 0..DISKS {
        let answer = demo.create_disk(&format!("disk {number}")).await.unwrap();
        disks.push(text(&answer.body, "volume", "id"));
    }

    for (number, disk) in disks.iter().enumerate() {
        let body = json!({"transfer": {"volume_id": disk}}).to_string();
        let head = format!(
            "POST /v3/{}/os-volume-transfer HTTP/1.1\r\nHost: evs\r\nX-Auth-Token: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            demo.project,
            demo.token,
            body.len()
        );
        let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        if number % 2 == 0 {
            stream.shutdown(Shutdown::Write).unwrap();
        }
        drop(stream);
    }

    let deadline = Instant::now() + Duration::from_secs(20);
    for disk in &disks {
        let path = format!("volumes/{disk}");
        loop {
            let answer = demo.get(&path).await.unwrap();
            match text(&answer.body, "volume", "status").as_str() {
                "awaiting-transfer" => break,
                status => assert_eq!(status, "available"),
            }
            assert!(Instant::now() < deadline, "the write of disk {disk} did not arrive");
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(violations(&data).await, Vec::<String>::new());
}
