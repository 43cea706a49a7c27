//! Where the time comes from: the machine, or a hand that a test moves.

use std::sync::Mutex;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A moment in UTC; microseconds are kept, finer digits never reach the database.
pub type Time = DateTime<Utc>;

/// Tells the time. Nothing else in the service does.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, cut to microseconds.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Time {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Time>);

impl ManualClock {
    /// Stands at `start`.
    pub fn at(start: Time) -> Self {
        Self(Mutex::new(start.trunc_subsecs(6)))
    }

    /// Moves on by `step`.
    pub fn advance(&self, step: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now += step;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
