//! The `evs` binary: parses the command line, runs the command, prints what went wrong.

use std::{io::Write, process::ExitCode};

use clap::Parser;

mod cli;
mod client;
mod commands;

fn main() -> ExitCode {
    match cli::run(&cli::Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            // Nothing can be done about a standard error that is closed.
            let _ = writeln!(std::io::stderr().lock(), "evs: {error:#}");
            ExitCode::FAILURE
        }
    }
}
