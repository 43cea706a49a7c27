//! Backup policies and the disks under them in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, PolicyId, ProjectId};
use crate::domain::policy::{Binding, Policy};

/// Questions about backup policies.
#[async_trait]
pub trait PolicyReads {
    /// The policy, whoever owns it.
    async fn policy(&mut self, id: PolicyId) -> Result<Option<Policy>>;

    /// Every policy of a project, the oldest first.
    async fn policies(&mut self, project: &ProjectId) -> Result<Vec<Policy>>;

    /// What a disk is bound to.
    async fn binding(&mut self, disk: DiskId) -> Result<Option<Binding>>;

    /// The disks that are bound to a policy, by id.
    async fn bound_disks(&mut self, policy: PolicyId) -> Result<Vec<DiskId>>;
}

/// Changes of backup policies.
pub trait PolicyWrites {
    /// A new policy.
    fn insert_policy(&mut self, policy: &Policy);

    /// Removes a policy; the disks under it are bound to nothing then.
    fn delete_policy(&mut self, id: PolicyId);

    /// Puts a disk that is bound to nothing under a policy.
    fn bind_disk(&mut self, disk: DiskId, policy: PolicyId, at: Time);

    /// Takes a disk out of the policy it is under.
    fn unbind_disk(&mut self, disk: DiskId, policy: PolicyId);
}
