//! Several clients at work on one data directory, across any number of servers that end there.

use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::ask::create_policy;
use crate::chance::Chance;
use crate::journal::{Journal, Project, Projects};
use crate::process::{Client, PASSWORD, Server, serve, violations};
use crate::seen::look;

pub(crate) const CLIENTS: usize = 8;

/// A data directory, the log of all servers that ran on it, and what clients know of it.
pub(crate) struct World {
    pub(crate) home: TempDir,
    pub(crate) chance: Chance,
    projects: Option<Projects>,
    pub(crate) journals: Vec<Journal>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let journals = (0..CLIENTS).map(|number| Journal::new(number, chance.next())).collect();
        Self { home: TempDir::new().unwrap(), chance, projects: None, journals }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    /// Starts the server; the tokens of the first start count for all.
    pub(crate) async fn start(&mut self) -> (Server, Projects) {
        let log = File::options().append(true).create(true).open(self.log()).unwrap();
        let mut command = serve(&self.data());
        let server = Server::start(command.env("EVS__LOG__FILTER", "debug").stderr(log)).unwrap();
        assert!(server.banner.contains("  durable   yes\n"), "{}", server.banner);
        let projects = match self.projects.take() {
            Some(projects) => projects.map(|Project { client, policy }| {
                let client = client.moved_to(&server.url);
                Project { client, policy }
            }),
            None => [Self::project(&server, "demo").await, Self::project(&server, "partner").await],
        };
        self.projects = Some(projects.clone());
        (server, projects)
    }

    async fn project(server: &Server, name: &str) -> Project {
        let client = Client::login(&server.url, name).await;
        let policy = create_policy(&client).await;
        Project { client, policy }
    }

    /// All clients work until `end` has ended the server or told it to.
    pub(crate) async fn work(&mut self, projects: &Projects, end: impl Future<Output = ()>) {
        let mut working = JoinSet::new();
        for journal in self.journals.drain(..) {
            working.spawn(journal.work(projects.clone()));
        }
        end.await;
        self.journals = working.join_all().await;
    }

    /// Compares all that the service says there is with what the clients know.
    pub(crate) async fn check(&mut self, projects: &Projects) {
        let data = self.data();
        let (mut seen, violations) = tokio::join!(look(projects), violations(&data));
        for journal in &mut self.journals {
            journal.check(&mut seen);
        }
        assert!(seen.is_empty(), "nobody asked for these: {seen:?}");
        assert_eq!(violations, Vec::<String>::new());
    }

    pub(crate) fn answered(&self) -> usize {
        self.journals.iter().map(|journal| journal.answered).sum()
    }

    /// None of the passwords, tokens and keys stands in the data file, its log, or our own log.
    pub(crate) fn seek_secrets(&self, files: &[PathBuf]) {
        let tokens = self.projects.iter().flatten().map(|project| project.client.token.as_str());
        let keys = self.journals.iter().flat_map(|journal| &journal.keys).map(String::as_str);
        let secrets: Vec<&str> = tokens.chain(keys).chain([PASSWORD]).collect();
        let found = files_with(&secrets, files);
        assert_eq!(found, "", "of {} secrets, some stand there", secrets.len());
        // The same search finds what does stand there.
        let disk = self.journals.iter().find_map(|journal| journal.disks.keys().next());
        assert_ne!(files_with(&[disk.unwrap()], files), "");
    }
}

/// The names of those files that hold one of the texts.
pub(crate) fn files_with(texts: &[&str], files: &[PathBuf]) -> String {
    let mut grep = Command::new("grep");
    grep.args(["-l", "-a", "-F", "-f", "-"]).args(files.iter().filter(|file| file.exists()));
    let mut grep = grep.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    grep.stdin.take().unwrap().write_all(texts.join("\n").as_bytes()).unwrap();
    String::from_utf8(grep.wait_with_output().unwrap().stdout).unwrap()
}

pub(crate) fn data_files(data: &Path) -> Vec<PathBuf> {
    ["evs.db", "evs.db-wal"].map(|name| data.join(name)).to_vec()
}

/// A connection to a copy of a data file that nobody serves, and the folder that the copy is in: what a
/// kill left is the next server's to deal with.
pub(crate) async fn opened_copy(data: &Path) -> (TempDir, SqliteConnection) {
    let copy = TempDir::new().unwrap();
    for file in data_files(data).iter().filter(|file| file.exists()) {
        std::fs::copy(file, copy.path().join(file.file_name().unwrap())).unwrap();
    }
    let options = SqliteConnectOptions::new().filename(copy.path().join("evs.db"));
    let connection = options.connect().await.unwrap();
    (copy, connection)
}

/// A server, or what `evs` says when it does not start. Of one and the same start: another one may find
/// what this one has changed.
pub(crate) fn started(command: &mut Command) -> Result<Server, String> {
    let mut said = tempfile::tempfile().unwrap();
    Server::start(command.stderr(said.try_clone().unwrap())).ok_or_else(|| {
        let mut text = String::new();
        said.rewind().unwrap();
        said.read_to_string(&mut text).unwrap();
        text
    })
}
