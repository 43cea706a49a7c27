//! Webhooks: URLs that are told of every event, and how far each has been told.

use std::time::Duration;

use super::clock::Time;

/// How far a webhook has been told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where events are posted to.
    pub url: String,
    /// The number of the last event that it took; 0: none yet.
    pub delivered: i64,
    /// How the next one failed, if it did.
    pub trouble: Option<Trouble>,
}

/// How an event was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// How often in a row.
    pub failures: u32,
    /// When it is tried again, by the machine's clock: a simulated one may stand still.
    pub next_try_at: Time,
    /// Why it failed last.
    pub error: String,
}

/// How long to wait after failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// After the first.
    pub first: Duration,
    /// After many.
    pub longest: Duration,
}

impl Backoff {
    /// The wait after so many failures in a row: twice as long after each, up to the longest.
    pub fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_waited_for_twice_as_long_as_the_one_before_up_to_the_longest() {
        let backoff = Backoff { first: Duration::from_secs(1), longest: Duration::from_mins(5) };
        let waits: Vec<u64> = (1..=10).map(|failures| backoff.after(failures).as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(backoff.after(u32::MAX).as_secs(), 300);
    }
}
