//! Which snapshots a list shows, and in which order.

use crate::domain::ids::{ProjectId, SnapshotId};
use crate::domain::page::Paging;

/// By what a list of snapshots can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotSort {
    /// When it was taken.
    CreatedAt,
    /// When it last changed; those that never did first.
    UpdatedAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
    /// What it is for; undescribed ones first.
    Description,
    /// Its status word.
    Status,
    /// Its size.
    Size,
    /// The disk it was taken of.
    Disk,
    /// The project that owns it.
    Project,
    /// Who took it.
    User,
}

/// A text of a snapshot that a list can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotText {
    /// Its id.
    Id,
    /// The disk it was taken of.
    Disk,
    /// Its name.
    Name,
    /// What it is for.
    Description,
    /// Its status word; a word that is no status matches nothing.
    Status,
    /// The availability zone, which is its disk's.
    Zone,
    /// The enterprise project that its disk is billed to.
    EnterpriseProject,
    /// The project that owns it.
    Project,
    /// Who took it.
    User,
}

/// One thing that is true of every snapshot of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotCondition {
    /// The text is one of these, letter by letter.
    Is(SnapshotText, Vec<String>),
    /// This is part of the text; ASCII letters count in either case.
    Contains(SnapshotText, String),
    /// Its size in GiB is one of these.
    Size(Vec<i64>),
    /// Its metadata has this key with this value.
    Metadata(String, String),
    /// Something that no snapshot is.
    Never,
}

/// Which snapshots are meant.
#[derive(Debug, Clone, Default)]
pub struct SnapshotFilter {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// All of these hold.
    pub conditions: Vec<SnapshotCondition>,
}

/// Which snapshots to list, and which page of them.
#[derive(Debug, Clone)]
pub struct SnapshotQuery {
    /// Which snapshots.
    pub filter: SnapshotFilter,
    /// The page.
    pub page: Paging<SnapshotId, SnapshotSort>,
}
