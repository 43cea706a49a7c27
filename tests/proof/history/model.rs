//! The events, one after the other: each must be allowed where it stands, and say what was and is.

use std::collections::BTreeMap;

use super::link::{Group, keys};
use super::record::{Event, History, State};
use super::rules::{Disk, Known, Verdict, confirms};
use crate::ask::Ask;

/// Everything that ever was.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) known: Known,
    /// What each disk was, from which event on; the last of a unit of work, since nobody sees half of one.
    pub(super) disks: BTreeMap<String, Vec<(i64, Option<Disk>)>>,
    /// Which disk changed by the unit of work that ends with an event, in their order.
    pub(super) changes: Vec<(i64, String)>,
    /// The first and the last event of each call that has some.
    pub(super) spans: BTreeMap<usize, (i64, i64)>,
    now: BTreeMap<String, Disk>,
}

/// An event as it must be: action, resource, and the states before and after.
type Expected = (&'static str, String, Option<State>, Option<State>);

/// Goes through all events; or the first violation.
pub(super) fn replay(history: &History, groups: &[Group<'_>]) -> Result<Past, String> {
    let known = Known { keys: keys(history), ..Known::default() };
    let mut past = Past { known, ..Past::default() };
    for group in groups {
        match group.call {
            Some(number) => past.done_by(history, number, group)?,
            None => past.came_to_an_end(group)?,
        }
    }
    Ok(past)
}

impl Past {
    /// What a disk was at a position.
    pub(super) fn at(&self, disk: &str, position: i64) -> Option<&Disk> {
        let versions = self.disks.get(disk)?;
        let later = versions.partition_point(|(since, _)| *since <= position);
        versions[..later].last()?.1.as_ref()
    }

    fn done_by(
        &mut self,
        history: &History,
        number: usize,
        group: &Group<'_>,
    ) -> Result<(), String> {
        let call = &history.calls[number];
        let (event, tell) = (&group.events[0], history.tell(number));
        self.spans.insert(number, (group.first(), group.last()));
        let at = format!("event {} ({} of {})", event.seq, event.action, event.resource);
        if event.action == "transfer.wrong_key" {
            let Ask::Accept { transfer, key } = &call.ask else {
                return Err(format!("{at} is of {tell}"));
            };
            let told = call.answer.as_ref().map_or(400, |told| told.status);
            let wrong = self.known.keys.get(transfer) != Some(key);
            return match group.events {
                [one] if one.resource == *transfer && wrong && told == 400 => Ok(()),
                _ => Err(format!("{at} notes a wrong key, but it is of {tell}")),
            };
        }
        if call.answer.as_ref().is_some_and(|told| told.status >= 300) {
            return Err(format!("refused, and yet done: {at} is of {tell}"));
        }
        let subject = self.known.subject(&call.ask).map(str::to_owned);
        let disk = subject.as_ref().and_then(|disk| self.now.get(disk)).cloned();
        let project = &history.projects[call.by];
        let verdict = self.known.verdict(&call.ask, project, disk.as_ref());
        if verdict != Verdict::Done {
            return Err(format!("{at} must not be there: {}; it is of {tell}", verdict.tell()));
        }
        let (expected, after) = outcome(&call.ask, project, event, disk);
        compare(group.events, &expected).map_err(|what| format!("{what}; it is of {tell}"))?;
        if let Some(told) = &call.answer
            && !confirms(&call.ask, told, &event.resource, after.as_ref())
        {
            return Err(format!("{at} is not what was told: {tell}: {}", told.body));
        }
        let id = subject.unwrap_or_else(|| event.resource.clone());
        match &call.ask {
            Ask::Offer { .. } => {
                drop(self.known.transfers.insert(event.resource.clone(), id.clone()));
            }
            Ask::Snapshot { .. } => {
                self.known.snapshots.insert(event.resource.clone(), id.clone());
            }
            _ => {}
        }
        self.becomes(group.last(), id, after);
        Ok(())
    }

    /// What took time is over.
    fn came_to_an_end(&mut self, group: &Group<'_>) -> Result<(), String> {
        let event = &group.events[0];
        let id = match event.action.as_str() {
            "disk.progress" => Some(event.resource.clone()),
            "snapshot.progress" => self.known.snapshots.get(&event.resource).cloned(),
            _ => None,
        };
        let found = id.and_then(|id| Some((id.clone(), self.now.get(&id)?.clone())));
        let ended = found.and_then(|(id, disk)| {
            let (expected, after) = ending(event, disk)?;
            Some((id, expected, after))
        });
        let Some((id, expected, after)) = ended else {
            let Event { seq, action, resource, .. } = event;
            return Err(format!("event {seq} ({action} of {resource}) ends what never began"));
        };
        compare(group.events, &[expected])?;
        self.becomes(group.last(), id, after);
        Ok(())
    }

    fn becomes(&mut self, seq: i64, id: String, disk: Option<Disk>) {
        match &disk {
            Some(disk) => drop(self.now.insert(id.clone(), disk.clone())),
            None => drop(self.now.remove(&id)),
        }
        self.disks.entry(id.clone()).or_default().push((seq, disk));
        self.changes.push((seq, id));
    }
}

/// The events of a call that is done, and its disk after it. `event` tells only the ids of what is new.
fn outcome(
    ask: &Ask,
    project: &str,
    event: &Event,
    before: Option<Disk>,
) -> (Vec<Expected>, Option<Disk>) {
    let made = event.resource.clone();
    let project = project.to_owned();
    let Some(before) = before else {
        let Ask::CreateDisk { name } = ask else { panic!("nothing comes of {ask:?}") };
        let status = "creating".to_owned();
        let state = State { project, name: name.clone(), status, size: 1 };
        let expected = vec![("disk.create", made, None, Some(state.clone()))];
        let (snapshots, transfer, policy, growing) = (BTreeMap::new(), None, None, None);
        return (expected, Some(Disk { state, growing, transfer, snapshots, policy }));
    };
    let mut after = before.clone();
    let status = |disk: &mut Disk, status: &str| status.clone_into(&mut disk.state.status);
    let mut others = vec![];
    let (action, resource) = match ask {
        Ask::Rename { disk, name } => {
            after.state.name.clone_from(name);
            ("disk.update", disk.clone())
        }
        Ask::Extend { disk, size } => {
            status(&mut after, "extending");
            after.growing = Some(*size);
            ("disk.extend", disk.clone())
        }
        Ask::DeleteDisk { disk, .. } => {
            status(&mut after, "deleting");
            for (id, state) in std::mem::take(&mut after.snapshots) {
                others.push(("snapshot.delete", id, Some(state), None));
            }
            ("disk.delete", disk.clone())
        }
        Ask::Offer { .. } => {
            status(&mut after, "awaiting-transfer");
            after.transfer = Some(made.clone());
            ("transfer.create", made)
        }
        Ask::Accept { transfer, .. } => {
            status(&mut after, "available");
            (after.transfer, after.state.project) = (None, project);
            ("transfer.accept", transfer.clone())
        }
        Ask::Withdraw { transfer } => {
            status(&mut after, "available");
            after.transfer = None;
            ("transfer.delete", transfer.clone())
        }
        Ask::Bind { policy, .. } => {
            after.policy = Some(policy.clone());
            ("policy.bind", policy.clone())
        }
        Ask::Unbind { policy, .. } => {
            after.policy = None;
            ("policy.unbind", policy.clone())
        }
        Ask::Snapshot { name, .. } => {
            let (status, name, size) = ("creating".to_owned(), name.clone(), before.state.size);
            let state = State { project, name, status, size };
            after.snapshots.insert(made.clone(), state.clone());
            return (vec![("snapshot.create", made, None, Some(state))], Some(after));
        }
        Ask::DeleteSnapshot { snapshot } => {
            let state = after.snapshots.get_mut(snapshot).unwrap();
            let was = state.clone();
            "deleting".clone_into(&mut state.status);
            let is = state.clone();
            return (vec![("snapshot.delete", snapshot.clone(), Some(was), Some(is))], Some(after));
        }
        Ask::CreateDisk { .. }
        | Ask::ShowDisk { .. }
        | Ask::ListDisks
        | Ask::ShowTransfer { .. }
        | Ask::Backup { .. }
        | Ask::DeleteBackup { .. } => panic!("nothing comes of {ask:?}"),
    };
    others.push((action, resource, Some(before.state), Some(after.state.clone())));
    (others, Some(after))
}

/// The event that ends what is under way, and the disk after it; none if nothing is.
fn ending(event: &Event, mut disk: Disk) -> Option<(Expected, Option<Disk>)> {
    let id = event.resource.clone();
    if event.action == "snapshot.progress" {
        let was = disk.snapshots.remove(&id)?;
        let is = match was.status.as_str() {
            "creating" => Some(State { status: "available".to_owned(), ..was.clone() }),
            "deleting" => None,
            _ => return None,
        };
        disk.snapshots.extend(is.clone().map(|state| (id.clone(), state)));
        return Some((("snapshot.progress", id, Some(was), is), Some(disk)));
    }
    let was = disk.state.clone();
    let after = match was.status.as_str() {
        "creating" | "extending" => {
            disk.state.size = disk.growing.take().unwrap_or(was.size);
            "available".clone_into(&mut disk.state.status);
            Some(disk)
        }
        "deleting" => None,
        _ => return None,
    };
    let is = after.as_ref().map(|disk| disk.state.clone());
    Some((("disk.progress", id, Some(was), is), after))
}

/// Whether the events are those, in any order of what goes with a disk.
fn compare(events: &[Event], expected: &[Expected]) -> Result<(), String> {
    let first = events[0].seq;
    if events.len() != expected.len() {
        let (some, all) = (events.len(), expected.len());
        return Err(format!("not whole: {some} events from {first} on, where {all} belong"));
    }
    for event in events {
        let is = |(action, resource, before, after): &&Expected| {
            *action == event.action
                && *resource == event.resource
                && *before == event.before
                && *after == event.after
        };
        if !expected.iter().any(|expected| is(&expected)) {
            return Err(format!("{event:?} is not what it must be: {expected:?}"));
        }
    }
    Ok(())
}
