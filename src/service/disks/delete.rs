//! Removing disks.

use tracing::info;

use super::{parse, visible};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskEvent, WrongStatus};
use crate::domain::event::{Event, State};
use crate::domain::ids::DiskId;
use crate::service::{App, Result, ServiceError, settle};
use crate::store::WriteTx;

/// How a disk is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// If its status allows it and it has neither snapshots nor attachments.
    Plain,
    /// The same, with its snapshots, all of which must be removable.
    Cascade,
    /// Whatever its status, by an administrator; snapshots forbid it all the same.
    Force,
    /// Whatever its status and that of its snapshots, by an administrator.
    ForceCascade,
}

impl Deletion {
    fn event(self) -> DiskEvent {
        match self {
            Self::Plain | Self::Cascade => DiskEvent::Delete,
            Self::Force | Self::ForceCascade => DiskEvent::ForceDelete,
        }
    }

    fn action(self) -> &'static str {
        match self {
            Self::Plain | Self::Cascade => "disk.delete",
            Self::Force | Self::ForceCascade => "disk.force_delete",
        }
    }
}

impl App {
    /// Removes a disk; its transfer ends with it.
    pub async fn delete_disk(&self, caller: &Caller, id: &str, how: Deletion) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = self.remove_disk(&mut *unit, caller, wanted, how).await;
        settle(unit, removed).await?;
        self.woken.notify_one();
        info!(disk.id = %wanted, "deleted disk {wanted}");
        Ok(())
    }

    /// Removes a disk in a unit of work; none: it is gone at once.
    pub(in crate::service) async fn remove_disk(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        how: Deletion,
    ) -> Result<Option<Disk>> {
        let facts = visible(unit, caller, id).await?;
        let expired = self.expire_offer(unit, &facts.disk).await?;
        let before = expired.map_or(facts.disk, |(released, _)| released);
        let attached = !before.attachments.is_empty();
        if attached && matches!(how, Deletion::Plain | Deletion::Cascade) {
            let (event, status, disk) = (how.event(), before.status, before.id);
            return Err(WrongStatus { event, status, disk }.into());
        }
        let after =
            self.happen(unit, caller, &before, before.clone(), how.event(), Becoming::default())?;
        if facts.snapshots.is_some() {
            self.remove_snapshots(unit, caller, id, how).await?;
        }
        Ok(self.save(unit, caller, how.action(), &before, after))
    }

    async fn remove_snapshots(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        disk: DiskId,
        how: Deletion,
    ) -> Result<()> {
        if matches!(how, Deletion::Plain | Deletion::Force) {
            return Err(ServiceError::HasSnapshots(disk));
        }
        for snapshot in unit.snapshots_of(disk).await? {
            if how == Deletion::Cascade && !snapshot.status.may_be_deleted() {
                return Err(ServiceError::SnapshotForbidsCascade(disk));
            }
            unit.delete_snapshot(snapshot.id, snapshot.status);
            let state = Some(State::from(&snapshot));
            let now = self.now();
            unit.record(&Event::of(caller, now, "snapshot.delete", &snapshot.id, state, None));
        }
        Ok(())
    }
}
