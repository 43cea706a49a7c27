//! Disks as the cloud's own API shows them, and their tags, in the store.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Result;
use crate::domain::cloud_disk::{CloudDisk, CloudFilter, CloudQuery};
use crate::domain::ids::{DiskId, ProjectId};

/// Questions about disks with their tags.
#[async_trait]
pub trait CloudDiskReads {
    /// The disk, whoever owns it.
    async fn cloud_disk(&mut self, id: DiskId) -> Result<Option<CloudDisk>>;

    /// One page of disks.
    async fn cloud_disks(&mut self, query: &CloudQuery) -> Result<Vec<CloudDisk>>;

    /// How many disks there are on all pages.
    async fn count_cloud_disks(&mut self, filter: &CloudFilter) -> Result<i64>;

    /// Every tag key of a project's disks with the values that it has.
    async fn project_tags(
        &mut self,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, BTreeSet<String>>>;
}

/// Changes of what only the cloud's own API tells of a disk.
pub trait CloudDiskWrites {
    /// Bills a disk to an enterprise project.
    fn set_enterprise_project(&mut self, disk: DiskId, enterprise_project: &str);

    /// Gives a disk a tag, or a tag of it another value.
    fn set_tag(&mut self, disk: DiskId, key: &str, value: &str);

    /// Removes a tag that is there.
    fn delete_tag(&mut self, disk: DiskId, key: &str);
}
