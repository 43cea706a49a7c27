//! Backups in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::backup::{Backup, BackupFilter, BackupQuery, BackupStatus};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, PolicyId, ProjectId};

/// Questions about backups.
#[async_trait]
pub trait BackupReads {
    /// The backup, whoever owns it.
    async fn backup(&mut self, id: BackupId) -> Result<Option<Backup>>;

    /// One page of backups.
    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>>;

    /// How many backups there are on all pages.
    async fn count_backups(&mut self, filter: &BackupFilter) -> Result<i64>;

    /// The backup of a disk with the youngest data, of its project and in status `available`: the base
    /// of an incremental one. With `before`, its data are older than that.
    async fn latest_backup(
        &mut self,
        disk: DiskId,
        project: &ProjectId,
        before: Option<Time>,
    ) -> Result<Option<Backup>>;

    /// The backups that build on a backup, the oldest first.
    async fn backups_upon(&mut self, base: BackupId) -> Result<Vec<Backup>>;

    /// What a policy has made of a disk and is in status `available`.
    async fn policy_backups(&mut self, policy: PolicyId, disk: DiskId) -> Result<Vec<Backup>>;

    /// The backups of a disk on which something is under way, what ends first first.
    async fn backups_under_way(&mut self, disk: DiskId) -> Result<Vec<Backup>>;
}

/// Changes of backups.
pub trait BackupWrites {
    /// A new backup.
    fn insert_backup(&mut self, backup: &Backup);

    /// All that can change of a backup, provided that its status is still `from`.
    fn update_backup(&mut self, backup: &Backup, from: BackupStatus);

    /// Lets what builds on a backup build on what that builds on, if anything: then they hold everything.
    fn rebase_backups(&mut self, base: BackupId);

    /// Removes a backup, provided that its status is still `from`.
    fn delete_backup(&mut self, id: BackupId, from: BackupStatus);
}
