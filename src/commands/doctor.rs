//! `evs doctor`: checks a data file.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use evs_local::store::sqlite::doctor;

use super::print;

/// Runs the command on the data file in `dir`.
pub(crate) fn run(dir: &Path) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = match runtime.block_on(examine(&dir.join("evs.db"))) {
        Ok(report) => report,
        Err(error) => {
            // As in main: there is nowhere else to say it.
            let _ = writeln!(io::stderr().lock(), "evs: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    if report.violations.is_empty() {
        print(&format!("healthy: {} checks\n", report.checks))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = report.violations.iter();
    let lines: Vec<String> = lines
        .map(|violation| format!("{} {}\n", violation.invariant, violation.sentence))
        .collect();
    print(&lines.concat())?;
    Ok(ExitCode::FAILURE)
}

async fn examine(database: &Path) -> anyhow::Result<doctor::Report> {
    // SQLite would say the same of an absent file as of one that it may not read.
    std::fs::File::open(database).with_context(|| format!("cannot read {}", database.display()))?;
    Ok(doctor::examine(database).await?)
}
