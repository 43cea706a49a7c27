//! Faults in the store: the rules that outlive a restart.

use async_trait::async_trait;

use super::Result;
use crate::domain::fault::Fault;
use crate::domain::ids::{DiskId, FaultId, ProjectId};

/// Questions about faults, and about what a rule names.
#[async_trait]
pub trait FaultReads {
    /// Every rule, in the order in which they were added.
    async fn faults(&mut self) -> Result<Vec<Fault>>;

    /// The disk that a transfer, a snapshot, a backup or an attachment is of, by the id of any of them.
    async fn disk_behind(&mut self, id: &str) -> Result<Option<DiskId>>;

    /// The project with that id or else that name, if there is exactly one.
    async fn project_meant(&mut self, text: &str) -> Result<Option<ProjectId>>;
}

/// Changes of faults.
pub trait FaultWrites {
    /// Adds a rule.
    fn insert_fault(&mut self, fault: &Fault);

    /// Removes a rule.
    fn delete_fault(&mut self, id: FaultId);
}
