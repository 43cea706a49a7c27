//! What is due, in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, JobId, PolicyId, TransferId};

/// Something that is due: a hint, since it may be over when its turn comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueWork {
    /// Something is under way on this disk, on a snapshot or on a backup of it.
    OnDisk(DiskId),
    /// The time of this transfer is over.
    Transfer(TransferId),
    /// This backup policy runs.
    Policy(PolicyId),
    /// The turn of this task of a backup policy comes.
    Task(JobId),
}

/// Questions about what is due.
#[async_trait]
pub trait ProgressReads {
    /// At most `limit` of what ends at `ends` or before, none: of everything that is under way, and
    /// of what begins at `begins` or before; what is due first comes first. A task does not begin
    /// while another has its disk.
    async fn due(&mut self, ends: Option<Time>, begins: Time, limit: u32) -> Result<Vec<DueWork>>;

    /// When the next of it is due that is due after this moment; none: of everything.
    async fn next_due(&mut self, after: Option<Time>) -> Result<Option<Time>>;
}
