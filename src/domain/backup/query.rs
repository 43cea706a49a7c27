//! Which backups a list shows, and in which order.

use crate::domain::ids::{BackupId, ProjectId};
use crate::domain::page::Paging;

/// By what a list of backups can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupSort {
    /// When it was made.
    CreatedAt,
    /// When it last changed; those that never did first.
    UpdatedAt,
    /// Of when its data are.
    DataAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
    /// Its status word.
    Status,
    /// Its size.
    Size,
    /// The disk it was made of.
    Disk,
}

/// A text of a backup that a list can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupText {
    /// Its id.
    Id,
    /// Its name.
    Name,
    /// Its status word; a word that is no status matches nothing.
    Status,
    /// The disk it was made of; a text that is no disk's id matches nothing.
    Disk,
    /// The snapshot it was made from.
    Snapshot,
    /// Its availability zone.
    Zone,
    /// Where it is kept.
    Container,
    /// The project that owns it.
    Project,
    /// Who made it.
    User,
}

/// One thing that is true of every backup of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupCondition {
    /// The text is this one, letter by letter.
    Is(BackupText, String),
    /// This is part of the text; ASCII letters count in either case.
    Contains(BackupText, String),
    /// Something that no backup is.
    Never,
}

/// Which backups are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupFilter {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// All of these hold.
    pub conditions: Vec<BackupCondition>,
}

/// Which backups to list, and which page of them.
#[derive(Debug, Clone)]
pub struct BackupQuery {
    /// Which backups.
    pub filter: BackupFilter,
    /// The page.
    pub page: Paging<BackupId, BackupSort>,
}
