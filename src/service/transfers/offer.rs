//! Offering a disk.

use tracing::info;

use crate::domain::access::Caller;
use crate::domain::disk::DiskEvent;
use crate::domain::event::Event;
use crate::domain::ids::{DiskId, TransferId};
use crate::domain::transfer::{
    AuthKey, Expiry, KeyHash, Lifetime, Transfer, TransferFacts, may_be_created,
};
use crate::service::idempotency::{Answered, Retriable};
use crate::service::{App, Resource, Result, ServiceError, settle};
use crate::store::{ReadTx, WriteTx};

/// What is asked for when a disk is offered.
#[derive(Debug, Clone)]
pub struct NewTransfer {
    /// The disk.
    pub disk: DiskId,
    /// The transfer's name, trimmed and measured.
    pub name: Option<String>,
    /// Whether snapshots were asked to stay; there are none, so nothing depends on it.
    pub no_snapshots: bool,
    /// How long it lasts, if the request says so.
    pub lifetime: Option<Lifetime>,
}

/// A new transfer, and the only sight of its key.
#[derive(Debug, Clone)]
pub struct Offered {
    /// The transfer.
    pub transfer: Transfer,
    /// Its key.
    pub key: AuthKey,
}

impl App {
    /// Offers a disk. Looks first, so that a refused request does not pay for a hash; hashes while
    /// no unit of work is open; then looks again inside the unit, and that look counts.
    pub async fn create_transfer(
        &self,
        caller: &Caller,
        new: NewTransfer,
        request: Retriable<Offered>,
    ) -> Result<Answered<Offered>> {
        let mut view = self.read().await?;
        let offerable = self.offerable(&mut *view, caller, new.disk).await;
        // After that look: what the first request did in between is then seen with its answer.
        if let Some(first) = self.first_answer(&mut *view, caller, &request).await? {
            return Ok(first);
        }
        offerable?;
        drop(view);
        let (key, key_hash) = self.hasher.new_key().await?;

        let mut unit = self.write().await?;
        let offered = async {
            if let Some(first) = self.first_answer(&mut *unit, caller, &request).await? {
                return Ok(first);
            }
            let transfer = self.offer(&mut *unit, caller, new, key_hash).await?;
            let id = transfer.id;
            self.answer(&mut *unit, caller, &request, id, Offered { transfer, key })
        }
        .await;
        let answered = settle(unit, offered).await?;

        if let Some(Offered { transfer, .. }) = answered.done() {
            if transfer.expiry.is_some() {
                self.woken.notify_one();
            }
            info!(transfer.id = %transfer.id, disk.id = %transfer.disk,
                "offered disk {} as transfer {}", transfer.disk, transfer.id);
        }
        Ok(answered)
    }

    async fn offer(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewTransfer,
        key_hash: KeyHash,
    ) -> Result<Transfer> {
        let before = self.offerable(unit, caller, new.disk).await?.disk;
        let now = self.now();
        let transfer = Transfer {
            id: TransferId::random(),
            disk: before.id,
            source_project: before.project.clone(),
            source_user: caller.user.clone(),
            name: new.name,
            no_snapshots: new.no_snapshots,
            key_hash,
            created_at: now,
            expiry: Expiry::of(now, new.lifetime, self.rules.transfers_last),
        };
        let mut offered = before.clone();
        offered.status = before.after(DiskEvent::CreateTransfer)?;
        offered.transfer = Some(transfer.id);
        unit.insert_transfer(&transfer);
        unit.update_disk(&offered, before.status);
        unit.record(&Event::of_disk(
            caller,
            now,
            "transfer.create",
            &transfer.id,
            Some(&before),
            Some(&offered),
        ));
        Ok(transfer)
    }

    /// The disk with its facts, if the caller sees it and no rule forbids to offer it.
    async fn offerable(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        caller: &Caller,
        disk: DiskId,
    ) -> Result<TransferFacts> {
        let facts = view
            .disk_with_facts(disk, caller.only_sees())
            .await?
            .ok_or_else(|| ServiceError::NotFound(Resource::Disk, disk.to_string()))?;
        may_be_created(&facts, self.rules.transfers)?;
        Ok(facts)
    }
}
