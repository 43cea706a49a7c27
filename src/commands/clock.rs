//! `evs clock`: what the clock of a running server shows, and how it is steered.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use evs_local::config::Settings;
use reqwest::Method;
use serde_json::{Number, Value, json};

use super::print;
use crate::client::Client;

/// What can be done with the clock.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Let the clock stand still
    Freeze,
    /// Let the clock go on from where it stands
    Run,
    /// Set the clock ahead to a moment such as 2026-12-01T00:00:00Z; it never goes back
    Set {
        /// The moment; without a zone it is UTC
        time: String,
    },
    /// Set the clock ahead by a time such as 30d12h; everything due on the way happens at its moment
    Advance {
        /// Numbers with the units d, h, m, s and ms
        #[arg(value_parser = milliseconds)]
        time: i64,
    },
    /// Let the clock go so many times as fast as the machine's, from 0.001 to 100000
    Scale {
        /// 1: as fast as the machine's; 60: a minute in a second
        #[arg(value_parser = |text: &str| text.parse::<Number>())]
        scale: Number,
    },
    /// Let the clock show the machine's time again, unless it is ahead of that
    Reset,
}

/// Runs the command on the server of `settings`; without one, only shows the clock.
pub(crate) fn run(settings: &Settings, command: Option<&ClockCommand>) -> anyhow::Result<ExitCode> {
    let mut client = Client::of(settings)?;
    let Some(command) = command else {
        print(&reading(&client.ask(&Method::GET, PATH, None)?)?)?;
        return Ok(ExitCode::SUCCESS);
    };
    let mut change = match command {
        ClockCommand::Freeze => json!({"freeze": true}),
        ClockCommand::Run => json!({"run": true}),
        ClockCommand::Set { time } => json!({"set": time}),
        ClockCommand::Advance { time } => {
            let seconds = format!("{}.{:03}", time / 1000, time % 1000);
            json!({"advance_s": seconds.parse::<Number>()?})
        }
        ClockCommand::Scale { scale } => json!({"scale": scale}),
        ClockCommand::Reset => json!({"reset": true}),
    };
    loop {
        let answer = client.ask(&Method::POST, PATH, Some(&change))?;
        print(&finished(&answer))?;
        // An answer tells of so many things only: the rest of the way is another request.
        match answer.get("target") {
            Some(target) if answer.get("complete") == Some(&Value::Bool(false)) => {
                change = json!({"set": target});
            }
            Some(_) | None => {
                print(&reading(&answer)?)?;
                return Ok(ExitCode::SUCCESS);
            }
        }
    }
}

const PATH: &str = "/_evs/clock";

/// One line for each thing that was over, and how many more there were.
fn finished(answer: &Value) -> String {
    let listed: &[Value] =
        answer.get("finished").and_then(Value::as_array).map_or(&[], Vec::as_slice);
    let lines = listed.iter().map(line);
    let all = answer.get("finished_count").and_then(Value::as_u64).unwrap_or_default();
    let more = all.saturating_sub(listed.len() as u64);
    lines.chain((more > 0).then(|| format!("and {more} more\n"))).collect()
}

fn line(finished: &Value) -> String {
    let members = finished.as_object().into_iter().flatten();
    let words = members.map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if name == "at" { value } else { format!("{name}={value}") }
    });
    format!("{}\n", words.collect::<Vec<_>>().join(" "))
}

fn reading(answer: &Value) -> anyhow::Result<String> {
    let lines = ["now", "real_now", "mode", "scale"].map(|name| {
        let value = answer.get(name).with_context(|| format!("the answer has no {name}"))?;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(format!("{name:8} {value}\n"))
    });
    lines.into_iter().collect()
}

/// The milliseconds of a time such as `30d12h`.
fn milliseconds(text: &str) -> Result<i64, String> {
    let wrong = || {
        format!(
            "{text:?} is no time: write numbers with the units d, h, m, s and ms, such as 30d12h"
        )
    };
    let (mut sum, mut rest) = (0_i64, text);
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, behind) = rest.split_at(unit_at);
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, next) = behind.split_at(end);
        let unit_ms = match unit {
            "d" => 86_400_000,
            "h" => 3_600_000,
            "m" => 60_000,
            "s" => 1000,
            "ms" => 1,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        sum = number.checked_mul(unit_ms).and_then(|ms| sum.checked_add(ms)).ok_or_else(wrong)?;
        rest = next;
    }
    if text.is_empty() { Err(wrong()) } else { Ok(sum) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_numbers_with_units() {
        for (text, ms) in [
            ("30d12h", 2_635_200_000),
            ("90m", 5_400_000),
            ("1s500ms", 1500),
            ("0s", 0),
            ("1h1h", 7_200_000),
        ] {
            assert_eq!(milliseconds(text), Ok(ms), "{text}");
        }
        for text in ["", "30", "d", "-1d", "1.5h", "1d 2h", "1w", "1dh", "9223372036854775807d"] {
            let error = milliseconds(text).unwrap_err();
            assert!(error.starts_with(&format!("{text:?} is no time: ")), "{error}");
        }
    }
}
