//! Disks in the store.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Result;
use crate::domain::disk::{Disk, DiskFilter, DiskQuery, DiskStatus};
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::transfer::TransferFacts;

/// What some disks are together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DiskSummary {
    /// How many there are.
    pub disks: i64,
    /// Their sizes in GiB.
    pub gib: i64,
    /// Every key of their metadata with the values that it has.
    pub metadata: BTreeMap<String, BTreeSet<String>>,
}

/// Questions about disks.
#[async_trait]
pub trait DiskReads {
    /// The disk, whoever owns it.
    async fn disk(&mut self, id: DiskId) -> Result<Option<Disk>>;

    /// The disk and all that decides whether it may be handed over. With a project, only if that
    /// owns it: another's disk costs no more than one that is not there.
    async fn disk_with_facts(
        &mut self,
        id: DiskId,
        of: Option<&ProjectId>,
    ) -> Result<Option<TransferFacts>>;

    /// One page of disks.
    async fn disks(&mut self, query: &DiskQuery) -> Result<Vec<Disk>>;

    /// How many disks there are on all pages.
    async fn count_disks(&mut self, filter: &DiskFilter) -> Result<i64>;

    /// All disks of a project, or of all projects, together.
    async fn disk_summary(&mut self, project: Option<&ProjectId>) -> Result<DiskSummary>;
}

/// Changes of disks.
pub trait DiskWrites {
    /// A new disk.
    fn insert_disk(&mut self, disk: &Disk);

    /// Everything of a disk that can change, provided that its status is still `from`.
    fn update_disk(&mut self, disk: &Disk, from: DiskStatus);

    /// Removes a disk, provided that its status is still `from`. Its binding to a policy goes too.
    fn delete_disk(&mut self, id: DiskId, from: DiskStatus);
}
