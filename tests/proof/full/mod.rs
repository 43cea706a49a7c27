//! No room is left on the disk: writes are refused with 507 and a sentence, reads go on, what was
//! answered stays, and once there is room again everything goes on by itself.

mod hands;
mod world;

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::chance::Chance;
use crate::pass;
use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::world::started;
use hands::Hands;
use world::{Dialect, Filler, command, is_refusal, metric, small_world, statuses};

/// How often the server ends in a round in which no room is left: one in so many.
const ENDS: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_of_and_survived_again_and_again() {
    let name = "a_full_disk_is_told_of_and_survived_again_and_again";
    let Some(world) = small_world(name) else { return };
    let run = Run::of("full disk", 200);
    let mut chance = Chance::of(run.seed);
    let mut server = Server::start(&mut command(&world)).unwrap();
    let mut hands = Hands::login(&server.url).await;
    let (mut refusals, mut counted, mut starts, mut no_starts) = (0, 0, 0, 0);
    for round in 0..run.count {
        for _ in 0..chance.below(3) {
            assert!(hands.write(&mut chance).await, "round {round}: there is room");
        }
        let filler = Filler::of(&world);
        let mut refused = 0;
        // What is left of the log may take some.
        for _ in 0..400 {
            refused += usize::from(!hands.write(&mut chance).await);
            if refused == 4 {
                break;
            }
        }
        assert_eq!(refused, 4, "round {round}: the disk is not full");
        refusals += refused;
        counted += refused as u64;
        assert_eq!(metric(&server, "evs_no_space_answers_total").await, counted, "round {round}");
        hands.check().await;
        if chance.below(ENDS) == 0 {
            let name = ["KILL", "TERM"][chance.below(2)];
            server.signal(name);
            server.end();
            // What lies there already may be room enough to look, or not.
            match started(&mut serve(&world.join("data"))) {
                Ok(again) => {
                    starts += 1;
                    hands.move_to(&again.url);
                    hands.check().await;
                }
                Err(said) => {
                    no_starts += 1;
                    assert!(said.contains("no space is left"), "round {round}, {name}: {said}");
                }
            }
            drop(filler);
            server = Server::start(&mut command(&world)).unwrap();
            hands.move_to(&server.url);
            counted = 0;
        } else {
            drop(filler);
        }
        // By itself, at once.
        assert!(hands.write(&mut chance).await, "round {round}: there is room again");
        if chance.below(8) == 0 {
            assert_eq!(violations(&world.join("data")).await, Vec::<String>::new());
        }
    }
    hands.check().await;
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.join("data")).await, Vec::<String>::new());
    let log = std::fs::read_to_string(world.join("log")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
    let result = format!(
        "{refusals} writes refused with 507 in three dialects, {} answers all kept; on a full disk the \
         server was started {starts} times and said {no_starts} times that no space is left",
        hands.answered
    );
    run.survived(run.count, &result);
}

/// A server on a world with some disks in it.
async fn with_disks(world: &Path, setting: (&str, &str)) -> (Server, Client, Vec<String>) {
    let mut serve = command(world);
    let server = Server::start(serve.env(setting.0, setting.1)).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let mut disks = vec![];
    for number in 0..40 {
        let made = demo.create_disk(&format!("disk {number}")).await.unwrap();
        disks.push(text(&made.body, "volume", "id"));
    }
    (server, demo, disks)
}

/// Fills the world up, and the log of the database too.
async fn fill(world: &Path, demo: &Client) -> Filler {
    let filler = Filler::of(world);
    for _ in 0..400 {
        if is_refusal(&demo.create_disk("one more").await.unwrap(), Dialect::OpenStack) {
            return filler;
        }
    }
    panic!("the disk is not full");
}

