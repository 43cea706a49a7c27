//! Messages in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::{MessageId, ProjectId, RequestId};
use crate::domain::message::{Message, MessageQuery};
use crate::domain::progress::Thing;

/// Questions about messages.
#[async_trait]
pub trait MessageReads {
    /// The message, whoever is told.
    async fn message(&mut self, id: MessageId) -> Result<Option<Message>>;

    /// One page of messages.
    async fn messages(&mut self, query: &MessageQuery) -> Result<Vec<Message>>;

    /// How many messages are kept until before `now` only, counting no further than `limit`.
    async fn expired_messages(&mut self, now: Time, limit: u32) -> Result<u32>;

    /// The request that changed a disk last, or that began the last that was done to a snapshot or a
    /// backup.
    async fn last_request(&mut self, thing: Thing) -> Result<Option<RequestId>>;
}

/// Changes of messages.
pub trait MessageWrites {
    /// A new message.
    fn insert_message(&mut self, message: &Message);

    /// Removes a message.
    fn delete_message(&mut self, id: MessageId);

    /// Removes every message to a project.
    fn delete_messages_of(&mut self, project: &ProjectId);

    /// Removes at most `limit` messages that are kept until before `now` only.
    fn delete_expired_messages(&mut self, now: Time, limit: u32);
}
