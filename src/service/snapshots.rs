//! Snapshots. Any that exists, whatever its status, forbids to hand its disk over.

use std::collections::BTreeMap;

use tracing::info;

use super::disks::visible;
use super::progress::{Begun, Due, Finished, Thing, nobody};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::disk::DiskEvent;
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::progress::Operation;
use crate::domain::quota::Wish;
use crate::domain::snapshot::{Snapshot, SnapshotCourse, SnapshotQuery, SnapshotStatus};
use crate::store::{ReadTx, WriteTx};

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
    /// [`DiskEvent::Snapshot`] or [`DiskEvent::ForceSnapshot`].
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
            ending: None,
            created_at: self.now(),
            updated_at: None,
        };
        let begun = self.begin(Operation::Snapshot);
        let snapshot = under_way(snapshot, SnapshotCourse::CREATE, begun)
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

    /// One page of snapshots: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, any project's. An unknown marker is not found.
    pub async fn snapshots(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: SnapshotQuery,
    ) -> Result<Vec<Snapshot>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.snapshot(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.snapshots(&query).await?)
    }

    /// Removes a snapshot whose status allows it.
    pub async fn delete_snapshot(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let snapshot = visible_snapshot(&mut *unit, caller, wanted).await?;
            if !snapshot.status.may_be_deleted() {
                return Err(ServiceError::NotDeletable(Resource::Snapshot, wanted.to_string()));
            }
            let begun = self.begin(Operation::DeleteSnapshot);
            let after = under_way(snapshot.clone(), SnapshotCourse::DELETE, begun);
            self.save_snapshot(&mut *unit, caller, "snapshot.delete", &snapshot, after);
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        self.woken.notify_one();
        info!(snapshot.id = %wanted, "deleted snapshot {wanted}");
        Ok(())
    }

    /// Sets a snapshot's status by hand; what was under way is dropped.
    pub async fn reset_snapshot_status(
        &self,
        caller: &Caller,
        id: &str,
        status: SnapshotStatus,
    ) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let reset = async {
            let before = visible_snapshot(&mut *unit, caller, wanted).await?;
            let after = Snapshot { status, ending: None, ..before.clone() };
            self.save_snapshot(&mut *unit, caller, "snapshot.reset_status", &before, Some(after));
            Ok(())
        }
        .await;
        settle(unit, reset).await?;
        info!(snapshot.id = %wanted, snapshot.status = %status, "set snapshot {wanted} to {status}");
        Ok(())
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
    pub(super) fn end_on_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        before: &Snapshot,
        due: Due,
    ) -> Option<Finished> {
        let outcome = due.outcome_of(before.ending?)?;
        let after = before.clone().finished(outcome);
        let to = after.as_ref().map(|snapshot| snapshot.status.as_str());
        self.save_snapshot(unit, &nobody(&before.project), "snapshot.progress", before, after);
        let (thing, from) = (Thing::Snapshot(before.id), before.status.as_str());
        Some(Finished { disk: before.disk, thing, from, to })
    }
}

/// The snapshot when what `course` is of has begun, and when it takes no time, when it has ended;
/// none: it is gone.
pub(super) fn under_way(
    mut snapshot: Snapshot,
    course: SnapshotCourse,
    begun: Begun,
) -> Option<Snapshot> {
    snapshot.begin(course, begun.ending);
    if begun.at_once { snapshot.finished(begun.ending.outcome) } else { Some(snapshot) }
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
