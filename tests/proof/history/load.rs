//! Several clients at work on the same few disks, and what is recorded of it.

use std::collections::VecDeque;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::record::{Call, History, Life, Told, events_after};
use crate::ask::{Ask, create_policy};
use crate::chance::Chance;
use crate::process::{Client, Server, serve, text, violations};
use crate::{millis, pass};

const CLIENTS: usize = 8;

/// What takes time takes so many milliseconds, so that it is met under way.
const DELAY_MS: &str = "4";

/// What all clients know: they get in each other's way on purpose.
#[derive(Debug, Default)]
struct Pool {
    /// Disks, with the project that had each last.
    disks: VecDeque<(String, usize)>,
    /// Disks that are gone.
    gone: VecDeque<String>,
    /// Transfers with their keys and who made them, the latest last.
    transfers: VecDeque<(String, String, usize)>,
    snapshots: VecDeque<(String, usize)>,
    names: usize,
}

/// Where a run is recorded.
#[derive(Debug)]
struct Recorder {
    home: TempDir,
    start: Instant,
    pool: Arc<Mutex<Pool>>,
    history: History,
}

impl Recorder {
    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    fn start(&self) -> Server {
        let log = self.home.path().join("log");
        let log = File::options().append(true).create(true).open(log).unwrap();
        let mut command = serve(&self.data());
        Server::start(slow(&mut command).stderr(log)).unwrap()
    }

    /// The server is gone: what did it leave?
    async fn bury(&mut self) {
        let last = self.history.lives.len().checked_sub(1);
        let known = self.history.last_of(last);
        let ended = self.start.elapsed();
        let wrote = events_after(&self.data(), known).await;
        self.history.lives.push(Life { ended, wrote });
    }
}

fn slow(command: &mut Command) -> &mut Command {
    for operation in ["CREATE", "EXTEND", "DELETE", "SNAPSHOT", "DELETE_SNAPSHOT"] {
        command.env(format!("EVS__SIMULATION__{operation}_DELAY_MS"), DELAY_MS);
    }
    command
}

/// A run of so many kills and a stop, of which everything is recorded.
pub(super) async fn record(seed: u64, kills: usize) -> History {
    let mut chance = Chance::of(seed);
    let history = History {
        projects: Default::default(),
        setup: 0,
        calls: vec![],
        lives: vec![],
        events: vec![],
    };
    let home = TempDir::new().unwrap();
    let mut recorder = Recorder { home, start: Instant::now(), pool: Arc::default(), history };
    let mut server = recorder.start();
    let demo = Client::login(&server.url, "demo").await;
    let partner = Client::login(&server.url, "partner").await;
    let policies = [create_policy(&demo).await, create_policy(&partner).await];
    let mut clients = [demo, partner];
    recorder.history.projects = [clients[0].project.clone(), clients[1].project.clone()];
    server.signal("TERM");
    server.end();
    let before = events_after(&recorder.data(), 0).await;
    recorder.history.setup = before.last().unwrap().seq;

    for life in 0..=kills {
        server = recorder.start();
        clients = clients.map(|client| client.moved_to(&server.url));
        let mut working = JoinSet::new();
        let mut worker = || Worker {
            clients: clients.clone(),
            policies: policies.clone(),
            pool: Arc::clone(&recorder.pool),
            chance: Chance::of(chance.next()),
            start: recorder.start,
            life,
            calls: vec![],
        };
        let last = worker();
        for _ in 0..CLIENTS {
            let worker = worker();
            let most = if life == kills { 20 } else { usize::MAX };
            working.spawn(worker.work(most));
        }
        if life < kills {
            pass(millis(&mut chance, 60, 700)).await;
            server.signal("KILL");
        }
        for calls in working.join_all().await {
            recorder.history.calls.extend(calls);
        }
        if life == kills {
            recorder.history.calls.extend(last.work_alone().await);
            // Whatever takes time has come to its end.
            pass(Duration::from_millis(100)).await;
            server.signal("TERM");
        }
        server.end();
        recorder.bury().await;
        assert_eq!(violations(&recorder.data()).await, Vec::<String>::new());
    }
    recorder.history.calls.sort_by_key(|call| call.began);
    recorder.history.events = events_after(&recorder.data(), 0).await;
    recorder.history
}

