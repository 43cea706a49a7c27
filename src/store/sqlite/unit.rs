//! A unit of work, and what it has in common with a reader: a connection to ask questions on.

use std::fmt;
use std::future::Future;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::codec::Value;
use super::readers::{Lent, Question, Readers};
use super::turn::Turn;
use crate::crash;
use crate::domain::fault::CrashPoint;
use crate::store::{Result, WriteTx};

/// Has a connection to ask questions on: every question is implemented once, for all that have.
pub(super) trait AsConnection: Send {
    /// The connection.
    fn connection(&mut self) -> impl Future<Output = Result<&mut SqliteConnection>> + Send;

    /// The one row that answers a question, if there is any.
    fn one(&mut self, question: Question)
    -> impl Future<Output = Result<Option<SqliteRow>>> + Send;
}

/// Asks questions, on connections that cannot write.
#[derive(Debug)]
pub(super) struct Reader {
    readers: Readers,
    /// Borrowed when the first question wants it.
    lent: Option<Lent>,
}

impl Reader {
    /// Asks nothing yet.
    pub(super) fn of(readers: &Readers) -> Self {
        Self { readers: readers.clone(), lent: None }
    }
}

impl AsConnection for Reader {
    async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let lent = match self.lent.take() {
            Some(lent) => lent,
            None => self.readers.lend().await?,
        };
        self.lent.insert(lent).connection()
    }

    async fn one(&mut self, question: Question) -> Result<Option<SqliteRow>> {
        self.readers.ask(question).await
    }
}

/// How many rows a write must touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// One; anything else undoes the unit.
    One,
    /// Any number: the write only tidies up.
    Any,
}

/// A write in the queue of its unit. Its placeholders are positional (`?`), since it is sent
/// together with others, and numbers would be counted over all of them.
#[derive(Clone)]
pub(super) struct Write {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    pub(super) rows: Rows,
    pub(super) values: Vec<Value>,
}

impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Write {
    /// A write of exactly one row.
    pub(super) fn of_one_row(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, rows: Rows::One, values: Vec::new() }
    }

    /// A write of any number of rows.
    pub(super) fn of_any_rows(name: &'static str, sql: &'static str) -> Self {
        Self { name, sql, rows: Rows::Any, values: Vec::new() }
    }

    /// Binds the next placeholder.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

/// A unit of work: its turn at the writer, and the writes it has queued.
#[derive(Debug)]
pub(super) struct Unit {
    turn: Turn,
    writes: Vec<Write>,
}

impl Unit {
    /// Begins with nothing queued.
    pub(super) fn new(turn: Turn) -> Self {
        Self { turn, writes: Vec::new() }
    }

    /// Queues a write.
    pub(super) fn queue(&mut self, write: Write) {
        self.writes.push(write);
    }
}

impl AsConnection for Unit {
    async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.turn.connection()
    }

    async fn one(&mut self, question: Question) -> Result<Option<SqliteRow>> {
        question.ask(self.turn.connection()?).await
    }
}

#[async_trait]
impl WriteTx for Unit {
    async fn commit(self: Box<Self>) -> Result<()> {
        let Self { turn, writes } = *self;
        crash::here(CrashPoint::BeforeWrites)?;
        turn.commit(writes).await
    }

    async fn refuse(self: Box<Self>) -> Result<()> {
        self.turn.refuse().await
    }
}
