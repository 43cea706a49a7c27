//! Handing a disk over: offer, look, take, withdraw.

use tracing::info;

use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent};
use crate::domain::event::Event;
use crate::domain::guess::{Secret, Target};
use crate::domain::ids::{DiskId, TransferId};
use crate::domain::quota::Wish;
use crate::domain::transfer::{
    AuthKey, KeyHash, Transfer, TransferEnd, TransferFacts, TransferQuery, TransferStatus,
    may_be_accepted, may_be_created,
};
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
    pub async fn create_transfer(&self, caller: &Caller, new: NewTransfer) -> Result<Offered> {
        let mut view = self.read().await?;
        self.offerable(&mut *view, caller, new.disk).await?;
        drop(view);
        let (key, key_hash) = self.hasher.new_key().await?;

        let mut unit = self.write().await?;
        let offered = self.offer(&mut *unit, caller, new, key_hash).await;
        let transfer = settle(unit, offered).await?;

        info!(transfer.id = %transfer.id, disk.id = %transfer.disk,
            "offered disk {} as transfer {}", transfer.disk, transfer.id);
        Ok(Offered { transfer, key })
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

    /// Takes an offered disk for the caller's project. The key is verified before the unit of work
    /// opens; inside it the transfer must still be the one whose key was verified.
    pub async fn accept_transfer(
        &self,
        caller: &Caller,
        id: &str,
        key: AuthKey,
    ) -> Result<Transfer> {
        let transfer = self.pending(id).await?;
        let target = key_of(&transfer);
        self.may_guess(&mut *self.read().await?, &target).await?;
        if !self.hasher.verify_key(&key, transfer.key_hash.clone()).await? {
            self.wrong_guess(caller, &target).await?;
            return Err(ServiceError::WrongKey(transfer.id));
        }

        let mut unit = self.write().await?;
        let taken = self.take(&mut *unit, caller, &transfer).await;
        let disk = settle(unit, taken).await?;

        info!(transfer.id = %transfer.id, disk.id = %disk.id, project.id = %disk.project,
            "handed disk {} over to project {}", disk.id, disk.project);
        Ok(transfer)
    }

    async fn take(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        verified: &Transfer,
    ) -> Result<Disk> {
        let (transfer, facts) = unit
            .transfer_with_facts(verified.id)
            .await?
            .filter(|(transfer, _)| transfer.key_hash == verified.key_hash)
            .ok_or_else(|| no_transfer(verified.id.to_string()))?;
        // Again: of many guesses that were verified at once, a right one must not slip through.
        self.may_guess(unit, &key_of(&transfer)).await?;
        may_be_accepted(&facts, self.rules.transfers)?;
        let before = facts.disk;
        let wish = if before.project == caller.project {
            Wish::OwnDisk(before.size_gib)
        } else {
            Wish::Disk(&before.disk_type, before.size_gib)
        };
        self.check_quota(unit, &caller.project, wish)
            .await?
            .map_err(ServiceError::RecipientQuota)?;

        let now = self.now();
        let mut taken = before.clone();
        taken.status = before.after(DiskEvent::AcceptTransfer)?;
        taken.transfer = None;
        taken.project = caller.project.clone();
        taken.user = caller.user.clone();
        taken.updated_at = Some(now);
        unit.update_disk(&taken, before.status);
        unit.finish_transfer(&TransferEnd {
            id: transfer.id,
            status: TransferStatus::Accepted,
            destination: Some((caller.project.clone(), caller.user.clone())),
            finished_at: now,
        });
        unit.record(&Event::of_disk(
            caller,
            now,
            "transfer.accept",
            &transfer.id,
            Some(&before),
            Some(&taken),
        ));
        Ok(taken)
    }

    /// Withdraws an offer: the disk is available again, the key opens nothing any more.
    pub async fn delete_transfer(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let withdrawn = self.withdraw(&mut *unit, caller, wanted).await;
        let transfer = settle(unit, withdrawn).await?;
        info!(transfer.id = %transfer.id, disk.id = %transfer.disk,
            "withdrew transfer {} of disk {}", transfer.id, transfer.disk);
        Ok(())
    }

    async fn withdraw(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: TransferId,
    ) -> Result<Transfer> {
        let (transfer, facts) = unit
            .transfer_with_facts(id)
            .await?
            .filter(|(transfer, _)| caller.sees(&transfer.source_project))
            .ok_or_else(|| no_transfer(id.to_string()))?;
        let now = self.now();
        let before = facts.disk;
        let mut released = before.clone();
        // A disk that somebody moved to another status behind our back keeps it.
        released.status = before.after(DiskEvent::DeleteTransfer).unwrap_or(before.status);
        released.transfer = None;
        unit.update_disk(&released, before.status);
        end_as_deleted(unit, transfer.id, now);
        unit.record(&Event::of_disk(
            caller,
            now,
            "transfer.delete",
            &transfer.id,
            Some(&before),
            Some(&released),
        ));
        Ok(transfer)
    }

    /// A pending transfer of a disk that the caller sees.
    pub async fn transfer(&self, caller: &Caller, id: &str) -> Result<Transfer> {
        let transfer = self.pending(id).await?;
        if caller.sees(&transfer.source_project) {
            Ok(transfer)
        } else {
            Err(no_transfer(id.to_owned()))
        }
    }

    /// One page of pending transfers: the caller's project's, or with `everywhere`, which only
    /// admins are heard on, any project's. An unknown marker is not found.
    pub async fn transfers(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: TransferQuery,
    ) -> Result<Vec<Transfer>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.transfer(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.transfers(&query).await?)
    }

    async fn pending(&self, id: &str) -> Result<Transfer> {
        let wanted = parse(id)?;
        let found = self.read().await?.transfer(wanted).await?;
        found.ok_or_else(|| no_transfer(id.to_owned()))
    }
}

/// Ends a pending transfer because it was withdrawn, or because its disk goes another way.
pub(super) fn end_as_deleted(unit: &mut dyn WriteTx, id: TransferId, now: Time) {
    unit.finish_transfer(&TransferEnd {
        id,
        status: TransferStatus::Deleted,
        destination: None,
        finished_at: now,
    });
}

/// What somebody guesses who tries keys of a transfer.
fn key_of(transfer: &Transfer) -> Target {
    Target { secret: Secret::AuthKey, subject: transfer.id.to_string() }
}

fn parse(id: &str) -> Result<TransferId> {
    TransferId::parse(id).ok_or_else(|| no_transfer(id.to_owned()))
}

fn no_transfer(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Transfer, id)
}
