//! Every request that changes something × every point of its work × what can go wrong there. What the
//! file holds afterwards is compared row by row with what the same request leaves when nothing goes
//! wrong: nothing of it before the commit, all of it after it, and after the request was sent again what
//! the answers say.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use evs_local::domain::fault::{CrashPoint, Way};
use reqwest::Method;
use serde_json::json;

use super::cases::{CASES, Case};
use super::content::{Content, changes};
use super::document::{Place, writing};
use super::stage::{Answer, Request, Stage};
use super::things;
use crate::pass;
use crate::survived::Run;

/// So many cells share a file before it begins anew: all of it is read several times for each.
const TOGETHER: usize = 20;

/// What a request changes when nothing goes wrong.
#[derive(Debug, Clone)]
struct Usual {
    once: Vec<String>,
    twice: Vec<String>,
}

/// Who walks from cell to cell.
struct Walk {
    stage: Stage,
    places: BTreeMap<String, Place>,
    usual: BTreeMap<&'static str, Usual>,
    visited: usize,
}

/// What goes wrong, where, in which request.
#[derive(Debug, Clone, Copy)]
struct Cell {
    case: &'static Case,
    way: Way,
    point: CrashPoint,
    seed: u64,
}

impl Cell {
    fn name(&self) -> String {
        let Self { case, way, point, seed } = self;
        let name = case.name;
        format!("{name}: {} at {point}: EVS_PROOF_SEED={seed} EVS_PROOF_COUNT=1", way.word())
    }
}

/// The body of every answer to a bug or a failure of ours, in its dialect.
pub(super) fn is_our_fault(answer: &Answer) -> bool {
    let body = answer.json();
    let open = json!({"computeFault": {
        "code": 500,
        "message": "The server has either erred or is incapable of performing the requested operation.",
    }});
    answer.status == 500 && (body == open || body["error"]["code"] == "EVS.5500")
}

impl Walk {
    async fn begin() -> Self {
        let stage = Stage::start().await;
        let places = writing(&stage.document);
        stage.steer(Method::PUT, "state/beginning", None).await;
        Self { stage, places, usual: BTreeMap::new(), visited: 0 }
    }

    async fn prepare(&mut self, case: &Case) -> (Request, Content) {
        let things = things::make(&self.stage, case.needs).await;
        let request = case.request(&self.places[case.name].version, &things);
        (request, self.content(case).await)
    }

    async fn content(&mut self, case: &Case) -> Content {
        if case.goes_on() {
            self.stage.end_what_is_due().await;
        }
        self.stage.content().await
    }

    /// What the request changes when nothing goes wrong, and when it is sent again.
    async fn usual(&mut self, case: &'static Case) -> Usual {
        if let Some(usual) = self.usual.get(case.name) {
            return usual.clone();
        }
        let (request, before) = self.prepare(case).await;
        let first = self.stage.send(&request).await.unwrap();
        let once = changes(&before, &self.content(case).await);
        let second = self.stage.send(&request).await.unwrap();
        let twice = changes(&before, &self.content(case).await);
        let statuses = (first.status, second.status);
        assert_eq!(statuses, (case.first, case.second), "{}: {first:?} {second:?}", case.name);
        assert!(!once.is_empty(), "{} changes nothing", case.name);
        if case.keyed() {
            assert_eq!(first.text, second.text, "{}", case.name);
            assert!(is_replayed(&second) && !is_replayed(&first), "{}", case.name);
            assert_eq!(once, twice, "{}", case.name);
        }
        let usual = Usual { once, twice };
        self.usual.insert(case.name, usual.clone());
        usual
    }

