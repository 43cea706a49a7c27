//! The group commit: one task owns the one connection that writes, and lends it to one unit after
//! the other.
//!
//! Units that wait at the same time share a transaction, and so one flush to the disk. Each is
//! answered after the COMMIT only. A unit whose writes fail is undone alone, by the savepoint that
//! is open from the BEGIN on; a COMMIT that fails fails every unit before it. No timer fills a
//! batch: a unit alone is committed at once.

use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteQueryResult};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Executor as _, Row as _};
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use super::place::Place;
use super::turn::{Back, End, Loan, Reply, Request, Returned, Turn};
use super::unit::{Rows, Write};
use super::{checkpoint, errors, holder};
use crate::crash;
use crate::domain::fault::CrashPoint;
use crate::store::{Changes, Result, StoreError};
use crate::tasks::{Panicked, caught};

/// How long nobody must have asked for a turn before the log is moved into the main file, and how often
/// an idle writer looks whether another process wrote.
const IDLE: Duration = Duration::from_secs(1);

/// How many writes leave in one call; a seed of thousands of rows takes several.
const MOST_WRITES_A_CALL: usize = 64;

/// Calls of up to so many writes keep their compiled form: they come again, longer ones hardly do.
const FEW_WRITES: usize = 8;

/// The one that writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) file: PathBuf,
    /// The files that the connections hold open.
    pub(super) place: Place,
    /// Whether they were elsewhere when it was looked last.
    pub(super) displaced: bool,
    /// How to connect again should the connection be lost.
    pub(super) options: SqliteConnectOptions,
    pub(super) busy_timeout: Duration,
    /// The most turns in a batch.
    pub(super) group_size: usize,
    /// None after it was lost, until the next batch connects again.
    pub(super) connection: Option<SqliteConnection>,
    /// What SQLite said last of the file's content; another number now means that another process wrote.
    /// None before it was asked on this connection.
    pub(super) version: Option<i64>,
    /// Whether the log could not be moved into the main file when that was tried last, for want of room.
    pub(super) cramped: bool,
    /// Told of each commit, ours and theirs.
    pub(super) changes: watch::Sender<Changes>,
}

/// Units of a batch that have had their turn and wait for the COMMIT.
#[derive(Debug, Default)]
struct Batch {
    waiting: Vec<(Reply, Result<()>)>,
    wrote: bool,
    /// What is to go wrong after the COMMIT, each with the place in `waiting` of the unit that wants it.
    armed: Vec<(usize, crash::Armed)>,
}

impl Batch {
    /// Answers after the COMMIT; at once if there is nothing that could still be lost.
    fn settle(&mut self, reply: Reply, outcome: Result<()>) {
        if self.wrote {
            self.waiting.push((reply, outcome));
        } else {
            answer(reply, outcome);
        }
    }

    fn committed(mut self) {
        for (place, armed) in self.armed {
            if let (Err(why), Some((_, outcome))) =
                (armed.here(CrashPoint::AfterCommit), self.waiting.get_mut(place))
            {
                *outcome = Err(why.into());
            }
        }
        for (reply, outcome) in self.waiting {
            answer(reply, outcome);
        }
    }

    fn lost(self, why: &StoreError) {
        for (reply, _) in self.waiting {
            answer(reply, Err(why.clone()));
        }
    }
}

fn answer(reply: Reply, outcome: Result<()>) {
    // Whoever committed may be gone; what is done stays done.
    drop(reply.send(outcome));
}

