//! What is due, in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::DiskId;

/// Something that is due: a hint, since it may be over when its turn comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueWork {
    /// Something is under way on this disk, on a snapshot or on a backup of it.
    OnDisk(DiskId),
}

/// Questions about what is due.
#[async_trait]
pub trait ProgressReads {
    /// At most `limit` of what ends at `until` or before, what ends first first; none: of everything
    /// that is under way.
    async fn due(&mut self, until: Option<Time>, limit: u32) -> Result<Vec<DueWork>>;

    /// When the next of it is due that is due after this moment; none: of everything.
    async fn next_due(&mut self, after: Option<Time>) -> Result<Option<Time>>;
}
