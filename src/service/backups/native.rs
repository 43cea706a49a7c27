//! Backups as the backup service's own API handles them (VBS): answered with jobs.

use super::{BackupDeletion, NewBackup, RestoreInto};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupStatus};
use crate::domain::disk::{Disk, DiskStatus};
use crate::domain::ids::DiskId;
use crate::domain::job::{Job, JobKind, JobPart, PartEnd, PartOf};
use crate::service::{App, Result};
use crate::store::WriteTx;

impl App {
    /// Makes a backup of a disk.
    pub async fn create_backup_job(&self, caller: &Caller, new: NewBackup) -> Result<Job> {
        let mut unit = self.write().await?;
        let begun = async {
            let backup = self.back_up(&mut *unit, caller, new).await?;
            let made = (backup.status != BackupStatus::Available).then_some(&backup);
            let part = self.backup_part(&backup, made);
            Ok(self.begin_job(&mut *unit, caller, JobKind::CreateBackup, None, vec![part]))
        }
        .await;
        self.settle_job(unit, begun).await
    }

    /// Removes a backup; what builds on it takes over what it holds.
    pub async fn delete_backup_job(&self, caller: &Caller, id: &str) -> Result<Job> {
        let mut unit = self.write().await?;
        let begun = async {
            let how = BackupDeletion::Merging;
            let (backup, left) = self.begin_delete(&mut *unit, caller, id, how).await?;
            let part = self.backup_part(&backup, left.as_ref());
            Ok(self.begin_job(&mut *unit, caller, JobKind::DeleteBackup, None, vec![part]))
        }
        .await;
        self.settle_job(unit, begun).await
    }

    /// Fills a disk from a backup.
    pub async fn restore_backup_job(&self, caller: &Caller, id: &str, disk: DiskId) -> Result<Job> {
        let mut unit = self.write().await?;
        let begun = self.begin_restore_job(&mut *unit, caller, id, disk).await;
        self.settle_job(unit, begun).await
    }

    async fn begin_restore_job(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: &str,
        disk: DiskId,
    ) -> Result<Job> {
        let (backup, disk) = self.begin_restore(unit, caller, id, RestoreInto::Disk(disk)).await?;
        let end = match disk {
            Disk { pending: Some(_), .. } => None,
            Disk { status: DiskStatus::Available, .. } => Some(PartEnd::Success),
            Disk { status, .. } => Some(PartEnd::Fail(Some(status))),
        };
        let end = end.map(|end| (end, self.now()));
        let part = JobPart::of_backup(&backup, disk.id, PartOf::Disk, end);
        Ok(self.begin_job(unit, caller, JobKind::RestoreBackup, None, vec![part]))
    }

    /// What a job does to a backup, of which something that runs or failed may be `left`.
    fn backup_part(&self, backup: &Backup, left: Option<&Backup>) -> JobPart {
        let end = match left {
            Some(left) if left.ending.is_some() => None,
            Some(_) => Some(PartEnd::Fail(None)),
            None => Some(PartEnd::Success),
        };
        let end = end.map(|end| (end, self.now()));
        JobPart::of_backup(backup, backup.disk, PartOf::Backup, end)
    }
}
