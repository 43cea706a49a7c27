//! A data directory as a killed server left it, and what its clients had been answered.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::log::{Log, Position, moved};
use crate::chance::Chance;
use crate::pass;
use crate::process::{Client, Server, serve, text};

const CLIENTS: usize = 4;

/// A change that was answered, and between which positions of the log it happened.
#[derive(Debug, Clone)]
pub(crate) struct Answered {
    pub(crate) action: &'static str,
    pub(crate) resource: String,
    pub(crate) before: Position,
    pub(crate) after: Position,
}

/// When the server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// In a log that nothing was moved from yet.
    Early,
    /// In a log that is filled again from its beginning, with frames of before behind its end.
    Refilled,
    /// While the schema of a very first start is made.
    FirstStart,
}

/// What a kill left.
pub(crate) struct Scene {
    /// Where everything lies; gone with this value.
    home: TempDir,
    pub(crate) log: Log,
    /// The frames before this one may be in the main file already: SQLite moves none before it has
    /// told the disk to keep them, so a power cut does not take them.
    pub(crate) floor: usize,
    pub(crate) answered: Vec<Answered>,
}

impl Scene {
    /// Kills until something is left that may be damaged.
    pub(crate) async fn of(moment: Moment, chance: &mut Chance) -> Self {
        loop {
            let scene = Self::of_one_kill(moment, chance).await;
            if scene.floor < scene.log.frames {
                return scene;
            }
        }
    }

    async fn of_one_kill(moment: Moment, chance: &mut Chance) -> Self {
        let home = TempDir::new().unwrap();
        let data = home.path().join("data");
        let answered = match moment {
            Moment::FirstStart => {
                kill_a_first_start(&data, chance).await;
                vec![]
            }
            Moment::Early | Moment::Refilled => kill_under_load(&data, moment, chance).await,
        };
        let log = Log::read(&data.join("evs.db-wal"));
        let floor = moved(&data.join("evs.db-shm"));
        Self { home, log, floor, answered }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Checks, against the answers, that a file whose newest changes are these is one that a log of so
    /// many frames may leave: what was answered before is there, what was asked later is not.
    pub(crate) fn agrees(&self, frames: usize, changes: &[(String, String)]) {
        let salt = self.log.salt();
        for answered in &self.answered {
            let Answered { action, resource, before, after } = answered;
            let is = changes.iter().any(|(a, r)| a == action && r == resource);
            if after.salt != salt || after.frames <= frames {
                assert!(is, "{answered:?} is not in the file with a log of {frames} frames");
            } else if before.salt == salt && before.frames >= frames {
                assert!(!is, "{answered:?} is in the file with a log of {frames} frames already");
            }
        }
    }
}

async fn kill_under_load(data: &Path, moment: Moment, chance: &mut Chance) -> Vec<Answered> {
    // The log of the first start is gone with it.
    let mut first = Server::start(serve(data).stderr(Stdio::null())).unwrap();
    first.signal("TERM");
    first.end();
    let mut server = Server::start(serve(data).stderr(Stdio::null())).unwrap();
    let index = data.join("evs.db-shm");
    let clients =
        [Client::login(&server.url, "demo").await, Client::login(&server.url, "partner").await];
    let begun = Position::of(&index);
    let over = Arc::new(AtomicBool::new(false));
    let mut working = JoinSet::new();
    for _ in 0..CLIENTS {
        let chance = Chance::of(chance.next());
        working.spawn(work(clients.clone(), index.clone(), chance, Arc::clone(&over)));
    }
    let enough = 100 + chance.below(200);
    loop {
        pass(Duration::from_millis(2)).await;
        let now = Position::of(&index);
        let is_refilled = now.salt != begun.salt;
        let is_time = match moment {
            Moment::Early | Moment::FirstStart => now.frames > begun.frames + enough,
            Moment::Refilled => is_refilled && now.frames > enough,
        };
        if is_time {
            break;
        }
    }
    server.signal("KILL");
    over.store(true, Ordering::Relaxed);
    server.end();
    working.join_all().await.concat()
}

/// Kills a very first start once its log is so long.
async fn kill_a_first_start(data: &Path, chance: &mut Chance) {
    let enough = 100_000 + chance.below(900_000) as u64;
    let mut command = serve(data);
    let mut first = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let length = |file: &str| std::fs::metadata(data.join(file)).map_or(0, |file| file.len());
    while length("evs.db-wal") < enough && length("evs.lock") < 20 {
        tokio::task::yield_now().await;
    }
    first.kill().unwrap();
    first.wait().unwrap();
}

/// Changes one thing after the other until there is no answer.
async fn work(
    clients: [Client; 2],
    index: PathBuf,
    mut chance: Chance,
    over: Arc<AtomicBool>,
) -> Vec<Answered> {
    let (mut answered, mut disks) = (vec![], Vec::<(usize, String)>::new());
    while !over.load(Ordering::Relaxed) {
        let before = Position::of(&index);
        let mut note = |action, resource: &str, before| {
            let after = Position::of(&index);
            answered.push(Answered { action, resource: resource.to_owned(), before, after });
        };
        if disks.len() < 3 || chance.below(3) == 0 {
            let owner = chance.below(2);
            let Ok(made) = clients[owner].create_disk("torn").await else { break };
            assert_eq!(made.status, 202, "{}", made.body);
            let id = text(&made.body, "volume", "id");
            note("disk.create", &id, before);
            disks.push((owner, id));
            continue;
        }
        let (owner, disk) = disks.swap_remove(chance.below(disks.len()));
        let (from, to) = (&clients[owner], &clients[1 - owner]);
        match chance.below(4) {
            0 => {
                let path = from.own(&format!("volumes/{disk}"));
                let Ok(gone) = from.send(Method::DELETE, &path, None).await else { break };
                assert_eq!(gone.status, 202, "{}", gone.body);
                note("disk.delete", &disk, before);
                continue;
            }
            1 => {
                let path = from.own(&format!("volumes/{disk}/metadata"));
                let body = json!({"metadata": {"number": chance.next().to_string()}});
                let Ok(said) = from.send(Method::POST, &path, Some(body)).await else { break };
                assert_eq!(said.status, 200, "{}", said.body);
                disks.push((owner, disk));
                continue;
            }
            _ => {}
        }
        let Ok(offer) = from.offer(&disk).await else { break };
        assert_eq!(offer.status, 202, "{}", offer.body);
        let told = |name| text(&offer.body, "transfer", name);
        note("transfer.create", &told("id"), before);
        let before = Position::of(&index);
        let (answer, action, owner) = if chance.below(4) == 0 {
            (from.withdraw(&told("id")).await, "transfer.delete", owner)
        } else {
            (to.accept(&told("id"), &told("auth_key")).await, "transfer.accept", 1 - owner)
        };
        let Ok(answer) = answer else { break };
        assert_eq!(answer.status, 202, "{}", answer.body);
        note(action, &told("id"), before);
        disks.push((owner, disk));
    }
    answered
}
