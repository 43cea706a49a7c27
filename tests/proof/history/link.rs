//! Which events are whose: those of an answered call bear its request's id, and those of a call without
//! an answer are known by what they did, in the same life of the server.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::record::{Call, Event, History};
use crate::ask::Ask;

/// The events of one unit of work, which stand together.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The call whose they are; none: they end what took time, by nobody's call.
    pub(super) call: Option<usize>,
    pub(super) events: &'a [Event],
}

impl Group<'_> {
    pub(super) fn first(&self) -> i64 {
        self.events[0].seq
    }

    pub(super) fn last(&self) -> i64 {
        self.events[self.events.len() - 1].seq
    }
}

/// The user who ends what takes time.
const NOBODY: &str = "evs";

/// All events but those of the setup, in their order, each with its call; or the first violation.
pub(super) fn link(history: &History) -> Result<Vec<Group<'_>>, String> {
    gapless(history)?;
    nothing_lost(history)?;
    let answered: BTreeMap<&str, usize> = (history.calls.iter().enumerate())
        .filter_map(|(number, call)| Some((call.answer.as_ref()?.request.as_str(), number)))
        .collect();
    let mut unanswered = Unanswered::of(history);
    let mut linked = Vec::new();
    let mut over = BTreeSet::new();
    let setup = usize::try_from(history.setup).unwrap();
    for events in history.events[setup..].chunk_by(|one, next| one.request == next.request) {
        let event = &events[0];
        let tell = format!("event {} ({} of {})", event.seq, event.action, event.resource);
        if !over.insert(&event.request) {
            return Err(format!("{tell}: other events stand between it and its request's others"));
        }
        let call = match answered.get(event.request.as_str()) {
            Some(number) => Some(*number),
            None if event.user == NOBODY => None,
            None => match unanswered.take(history, events) {
                Some(number) => Some(number),
                None => return Err(format!("{tell} without a request: no call asked for it")),
            },
        };
        linked.push(Group { call, events });
    }
    Ok(linked)
}

fn gapless(history: &History) -> Result<(), String> {
    for (event, expected) in history.events.iter().zip(1..) {
        if event.seq != expected {
            return Err(format!("a gap: event {expected} is missing, {} follows", event.seq));
        }
    }
    Ok(())
}

/// What stood there when a life had ended stands there still, as it was.
fn nothing_lost(history: &History) -> Result<(), String> {
    let mut now = history.events.iter().skip(usize::try_from(history.setup).unwrap());
    for (life, then) in history.lives.iter().enumerate() {
        for event in &then.wrote {
            if now.next() != Some(event) {
                let Event { seq, action, resource, .. } = event;
                return Err(format!(
                    "lost: event {seq} ({action} of {resource}) stood there when life {life} had \
                     ended, and does not any more"
                ));
            }
        }
    }
    match now.next() {
        Some(event) => Err(format!("event {} came when no server lived", event.seq)),
        None => Ok(()),
    }
}

/// Calls without answers, by their life and by what they would do, the earliest first.
struct Unanswered {
    calls: BTreeMap<(usize, String), VecDeque<usize>>,
    keys: BTreeMap<String, String>,
    /// The sizes to which disks grew, as the ends of their growth tell.
    grown: BTreeMap<String, VecDeque<(i64, i64)>>,
}

impl Unanswered {
    fn of(history: &History) -> Self {
        let mut calls = BTreeMap::<_, VecDeque<usize>>::new();
        for (number, call) in history.calls.iter().enumerate() {
            if call.answer.is_none()
                && let Some(deed) = deed_of(history, call)
            {
                calls.entry((call.life, deed)).or_default().push_back(number);
            }
        }
        let mut grown = BTreeMap::<_, VecDeque<_>>::new();
        for event in &history.events {
            let was = event.before.as_ref().map(|state| state.status.as_str());
            if event.action == "disk.progress"
                && was == Some("extending")
                && let Some(after) = &event.after
            {
                let ends = grown.entry(event.resource.clone()).or_default();
                ends.push_back((event.seq, after.size));
            }
        }
        Self { calls, keys: keys(history), grown }
    }

