//! What was answered is there, however the server ends: killed, told to stop, or while a client
//! goes away.
//!
//! A killed process leaves what the kernel holds for it: these tests show that an answer comes
//! after its COMMIT and that a half-finished one leaves nothing behind, not that a disk keeps what
//! it was told to flush.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

#[path = "../chance/mod.rs"]
mod chance;
mod clock;
mod journal;
mod points;
mod policies;
#[path = "../process/mod.rs"]
mod process;
mod progress;
mod retries;
mod schedules;
mod state;

use std::fs::File;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chance::{Chance, seed_and_count};
use journal::{Journal, Projects};
use process::{Client, PASSWORD, Server, serve, text, violations};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

const CLIENTS: usize = 8;

/// A data directory, the log of all servers that ran on it, and what clients know of it.
struct World {
    home: TempDir,
    chance: Chance,
    projects: Option<Projects>,
    journals: Vec<Journal>,
}

impl World {
    fn new(seed: u64) -> Self {
        say(&format!("EVS_CRASH_SEED={seed}"));
        let mut chance = Chance::of(seed);
        let journals = (0..CLIENTS).map(|number| Journal::new(number, chance.next())).collect();
        Self { home: TempDir::new().unwrap(), chance, projects: None, journals }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    /// Starts the server; the tokens of the first start count for all.
    async fn start(&mut self) -> (Server, Projects) {
        let log = File::options().append(true).create(true).open(self.log()).unwrap();
        let mut command = serve(&self.data());
        let server = Server::start(command.env("EVS__LOG__FILTER", "debug").stderr(log)).unwrap();
        assert!(server.banner.contains("  durable   yes\n"), "{}", server.banner);
        let projects = match self.projects.take() {
            Some(projects) => projects.map(|project| project.moved_to(&server.url)),
            None => [
                Client::login(&server.url, "demo").await,
                Client::login(&server.url, "partner").await,
            ],
        };
        self.projects = Some(projects.clone());
        (server, projects)
    }

    /// All clients work until `end` has ended the server or told it to.
    async fn work(&mut self, projects: &Projects, end: impl Future<Output = ()>) {
        let mut working = JoinSet::new();
        for journal in self.journals.drain(..) {
            working.spawn(journal.work(projects.clone()));
        }
        end.await;
        self.journals = working.join_all().await;
    }

    async fn check(&mut self, projects: &Projects, all: bool) {
        for journal in &mut self.journals {
            journal.check(projects, all).await;
        }
        assert_eq!(violations(&self.data()).await, Vec::<String>::new());
    }

    fn answered(&self) -> usize {
        self.journals.iter().map(|journal| journal.answered).sum()
    }

    /// None of the passwords, tokens and keys stands in the data file, its log, or our own log.
    fn seek_secrets(&self, files: &[PathBuf]) {
        let tokens = self.projects.iter().flatten().map(|project| project.token.as_str());
        let keys = self.journals.iter().flat_map(|journal| &journal.keys).map(String::as_str);
        let secrets: Vec<&str> = tokens.chain(keys).chain([PASSWORD]).collect();
        let found = files_with(&secrets, files);
        assert_eq!(found, "", "of {} secrets, some stand there", secrets.len());
        // The same search finds what does stand there.
        let disk = self.journals.iter().find_map(|journal| journal.disks.first()).unwrap();
        assert_ne!(files_with(&[&disk.id], files), "");
    }
}

/// The names of those files that hold one of the texts.
fn files_with(texts: &[&str], files: &[PathBuf]) -> String {
    let mut grep = Command::new("grep");
    grep.args(["-l", "-a", "-F", "-f", "-"]).args(files.iter().filter(|file| file.exists()));
    let mut grep = grep.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    grep.stdin.take().unwrap().write_all(texts.join("\n").as_bytes()).unwrap();
    String::from_utf8(grep.wait_with_output().unwrap().stdout).unwrap()
}

fn data_files(data: &Path) -> Vec<PathBuf> {
    ["evs.db", "evs.db-wal"].map(|name| data.join(name)).to_vec()
}

/// Tells whoever runs the tests, whether they succeed or not: past the harness, which keeps what a
/// test that succeeds prints to itself.
fn say(line: &str) {
    let mut err = std::io::stderr().lock();
    writeln!(err, "{line}").unwrap();
}

/// `EVS_CRASH_SEED` and `EVS_CRASH_CYCLES`.
fn seed_and_cycles() -> (u64, usize) {
    seed_and_count("EVS_CRASH_SEED", "EVS_CRASH_CYCLES", 50)
}

/// A duration of so many milliseconds, more or less.
fn millis(chance: &mut Chance, from: u64, to: u64) -> Duration {
    Duration::from_micros(from * 1000 + chance.next() % ((to - from) * 1000))
}

/// Lets time pass, to strike at a moment that nobody chose. Waits for no state.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_survives_a_kill_and_what_was_not_is_whole_or_absent() {
    let (seed, cycles) = seed_and_cycles();
    let mut world = World::new(seed);
    let mut waits = vec![];
    let (mut server, mut projects) = world.start().await;
    let mut accepted = 0;
    for cycle in 0..cycles {
        let moment = millis(&mut world.chance, 20, 400);
        world
            .work(&projects, async {
                pass(moment).await;
                server.signal("KILL");
            })
            .await;
        let (status, _) = server.end();
        assert_eq!(status.signal(), Some(9), "cycle {cycle}: nothing else ended it");
        world.seek_secrets(&data_files(&world.data()));

        let start = Instant::now();
        (server, projects) = world.start().await;
        let ready = reqwest::get(format!("{}/_evs/ready", server.url)).await.unwrap();
        assert_eq!(ready.status(), 200);
        waits.push(start.elapsed());

        world.check(&projects, false).await;
        let journal = &mut world.journals[cycle % CLIENTS];
        accepted += usize::from(journal.accept_one(&projects).await);
    }
    assert!(world.answered() > 10 * cycles, "{} answers", world.answered());
    world.check(&projects, true).await;
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&world.data()).await, Vec::<String>::new());
    let mut files = data_files(&world.data());
    files.push(world.log());
    world.seek_secrets(&files);

    waits.sort();
    let (least, most) = (waits[0], waits[waits.len() - 1]);
    say(&format!(
        "{cycles} kills, {} answers, {} disks, {accepted} keys opened later; from start to ready \
         {least:.0?} at least, {:.0?} in the middle, {most:.0?} at most",
        world.answered(),
        world.journals.iter().map(|journal| journal.disks.len()).sum::<usize>(),
        waits[waits.len() / 2],
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_finishes_the_writes_under_way() {
    let mut world = World::new(seed_and_cycles().0);
    for _ in 0..3 {
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
        world.check(&projects, true).await;
    }
    assert!(world.answered() > 30, "{} answers", world.answered());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_is_killed_at_any_moment_does_not_hinder_the_next() {
    let seed = seed_and_cycles().0;
    say(&format!("EVS_CRASH_SEED={seed}"));
    let mut chance = Chance::of(seed);
    let mut cut = 0;
    for _ in 0..40 {
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
    assert!(cut > 5, "only {cut} starts were cut");
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
