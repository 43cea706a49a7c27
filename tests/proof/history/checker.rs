//! Whether a history is strictly serializable in the order of its events: a linear pass, no search.
//!
//! The events say in which order the writes happened. That order must agree with real time, and every
//! other answer must be explained by what was so at some position of it: not before what was sure when
//! the call began, and before whatever began only when it was over. Each call takes the earliest such
//! position, which leaves most room for those that follow.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::link::link;
use super::model::{Past, replay};
use super::record::{Call, History, State, Told};
use super::rules::{Verdict, shown};
use crate::ask::Ask;

/// What was checked.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Checked {
    pub(super) calls: usize,
    pub(super) events: usize,
    /// Calls that were answered and changed something.
    pub(super) writes: usize,
    /// Answers that only showed something.
    pub(super) reads: usize,
    pub(super) refusals: usize,
    /// Calls without an answer that had happened.
    pub(super) unheard: usize,
    /// Calls without an answer that had not.
    pub(super) unheard_of: usize,
}

/// The positions at which a call may have been done.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// What was surely so when it began.
    low: i64,
    /// The last event that may have been there when it was over.
    high: i64,
}

/// Checks a history; or the first violation, in a sentence.
pub(super) fn check(history: &History) -> Result<Checked, String> {
    let past = replay(history, &link(history)?)?;
    let times = Times::of(history, &past);
    times.order(history)?;
    let mut checked =
        Checked { calls: history.calls.len(), events: history.events.len(), ..Checked::default() };
    // Calls under way, by their end: what they are known to have seen or done counts from then on.
    let mut under_way = BTreeSet::<(Duration, i64, usize)>::new();
    let mut sure = history.setup;
    for number in Times::by_beginning(history) {
        let call = &history.calls[number];
        sure = sure.max(history.last_of(call.life.checked_sub(1)));
        while let Some((end, position, _)) = under_way.first().copied()
            && end < call.began
        {
            under_way.pop_first();
            sure = sure.max(position);
        }
        let end = history.end_of(call);
        let span = past.spans.get(&number).copied();
        let high = times.high(end).min(history.last_of(Some(call.life)));
        let window = Window { low: sure, high };
        let position = match (span, &call.answer) {
            (Some((first, last)), answer) => {
                if first <= sure {
                    return Err(format!(
                        "against real time: event {first} stands before event {sure}, of which an \
                         answer had told before the call began: {}",
                        history.tell(number)
                    ));
                }
                match answer {
                    None => checked.unheard += 1,
                    Some(told) if told.status >= 300 => {
                        checked.refusals += 1;
                        explain(history, &past, number, told, window)?;
                    }
                    Some(_) => checked.writes += 1,
                }
                last
            }
            (None, Some(told)) => {
                let refused = told.status >= 300 || told.body["fail_resources"][0].is_object();
                *(if refused { &mut checked.refusals } else { &mut checked.reads }) += 1;
                explain(history, &past, number, told, window)?
            }
            (None, None) => {
                checked.unheard_of += 1;
                continue;
            }
        };
        under_way.insert((end, position, number));
    }
    Ok(checked)
}

/// When the writes began and ended.
struct Times {
    /// Of each write: when it began, and the first event of those that began then or later.
    beginnings: Vec<(Duration, i64)>,
    /// In the order of the events: the call, its first and its last event.
    writes: Vec<(usize, i64, i64)>,
}

impl Times {
    fn of(history: &History, past: &Past) -> Self {
        let spans = past.spans.iter();
        let mut writes: Vec<_> =
            spans.map(|(number, (first, last))| (*number, *first, *last)).collect();
        writes.sort_unstable_by_key(|(_, first, _)| *first);
        let began = |(number, first, _): &(usize, i64, i64)| (history.calls[*number].began, *first);
        let mut beginnings: Vec<_> = writes.iter().map(began).collect();
        beginnings.sort_unstable();
        let mut earliest = i64::MAX;
        for (_, first) in beginnings.iter_mut().rev() {
            earliest = earliest.min(*first);
            *first = earliest;
        }
        Self { beginnings, writes }
    }

    fn by_beginning(history: &History) -> Vec<usize> {
        let mut calls: Vec<usize> = (0..history.calls.len()).collect();
        calls.sort_by_key(|number| history.calls[*number].began);
        calls
    }

    /// No write that was over when another began stands behind it.
    fn order(&self, history: &History) -> Result<(), String> {
        let mut latest: Option<(Duration, usize, i64)> = None;
        for (number, first, _) in &self.writes {
            let call = &history.calls[*number];
            if let Some((began, other, before)) = latest
                && history.end_of(call) < began
            {
                return Err(format!(
                    "against real time: event {before} stands before event {first}, whose call was \
                     over when the other began: {}; {}",
                    history.tell(other),
                    history.tell(*number)
                ));
            }
            if latest.is_none_or(|(began, ..)| began < call.began) {
                latest = Some((call.began, *number, *first));
            }
        }
        Ok(())
    }

