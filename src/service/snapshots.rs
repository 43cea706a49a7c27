//! Snapshots, as far as they forbid to hand a disk over.

use std::collections::BTreeMap;

use tracing::info;

use super::disks::visible;
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::disk::DiskEvent;
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::quota::Wish;
use crate::domain::snapshot::{Snapshot, SnapshotQuery, SnapshotStatus};
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
            created_at: self.now(),
            updated_at: None,
        };
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
            unit.delete_snapshot(wanted, snapshot.status);
            let state = Some(State::from(&snapshot));
            unit.record(&Event::of(caller, self.now(), "snapshot.delete", &wanted, state, None));
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(snapshot.id = %wanted, "deleted snapshot {wanted}");
        Ok(())
    }

    /// Sets a snapshot's status by hand.
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
            let now = self.now();
            unit.set_snapshot_status(wanted, before.status, status, now);
            let after = Snapshot { status, ..before.clone() };
            unit.record(&Event::of(
                caller,
                now,
                "snapshot.reset_status",
                &wanted,
                Some(State::from(&before)),
                Some(State::from(&after)),
            ));
            Ok(())
        }
        .await;
        settle(unit, reset).await?;
        info!(snapshot.id = %wanted, snapshot.status = %status, "set snapshot {wanted} to {status}");
        Ok(())
    }
}

async fn visible_snapshot(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: SnapshotId,
) -> Result<Snapshot> {
    let found = view.snapshot(id).await?;
    found
        .filter(|snapshot| caller.sees(&snapshot.project))
        .ok_or_else(|| ServiceError::NotFound(Resource::Snapshot, id.to_string()))
}

fn parse(id: &str) -> Result<SnapshotId> {
    SnapshotId::parse(id).ok_or_else(|| ServiceError::NotFound(Resource::Snapshot, id.to_owned()))
}