impl Writer {
    /// Works until nobody can ask any more.
    pub(super) async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let mut dirty = false;
        // What ended a batch, since it wants the connection alone.
        let mut waiting = None;
        // From now on whatever another process writes is noticed.
        self.look().await;
        loop {
            let request = if waiting.is_some() {
                waiting.take()
            } else {
                let Ok(request) = tokio::time::timeout(IDLE, requests.recv()).await else {
                    dirty = dirty && !self.checkpoint().await;
                    self.look().await;
                    // Said as soon as possible, not when the next one wants to write.
                    drop(self.in_place().await);
                    continue;
                };
                request
            };
            let Some(request) = request else { break };
            let served = caught(self.serve(request, &mut requests, &mut waiting)).await;
            dirty |= served.unwrap_or_else(|why| {
                self.start_over(&why);
                true
            });
        }
        self.checkpoint().await;
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            warn!(error = errors::text(error), "the database was not closed cleanly");
        }
    }

    /// Does what is asked for; says whether that wrote.
    async fn serve(
        &mut self,
        request: Request,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        waiting: &mut Option<Request>,
    ) -> bool {
        match request {
            Request::Alone(reply) => self.lend_alone(reply).await,
            Request::Turn(reply) => self.batch(reply, requests, waiting).await,
        }
    }

    /// Goes on after a panic in the middle of a batch. Its units have lost their replies, which tells
    /// them that they failed; what was not committed is undone with the connection.
    fn start_over(&mut self, why: &Panicked) {
        error!(error.cause = %why, "the writer connects anew: {why}");
        self.connection = None;
        // It may have been committed.
        self.changes.send_modify(|changes| changes.ours += 1);
    }

    /// One transaction, for `first` and those that wait behind it. Says whether it wrote.
    async fn batch(
        &mut self,
        first: oneshot::Sender<Result<Turn>>,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        waiting: &mut Option<Request>,
    ) -> bool {
        if first.is_closed() {
            return false;
        }
        let mut connection = match self.begin().await {
            Ok(connection) => connection,
            Err(why) => {
                Request::Turn(first).refuse(why.clone());
                // Those who came meanwhile have waited as long; another wait would serve nobody.
                while let Ok(request) = requests.try_recv() {
                    request.refuse(why.clone());
                }
                return false;
            }
        };
        let mut batch = Batch::default();
        let mut next = Some(first);
        let mut turns = 0;
        while let Some(request) = next.take() {
            let Some(back) = lend(connection, request).await else {
                batch.lost(&StoreError::Lost("the connection was lost".to_owned()));
                return false;
            };
            connection = back.connection;
            match back.end {
                End::Abandon => {}
                End::Refuse(reply) => batch.settle(reply, Ok(())),
                End::Commit(writes, reply, _) if writes.is_empty() => batch.settle(reply, Ok(())),
                End::Commit(writes, reply, armed) => match send(&mut connection, &writes)
                    .await
                    .and_then(|()| before_commit(armed.as_ref()))
                {
                    Ok(()) => {
                        batch.wrote = true;
                        batch.armed.extend(armed.map(|armed| (batch.waiting.len(), armed)));
                        batch.waiting.push((reply, Ok(())));
                    }
                    Err(failed) => {
                        if !failed.undo(&mut connection).await {
                            // SQLite gave the whole transaction up: no room, or an I/O error.
                            self.roll_back(connection).await;
                            batch.lost(&failed.of_neighbours());
                            answer(reply, Err(failed.why));
                            return false;
                        }
                        batch.settle(reply, Err(failed.why));
                    }
                },
            }
            turns += 1;
            if turns < self.group_size {
                match requests.try_recv().ok() {
                    Some(Request::Turn(reply)) => next = Some(reply),
                    other => *waiting = other,
                }
            }
        }
        self.commit(connection, batch).await
    }

    /// Lends the connection to one who has it alone; says whether that wrote.
    async fn lend_alone(&mut self, reply: oneshot::Sender<Result<Loan>>) -> bool {
        if reply.is_closed() {
            return false;
        }
        let connected = match self.in_place().await {
            Ok(()) => self.connect().await,
            Err(why) => Err(why),
        };
        let connection = match connected {
            Ok(connection) => connection,
            Err(why) => {
                Request::Alone(reply).refuse(why);
                return false;
            }
        };
        let (loan, back) = Loan::of(connection, self.place.clone());
        drop(reply.send(Ok(loan)));
        // What is closed, or lost on the way, is replaced by who is next.
        let Ok(Returned { connection, wrote }) = back.await else { return false };
        self.connection = connection;
        if wrote {
            self.changes.send_modify(|changes| changes.ours += 1);
        }
        wrote
    }

    async fn connect(&mut self) -> Result<SqliteConnection> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        self.version = None;
        self.options.connect().await.map_err(|error| self.refused(error))
    }

    /// Whether what is written would stay; else why not. Says so in the log when that changes.
    async fn in_place(&mut self) -> Result<()> {
        let place = self.place.check();
        match (&place, self.displaced) {
            (Err(why), false) => {
                error!("nothing is written, since {why}");
                // If the log is what was taken away, it is ours for as long as it is open: what was
                // answered goes from it into the main file.
                self.checkpoint().await;
            }
            (Ok(()), true) => info!("the data file is in its place again"),
            (Err(_), true) | (Ok(()), false) => {}
        }
        self.displaced = place.is_err();
        place
    }

    /// Takes the write lock at once: a transaction that read first could fail to take it later,
    /// for what it read may be old by then (`SQLITE_BUSY_SNAPSHOT`).
    async fn begin(&mut self) -> Result<SqliteConnection> {
        self.in_place().await?;
        let mut connection = self.connect().await?;
        // The savepoint is there from the start, so that every write call can begin alike.
        let begun = sqlx::raw_sql("BEGIN IMMEDIATE; SAVEPOINT unit; PRAGMA data_version");
        match begun.fetch_one(&mut connection).await.and_then(|row| row.try_get(0)) {
            Ok(version) => {
                self.notice(version);
                Ok(connection)
            }
            Err(error) if errors::is_busy(&error) => {
                self.connection = Some(connection);
                Err(self.refused(error))
            }
            // Not kept: a fresh connection is in no half-finished state.
            Err(error) => Err(self.refused(error)),
        }
    }

    fn refused(&self, error: sqlx::Error) -> StoreError {
        if errors::is_busy(&error) {
            StoreError::Busy(holder::who(&self.file))
        } else {
            errors::of_statement(error)
        }
    }

    async fn commit(&mut self, mut connection: SqliteConnection, batch: Batch) -> bool {
        match sqlx::raw_sql("COMMIT").execute(&mut connection).await {
            Ok(_) => {
                self.connection = Some(connection);
                let wrote = batch.wrote;
                if wrote {
                    self.changes.send_modify(|changes| changes.ours += 1);
                }
                // A file that was taken away meanwhile took the COMMIT with it.
                match if wrote { self.in_place().await } else { Ok(()) } {
                    Ok(()) => batch.committed(),
                    Err(why) => batch.lost(&why),
                }
                wrote
            }
            Err(error) => {
                self.roll_back(connection).await;
                batch.lost(&errors::of_transaction(error));
                false
            }
        }
    }

    /// Looks whether another process wrote; who wants to write next would notice too.
    async fn look(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        match sqlx::query_scalar("PRAGMA data_version").fetch_one(connection).await {
            Ok(version) => self.notice(version),
            Err(error) => {
                warn!(error = errors::text(error), "whether another process wrote cannot be told");
            }
        }
    }

    /// Compares what SQLite says of the file's content with what it said last: our own commits on this
    /// connection do not change it.
    fn notice(&mut self, version: i64) {
        if self.version.replace(version).is_some_and(|last| last != version) {
            self.changes.send_modify(|changes| changes.others += 1);
        }
    }

    /// Ends the transaction without its writes, and keeps the connection if that is certain.
    async fn roll_back(&mut self, mut connection: SqliteConnection) {
        match sqlx::raw_sql("ROLLBACK").execute(&mut connection).await {
            Ok(_) => self.connection = Some(connection),
            Err(error) => {
                let text = errors::text(error);
                if text.contains("no transaction is active") {
                    self.connection = Some(connection);
                } else {
                    warn!(error = text, "a transaction was not rolled back; connecting anew");
                }
            }
        }
    }

    /// Moves the log into the main file and empties it, unless that would mean to wait: with a busy
    /// timeout a tester's open read transaction would hold every write up. Says whether it is done; where
    /// no room is left it is tried again until there is, though nobody writes, and told of once.
    async fn checkpoint(&mut self) -> bool {
        let Some(connection) = &mut self.connection else { return true };
        match checkpoint::checkpoint(connection, self.busy_timeout).await {
            Ok(done) => {
                self.cramped = false;
                done
            }
            Err(error) => {
                let is_full = errors::is_full(&error);
                if !is_full || !self.cramped {
                    warn!(error = errors::text(error), "the log was not moved into the main file");
                }
                self.cramped = is_full;
                !is_full
            }
        }
    }
}

