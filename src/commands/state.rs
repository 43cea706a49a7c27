//! `evs state`: states by name, of the running server or, where none runs, of the data file itself.
//!
//! Must not know how states are kept. What a server answers and what the use cases say without one is
//! shown alike.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;
use evs_local::config::Settings;
use evs_local::data_dir;
use evs_local::domain::state::{Detail, Overwrite, Side, StateName};
use evs_local::http::state_view as view;
use evs_local::offline::Offline;
use evs_local::service::App;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{clock_of_this_machine, on_the_file, operator, print};
use crate::client::Client;

/// What can be done with states.
#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// Save the present state; nobody waits for it
    Save {
        /// Letters, digits, '.', '_' and '-', at most 64
        name: String,
        /// Save over the state of that name
        #[arg(long)]
        overwrite: bool,
    },
    /// Put a saved state in place of the present one: tokens, clock and everything, all or nothing
    Load {
        /// The state
        name: String,
    },
    /// Print the saved states
    List,
    /// Remove a saved state
    Delete {
        /// The state
        name: String,
    },
    /// Print how two states differ, row by row; "now" is the present one
    Diff {
        /// The one
        from: String,
        /// The other
        to: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print every row, also of events, tokens and what else comes and goes by itself
        #[arg(long)]
        all: bool,
    },
    /// Take everything back to what a first start makes, or one project to what a new one has
    ///
    /// Asks first, on a terminal; elsewhere --yes must be given. Saved states stay.
    Reset {
        /// Only this project, by its name or id; accounts and their tokens stay
        #[arg(long)]
        project: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the command.
pub(crate) fn run(settings: &Settings, command: &StateCommand) -> anyhow::Result<ExitCode> {
    if let StateCommand::Reset { project, yes: false } = command
        && !confirmed(project.as_deref())?
    {
        print("left as it is\n")?;
        return Ok(ExitCode::FAILURE);
    }
    let answer = if data_dir::running(&settings.data.dir).is_some() {
        ask(&mut Client::of(settings)?, command)?
    } else {
        alone(settings, command)?
    };
    print(&told(command, &answer))?;
    Ok(ExitCode::SUCCESS)
}

/// Whether whoever sits there wants it gone.
fn confirmed(project: Option<&str>) -> anyhow::Result<bool> {
    let what = project.map_or_else(
        || "Everything but the saved states goes, accounts and tokens included".to_owned(),
        |project| format!("Everything that project {project} has goes"),
    );
    if !io::stdin().is_terminal() {
        bail!("{what}: say that you mean it with --yes");
    }
    let mut err = io::stderr().lock();
    write!(err, "{what}. Type yes to go on: ")?;
    err.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim() == "yes")
}

/// Has a running server do it.
fn ask(client: &mut Client<'_>, command: &StateCommand) -> anyhow::Result<Value> {
    const PATH: &str = "/_evs/state";
    match command {
        StateCommand::Save { name, overwrite } => {
            let (path, body) =
                (format!("{PATH}/{}", named(name)?), json!({"overwrite": overwrite}));
            client.ask(&Method::PUT, &path, Some(&body))
        }
        StateCommand::Load { name } => {
            client.ask(&Method::POST, &format!("{PATH}/{}/load", named(name)?), None)
        }
        StateCommand::List => client.ask(&Method::GET, PATH, None),
        StateCommand::Delete { name } => {
            client.ask(&Method::DELETE, &format!("{PATH}/{}", named(name)?), None)
        }
        StateCommand::Diff { from, to, all, .. } => {
            let (from, to) = (Side::parse(from)?, Side::parse(to)?);
            let path = format!("{PATH}/diff?from={from}&to={to}&all={all}");
            client.ask(&Method::GET, &path, None)
        }
        StateCommand::Reset { project, .. } => {
            let body = match project {
                Some(project) => json!({"project_id": project}),
                None => json!({"everything": true}),
            };
            client.ask(&Method::POST, &format!("{PATH}/reset"), Some(&body))
        }
    }
}

fn named(name: &str) -> anyhow::Result<StateName> {
    Ok(StateName::parse(name)?)
}

/// Does it on the data file that no server serves.
fn alone(settings: &Settings, command: &StateCommand) -> anyhow::Result<Value> {
    let opening = Offline::open(settings, clock_of_this_machine());
    on_the_file(opening, |app| async move { carry_out(&app, command).await })?
}

async fn carry_out(app: &App, command: &StateCommand) -> anyhow::Result<Value> {
    Ok(match command {
        StateCommand::Save { name, overwrite } => {
            let overwrite = if *overwrite { Overwrite::Yes } else { Overwrite::No };
            view::saved(&app.save_state(&named(name)?, overwrite).await?)
        }
        StateCommand::Load { name } => {
            let name = named(name)?;
            view::loaded(&name, &app.load_state(&operator(), &name).await?)
        }
        StateCommand::List => view::list(&app.saved_states().await?),
        StateCommand::Delete { name } => {
            app.delete_state(&named(name)?).await?;
            Value::Null
        }
        StateCommand::Diff { from, to, all, .. } => {
            let (from, to) = (Side::parse(from)?, Side::parse(to)?);
            let detail = if *all { Detail::All } else { Detail::Usual };
            view::difference(&from, &to, &app.compare_states(&from, &to, detail).await?)
        }
        StateCommand::Reset { project: Some(project), .. } => {
            let (project, removed) = app.reset_project(&operator(), project).await?;
            view::emptied(&project, &removed)
        }
        StateCommand::Reset { project: None, .. } => {
            view::begun_anew(&app.reset_everything(&operator()).await?)
        }
    })
}

