//! Disks.

mod create;

use std::collections::BTreeMap;

use tracing::info;

use super::transfers::end_as_deleted;
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::disk::{Disk, DiskEvent, DiskQuery, DiskStatus, WrongStatus};
use crate::domain::event::Event;
use crate::domain::ids::DiskId;
use crate::domain::quota::Wish;
use crate::domain::transfer::TransferFacts;
use crate::store::WriteTx;

pub use create::NewDisk;

/// What is asked for when a disk is changed; none leaves things as they are.
#[derive(Debug, Clone, Default)]
pub struct DiskChange {
    /// The name, which may become none.
    pub name: Option<Option<String>>,
    /// The description, which may become none.
    pub description: Option<Option<String>>,
    /// All of the metadata.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl App {
    /// A disk that the caller sees.
    pub async fn disk(&self, caller: &Caller, id: &str) -> Result<Disk> {
        let wanted = parse(id)?;
        let found = self.read().await?.disk(wanted).await?;
        found.filter(|disk| caller.sees(&disk.project)).ok_or_else(|| no_disk(id.to_owned()))
    }

    /// One page of disks: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, any project's. An unknown marker is not found.
    pub async fn disks(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: DiskQuery,
    ) -> Result<Vec<Disk>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.disk(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.disks(&query).await?)
    }

    /// Changes what people say about a disk; any status but maintenance allows it.
    pub async fn update_disk(&self, caller: &Caller, id: &str, change: DiskChange) -> Result<Disk> {
        self.change_disk(caller, id, "disk.update", Some(DiskEvent::Update), |disk| {
            if let Some(name) = change.name {
                disk.name = name;
            }
            if let Some(description) = change.description {
                disk.description = description;
            }
            if let Some(metadata) = change.metadata {
                disk.metadata = metadata;
            }
        })
        .await
    }

    /// Makes a disk a system disk or a data disk, in any status.
    pub async fn set_bootable(&self, caller: &Caller, id: &str, bootable: bool) -> Result<Disk> {
        self.change_disk(caller, id, "disk.set_bootable", None, |disk| disk.bootable = bootable)
            .await
    }

    /// Lets a disk grow to `size_gib`.
    pub async fn extend_disk(&self, caller: &Caller, id: &str, size_gib: i64) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let grown = self.grow(&mut *unit, caller, wanted, size_gib).await;
        let disk = settle(unit, grown).await?;
        info!(disk.id = %disk.id, disk.size_gib = disk.size_gib,
            "extended disk {} to {} GiB", disk.id, disk.size_gib);
        Ok(disk)
    }

    async fn grow(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        size_gib: i64,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        let status = before.after(DiskEvent::Extend)?;
        if size_gib <= before.size_gib {
            return Err(ServiceError::NotLarger { current: before.size_gib, extended: size_gib });
        }
        if size_gib > self.rules.max_size_gib {
            return Err(ServiceError::TooLarge(self.rules.max_size_gib));
        }
        let wish = Wish::Growth {
            disk_type: &before.disk_type,
            by_gib: size_gib - before.size_gib,
            to_gib: size_gib,
        };
        self.check_quota(unit, &before.project, wish).await??;
        let mut after = before.clone();
        after.status = status;
        after.size_gib = size_gib;
        Ok(self.save(unit, caller, "disk.extend", &before, after))
    }

    /// Sets a disk's status by hand. Whatever takes the disk out of `awaiting-transfer` ends its
    /// transfer with it, so that an old key never takes a disk.
    pub async fn reset_disk_status(
        &self,
        caller: &Caller,
        id: &str,
        status: Option<DiskStatus>,
    ) -> Result<Disk> {
        match status {
            Some(DiskStatus::AwaitingTransfer) => Err(ServiceError::ResetToAwaitingTransfer),
            Some(DiskStatus::InUse) => Err(ServiceError::ResetToInUse),
            _ => {
                self.change_disk(caller, id, "disk.reset_status", None, |disk| {
                    disk.status = status.unwrap_or(disk.status);
                })
                .await
            }
        }
    }

    async fn change_disk(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        event: Option<DiskEvent>,
        change: impl FnOnce(&mut Disk) + Send,
    ) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            if let Some(event) = event {
                before.step(event)?;
            }
            let mut after = before.clone();
            change(&mut after);
            Ok(self.save(&mut *unit, caller, action, &before, after))
        }
        .await;
        let disk = settle(unit, changed).await?;
        info!(disk.id = %disk.id, disk.status = %disk.status, "changed disk {}", disk.id);
        Ok(disk)
    }

    /// Queues the changed disk and its event; a disk that is offered no more loses its transfer.
    fn save(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: &Disk,
        mut after: Disk,
    ) -> Disk {
        let now = self.now();
        after.updated_at = Some(now);
        if after.status != DiskStatus::AwaitingTransfer {
            after.transfer = None;
        }
        unit.update_disk(&after, before.status);
        if let Some(transfer) = before.transfer.filter(|_| after.transfer.is_none()) {
            end_as_deleted(unit, transfer, now);
        }
        unit.record(&Event::of_disk(caller, now, action, &after.id, Some(before), Some(&after)));
        after
    }

    /// Removes a disk whose status allows it and that has no snapshots.
    pub async fn delete_disk(&self, caller: &Caller, id: &str) -> Result<()> {
        self.remove_disk(caller, id, "disk.delete", |disk| disk.step(DiskEvent::Delete).map(|_| ()))
            .await
    }

    /// Removes a disk in any status; its transfer ends with it. Snapshots still forbid it.
    pub async fn force_delete_disk(&self, caller: &Caller, id: &str) -> Result<()> {
        self.remove_disk(caller, id, "disk.force_delete", |_| Ok(())).await
    }

    async fn remove_disk(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        allowed: fn(&Disk) -> std::result::Result<(), WrongStatus>,
    ) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let facts = visible(&mut *unit, caller, wanted).await?;
            allowed(&facts.disk)?;
            if facts.snapshots.is_some() {
                return Err(ServiceError::HasSnapshots(facts.disk.id));
            }
            let now = self.now();
            let disk = facts.disk;
            unit.delete_disk(disk.id, disk.status);
            if let Some(transfer) = disk.transfer {
                end_as_deleted(&mut *unit, transfer, now);
            }
            unit.record(&Event::of_disk(caller, now, action, &disk.id, Some(&disk), None));
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(disk.id = %wanted, "deleted disk {wanted}");
        Ok(())
    }
}

/// The disk with its facts, if the caller sees it.
pub(super) async fn visible(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    id: DiskId,
) -> Result<TransferFacts> {
    unit.disk_with_facts(id)
        .await?
        .filter(|facts| caller.sees(&facts.disk.project))
        .ok_or_else(|| no_disk(id.to_string()))
}

fn parse(id: &str) -> Result<DiskId> {
    DiskId::parse(id).ok_or_else(|| no_disk(id.to_owned()))
}

fn no_disk(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Disk, id)
}
