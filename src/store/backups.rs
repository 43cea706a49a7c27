//! Backups in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::backup::{Backup, BackupQuery, BackupStatus};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId};

/// Questions about backups.
#[async_trait]
pub trait BackupReads {
    /// The backup, whoever owns it.
    async fn backup(&mut self, id: BackupId) -> Result<Option<Backup>>;

    /// One page of backups.
    async fn backups(&mut self, query: &BackupQuery) -> Result<Vec<Backup>>;

    /// How many backups in status `available` a disk has: the base of an incremental one.
    async fn available_backups(&mut self, disk: DiskId) -> Result<i64>;
}

/// Changes of backups.
pub trait BackupWrites {
    /// A new backup.
    fn insert_backup(&mut self, backup: &Backup);

    /// Another status, provided that it is still `from`.
    fn set_backup_status(&mut self, id: BackupId, from: BackupStatus, to: BackupStatus, at: Time);

    /// Removes a backup, provided that its status is still `from`.
    fn delete_backup(&mut self, id: BackupId, from: BackupStatus);
}
