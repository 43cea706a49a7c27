//! Schemathesis on the real binary: requests made from the served OpenAPI document, right ones and wrong
//! ones, alone and in sequences along its links, and every answer held to the document.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

#[expect(dead_code, reason = "the generator of other suites")]
mod process;
mod python;
mod survived;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use process::{Client, Server, serve, violations};
use serde_json::Value;
use survived::Run;
use tempfile::TempDir;

/// In these versions, since a seed makes the same requests only there.
const PACKAGES: &[&str] = &["schemathesis==4.32.5", "hypothesis==6.170.15"];

/// What makes the tokens of everybody worthless, or the things of everybody disappear: tried on a server
/// of its own, where nobody needs a token.
const STEERING: &[&str] = &[
    "POST /_evs/clock",
    "POST /_evs/faults",
    "POST /_evs/seed",
    "POST /_evs/state/reset",
    "POST /_evs/state/{state}/load",
];

/// What is tried together with that.
const STEERED: &[&str] = &[
    "GET /_evs/clock",
    "GET /_evs/events",
    "GET /_evs/export",
    "GET /_evs/faults",
    "GET /_evs/faults/{id}",
    "DELETE /_evs/faults/{id}",
    "GET /_evs/state",
    "GET /_evs/state/diff",
    "PUT /_evs/state/{state}",
    "POST /_evs/state/{state}",
];

/// A server, and how schemathesis is to treat it.
struct Trial<'a> {
    schemathesis: &'a Path,
    data: TempDir,
    server: Server,
    project: String,
    token: String,
}

impl<'a> Trial<'a> {
    async fn start(schemathesis: &'a Path, mode: &str) -> Self {
        let data = TempDir::new().unwrap();
        let log = fs::File::create(data.path().join("log")).unwrap();
        let mut command = serve(data.path());
        command.env("EVS__AUTH__MODE", mode).stderr(log);
        let server = Server::start(&mut command).unwrap();
        let client = Client::login(&server.url, "admin").await;
        let Client { project, token, .. } = client;
        Self { schemathesis, data, server, project, token }
    }

    /// How many requests were made of `examples` for each operation and seed. Fails with all that
    /// schemathesis says if it finds anything.
    fn run(&self, run: &Run, filters: &[String]) -> usize {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemathesis");
        let report = self.data.path().join("report.json");
        let done = Command::new(self.schemathesis)
            .arg("--config-file")
            .arg(here.join("schemathesis.toml"))
            .args(["run", "--no-color", "--report-json-path"])
            .arg(&report)
            .args(["--seed", &run.seed.to_string(), "--max-examples", &run.count.to_string()])
            .args(filters)
            .arg(format!("{}/_evs/openapi.json", self.server.url))
            .current_dir(self.data.path())
            .env("EVS_URL", &self.server.url)
            .env("EVS_HOOKS", here.join("hooks.py"))
            .env("EVS_TOKEN", &self.token)
            .env("EVS_PROJECT", &self.project)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
        let report: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
        usize::try_from(cases(&report)).unwrap()
    }

    /// Nothing panicked.
    fn kept_its_head(&self) {
        let log = fs::read_to_string(self.data.path().join("log")).unwrap();
        assert!(!log.contains("panicked"), "{log}");
    }

    /// No invariant is broken.
    async fn finish(self) {
        drop(self.server);
        assert_eq!(violations(self.data.path()).await, Vec::<String>::new());
    }
}

/// How many cases a report tells of.
fn cases(report: &Value) -> u64 {
    report["test_cases"]["generated"].as_u64().unwrap_or_else(|| panic!("{report}"))
}

fn named(option: &str, operations: &[&str]) -> Vec<String> {
    operations.iter().flat_map(|name| [option.to_owned(), (*name).to_owned()]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_the_document_says_and_what_it_allows_is_taken() {
    let what = "schemathesis";
    let Some(programs) = python::programs(what, PACKAGES, what) else { return };
    let schemathesis: PathBuf = programs.join("schemathesis");
    let mut run = Run::of("schemathesis", 1);
    let trial = Trial::start(&schemathesis, "token").await;
    let mut filters = named("--exclude-name", STEERING);
    let everyday = run.count == 1;
    if everyday {
        // All of it takes minutes, and what it makes of a seed may differ with the time it has: everyday runs
        // leave out the phase that goes through every edge of every schema, and have one seed.
        run.seed = 1;
        filters.extend(["--phases", "fuzzing,stateful"].map(str::to_owned));
    }
    let mut cases = trial.run(&run, &filters);
    // The other one is told to panic, by faults.
    trial.kept_its_head();
    trial.finish().await;
    let trial = Trial::start(&schemathesis, "open").await;
    // Nobody needs a token there, so there is none to be ignored.
    let mut filters = named("--include-name", &[STEERING, STEERED].concat());
    filters.extend(["--exclude-checks".to_owned(), "ignored_auth".to_owned()]);
    cases += trial.run(&run, &filters);
    trial.finish().await;
    run.survived(cases, "no 5xx, no status or body that the document does not tell");
}
