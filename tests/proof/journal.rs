//! The journal of one client: what it asked for, what was answered, and so what must be there.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of all requests most are of no concern to one question"
)]

use std::collections::BTreeMap;

use crate::ask::Ask;
use crate::chance::Chance;
use crate::process::{Answer, Client, text};
use crate::seen::{Seen, Shape};

/// The two projects between which disks go to and fro.
pub(crate) type Projects = [Project; 2];

/// A project, as a client of its own.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) client: Client,
    /// Its backup policy.
    pub(crate) policy: String,
}

/// How many disks a client has at most, so that a long run goes on as it began.
const MOST: usize = 10;

/// What a client knows by the answers it got.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Its number, part of the names of its disks.
    number: usize,
    chance: Chance,
    pub(crate) disks: BTreeMap<String, Disk>,
    /// The request that was sent and has no answer yet.
    under_way: Option<Request>,
    created: usize,
    /// How many requests were answered with 2xx.
    pub(crate) answered: usize,
    /// How many got no answer but had happened.
    pub(crate) unheard: usize,
    /// Every key that was told.
    pub(crate) keys: Vec<String>,
}

/// A disk as the last answer left it.
#[derive(Debug)]
pub(crate) struct Disk {
    shape: Shape,
    /// The key of its pending transfer; none if the answer that told it did not arrive.
    key: Option<String>,
    /// An ended transfer of it and its key, which opens nothing any more.
    ended: Option<(String, String)>,
    /// For whoever reads a failure.
    story: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Request {
    /// The project that sends it.
    by: usize,
    /// The disk that it is about; none for a new one.
    disk: Option<String>,
    ask: Ask,
}

impl Journal {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            chance: Chance::of(seed),
            disks: BTreeMap::new(),
            under_way: None,
            created: 0,
            answered: 0,
            unheard: 0,
            keys: vec![],
        }
    }

    /// Sends one request after the other until an answer does not arrive, or says that the service
    /// is stopping.
    pub(crate) async fn work(mut self, projects: Projects) -> Self {
        loop {
            let request = self.choose(&projects);
            self.under_way = Some(request.clone());
            let sent = request.ask.send(&projects[request.by].client).await;
            let Ok(answer) = sent else { return self };
            if answer.status == 503 {
                return self;
            }
            self.under_way = None;
            self.done(&request, &answer);
        }
    }

    fn choose(&mut self, projects: &Projects) -> Request {
        let few = self.disks.len() < MOST;
        if self.disks.is_empty() || (few && self.chance.below(5) == 0) {
            return self.new_disk();
        }
        let nth = self.chance.below(self.disks.len());
        let (id, disk) = self.disks.iter().nth(nth).unwrap();
        let shape = &disk.shape;
        let (by, disk_id) = (shape.owner, id.clone());
        let at = |by, ask| Request { by, disk: Some(id.clone()), ask };
        if let Some(transfer) = shape.transfer.clone() {
            let accepted = self.chance.below(3) > 0;
            return match disk.key.clone() {
                Some(key) if accepted => at(1 - by, Ask::Accept { transfer, key }),
                Some(_) | None => at(by, Ask::Withdraw { transfer }),
            };
        }
        let policy = projects[by].policy.clone();
        let name = format!("of {}", shape.name);
        let free = shape.snapshots.is_empty() && shape.backups.is_empty();
        let ask = match self.chance.below(if free { 16 } else { 12 }) {
            0 => Ask::Extend { disk: disk_id, size: shape.size + 1 },
            1 => Ask::Rename { disk: disk_id, name: format!("{}'", shape.name) },
            2..=3 if shape.snapshots.len() < 2 => Ask::Snapshot { disk: disk_id, name },
            4..=5 if shape.backups.is_empty() => Ask::Backup { disk: disk_id, name },
            6 if !shape.bound => Ask::Bind { disk: disk_id, policy },
            7 if free => Ask::DeleteDisk { disk: disk_id, cascade: false },
            8 if shape.backups.is_empty() => Ask::DeleteDisk { disk: disk_id, cascade: true },
            _ => match (shape.bound, shape.snapshots.first(), shape.backups.first()) {
                (true, ..) => Ask::Unbind { disk: disk_id, policy },
                (_, Some(id), _) => Ask::DeleteSnapshot { snapshot: id.clone() },
                (_, _, Some(id)) => Ask::DeleteBackup { backup: id.clone() },
                (false, None, None) => Ask::Offer { disk: disk_id },
            },
        };
        at(by, ask)
    }

    fn new_disk(&mut self) -> Request {
        self.created += 1;
        let name = format!("disk {} of client {}", self.created, self.number);
        Request { by: self.chance.below(2), disk: None, ask: Ask::CreateDisk { name } }
    }

    /// Notes what an answer says.
    fn done(&mut self, request: &Request, answer: &Answer) {
        let (Request { ask, .. }, Answer { status, body, .. }) = (request, answer);
        let expected = match ask {
            Ask::Rename { .. } | Ask::Bind { .. } | Ask::Unbind { .. } => 200,
            _ => 202,
        };
        assert_eq!(*status, expected, "{request:?}: {body}");
        if matches!(ask, Ask::Bind { .. } | Ask::Unbind { .. }) {
            assert_eq!(body["fail_resources"], serde_json::json!([]), "{request:?}: {body}");
        }
        self.answered += 1;
        let made = match ask {
            Ask::CreateDisk { .. } => Some(text(body, "volume", "id")),
            Ask::Offer { .. } => Some(text(body, "transfer", "id")),
            Ask::Snapshot { .. } => Some(text(body, "snapshot", "id")),
            Ask::Backup { .. } => Some(text(body, "backup", "id")),
            _ => None,
        };
        let key = matches!(ask, Ask::Offer { .. }).then(|| text(body, "transfer", "auth_key"));
        self.keys.extend(key.clone());
        self.apply(request, made, key);
    }

    /// What the request made of its disk: `made` is the id of what is new.
    fn apply(&mut self, request: &Request, made: Option<String>, key: Option<String>) {
        if let Ask::CreateDisk { name } = &request.ask {
            let (shape, story) = (Shape::new(request.by, name), vec!["created"]);
            let disk = Disk { shape, key: None, ended: None, story };
            self.disks.insert(made.unwrap(), disk);
            return;
        }
        let id = request.disk.as_ref().unwrap();
        let disk = self.disks.get_mut(id).unwrap();
        let Some(after) = disk.shape.after(request, made) else {
            self.disks.remove(id);
            return;
        };
        if let Some(ended) = disk.shape.transfer.take().filter(|_| after.transfer.is_none()) {
            disk.ended = disk.key.take().map(|key| (ended, key));
        }
        disk.shape = after;
        disk.key = key.or(disk.key.take());
        disk.story.push(word(&request.ask));
        // The story of a disk that lives long is told from its last chapters.
        let old = disk.story.len().saturating_sub(20);
        disk.story.drain(..old);
    }

    /// Takes the client's disks out of what is seen, and compares them: every answer must have stuck,
    /// and what was under way has happened or not, as a whole.
    pub(crate) fn check(&mut self, seen: &mut Seen) {
        if let Some(request) = self.under_way.take() {
            let made = self.has_made(&request, seen);
            let happened = match (&request.ask, &request.disk) {
                (Ask::CreateDisk { .. }, _) => made.is_some(),
                (_, Some(id)) => seen.get(id) != Some(&self.disks[id].shape),
                (_, None) => false,
            };
            if happened {
                self.apply(&request, made, None);
                self.unheard += 1;
            }
        }
        for (id, disk) in &self.disks {
            assert_eq!(seen.remove(id).as_ref(), Some(&disk.shape), "disk {id}: {disk:?}");
        }
    }

    /// The id of what a request without an answer has made, if it has.
    fn has_made(&self, request: &Request, seen: &Seen) -> Option<String> {
        if let Ask::CreateDisk { name } = &request.ask {
            let mut found = seen.iter().filter(|(_, shape)| shape.name == *name);
            let made = found.next().map(|(id, _)| id.clone());
            assert_eq!(found.next(), None, "one request made several disks: {name}");
            return made;
        }
        let id = request.disk.as_ref()?;
        let (before, after) = (&self.disks[id].shape, seen.get(id)?);
        match &request.ask {
            Ask::Offer { .. } => after.transfer.clone(),
            Ask::Snapshot { .. } => after.snapshots.difference(&before.snapshots).next().cloned(),
            Ask::Backup { .. } => after.backups.difference(&before.backups).next().cloned(),
            _ => None,
        }
    }

    /// Accepts a transfer whose key was told before, if there is one, and finds that the key of one
    /// that ended opens nothing.
    pub(crate) async fn accept_one(&mut self, projects: &Projects) -> bool {
        if let Some((transfer, key)) = self.disks.values_mut().find_map(|disk| disk.ended.take()) {
            let ask = Ask::Accept { transfer, key };
            for project in projects {
                let answer = ask.send(&project.client).await.unwrap();
                assert_eq!(answer.status, 404, "{ask:?} {}", answer.body);
            }
        }
        let open = self.disks.iter().find_map(|(id, disk)| {
            let (transfer, key) = (disk.shape.transfer.clone()?, disk.key.clone()?);
            let (by, disk) = (1 - disk.shape.owner, Some(id.clone()));
            Some(Request { by, disk, ask: Ask::Accept { transfer, key } })
        });
        let Some(request) = open else { return false };
        let answer = request.ask.send(&projects[request.by].client).await.unwrap();
        self.done(&request, &answer);
        true
    }
}