/// Lends the connection to whoever made the request and waits for its return. If the requester is
/// gone already, the turn is dropped here or in the channel, and comes back at once.
async fn lend(
    connection: SqliteConnection,
    request: oneshot::Sender<Result<Turn>>,
) -> Option<Back> {
    let (writer, back) = oneshot::channel();
    drop(request.send(Ok(Turn::of(connection, writer))));
    back.await.ok()
}

/// The writes of a unit that did not take place.
#[derive(Debug)]
struct Failed {
    why: StoreError,
    /// Whether the savepoint that is open now is this unit's.
    begun: bool,
}

impl Failed {
    /// Takes the unit's writes back; the savepoint stays open for the next unit. Says whether the
    /// transaction is still there.
    async fn undo(&self, connection: &mut SqliteConnection) -> bool {
        self.begun && sqlx::raw_sql("ROLLBACK TO unit").execute(connection).await.is_ok()
    }

    /// What it is to the units before this one when the transaction is gone.
    fn of_neighbours(&self) -> StoreError {
        if matches!(self.why, StoreError::Full) {
            StoreError::Full
        } else {
            StoreError::Lost(self.why.to_string())
        }
    }
}

/// Fails a unit whose writes are sent if a rule wants that.
fn before_commit(armed: Option<&crash::Armed>) -> std::result::Result<(), Failed> {
    let outcome = armed.map_or(Ok(()), |armed| armed.here(CrashPoint::BeforeCommit));
    outcome.map_err(|why| Failed { why: why.into(), begun: true })
}

