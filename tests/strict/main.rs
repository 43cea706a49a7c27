//! Holds the answers to those of the real Cinder: status, body and headers of every recorded request
//! are reproduced, or a table says why not.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of tests fails like a test"
)]

mod samples;
mod scenes;
mod scope;
mod shape;
#[expect(dead_code, reason = "the tests of the API use all of it")]
#[path = "../statements/mod.rs"]
mod statements;
#[expect(dead_code, reason = "the tests of the API use all of it")]
#[path = "../api/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::rc::Rc;

use samples::Sample;
use scenes::Scene;
use shape::{Seen, differences};
use support::{Answer, TestServer};
use tokio::task::{JoinSet, LocalSet};

/// What differs in how a recorded request is answered here.
async fn compared(seen: &Seen, sample: &Sample) -> Vec<String> {
    let server = TestServer::start_with(|settings| {
        // The recording's.
        settings.quotas.volumes = 10;
        settings.quotas.snapshots = 10;
        settings.quotas.gigabytes = 1000;
        settings.quotas.backups = 10;
        settings.quotas.backup_gigabytes = 1000;
        if sample.noun() == "messages" {
            settings.simulation.fail = vec!["extend".to_owned()];
        }
    })
    .await;
    let scene = Scene::of(sample, &server).await;
    let answer = scene.play().await;
    let mut found = Vec::new();
    if answer.status != sample.status {
        found.push(format!("status {} there, {} here", sample.status, answer.status));
    }
    found.extend(bodies(seen, &scene, &answer));
    found.extend(headers(sample, &answer));
    server.finish().await;
    found
}

fn bodies(seen: &Seen, scene: &Scene<'_>, answer: &Answer) -> Vec<String> {
    match scene.expected() {
        None if answer.text.is_empty() => Vec::new(),
        None => vec![format!("no byte there, {} here", answer.text)],
        // Refusals are the same to the letter.
        Some(expected) if answer.status >= 400 => {
            let same = expected == answer.body;
            if same { Vec::new() } else { vec![format!("{expected} there, {} here", answer.text)] }
        }
        Some(expected) => differences(seen, scene.writes(), &expected, &answer.body),
    }
}

fn headers(sample: &Sample, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    let (version, kind) = (answer.header("openstack-api-version"), answer.header("content-type"));
    let asked = if sample.microversion.is_empty() { "volume 3.0" } else { &sample.microversion };
    if sample.url.starts_with("/v3/") && answer.status < 400 && version != asked {
        found.push(format!("version {asked} asked, {version} told"));
    }
    if sample.response.is_some() && !kind.starts_with("application/json") {
        found.push(format!("the body is said to be {kind}"));
    }
    if sample.status == 413 && answer.header("retry-after") != "0" {
        found.push("Retry-After is not 0".to_owned());
    }
    found
}

/// So many servers run at a time.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn every_recorded_answer_of_cinder_is_reproduced_or_excused() {
    let samples = Sample::all();
    let seen = Rc::new(Seen::in_all(&samples));
    let mut excused = BTreeMap::new();
    let mut in_scope = Vec::new();
    assert_eq!(scope::idle(&samples), Vec::<&str>::new());
    let all = samples.len();
    for sample in samples {
        match scope::excused(&sample) {
            Some(reason) => *excused.entry(reason).or_insert(0) += 1,
            None => in_scope.push(sample),
        }
    }
    let (reproduced, different) = LocalSet::new().run_until(play(seen, in_scope)).await;
    let out: usize = excused.values().sum();
    let reasons: Vec<String> = excused.iter().map(|(why, many)| format!("{many}: {why}")).collect();
    // Past the harness, which keeps what a test that succeeds prints to itself.
    writeln!(
        std::io::stderr(),
        "{reproduced} samples reproduced, {out} out of scope ({})",
        reasons.join("; ")
    )
    .unwrap();
    assert!(different.is_empty(), "{} differ:\n{}", different.len(), different.join("\n"));
    assert_eq!(reproduced + out, all);
}

/// How many are reproduced, and what differs in the others.
async fn play(seen: Rc<Seen>, samples: Vec<Sample>) -> (usize, Vec<String>) {
    let mut different = BTreeMap::new();
    let mut reproduced = 0;
    let mut running = JoinSet::new();
    let mut waiting = samples.into_iter();
    loop {
        while running.len() < AT_ONCE
            && let Some(sample) = waiting.next()
        {
            running.spawn_local(told(Rc::clone(&seen), sample));
        }
        match running.join_next().await {
            None => break,
            Some(Ok((_, None))) => reproduced += 1,
            Some(Ok((line, Some(told)))) => assert_eq!(different.insert(line, told), None),
            // A scene that cannot be set has said so; the others go on.
            Some(Err(panicked)) => {
                different.insert(usize::MAX - different.len(), panicked.to_string());
            }
        }
    }
    (reproduced, different.into_values().collect())
}

/// The line of a recording, and what differs, if anything does.
async fn told(seen: Rc<Seen>, sample: Sample) -> (usize, Option<String>) {
    let Sample { line, ref endpoint, status, ref microversion, .. } = sample;
    let what = format!("{line}: {endpoint} {status} {microversion}");
    let found = compared(&seen, &sample).await;
    (line, (!found.is_empty()).then(|| format!("{what}: {found:#?}")))
}
