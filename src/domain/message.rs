//! Messages: what a user is told about work that failed after its request was answered.

use chrono::TimeDelta;

use super::clock::Time;
use super::ids::{MessageId, ProjectId, RequestId};
use super::page::Paging;
use super::progress::{Operation, Thing, ThingKind};

/// How long a message is kept (Cinder's `message_ttl`).
pub const KEPT: TimeDelta = TimeDelta::days(30);

/// A message about something that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The project that is told.
    pub project: ProjectId,
    /// The request whose work failed.
    pub request: RequestId,
    /// What it is about, which may be gone.
    pub thing: Thing,
    /// What failed.
    pub operation: Operation,
    /// When it failed.
    pub created_at: Time,
    /// Until then it is kept.
    pub guaranteed_until: Time,
}

impl Message {
    /// A new message.
    pub fn new(
        project: ProjectId,
        request: RequestId,
        thing: Thing,
        operation: Operation,
        now: Time,
    ) -> Self {
        Self {
            id: MessageId::random(),
            project,
            request,
            thing,
            operation,
            created_at: now,
            guaranteed_until: now + KEPT,
        }
    }
}

/// By what a list of messages can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageSort {
    /// When it was written.
    CreatedAt,
    /// Its id.
    Id,
    /// What failed.
    Operation,
    /// What it is about, by its id.
    Thing,
    /// What it is about, by its kind.
    Kind,
    /// The request whose work failed.
    Request,
}

/// Which messages to list, and which page of them.
#[derive(Debug, Clone)]
pub struct MessageQuery {
    /// To this project, or to all.
    pub project: Option<ProjectId>,
    /// About the thing with this id, as the client wrote it.
    pub thing: Option<String>,
    /// About things of this kind.
    pub kind: Option<ThingKind>,
    /// About work of this request.
    pub request: Option<String>,
    /// About this operation's word; a word that is no operation matches nothing.
    pub operation: Option<String>,
    /// The page.
    pub page: Paging<MessageId, MessageSort>,
}
