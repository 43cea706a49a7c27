//! What the workers of the soak do: stories that leave nothing behind but what is kept on purpose.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::process::{Answer, Client, text};
use crate::{millis, pass};

/// What was answered, and what should not have been.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    times: Vec<Duration>,
    pub(crate) errors: Vec<String>,
}

impl Tally {
    pub(crate) fn answers(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.times.extend(&other.times);
    }

    /// So many per cent of the answers took no longer, in milliseconds.
    pub(crate) fn percentile(&mut self, percent: usize) -> f64 {
        self.times.sort_unstable();
        let place = (self.times.len() * percent / 100).min(self.times.len().saturating_sub(1));
        self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }
}

/// What all workers tell.
#[derive(Debug, Default)]
pub(crate) struct Load(Mutex<Tally>);

impl Load {
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    fn tell(&self, time: Duration, error: Option<String>) {
        let mut tally = self.0.lock().unwrap();
        tally.times.push(time);
        tally.errors.extend(error);
    }
}

/// One client that asks, waits for the answer, thinks, and asks again.
pub(crate) struct Worker {
    number: usize,
    admin: Client,
    own: Client,
    other: Client,
    load: Arc<Load>,
    chance: Chance,
}

impl Worker {
    pub(crate) async fn new(number: usize, url: &str, load: Arc<Load>, chance: Chance) -> Self {
        // Three accounts over one connection.
        let own = Client::login(url, "demo").await;
        let other = own.of_account("partner").await;
        let admin = own.of_account("admin").await;
        Self { number, admin, own, other, load, chance }
    }

    pub(crate) async fn work(mut self, stop: Arc<AtomicBool>) {
        // The first state that is saved leaves the server one descriptor of the data file more, for the
        // next one: SQLite closes none while the process has a lock there. So it is not left to chance.
        self.saves_the_state().await;
        while !stop.load(Ordering::Relaxed) {
            match self.chance.below(20) {
                0..4 => self.looks_around().await,
                4..8 => self.keeps_a_disk().await,
                8..12 => self.hands_over().await,
                12..15 => self.takes_a("snapshot").await,
                15..17 => self.takes_a("backup").await,
                17..19 => self.comes_again().await,
                _ => self.saves_the_state().await,
            }
        }
        for client in [&self.other, &self.admin, &self.own] {
            leave(client).await;
        }
    }

    /// Asks, and thinks about the answer.
    async fn ask(
        &mut self,
        who: &Client,
        method: Method,
        url: &str,
        body: Option<Value>,
    ) -> Answer {
        let began = Instant::now();
        let what = format!("{method} {url}");
        let answer = who.send(method, url, body).await;
        let time = began.elapsed();
        let answer = match answer {
            Ok(answer) => answer,
            Err(why) => {
                self.load.tell(time, Some(format!("{what}: {why}")));
                panic!("{what}: {why}");
            }
        };
        let wrong = !(200..300).contains(&answer.status) && answer.status != 404;
        self.load.tell(time, wrong.then(|| format!("{what}: {} {}", answer.status, answer.body)));
        pass(millis(&mut self.chance, 10, 90)).await;
        answer
    }

    async fn get(&mut self, rest: &str) -> Answer {
        let own = self.own.clone();
        self.ask(&own, Method::GET, &own.own(rest), None).await
    }

    async fn post(&mut self, rest: &str, body: Value) -> Answer {
        let own = self.own.clone();
        self.ask(&own, Method::POST, &own.own(rest), Some(body)).await
    }

    async fn delete(&mut self, who: &Client, rest: &str) {
        self.ask(who, Method::DELETE, &who.own(rest), None).await;
        while self.ask(who, Method::GET, &who.own(rest), None).await.status != 404 {}
    }

    /// Waits until something is done, by looking.
    async fn available(&mut self, rest: &str, of: &str) {
        while text(&self.get(rest).await.body, of, "status") != "available" {}
    }

    async fn disk(&mut self) -> String {
        let name = format!("of worker {}", self.number);
        let made = self.post("volumes", json!({"volume": {"size": 1, "name": name}})).await;
        let disk = text(&made.body, "volume", "id");
        self.available(&format!("volumes/{disk}"), "volume").await;
        disk
    }

    async fn looks_around(&mut self) {
        for list in [
            "volumes/detail",
            "snapshots",
            "backups",
            "os-volume-transfer/detail",
            "types",
            "limits",
        ] {
            self.get(list).await;
        }
        let admin = self.admin.clone();
        for path in ["/_evs/events?limit=20", "/_evs/metrics", "/_evs/ready"] {
            self.ask(&admin, Method::GET, &format!("{}{path}", admin.url), None).await;
        }
    }

    async fn keeps_a_disk(&mut self) {
        let disk = self.disk().await;
        let path = format!("volumes/{disk}");
        self.post(&format!("{path}/action"), json!({"os-extend": {"new_size": 2}})).await;
        self.available(&path, "volume").await;
        let own = self.own.clone();
        let change = json!({"volume": {"name": "renamed", "metadata": {"k": "v"}}});
        self.ask(&own, Method::PUT, &own.own(&path), Some(change)).await;
        self.delete(&own, &path).await;
    }

    async fn hands_over(&mut self) {
        let disk = self.disk().await;
        for taken in [false, true] {
            let offer = json!({"transfer": {"volume_id": disk}});
            let offered = self.post("os-volume-transfer", offer).await;
            let (id, key) = (
                text(&offered.body, "transfer", "id"),
                text(&offered.body, "transfer", "auth_key"),
            );
            let own = self.own.clone();
            if !taken {
                self.delete(&own, &format!("os-volume-transfer/{id}")).await;
                continue;
            }
            let other = self.other.clone();
            let url = other.own(&format!("os-volume-transfer/{id}/accept"));
            let body = json!({"accept": {"auth_key": key}});
            self.ask(&other, Method::POST, &url, Some(body)).await;
        }
        let other = self.other.clone();
        self.delete(&other, &format!("volumes/{disk}")).await;
    }

    /// Takes a copy of a disk, a `snapshot` or a `backup`.
    async fn takes_a(&mut self, copy: &str) {
        let disk = self.disk().await;
        let body = json!({copy: {"volume_id": disk}});
        let taken = self.post(&format!("{copy}s"), body).await;
        let path = format!("{copy}s/{}", text(&taken.body, copy, "id"));
        self.available(&path, copy).await;
        let own = self.own.clone();
        self.delete(&own, &path).await;
        self.delete(&own, &format!("volumes/{disk}")).await;
    }

    /// Takes a token and gives it back.
    async fn comes_again(&mut self) {
        let began = Instant::now();
        let again = self.own.of_account("demo").await;
        self.load.tell(began.elapsed(), None);
        self.ask(&again, Method::GET, &again.own("volumes"), None).await;
        leave(&again).await;
    }

    async fn saves_the_state(&mut self) {
        let admin = self.admin.clone();
        let url = format!("{}/_evs/state/soak-{}", admin.url, self.number);
        self.ask(&admin, Method::PUT, &url, Some(json!({"overwrite": true}))).await;
        self.ask(&admin, Method::DELETE, &url, None).await;
    }
}

/// Gives a token back.
async fn leave(client: &Client) {
    let url = format!("{}/identity/v3/auth/tokens", client.url);
    let request = client.http.delete(url).header("x-auth-token", &client.token);
    let answer = request.header("x-subject-token", &client.token).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    drop(answer.bytes().await.unwrap());
}