    /// The last event that may have been there at a time: the next write began after it.
    fn high(&self, at: Duration) -> i64 {
        let next = self.beginnings.partition_point(|(began, _)| *began <= at);
        self.beginnings.get(next).map_or(i64::MAX, |(_, first)| first - 1)
    }
}

/// The earliest position in the window at which the answer of a call is right.
fn explain(
    history: &History,
    past: &Past,
    number: usize,
    told: &Told,
    window: Window,
) -> Result<i64, String> {
    let call = &history.calls[number];
    let project = &history.projects[call.by];
    if window.high < window.low {
        return Err(format!("no position is left for {}", history.tell(number)));
    }
    if call.ask == Ask::ListDisks {
        return List::of(past, told, project)
            .explain(window)
            .map_err(|why| format!("{why}; it is in {}: {}", history.tell(number), told.body));
    }
    let subject = past.known.subject(&call.ask);
    let verdict = |position| {
        past.known.verdict(&call.ask, project, subject.and_then(|id| past.at(id, position)))
    };
    let is_told = |position: &i64| verdict(*position).is_told(told, project);
    let since = subject.and_then(|id| past.disks.get(id)).map_or(&[][..], Vec::as_slice);
    let first = since.partition_point(|(since, _)| *since <= window.low);
    let changes = since[first..].iter().map(|(since, _)| *since);
    let within = changes.take_while(|since| *since <= window.high);
    let found = std::iter::once(window.low).chain(within).find(is_told);
    found.ok_or_else(|| {
        let wrong = Wrong { history, past, call, told, window, verdict: verdict(window.low) };
        let all = since.iter().map(|(since, _)| *since);
        let other = std::iter::once(0).chain(all).find(is_told);
        format!("{}: {}: {}", wrong.kind(other), history.tell(number), told.body)
    })
}

/// An answer that nothing explains.
struct Wrong<'a> {
    history: &'a History,
    past: &'a Past,
    call: &'a Call,
    told: &'a Told,
    window: Window,
    verdict: Verdict,
}

impl Wrong<'_> {
    /// What kind of wrong: `other` is a position outside of the window that would explain it.
    fn kind(&self, other: Option<i64>) -> String {
        let Self { window: Window { low, high }, verdict, .. } = self;
        let instead = format!("between events {low} and {high}; at first {}", verdict.tell());
        if *verdict == Verdict::Done && self.told.status < 300 {
            return format!("a lost update: acknowledged, but there is no event of it {instead}");
        }
        if self.told.status >= 300 {
            return format!("refused without a reason {instead}");
        }
        match other {
            Some(position) if position <= *low => {
                format!("a stale read: it was so at event {position}, but not {instead}")
            }
            Some(position) => {
                format!("read from the future: it is so at event {position}, but not {instead}")
            }
            None if self.is_anothers() => format!("two owners: the disk is another's {instead}"),
            None => format!("a read of what never was {instead}"),
        }
    }

    /// Whether another project had the disk as it is shown.
    fn is_anothers(&self) -> bool {
        let Ask::ShowDisk { disk } = &self.call.ask else { return false };
        let other = &self.history.projects[1 - self.call.by];
        let shown = shown(&self.told.body["volume"], other);
        let versions = self.past.disks.get(disk).into_iter().flatten();
        versions.flat_map(|(_, disk)| disk).any(|disk| disk.state == shown)
    }
}

/// A list of disks, which must be right as a whole.
struct List<'a> {
    past: &'a Past,
    project: &'a str,
    told: BTreeMap<String, State>,
}

impl<'a> List<'a> {
    fn of(past: &'a Past, told: &Told, project: &'a str) -> Self {
        let disks = told.body["volumes"].as_array().map_or(&[][..], Vec::as_slice);
        let id = |disk: &serde_json::Value| disk["id"].as_str().unwrap_or_default().to_owned();
        let told = disks.iter().map(|disk| (id(disk), shown(disk, project))).collect();
        Self { past, project, told }
    }

    /// Whether a disk is listed as it was at a position.
    fn is_right(&self, disk: &str, position: i64) -> bool {
        let was = self.past.at(disk, position).map(|disk| &disk.state);
        was.filter(|state| state.project == self.project) == self.told.get(disk)
    }

    fn explain(&self, window: Window) -> Result<i64, String> {
        if let Some(disk) = self.told.keys().find(|disk| !self.past.disks.contains_key(*disk)) {
            return Err(format!("a read of what never was: disk {disk}"));
        }
        let Window { low, high } = window;
        let disks = self.past.disks.keys();
        let mut wrong: BTreeSet<&str> =
            disks.map(String::as_str).filter(|disk| !self.is_right(disk, low)).collect();
        let first = self.past.changes.partition_point(|(seq, _)| *seq <= low);
        let mut position = low;
        for (seq, disk) in &self.past.changes[first..] {
            if wrong.is_empty() || *seq > high {
                break;
            }
            position = *seq;
            if self.is_right(disk, position) {
                wrong.remove(disk.as_str());
            } else {
                wrong.insert(disk);
            }
        }
        if wrong.is_empty() {
            return Ok(position);
        }
        Err(format!("a list that was never so between events {low} and {high}: {wrong:?}"))
    }
}
