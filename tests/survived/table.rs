//! The README's table of what was survived is what the kept runs say, and its commands name tests that
//! there are.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

const BEGIN: &str = "<!-- survived -->\n";
const END: &str = "<!-- /survived -->";
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[derive(Debug, Deserialize)]
struct Suites {
    suite: Vec<Suite>,
}

#[derive(Debug, Deserialize)]
struct Suite {
    name: String,
    what: String,
    counts: String,
    seeds: Seeds,
    command: String,
}

/// What the seeds of a suite belong to.
#[derive(Debug, Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Seeds {
    /// Case `n` of a run has the run's seed and `n`.
    Cases,
    /// A run has one.
    One,
    /// Nothing is left to chance.
    None,
}

#[derive(Debug, Deserialize)]
struct Runs {
    run: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Run {
    suite: String,
    on: toml::value::Datetime,
    seed: u64,
    count: u64,
    result: String,
}

impl Suite {
    fn seeds_of(&self, runs: &[&Run]) -> String {
        let each = runs.iter().map(|run| match self.seeds {
            Seeds::Cases => format!("{}–{}", run.seed, run.seed + run.count - 1),
            Seeds::One => run.seed.to_string(),
            Seeds::None => "–".to_owned(),
        });
        each.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
    }

    /// The suite's row: all kept runs counted together, the result and day of the last one. None if no
    /// run was kept.
    fn row(&self, runs: &[&Run]) -> Option<String> {
        let last = runs.last()?;
        let count: u64 = runs.iter().map(|run| run.count).sum();
        let Self { what, counts, command, .. } = self;
        let (seeds, result, on) = (self.seeds_of(runs), &last.result, last.on);
        Some(format!("| {what} | {count} {counts} | {seeds} | {result} | {on} | `{command}` |\n"))
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/survived").join(name);
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn table() -> String {
    let (suites, runs): (Suites, Runs) = (read("suites.toml"), read("runs.toml"));
    for run in &runs.run {
        let known = suites.suite.iter().any(|suite| suite.name == run.suite);
        assert!(known, "a run of {:?}, which is no suite", run.suite);
    }
    let mut table =
        "| What | How often | Seeds | Result | On | Again |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for suite in &suites.suite {
        let kept: Vec<&Run> = runs.run.iter().filter(|run| run.suite == suite.name).collect();
        table.extend(suite.row(&kept));
    }
    table
}

/// With `EVS_PROOF_KEEP` the README is brought up to date instead.
#[test]
fn the_table_of_what_was_survived_says_what_the_kept_runs_say() {
    let readme = std::fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (stands, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("EVS_PROOF_KEEP").is_some() {
        std::fs::write(README, [before, BEGIN, &table, END, after].concat()).unwrap();
    } else {
        assert_eq!(stands, table, "to mend it: EVS_PROOF_KEEP=1 cargo test --test architecture");
    }
}

#[test]
fn every_command_of_the_suites_runs_a_test_that_there_is() {
    let suites: Suites = read("suites.toml");
    for Suite { name, command, .. } in &suites.suite {
        let Some(words) = command.strip_prefix("cargo test --test ") else { continue };
        let (binary, filter) = words.split_once(' ').unwrap_or((words, ""));
        let filter = filter.split(' ').next().unwrap_or_default();
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let mut sources = vec![(binary.to_owned(), tests.join(format!("{binary}.rs")))];
        let mut folders = vec![tests.join(binary)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                let module = path.strip_prefix(tests.join(binary)).unwrap().with_extension("");
                let module = module.display().to_string().replace('/', "::");
                if path.is_dir() { folders.push(path) } else { sources.push((module, path)) }
            }
        }
        let there = sources
            .iter()
            .filter_map(|(module, path)| Some((module, std::fs::read_to_string(path).ok()?)));
        let found = there.into_iter().any(|(module, source)| {
            let mut test = false;
            source.lines().any(|line| {
                let line = line.trim_start();
                let named = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
                let runs = test
                    && named.is_some_and(|(name, _)| {
                        format!("{module}::{name}").replace("::mod::", "::").contains(filter)
                    });
                test = line.starts_with("#[test]") || line.starts_with("#[tokio::test");
                runs
            })
        });
        assert!(found, "{name}: `{command}` runs nothing");
    }
}
