//! Everything that can be due × every point of ending it × what can go wrong there: it is ended once, and
//! whoever looks again ends what was not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use evs_local::domain::fault::{Way, WorkPoint};
use evs_local::domain::ids::{DiskId, JobId, PolicyId, TransferId};
use evs_local::domain::progress::Operation;
use evs_local::store::progress::DueWork;
use reqwest::Method;
use serde_json::{Value, json};

use super::cases::{CASES, Case, row};
use super::content::{Content, changes};
use super::document::writing;
use super::stage::{Progress, Stage, Who};
use super::things::{self, Need};
use crate::pass;
use crate::process::violations;
use crate::survived::Run;

/// When something is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    /// At once.
    Now,
    /// When the clock has gone on, and whoever steps ends it.
    Later,
    /// When the clock has gone on, and it is ended on the way.
    OnTheWay,
}

/// Further than any offer lasts, and to exactly one run of a daily policy.
const SECONDS: u32 = 86_400;

/// What is due, by the word of its operation or its kind; the request that begins it; and when.
const DUE: &[(&str, &str, When)] = &[
    ("create", "POST volumes", When::Now),
    ("download", DOWNLOAD.name, When::Now),
    ("restore", "POST backups/{id}/restore", When::Now),
    ("extend", "POST volumes/{id}/action os-extend", When::Now),
    ("retype", "POST volumes/{id}/action os-retype", When::Now),
    ("upload", "POST volumes/{id}/action os-volume_upload_image", When::Now),
    ("revert", "POST volumes/{id}/action revert", When::Now),
    ("rollback", "POST cloudsnapshots/{id}/rollback", When::Now),
    ("backup", "POST backups", When::Now),
    ("delete", "DELETE volumes/{id}", When::Now),
    ("snapshot", "POST snapshots", When::Now),
    ("delete_snapshot", "DELETE snapshots/{id}", When::Now),
    ("delete_backup", "DELETE backups/{id}", When::Now),
    ("transfer", "POST os-volume-transfer", When::Later),
    ("policy", "POST backuppolicyresources", When::OnTheWay),
    ("task", "POST backuppolicy/{id}/action", When::Now),
];

const DOWNLOAD: Case = row(
    "POST volumes from an image",
    Need::Nothing,
    Who::Demo,
    "volumes",
    r#"{"volume": {"size": 1, "imageRef": "{server}"}}"#,
    (202, 202),
);

/// The kind of what is due; a new one does not compile until it has its row.
fn kind(work: &DueWork) -> &'static str {
    match work {
        DueWork::OnDisk(_) => "create",
        DueWork::Transfer(_) => "transfer",
        DueWork::Policy(_) => "policy",
        DueWork::Task(_) => "task",
    }
}

#[test]
fn whatever_can_be_due_has_its_row() {
    let mut words: BTreeSet<&str> = Operation::ALL.iter().map(|word| word.as_str()).collect();
    let kinds = [
        DueWork::OnDisk(DiskId::random()),
        DueWork::Transfer(TransferId::random()),
        DueWork::Policy(PolicyId::random()),
        DueWork::Task(JobId::new("j")),
    ];
    words.extend(kinds.iter().map(kind));
    assert_eq!(DUE.iter().map(|(word, ..)| *word).collect::<BTreeSet<_>>(), words);
}

fn case(name: &str) -> &'static Case {
    if name == DOWNLOAD.name {
        return &DOWNLOAD;
    }
    CASES.iter().find(|case| case.name == name).unwrap_or_else(|| panic!("no case {name}"))
}

struct Due {
    stage: Stage,
    version: String,
}

/// Without what tells of the clock alone.
fn without_the_clock(changes: Vec<String>) -> Vec<String> {
    let of_the_clock = |line: &String| line.starts_with("clock ") || line.contains("action clock.");
    changes.into_iter().filter(|line| !of_the_clock(line)).collect()
}

impl Due {
    /// Begins it, so that it is due, or will be when the clock has gone on; what stands in the file.
    async fn begin(&mut self, case: &Case, when: When) -> Content {
        let things = things::make(&self.stage, case.needs).await;
        let request = case.request(&self.version, &things);
        let answer = self.stage.send(&request).await.unwrap();
        assert_eq!(answer.status, case.first, "{}: {answer:?}", case.name);
        if when == When::Later {
            let advance = json!({"advance_s": SECONDS});
            self.stage.steer(Method::POST, "clock", Some(advance)).await;
        }
        self.stage.content().await
    }

    /// The request by which it ends.
    fn step(&self, when: When) -> (String, Value) {
        let (place, body) = match when {
            When::Now | When::Later => ("progress", json!({})),
            When::OnTheWay => ("clock", json!({"advance_s": SECONDS})),
        };
        (format!("{}/_evs/{place}", self.stage.url()), body)
    }

    /// Lets it end, if nothing goes wrong; the status of the answer.
    async fn end(&self, when: When) -> reqwest::Result<u16> {
        let (url, body) = self.step(when);
        let answer = self.stage.people.admin.send(Method::POST, &url, Some(body)).await?;
        Ok(answer.status)
    }