/// Closes the savepoint of the unit before, whose counts have been checked, and opens this one's.
/// The close must not stand behind the writes instead: it would have run before their counts are
/// seen, and a refused unit's rows would stay.
const LEAD: &str = "RELEASE unit; SAVEPOINT unit";
const STATEMENTS_IN_LEAD: usize = 2;

/// Sends the writes and compares the rows each touched with those it must touch.
async fn send(
    connection: &mut SqliteConnection,
    writes: &[Write],
) -> std::result::Result<(), Failed> {
    let mut lead = STATEMENTS_IN_LEAD;
    for (call, writes) in writes.chunks(MOST_WRITES_A_CALL).enumerate() {
        let mut sql = if call == 0 { LEAD.to_owned() } else { String::new() };
        let mut arguments = SqliteArguments::default();
        for write in writes {
            if !sql.is_empty() {
                sql.push_str("; ");
            }
            sql.push_str(write.sql);
            for value in &write.values {
                value.add_to(&mut arguments).map_err(|why| Failed { why, begun: call > 0 })?;
            }
        }
        // Only literals of this folder are joined here; every value is bound.
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments)
            .persistent(call == 0 && writes.len() <= FEW_WRITES);
        let mut results = connection.fetch_many(query);
        let mut unchecked = writes.iter();
        let mut outcome = Ok(());
        while let Some(result) = next(&mut results).await {
            match result {
                Ok(Either::Right(_)) => {}
                Ok(Either::Left(_)) if lead > 0 => lead -= 1,
                Ok(Either::Left(done)) => {
                    if let Some(write) = unchecked.next() {
                        outcome = outcome.and_then(|()| check(write, &done));
                    }
                }
                Err(error) => {
                    outcome = outcome.and(Err(errors::of_statement(error)));
                    break;
                }
            }
        }
        if outcome.is_ok()
            && let Some(write) = unchecked.next()
        {
            outcome = Err(StoreError::Database(format!("`{}` did not run", write.name)));
        }
        outcome.map_err(|why| Failed { why, begun: lead == 0 })?;
    }
    Ok(())
}

fn check(write: &Write, done: &SqliteQueryResult) -> Result<()> {
    match (write.rows, done.rows_affected()) {
        (Rows::Any, _) | (Rows::One, 1) => Ok(()),
        (Rows::One, touched) => {
            Err(StoreError::RowsAffected { write: write.name, touched, expected: 1 })
        }
    }
}

/// What a stream yields next.
pub(super) async fn next<S: Stream + ?Sized>(stream: &mut Pin<Box<S>>) -> Option<S::Item> {
    std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await
}
