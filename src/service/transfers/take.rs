//! Taking an offered disk.

use tracing::info;

use super::{key_of, no_transfer, open_transfer};
use crate::domain::access::Caller;
use crate::domain::disk::{Disk, DiskEvent};
use crate::domain::event::Event;
use crate::domain::quota::Wish;
use crate::domain::transfer::{AuthKey, Transfer, TransferEnd, TransferStatus, may_be_accepted};
use crate::service::idempotency::{Answered, Retriable};
use crate::service::{App, Result, ServiceError, settle};
use crate::store::WriteTx;

impl App {
    /// Takes an offered disk for the caller's project. The key is verified before the unit of work
    /// opens; inside it the transfer must still be the one whose key was verified.
    pub async fn accept_transfer(
        &self,
        caller: &Caller,
        id: &str,
        key: AuthKey,
        request: Retriable<Transfer>,
    ) -> Result<Answered<Transfer>> {
        let pending = self.pending(id).await;
        let mut view = self.read().await?;
        // After that look: what the first request did in between is then seen with its answer.
        if let Some(first) = self.first_answer(&mut *view, caller, &request).await? {
            return Ok(first);
        }
        let transfer = pending?;
        let target = key_of(&transfer);
        self.may_guess(&mut *view, &target).await?;
        drop(view);
        if !self.hasher.verify_key(&key, transfer.key_hash.clone()).await? {
            self.wrong_guess(caller, &target).await?;
            return Err(ServiceError::WrongKey(transfer.id));
        }

        let mut unit = self.write().await?;
        let mut taken = None;
        let accepted = async {
            if let Some(first) = self.first_answer(&mut *unit, caller, &request).await? {
                return Ok(first);
            }
            taken = Some(self.take(&mut *unit, caller, &transfer).await?);
            self.answer(&mut *unit, caller, &request, transfer.id, transfer)
        }
        .await;
        let answered = settle(unit, accepted).await?;

        if let (Some(disk), Some(transfer)) = (taken, answered.done()) {
            info!(transfer.id = %transfer.id, disk.id = %disk.id, project.id = %disk.project,
                "handed disk {} over to project {}", disk.id, disk.project);
        }
        Ok(answered)
    }

    async fn take(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        verified: &Transfer,
    ) -> Result<Disk> {
        // One moment for the whole: what is open now is taken now.
        let now = self.now();
        let (transfer, facts) = open_transfer(unit, verified.id, now).await?;
        if transfer.key_hash != verified.key_hash {
            return Err(no_transfer(verified.id.to_string()));
        }
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

        let mut taken = before.clone();
        taken.status = before.after(DiskEvent::AcceptTransfer)?;
        taken.transfer = None;
        taken.project = caller.project.clone();
        taken.user = caller.user.clone();
        taken.updated_at = Some(now);
        // Before the disk goes: the guards of the file let none go whose transfer is pending.
        unit.finish_transfer(&TransferEnd {
            id: transfer.id,
            status: TransferStatus::Accepted,
            destination: Some((caller.project.clone(), caller.user.clone())),
            finished_at: now,
        });
        unit.update_disk(&taken, before.status);
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
}
