//! The real binary as a process of its own, and a client that speaks to it: what the tests of
//! crashes and of the command line have in common.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};

/// The password of every account: a word that stands nowhere else.
pub(crate) const PASSWORD: &str = "battery-staple-93d4";

/// `evs` with hashes that cost nothing, and with no setting of whoever runs the tests.
pub(crate) fn evs() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evs"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("EVS__") {
            command.env_remove(name);
        }
    }
    command
        .env("EVS__AUTH__PASSWORD_MEMORY_KIB", "8")
        .env("EVS__AUTH__PASSWORD_ITERATIONS", "1")
        .env("EVS__TRANSFERS__KEY_MEMORY_KIB", "8")
        .env("EVS__BOOTSTRAP__PASSWORD", PASSWORD)
        .env("EVS__SERVER__WORKERS", "2")
        .env("EVS__QUOTAS__VOLUMES", "-1")
        .env("EVS__QUOTAS__GIGABYTES", "-1");
    command
}

/// The command that serves this data directory on a free port of loopback.
pub(crate) fn serve(data: &Path) -> Command {
    let mut command = evs();
    command.arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command
}

/// A server in a process of its own, killed at the latest when the test ends.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) url: String,
    /// All lines that it printed until it served.
    pub(crate) banner: String,
}

impl Server {
    /// Waits for the banner, which comes when requests are answered; none if the process ends
    /// before.
    pub(crate) fn start(command: &mut Command) -> Option<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut banner = String::new();
        while !banner.ends_with("stop with Ctrl-C\n") {
            if out.read_line(&mut banner).unwrap() == 0 {
                child.wait().unwrap();
                return None;
            }
        }
        let url = banner.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
        Some(Self { child, out, url, banner })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends the signal of this name, and lets the server do what it will.
    pub(crate) fn signal(&self, name: &str) {
        let mut kill = Command::new("kill");
        let sent = kill.arg(format!("-{name}")).arg(self.pid().to_string()).status().unwrap();
        assert!(sent.success(), "kill -{name}: {sent}");
    }

    /// Waits for its end: how it ended, and what it printed after the banner.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails when it has ended already, which is as well.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// The body as JSON; null if it is none.
    pub(crate) body: Value,
}

/// A client of one user and the project of the same name.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) http: reqwest::Client,
    pub(crate) url: String,
    pub(crate) project: String,
    pub(crate) token: String,
}

impl Client {
    pub(crate) async fn login(url: &str, name: &str) -> Self {
        let (project, token) = (String::new(), String::new());
        let client = Self { http: reqwest::Client::new(), url: url.to_owned(), project, token };
        client.of_account(name).await
    }

    /// The same connections with a token of another account.
    pub(crate) async fn of_account(&self, name: &str) -> Self {
        let Self { http, url, .. } = self;
        let body = json!({"auth": {
            "identity": {"methods": ["password"], "password": {"user": {
                "name": name, "password": PASSWORD, "domain": {"name": "Default"},
            }}},
            "scope": {"project": {"name": name, "domain": {"name": "Default"}}},
        }});
        let path = format!("{url}/identity/v3/auth/tokens");
        let answer = self.send(Method::POST, &path, Some(body)).await.unwrap();
        assert_eq!(answer.status, 201, "{}", answer.body);
        let token = answer.headers["x-subject-token"].to_str().unwrap().to_owned();
        let project = answer.body["token"]["project"]["id"].as_str().unwrap().to_owned();
        Self { http: http.clone(), url: url.clone(), project, token }
    }

    /// The same client speaking to a server that was started anew.
    pub(crate) fn moved_to(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// An error is an answer that did not arrive, or not completely.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        body: Option<Value>,
    ) -> reqwest::Result<Answer> {
        let mut request = self.http.request(method, url).header("x-auth-token", &self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        Ok(Answer { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    /// The URL of something in the client's project.
    pub(crate) fn own(&self, rest: &str) -> String {
        format!("{}/v3/{}/{rest}", self.url, self.project)
    }

    pub(crate) async fn get(&self, rest: &str) -> reqwest::Result<Answer> {
        self.send(Method::GET, &self.own(rest), None).await
    }

    pub(crate) async fn create_disk(&self, name: &str) -> reqwest::Result<Answer> {
        let body = json!({"volume": {"size": 1, "name": name}});
        self.send(Method::POST, &self.own("volumes"), Some(body)).await
    }

    pub(crate) async fn offer(&self, disk: &str) -> reqwest::Result<Answer> {
        let body = json!({"transfer": {"volume_id": disk}});
        self.send(Method::POST, &self.own("os-volume-transfer"), Some(body)).await
    }

    pub(crate) async fn accept(&self, transfer: &str, key: &str) -> reqwest::Result<Answer> {
        let body = json!({"accept": {"auth_key": key}});
        let path = self.own(&format!("os-volume-transfer/{transfer}/accept"));
        self.send(Method::POST, &path, Some(body)).await
    }

    pub(crate) async fn withdraw(&self, transfer: &str) -> reqwest::Result<Answer> {
        self.send(Method::DELETE, &self.own(&format!("os-volume-transfer/{transfer}")), None).await
    }
}

/// A member of the body, as text.
pub(crate) fn text(body: &Value, of: &str, name: &str) -> String {
    body[of][name].as_str().unwrap_or_else(|| panic!("no {of}.{name} in {body}")).to_owned()
}

/// What the doctor finds in a data file; empty if it is healthy.
pub(crate) async fn violations(data: &Path) -> Vec<String> {
    let report = evs_local::store::sqlite::doctor::examine(&data.join("evs.db")).await.unwrap();
    report.violations.into_iter().map(|violation| violation.sentence).collect()
}
