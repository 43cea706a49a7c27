//! Runs of the suites that back the promise: each has a seed, which is printed and makes the same run
//! again, and ends with one line about what was survived.
//!
//! `EVS_PROOF_SEED` and `EVS_PROOF_COUNT` ask for a certain run; with `EVS_PROOF_KEEP` it is written
//! down in `runs.toml`, from which the table in the README is made. CI and everyday runs keep nothing.

use std::fmt::Write as _;
use std::io::Write as _;

/// The suites: their names, what each does, and the command that repeats it.
const SUITES: &str = include_str!("suites.toml");
const RUNS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/survived/runs.toml");

/// One run of a suite.
#[derive(Debug)]
pub(crate) struct Run {
    suite: &'static str,
    /// Where chance begins. Where cases do not depend on each other, case `n` has the seed `seed + n`.
    pub(crate) seed: u64,
    /// How often: cycles, cases, requests, seconds, whatever the suite counts.
    pub(crate) count: usize,
}

impl Run {
    /// The run that is asked for, of a suite in `suites.toml`; its usual count is what every test
    /// run can afford.
    pub(crate) fn of(suite: &'static str, usual: usize) -> Self {
        assert!(SUITES.contains(&format!("name = \"{suite}\"\n")), "{suite} is not in suites.toml");
        let seed = asked("EVS_PROOF_SEED").map(|seed| seed.parse().unwrap());
        // TOML's integers have a sign.
        let seed = seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0 >> 1);
        let count = asked("EVS_PROOF_COUNT").map_or(usual, |count| count.parse().unwrap());
        say(&format!("{suite}: EVS_PROOF_SEED={seed} EVS_PROOF_COUNT={count}"));
        Self { suite, seed, count }
    }

    /// Tells what was survived `count` times, and keeps it where that was asked for. `result` is half
    /// a sentence for the README, of what was counted in this run.
    pub(crate) fn survived(&self, count: usize, result: &str) {
        let Self { suite, seed, .. } = self;
        say(&format!("{suite}: survived {count}: {result}"));
        if asked("EVS_PROOF_KEEP").is_none() {
            return;
        }
        let mut kept = String::new();
        writeln!(kept, "\n[[run]]\nsuite = \"{suite}\"\non = {}", today()).unwrap();
        writeln!(kept, "seed = {seed}\ncount = {count}\nresult = {result:?}").unwrap();
        let mut runs = std::fs::File::options().append(true).open(RUNS).unwrap();
        runs.write_all(kept.as_bytes()).unwrap();
    }
}

/// Tells whoever runs the tests, whether they succeed or not: past the harness, which keeps what a
/// test that succeeds prints to itself.
pub(crate) fn say(line: &str) {
    writeln!(std::io::stderr().lock(), "{line}").unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a knob of the test, no setting of the product")]
fn asked(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

#[expect(clippy::disallowed_methods, reason = "the day on which a person ran it")]
fn today() -> chrono::NaiveDate {
    chrono::Utc::now().date_naive()
}
