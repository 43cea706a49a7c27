//! Disks.

mod back;
mod changes;
mod create;
mod delete;
mod image;
mod lists;
mod metadata;
mod progress;

use std::collections::BTreeMap;

use tracing::info;

use super::jobs::drop_part;
use super::transfers::end_as_deleted;
use super::{App, Resource, Result, ServiceError, attachments, settle};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus};
use crate::domain::event::Event;
use crate::domain::ids::DiskId;
use crate::domain::transfer::TransferFacts;
use crate::store::WriteTx;

pub use changes::{AttachmentReset, DiskReset, Growth};
pub use create::{NewDisk, Source};
pub use delete::Deletion;
pub use image::{ImageUpload, NewImage};

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

    /// Changes what people say about a disk; any status but maintenance allows it.
    pub async fn update_disk(&self, caller: &Caller, id: &str, change: DiskChange) -> Result<Disk> {
        self.change_disk(caller, id, "disk.update", DiskEvent::Update, |disk| {
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

    /// Changes what `event` allows to change, all at once.
    async fn change_disk(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        event: DiskEvent,
        change: impl FnOnce(&mut Disk) + Send,
    ) -> Result<Disk> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let before = visible(&mut *unit, caller, wanted).await?.disk;
            let mut after = before.clone();
            change(&mut after);
            let after =
                self.happen(&mut *unit, caller, &before, after, event, Becoming::default())?;
            self.save(&mut *unit, caller, action, &before, after)
                .ok_or_else(|| no_disk(id.to_owned()))
        }
        .await;
        let disk = self.settle_disk(unit, changed).await?;
        info!(disk.id = %disk.id, disk.status = %disk.status, "changed disk {}", disk.id);
        Ok(disk)
    }

    /// Queues what became of a disk, which may be gone, and of its attachments, and the events that
    /// tell of it; a disk that is offered no more loses its transfer.
    pub(super) fn save(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: &Disk,
        after: Option<Disk>,
    ) -> Option<Disk> {
        let now = self.now();
        let mut after = after.map(|mut disk| {
            disk.updated_at = Some(now);
            if disk.status != DiskStatus::AwaitingTransfer {
                disk.transfer = None;
            }
            disk
        });
        attachments::save(unit, caller, now, before, after.as_mut());
        // Before the disk goes: the guards of the file let none go whose transfer is pending.
        let offered = after.as_ref().and_then(|disk| disk.transfer);
        if let Some(transfer) = before.transfer.filter(|_| offered.is_none()) {
            end_as_deleted(unit, transfer, now);
        }
        match &after {
            Some(disk) => unit.update_disk(disk, before.status),
            None => unit.delete_disk(before.id, before.status),
        }
        drop_part(unit, before, after.as_ref(), now);
        unit.record(&Event::of_disk(caller, now, action, &before.id, Some(before), after.as_ref()));
        after
    }

    /// Like [`settle`], and wakes whoever ends what the disk has begun.
    async fn settle_disk(&self, unit: Box<dyn WriteTx>, outcome: Result<Disk>) -> Result<Disk> {
        let disk = settle(unit, outcome).await?;
        if disk.pending.is_some() {
            self.woken.notify_one();
        }
        Ok(disk)
    }
}

/// The disk with its facts, if the caller sees it.
pub(super) async fn visible(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    id: DiskId,
) -> Result<TransferFacts> {
    let found = unit.disk_with_facts(id, caller.only_sees()).await?;
    found.ok_or_else(|| no_disk(id.to_string()))
}

pub(in crate::service) fn parse(id: &str) -> Result<DiskId> {
    DiskId::parse(id).ok_or_else(|| no_disk(id.to_owned()))
}

pub(in crate::service) fn no_disk(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Disk, id)
}
