//! Snapshots. Any that exists, whatever its status, forbids to hand its disk over.

mod changes;
mod lists;

use std::collections::BTreeMap;

use tracing::info;

use super::disks::visible;
use super::progress::{Begun, Due, Finished, Thing, nobody};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::disk::DiskEvent;
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::progress::{Operation, Outcome};
use crate::domain::quota::Wish;
use crate::domain::snapshot::{Snapshot, SnapshotCourse, SnapshotStatus};
use crate::store::{ReadTx, WriteTx};

pub use changes::{SnapshotChange, SnapshotDeletion};

/// What is asked for when a snapshot is taken.
#[derive(Debug, Clone)]
pub struct NewSnapshot {
    /// The disk.
    pub disk: DiskId,
    /// The snapshot's name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// [`DiskEvent::Snapshot`], [`DiskEvent::SnapshotInUse`] or [`DiskEvent::ForceSnapshot`].
    pub event: DiskEvent,
}

impl App {
    /// Takes a snapshot of a disk.
    pub async fn create_snapshot(&self, caller: &Caller, new: NewSnapshot) -> Result<Snapshot> {
        let mut unit = self.write().await?;
        let taken = self.take_snapshot(&mut *unit, caller, new).await;
        let snapshot = settle(unit, taken).await?;
        self.woken.notify_one();
        info!(snapshot.id = %snapshot.id, disk.id = %snapshot.disk,
            "took snapshot {} of disk {}", snapshot.id, snapshot.disk);
        Ok(snapshot)
    }

    async fn take_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewSnapshot,
    ) -> Result<Snapshot> {
        let disk = visible(unit, caller, new.disk).await?.disk;
        disk.step(new.event)?;
        let wish = Wish::Snapshot(&disk.disk_type, disk.size_gib);
        self.check_quota(unit, &disk.project, wish).await??;
        let snapshot = Snapshot {
            id: SnapshotId::random(),
            disk: disk.id,
            project: disk.project,
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            size_gib: disk.size_gib,
            disk_type: disk.disk_type,
            status: SnapshotStatus::Available,
            metadata: new.metadata,
            progress: None,
            ending: None,
            created_at: self.now(),
            updated_at: None,
        };
        let begun = self.begin(caller, Operation::Snapshot, &snapshot.project, snapshot.disk);
        let snapshot = self
            .under_way_on_snapshot(unit, caller, snapshot, SnapshotCourse::CREATE, begun)
            .ok_or_else(|| no_snapshot(String::new()))?;
        unit.insert_snapshot(&snapshot);
        let state = Some(State::from(&snapshot));
        unit.record(&Event::of(
            caller,
            snapshot.created_at,
            "snapshot.create",
            &snapshot.id,
            None,
            state,
        ));
        Ok(snapshot)
    }

    /// A snapshot that the caller sees.
    pub async fn snapshot(&self, caller: &Caller, id: &str) -> Result<Snapshot> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        visible_snapshot(&mut *view, caller, wanted).await
    }

    /// The snapshot when what `course` is of has begun, and when it takes no time, when it has ended, of
    /// whose failure its project is told; none: it is gone.
    pub(super) fn under_way_on_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        mut snapshot: Snapshot,
        course: SnapshotCourse,
        begun: Begun,
    ) -> Option<Snapshot> {
        let (thing, operation) = (Thing::Snapshot(snapshot.id), course.operation);
        self.tell_of_fault(unit, caller, begun.fault, thing, operation);
        snapshot.begin(course, begun.ending);
        if !begun.at_once {
            return Some(snapshot);
        }
        if begun.ending.outcome == Outcome::Failed {
            let (thing, project) = (Thing::Snapshot(snapshot.id), &snapshot.project);
            self.tell_of_failed_request(unit, &caller.request, project, thing, course.operation);
        }
        snapshot.finished(begun.ending.outcome)
    }

    /// Queues what became of a snapshot, which may be gone, and the event that tells of it.
    pub(super) fn save_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: &Snapshot,
        after: Option<Snapshot>,
    ) -> Option<Snapshot> {
        let now = self.now();
        let after = after.map(|snapshot| Snapshot { updated_at: Some(now), ..snapshot });
        match &after {
            Some(snapshot) => unit.update_snapshot(snapshot, before.status),
            None => unit.delete_snapshot(before.id, before.status),
        }
        let (was, is) = (Some(State::from(before)), after.as_ref().map(State::from));
        unit.record(&Event::of(caller, now, action, &before.id, was, is));
        after
    }

    /// Ends what is under way on a snapshot, if it is due.
    pub(super) async fn end_on_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        before: &Snapshot,
        due: Due,
    ) -> Result<Option<Finished>> {
        let Some(ending) = before.ending else { return Ok(None) };
        let Some(outcome) = due.outcome_of(ending) else { return Ok(None) };
        let thing = Thing::Snapshot(before.id);
        if let Some(course) = before.course().filter(|_| outcome == Outcome::Failed) {
            self.tell_of_failure(unit, &before.project, thing, course.operation).await?;
        }
        let after = before.clone().finished(outcome);
        let to = after.as_ref().map(|snapshot| snapshot.status.as_str());
        self.save_snapshot(unit, &nobody(&before.project), "snapshot.progress", before, after);
        let from = before.status.as_str();
        Ok(Some(Finished { disk: Some(before.disk), subject: thing.into(), from, to }))
    }
}

pub(super) async fn visible_snapshot(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: SnapshotId,
) -> Result<Snapshot> {
    let found = view.snapshot(id).await?;
    found
        .filter(|snapshot| caller.sees(&snapshot.project))
        .ok_or_else(|| no_snapshot(id.to_string()))
}

pub(super) fn parse(id: &str) -> Result<SnapshotId> {
    SnapshotId::parse(id).ok_or_else(|| no_snapshot(id.to_owned()))
}

pub(super) fn no_snapshot(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Snapshot, id)
}
