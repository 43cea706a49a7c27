//! Backups in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::backup::{Backup, BackupQuery, BackupStatus};
use crate::domain::ids::{BackupId, DiskId, PolicyId};

/// Questions about backups.
#[async_trait]
pub trait BackupReads {
    /// The backup, whoever owns it.
    async fn backup(&mut self, id: BackupId) -> Result<Option<Backup>>;

    /// One page of backups.
    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>>;

    /// The youngest backup of a disk in status `available`: the base of an incremental one.
    async fn latest_backup(&mut self, disk: DiskId) -> Result<Option<Backup>>;

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

    /// Removes a backup, provided that its status is still `from`.
    fn delete_backup(&mut self, id: BackupId, from: BackupStatus);
}
