//! Removing backups.

use tracing::info;

use super::{parse, settle, visible_backup};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupCourse, BackupRefused};
use crate::domain::progress::Operation;
use crate::service::{App, Resource, Result, ServiceError};
use crate::store::WriteTx;

/// How a backup is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupDeletion {
    /// If its status allows it and nothing builds on it (Cinder).
    Plain,
    /// Whatever its status, if nothing builds on it (Cinder, for administrators).
    Forced,
    /// If its status allows it; what builds on it takes over what it holds (VBS).
    Merging,
}

impl App {
    /// Removes a backup.
    pub async fn delete_backup(
        &self,
        caller: &Caller,
        id: &str,
        how: BackupDeletion,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = self.begin_delete(&mut *unit, caller, id, how).await;
        settle(unit, removed).await?;
        self.woken.notify_one();
        info!(backup.id = %id, "deleted backup {id}");
        Ok(())
    }

    /// Begins to remove the backup, and says what it was and is; none: it is gone.
    pub(super) async fn begin_delete(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: &str,
        how: BackupDeletion,
    ) -> Result<(Backup, Option<Backup>)> {
        let backup = visible_backup(unit, caller, parse(id)?).await?;
        if how != BackupDeletion::Forced && !backup.status.may_be_deleted() {
            return Err(ServiceError::NotDeletable(Resource::Backup, id.to_owned()));
        }
        if how != BackupDeletion::Merging && backup.has_dependents {
            return Err(BackupRefused::HasDependents.into());
        }
        let after = self.remove_backup(unit, caller, &backup).await?;
        Ok((backup, after))
    }

    /// Begins to remove a backup in a unit of work, whatever its status; none: it is gone at once. What
    /// builds on it takes over what it holds.
    pub(in crate::service) async fn remove_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        backup: &Backup,
    ) -> Result<Option<Backup>> {
        let begun = self.begin(caller, Operation::DeleteBackup, &backup.project, backup.disk);
        let (going, course) = (backup.clone(), BackupCourse::DELETE);
        let after = self.under_way_on_backup(unit, caller, going, course, begun);
        self.save_backup(unit, caller, "backup.delete", backup, after).await
    }
}
