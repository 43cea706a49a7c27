//! Withdrawing an offer.

use tracing::info;

use super::{end_as_deleted, no_transfer, open_transfer, parse, released};
use crate::domain::access::Caller;
use crate::domain::event::Event;
use crate::domain::ids::TransferId;
use crate::domain::transfer::Transfer;
use crate::service::idempotency::{Answered, Retriable};
use crate::service::{App, Result, settle};
use crate::store::WriteTx;

impl App {
    /// Withdraws an offer: the disk is available again, the key opens nothing any more.
    pub async fn delete_transfer(
        &self,
        caller: &Caller,
        id: &str,
        request: Retriable<Transfer>,
    ) -> Result<Answered<Transfer>> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let withdrawn = async {
            if let Some(first) = self.first_answer(&mut *unit, caller, &request).await? {
                return Ok(first);
            }
            let transfer = self.withdraw(&mut *unit, caller, wanted).await?;
            self.answer(&mut *unit, caller, &request, wanted, transfer)
        }
        .await;
        let answered = settle(unit, withdrawn).await?;
        if let Some(transfer) = answered.done() {
            info!(transfer.id = %transfer.id, disk.id = %transfer.disk,
                "withdrew transfer {} of disk {}", transfer.id, transfer.disk);
        }
        Ok(answered)
    }

    async fn withdraw(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: TransferId,
    ) -> Result<Transfer> {
        let now = self.now();
        let (transfer, facts) = open_transfer(unit, id, now).await?;
        if !caller.sees(&transfer.source_project) {
            return Err(no_transfer(id.to_string()));
        }
        let before = facts.disk;
        let released = released(&before);
        // Before the disk goes: the guards of the file let none go whose transfer is pending.
        end_as_deleted(unit, transfer.id, now);
        unit.update_disk(&released, before.status);
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
}
