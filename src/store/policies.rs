//! Backup policies, their tags and the disks under them in the store.

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

    /// Every policy of a project that has a row: the one from the start, then the oldest first.
    async fn policies(&mut self, project: &ProjectId) -> Result<Vec<Policy>>;

    /// What a disk is bound to.
    async fn binding(&mut self, disk: DiskId) -> Result<Option<Binding>>;

    /// The disks that are bound to a policy, by id.
    async fn bound_disks(&mut self, policy: PolicyId) -> Result<Vec<DiskId>>;
}

/// Changes of backup policies.
pub trait PolicyWrites {
    /// A new policy with its tags.
    fn insert_policy(&mut self, policy: &Policy);

    /// Gives a policy the name and the schedule that it has here.
    fn update_policy(&mut self, policy: &Policy);

    /// Moves the next run of a policy.
    fn set_next_run(&mut self, policy: PolicyId, from: Time, to: Time);

    /// Removes a policy with its tags and tasks; the disks under it are bound to nothing then.
    fn delete_policy(&mut self, id: PolicyId);

    /// Gives a policy a tag, or a tag of it a new value.
    fn set_policy_tag(&mut self, policy: PolicyId, key: &str, value: &str);

    /// Takes a tag from a policy.
    fn delete_policy_tag(&mut self, policy: PolicyId, key: &str);

    /// Puts a disk that is bound to nothing under a policy.
    fn bind_disk(&mut self, disk: DiskId, policy: PolicyId, at: Time);

    /// Takes a disk out of the policy it is under.
    fn unbind_disk(&mut self, disk: DiskId, policy: PolicyId);
}
