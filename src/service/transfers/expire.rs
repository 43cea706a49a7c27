//! The end of an offer that nobody took in time.

use tracing::info;

use super::released;
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::event::Event;
use crate::domain::ids::TransferId;
use crate::domain::transfer::{Transfer, TransferEnd, TransferStatus};
use crate::service::progress::{Finished, Subject, nobody};
use crate::service::{App, Result, settle};
use crate::store::WriteTx;

impl App {
    /// Ends a transfer, if it is still there and its time is over.
    pub(in crate::service) async fn expire_transfer(
        &self,
        id: TransferId,
    ) -> Result<Option<Finished>> {
        let mut unit = self.write().await?;
        let expired = async {
            let found = unit.transfer(id).await?;
            let Some(transfer) = found.filter(|transfer| !transfer.is_open(self.now())) else {
                return Ok(None);
            };
            let disk = unit.disk(transfer.disk).await?;
            expire(&mut *unit, &transfer, disk.as_ref(), self.now());
            Ok(Some(finished(&transfer)))
        }
        .await;
        let expired = settle(unit, expired).await?;
        if let Some(Finished { disk: Some(disk), .. }) = &expired {
            info!(transfer.id = %id, disk.id = %disk, "transfer {id} of disk {disk} expired");
        }
        Ok(expired)
    }

    /// Ends the offer of a disk whose time is over; none: there is no such offer. Whoever takes a disk
    /// out of `awaiting-transfer` by another way does this first, so that what has expired is never told
    /// as withdrawn.
    pub(in crate::service) async fn expire_offer(
        &self,
        unit: &mut dyn WriteTx,
        disk: &Disk,
    ) -> Result<Option<(Disk, Finished)>> {
        let Some(id) = disk.transfer else { return Ok(None) };
        let now = self.now();
        let Some(transfer) = unit.transfer(id).await?.filter(|transfer| !transfer.is_open(now))
        else {
            return Ok(None);
        };
        expire(unit, &transfer, Some(disk), now);
        Ok(Some((released(disk), finished(&transfer))))
    }
}

/// Queues the end of a transfer and what becomes of its disk, which may be gone by somebody's hand.
fn expire(unit: &mut dyn WriteTx, transfer: &Transfer, disk: Option<&Disk>, now: Time) {
    let after = disk.map(released);
    // Before the disk goes: the guards of the file let none go whose transfer is pending.
    unit.finish_transfer(&TransferEnd {
        id: transfer.id,
        status: TransferStatus::Expired,
        destination: None,
        finished_at: now,
    });
    if let (Some(before), Some(after)) = (disk, &after) {
        unit.update_disk(after, before.status);
    }
    let who = nobody(&transfer.source_project);
    let (action, id) = ("transfer.expire", &transfer.id);
    let event = Event::of_disk(&who, now, action, id, disk, after.as_ref());
    let reason = transfer.expiry.map(|expiry| expiry.reason(transfer.created_at));
    unit.record(&reason.into_iter().fold(event, Event::because));
}

fn finished(transfer: &Transfer) -> Finished {
    Finished {
        disk: Some(transfer.disk),
        subject: Subject::Transfer(transfer.id),
        from: TransferStatus::Pending.as_str(),
        to: Some(TransferStatus::Expired.as_str()),
    }
}