/// One client.
struct Worker {
    clients: [Client; 2],
    policies: [String; 2],
    pool: Arc<Mutex<Pool>>,
    chance: Chance,
    start: Instant,
    life: usize,
    calls: Vec<Call>,
}

impl Worker {
    /// Asks for one thing after the other until an answer does not arrive, at `most` so often.
    async fn work(mut self, most: usize) -> Vec<Call> {
        while self.calls.len() < most {
            let (by, ask) = self.choose();
            if !self.ask(by, ask).await {
                break;
            }
        }
        self.calls
    }

    /// Asks for one thing; whether there was an answer.
    async fn ask(&mut self, by: usize, ask: Ask) -> bool {
        let began = self.start.elapsed();
        let sent = ask.send(&self.clients[by]).await;
        let at = self.start.elapsed();
        let answer = sent.ok().map(|answer| {
            let request = answer.headers["x-openstack-request-id"].to_str().unwrap();
            let (request, status) = (request.to_owned(), answer.status);
            Told { at, status, request, body: answer.body }
        });
        if let Some(told) = &answer {
            self.pool.lock().unwrap().learn(by, &ask, told);
        }
        let heard = answer.is_some();
        self.calls.push(Call { by, life: self.life, ask, began, answer });
        heard
    }

    /// Asks for a little of everything when nobody else does.
    async fn work_alone(mut self) -> Vec<Call> {
        let create = |name: &str| Ask::CreateDisk { name: name.to_owned() };
        let rename = |disk: &String, name: &str| {
            let (disk, name) = (disk.clone(), name.to_owned());
            Ask::Rename { disk, name }
        };
        let first = text(&self.insist(0, create("first")).await, "volume", "id");
        let second = text(&self.insist(1, create("second")).await, "volume", "id");
        self.insist(0, Ask::ShowDisk { disk: first.clone() }).await;
        self.insist(0, rename(&first, "first of all")).await;
        self.insist(1, rename(&second, "second of all")).await;
        let offer = Ask::Offer { disk: first.clone() };
        let withdrawn = text(&self.insist(0, offer.clone()).await, "transfer", "id");
        self.insist(0, Ask::Withdraw { transfer: withdrawn }).await;
        let offered = self.insist(0, offer).await;
        self.insist(0, Ask::ListDisks).await;
        self.insist(0, rename(&first, "first again")).await;
        self.insist(0, Ask::ShowDisk { disk: first.clone() }).await;
        let part = |name| text(&offered, "transfer", name);
        self.insist(1, Ask::Accept { transfer: part("id"), key: part("auth_key") }).await;
        self.insist(1, Ask::Snapshot { disk: first.clone(), name: "seen".to_owned() }).await;
        self.insist(1, Ask::DeleteDisk { disk: first, cascade: true }).await;
        self.calls
    }

    /// Asks until what takes time allows it.
    async fn insist(&mut self, by: usize, ask: Ask) -> Value {
        for _ in 0..200 {
            self.ask(by, ask.clone()).await;
            match self.calls.last().and_then(|call| call.answer.clone()) {
                Some(told) if told.status < 300 => return told.body,
                told => assert_eq!(told.map(|told| told.status), Some(400), "{ask:?}"),
            }
            pass(Duration::from_millis(5)).await;
        }
        panic!("{ask:?} is not done");
    }

