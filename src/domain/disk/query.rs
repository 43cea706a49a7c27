//! Which disks a list shows, and in which order.

use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::page::Paging;

/// By what a list of disks can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskSort {
    /// When it was made.
    CreatedAt,
    /// When it last changed.
    UpdatedAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
    /// Its status word.
    Status,
    /// Its size.
    Size,
    /// Its availability zone.
    Zone,
    /// Whether it is a system disk.
    Bootable,
}

/// Which disks to list, and which page of them.
#[derive(Debug, Clone)]
pub struct DiskQuery {
    /// Of this project, or of all.
    pub project: Option<ProjectId>,
    /// With exactly this name.
    pub name: Option<String>,
    /// With this status word; a word that is no status matches nothing.
    pub status: Option<String>,
    /// The page.
    pub page: Paging<DiskId, DiskSort>,
}
