//! `evs export`: what is there as a scenario, from the running server or from the data file itself.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use evs_local::config::Settings;
use evs_local::data_dir;
use evs_local::offline::Offline;
use evs_local::scenario_file;
use reqwest::Method;

use super::{clock_of_this_machine, on_the_file, print};
use crate::client::Client;

/// Prints the scenario of all that is there, or of what one project has.
pub(crate) fn run(settings: &Settings, project: Option<&str>) -> anyhow::Result<ExitCode> {
    let running = data_dir::running(&settings.data.dir).is_some_and(|holder| holder.url.is_some());
    let text = if running {
        let query = project.map(|name| format!("?{}", query(name)));
        let path = format!("/_evs/export{}", query.unwrap_or_default());
        Client::of(settings)?.text(&Method::GET, &path, None)?
    } else {
        let project = project.map(str::to_owned);
        let named = project.clone();
        let exported =
            on_the_file(Offline::open(settings, clock_of_this_machine()), |app| async move {
                app.export(named.as_deref()).await
            })??;
        let Some(scenario) = exported else {
            bail!("There is no project {:?}.", project.unwrap_or_default());
        };
        scenario_file::render(&scenario)
    };
    print(&text).context("cannot print")?;
    Ok(ExitCode::SUCCESS)
}

/// The query that names the project.
fn query(name: &str) -> String {
    let byte = |b: u8| match b {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
        _ => format!("%{b:02X}"),
    };
    format!("project={}", name.bytes().map(byte).collect::<String>())
}
