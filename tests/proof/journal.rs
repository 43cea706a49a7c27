//! The journal of one client: what it asked for, what was answered, and so what must be there.

use crate::chance::Chance;
use crate::process::{Answer, Client, text};

/// The two projects between which disks go to and fro.
pub(crate) type Projects = [Client; 2];

/// What a client knows by the answers it got.
#[derive(Debug)]
pub(crate) struct Journal {
    /// Its number, part of the names of its disks.
    number: usize,
    chance: Chance,
    pub(crate) disks: Vec<Disk>,
    /// The request that was sent and has no answer yet.
    under_way: Option<Request>,
    created: usize,
    /// How many requests were answered with 2xx.
    pub(crate) answered: usize,
    /// Every key that was told.
    pub(crate) keys: Vec<String>,
}

/// A disk as the last answer left it.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) id: String,
    pub(crate) owner: usize,
    pub(crate) offer: Option<Offer>,
    /// Transfers that ended, with the project that had made them.
    ended: Vec<(usize, String)>,
    /// Whether anything was asked of it since it was checked last.
    touched: bool,
    /// For whoever reads a failure.
    story: Vec<&'static str>,
}

/// A pending transfer.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) id: String,
    /// None if the answer that told it did not arrive.
    pub(crate) key: Option<String>,
}

#[derive(Debug, Clone)]
enum Request {
    CreateDisk { owner: usize, name: String },
    Offer(usize),
    Accept(usize),
    Withdraw(usize),
}

impl Journal {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            chance: Chance::of(seed),
            disks: vec![],
            under_way: None,
            created: 0,
            answered: 0,
            keys: vec![],
        }
    }

    /// Sends one request after the other until an answer does not arrive, or says that the service
    /// is stopping.
    pub(crate) async fn work(mut self, projects: Projects) -> Self {
        loop {
            let request = self.choose();
            self.under_way = Some(request.clone());
            let Ok(answer) = self.send(&projects, &request).await else { return self };
            self.under_way = None;
            if answer.status == 503 {
                return self;
            }
            assert_eq!(answer.status, 202, "{request:?}: {}", answer.body);
            self.answered += 1;
            self.apply(&request, &answer);
        }
    }

    fn choose(&mut self) -> Request {
        const RECENT: usize = 6;
        if self.disks.is_empty() || self.chance.below(5) == 0 {
            self.created += 1;
            let name = format!("disk {} of client {}", self.created, self.number);
            return Request::CreateDisk { owner: self.chance.below(2), name };
        }
        let disk = self.disks.len() - 1 - self.chance.below(self.disks.len().min(RECENT));
        match &self.disks[disk].offer {
            None => Request::Offer(disk),
            Some(Offer { key: Some(_), .. }) if self.chance.below(3) > 0 => Request::Accept(disk),
            Some(_) => Request::Withdraw(disk),
        }
    }

    async fn send(&self, projects: &Projects, request: &Request) -> reqwest::Result<Answer> {
        match request {
            Request::CreateDisk { owner, name } => projects[*owner].create_disk(name).await,
            Request::Offer(disk) => {
                let disk = &self.disks[*disk];
                projects[disk.owner].offer(&disk.id).await
            }
            Request::Accept(disk) => {
                let (owner, offer) = self.offer_of(*disk);
                projects[1 - owner].accept(&offer.id, offer.key.as_ref().unwrap()).await
            }
            Request::Withdraw(disk) => {
                let (owner, offer) = self.offer_of(*disk);
                projects[owner].withdraw(&offer.id).await
            }
        }
    }

    fn offer_of(&self, disk: usize) -> (usize, &Offer) {
        let disk = &self.disks[disk];
        (disk.owner, disk.offer.as_ref().unwrap())
    }

    fn apply(&mut self, request: &Request, answer: &Answer) {
        match request {
            Request::CreateDisk { owner, .. } => {
                self.disks.push(Disk::new(text(&answer.body, "volume", "id"), *owner));
            }
            Request::Offer(disk) => {
                let told = |name| text(&answer.body, "transfer", name);
                let offer = Offer { id: told("id"), key: Some(told("auth_key")) };
                self.keys.extend(offer.key.clone());
                self.disks[*disk].offered(offer, "offered");
            }
            Request::Accept(disk) => self.disks[*disk].accepted("accepted"),
            Request::Withdraw(disk) => self.disks[*disk].withdrawn("withdrawn"),
        }
    }

    /// Compares every disk that was touched since the last check, or `all`, with what the service
    /// says. Every answer must have stuck; what was under way may have happened or not.
    pub(crate) async fn check(&mut self, projects: &Projects, all: bool) {
        let under_way = self.under_way.take();
        if let Some(Request::CreateDisk { owner, name }) = &under_way {
            self.settle_create(&projects[*owner], *owner, name).await;
        }
        for (index, disk) in self.disks.iter_mut().enumerate() {
            let unanswered = match &under_way {
                Some(Request::Offer(d) | Request::Accept(d) | Request::Withdraw(d))
                    if *d == index =>
                {
                    under_way.as_ref()
                }
                Some(_) | None => None,
            };
            if all || disk.touched || unanswered.is_some() {
                disk.check(projects, unanswered).await;
                disk.touched = false;
            }
        }
    }

    async fn settle_create(&mut self, project: &Client, owner: usize, name: &str) {
        let found = project.get(&format!("volumes?name={}", name.replace(' ', "%20"))).await;
        let found = found.unwrap().body["volumes"].as_array().unwrap().clone();
        assert!(found.len() <= 1, "one request made {found:?}");
        if let Some(disk) = found.first() {
            self.disks.push(Disk::new(disk["id"].as_str().unwrap().to_owned(), owner));
        }
    }

    /// Accepts a transfer whose key was told before, if there is one.
    pub(crate) async fn accept_one(&mut self, projects: &Projects) -> bool {
        let wanted = |disk: &Disk| disk.offer.as_ref().is_some_and(|offer| offer.key.is_some());
        let Some(index) = self.disks.iter().position(wanted) else { return false };
        let request = Request::Accept(index);
        let answer = self.send(projects, &request).await.unwrap();
        assert_eq!(answer.status, 202, "{} {:?}", answer.body, self.disks[index]);
        self.apply(&request, &answer);
        true
    }
}

