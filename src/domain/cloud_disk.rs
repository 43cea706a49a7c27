//! Disks as the cloud's own API shows and lists them: with their tags and what else only it tells.

use super::disk::Disk;
use super::ids::{DiskId, ProjectId};
use super::page::Paging;
use super::tag::Tags;

/// The enterprise project of a disk that names none.
pub const DEFAULT_ENTERPRISE_PROJECT: &str = "0";

/// A disk with what only the cloud's own API tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudDisk {
    /// The disk.
    pub disk: Disk,
    /// The enterprise project it is billed to.
    pub enterprise_project: String,
    /// Its tags.
    pub tags: Tags,
}

/// By what a list can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
    /// Its status word.
    Status,
    /// Its size.
    Size,
}

/// One thing that is true of every disk of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloudCondition {
    /// Its id is one of these.
    Among(Vec<DiskId>),
    /// This is part of its name; ASCII letters count in either case.
    NameContains(String),
    /// Its status is this word; a word that is no status matches nothing.
    Status(String),
    /// It lies in this availability zone.
    Zone(String),
    /// Its type is so named.
    Type(String),
    /// It may be attached to several servers, or may not.
    Multiattach(bool),
    /// It lies on this dedicated storage.
    DedicatedStorage(String),
    /// It lies on some dedicated storage, or on none.
    Dedicated(bool),
    /// It is billed to this enterprise project.
    EnterpriseProject(String),
    /// Its metadata has this key with this value.
    Metadata(String, String),
    /// Its metadata has not this key with this value.
    NotMetadata(String, String),
    /// It has a tag with this key, and one of these values if there are any.
    Tag(String, Vec<String>),
    /// It has no such tag.
    NotTag(String, Vec<String>),
    /// One of these holds.
    Any(Vec<Self>),
    /// It is attached to the server of this id, as the client wrote it.
    AttachedTo(String),
    /// Something that no disk is.
    Never,
}

/// Which disks are meant.
#[derive(Debug, Clone)]
pub struct CloudFilter {
    /// Of this project.
    pub project: ProjectId,
    /// All of these hold.
    pub conditions: Vec<CloudCondition>,
}

/// Which disks to list, and which page of them.
#[derive(Debug, Clone)]
pub struct CloudQuery {
    /// Which disks.
    pub filter: CloudFilter,
    /// The page.
    pub page: Paging<DiskId, CloudSort>,
}
