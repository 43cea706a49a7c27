//! Wrong guesses of secrets in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::guess::{Failures, Target};

/// Questions about wrong guesses.
#[async_trait]
pub trait GuessReads {
    /// The wrong guesses about a target after `since`.
    async fn failures(&mut self, target: &Target, since: Time) -> Result<Failures>;

    /// How many wrong guesses there were up to `until`, about whatever target; beyond `most` nobody
    /// counts.
    async fn old_failures(&mut self, until: Time, most: u32) -> Result<u32>;
}

/// Changes of wrong guesses.
pub trait GuessWrites {
    /// Another wrong guess.
    fn insert_failure(&mut self, target: &Target, at: Time);

    /// Forgets wrong guesses up to `until`, about whatever target, the oldest first, at most so many.
    fn forget_failures(&mut self, until: Time, most: u32);
}