    async fn visit(&mut self, cell: Cell) {
        let Cell { case, way, point, .. } = cell;
        let name = cell.name();
        let usual = self.usual(case).await;
        let (request, before) = self.prepare(case).await;
        let operation = self.places[case.name].operation.clone();
        let word = way.word().as_str();
        let rule = json!({"operation": operation, word: point.as_str(), "times": 1});
        let rule = self.stage.arm(rule).await;
        let answer = self.stage.send(&request).await;
        match way {
            Way::Kill => {
                assert!(answer.is_err(), "{name}: {answer:?}");
                assert_eq!(self.stage.start_anew(), Some(9), "{name}");
                self.stage.errors();
            }
            Way::Drop => assert!(answer.is_err(), "{name}: {answer:?}"),
            Way::Panic | Way::Fail => {
                let answer = answer.unwrap_or_else(|lost| panic!("{name}: no answer: {lost}"));
                assert!(is_our_fault(&answer), "{name}: {answer:?}");
                assert_eq!(answer.headers["x-evs-fault"], rule, "{name}");
                let errors = self.stage.errors();
                let told = errors.iter().filter(|error| error.contains(&rule)).count();
                let expected = if way == Way::Fail { 1..=1 } else { 0..=1 };
                assert!(expected.contains(&told), "{name}: {errors:#?}");
                assert!(!errors.is_empty(), "{name}: nobody is told");
            }
        }
        let kept = way == Way::Drop || point.keeps_the_work();
        // Sent again at once, it may meet the first one on its way: under a key that is no matter.
        if !(way == Way::Drop && case.keyed()) {
            let expected: &[String] = if kept { &usual.once } else { &[] };
            let deadline = Instant::now() + Duration::from_secs(10);
            loop {
                let found = changes(&before, &self.content(case).await);
                let wait = way == Way::Drop && found != expected && Instant::now() < deadline;
                if !wait {
                    assert_eq!(found, expected, "{name}");
                    break;
                }
                pass(Duration::from_millis(2)).await;
            }
        }
        let again = self.stage.send(&request).await.unwrap();
        let (status, expected) = match (kept, case.keyed()) {
            (_, true) | (false, false) => (case.first, &usual.once),
            (true, false) => (case.second, &usual.twice),
        };
        assert_eq!(again.status, status, "{name}, sent again: {again:?}");
        if case.keyed() && way != Way::Drop {
            assert_eq!(is_replayed(&again), kept, "{name}");
        }
        let found = changes(&before, &self.content(case).await);
        assert_eq!(found, *expected, "{name}, sent again");
        self.stage.disarm().await;
        // The writer tells of its own panic when it is over, which may be a moment later.
        let others = self.stage.errors().into_iter().filter(|error| !error.contains(&rule));
        assert_eq!(others.collect::<Vec<_>>(), Vec::<String>::new(), "{name}, afterwards");
        self.visited += 1;
        if self.visited.is_multiple_of(TOGETHER) {
            self.stage.steer(Method::POST, "state/beginning/load", None).await;
        }
    }
}

fn is_replayed(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotency-replayed")
}

/// The cells of these ways: neighbours are of different requests, and as many as there are requests
/// have each of them once.
fn cell(seed: u64, ways: &[Way]) -> Cell {
    let places: Vec<(CrashPoint, Way)> =
        CrashPoint::ALL.iter().flat_map(|point| ways.iter().map(|way| (*point, *way))).collect();
    let number = usize::try_from(seed % (CASES.len() * places.len()) as u64).unwrap();
    let (round, of) = (number / CASES.len(), number % CASES.len());
    let (point, way) = places[(round + of) % places.len()];
    Cell { case: &CASES[of], way, point, seed }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_a_panic_or_a_lost_answer_at_any_point_of_any_change_leaves_nothing_or_all() {
    const WAYS: &[Way] = &[Way::Fail, Way::Panic, Way::Drop];
    // All cells are fifteen for each request.
    let usual = CASES.len() * 5;
    let run = Run::of("crash points", usual);
    let mut walk = Walk::begin().await;
    for n in 0..run.count {
        walk.visit(cell(run.seed.wrapping_add(n as u64), WAYS)).await;
        if n % CASES.len() == 0 {
            assert_eq!(walk.stage.violations().await, Vec::<String>::new());
        }
    }
    walk.stage.stop().await;
    run.survived(run.count, &format!("each of {} requests that change something", CASES.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_point_of_any_change_leaves_nothing_or_all() {
    let run = Run::of("kills at points", CASES.len());
    let mut walk = Walk::begin().await;
    for n in 0..run.count {
        let cell = cell(run.seed.wrapping_add(n as u64), &[Way::Kill]);
        walk.visit(cell).await;
        assert_eq!(walk.stage.violations().await, Vec::<String>::new(), "{}", cell.name());
    }
    walk.stage.stop().await;
    run.survived(run.count, &format!("each of {} requests that change something", CASES.len()));
}