/// Waits until something holds; fails if it does not within the time that is good enough.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_mins(1), "{what}");
        pass(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_while_no_room_is_left_is_done_when_there_is() {
    let name = "what_is_due_while_no_room_is_left_is_done_when_there_is";
    let Some(world) = small_world(name) else { return };
    let delay = ("EVS__SIMULATION__EXTEND_DELAY_MS", "700");
    let (mut server, demo, disks) = with_disks(&world, delay).await;
    let body = json!({"os-extend": {"new_size": 2}});
    let path = demo.own(&format!("volumes/{}/action", disks[0]));
    assert_eq!(demo.send(Method::POST, &path, Some(body)).await.unwrap().status, 202);
    let (demo, disk) = (&demo, &disks[0]);
    let status = || async { statuses(demo).await[disk].clone() };
    let filler = fill(&world, demo).await;
    assert_eq!(status().await, "extending");
    pass(Duration::from_millis(1500)).await;
    assert_eq!(status().await, "extending", "it is due and cannot be ended");
    drop(filler);
    until("the extension does not end", || async { status().await == "available" }).await;
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.join("data")).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_found_no_room_in_the_main_file_is_moved_there_when_there_is() {
    let name = "a_log_that_found_no_room_in_the_main_file_is_moved_there_when_there_is";
    let Some(world) = small_world(name) else { return };
    let (mut server, demo, disks) = with_disks(&world, ("EVS__LOG__FORMAT", "human")).await;
    let filler = fill(&world, &demo).await;
    let log = world.join("data/evs.db-wal");
    let length = || std::fs::metadata(&log).map_or(0, |log| log.len());
    // The writer idles for longer than it takes to try.
    pass(Duration::from_millis(2500)).await;
    assert!(length() > 0, "the log was moved although no room was left");
    assert!(statuses(&demo).await.len() >= disks.len());
    drop(filler);
    // Nobody writes, and yet the main file alone is soon all there is.
    until("the log is not moved", || async { length() == 0 }).await;
    let log = std::fs::read_to_string(world.join("log")).unwrap();
    let told = log.lines().filter(|line| line.contains("was not moved into the main file")).count();
    assert!(told <= 1, "it is told once: {log}");
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.join("data")).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_state_can_be_removed_to_make_room() {
    let name = "a_saved_state_can_be_removed_to_make_room";
    let Some(world) = small_world(name) else { return };
    let (mut server, demo, disks) = with_disks(&world, ("EVS__LOG__FORMAT", "human")).await;
    let admin = Client::login(&server.url, "admin").await;
    let state = format!("{}/_evs/state/ballast", server.url);
    let saved = admin.send(Method::POST, &state, None).await.unwrap();
    assert_eq!(saved.status, 201, "{}", saved.body);
    let filler = fill(&world, &demo).await;
    let again = format!("{}/_evs/state/another", server.url);
    assert!(is_refusal(&admin.send(Method::POST, &again, None).await.unwrap(), Dialect::OpenStack));
    let delete = demo.own(&format!("volumes/{}", disks[0]));
    let gone = demo.send(Method::DELETE, &delete, None).await.unwrap();
    assert!(is_refusal(&gone, Dialect::OpenStack), "a change needs room in the log first");
    // This one does not: the way out of a disk that is full of what we put there ourselves.
    assert_eq!(admin.send(Method::DELETE, &state, None).await.unwrap().status, 204);
    assert_eq!(demo.send(Method::DELETE, &delete, None).await.unwrap().status, 202);
    assert_eq!(demo.create_disk("in the room").await.unwrap().status, 202);
    drop(filler);
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.join("data")).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_on_a_full_disk_says_so_and_the_next_one_succeeds() {
    let name = "a_first_start_on_a_full_disk_says_so_and_the_next_one_succeeds";
    let Some(world) = small_world(name) else { return };
    // Room for nothing, for the lock, for a part of the schema, …
    for kib in [0, 4, 8, 40, 60, 100, 200, 400, 700, 1000, 1400] {
        let reserve = world.join("reserve");
        std::fs::write(&reserve, vec![1; kib * 1024]).unwrap();
        let filler = Filler::of(&world);
        std::fs::remove_file(&reserve).unwrap();
        if let Err(said) = started(&mut serve(&world.join("data"))) {
            assert!(said.contains("no space is left"), "{kib} KiB: {said}");
            assert!(!said.contains("panicked"), "{kib} KiB: {said}");
        }
        drop(filler);
        let mut server = Server::start(serve(&world.join("data")).stderr(Stdio::null())).unwrap();
        let demo = Client::login(&server.url, "demo").await;
        assert_eq!(demo.create_disk("first").await.unwrap().status, 202, "{kib} KiB");
        server.signal("TERM");
        assert_eq!(server.end().0.code(), Some(0));
        assert_eq!(violations(&world.join("data")).await, Vec::<String>::new(), "{kib} KiB");
        std::fs::remove_dir_all(world.join("data")).unwrap();
    }
}
