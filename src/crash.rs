//! What goes wrong at a point of this process's own work because somebody wants to see what becomes of
//! it: the process is killed as by a power cut, so that no destructor runs, nothing is flushed and
//! nobody is told; or the work panics, fails, or loses whoever waits for its answer.
//!
//! What is armed travels with the task that does the work, so that it meets the work that it was armed
//! for and no other. Must not know why: rules decide (`domain/fault`).

use std::fmt::Display;
use std::future::Future;

use thiserror::Error;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::domain::fault::{CrashPoint, Way};
use crate::domain::ids::FaultId;

tokio::task_local! {
    static ARMED: Armed;
}

/// A point at which work goes wrong, how, and the rule that wants it.
#[derive(Debug, Clone)]
pub struct Armed {
    point: CrashPoint,
    way: Way,
    by: FaultId,
    /// Told when whoever waits for the answer is to be left.
    dropped: CancellationToken,
}

/// The work failed because a rule wants it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("fault {by} lets the work fail at {point}")]
pub struct Failed {
    by: FaultId,
    point: String,
}

impl Armed {
    /// What the rule `by` wants at `point`.
    pub fn new(point: CrashPoint, way: Way, by: FaultId) -> Self {
        Self { point, way, by, dropped: CancellationToken::new() }
    }

    /// Goes wrong if this is the point.
    pub fn here(&self, point: CrashPoint) -> Result<(), Failed> {
        if self.point != point {
            return Ok(());
        }
        if self.way == Way::Drop {
            self.dropped.cancel();
            return Ok(());
        }
        go_wrong(self.way, self.by, point)
    }

    /// Waits until whoever waits for the answer is to be left.
    pub async fn dropped(&self) {
        self.dropped.cancelled().await;
    }

    /// Whether whoever waits for the answer is to be left.
    pub fn is_dropped(&self) -> bool {
        self.dropped.is_cancelled()
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
    ARMED.try_with(Clone::clone).ok()
}

/// Goes wrong if the present work is armed for this point.
pub fn here(point: CrashPoint) -> Result<(), Failed> {
    ARMED.try_with(|armed| armed.here(point)).unwrap_or(Ok(()))
}

/// Goes wrong in one of the ways.
pub fn go_wrong(way: Way, by: FaultId, point: impl Display) -> Result<(), Failed> {
    match way {
        Way::Kill => die(by, point),
        Way::Panic => panicked(by, point),
        Way::Fail => Err(Failed { by, point: point.to_string() }),
        // Nobody waits.
        Way::Drop => Ok(()),
    }
}

#[expect(clippy::panic, reason = "a bug is what the rule wants to see")]
fn panicked(by: FaultId, point: impl Display) -> ! {
    panic!("fault {by} panics at {point}")
}

/// Kills this process.
fn die(by: FaultId, point: impl Display) -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    error!(fault.id = %by, "fault {by} kills this process at {point}");
    // No signal handler sees SIGKILL, and no buffer is written. Should it not come, abort is the next
    // nearest thing.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort()
}
