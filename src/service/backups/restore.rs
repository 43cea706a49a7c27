//! Filling disks from backups: new ones, and ones that are there.

use std::collections::BTreeMap;

use tracing::info;

use super::{parse, settle, visible_backup};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupRefused, BackupStatus};
use crate::domain::disk::{Becoming, Disk, DiskEvent};
use crate::domain::ids::DiskId;
use crate::domain::progress::Operation;
use crate::service::disks::{NewDisk, Source, no_disk, visible};
use crate::service::{App, Result, ServiceError};
use crate::store::WriteTx;

/// What a new disk that is filled from a backup is for, if nobody says so (Cinder).
const DESCRIPTION: &str = "auto-created_from_restore_from_backup";

/// What is filled from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreInto {
    /// A new disk of this name; none: it is named after the backup.
    NewDisk(Option<String>),
    /// A disk that is there.
    Disk(DiskId),
}

impl App {
    /// Fills a disk from a backup.
    pub async fn restore_backup(
        &self,
        caller: &Caller,
        id: &str,
        into: RestoreInto,
    ) -> Result<Disk> {
        let mut unit = self.write().await?;
        let begun = self.begin_restore(&mut *unit, caller, id, into).await;
        let (_, disk) = settle(unit, begun).await?;
        self.woken.notify_one();
        info!(backup.id = %id, disk.id = %disk.id, "restores backup {id} into disk {}", disk.id);
        Ok(disk)
    }

    /// Begins to fill a disk, and says from what and which.
    pub(super) async fn begin_restore(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: &str,
        into: RestoreInto,
    ) -> Result<(Backup, Disk)> {
        let backup = visible_backup(unit, caller, parse(id)?).await?;
        if backup.status != BackupStatus::Available {
            return Err(BackupRefused::NotAvailable(backup.status).into());
        }
        let disk = match into {
            RestoreInto::NewDisk(name) => self.restored(unit, caller, &backup, name).await?,
            RestoreInto::Disk(disk) => self.overwritten(unit, caller, &backup, disk).await?,
        };
        let begun = self.begin_with(caller, Operation::Restore, &disk, Some(&disk));
        let (filling, course) = (backup.clone(), backup.restoring());
        let after = self.under_way_on_backup(unit, caller, filling, course, begun);
        self.save_backup(unit, caller, "backup.restore", &backup, after).await?;
        Ok((backup, disk))
    }

    /// A new disk that is filled.
    async fn restored(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        backup: &Backup,
        name: Option<String>,
    ) -> Result<Disk> {
        let new = NewDisk {
            size_gib: None,
            name: Some(name.unwrap_or_else(|| format!("restore_backup_{}", backup.id))),
            description: Some(DESCRIPTION.to_owned()),
            disk_type: None,
            zone: None,
            multiattach: false,
            dedicated_storage: None,
            metadata: BTreeMap::new(),
            source: Source::Backup(backup.id.to_string()),
        };
        let mut made = self.add_disks(unit, caller, new, 1).await.map_err(|refusal| {
            if let ServiceError::Quota(exceeded) = refusal {
                ServiceError::RestoreQuota(exceeded)
            } else {
                refusal
            }
        })?;
        made.pop().ok_or_else(|| no_disk(String::new()))
    }

    /// A disk that is there and is filled anew.
    async fn overwritten(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        backup: &Backup,
        id: DiskId,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        before.step(DiskEvent::Restore)?;
        if before.size_gib < backup.size_gib {
            let (disk_gib, backup_gib) = (before.size_gib, backup.size_gib);
            return Err(BackupRefused::TooSmall { disk_gib, backup_gib }.into());
        }
        let (event, becoming) = (DiskEvent::Restore, Becoming::default());
        let after = self.happen(unit, caller, &before, before.clone(), event, becoming)?;
        self.save(unit, caller, "disk.restore", &before, after)
            .ok_or_else(|| no_disk(id.to_string()))
    }
}