/// What is printed of an answer.
fn told(command: &StateCommand, answer: &Value) -> String {
    match command {
        StateCommand::Save { name, .. } => {
            let state = member(answer, "state");
            format!(
                "saved {name}: {} disks, {} pending transfers, {} bytes\n",
                word(state, "disks"),
                word(state, "transfers"),
                word(state, "size_bytes")
            )
        }
        StateCommand::Load { name } => {
            format!("loaded {name}: {}\n", effort(member(answer, "loaded")))
        }
        StateCommand::List => listed(answer),
        StateCommand::Delete { name } => format!("deleted {name}\n"),
        StateCommand::Diff { json: true, .. } => format!("{answer:#}\n"),
        StateCommand::Diff { json: false, .. } => differences(answer),
        StateCommand::Reset { project: Some(_), .. } => {
            let reset = member(answer, "reset").as_object();
            let counts = reset.into_iter().flatten().filter(|(_, value)| value.is_number());
            let counts: Vec<String> = counts.map(|(kind, n)| format!("{n} {kind}")).collect();
            let project = word(member(answer, "reset"), "project_id");
            format!("reset project {project}: removed {}\n", counts.join(", "))
        }
        StateCommand::Reset { project: None, .. } => {
            let effort = effort(member(answer, "reset"));
            format!("everything is as after a first start: {effort}\n")
        }
    }
}

/// How much there is, how long it took, and for how long of that nobody could write.
fn effort(of: &Value) -> String {
    let [rows, took, held] = ["rows", "took_ms", "held_ms"].map(|name| word(of, name));
    format!("{rows} rows in {took} ms; writes waited {held} ms")
}

/// One line a state.
fn listed(answer: &Value) -> String {
    let states = list(answer, "states");
    let widest = states.iter().map(|state| word(state, "name").len()).max().unwrap_or_default();
    let mut text = String::new();
    for state in states {
        let name = word(state, "name");
        let rest = match state.get("unusable") {
            Some(why) => plain(why),
            None => format!(
                "{}  {} disks, {} pending transfers, schema {}, {} bytes",
                word(state, "saved_at"),
                word(state, "disks"),
                word(state, "transfers"),
                word(state, "schema"),
                word(state, "size_bytes")
            ),
        };
        let _ = writeln!(text, "{name:widest$}  {rest}");
    }
    text
}

/// One line a row: its table, `+`, `-` or `~`, its key, and what it is or what differs.
fn differences(answer: &Value) -> String {
    let mut text = String::new();
    for table in list(answer, "tables") {
        let name = word(table, "table");
        let rows = list(table, "rows");
        for row in rows {
            let key = row.get("key").and_then(Value::as_object).map(key).unwrap_or_default();
            let (sign, rest) = match (row.get("row"), row.get("columns").and_then(Value::as_object))
            {
                (_, Some(columns)) => ("~", changes(columns)),
                (Some(whole), None) if word(row, "change") == "added" => ("+", gist(whole)),
                (whole, None) => ("-", whole.map(gist).unwrap_or_default()),
            };
            let line = format!("{name}  {sign} {key}  {rest}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        if rows.is_empty() {
            let counts =
                ["added", "removed", "changed"].map(|of| format!("{} {of}", word(table, of)));
            let _ = writeln!(text, "{name}  {}", counts.join(", "));
        } else if table.get("untold").and_then(Value::as_u64).is_some_and(|untold| untold > 0) {
            let _ = writeln!(text, "{name}  and {} more: see --all", word(table, "untold"));
        }
    }
    for side in ["from", "to"] {
        for table in list(answer, &format!("only_{side}")) {
            let _ = writeln!(text, "{}  is a table of {} only", plain(table), word(answer, side));
        }
    }
    if text.is_empty() { "nothing differs\n".to_owned() } else { text }
}

fn key(columns: &Map<String, Value>) -> String {
    columns.values().map(plain).collect::<Vec<_>>().join("/")
}

/// What people know a row by.
fn gist(row: &Value) -> String {
    let known = ["name", "status", "size_gib", "disk_id", "project_id", "action"];
    let told = known.iter().filter_map(|name| {
        let value = row.get(*name).filter(|value| !value.is_null())?;
        Some(format!("{name}={}", plain(value)))
    });
    told.collect::<Vec<_>>().join(" ")
}

fn changes(columns: &Map<String, Value>) -> String {
    let told = columns.iter().map(|(name, change)| match (change.get("from"), change.get("to")) {
        (Some(from), Some(to)) => format!("{name}: {} → {}", plain(from), plain(to)),
        _ => format!("{name}: changed"),
    });
    told.collect::<Vec<_>>().join(", ")
}

fn member<'a>(of: &'a Value, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

fn list<'a>(of: &'a Value, name: &str) -> &'a [Value] {
    of.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn word(of: &Value, name: &str) -> String {
    plain(member(of, name))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            other.to_string()
        }
    }
}
