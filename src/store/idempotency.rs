//! First answers in the store: what is kept for requests that may be sent again.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::idempotency::KeptAnswer;
use crate::domain::ids::ProjectId;

/// Questions about first answers.
#[async_trait]
pub trait IdempotencyReads {
    /// The answer that is kept under this hash of a key, whether its time is over or not.
    async fn kept_answer(&mut self, key_hash: &str) -> Result<Option<KeptAnswer>>;

    /// How many answers' time was over at `now`; beyond `most` nobody counts.
    async fn expired_answers(&mut self, now: Time, most: u32) -> Result<u32>;
}

/// Changes of first answers.
pub trait IdempotencyWrites {
    /// Keeps an answer, in the place of one whose time is over.
    fn keep_answer(&mut self, answer: &KeptAnswer);

    /// Removes every answer to a request of a project.
    fn delete_answers_of(&mut self, project: &ProjectId);

    /// Removes answers whose time was over at `now`, the oldest first, at most so many.
    fn delete_expired_answers(&mut self, now: Time, most: u32);
}
