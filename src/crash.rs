//! Killing this process at a place of its own work, as a power cut would: no destructor runs, nothing
//! is flushed, nobody is told.
//!
//! What is armed travels with the task that does the work, so that the process dies in the work that
//! it was armed for and in no other. Must not know why: rules decide (`domain/fault`).

use std::fmt::Display;
use std::future::Future;

use tracing::error;

use crate::domain::fault::CrashPoint;
use crate::domain::ids::FaultId;

tokio::task_local! {
    static ARMED: Armed;
}

/// A point at which the process dies, and the rule that wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Armed {
    /// The point.
    pub point: CrashPoint,
    /// The rule.
    pub by: FaultId,
}

impl Armed {
    /// Dies if this is the point.
    pub fn here(self, point: CrashPoint) {
        if self.point == point {
            die(self.by, point);
        }
    }
}

/// Does `work`, armed or not.
pub async fn with<T>(armed: Option<Armed>, work: impl Future<Output = T>) -> T {
    match armed {
        Some(armed) => ARMED.scope(armed, work).await,
        None => work.await,
    }
}

/// What the present work is armed with, to be handed over to another task.
pub fn armed() -> Option<Armed> {
    ARMED.try_with(|armed| *armed).ok()
}

/// Dies if the present work is armed for this point.
pub fn here(point: CrashPoint) {
    if let Some(armed) = armed() {
        armed.here(point);
    }
}

/// Kills this process.
pub fn die(by: FaultId, point: impl Display) -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    error!(fault.id = %by, "fault {by} kills this process at {point}");
    // No signal handler sees SIGKILL, and no buffer is written. Should it not come, abort is the next
    // nearest thing.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}
