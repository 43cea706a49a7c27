//! Shared backups in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::backup::{BackupShare, ShareFilter, ShareQuery, SharedBackup};
use crate::domain::ids::{BackupId, BackupShareId, ProjectId};

/// Questions about shared backups.
#[async_trait]
pub trait BackupShareReads {
    /// The share with its backup, whoever shares with whom.
    async fn backup_share(&mut self, id: BackupShareId) -> Result<Option<SharedBackup>>;

    /// One page of shares with their backups.
    async fn backup_shares(&mut self, query: &ShareQuery) -> Result<Vec<SharedBackup>>;

    /// How many there are on all pages.
    async fn count_backup_shares(&mut self, filter: &ShareFilter) -> Result<i64>;

    /// The shares of a backup, the oldest first.
    async fn shares_of_backup(&mut self, backup: BackupId) -> Result<Vec<BackupShare>>;

    /// Whether a backup is shared with a project.
    async fn is_shared(&mut self, backup: BackupId, project: &ProjectId) -> Result<bool>;
}

/// Changes of shared backups.
pub trait BackupShareWrites {
    /// A new share.
    fn insert_backup_share(&mut self, share: &BackupShare);

    /// Shares no more.
    fn delete_backup_share(&mut self, id: BackupShareId);
}
