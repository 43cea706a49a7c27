//! The binary as whoever types `evs` meets it: what it prints, how it ends, what it leaves behind.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

mod clock;
mod commands;
mod db;
mod events;
mod faults;
mod neighbours;
#[path = "../process/mod.rs"]
mod process;
mod refusals;
mod seed;
mod serving;
mod state;

use std::path::Path;
use std::process::Command;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

/// What a command left: its exit code, and what it printed.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    code: i32,
    out: String,
    err: String,
}

/// Runs a command to its end, which must come by itself, without its log.
fn run(command: &mut Command) -> Outcome {
    let output = command.env("EVS__LOG__FILTER", "off").output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A connection of another program to a data file, which it makes if it is not there.
async fn tester(database: &Path) -> SqliteConnection {
    use sqlx::ConnectOptions as _;
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(true);
    options.connect().await.unwrap()
}
