//! Backups. Any that exists, whatever its status, forbids to hand its disk over.

mod change;
mod create;
mod delete;
mod native;
mod records;
mod restore;
mod shares;

use super::progress::{Begun, Due, Finished, Thing, nobody};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::backup::{Backup, BackupCourse, BackupFilter, BackupQuery};
use crate::domain::event::{Event, State};
use crate::domain::ids::BackupId;
use crate::domain::job::PartEnd;
use crate::domain::progress::Outcome;
use crate::domain::snapshot::Snapshot;
use crate::store::{ReadTx, WriteTx};

pub use change::BackupChange;
pub use create::{BackupOf, Extent, NewBackup};
pub use delete::BackupDeletion;
pub use restore::RestoreInto;
pub use shares::Unshare;

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
        narrow(&mut query.filter, caller, everywhere);
        if let Some(marker) = query.page.marker {
            self.backup(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.backups(&query).await?)
    }

    /// How many backups there are on all pages.
    pub async fn count_backups(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut filter: BackupFilter,
    ) -> Result<i64> {
        narrow(&mut filter, caller, everywhere);
        Ok(self.read().await?.count_backups(&filter).await?)
    }

    /// Queues what became of a backup, which may be gone and its own snapshot with it, and the events
    /// that tell of it. What builds on one that goes builds on what that built on.
    pub(in crate::service) async fn save_backup(
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
            self.merge_into_dependents(unit, caller, before).await?;
            unit.delete_backup(before.id, before.status);
            if let Some(snapshot) = own_snapshot(unit, before).await? {
                unit.delete_snapshot_of_backup(snapshot.id);
                let was = Some(State::from(&snapshot));
                unit.record(&Event::of(caller, now, "snapshot.delete", &snapshot.id, was, None));
            }
        }
        // What was under way and goes on no more: an administrator reset it, or removes it by force.
        if before.ending.is_some() && after.as_ref().and_then(|b| b.ending) != before.ending {
            unit.end_backup_part(before.id, PartEnd::Fail(None), now);
        }
        let (was, is) = (Some(State::from(before)), after.as_ref().map(State::from));
        unit.record(&Event::of(caller, now, action, &before.id, was, is));
        self.end_task(unit, before, after.as_ref()).await?;
        Ok(after)
    }

    async fn merge_into_dependents(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        base: &Backup,
    ) -> Result<()> {
        for dependent in unit.backups_upon(base.id).await? {
            let state = Some(State::from(&dependent));
            let (was, is, now) = (state.clone(), state, self.now());
            unit.record(&Event::of(caller, now, "backup.merge", &dependent.id, was, is));
        }
        unit.rebase_backups(base.id);
        Ok(())
    }

    /// The backup when what `course` is of has begun, and when it takes no time, when it has ended, of
    /// whose failure its project is told; none: it is gone.
    fn under_way_on_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        mut backup: Backup,
        course: BackupCourse,
        begun: Begun,
    ) -> Option<Backup> {
        let (thing, operation) = (Thing::Backup(backup.id), course.operation);
        self.tell_of_fault(unit, caller, begun.fault, thing, operation);
        backup.begin(course, begun.ending);
        if !begun.at_once {
            return Some(backup);
        }
        if begun.ending.outcome == Outcome::Failed {
            let (thing, project) = (Thing::Backup(backup.id), &backup.project);
            self.tell_of_failed_request(unit, &caller.request, project, thing, course.operation);
        }
        backup.finished(begun.ending.outcome)
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
        let (thing, nobody) = (Thing::Backup(before.id), nobody(&before.project));
        if let Some(course) = before.course().filter(|_| outcome == Outcome::Failed) {
            self.tell_of_failure(unit, &before.project, thing, course.operation).await?;
        }
        let after = before.clone().finished(outcome);
        unit.end_backup_part(before.id, part_end(outcome), self.now());
        let to = after.as_ref().map(|backup| backup.status.as_str());
        self.save_backup(unit, &nobody, "backup.progress", before, after).await?;
        let from = before.status.as_str();
        Ok(Some(Finished { disk: Some(before.disk), subject: thing.into(), from, to }))
    }
}

fn narrow(filter: &mut BackupFilter, caller: &Caller, everywhere: bool) {
    if !(everywhere && caller.role == Role::Admin) {
        filter.project = Some(caller.project.clone());
    }
}

fn part_end(outcome: Outcome) -> PartEnd {
    match outcome {
        Outcome::Done => PartEnd::Success,
        Outcome::Failed => PartEnd::Fail(None),
    }
}

/// The snapshot that was taken for the backup, if it is still there.
async fn own_snapshot(unit: &mut dyn WriteTx, backup: &Backup) -> Result<Option<Snapshot>> {
    match backup.snapshot.filter(|_| backup.own_snapshot) {
        Some(id) => Ok(unit.snapshot(id).await?),
        None => Ok(None),
    }
}

async fn visible_backup(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: BackupId,
) -> Result<Backup> {
    let found = view.backup(id).await?;
    found.filter(|backup| caller.sees(&backup.project)).ok_or_else(|| no_backup(id.to_string()))
}

/// A backup that the caller may make disks from: one that it sees, or that is shared with its project.
pub(super) async fn usable_backup(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: &str,
) -> Result<Backup> {
    let absent = || no_backup(id.to_owned());
    let wanted = parse(id)?;
    let backup = view.backup(wanted).await?.ok_or_else(absent)?;
    let usable = caller.sees(&backup.project) || view.is_shared(wanted, &caller.project).await?;
    if usable { Ok(backup) } else { Err(absent()) }
}

fn parse(id: &str) -> Result<BackupId> {
    BackupId::parse(id).ok_or_else(|| no_backup(id.to_owned()))
}

fn no_backup(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Backup, id)
}
