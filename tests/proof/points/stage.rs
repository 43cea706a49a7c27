//! A server in a process of its own, whoever asks it, and its data file and log to look into.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Command;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::content::{Content, Look};
use super::{People, crashing};
use crate::process::{Server, violations};

/// The microversion that knows all there is.
const NEWEST: &str = "volume 3.71";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Admin,
    Demo,
    Partner,
}

/// A request below a project.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) who: Who,
    pub(super) method: Method,
    /// With the version, without the project, which is the asker's.
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// The key under which it may be sent again.
    pub(super) key: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

pub(super) struct Stage {
    pub(super) people: People,
    pub(super) document: Value,
    home: TempDir,
    server: Server,
    look: Look,
    http: reqwest::Client,
    /// How much of the log was read.
    read: usize,
    progress: Progress,
}

fn data(home: &TempDir) -> PathBuf {
    home.path().join("data")
}

/// Who ends what takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The server, at once.
    ByItself,
    /// Whoever steps. Offers last a minute.
    ByHand,
}

fn start(home: &TempDir, progress: Progress) -> Server {
    let log = File::options().append(true).create(true).open(home.path().join("log")).unwrap();
    let mut command: Command = crashing(&data(home));
    if progress == Progress::ByHand {
        command.env("EVS__SIMULATION__PROGRESS", "explicit");
        command.env("EVS__TRANSFERS__EXPIRE_AFTER_S", "60");
        // The clock goes on by days.
        command.env("EVS__AUTH__TOKEN_LIFETIME_S", "3000000");
    }
    Server::start(command.env("EVS__LOG__FILTER", "error").stderr(log)).unwrap()
}

impl Stage {
    pub(super) async fn start() -> Self {
        Self::start_with(Progress::ByItself).await
    }

    pub(super) async fn start_with(progress: Progress) -> Self {
        let home = TempDir::new().unwrap();
        let server = start(&home, progress);
        let people = People::login(&server.url).await;
        let look = Look::into(&data(&home)).await;
        let url = format!("{}/_evs/openapi.json", server.url);
        let document = people.admin.send(Method::GET, &url, None).await.unwrap().body;
        let http = reqwest::Client::new();
        Self { people, document, home, server, look, http, read: 0, progress }
    }

    /// Sends a request; an error is an answer that did not arrive, or not completely.
    pub(super) async fn send(&self, request: &Request) -> reqwest::Result<Answer> {
        let client = match request.who {
            Who::Admin => &self.people.admin,
            Who::Demo => &self.people.demo,
            Who::Partner => &self.people.partner,
        };
        let (version, rest) = request.path.trim_start_matches('/').split_once('/').unwrap();
        let url = format!("{}/{version}/{}/{rest}", client.url, client.project);
        let mut sent = self.http.request(request.method.clone(), url);
        sent = sent.header("x-auth-token", &client.token);
        if version == "v3" {
            sent = sent.header("openstack-api-version", NEWEST);
        }
        if let Some(key) = &request.key {
            sent = sent.header("idempotency-key", key);
        }
        if let Some(body) = &request.body {
            sent = sent.json(body);
        }
        let response = sent.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, text: response.text().await? })
    }

    /// Does something that must succeed, and gives the answer's body.
    pub(super) async fn make(&self, who: Who, method: Method, path: &str, body: Value) -> Value {
        let body = (!body.is_null()).then_some(body);
        let request = Request { who, method, path: path.to_owned(), body, key: None };
        let answer = self.send(&request).await.unwrap();
        assert!((200..300).contains(&answer.status), "{request:?}: {answer:?}");
        if self.progress == Progress::ByHand {
            self.end_what_is_due().await;
        }
        answer.json()
    }

    /// Where the server is asked.
    pub(super) fn url(&self) -> &str {
        &self.server.url
    }

    /// Steers the server.
    pub(super) async fn steer(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let url = format!("{}/_evs/{path}", self.server.url);
        let answer = self.people.admin.send(method, &url, body).await.unwrap();
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.body);
        answer.body
    }

    /// Adds a rule; its id.
    pub(super) async fn arm(&self, rule: Value) -> String {
        let added = self.steer(Method::POST, "faults", Some(rule)).await;
        added["id"].as_str().unwrap().to_owned()
    }

    pub(super) async fn disarm(&self) {
        self.steer(Method::DELETE, "faults", None).await;
    }

    /// What stands in the file.
    pub(super) async fn content(&mut self) -> Content {
        self.look.content().await
    }

    /// Ends whatever is due, and waits for who is about to.
    pub(super) async fn end_what_is_due(&self) {
        self.steer(Method::POST, "progress", Some(json!({}))).await;
    }

    /// The errors that were logged since the last look.
    pub(super) fn errors(&mut self) -> Vec<String> {
        let mut text = String::new();
        File::open(self.home.path().join("log")).unwrap().read_to_string(&mut text).unwrap();
        let new = text.get(self.read..).unwrap().to_owned();
        self.read = text.len();
        // The framework calls it an error that the body of a dropped answer ends.
        let ours = |line: &&str| line.contains("ERROR") && !line.contains("error: NoAnswer");
        new.lines().filter(ours).map(str::to_owned).collect()
    }

    /// What the doctor finds.
    pub(super) async fn violations(&self) -> Vec<String> {
        violations(&data(&self.home)).await
    }

    /// Begins anew after the process was killed; says by which signal.
    pub(super) fn start_anew(&mut self) -> Option<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        let (status, _) = self.server.end();
        self.server = start(&self.home, self.progress);
        self.people = self.people.moved_to(&self.server.url);
        status.signal()
    }

    /// Stops the server, which ends well.
    pub(super) async fn stop(mut self) {
        self.server.signal("TERM");
        assert_eq!(self.server.end().0.code(), Some(0));
        assert_eq!(self.violations().await, Vec::<String>::new());
    }
}
