//! The writer's connection in other hands: of a unit of work, inside the transaction that it shares, or
//! of one who has it alone.

use sqlx::{Connection as _, SqliteConnection};
use tokio::sync::oneshot;
use tracing::warn;

use super::errors;
use super::place::Place;
use super::unit::Write;
use crate::crash;
use crate::store::{Result, StoreError};

pub(super) type Reply = oneshot::Sender<Result<()>>;

/// Somebody waits for the connection.
#[derive(Debug)]
pub(super) enum Request {
    /// For a unit's turn.
    Turn(oneshot::Sender<Result<Turn>>),
    /// To have it alone, outside any transaction.
    Alone(oneshot::Sender<Result<Loan>>),
}

impl Request {
    /// Says why it is not lent.
    pub(super) fn refuse(self, why: StoreError) {
        // Whoever asked may be gone.
        match self {
            Self::Turn(reply) => drop(reply.send(Err(why))),
            Self::Alone(reply) => drop(reply.send(Err(why))),
        }
    }
}

/// A unit's turn: the connection itself, inside a transaction. Whatever becomes of the unit, its
/// end, a panic or a future that is dropped half-way, the connection goes back to the writer.
#[derive(Debug)]
pub(super) struct Turn {
    lent: Option<(SqliteConnection, oneshot::Sender<Back>)>,
}

/// What comes back of a turn.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) connection: SqliteConnection,
    pub(super) end: End,
}

/// How a turn ends.
#[derive(Debug)]
pub(super) enum End {
    /// With these writes, and what is to go wrong on the way.
    Commit(Vec<Write>, Reply, Option<crash::Armed>),
    /// Without any.
    Refuse(Reply),
    /// Without a word.
    Abandon,
}

impl Turn {
    /// Lends it until it goes back to `writer`.
    pub(super) fn of(connection: SqliteConnection, writer: oneshot::Sender<Back>) -> Self {
        Self { lent: Some((connection, writer)) }
    }

    /// The connection, for questions only.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.lent.as_mut().map(|(connection, _)| connection).ok_or(StoreError::Closed)
    }

    /// Hands the writes over and waits until they are on disk.
    pub(super) async fn commit(mut self, writes: Vec<Write>) -> Result<()> {
        let (reply, outcome) = oneshot::channel();
        self.give_back(End::Commit(writes, reply, crash::armed()));
        outcome.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Ends the turn and waits until all that it may have read is on disk.
    pub(super) async fn refuse(mut self) -> Result<()> {
        let (reply, outcome) = oneshot::channel();
        self.give_back(End::Refuse(reply));
        outcome.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn give_back(&mut self, end: End) {
        if let Some((connection, writer)) = self.lent.take() {
            // A writer that is gone needs no connection: it closes with this value.
            drop(writer.send(Back { connection, end }));
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_back(End::Abandon);
    }
}

fn stopped() -> StoreError {
    StoreError::Lost("the writer has broken off".to_owned())
}

/// The connection itself, in no transaction, for who does something to the file as a whole. Every
/// other request waits until it comes back.
#[derive(Debug)]
pub(super) struct Loan {
    lent: Option<(SqliteConnection, oneshot::Sender<Returned>)>,
    place: Place,
    wrote: bool,
}

/// What comes back.
#[derive(Debug)]
pub(super) struct Returned {
    /// None: it was closed.
    pub(super) connection: Option<SqliteConnection>,
    pub(super) wrote: bool,
}

impl Loan {
    /// Lends it, and says what brings it back.
    pub(super) fn of(
        connection: SqliteConnection,
        place: Place,
    ) -> (Self, oneshot::Receiver<Returned>) {
        let (writer, back) = oneshot::channel();
        (Self { lent: Some((connection, writer)), place, wrote: false }, back)
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.lent.as_mut().map(|(connection, _)| connection).ok_or(StoreError::Closed)
    }

    /// Says that something was committed on it; from then on the connection is worth keeping. Fails if
    /// that went into a file that was taken away.
    pub(super) fn has_written(&mut self) -> Result<()> {
        self.wrote = true;
        self.place.check()
    }

    /// Closes the connection, and with it undoes whatever it is in the middle of.
    pub(super) async fn discard(mut self) {
        if let Some((connection, writer)) = self.lent.take() {
            if let Err(error) = connection.close().await {
                warn!(error = errors::text(error), "a connection was not closed cleanly");
            }
            drop(writer.send(Returned { connection: None, wrote: self.wrote }));
        }
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        // One that was cut off half-way is not given back: it may be in the middle of anything.
        if let Some((connection, writer)) = self.lent.take().filter(|_| self.wrote) {
            drop(writer.send(Returned { connection: Some(connection), wrote: self.wrote }));
        }
    }
}
