//! Backups that are shared with other projects (VBS, "Sharing a Backup").

use super::{Backup, BackupText};
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, BackupShareId, ProjectId};
use crate::domain::page::Paging;

/// What lets another project make disks from a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupShare {
    /// Its id.
    pub id: BackupShareId,
    /// The backup.
    pub backup: BackupId,
    /// The project that may use it.
    pub project: ProjectId,
    /// Since when.
    pub created_at: Time,
}

/// A share with its backup, whose project is the one that shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedBackup {
    /// The share.
    pub share: BackupShare,
    /// The backup.
    pub backup: Backup,
}

/// By what a list of shares can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShareSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
    /// The name of the backup; nameless ones first.
    Name,
    /// The status word of the backup.
    Status,
    /// The size of the backup.
    Size,
}

/// Which shares are meant; what is none does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShareFilter {
    /// By this project.
    pub from: Option<ProjectId>,
    /// With this project.
    pub to: Option<ProjectId>,
    /// With this in the name of the backup.
    pub name: Option<String>,
    /// Of backups with these texts.
    pub is: Vec<(BackupText, String)>,
}

/// Which shares to list, and which page of them.
#[derive(Debug, Clone)]
pub struct ShareQuery {
    /// Which shares.
    pub filter: ShareFilter,
    /// The page.
    pub page: Paging<BackupShareId, ShareSort>,
}
