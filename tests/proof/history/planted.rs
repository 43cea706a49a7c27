//! Violations planted into a real history, each of which the checker must find and name.

use std::time::Duration;

use serde_json::{Value, json};

use super::checker::check;
use super::link::keys;
use super::load::record;
use super::record::{Call, Event, History, State, Told};
use crate::ask::Ask;
use crate::survived::{Run, say};

/// A violation, how it is planted, and what the checker's sentence says of it. Planting says nothing if
/// the history has no place for it.
type Bug = (&'static str, fn(&mut History) -> Option<()>, &'static str);

const BUGS: &[Bug] = &[
    ("a stale read", stale_read, "a stale read: "),
    ("a read that goes back behind another", read_back, "a stale read: "),
    ("a read from the future", future_read, "read from the future: "),
    ("a read of a write that never happened", dirty_read, "a read of what never was"),
    ("two owners", two_owners, "two owners: "),
    ("a disk missing from a list", torn_list, "a list that was never so "),
    ("a refusal without a reason", unjustified, "refused without a reason"),
    ("a lost update", lost_update, "a lost update: "),
    ("a refused write that was done", refused_yet_done, "refused, and yet done: "),
    ("a double accept", double_accept, "the transfer is not pending"),
    ("a resurrected key", resurrected_key, "the transfer is not pending"),
    ("a foreign key that opens", foreign_key, "the key is not the transfer's own"),
    ("a double offer", double_offer, "the disk is not available"),
    ("writes against real time", against_time, "against real time: "),
    ("an event without a request", no_request, "without a request: "),
    ("an event twice", twice, "not whole: 2 events"),
    ("half of an unanswered write", half_done, "not whole: "),
    ("an event that tells another state", other_state, "is not what it must be"),
    ("an answer that tells another id", other_id, "is not what was told"),
    ("an event lost after a kill", lost_after_kill, "lost: "),
    ("a gap", gap, "a gap: "),
    ("an end of what never began", needless_end, "ends what never began"),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_finds_every_planted_bug_and_nothing_in_the_history_itself() {
    let run = Run::of("planted bugs", BUGS.len());
    let history = record(run.seed, 4).await;
    check(&history).unwrap_or_else(|violation| panic!("{violation}"));
    for (bug, plant, sentence) in BUGS {
        let mut planted = history.clone();
        plant(&mut planted).unwrap_or_else(|| panic!("there is no place for {bug}"));
        match check(&planted) {
            Ok(checked) => panic!("{bug} was not found: {checked:?}"),
            Err(found) => {
                say(&format!("{bug}: {}", found.chars().take(200).collect::<String>()));
                assert!(found.contains(sentence), "{bug} was found as something else: {found}");
            }
        }
    }
    let result = format!("all found and named, in a history of {} calls", history.calls.len());
    run.survived(BUGS.len(), &result);
}

const A_BIT: Duration = Duration::from_millis(1);

impl History {
    /// The calls that were answered with this status, the earliest first.
    fn answered(&self, status: u16) -> impl Iterator<Item = (usize, &Call, &Told)> {
        let told = move |(number, call): (usize, &'_ Call)| {
            call.answer.as_ref().is_some_and(|told| told.status == status).then_some(number)
        };
        let numbers = self.calls.iter().enumerate().filter_map(told);
        numbers.map(|number| {
            let call = &self.calls[number];
            (number, call, call.answer.as_ref().unwrap())
        })
    }

    /// The disk of each rename that was answered, its new name, and what it was before.
    fn renames(&self) -> Vec<(usize, String, String, State)> {
        let rename = |(number, call, told): (usize, &Call, &Told)| {
            let Ask::Rename { disk, name } = &call.ask else { return None };
            let event = self.events.iter().find(|event| event.request == told.request)?;
            Some((number, disk.clone(), name.clone(), event.before.clone()?))
        };
        self.answered(200).filter_map(rename).collect()
    }

    /// The reads of a disk that were answered, with the name that they tell.
    fn shown(&self, wanted: &str) -> Vec<(usize, Value)> {
        let read = |(number, call, told): (usize, &Call, &Told)| match &call.ask {
            Ask::ShowDisk { disk } if disk == wanted => {
                Some((number, told.body["volume"]["name"].clone()))
            }
            _ => None,
        };
        self.answered(200).filter_map(read).collect()
    }

    fn told(&mut self, number: usize) -> &mut Told {
        self.calls[number].answer.as_mut().unwrap()
    }

    fn end(&self, number: usize) -> Duration {
        self.end_of(&self.calls[number])
    }

    fn event_of(&self, number: usize) -> Option<usize> {
        let request = &self.calls[number].answer.as_ref()?.request;
        self.events.iter().position(|event| event.request == *request)
    }

    /// Gives the events numbers without gaps, and the lives what they wrote.
    fn renumber(&mut self, wrote: &[usize]) {
        for (event, seq) in self.events.iter_mut().zip(1..) {
            event.seq = seq;
        }
        let mut from = usize::try_from(self.setup).unwrap();
        for (life, count) in self.lives.iter_mut().zip(wrote) {
            life.wrote = self.events[from..from + count].to_vec();
            from += count;
        }
    }

    /// How many events each life wrote.
    fn counts(&self) -> Vec<usize> {
        self.lives.iter().map(|life| life.wrote.len()).collect()
    }

    /// In which life an event was written.
    fn life_of(&self, index: usize) -> usize {
        let seq = self.events[index].seq;
        (0..self.lives.len()).find(|life| seq <= self.last_of(Some(*life))).unwrap()
    }

    fn remove(&mut self, index: usize) {
        let (mut counts, life) = (self.counts(), self.life_of(index));
        self.events.remove(index);
        counts[life] -= 1;
        self.renumber(&counts);
    }

    /// One more event at the end, of one more call there.
    fn append(&mut self, ask: Ask, by: usize, event: Event, body: Value) {
        let life = self.lives.len() - 1;
        let last = self.calls.iter().map(|call| self.end_of(call)).max().unwrap();
        let (request, status) = ("req-planted".to_owned(), 202);
        let answer = Told { at: last + A_BIT * 2, status, request: request.clone(), body };
        self.calls.push(Call { by, life, ask, began: last + A_BIT, answer: Some(answer) });
        let mut counts = self.counts();
        counts[life] += 1;
        self.lives[life].ended = last + A_BIT * 3;
        self.events.push(Event { request, user: "planted".to_owned(), ..event });
        self.renumber(&counts);
    }

    /// A read of a disk at its new name that began when the rename was over, and what the disk was before.
    fn read_after_rename(&self) -> Option<(usize, usize, State)> {
        self.renames().into_iter().rev().find_map(|(rename, disk, name, old)| {
            let mut reads = self.shown(&disk).into_iter().rev();
            let by = self.calls[rename].by;
            let after = |read: usize| {
                self.calls[read].began > self.end(rename) && self.calls[read].by == by
            };
            let (read, _) = reads.find(|(read, told)| *told == *name && after(*read))?;
            Some((rename, read, old))
        })
    }
}

fn stale_read(history: &mut History) -> Option<()> {
    let (_, read, old) = history.read_after_rename()?;
    let body = &mut history.told(read).body["volume"];
    (body["name"], body["status"]) = (json!(old.name), json!(old.status));
    body["size"] = json!(old.size);
    Some(())
}

/// Two reads while a rename is under way: the first shows it, the second does not.
fn read_back(history: &mut History) -> Option<()> {
    let (rename, read, old) = history.read_after_rename()?;
    let (began, end) = (history.calls[rename].began, history.end(rename));
    let part = end.checked_sub(began)? / 8;
    let mut first = history.calls[read].clone();
    (first.life, first.began) = (history.calls[rename].life, began + part);
    // As the disk was just when it had its new name.
    let mut body = history.told(rename).body.clone();
    first.answer.as_mut().unwrap().at = began + part * 2;
    (first.answer.as_mut().unwrap().body, first.by) = (body.clone(), history.calls[rename].by);
    "req-first".clone_into(&mut first.answer.as_mut().unwrap().request);
    let mut second = first.clone();
    second.began = began + part * 4;
    body["volume"]["name"] = json!(old.name);
    let request = "req-second".to_owned();
    second.answer = Some(Told { at: began + part * 5, status: 200, request, body });
    history.calls.extend([first, second]);
    Some(())
}

fn future_read(history: &mut History) -> Option<()> {
    let (read, name) = history.renames().into_iter().find_map(|(rename, disk, name, _)| {
        let mut reads = history.shown(&disk).into_iter();
        let same = |read: usize| {
            let event =
                history.event_of(rename).and_then(|event| history.events[event].before.clone());
            let body = &history.calls[read].answer.as_ref().unwrap().body["volume"];
            event.is_some_and(|state| body["status"] == *state.status && body["size"] == state.size)
        };
        let (read, _) = reads
            .find(|(read, _)| history.end(*read) < history.calls[rename].began && same(*read))?;
        Some((read, name))
    })?;
    history.told(read).body["volume"]["name"] = json!(name);
    Some(())
}

fn dirty_read(history: &mut History) -> Option<()> {
    let (_, read, _) = history.read_after_rename()?;
    let (disk, name) = match &history.calls[read].ask {
        Ask::ShowDisk { disk } => (disk.clone(), "a name without an answer".to_owned()),
        _ => return None,
    };
    let mut call = history.calls[read].clone();
    (call.ask, call.answer) = (Ask::Rename { disk, name: name.clone() }, None);
    history.calls.push(call);
    history.told(read).body["volume"]["name"] = json!(name);
    Some(())
}

/// Somebody else sees the disk as its owner sees it.
fn two_owners(history: &mut History) -> Option<()> {
    let (_, read, _) = history.read_after_rename()?;
    let mut other = history.calls[read].clone();
    other.by = 1 - other.by;
    "req-other".clone_into(&mut other.answer.as_mut().unwrap().request);
    history.calls.push(other);
    Some(())
}

fn torn_list(history: &mut History) -> Option<()> {
    let lists = history.answered(200).filter(|(_, call, _)| call.ask == Ask::ListDisks);
    // The last of them is of one who was alone.
    let lists: Vec<_> = lists.collect();
    let (list, place) = lists.into_iter().rev().find_map(|(list, _, told)| {
        let disks = told.body["volumes"].as_array()?;
        let place = disks.iter().position(|disk| disk["status"] == "awaiting-transfer")?;
        Some((list, place))
    })?;
    history.told(list).body["volumes"].as_array_mut()?.remove(place);
    Some(())
}

fn unjustified(history: &mut History) -> Option<()> {
    let (_, read, _) = history.read_after_rename()?;
    history.told(read).status = 404;
    Some(())
}

fn lost_update(history: &mut History) -> Option<()> {
    // The last one, on whose name no other event builds.
    let (rename, disk, ..) = history.renames().pop()?;
    let index = history.event_of(rename)?;
    let old = history.events[index].before.clone()?;
    let new = history.events[index].after.clone()?;
    history.remove(index);
    for event in &mut history.events[index..] {
        if event.resource == disk || event.disk.as_ref() == Some(&disk) {
            for state in [&mut event.before, &mut event.after].into_iter().flatten() {
                if state.name == new.name {
                    state.name.clone_from(&old.name);
                }
            }
        }
    }
    let counts = history.counts();
    history.renumber(&counts);
    let from = history.end(rename);
    history.calls.retain(|call| {
        let read = matches!(call.ask, Ask::ShowDisk { .. } | Ask::ListDisks);
        !read || call.began < from
    });
    Some(())
}

fn refused_yet_done(history: &mut History) -> Option<()> {
    let (rename, ..) = history.renames().pop()?;
    history.told(rename).status = 404;
    Some(())
}

/// An accept that was done, with its event.
fn accepted(history: &History) -> Option<(usize, Event)> {
    let accepted = |call: &Call| matches!(call.ask, Ask::Accept { .. });
    let (number, ..) = history.answered(202).find(|(_, call, _)| accepted(call))?;
    Some((number, history.events[history.event_of(number)?].clone()))
}

fn double_accept(history: &mut History) -> Option<()> {
    let (number, event) = accepted(history)?;
    let Call { ask, by, .. } = history.calls[number].clone();
    let body = history.told(number).body.clone();
    history.append(ask, by, event, body);
    Some(())
}

fn resurrected_key(history: &mut History) -> Option<()> {
    let withdrawn = |call: &Call| match &call.ask {
        Ask::Withdraw { transfer } => Some(transfer.clone()),
        _ => None,
    };
    let told = keys(history);
    let (number, transfer, key) = history.answered(202).find_map(|(number, call, _)| {
        let transfer = withdrawn(call)?;
        let key = told.get(&transfer)?.clone();
        Some((number, transfer, key))
    })?;
    let event = history.events[history.event_of(number)?].clone();
    let event = Event { action: "transfer.accept".to_owned(), ..event };
    let body = json!({"transfer": {"id": transfer}});
    history.append(Ask::Accept { transfer, key }, 0, event, body);
    Some(())
}

fn foreign_key(history: &mut History) -> Option<()> {
    let (number, _) = accepted(history)?;
    let Ask::Accept { key, .. } = &mut history.calls[number].ask else { return None };
    "the key of another".clone_into(key);
    Some(())
}

fn double_offer(history: &mut History) -> Option<()> {
    let offered = |call: &Call| matches!(call.ask, Ask::Offer { .. });
    let (number, ..) = history.answered(202).find(|(_, call, _)| offered(call))?;
    let index = history.event_of(number)?;
    let (mut counts, life) = (history.counts(), history.life_of(index));
    counts[life] += 1;
    let again = Event { request: "req-planted".to_owned(), ..history.events[index].clone() };
    history.events.insert(index + 1, again);
    history.renumber(&counts);
    let mut call = history.calls[number].clone();
    "req-planted".clone_into(&mut call.answer.as_mut().unwrap().request);
    history.calls.push(call);
    Some(())
}

/// Two writes about different disks, one over when the other began, whose events change places.
fn against_time(history: &mut History) -> Option<()> {
    let renames = history.renames();
    let pairs = renames.iter().flat_map(|one| renames.iter().map(move |other| (one, other)));
    let (first, second) = pairs
        .filter(|(one, other)| one.1 != other.1)
        .filter(|(one, other)| history.end(one.0) < history.calls[other.0].began)
        .find_map(|(one, other)| {
            let (first, second) = (history.event_of(one.0)?, history.event_of(other.0)?);
            let life = history.life_of(first) == history.life_of(second);
            // Nothing about either disk stands between.
            let about = |event: &Event| {
                [&one.1, &other.1]
                    .into_iter()
                    .any(|disk| event.resource == *disk || event.disk.as_ref() == Some(disk))
            };
            let between = history.events.get(first + 1..second)?;
            (life && !between.iter().any(about)).then_some((first, second))
        })?;
    history.events.swap(first, second);
    let counts = history.counts();
    history.renumber(&counts);
    Some(())
}

fn no_request(history: &mut History) -> Option<()> {
    let (rename, ..) = history.renames().pop()?;
    let event = history.events[history.event_of(rename)?].clone();
    let body = Value::Null;
    history.append(Ask::ListDisks, 0, event, body);
    history.calls.pop();
    Some(())
}

fn twice(history: &mut History) -> Option<()> {
    let (rename, ..) = history.renames().pop()?;
    let index = history.event_of(rename)?;
    let (mut counts, life) = (history.counts(), history.life_of(index));
    counts[life] += 1;
    history.events.insert(index, history.events[index].clone());
    history.renumber(&counts);
    Some(())
}

/// A disk that goes with its snapshots, of which one stays.
fn half_done(history: &mut History) -> Option<()> {
    let several = |pair: &[Event]| pair[0].request == pair[1].request;
    let index = history.events.windows(2).rposition(several)?;
    let request = history.events[index].request.clone();
    let mut calls = history.calls.iter_mut();
    let told = |call: &Call| call.answer.as_ref().is_some_and(|told| told.request == request);
    if let Some(call) = calls.find(|call| told(call)) {
        call.answer = None;
    }
    history.remove(index);
    Some(())
}

fn other_state(history: &mut History) -> Option<()> {
    let (number, _) = accepted(history)?;
    let index = history.event_of(number)?;
    let project = history.events[index].before.as_ref()?.project.clone();
    history.events[index].after = Some(State { project, ..history.events[index].after.clone()? });
    history.events[index].after.as_mut()?.size += 1;
    let counts = history.counts();
    history.renumber(&counts);
    Some(())
}

fn other_id(history: &mut History) -> Option<()> {
    let created = |call: &Call| matches!(call.ask, Ask::CreateDisk { .. });
    let (number, ..) = history.answered(202).find(|(_, call, _)| created(call))?;
    history.told(number).body["volume"]["id"] = json!("another");
    Some(())
}

/// It stood there when the life had ended, and does not any more.
fn lost_after_kill(history: &mut History) -> Option<()> {
    let index = usize::try_from(history.last_of(Some(0))).unwrap() - 1;
    history.events.remove(index);
    for (event, seq) in history.events.iter_mut().zip(1..) {
        event.seq = seq;
    }
    Some(())
}

fn gap(history: &mut History) -> Option<()> {
    let middle = history.events.len() / 2;
    history.events.remove(middle);
    Some(())
}

fn needless_end(history: &mut History) -> Option<()> {
    let ended = |event: &Event| event.action == "disk.progress" && event.after.is_some();
    let index = history.events.iter().position(ended)?;
    let (mut counts, life) = (history.counts(), history.life_of(index));
    counts[life] += 1;
    let again = Event { request: "req-planted".to_owned(), ..history.events[index].clone() };
    history.events.insert(index + 1, again);
    history.renumber(&counts);
    Some(())
}
