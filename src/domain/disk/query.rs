//! Which disks a list shows, and in which order.

use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::page::Paging;

/// By what a list of disks can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskSort {
    /// When it was made.
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
    /// The name of its type.
    Type,
    /// Its availability zone.
    Zone,
    /// Whether it is a system disk.
    Bootable,
    /// Whether it may be attached to several servers.
    Multiattach,
    /// The project that owns it.
    Project,
    /// Who made or accepted it.
    User,
}

/// A text of a disk that a list can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskText {
    /// Its id.
    Id,
    /// Its name.
    Name,
    /// What it is for.
    Description,
    /// Its status word; a word that is no status matches nothing.
    Status,
    /// The name of its type.
    Type,
    /// Its availability zone.
    Zone,
    /// The project that owns it.
    Project,
    /// Who made or accepted it.
    User,
    /// The snapshot that it was made from.
    FromSnapshot,
    /// The disk that it was made from.
    FromDisk,
}

/// A flag of a disk that a list can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskFlag {
    /// It is a system disk.
    Bootable,
    /// It may be attached to several servers.
    Multiattach,
}

/// A time of a disk that a list can be narrowed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTime {
    /// When it was made.
    CreatedAt,
    /// When it last changed; a disk that never did matches no comparison.
    UpdatedAt,
}

/// How a time is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Later.
    Greater,
    /// Later, or the same.
    GreaterOrEqual,
    /// The same.
    Equal,
    /// Another.
    NotEqual,
    /// Earlier.
    Less,
    /// Earlier, or the same.
    LessOrEqual,
}

/// One thing that is true of every disk of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiskCondition {
    /// The text is one of these, letter by letter.
    Is(DiskText, Vec<String>),
    /// This is part of the text; ASCII letters count in either case.
    Contains(DiskText, String),
    /// Its size in GiB is one of these.
    Size(Vec<i64>),
    /// The flag is set, or is not.
    Flag(DiskFlag, bool),
    /// Its metadata has this key with this value.
    Metadata(String, String),
    /// What is known of its image has this key with this value.
    ImageMetadata(String, String),
    /// The time compares so with this one.
    Time(DiskTime, Comparison, Time),
    /// Something that no disk is.
    Never,
}

/// Which disks are meant.
#[derive(Debug, Clone, Default)]
pub struct DiskFilter {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// All of these hold.
    pub conditions: Vec<DiskCondition>,
}

/// Which disks to list, and which page of them.
#[derive(Debug, Clone)]
pub struct DiskQuery {
    /// Which disks.
    pub filter: DiskFilter,
    /// The page.
    pub page: Paging<DiskId, DiskSort>,
}
