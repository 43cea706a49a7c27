//! Handing a disk over: offer, look, take, withdraw; and what ends an offer that nobody takes.

mod expire;
mod offer;
mod take;
mod transferable;
mod withdraw;

use super::{App, Resource, Result, ServiceError};
use crate::domain::access::{Caller, Role};
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent};
use crate::domain::guess::{Secret, Target};
use crate::domain::ids::TransferId;
use crate::domain::transfer::{
    Transfer, TransferEnd, TransferFacts, TransferQuery, TransferStatus,
};
use crate::store::WriteTx;

pub use offer::{NewTransfer, Offered};
pub use transferable::Transferability;

impl App {
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
        Ok(self.read().await?.transfers(&query, self.now()).await?)
    }

    /// A pending transfer whose time is not over.
    async fn pending(&self, id: &str) -> Result<Transfer> {
        let wanted = parse(id)?;
        let found = self.read().await?.transfer(wanted).await?;
        let open = found.filter(|transfer| transfer.is_open(self.now()));
        open.ok_or_else(|| no_transfer(id.to_owned()))
    }
}

/// The pending transfer with its disk, if its time is not over at `now`.
async fn open_transfer(
    unit: &mut dyn WriteTx,
    id: TransferId,
    now: Time,
) -> Result<(Transfer, TransferFacts)> {
    let found = unit.transfer_with_facts(id).await?;
    let open = found.filter(|(transfer, _)| transfer.is_open(now));
    open.ok_or_else(|| no_transfer(id.to_string()))
}

/// The disk when nobody offers it any more. One that somebody moved to another status behind our back
/// keeps that.
fn released(offered: &Disk) -> Disk {
    let status = offered.after(DiskEvent::DeleteTransfer).unwrap_or(offered.status);
    Disk { status, transfer: None, ..offered.clone() }
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
