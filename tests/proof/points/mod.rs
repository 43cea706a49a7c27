//! Crash points: the process really dies there, and what the point promises holds: what is killed
//! before the commit has left nothing, what is killed after it has left all.

mod cases;
mod content;
mod document;
mod due;
mod stage;
mod things;
mod walk;

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use evs_local::domain::fault::{CrashPoint, WorkPoint};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Client, Server, serve, text, violations};

fn crashing(data: &Path) -> Command {
    let mut command = serve(data);
    command.arg("--allow-crash").stderr(Stdio::null());
    command
}

/// Everybody who takes part, on one server.
struct People {
    admin: Client,
    demo: Client,
    partner: Client,
}

impl People {
    async fn login(url: &str) -> Self {
        Self {
            admin: Client::login(url, "admin").await,
            demo: Client::login(url, "demo").await,
            partner: Client::login(url, "partner").await,
        }
    }

    fn moved_to(&self, url: &str) -> Self {
        let Self { admin, demo, partner } = self;
        Self {
            admin: admin.moved_to(url),
            demo: demo.moved_to(url),
            partner: partner.moved_to(url),
        }
    }

    async fn arm(&self, fault: Value) {
        let url = format!("{}/_evs/faults", self.admin.url);
        let added = self.admin.send(Method::POST, &url, Some(fault)).await.unwrap();
        assert_eq!(added.status, 201, "{}", added.body);
    }

    /// A disk; its id.
    async fn disk(&self) -> String {
        let made = self.demo.create_disk("ledger").await.unwrap();
        assert_eq!(made.status, 202, "{}", made.body);
        text(&made.body, "volume", "id")
    }

    /// An offer of a disk; its id and key.
    async fn offer(&self, disk: &str) -> (String, String) {
        let offered = self.demo.offer(disk).await.unwrap();
        assert_eq!(offered.status, 202, "{}", offered.body);
        let part = |name| text(&offered.body, "transfer", name);
        (part("id"), part("auth_key"))
    }

    async fn count(&self, what: &str) -> usize {
        let answer = self.demo.get(what).await.unwrap();
        let list = answer.body.as_object().unwrap().values().find_map(Value::as_array);
        list.unwrap().len()
    }

    /// Whose the disk is, and its status.
    async fn seen(&self, disk: &str) -> (&'static str, String) {
        for (name, client) in [("demo", &self.demo), ("partner", &self.partner)] {
            let answer = client.get(&format!("volumes/{disk}")).await.unwrap();
            if answer.status == 200 {
                return (name, text(&answer.body, "volume", "status"));
            }
        }
        panic!("nobody has disk {disk}");
    }
}

