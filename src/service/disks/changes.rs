//! What is done to a disk: flags, growth, another type, a reset by hand.

use tracing::info;

use super::{no_disk, parse, visible};
use crate::domain::access::Caller;
use crate::domain::attachment::AttachStatus;
use crate::domain::clock::Time;
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus, WrongStatus};
use crate::domain::ids::DiskId;
use crate::domain::quota::Wish;
use crate::service::disk_types::seen_named;
use crate::service::{App, Result, ServiceError};
use crate::store::WriteTx;

/// Whether a disk may grow while a server uses it (Cinder: from 3.42 on).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// Only a disk that nothing uses.
    Offline,
    /// One in use too, unless several servers may share it.
    Online,
}

impl App {
    /// Makes a disk a system disk or a data disk, in any status.
    pub async fn set_bootable(&self, caller: &Caller, id: &str, bootable: bool) -> Result<Disk> {
        self.change_disk(caller, id, "disk.set_bootable", DiskEvent::SetBootable, |disk| {
            disk.bootable = bootable;
        })
        .await
    }

    /// Lets servers only read a disk, or write it again.
    pub async fn set_read_only(&self, caller: &Caller, id: &str, read_only: bool) -> Result<Disk> {
        self.change_disk(caller, id, "disk.set_read_only", DiskEvent::SetReadOnly, |disk| {
            disk.read_only = Some(read_only);
        })
        .await
    }

    /// Lets a disk grow to `size_gib`.
    pub async fn extend_disk(
        &self,
        caller: &Caller,
        id: &str,
        size_gib: i64,
        growth: Growth,
    ) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let grown = self.grow(&mut *unit, caller, wanted, size_gib, growth).await;
        let disk = self.settle_disk(unit, grown).await?;
        info!(disk.id = %disk.id, disk.size_gib = size_gib,
            "extended disk {} to {size_gib} GiB", disk.id);
        Ok(disk)
    }

    /// Lets a disk grow in a unit of work.
    pub(in crate::service) async fn grow(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        size_gib: i64,
        growth: Growth,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        let event = match growth {
            Growth::Online if !before.multiattach => DiskEvent::ExtendInUse,
            Growth::Online | Growth::Offline => DiskEvent::Extend,
        };
        let becoming = Becoming { size_gib: Some(size_gib), disk_type: None };
        let after = self.happen(unit, caller, &before, before.clone(), event, becoming)?;
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
        self.save(unit, caller, "disk.extend", &before, after)
            .ok_or_else(|| no_disk(id.to_string()))
    }

    /// Gives a disk another type, by its name or id.
    pub async fn retype_disk(&self, caller: &Caller, id: &str, to: &str) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let retyped = self.convert(&mut *unit, caller, wanted, to).await;
        let disk = self.settle_disk(unit, retyped).await?;
        info!(disk.id = %disk.id, "gave disk {} the type {to}", disk.id);
        Ok(disk)
    }

    /// Gives a disk another type in a unit of work.
    pub(in crate::service) async fn convert(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        to: &str,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        let found = seen_named(unit, caller, to).await?;
        let disk_type = found.ok_or_else(|| ServiceError::UnknownNewType(to.to_owned()))?;
        let becoming = Becoming { size_gib: None, disk_type: Some(disk_type.name.clone()) };
        let changed = before.clone();
        let mut after = self.happen(unit, caller, &before, changed, DiskEvent::Retype, becoming)?;
        if let Some(disk) = after.as_mut().filter(|disk| disk.disk_type == disk_type.name) {
            disk.encrypted = disk_type.encrypted;
        }
        if disk_type.name == before.disk_type {
            let (status, disk) = (before.status, before.id);
            return Err(WrongStatus { event: DiskEvent::Retype, status, disk }.into());
        }
        let wish = Wish::Retype { disk_type: &disk_type.name, size_gib: before.size_gib };
        self.check_quota(unit, &before.project, wish).await??;
        self.save(unit, caller, "disk.retype", &before, after)
            .ok_or_else(|| no_disk(id.to_string()))
    }

    /// Sets a disk's status by hand; what was under way is dropped. Whatever takes the disk out of
    /// `awaiting-transfer` ends its transfer with it, so that an old key never takes a disk; and an
    /// available disk has no attachments, so that an attached one is never offered.
    pub async fn reset_disk_status(
        &self,
        caller: &Caller,
        id: &str,
        to: DiskReset,
    ) -> Result<Disk> {
        if to.status == Some(DiskStatus::AwaitingTransfer) {
            return Err(ServiceError::ResetToAwaitingTransfer);
        }
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let reset = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            let expired = self.expire_offer(&mut *unit, &before).await?;
            let before = expired.map_or(before, |(released, _)| released);
            let after = to.of(before.clone(), self.now())?;
            self.save(&mut *unit, caller, "disk.reset_status", &before, Some(after))
                .ok_or_else(|| no_disk(id.to_owned()))
        }
        .await;
        let disk = self.settle_disk(unit, reset).await?;
        info!(disk.id = %disk.id, disk.status = %disk.status, "reset disk {}", disk.id);
        Ok(disk)
    }
}

/// What an administrator sets by hand; none leaves things as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct DiskReset {
    /// The disk's status.
    pub status: Option<DiskStatus>,
    /// How far its attachments have come.
    pub attachments: Option<AttachmentReset>,
}

/// What is set of a disk's attachments by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentReset {
    /// They are over.
    Detached,
    /// All of them have come so far.
    All(AttachStatus),
}

impl DiskReset {
    fn of(self, mut disk: Disk, now: Time) -> Result<Disk> {
        match self.attachments {
            Some(AttachmentReset::Detached) if disk.attachments.is_empty() => {}
            Some(AttachmentReset::Detached) => {
                disk.attachments.clear();
                disk.settle();
            }
            Some(AttachmentReset::All(status)) => {
                disk.attachments.iter_mut().for_each(|attachment| attachment.come_to(status, now));
            }
            None => {}
        }
        let Some(status) = self.status else { return Ok(disk) };
        if status == DiskStatus::Available {
            disk.attachments.clear();
        }
        if status == DiskStatus::InUse && !disk.is_attached() {
            return Err(ServiceError::ResetToInUse);
        }
        disk.status = status;
        disk.pending = None;
        Ok(disk)
    }
}
