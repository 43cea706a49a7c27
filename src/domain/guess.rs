//! Guessing secrets: how often one may be wrong about the same one within a window of time.

use chrono::TimeDelta;
use thiserror::Error;

use super::clock::Time;

/// What is guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// The key of a transfer.
    AuthKey,
    /// The password of a user, or the secret of an application credential.
    Password,
}

impl Secret {
    /// The word for it in the tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthKey => "auth_key",
            Self::Password => "password",
        }
    }
}

/// Whose secret is guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What is guessed.
    pub secret: Secret,
    /// A transfer's or user's id; for a user who is none, what stands for the name.
    pub subject: String,
}

/// How often one may be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuessLimit {
    /// So many times; 0 means any number of times.
    pub most: i64,
    /// Within so much time.
    pub window: TimeDelta,
}

/// The wrong guesses about one target within the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many.
    pub count: i64,
    /// When the first of them was.
    pub oldest: Option<Time>,
}

/// There were too many wrong guesses; not even the right one is taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many wrong guesses; the next one is taken in {retry_after_s} s")]
pub struct TooManyGuesses {
    /// How long to wait, in whole seconds, at least 1.
    pub retry_after_s: i64,
}

impl GuessLimit {
    /// Whether one more guess is taken at `now`.
    pub fn allows(&self, failures: Failures, now: Time) -> Result<(), TooManyGuesses> {
        if self.most == 0 || failures.count < self.most {
            return Ok(());
        }
        let over = failures.oldest.unwrap_or(now) + self.window;
        let wait = over - now;
        let whole = wait.num_seconds() + i64::from(wait.subsec_nanos() > 0);
        Err(TooManyGuesses { retry_after_s: whole.max(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_the_number_of_wrong_guesses_and_the_wait_ends_with_the_first_of_them() {
        let now: Time = "2026-11-23T07:41:05Z".parse().unwrap();
        let limit = GuessLimit { most: 3, window: TimeDelta::seconds(60) };
        let failures =
            |count, ago_ms| Failures { count, oldest: Some(now - TimeDelta::milliseconds(ago_ms)) };
        assert_eq!(limit.allows(Failures { count: 0, oldest: None }, now), Ok(()));
        assert_eq!(limit.allows(failures(2, 1), now), Ok(()));
        for (ago_ms, retry_after_s) in [(0, 60), (1, 60), (1000, 59), (59_999, 1), (60_000, 1)] {
            let refused = Err(TooManyGuesses { retry_after_s });
            assert_eq!(limit.allows(failures(3, ago_ms), now), refused, "{ago_ms}");
        }
        let unlimited = GuessLimit { most: 0, ..limit };
        assert_eq!(unlimited.allows(failures(1_000_000, 1), now), Ok(()));
    }
}
