//! Backups. Any that exists, whatever its status, forbids to hand its disk over.

mod create;

use tracing::info;

use super::progress::{Begun, Due, Finished, Thing, nobody};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::backup::{Backup, BackupCourse, BackupQuery, BackupStatus};
use crate::domain::event::{Event, State};
use crate::domain::ids::BackupId;
use crate::domain::progress::Operation;
use crate::domain::snapshot::Snapshot;
use crate::store::{ReadTx, WriteTx};

pub use create::{BackupOf, Extent, NewBackup};

impl App {
    /// A backup that the caller sees.
    pub async fn backup(&self, caller: &Caller, id: &str) -> Result<Backup> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        visible_backup(&mut *view, caller, wanted).await
    }

    /// One page of backups: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, any project's. An unknown marker is not found.
    pub async fn backups(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: BackupQuery,
    ) -> Result<Vec<Backup>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.backup(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.backups(&query).await?)
    }

    /// Removes a backup whose status allows it.
    pub async fn delete_backup(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let backup = visible_backup(&mut *unit, caller, wanted).await?;
            if !backup.status.may_be_deleted() {
                return Err(ServiceError::NotDeletable(Resource::Backup, wanted.to_string()));
            }
            self.remove_backup(&mut *unit, caller, &backup).await?;
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        self.woken.notify_one();
        info!(backup.id = %wanted, "deleted backup {wanted}");
        Ok(())
    }

    /// Begins to remove a backup in a unit of work, whatever its status; none: it is gone at once.
    pub(super) async fn remove_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        backup: &Backup,
    ) -> Result<Option<Backup>> {
        let begun = self.begin(Operation::DeleteBackup);
        let after = under_way(backup.clone(), BackupCourse::DELETE, begun);
        self.save_backup(unit, caller, "backup.delete", backup, after).await
    }

    /// Sets a backup's status by hand; what was under way is dropped.
    pub async fn reset_backup_status(
        &self,
        caller: &Caller,
        id: &str,
        status: BackupStatus,
    ) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let reset = async {
            let before = visible_backup(&mut *unit, caller, wanted).await?;
            let after = Backup { status, ending: None, ..before.clone() };
            self.save_backup(&mut *unit, caller, "backup.reset_status", &before, Some(after)).await
        }
        .await;
        settle(unit, reset).await?;
        info!(backup.id = %wanted, backup.status = %status, "set backup {wanted} to {status}");
        Ok(())
    }

    /// Queues what became of a backup, which may be gone and its own snapshot with it, and the events
    /// that tell of it.
    pub(super) async fn save_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: &Backup,
        after: Option<Backup>,
    ) -> Result<Option<Backup>> {
        let now = self.now();
        let after = after.map(|backup| Backup { updated_at: Some(now), ..backup });
        if let Some(backup) = &after {
            unit.update_backup(backup, before.status);
        } else {
            unit.delete_backup(before.id, before.status);
            if let Some(snapshot) = own_snapshot(unit, before).await? {
                self.save_snapshot(unit, caller, "snapshot.delete", &snapshot, None);
            }
        }
        let (was, is) = (Some(State::from(before)), after.as_ref().map(State::from));
        unit.record(&Event::of(caller, now, action, &before.id, was, is));
        self.end_task(unit, before, after.as_ref()).await?;
        Ok(after)
    }

    /// Ends what is under way on a backup, if it is due.
    pub(super) async fn end_on_backup(
        &self,
        unit: &mut dyn WriteTx,
        before: &Backup,
        due: Due,
    ) -> Result<Option<Finished>> {
        let Some(ending) = before.ending else { return Ok(None) };
        let Some(outcome) = due.outcome_of(ending) else { return Ok(None) };
        let after = before.clone().finished(outcome);
        let to = after.as_ref().map(|backup| backup.status.as_str());
        let nobody = nobody(&before.project);
        self.save_backup(unit, &nobody, "backup.progress", before, after).await?;
        let (thing, from) = (Thing::Backup(before.id), before.status.as_str());
        Ok(Some(Finished { disk: Some(before.disk), subject: thing.into(), from, to }))
    }
}

/// The snapshot that was taken for the backup, if it is still there.
async fn own_snapshot(unit: &mut dyn WriteTx, backup: &Backup) -> Result<Option<Snapshot>> {
    match backup.snapshot.filter(|_| backup.own_snapshot) {
        Some(id) => Ok(unit.snapshot(id).await?),
        None => Ok(None),
    }
}

/// The backup when what `course` is of has begun, and when it takes no time, when it has ended; none:
/// it is gone.
pub(super) fn under_way(mut backup: Backup, course: BackupCourse, begun: Begun) -> Option<Backup> {
    backup.begin(course, begun.ending);
    if begun.at_once { backup.finished(begun.ending.outcome) } else { Some(backup) }
}

pub(super) async fn visible_backup(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: BackupId,
) -> Result<Backup> {
    let found = view.backup(id).await?;
    found.filter(|backup| caller.sees(&backup.project)).ok_or_else(|| no_backup(id.to_string()))
}

pub(super) fn parse(id: &str) -> Result<BackupId> {
    BackupId::parse(id).ok_or_else(|| no_backup(id.to_owned()))
}

pub(super) fn no_backup(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Backup, id)
}
