//! `evs faults`: the rules by which something goes wrong on a running server, added and removed.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use evs_local::config::Settings;
use evs_local::domain::fault::FaultDraft;
use evs_local::fault_file;
use reqwest::Method;
use serde_json::{Value, json};

use super::print;
use crate::client::Client;

/// What can be done with faults.
#[derive(Debug, Subcommand)]
pub(crate) enum FaultsCommand {
    /// List the faults, and how often each was asked and met a call since the server started
    List,
    /// Add a fault
    Add(Box<Added>),
    /// Remove faults
    Remove {
        /// Their ids, as the list shows them
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// Remove every fault
    Clear,
    /// Add the faults of a TOML file, a `[[fault]]` each with the flags of add as members; all or none
    Load {
        /// The file
        file: PathBuf,
    },
}

/// A fault, by flags.
#[derive(Debug, Args)]
pub(crate) struct Added {
    /// The calls: transfer.accept, transfer.*, or * for all, as without it
    #[arg(long)]
    operation: Option<String>,
    /// Only on behalf of this project, by id or name
    #[arg(long)]
    project: Option<String>,
    /// Only what is about this disk
    #[arg(long)]
    disk: Option<String>,
    /// Only this call, counted from 1
    #[arg(long)]
    nth: Option<u32>,
    /// So many calls are let through first
    #[arg(long)]
    skip: Option<u32>,
    /// At most so many calls are met
    #[arg(long)]
    times: Option<u32>,
    /// How likely each is met, above 0 and up to 1
    #[arg(long)]
    probability: Option<f64>,
    /// What the dice begin with: the same seed meets the same calls
    #[arg(long)]
    seed: Option<u32>,
    /// Keep it in the data file, across restarts
    #[arg(long)]
    persist: bool,
    /// What it is for
    #[arg(long)]
    note: Option<String>,
    #[command(flatten)]
    effect: EffectFlags,
}

/// Exactly one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct EffectFlags {
    #[arg(
        long,
        value_name = "KIND",
        help = "Answer with this error: bad_request, unauthorized, forbidden, not_found, conflict, \
                quota, too_many_requests, internal, busy, full"
    )]
    error: Option<String>,
    /// Answer so many milliseconds later
    #[arg(long, value_name = "MS")]
    delay_ms: Option<u32>,
    /// Drop the connection before the work is done, after it, or at a point of it
    #[arg(long, value_name = "before|after|POINT")]
    drop: Option<String>,
    /// Let what takes time fail: create, extend, …, or *
    #[arg(long, value_name = "STEP")]
    fail_step: Option<String>,
    #[arg(
        long,
        value_name = "POINT",
        help = "Kill the server, if it was started with --allow-crash: before_unit, before_writes, \
                before_commit, after_commit, before_answer, before_step, after_step"
    )]
    crash: Option<String>,
    /// Let the work panic at such a point, as a bug would
    #[arg(long, value_name = "POINT")]
    panic: Option<String>,
    /// Let the work fail at such a point, as it does where the database fails
    #[arg(long, value_name = "POINT")]
    fail: Option<String>,
}

const PATH: &str = "/_evs/faults";

/// Runs the command on the server of `settings`.
pub(crate) fn run(settings: &Settings, command: &FaultsCommand) -> anyhow::Result<ExitCode> {
    // Before anybody is asked: a file with mistakes is no server's business.
    let drafts = match command {
        FaultsCommand::Load { file } => Some(read(file)?),
        FaultsCommand::List
        | FaultsCommand::Add(_)
        | FaultsCommand::Remove { .. }
        | FaultsCommand::Clear => None,
    };
    let mut client = Client::of(settings)?;
    match command {
        FaultsCommand::List => print(&lines(&client.ask(&Method::GET, PATH, None)?))?,
        FaultsCommand::Add(added) => {
            let body = serde_json::to_value(draft(added))?;
            print(&line(&client.ask(&Method::POST, PATH, Some(&body))?))?;
        }
        FaultsCommand::Load { .. } => {
            let body = json!({"faults": drafts});
            print(&lines(&client.ask(&Method::POST, PATH, Some(&body))?))?;
        }
        FaultsCommand::Remove { ids } => {
            for id in ids {
                client.ask(&Method::DELETE, &format!("{PATH}/{id}"), None)?;
                print(&format!("removed {id}\n"))?;
            }
        }
        FaultsCommand::Clear => {
            let answer = client.ask(&Method::DELETE, PATH, None)?;
            let removed = answer.get("removed").and_then(Value::as_u64).unwrap_or_default();
            print(&format!("removed {removed}\n"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<FaultDraft>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    match fault_file::parse(&text) {
        Ok(drafts) => Ok(drafts),
        Err(mistakes) => bail!("{}: {}", file.display(), mistakes.join("\n")),
    }
}

fn draft(added: &Added) -> FaultDraft {
    let EffectFlags { error, delay_ms, drop, fail_step, crash, panic, fail } = &added.effect;
    FaultDraft {
        note: added.note.clone(),
        operation: added.operation.clone(),
        project: added.project.clone(),
        disk: added.disk.clone(),
        nth: added.nth,
        skip: added.skip,
        times: added.times,
        probability: added.probability,
        seed: added.seed,
        persist: added.persist.then_some(true),
        error: error.clone(),
        delay_ms: *delay_ms,
        drop: drop.clone(),
        fail_step: fail_step.clone(),
        crash: crash.clone(),
        panic: panic.clone(),
        fail: fail.clone(),
    }
}

/// One line for each fault.
fn lines(answer: &Value) -> String {
    let faults = answer.get("faults").and_then(Value::as_array);
    faults.into_iter().flatten().map(line).collect()
}

/// Its id, then what of it says something: what is as without a flag is left out.
fn line(fault: &Value) -> String {
    const TELLING: [&str; 17] = [
        "error",
        "delay_ms",
        "drop",
        "fail_step",
        "crash",
        "panic",
        "fail",
        "operation",
        "project",
        "disk",
        "skip",
        "times",
        "probability",
        "seed",
        "persist",
        "armed",
        "note",
    ];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let member = |name: &str| fault.get(name).unwrap_or(&Value::Null);
    let certain = member("probability").as_f64() == Some(1.0);
    let told = TELLING.into_iter().filter(|name| {
        let value = member(name);
        let usual = match *name {
            "skip" => value == &json!(0),
            "probability" | "seed" => certain,
            "persist" => value == &json!(false),
            "armed" => value == &json!(true),
            _ => false,
        };
        !value.is_null() && !usual
    });
    let mut words = vec![text(member("id"))];
    words.extend(told.map(|name| format!("{name}={}", text(member(name)))));
    words.extend(["matched", "fired"].map(|name| format!("{name}={}", text(member(name)))));
    format!("{}\n", words.join("  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_is_out_of_the_usual() {
        let mut fault = json!({
            "id": "f", "note": null, "operation": "*", "project": null, "disk": null, "skip": 0,
            "times": null, "probability": 1.0, "seed": 7, "error": "busy", "persist": false,
            "armed": true, "matched": 2, "fired": 1,
        });
        assert_eq!(line(&fault), "f  error=busy  operation=*  matched=2  fired=1\n");
        fault["probability"] = json!(0.25);
        fault["persist"] = json!(true);
        fault["times"] = json!(3);
        fault["note"] = json!("a busy hour");
        assert_eq!(
            line(&fault),
            "f  error=busy  operation=*  times=3  probability=0.25  seed=7  persist=true  \
             note=a busy hour  matched=2  fired=1\n"
        );
    }
}
