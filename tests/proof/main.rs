//! What was answered is there, however the server ends: killed, told to stop, or while a client
//! goes away.
//!
//! A killed process leaves what the kernel holds for it: these tests show that an answer comes
//! after its COMMIT and that a half-finished one leaves nothing behind, not that a disk keeps what
//! it was told to flush.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

mod ask;
#[path = "../chance/mod.rs"]
mod chance;
mod clock;
mod cut;
mod ends;
mod full;
mod history;
mod hostile;
mod journal;
mod kills;
mod migrations;
mod points;
mod policies;
#[path = "../process/mod.rs"]
mod process;
mod progress;
mod retries;
mod schedules;
mod seen;
mod soak;
mod state;
#[path = "../survived/mod.rs"]
mod survived;
mod torn;
mod vitals;
mod world;

use std::time::Duration;

use chance::Chance;

/// A duration of so many milliseconds, more or less.
fn millis(chance: &mut Chance, from: u64, to: u64) -> Duration {
    Duration::from_micros(from * 1000 + chance.next() % ((to - from) * 1000))
}

/// Lets time pass, to strike at a moment that nobody chose. Waits for no state.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}