    fn choose(&mut self) -> (usize, Ask) {
        let mut pool = self.pool.lock().unwrap();
        let chance = &mut self.chance;
        pool.names += 1;
        let name = format!("name {}", pool.names);
        if pool.disks.len() < 3 || (pool.disks.len() < 7 && chance.below(8) == 0) {
            return (chance.below(2), Ask::CreateDisk { name });
        }
        if pool.disks.len() > 6 && chance.below(4) == 0 {
            let (disk, owner) = pool.disks.pop_front().unwrap();
            pool.gone.push_back(disk.clone());
            return (owner, Ask::DeleteDisk { disk, cascade: true });
        }
        let (mut disk, owner) = pool.disks[chance.below(pool.disks.len())].clone();
        if !pool.gone.is_empty() && chance.below(25) == 0 {
            disk.clone_from(&pool.gone[chance.below(pool.gone.len())]);
        }
        // Mostly the one that had it last.
        let by = if chance.below(8) == 0 { 1 - owner } else { owner };
        let policy = self.policies[by].clone();
        let transfer = pool.transfers.iter().rev().nth(chance.below(4)).cloned();
        let other = pool.transfers.iter().rev().nth(4).map(|(_, key, _)| key.clone());
        let snapshot = pool.snapshots.iter().rev().nth(chance.below(4)).cloned();
        match (chance.below(64), transfer, snapshot) {
            (0..12, ..) => (by, Ask::ShowDisk { disk }),
            (12..16, ..) => (by, Ask::ListDisks),
            (16..23, ..) => (by, Ask::Rename { disk, name }),
            (23..27, ..) => {
                (by, Ask::Extend { disk, size: i64::try_from(chance.below(40)).unwrap() + 2 })
            }
            (27..30, ..) => (by, Ask::Snapshot { disk, name }),
            (30..36, _, Some((snapshot, who))) => (who, Ask::DeleteSnapshot { snapshot }),
            (36..38, ..) => (by, Ask::DeleteDisk { disk, cascade: chance.below(2) == 0 }),
            (38..40, ..) => (by, Ask::Bind { disk, policy }),
            (40..44, ..) => (by, Ask::Unbind { disk, policy }),
            (44..46, Some((transfer, _, who)), _) => {
                (if chance.below(4) == 0 { by } else { who }, Ask::ShowTransfer { transfer })
            }
            (46..49, Some((transfer, _, who)), _) => (who, Ask::Withdraw { transfer }),
            (49..55, Some((transfer, key, _)), _) => {
                (chance.below(2), Ask::Accept { transfer, key })
            }
            (55, Some((transfer, ..)), _) if other.is_some() => {
                (chance.below(2), Ask::Accept { transfer, key: other.unwrap() })
            }
            _ => (by, Ask::Offer { disk }),
        }
    }
}

impl Pool {
    fn learn(&mut self, by: usize, ask: &Ask, told: &Told) {
        if told.status >= 300 {
            return;
        }
        match ask {
            Ask::CreateDisk { .. } => self.disks.push_back((text(&told.body, "volume", "id"), by)),
            Ask::Offer { .. } => {
                let part = |name| text(&told.body, "transfer", name);
                self.transfers.push_back((part("id"), part("auth_key"), by));
                while self.transfers.len() > 8 {
                    self.transfers.pop_front();
                }
            }
            Ask::Accept { .. } => {
                let taken = text(&told.body, "transfer", "volume_id");
                for (disk, owner) in &mut self.disks {
                    if *disk == taken {
                        *owner = by;
                    }
                }
            }
            Ask::Snapshot { .. } => {
                self.snapshots.push_back((text(&told.body, "snapshot", "id"), by));
                while self.snapshots.len() > 8 {
                    self.snapshots.pop_front();
                }
            }
            Ask::DeleteDisk { disk, .. } => {
                self.disks.retain(|(known, _)| known != disk);
                self.gone.push_back(disk.clone());
                while self.gone.len() > 4 {
                    self.gone.pop_front();
                }
            }
            Ask::ListDisks => {
                // What nobody heard of is found.
                for disk in told.body["volumes"].as_array().unwrap() {
                    let id = disk["id"].as_str().unwrap();
                    let known = self.disks.iter().any(|(known, _)| known == id)
                        || self.gone.iter().any(|known| known == id);
                    if !known && self.disks.len() < 12 {
                        self.disks.push_back((id.to_owned(), by));
                    }
                }
            }
            Ask::ShowDisk { .. }
            | Ask::Rename { .. }
            | Ask::Extend { .. }
            | Ask::ShowTransfer { .. }
            | Ask::Withdraw { .. }
            | Ask::DeleteSnapshot { .. }
            | Ask::Backup { .. }
            | Ask::DeleteBackup { .. }
            | Ask::Bind { .. }
            | Ask::Unbind { .. } => {}
        }
    }
}
