//! Disks go back to their snapshots, by Cinder's way or by the cloud's own.

use tracing::info;

use super::{no_disk, parse, visible};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskEvent};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::snapshot::{Snapshot, SnapshotCourse, SnapshotRefused, SnapshotStatus, admit};
use crate::service::{App, Resource, Result, ServiceError, snapshots};
use crate::store::WriteTx;

impl App {
    /// Takes a disk back to its latest snapshot, which must have the disk's size (Cinder).
    pub async fn revert_disk(
        &self,
        caller: &Caller,
        id: &str,
        snapshot: SnapshotId,
    ) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let reverted = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            let snapshots = unit.snapshots_of(wanted).await?;
            let absent = || ServiceError::NotFound(Resource::Snapshot, snapshot.to_string());
            let target = snapshots.iter().find(|s| s.id == snapshot).ok_or_else(absent)?;
            if snapshots.last().is_none_or(|latest| latest.id != target.id) {
                return Err(ServiceError::NotLatestSnapshot(wanted, snapshot));
            }
            if target.size_gib != before.size_gib {
                return Err(ServiceError::SnapshotOfOtherSize(wanted, snapshot));
            }
            // Cinder: what is being taken or removed, or has failed, is nothing to go back to.
            if target.status != SnapshotStatus::Available {
                return Err(SnapshotRefused::NotAvailable(snapshot, target.status).into());
            }
            let (event, course) = (DiskEvent::Revert, SnapshotCourse::REVERT);
            self.go_back(&mut *unit, caller, &before, target, event, course)
        }
        .await;
        let disk = self.settle_disk(unit, reverted).await?;
        info!(disk.id = %disk.id, snapshot.id = %snapshot, "took disk {} back", disk.id);
        Ok(disk)
    }

    /// Takes a disk back to any of its snapshots; a disk that has grown since keeps its size (EVS).
    pub async fn roll_back_disk(&self, caller: &Caller, id: &str, disk: DiskId) -> Result<Disk> {
        let wanted = snapshots::parse(id)?;
        let mut unit = self.write().await?;
        let rolled_back = async {
            let target = snapshots::visible_snapshot(&mut *unit, caller, wanted).await?;
            admit(&target, disk)?;
            let before = visible(&mut *unit, caller, disk).await?.disk;
            let (event, course) = (DiskEvent::Rollback, SnapshotCourse::ROLLBACK);
            self.go_back(&mut *unit, caller, &before, &target, event, course)
        }
        .await;
        let disk = self.settle_disk(unit, rolled_back).await?;
        info!(disk.id = %disk.id, snapshot.id = %wanted, "took disk {} back", disk.id);
        Ok(disk)
    }

    /// Takes a disk back to `target` in a unit of work, both in the statuses that `event` and `course`
    /// bring until it is over.
    fn go_back(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        before: &Disk,
        target: &Snapshot,
        event: DiskEvent,
        course: SnapshotCourse,
    ) -> Result<Disk> {
        let changed = before.clone();
        let after = self.happen(unit, caller, before, changed, event, Becoming::default())?;
        let begun = self.begin_with(caller, course.operation, before, after.as_ref());
        let snapshot = self.under_way_on_snapshot(unit, caller, target.clone(), course, begun);
        let (of_disk, of_snapshot) = if event == DiskEvent::Rollback {
            ("disk.rollback", "snapshot.rollback")
        } else {
            ("disk.revert", "snapshot.revert")
        };
        if snapshot.as_ref() != Some(target) {
            self.save_snapshot(unit, caller, of_snapshot, target, snapshot);
        }
        let saved = self.save(unit, caller, of_disk, before, after);
        saved.ok_or_else(|| no_disk(before.id.to_string()))
    }
}
