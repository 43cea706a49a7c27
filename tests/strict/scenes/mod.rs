//! The situation in which a recorded request was sent, brought about on a server of its own. What
//! the recording calls by its ids and names is paired with what it is called here; what it does not
//! find there is not made here either, so that refusals are compared to the letter.

mod disks;
mod node;
mod types;

use reqwest::Method;
use serde_json::{Value, json};

use crate::samples::Sample;
use crate::support::{Answer, Client, TestServer};

/// The type of disks that the recording calls `lvmdriver-1`.
const TYPE: &str = "SSD";

/// A server, its accounts, and the names of things there and here.
pub(crate) struct Scene<'a> {
    sample: &'a Sample,
    admin: Client,
    demo: Client,
    partner: Client,
    pairs: Vec<(String, String)>,
}

impl<'a> Scene<'a> {
    /// Sets the scene of a recording.
    pub(crate) async fn of(sample: &'a Sample, server: &TestServer) -> Self {
        let (admin, demo) = (server.login("admin").await, server.login("demo").await);
        let partner = server.login("partner").await;
        let mut scene = Self { sample, admin, demo, partner, pairs: Vec::new() };
        for (id, account) in sample.projects() {
            let here = scene.account(account).project.clone();
            scene.pair(id, &here);
        }
        scene.pair("lvmdriver-1", TYPE);
        scene.pair("\"nova\"", "\"az-sim-1\"");
        scene.pair("refhost@file1", &format!("evs@{TYPE}"));
        scene.pair("#file1", &format!("#{TYPE}"));
        scene.pair("refhost", "evs");
        scene.set().await;
        scene
    }

    async fn set(&mut self) {
        match self.sample.noun() {
            "volumes" => disks::volumes(self).await,
            "snapshots" => disks::snapshots(self).await,
            "backups" => disks::backups(self).await,
            "os-volume-transfer" | "volume-transfers" => disks::transfers(self).await,
            "types" => types::types(self).await,
            "qos-specs" => types::qos_specs(self).await,
            _ => node::set(self).await,
        }
    }

    fn account(&self, name: &str) -> &Client {
        match name {
            "demo" => &self.demo,
            "partner" => &self.partner,
            _ => &self.admin,
        }
    }

    /// What is called like that there is called like this here.
    fn pair(&mut self, there: &str, here: &str) {
        self.pairs.push((there.to_owned(), here.to_owned()));
    }

    /// The thing that a part of the path means.
    fn part_is(&mut self, name: &str, here: &str) {
        self.pair(self.sample.part(name), here);
    }

    /// The thing that a member of the request's body means.
    fn said_is(&mut self, pointer: &str, here: &str) {
        self.pair(self.sample.said(pointer).unwrap(), here);
    }

    fn method(&self) -> Method {
        self.sample.method()
    }

    /// Whether the request writes.
    pub(crate) fn writes(&self) -> bool {
        self.method() != Method::GET
    }

    /// Whether the recorded answer is a refusal to find something.
    fn is_absent(&self) -> bool {
        self.sample.status == 404
    }

    /// The recorded text as it is said here.
    fn here(&self, text: &str) -> String {
        self.pairs.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    /// The recorded answer as it would be here.
    pub(crate) fn expected(&self) -> Option<Value> {
        let response = self.sample.response.as_ref()?;
        Some(serde_json::from_str(&self.here(&response.to_string())).unwrap())
    }

    /// Sends the recorded request.
    pub(crate) async fn play(&self) -> Answer {
        let client = self.account(self.sample.caller());
        let client = match self.sample.microversion.as_str() {
            "" => client.clone(),
            header => client.at_raw(header),
        };
        // The `#` of a host is part of the path, so clients spell it as they must.
        let url = self.here(&self.sample.url).replace('#', "%23");
        let mut request = self.sample.request.clone();
        if let Some(volume) = request.as_mut().and_then(|body| body.get_mut("volume")) {
            // There are no groups here; a volume in none has the same members.
            volume.as_object_mut().unwrap().remove("group_id");
        }
        let body = request.map(|request| self.here(&request.to_string()));
        client.send(self.method(), &url, body).await
    }

    /// A disk of the account that whoever sends the request acts for.
    async fn disk_of(&self, volume: Value) -> String {
        let owner = if self.sample.caller() == "partner" { &self.partner } else { &self.demo };
        owner.disk_of(volume).await
    }

    /// A disk of 1 GiB.
    async fn disk(&self) -> String {
        self.disk_of(json!({"size": 1})).await
    }

    /// Makes something as an administrator; the answer.
    async fn made(&self, path: &str, body: Value) -> Answer {
        let answer = self.admin.post(&self.admin.path("v3", path), body).await;
        assert!(matches!(answer.status, 200 | 202), "{path}: {answer:?}");
        answer
    }

    /// A disk type; its id.
    async fn disk_type(&self, name: &str) -> String {
        let answer = self.made("types", json!({"volume_type": {"name": name}})).await;
        answer.body["volume_type"]["id"].as_str().unwrap().to_owned()
    }
}
