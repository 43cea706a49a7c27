//! Quotas in the store: limits are rows, usage is counted from rows.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Result;
use crate::domain::ids::ProjectId;
use crate::domain::quota::{TypeUsage, Usage};

/// Questions about quotas.
#[async_trait]
pub trait QuotaReads {
    /// The limits set for every project at once.
    async fn class_limits(&mut self) -> Result<BTreeMap<String, i64>>;

    /// The limits set for a project itself, over those for every project.
    async fn limits(&mut self, project: &ProjectId) -> Result<BTreeMap<String, i64>>;

    /// The limits of a project, as [`QuotaReads::limits`] gives them, and what it has, in one view. Counting takes time with
    /// the number of things that the project has.
    async fn quota(&mut self, project: &ProjectId) -> Result<(BTreeMap<String, i64>, Usage)>;

    /// What each project has of each disk type, as far as it has any: all counted at one moment.
    /// Takes time with the number of disks and snapshots that there are.
    async fn usage_of_all(&mut self) -> Result<Vec<(ProjectId, String, TypeUsage)>>;
}

/// Changes of quotas.
pub trait QuotaWrites {
    /// Sets a project's own limit of a key, in place of the one before if there was one.
    fn set_limit(&mut self, project: &ProjectId, key: &str, limit: i64);

    /// Takes a project's own limits away, however many there are.
    fn delete_limits(&mut self, project: &ProjectId);

    /// Sets the limit of a key for every project, in place of the one before if there was one.
    fn set_class_limit(&mut self, key: &str, limit: i64);
}
