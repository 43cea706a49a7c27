//! What is said of a run: a table for people, the same as JSON, the page of the README.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;

use crate::work::Operation;

/// An operation with so many clients.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    pub(crate) operation: Operation,
    pub(crate) clients: usize,
    /// Operations a second; the median of the rounds, as everything but the percentiles.
    pub(crate) rate: f64,
    /// The most that the parts allow.
    pub(crate) bound: f64,
    /// The rate over the bound.
    pub(crate) ratio: f64,
    /// The rate over that of an echo of the same bytes.
    pub(crate) of_echo: f64,
    /// Milliseconds, from all samples of all rounds.
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
    /// Milliseconds of the server's processors that each one took.
    pub(crate) processor_ms: f64,
    /// KiB sent to the disk for each one.
    pub(crate) disk_kib: f64,
    pub(crate) samples: usize,
}

/// An operation with 32 clients in a file of some size.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Grown {
    pub(crate) disks: usize,
    pub(crate) open: usize,
    pub(crate) operation: Operation,
    pub(crate) rate: f64,
    /// The rate over that of the smallest file.
    pub(crate) ratio: f64,
}

/// A promise, and what became of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Promise {
    pub(crate) what: String,
    pub(crate) wanted: String,
    pub(crate) found: String,
    pub(crate) kept: bool,
}

/// All of a run.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) date: String,
    pub(crate) cores: usize,
    pub(crate) rows: Vec<Row>,
    pub(crate) growth: Vec<Grown>,
    pub(crate) promises: Vec<Promise>,
}

impl Report {
    pub(crate) fn row(&self, operation: Operation, clients: usize) -> Option<&Row> {
        self.rows.iter().find(|row| row.operation == operation && row.clients == clients)
    }

    /// Adds a promise: `found` as it is told, and whether it is kept.
    pub(crate) fn promise(&mut self, what: &str, wanted: &str, found: String, kept: bool) {
        let (what, wanted) = (what.to_owned(), wanted.to_owned());
        self.promises.push(Promise { what, wanted, found, kept });
    }

    /// What follows from the rows, as far as they were measured.
    pub(crate) fn promise_by_rows(&mut self, alone: Option<f64>) {
        use Operation::{Create, List, Pair, Refused, Show};
        for (operation, clients, least) in [(Create, 64, 0.65), (Create, 32, 0.55), (Pair, 8, 0.50)]
        {
            if let Some(row) = self.row(operation, clients) {
                let ratio = row.ratio;
                let what = format!("{} at {clients} clients, of its bound", operation.word());
                self.promise(
                    &what,
                    &format!("≥ {least:.2}"),
                    format!("{ratio:.2}"),
                    ratio >= least,
                );
            }
        }
        for (operation, least) in [(Show, 0.25), (Refused, 0.25), (List, 0.30)] {
            if let Some(row) = self.row(operation, 32) {
                let ratio = row.of_echo;
                let what = format!("{} at 32 clients, of an echo of its bytes", operation.word());
                self.promise(
                    &what,
                    &format!("≥ {least:.2}"),
                    format!("{ratio:.2}"),
                    ratio >= least,
                );
            }
        }
        if let (Some(row), Some(alone)) = (self.row(Create, 1), alone) {
            let times = row.p50_ms / 1000.0 / alone;
            let what = "create at 1 client: p50 over hash and lone commit";
            self.promise(what, "≤ 2.0", format!("{times:.2}"), times <= 2.0);
        }
        if let Some(row) = self.row(Create, 32) {
            let times = row.p99_ms / row.p50_ms;
            let what = "create at 32 clients: p99 over p50";
            self.promise(what, "< 8", format!("{times:.1}"), times < 8.0);
        }
        if let Some(row) = self.row(Create, 64) {
            let max = row.max_ms;
            let what = "create at 64 clients: the longest of all";
            self.promise(what, "< 250 ms", format!("{max:.0} ms"), max < 250.0);
        }
    }

    pub(crate) fn promise_by_growth(&mut self) {
        let (Some(smallest), Some(largest)) = (
            self.growth.iter().map(|grown| grown.disks).min(),
            self.growth.iter().map(|grown| grown.disks).max(),
        ) else {
            return;
        };
        let of_largest: Vec<Grown> =
            self.growth.iter().filter(|grown| grown.disks == largest).cloned().collect();
        for Grown { operation, ratio, open, .. } in of_largest {
            let what = format!(
                "{} with {} disks and {} open transfers, of that with {}",
                operation.word(),
                thousands(largest),
                thousands(open),
                thousands(smallest)
            );
            self.promise(&what, "≥ 0.90", format!("{ratio:.2}"), ratio >= 0.9);
        }
    }

    /// The tables, in Markdown.
    pub(crate) fn page(&self) -> Result<String> {
        let mut page = String::new();
        if !self.promises.is_empty() {
            writeln!(page, "| What | Wanted | Found | |\n|---|---|---|---|")?;
            for Promise { what, wanted, found, kept } in &self.promises {
                let word = if *kept { "kept" } else { "**missed**" };
                writeln!(page, "| {what} | {wanted} | {found} | {word} |")?;
            }
            writeln!(page)?;
        }
        if !self.rows.is_empty() {
            writeln!(
                page,
                "| Operation | Clients | A second | Bound | Of bound | p50 ms | p99 ms | Max ms | \
                 Processor ms | Disk KiB |\n|---|---|---|---|---|---|---|---|---|---|"
            )?;
            for row in &self.rows {
                writeln!(
                    page,
                    "| {} | {} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {:.3} | {:.1} |",
                    row.operation.word(),
                    row.clients,
                    row.rate,
                    row.bound,
                    row.ratio,
                    row.p50_ms,
                    row.p99_ms,
                    row.max_ms,
                    row.processor_ms,
                    row.disk_kib
                )?;
            }
            writeln!(page)?;
        }
        if !self.growth.is_empty() {
            writeln!(page, "| Disks | Open transfers | Operation | A second | Of the smallest |")?;
            writeln!(page, "|---|---|---|---|---|")?;
            for Grown { disks, open, operation, rate, ratio } in &self.growth {
                let (disks, open) = (thousands(*disks), thousands(*open));
                let word = operation.word();
                writeln!(page, "| {disks} | {open} | {word} | {rate:.0} | {ratio:.2} |")?;
            }
            writeln!(page)?;
        }
        Ok(page)
    }

    pub(crate) fn write_json(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_vec_pretty(self)?).context("the JSON cannot be written")
    }

    /// Puts the tables into the README, between their two marks.
    pub(crate) fn keep(&self, readme: &Path) -> Result<()> {
        const MARKS: (&str, &str) = ("<!-- speed -->\n", "<!-- /speed -->");
        let text = fs::read_to_string(readme)?;
        let (before, rest) = text.split_once(MARKS.0).context("the README has no mark")?;
        let (_, after) = rest.split_once(MARKS.1).context("the README has no second mark")?;
        let (page, date, cores) = (self.page()?, &self.date, self.cores);
        let head = format!("Measured on {date} with {cores} cores, the load on the same ones.\n\n");
        fs::write(readme, format!("{before}{}{head}{page}{}{after}", MARKS.0, MARKS.1))?;
        Ok(())
    }
}

/// 1 000 000
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(' ');
        }
        told.push(digit);
    }
    told
}

/// The one in the middle.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

pub(crate) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