    /// Ends what is due until nothing is.
    async fn end_all(&self) {
        let (url, body) = self.step(When::Now);
        loop {
            let answer = self.stage.people.admin.send(Method::POST, &url, Some(body.clone())).await;
            let answer = answer.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
            if answer.body["finished"] == json!([]) {
                return;
            }
        }
    }

    async fn changed(&mut self, before: &Content) -> Vec<String> {
        without_the_clock(changes(before, &self.stage.content().await))
    }

    /// Asks for the end and goes away without waiting for an answer.
    fn end_blindly(&self, when: When) {
        let (url, body) = self.step(when);
        let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let (body, token) = (body.to_string(), &self.stage.people.admin.token);
        let mut connection = TcpStream::connect(address).unwrap();
        write!(
            connection,
            "POST /{path} HTTP/1.1\r\nHost: {address}\r\nX-Auth-Token: {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_ended_once_whatever_goes_wrong_before_it_or_after_it() {
    let ways = [Way::Fail, Way::Panic, Way::Kill];
    let cells: Vec<(WorkPoint, Way)> =
        WorkPoint::ALL.iter().flat_map(|point| ways.iter().map(|way| (*point, *way))).collect();
    let run = Run::of("due points", DUE.len() * (cells.len() + 1));
    let stage = Stage::start_with(Progress::ByHand).await;
    let version = "v3".to_owned();
    let places = writing(&stage.document);
    stage.steer(Method::PUT, "state/beginning", None).await;
    let mut due = Due { stage, version };
    let mut usual = BTreeMap::new();
    for n in 0..run.count {
        let seed = run.seed.wrapping_add(n as u64);
        let number = usize::try_from(seed % (DUE.len() * (cells.len() + 1)) as u64).unwrap();
        let (word, name, when) = DUE[number % DUE.len()];
        let cell = cells.get(number / DUE.len());
        let told = format!("{word} {cell:?}: EVS_PROOF_SEED={seed} EVS_PROOF_COUNT=1");
        let case = case(name);
        due.version = places.get(name).map_or("v3".to_owned(), |place| place.version.clone());

        if !usual.contains_key(word) {
            // What it comes to when nothing goes wrong.
            let before = due.begin(case, when).await;
            assert_eq!(due.end(when).await.unwrap(), 200, "{told}");
            let once = due.changed(&before).await;
            assert!(!once.is_empty(), "{told}: nothing was due");
            due.end_all().await;
            usual.insert(word, (once, due.changed(&before).await));
            due.stage.steer(Method::POST, "state/beginning/load", None).await;
        }
        let (once, all) = &usual[word];

        let before = due.begin(case, when).await;
        if let Some((point, way)) = cell {
            let rule = json!({way.word().as_str(): point.as_str(), "times": 1});
            due.stage.arm(rule).await;
            let answer = due.end(when).await;
            if *way == Way::Kill {
                assert!(answer.is_err(), "{told}: {answer:?}");
                assert_eq!(due.stage.start_anew(), Some(9), "{told}");
                assert_eq!(due.stage.violations().await, Vec::<String>::new(), "{told}");
            } else if when != When::OnTheWay {
                assert_eq!(answer.unwrap(), 500, "{told}");
            } else {
                // The clock goes on past what meets a bug.
                assert!([200, 500].contains(&answer.unwrap()), "{told}");
            }
            due.stage.disarm().await;
            let found = due.changed(&before).await;
            // On the clock's way several things are ended, each by itself.
            if when != When::OnTheWay {
                let ended = *point == WorkPoint::AfterStep;
                let expected: &[String] = if ended { once } else { &[] };
                assert_eq!(found, expected, "{told}");
            }
        } else {
            due.end_blindly(when);
            let deadline = Instant::now() + Duration::from_secs(10);
            while due.changed(&before).await != *once {
                assert!(Instant::now() < deadline, "{told}: it does not end");
                pass(Duration::from_millis(2)).await;
            }
        }
        due.end_all().await;
        assert_eq!(due.changed(&before).await, *all, "{told}, looked at again");
        if when != When::Now || n % 10 == 0 {
            due.stage.steer(Method::POST, "state/beginning/load", None).await;
        }
    }
    due.stage.stop().await;
    run.survived(run.count, &format!("each of {} kinds of what can be due", DUE.len()));
}

/// The loop that ends what is due would be gone without a word, and nothing would ever end again.
#[tokio::test(flavor = "multi_thread")]
async fn a_bug_in_what_is_due_does_not_end_the_loop_that_ends_it() {
    let home = tempfile::TempDir::new().unwrap();
    let data = home.path().join("data");
    let mut command = super::crashing(&data);
    command.env("EVS__SIMULATION__CREATE_DELAY_MS", "1");
    let mut server = crate::process::Server::start(&mut command).unwrap();
    let people = super::People::login(&server.url).await;
    for point in WorkPoint::ALL {
        people.arm(json!({"panic": point.as_str(), "times": 1})).await;
        let disks = [people.disk().await, people.disk().await];
        let deadline = Instant::now() + Duration::from_secs(20);
        for disk in &disks {
            while people.seen(disk).await.1 != "available" {
                assert!(Instant::now() < deadline, "disk {disk} does not come to its end");
                pass(Duration::from_millis(5)).await;
            }
        }
    }
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(violations(&data).await, Vec::<String>::new());
}