    /// The call that did this.
    fn take(&mut self, history: &History, events: &[Event]) -> Option<usize> {
        let last = events.last()?;
        let life =
            (0..history.lives.len()).find(|life| last.seq <= history.last_of(Some(*life)))?;
        let keys = self.deeds(last).into_iter().map(|deed| (life, deed));
        let key = keys
            .into_iter()
            .find(|key| self.calls.get(key).is_some_and(|calls| !calls.is_empty()))?;
        let calls = self.calls.get_mut(&key)?;
        let likely = |number: &usize| match &history.calls[*number].ask {
            Ask::DeleteDisk { cascade, .. } => *cascade || events.len() == 1,
            Ask::Accept { transfer, key } => {
                (self.keys.get(transfer) == Some(key)) == (last.action == "transfer.accept")
            }
            _ => true,
        };
        let index = calls.iter().position(likely).unwrap_or_default();
        calls.remove(index)
    }

    /// What an event was done by; several if the event alone does not say.
    fn deeds(&self, event: &Event) -> Vec<String> {
        let Event { seq, project, action, resource, disk, .. } = event;
        let name = event.after.as_ref().map(|state| state.name.as_str()).unwrap_or_default();
        let disk = disk.as_deref().unwrap_or_default();
        let deed = match action.as_str() {
            "disk.create" => format!("create {name}"),
            "disk.update" => format!("update {disk} {name}"),
            "disk.extend" => {
                let ends = self.grown.get(resource).into_iter().flatten();
                let size = ends.clone().find(|(end, _)| end > seq).map(|(_, size)| *size);
                let known = |size| format!("extend {project} {resource} {size}");
                // It had no time to end: any size may be.
                return size.map_or_else(|| (0..64).map(known).collect(), |size| vec![known(size)]);
            }
            "disk.delete" => format!("delete {project} {resource}"),
            "transfer.create" => format!("offer {project} {disk}"),
            "transfer.accept" | "transfer.wrong_key" => format!("accept {project} {resource}"),
            "transfer.delete" => format!("withdraw {project} {resource}"),
            "snapshot.create" => format!("snapshot {name}"),
            "snapshot.delete" => format!("unsnapshot {project} {resource}"),
            "policy.bind" | "policy.unbind" => format!("{action} {resource} {disk}"),
            _ => return Vec::new(),
        };
        vec![deed]
    }
}

/// What a call would do; none if it only looks.
fn deed_of(history: &History, call: &Call) -> Option<String> {
    let project = &history.projects[call.by];
    Some(match &call.ask {
        Ask::CreateDisk { name } => format!("create {name}"),
        Ask::Rename { disk, name } => format!("update {disk} {name}"),
        Ask::Extend { disk, size } => format!("extend {project} {disk} {size}"),
        Ask::DeleteDisk { disk, .. } => format!("delete {project} {disk}"),
        Ask::Offer { disk } => format!("offer {project} {disk}"),
        Ask::Accept { transfer, .. } => format!("accept {project} {transfer}"),
        Ask::Withdraw { transfer } => format!("withdraw {project} {transfer}"),
        Ask::Snapshot { name, .. } => format!("snapshot {name}"),
        Ask::DeleteSnapshot { snapshot } => format!("unsnapshot {project} {snapshot}"),
        Ask::Bind { disk, policy } => format!("policy.bind {policy} {disk}"),
        Ask::Unbind { disk, policy } => format!("policy.unbind {policy} {disk}"),
        Ask::ShowDisk { .. }
        | Ask::ListDisks
        | Ask::ShowTransfer { .. }
        | Ask::Backup { .. }
        | Ask::DeleteBackup { .. } => return None,
    })
}

/// The keys of the transfers, as they were told.
pub(super) fn keys(history: &History) -> BTreeMap<String, String> {
    let told = |call: &Call| {
        let Ask::Offer { .. } = call.ask else { return None };
        let transfer = &call.answer.as_ref()?.body["transfer"];
        let part = |name: &str| transfer[name].as_str().map(str::to_owned);
        Some((part("id")?, part("auth_key")?))
    };
    history.calls.iter().filter_map(told).collect()
}
