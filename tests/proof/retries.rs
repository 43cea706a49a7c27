//! Requests whose answers are lost, because the connection is cut or the server is killed at a moment that
//! nobody chose, and that are sent again under their key: one transfer each, and the key in the answer
//! that arrives opens it.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, text, violations};
use crate::survived::Run;
use crate::world::{data_files, files_with};
use crate::{millis, pass};

/// Of so many lost answers one is lost with the server.
const KILLED: usize = 8;

/// A request that may be sent again.
#[derive(Debug)]
struct Keyed {
    path: String,
    key: String,
    body: String,
}

impl Keyed {
    fn new(chance: &mut Chance, path: String, body: &Value) -> Self {
        let key = format!("{:016x}{:016x}", chance.next(), chance.next());
        Self { path, key, body: body.to_string() }
    }

    /// Sends it and never looks at what comes back: the connection is held until this is dropped.
    fn send_blindly(&self, client: &Client) -> TcpStream {
        let address = client.url.strip_prefix("http://").unwrap();
        let mut connection = TcpStream::connect(address).unwrap();
        let Self { path, key, body } = self;
        let (token, length) = (&client.token, body.len());
        write!(
            connection,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nX-Auth-Token: {token}\r\n\
             Idempotency-Key: {key}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        connection
    }

    /// Sends it and waits for the answer: its text, and whether it had been given before.
    async fn send(&self, http: &reqwest::Client, client: &Client) -> (String, bool) {
        let request = http.post(format!("{}{}", client.url, self.path));
        let request = request
            .header("x-auth-token", &client.token)
            .header("idempotency-key", &self.key)
            .header("content-type", "application/json")
            .body(self.body.clone());
        let response = request.send().await.unwrap();
        let replayed = response.headers().contains_key("idempotency-replayed");
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 202, "{} {text}", self.path);
        (text, replayed)
    }
}

/// A server that is killed now and then, and how often what was lost had been done.
struct Loser {
    data: std::path::PathBuf,
    log: std::path::PathBuf,
    server: Server,
    chance: Chance,
    http: reqwest::Client,
    cuts: [usize; 2],
    kills: [usize; 2],
}

fn start(data: &Path, log: &Path) -> Server {
    let log = File::options().append(true).create(true).open(log).unwrap();
    let mut command: Command = serve(data);
    Server::start(command.env("EVS__LOG__FILTER", "debug").stderr(log)).unwrap()
}

impl Loser {
    /// Sends a request so that its answer is lost, and sends it again until it has one.
    async fn lose(&mut self, clients: &mut [Client; 2], of: usize, request: &Keyed) -> Value {
        let connection = request.send_blindly(&clients[of]);
        let killed = self.chance.below(KILLED) == 0;
        let moment: Duration = millis(&mut self.chance, 0, if killed { 12 } else { 6 });
        pass(moment).await;
        drop(connection);
        if killed {
            self.server.signal("KILL");
            self.server.end();
            self.server = start(&self.data, &self.log);
            let moved = clients.each_ref().map(|client| client.moved_to(&self.server.url));
            *clients = moved;
        }
        let (first, done) = request.send(&self.http, &clients[of]).await;
        let (again, replayed) = request.send(&self.http, &clients[of]).await;
        assert_eq!((&again, replayed), (&first, true));
        let count = if killed { &mut self.kills } else { &mut self.cuts };
        count[usize::from(done)] += 1;
        serde_json::from_str(&first).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_again_what_got_no_answer_has_one_transfer_and_the_key_that_opens_it() {
    // So many offers are made, each of which is also taken.
    let run = Run::of("lost answers", 300);
    let home = TempDir::new().unwrap();
    let (data, log) = (home.path().join("data"), home.path().join("log"));
    let server = start(&data, &log);
    let mut clients =
        [Client::login(&server.url, "demo").await, Client::login(&server.url, "partner").await];
    let mut loser = Loser {
        data: data.clone(),
        log: log.clone(),
        server,
        chance: Chance::of(run.seed),
        http: reqwest::Client::new(),
        cuts: [0; 2],
        kills: [0; 2],
    };
    let mut secrets = Vec::new();
    let mut last = String::new();
    for number in 0..run.count {
        let made = clients[0].create_disk(&format!("disk {number}")).await.unwrap();
        let disk = text(&made.body, "volume", "id");
        let path = format!("/v3/{}/os-volume-transfer", clients[0].project);
        let offer = json!({"transfer": {"volume_id": disk}});
        let offer = Keyed::new(&mut loser.chance, path, &offer);
        let offered = loser.lose(&mut clients, 0, &offer).await;
        let (id, key) = (text(&offered, "transfer", "id"), text(&offered, "transfer", "auth_key"));
        let listed = clients[0].get(&format!("os-volume-transfer?volume_id={disk}")).await.unwrap();
        let listed = listed.body["transfers"].as_array().unwrap().clone();
        assert_eq!(listed.len(), 1, "one transfer: {listed:?}");
        assert_eq!(listed[0]["id"], json!(id));

        let path = format!("/v3/{}/os-volume-transfer/{id}/accept", clients[1].project);
        let accept = json!({"accept": {"auth_key": key}});
        let accept = Keyed::new(&mut loser.chance, path, &accept);
        let accepted = loser.lose(&mut clients, 1, &accept).await;
        assert_eq!(text(&accepted, "transfer", "id"), id);
        let owned = clients[1].get(&format!("volumes/{disk}")).await.unwrap();
        assert_eq!(text(&owned.body, "volume", "status"), "available");
        secrets.extend([offer.key, accept.key, key]);
        last = id;
    }
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    for moment in ["while it serves", "after it has stopped"] {
        let files = [data_files(&data), vec![log.clone()]].concat();
        assert_eq!(files_with(&secrets, &files), "", "{moment}");
        assert_ne!(files_with(&[&last], &files), "", "the search finds what is there");
        assert_eq!(violations(&data).await, Vec::<String>::new(), "{moment}");
        if moment == "while it serves" {
            loser.server.signal("TERM");
            assert_eq!(loser.server.end().0.code(), Some(0));
        }
    }
    let ([cut_before, cut_after], [killed_before, killed_after]) = (loser.cuts, loser.kills);
    assert_eq!(cut_before + cut_after + killed_before + killed_after, 2 * run.count);
    assert!(cut_after > 0 && killed_after > 0 && killed_before > 0, "every kind of loss");
    run.survived(
        2 * run.count,
        &format!(
            "{cut_before} cut and {killed_before} killed before the work was done, {cut_after} cut \
             and {killed_after} killed after it; one transfer each, and the first key opens it"
        ),
    );
}
