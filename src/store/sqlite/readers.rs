//! The connections that only read.
//!
//! Each of them has a thread of its own, and the trip there and back is most of what a short question
//! costs. So questions for one row that wait at the same time make it together, on a connection that does
//! nothing else; the first of those who wait asks for all of them. Everything else borrows a connection.
//! (sqlx's pool makes a second trip whenever a connection comes back, to ask whether it lives.)

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::warn;

use super::codec::Value;
use super::errors;
use super::writer::next;
use crate::store::{Result, StoreError};

/// At most so many questions share a trip: a power of two, as every number that does, so that few
/// texts are compiled and kept.
const MOST_TOGETHER: usize = 8;

/// A question that is answered by one row or none. Its placeholders are positional (`?`), since it may be
/// sent together with others, and numbers would be counted over all of them.
#[derive(Debug, Clone)]
pub(super) struct Question {
    sql: &'static str,
    values: Vec<Value>,
}

impl Question {
    /// A question without values.
    pub(super) fn of(sql: &'static str) -> Self {
        Self { sql, values: Vec::new() }
    }

    /// Binds the next placeholder.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Asks it alone.
    pub(super) async fn ask(self, connection: &mut SqliteConnection) -> Result<Option<SqliteRow>> {
        let mut rows = together(connection, &[self]).await?;
        Ok(rows.pop().flatten())
    }
}

/// Asks them in one call; the answers come in their order.
async fn together(
    connection: &mut SqliteConnection,
    questions: &[Question],
) -> Result<Vec<Option<SqliteRow>>> {
    let mut arguments = SqliteArguments::default();
    for value in questions.iter().flat_map(|question| &question.values) {
        value.add_to(&mut arguments)?;
    }
    let sql = questions.iter().map(|question| question.sql).collect::<Vec<_>>().join("; ");
    // Only literals of this folder are joined here; every value is bound.
    let mut results = connection.fetch_many(sqlx::query_with(AssertSqlSafe(sql), arguments));
    let (mut answers, mut row) = (Vec::with_capacity(questions.len()), None);
    while let Some(result) = next(&mut results).await {
        match result.map_err(errors::of_statement)? {
            Either::Right(found) => row = Some(found),
            Either::Left(_) => answers.push(row.take()),
        }
    }
    Ok(answers)
}

/// All of them.
#[derive(Clone)]
pub(super) struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    /// Those that are not lent; the one that came back last, whose thread is awake most likely, goes first.
    idle: Mutex<Vec<SqliteConnection>>,
    /// A permit for each of them, none any more once they are closed.
    free: Arc<Semaphore>,
    count: u32,
    /// The one for questions that are asked together; none once it is closed.
    common: tokio::sync::Mutex<Option<SqliteConnection>>,
    waiting: Mutex<VecDeque<Waiting>>,
}

/// A question, and who waits for its answer.
struct Waiting {
    question: Question,
    answer: oneshot::Sender<Result<Option<SqliteRow>>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Readers({})", self.shared.count)
    }
}

impl Readers {
    /// Asks questions on `common`, and lends the others.
    pub(super) fn of(common: SqliteConnection, others: Vec<SqliteConnection>) -> Self {
        let count = u32::try_from(others.len()).unwrap_or(u32::MAX);
        Self {
            shared: Arc::new(Shared {
                free: Arc::new(Semaphore::new(others.len())),
                idle: Mutex::new(others),
                count,
                common: tokio::sync::Mutex::new(Some(common)),
                waiting: Mutex::default(),
            }),
        }
    }

    /// Whether there are none any more.
    pub(super) fn are_closed(&self) -> bool {
        self.shared.free.is_closed()
    }

    /// One of them, as soon as one is free; whoever asked first is served first.
    pub(super) async fn lend(&self) -> Result<Lent> {
        let permit = Arc::clone(&self.shared.free).acquire_owned().await;
        let permit = permit.map_err(|_| StoreError::Closed)?;
        let connection = locked(&self.shared.idle).pop().ok_or(StoreError::Closed)?;
        let shared = Arc::clone(&self.shared);
        Ok(Lent { connection: Some(connection), shared, _permit: permit })
    }

    /// The answer to a question, which may be asked together with those of others.
    pub(super) async fn ask(&self, question: Question) -> Result<Option<SqliteRow>> {
        loop {
            let (sender, mut answer) = oneshot::channel();
            let waiting = Waiting { question: question.clone(), answer: sender };
            locked(&self.shared.waiting).push_back(waiting);
            loop {
                tokio::select! {
                    biased;
                    answer = &mut answer => match answer {
                        Ok(answer) => return answer,
                        // Whoever asked for us was cut off.
                        Err(_) => break,
                    },
                    mut common = self.shared.common.lock() => {
                        let connection = common.as_mut().ok_or(StoreError::Closed)?;
                        self.shared.ask_some(connection).await;
                    }
                }
            }
        }
    }

    /// Waits until all are back, lends none any more and closes them.
    pub(super) async fn close(&self) {
        // An error says that they are closed already.
        drop(self.shared.free.acquire_many(self.shared.count).await);
        self.shared.free.close();
        let mut connections = std::mem::take(&mut *locked(&self.shared.idle));
        connections.extend(self.shared.common.lock().await.take());
        for connection in connections {
            if let Err(error) = connection.close().await {
                warn!(error = errors::text(error), "a reader was not closed cleanly");
            }
        }
    }
}

impl Shared {
    /// Asks the oldest question, and those that wait behind it with the same words.
    async fn ask_some(&self, connection: &mut SqliteConnection) {
        let (questions, answers): (Vec<_>, Vec<_>) =
            self.take_some().into_iter().map(|of| (of.question, of.answer)).unzip();
        match together(connection, &questions).await {
            Ok(rows) => {
                for (answer, row) in answers.into_iter().zip(rows) {
                    // Whoever asked may be gone.
                    drop(answer.send(Ok(row)));
                }
            }
            Err(why) => {
                for answer in answers {
                    drop(answer.send(Err(why.clone())));
                }
            }
        }
    }

    fn take_some(&self) -> Vec<Waiting> {
        let mut waiting = locked(&self.waiting);
        waiting.retain(|of| !of.answer.is_closed());
        let Some(words) = waiting.front().map(|of| of.question.sql) else { return Vec::new() };
        let alike = waiting.iter().take_while(|of| of.question.sql == words).count();
        let mut count = MOST_TOGETHER;
        while count > alike {
            count /= 2;
        }
        waiting.drain(..count).collect()
    }
}

/// One that is lent; it goes back when it is dropped. If that cuts off a question, its thread ends that
/// before the next one.
pub(super) struct Lent {
    /// None only while it goes back.
    connection: Option<SqliteConnection>,
    shared: Arc<Shared>,
    /// Given back after the connection: fields are dropped after `drop`.
    _permit: OwnedSemaphorePermit,
}

impl Lent {
    /// The connection.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        self.connection.as_mut().ok_or(StoreError::Closed)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        locked(&self.shared.idle).extend(self.connection.take());
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lent(..)")
    }
}

fn locked<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}
