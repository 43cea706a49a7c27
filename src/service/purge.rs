//! Removing what has expired: tokens, wrong guesses that no window reaches back to, messages, and first
//! answers that nobody asks for again.
//!
//! Nothing depends on it but the size of the file: what has expired counts for nothing from its
//! moment on, removed or not.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use super::{App, Result, ServiceError};
use crate::store::StoreError;

/// The most rows of a kind that go in one unit of work, after which others have their turn. Among a
/// million tokens each row takes its own page of every index: 500 of them held the writer for 160 ms.
const BATCH: u32 = 100;

/// How long after a failure the next try is; each further one waits twice as long.
const FIRST_RETRY: Duration = Duration::from_secs(1);

impl App {
    /// Removes everything that has expired, batch by batch; how much it was.
    pub async fn purge(&self) -> Result<u32> {
        let mut removed = 0;
        loop {
            let batch = self.purge_expired(BATCH).await?;
            removed += batch;
            if batch < BATCH {
                return Ok(removed);
            }
        }
    }

    /// Removes at most `limit` rows of each kind that have expired, in one unit of work; how many.
    pub async fn purge_expired(&self, limit: u32) -> Result<u32> {
        let now = self.now();
        let longest = self.rules.key_guesses.window.max(self.rules.password_guesses.window);
        let old = now - longest;
        // Looked at first: as long as there is nothing to do, nobody holds the writer up.
        let mut view = self.read().await?;
        let tokens = view.expired_tokens(now, limit).await?;
        let guesses = view.old_failures(old, limit).await?;
        let messages = view.expired_messages(now, limit).await?;
        let answers = view.expired_answers(now, limit).await?;
        drop(view);
        let all = tokens + guesses + messages + answers;
        if all == 0 {
            return Ok(0);
        }
        let mut unit = self.write().await?;
        unit.delete_expired_tokens(now, limit);
        unit.forget_failures(old, limit);
        unit.delete_expired_messages(now, limit);
        unit.delete_expired_answers(now, limit);
        unit.commit().await?;
        debug!(tokens, guesses, messages, answers, "removed {all} rows that had expired");
        Ok(all)
    }
}

/// Purges every so often until `stop`. A failure is logged and tried again, soon at first.
pub async fn run(app: App, every: Duration, stop: CancellationToken) {
    let mut failures = 0;
    while stop.run_until_cancelled(tokio::time::sleep(pause(every, failures))).await.is_some() {
        match app.purge().await {
            Ok(_) => failures = 0,
            Err(ServiceError::Store(StoreError::Closed)) => return,
            Err(why) => {
                failures += 1;
                error!(error.cause = %why, purge.failures = failures,
                    "what has expired was not removed: {why}");
            }
        }
    }
}

/// How long to wait after so many failures in a row.
fn pause(every: Duration, failures: u32) -> Duration {
    match failures.checked_sub(1) {
        None => every,
        Some(doublings) => FIRST_RETRY.saturating_mul(1 << doublings.min(16)).min(every),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_tried_again_soon_and_never_less_often_than_without_it() {
        let every = Duration::from_secs(5);
        let pauses: Vec<u64> = (0..6).map(|failures| pause(every, failures).as_secs()).collect();
        assert_eq!(pauses, [5, 1, 2, 4, 5, 5]);
        assert_eq!(pause(every, u32::MAX), every);
    }
}
