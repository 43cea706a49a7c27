//! Backups, as far as they forbid to hand a disk over.

use tracing::info;

use super::disks::visible;
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::backup::{Backup, BackupQuery, BackupStatus};
use crate::domain::disk::DiskEvent;
use crate::domain::event::{Event, State};
use crate::domain::ids::{BackupId, DiskId};
use crate::domain::quota::Wish;
use crate::store::{ReadTx, WriteTx};

/// What is asked for when a backup is made.
#[derive(Debug, Clone)]
pub struct NewBackup {
    /// The disk.
    pub disk: DiskId,
    /// The backup's name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it shall be kept.
    pub container: Option<String>,
    /// Holds only what changed since the backup before it.
    pub incremental: bool,
    /// [`DiskEvent::Backup`] or [`DiskEvent::ForceBackup`].
    pub event: DiskEvent,
}

impl App {
    /// Makes a backup of a disk.
    pub async fn create_backup(&self, caller: &Caller, new: NewBackup) -> Result<Backup> {
        let mut unit = self.write().await?;
        let made = self.make_backup(&mut *unit, caller, new).await;
        let backup = settle(unit, made).await?;
        info!(backup.id = %backup.id, disk.id = %backup.disk,
            "made backup {} of disk {}", backup.id, backup.disk);
        Ok(backup)
    }

    async fn make_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewBackup,
    ) -> Result<Backup> {
        let disk = visible(unit, caller, new.disk).await?.disk;
        disk.step(new.event)?;
        if new.incremental && unit.available_backups(disk.id).await? == 0 {
            return Err(ServiceError::NoBaseBackup);
        }
        self.check_quota(unit, &disk.project, Wish::Backup(disk.size_gib)).await??;
        let backup = Backup {
            id: BackupId::random(),
            disk: disk.id,
            project: disk.project,
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            container: new.container,
            size_gib: disk.size_gib,
            incremental: new.incremental,
            zone: disk.zone,
            status: BackupStatus::Available,
            created_at: self.now(),
            updated_at: None,
        };
        unit.insert_backup(&backup);
        let state = Some(State::from(&backup));
        unit.record(&Event::of(
            caller,
            backup.created_at,
            "backup.create",
            &backup.id,
            None,
            state,
        ));
        Ok(backup)
    }

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
            unit.delete_backup(wanted, backup.status);
            let state = Some(State::from(&backup));
            unit.record(&Event::of(caller, self.now(), "backup.delete", &wanted, state, None));
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(backup.id = %wanted, "deleted backup {wanted}");
        Ok(())
    }

    /// Sets a backup's status by hand.
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
            let now = self.now();
            unit.set_backup_status(wanted, before.status, status, now);
            let after = Backup { status, ..before.clone() };
            unit.record(&Event::of(
                caller,
                now,
                "backup.reset_status",
                &wanted,
                Some(State::from(&before)),
                Some(State::from(&after)),
            ));
            Ok(())
        }
        .await;
        settle(unit, reset).await?;
        info!(backup.id = %wanted, backup.status = %status, "set backup {wanted} to {status}");
        Ok(())
    }
}

async fn visible_backup(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: BackupId,
) -> Result<Backup> {
    let found = view.backup(id).await?;
    found
        .filter(|backup| caller.sees(&backup.project))
        .ok_or_else(|| ServiceError::NotFound(Resource::Backup, id.to_string()))
}

fn parse(id: &str) -> Result<BackupId> {
    BackupId::parse(id).ok_or_else(|| ServiceError::NotFound(Resource::Backup, id.to_owned()))
}