impl Disk {
    fn new(id: String, owner: usize) -> Self {
        Self { id, owner, offer: None, ended: vec![], touched: true, story: vec!["created"] }
    }

    fn offered(&mut self, offer: Offer, word: &'static str) {
        self.offer = Some(offer);
        self.note(word);
    }

    fn accepted(&mut self, word: &'static str) {
        self.end_offer();
        self.owner = 1 - self.owner;
        self.note(word);
    }

    fn withdrawn(&mut self, word: &'static str) {
        self.end_offer();
        self.note(word);
    }

    fn end_offer(&mut self) {
        self.ended.push((self.owner, self.offer.take().unwrap().id));
    }

    fn note(&mut self, word: &'static str) {
        self.story.push(word);
        self.touched = true;
    }

    async fn check(&mut self, projects: &Projects, unanswered: Option<&Request>) {
        let path = format!("volumes/{}", self.id);
        let mut owners = vec![];
        for (index, project) in projects.iter().enumerate() {
            let answer = project.get(&path).await.unwrap();
            match answer.status {
                200 => owners.push((index, text(&answer.body, "volume", "status"))),
                404 => {}
                status => panic!("{status}: {} {self:?}", answer.body),
            }
        }
        assert_eq!(owners.len(), 1, "owned by one project: {owners:?} {self:?}");
        let (owner, status) = owners.remove(0);
        // What happened unanswered is known from here on.
        match unanswered {
            Some(Request::Offer(_)) if status == "awaiting-transfer" => {
                let id = pending_of(&projects[self.owner], &self.id).await;
                self.offered(Offer { id, key: None }, "offered, unanswered");
            }
            Some(Request::Accept(_)) if owner != self.owner => {
                self.accepted("accepted, unanswered");
            }
            Some(Request::Withdraw(_)) if status == "available" => {
                self.withdrawn("withdrawn, unanswered");
            }
            Some(_) | None => {}
        }
        let expected = if self.offer.is_some() { "awaiting-transfer" } else { "available" };
        assert_eq!((owner, status.as_str()), (self.owner, expected), "{unanswered:?} {self:?}");
        if let Some(offer) = &self.offer {
            let path = format!("os-volume-transfer/{}", offer.id);
            let answer = projects[self.owner].get(&path).await.unwrap();
            assert_eq!(answer.status, 200, "{} {self:?}", answer.body);
            assert_eq!(text(&answer.body, "transfer", "volume_id"), self.id);
        }
        for (source, id) in std::mem::take(&mut self.ended) {
            let answer = projects[source].get(&format!("os-volume-transfer/{id}")).await.unwrap();
            assert_eq!(answer.status, 404, "{} {self:?}", answer.body);
        }
    }
}

/// The id of the one pending transfer of a disk.
async fn pending_of(project: &Client, disk: &str) -> String {
    let answer = project.get(&format!("os-volume-transfer?volume_id={disk}")).await.unwrap();
    let transfers = answer.body["transfers"].as_array().unwrap();
    assert_eq!(transfers.len(), 1, "{transfers:?}");
    transfers[0]["id"].as_str().unwrap().to_owned()
}
