//! Transfers in the store. Only pending ones are ever found; finished ones stay for the testers. One
//! whose time is over is pending until it has been ended: lists leave it out, the rest is the
//! service's business.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::TransferId;
use crate::domain::transfer::{Transfer, TransferEnd, TransferFacts, TransferQuery};

/// Questions about pending transfers.
#[async_trait]
pub trait TransferReads {
    /// The pending transfer, whoever made it.
    async fn transfer(&mut self, id: TransferId) -> Result<Option<Transfer>>;

    /// The pending transfer with its disk and all that decides whether that may be handed over.
    async fn transfer_with_facts(
        &mut self,
        id: TransferId,
    ) -> Result<Option<(Transfer, TransferFacts)>>;

    /// One page of pending transfers whose time is not over at `now`.
    async fn transfers(&mut self, query: &TransferQuery, now: Time) -> Result<Vec<Transfer>>;
}

/// Changes of transfers.
pub trait TransferWrites {
    /// A new pending transfer.
    fn insert_transfer(&mut self, transfer: &Transfer);

    /// The end of a pending transfer.
    fn finish_transfer(&mut self, end: &TransferEnd);
}