/// Kills the server by a rule, which `act` runs into, and starts it anew.
async fn killed(
    server: &mut Server,
    data: &Path,
    people: &People,
    act: impl Future<Output = bool>,
) -> People {
    assert!(!act.await, "there was an answer");
    let (status, _) = server.end();
    assert_eq!(status.signal(), Some(9), "{status}");
    assert_eq!(violations(data).await, Vec::<String>::new(), "as the killed process left it");
    *server = Server::start(&mut crashing(data)).unwrap();
    people.moved_to(&server.url)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_killed_before_the_commit_leaves_nothing_and_after_it_all() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(&mut crashing(&data)).unwrap();
    let mut people = People::login(&server.url).await;
    for point in CrashPoint::ALL {
        let kept = point.keeps_the_work();
        let crash = |operation: &str| json!({"operation": operation, "crash": point.as_str()});

        let before = people.count("volumes").await;
        people.arm(crash("disk.create")).await;
        let act = async { people.demo.create_disk("ledger").await.is_ok() };
        people = killed(&mut server, &data, &people, act).await;
        let after = people.count("volumes").await;
        assert_eq!(after, before + usize::from(kept), "disk create at {point}");

        let disk = people.disk().await;
        people.arm(crash("transfer.create")).await;
        let act = async { people.demo.offer(&disk).await.is_ok() };
        people = killed(&mut server, &data, &people, act).await;
        let status = if kept { "awaiting-transfer" } else { "available" };
        assert_eq!(people.seen(&disk).await, ("demo", status.to_owned()), "offer at {point}");
        assert_eq!(people.count("os-volume-transfer").await, usize::from(kept));
        if kept {
            // Its key is lost with the answer: it is withdrawn.
            let list = people.demo.get("os-volume-transfer").await.unwrap();
            let id = list.body["transfers"][0]["id"].as_str().unwrap().to_owned();
            assert_eq!(people.demo.withdraw(&id).await.unwrap().status, 202);
        }

        let (id, _) = people.offer(&disk).await;
        people.arm(crash("transfer.delete")).await;
        let act = async { people.demo.withdraw(&id).await.is_ok() };
        people = killed(&mut server, &data, &people, act).await;
        let status = if kept { "available" } else { "awaiting-transfer" };
        assert_eq!(people.seen(&disk).await, ("demo", status.to_owned()), "delete at {point}");
        let again = people.demo.withdraw(&id).await.unwrap().status;
        assert_eq!(again, if kept { 404 } else { 202 });

        let (id, key) = people.offer(&disk).await;
        people.arm(crash("transfer.accept")).await;
        let act = async { people.partner.accept(&id, &key).await.is_ok() };
        people = killed(&mut server, &data, &people, act).await;
        let owner = if kept { ("partner", "available") } else { ("demo", "awaiting-transfer") };
        assert_eq!(people.seen(&disk).await, (owner.0, owner.1.to_owned()), "accept at {point}");
        let again = people.partner.accept(&id, &key).await.unwrap().status;
        assert_eq!(again, if kept { 404 } else { 202 });
        assert_eq!(people.seen(&disk).await.0, "partner");
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_ended_once_whether_the_process_dies_before_it_or_after_it() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(&mut crashing(&data)).unwrap();
    let mut people = People::login(&server.url).await;
    server.signal("TERM");
    server.end();
    for point in WorkPoint::ALL {
        // Nothing ends by itself, so that the rule is armed before anything is due.
        let explicit = |command: &mut Command| {
            command.env("EVS__SIMULATION__PROGRESS", "explicit");
            Server::start(command).unwrap()
        };
        server = explicit(&mut crashing(&data));
        people = people.moved_to(&server.url);
        let disk = people.disk().await;
        assert_eq!(people.seen(&disk).await.1, "creating");
        people.arm(json!({"crash": point.as_str(), "disk": disk})).await;
        let step = format!("{}/_evs/progress", server.url);
        let body = json!({"disk_id": disk});
        assert!(people.admin.send(Method::POST, &step, Some(body.clone())).await.is_err());
        assert_eq!(server.end().0.signal(), Some(9));
        assert_eq!(violations(&data).await, Vec::<String>::new());
        server = explicit(&mut crashing(&data));
        people = people.moved_to(&server.url);
        let status = match point {
            WorkPoint::BeforeStep => "creating",
            WorkPoint::AfterStep => "available",
        };
        assert_eq!(people.seen(&disk).await.1, status, "{point}");
        let step = format!("{}/_evs/progress", server.url);
        assert_eq!(people.admin.send(Method::POST, &step, Some(body)).await.unwrap().status, 200);
        assert_eq!(people.seen(&disk).await.1, "available");
        server.signal("TERM");
        server.end();
    }
    assert_eq!(violations(&data).await, Vec::<String>::new());
}

/// A persisted crash point waits for a start that allows it.
#[tokio::test(flavor = "multi_thread")]
async fn a_persisted_crash_point_kills_only_servers_that_allow_it() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut server = Server::start(&mut crashing(&data)).unwrap();
    let people = People::login(&server.url).await;
    people
        .arm(json!({"operation": "disk.create", "crash": "before_answer", "persist": true}))
        .await;
    assert!(people.demo.create_disk("a").await.is_err());
    assert_eq!(server.end().0.signal(), Some(9));
    let mut server = Server::start(serve(&data).stderr(Stdio::null())).unwrap();
    let people = people.moved_to(&server.url);
    assert_eq!(people.count("volumes").await, 1);
    people.disk().await;
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    let mut command = serve(&data);
    let command = command.env("EVS__SERVER__ALLOW_CRASH", "true").stderr(Stdio::null());
    let mut server = Server::start(command).unwrap();
    let people = people.moved_to(&server.url);
    assert!(people.demo.create_disk("b").await.is_err());
    assert_eq!(server.end().0.signal(), Some(9));
    assert_eq!(violations(&data).await, Vec::<String>::new());
}
