//! What is recorded of a run: every request with its answer, what each kill left, and the events.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sqlx::{Connection as _, FromRow};

use crate::ask::Ask;
use crate::world::opened_copy;

/// All of a run. Times are counted from its beginning, on one monotonic clock.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// The ids of the two projects.
    pub(super) projects: [String; 2],
    /// The number of the last event before the first call.
    pub(super) setup: i64,
    pub(super) calls: Vec<Call>,
    pub(super) lives: Vec<Life>,
    /// The events as they stand in the end.
    pub(super) events: Vec<Event>,
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Call {
    /// Which project's.
    pub(super) by: usize,
    /// In which of the servers' lives.
    pub(super) life: usize,
    pub(super) ask: Ask,
    pub(super) began: Duration,
    /// None if it did not arrive.
    pub(super) answer: Option<Told>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) at: Duration,
    pub(super) status: u16,
    /// The request's id, which its events have.
    pub(super) request: String,
    pub(super) body: Value,
}

/// The time from a start of the server to its end.
#[derive(Debug, Clone)]
pub(super) struct Life {
    /// When its process was gone.
    pub(super) ended: Duration,
    /// The events that it added, read when it was gone.
    pub(super) wrote: Vec<Event>,
}

/// A row of `events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) seq: i64,
    pub(super) request: String,
    pub(super) user: String,
    pub(super) project: String,
    pub(super) action: String,
    pub(super) resource: String,
    pub(super) disk: Option<String>,
    pub(super) before: Option<State>,
    pub(super) after: Option<State>,
}

/// What an event says of a disk or a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct State {
    pub(super) project: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) size: i64,
}

impl State {
    fn read(json: &str) -> Self {
        let state: Value = serde_json::from_str(json).unwrap();
        let word = |member| state[member].as_str().unwrap_or_default().to_owned();
        let size = state["size_gib"].as_i64().unwrap_or_default();
        Self { project: word("project_id"), name: word("name"), status: word("status"), size }
    }
}

impl History {
    /// The number of the last event of a life; of the one before the first: that of the setup.
    pub(super) fn last_of(&self, life: Option<usize>) -> i64 {
        let lives = life.map_or(0, |life| life + 1);
        let wrote: usize = self.lives[..lives].iter().map(|life| life.wrote.len()).sum();
        self.setup + i64::try_from(wrote).unwrap()
    }

    /// When a call was over: answered, or its server gone.
    pub(super) fn end_of(&self, call: &Call) -> Duration {
        call.answer.as_ref().map_or(self.lives[call.life].ended, |answer| answer.at)
    }

    /// A call in words.
    pub(super) fn tell(&self, number: usize) -> String {
        let Call { by, life, ask, answer, .. } = &self.calls[number];
        let answered = answer.as_ref().map_or_else(
            || "got no answer".to_owned(),
            |told| format!("was answered {} ({})", told.status, told.request),
        );
        format!("call {number} of project {by} in life {life}, {ask:?}, which {answered}")
    }
}

#[derive(Debug, FromRow)]
struct Row {
    seq: i64,
    request_id: String,
    user_id: String,
    project_id: String,
    action: String,
    resource_id: String,
    disk_id: Option<String>,
    before: Option<String>,
    after: Option<String>,
}

/// The events of a data file that nobody serves, after a number.
pub(super) async fn events_after(data: &Path, seq: i64) -> Vec<Event> {
    let (_copy, mut connection) = opened_copy(data).await;
    let rows = sqlx::query_as::<_, Row>(
        "SELECT seq, request_id, user_id, project_id, action, resource_id, disk_id, before, after
           FROM events WHERE seq > $1 ORDER BY seq",
    )
    .bind(seq)
    .fetch_all(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let state = |json: Option<String>| json.as_deref().map(State::read);
    let event = |row: Row| Event {
        seq: row.seq,
        request: row.request_id,
        user: row.user_id,
        project: row.project_id,
        action: row.action,
        resource: row.resource_id,
        disk: row.disk_id,
        before: state(row.before),
        after: state(row.after),
    };
    rows.into_iter().map(event).collect()
}
