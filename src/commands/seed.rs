//! `evs seed`: what a scenario says is made so, by the running server or in the data file itself.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Args;
use evs_local::config::Settings;
use evs_local::data_dir;
use evs_local::offline::Offline;
use evs_local::scenario_file::{self, EXAMPLE};
use evs_local::service::scenarios::{Mode, Seeded};
use evs_local::service::{App, ServiceError};
use reqwest::Method;
use serde_json::Value;

use super::{clock_of_this_machine, on_the_file, operator, print};
use crate::client::Client;

/// What to apply, and how.
#[derive(Debug, Args)]
pub(crate) struct SeedCommand {
    /// The file of the scenario; - is standard input
    #[arg(required_unless_present_any = ["example", "print_example"], conflicts_with = "example")]
    file: Option<PathBuf>,
    /// Only tell what would be made and changed
    #[arg(long)]
    dry_run: bool,
    /// Apply the example that is built in, which shows every rule of transfers
    #[arg(long)]
    example: bool,
    /// Print that example, comments and all, and apply nothing
    #[arg(long, conflicts_with_all = ["file", "example", "dry_run"])]
    print_example: bool,
}

/// Things of a kind that were made, changed and found as they should be.
type Counted = (String, [u64; 3]);

/// A new transfer: its name, its id and its key.
type Offered = [String; 3];

/// Applies the scenario to what the settings name.
pub(crate) fn run(settings: &Settings, command: &SeedCommand) -> anyhow::Result<ExitCode> {
    if command.print_example {
        print(EXAMPLE)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (name, text) = read(command)?;
    let scenario =
        scenario_file::parse(&text).map_err(|why| complaints(&name, &why.to_string()))?;
    let running = data_dir::running(&settings.data.dir).is_some_and(|holder| holder.url.is_some());
    let (counted, offered) = if running {
        let path = if command.dry_run { "/_evs/seed?dry_run=true" } else { "/_evs/seed" };
        let answer =
            Client::of(settings)?.text(&Method::POST, path, Some(("application/toml", &text)));
        let answer = answer.map_err(|why| complaints(&name, &why.to_string()))?;
        of_answer(&serde_json::from_str(&answer)?)
    } else {
        let mode = if command.dry_run { Mode::DryRun } else { Mode::Apply };
        let seed = |app: App| async move { app.seed(&operator(), &scenario, mode).await };
        let seeded = if command.dry_run {
            on_the_file(Offline::open(settings, clock_of_this_machine()), seed)?
        } else {
            on_the_file(Offline::begin(settings, clock_of_this_machine()), seed)?
        };
        let seeded = seeded.map_err(|why| {
            if let ServiceError::Scenario(why) = &why {
                return complaints(&name, &why.to_string());
            }
            why.into()
        })?;
        of_seeded(&seeded)
    };
    print(&told(&counted, &offered))?;
    Ok(ExitCode::SUCCESS)
}

/// The name of the scenario in messages, and its text.
fn read(command: &SeedCommand) -> anyhow::Result<(String, String)> {
    let Some(file) = command.file.as_ref().filter(|_| !command.example) else {
        return Ok(("example".to_owned(), EXAMPLE.to_owned()));
    };
    if file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).context("cannot read standard input")?;
        return Ok(("standard input".to_owned(), text));
    }
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    Ok((file.display().to_string(), text))
}

/// A refusal; what it says of lines and columns gets the name of the file in front.
fn complaints(name: &str, why: &str) -> anyhow::Error {
    let is_place = |line: &str| line.starts_with(|c: char| c.is_ascii_digit());
    if !why.lines().all(is_place) || why.is_empty() {
        return anyhow!("{why}");
    }
    let lines: Vec<String> = why.lines().map(|line| format!("{name}:{line}")).collect();
    anyhow!("nothing was changed\n{}", lines.join("\n"))
}

fn of_answer(answer: &Value) -> (Vec<Counted>, Vec<Offered>) {
    let counts = answer.get("counts").and_then(Value::as_object);
    let counted = counts.into_iter().flatten().map(|(kind, count)| {
        let of = |word: &str| count.get(word).and_then(Value::as_u64).unwrap_or_default();
        (kind.clone(), [of("created"), of("updated"), of("unchanged")])
    });
    let transfers = answer.get("transfers").and_then(Value::as_array);
    let offered = transfers.into_iter().flatten().map(|transfer| {
        ["name", "id", "auth_key"]
            .map(|word| transfer.get(word).and_then(Value::as_str).unwrap_or_default().to_owned())
    });
    (counted.collect(), offered.collect())
}

fn of_seeded(seeded: &Seeded) -> (Vec<Counted>, Vec<Offered>) {
    let counted = seeded.counts.iter().map(|(kind, count)| {
        ((*kind).to_owned(), [count.created, count.updated, count.unchanged].map(u64::from))
    });
    let offered = seeded.transfers.iter().map(|transfer| {
        let name = transfer.name.clone().unwrap_or_default();
        [name, transfer.id.to_string(), transfer.key.reveal().to_owned()]
    });
    (counted.collect(), offered.collect())
}

fn told(counted: &[Counted], offered: &[Offered]) -> String {
    let counted = counted.iter().map(|(kind, [created, updated, unchanged])| {
        format!("{kind:8} {created} created, {updated} updated, {unchanged} unchanged\n")
    });
    let offered =
        offered.iter().map(|[name, id, key]| format!("offered  {id} {name} auth_key={key}\n"));
    let text: String = counted.chain(offered).collect();
    if text.is_empty() { "the scenario is empty\n".to_owned() } else { text }
}
