//! The store in one SQLite file: many readers, one writer, every answered write on disk.
//!
//! Reads go to a small pool of connections that cannot write; each question is one statement and so
//! one consistent view. Writes go through the group commit of `writer`. Nothing is kept in memory
//! between questions: what a tester changes in the file is what the next answer shows.

mod access_keys;
mod accounts;
mod application_credentials;
mod attachments;
mod backup_shares;
mod backups;
mod checkpoint;
mod clock;
mod cloud_disks;
mod codec;
pub mod console;
mod disk_types;
mod disks;
pub mod doctor;
mod errors;
mod events;
mod faults;
mod guesses;
mod holder;
mod idempotency;
mod jobs;
mod look;
mod messages;
mod objects;
mod open;
mod page;
mod place;
mod policies;
mod policy_tasks;
mod progress;
mod projects;
mod qos_specs;
mod quotas;
mod readers;
mod role_assignments;
mod rows;
mod scenarios;
mod snapshots;
mod state;
mod transfers;
mod turn;
mod unit;
mod users;
mod webhooks;
mod writer;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use super::{Changes, ReadTx, Result, Store, StoreError, StoreInfo, WriteTx};
use crate::crash;
use crate::domain::fault::CrashPoint;
use crate::tasks::Tasks;
use place::Place;
use readers::Readers;
use turn::{Loan, Request};
use unit::{Reader, Unit};
use writer::Writer;

pub use open::{APPLICATION_ID, OpenError};

/// How to open a file.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// The most connections that read at the same time.
    pub readers: u32,
    /// The most units of work in one transaction.
    pub group_size: usize,
    /// How long to wait for another process that holds the write lock.
    pub busy_timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, group_size: 16, busy_timeout: Duration::from_secs(5) }
    }
}

/// An open SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    info: StoreInfo,
    readers: Readers,
    place: Place,
    /// None once the store is closed.
    requests: Mutex<Option<mpsc::UnboundedSender<Request>>>,
    stopped: CancellationToken,
    changes: watch::Receiver<Changes>,
    options: Options,
    tasks: Tasks,
    /// Whoever has it changes what lies in the folder of the saved states.
    saving: tokio::sync::Mutex<()>,
}

impl SqliteStore {
    /// Opens `file`, makes it if it is not there, and brings its schema up to date. The writer runs in
    /// `tasks` until [`Store::close`], which must be called before [`Tasks::finish`].
    pub async fn open(
        file: &Path,
        options: &Options,
        tasks: &Tasks,
    ) -> std::result::Result<Self, OpenError> {
        let opened = open::open(file, options).await?;
        state::tidy(file);
        let (sender, requests) = mpsc::unbounded_channel();
        let stopped = CancellationToken::new();
        let (told, changes) = watch::channel(Changes::default());
        let writer = Writer {
            file: file.to_owned(),
            place: opened.place.clone(),
            displaced: false,
            options: opened.writer_options,
            busy_timeout: options.busy_timeout,
            group_size: options.group_size.max(1),
            connection: Some(opened.writer),
            version: None,
            cramped: false,
            changes: told,
        };
        let on_stop = stopped.clone().drop_guard();
        tasks.start(async move {
            writer.run(requests).await;
            drop(on_stop);
        });
        Ok(Self {
            info: opened.info,
            readers: opened.readers,
            place: opened.place,
            requests: Mutex::new(Some(sender)),
            stopped,
            changes,
            options: *options,
            tasks: tasks.clone(),
            saving: tokio::sync::Mutex::default(),
        })
    }

    /// The writer's connection, alone: everybody who asked before is answered first.
    async fn alone(&self) -> Result<Loan> {
        let (request, loan) = oneshot::channel();
        self.ask(Request::Alone(request))?;
        loan.await.map_err(|_| StoreError::Closed)?
    }

    fn ask(&self, request: Request) -> Result<()> {
        match &*self.requests() {
            Some(requests) => requests.send(request).map_err(|_| StoreError::Closed),
            None => Err(StoreError::Closed),
        }
    }

    /// How many transactions were committed: fewer than units when units shared some.
    pub fn commits(&self) -> u64 {
        self.changes.borrow().ours
    }

    fn requests(&self) -> std::sync::MutexGuard<'_, Option<mpsc::UnboundedSender<Request>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn read(&self) -> Result<Box<dyn ReadTx>> {
        if self.readers.are_closed() {
            return Err(StoreError::Closed);
        }
        Ok(Box::new(Reader::of(&self.readers)))
    }

    async fn write(&self) -> Result<Box<dyn WriteTx>> {
        crash::here(CrashPoint::BeforeUnit)?;
        let (request, turn) = oneshot::channel();
        self.ask(Request::Turn(request))?;
        let turn = turn.await.map_err(|_| StoreError::Closed)??;
        Ok(Box::new(Unit::new(turn)))
    }

    fn info(&self) -> &StoreInfo {
        &self.info
    }

    fn changes(&self) -> watch::Receiver<Changes> {
        self.changes.clone()
    }

    fn log_bytes(&self) -> u64 {
        std::fs::metadata(beside(&self.info.file, "-wal")).map_or(0, |log| log.len())
    }

    async fn close(&self) {
        // Readers first: an open read would keep the log from being emptied.
        self.readers.close().await;
        drop(self.requests().take());
        self.stopped.cancelled().await;
    }
}

/// The file beside `file` whose name goes on with `suffix`.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    PathBuf::from(name)
}