impl Shape {
    /// The disk after a request; none: it is gone.
    fn after(&self, request: &Request, made: Option<String>) -> Option<Self> {
        let mut after = self.clone();
        match &request.ask {
            Ask::Rename { name, .. } => after.name.clone_from(name),
            Ask::Extend { size, .. } => after.size = *size,
            Ask::DeleteDisk { .. } => return None,
            Ask::Offer { .. } => {
                after.transfer = made;
                "awaiting-transfer".clone_into(&mut after.status);
            }
            Ask::Accept { .. } | Ask::Withdraw { .. } => {
                after.transfer = None;
                "available".clone_into(&mut after.status);
                if matches!(request.ask, Ask::Accept { .. }) {
                    after.owner = request.by;
                }
            }
            Ask::Snapshot { .. } => after.snapshots.extend(made),
            Ask::DeleteSnapshot { snapshot } => drop(after.snapshots.remove(snapshot)),
            Ask::Backup { .. } => after.backups.extend(made),
            Ask::DeleteBackup { backup } => drop(after.backups.remove(backup)),
            Ask::Bind { .. } => after.bound = true,
            Ask::Unbind { .. } => after.bound = false,
            Ask::CreateDisk { .. }
            | Ask::ShowDisk { .. }
            | Ask::ListDisks
            | Ask::ShowTransfer { .. } => {}
        }
        Some(after)
    }
}

fn word(ask: &Ask) -> &'static str {
    match ask {
        Ask::Rename { .. } => "renamed",
        Ask::Extend { .. } => "extended",
        Ask::Offer { .. } => "offered",
        Ask::Accept { .. } => "accepted",
        Ask::Withdraw { .. } => "withdrawn",
        Ask::Snapshot { .. } => "snapshot taken",
        Ask::DeleteSnapshot { .. } => "snapshot deleted",
        Ask::Backup { .. } => "backup made",
        Ask::DeleteBackup { .. } => "backup deleted",
        Ask::Bind { .. } => "bound",
        Ask::Unbind { .. } => "unbound",
        Ask::CreateDisk { .. }
        | Ask::DeleteDisk { .. }
        | Ask::ShowDisk { .. }
        | Ask::ListDisks
        | Ask::ShowTransfer { .. } => "looked at",
    }
}
