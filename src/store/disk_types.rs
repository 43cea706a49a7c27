//! Disk types in the store.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::disk_type::{DiskType, DiskTypeQuery, Encryption};
use crate::domain::ids::{DiskTypeId, ProjectId};

/// Questions about disk types. Where it says `seen_by`, a private type is there only for a project
/// with access to it; none stands for somebody who sees every type.
#[async_trait]
pub trait DiskTypeReads {
    /// The type with that id.
    async fn disk_type(
        &mut self,
        id: DiskTypeId,
        seen_by: Option<&ProjectId>,
    ) -> Result<Option<DiskType>>;

    /// The type with that id or, if there is none, with that name.
    async fn disk_type_named(
        &mut self,
        id_or_name: &str,
        seen_by: Option<&ProjectId>,
    ) -> Result<Option<DiskType>>;

    /// One page of types.
    async fn disk_types(&mut self, query: &DiskTypeQuery) -> Result<Vec<DiskType>>;

    /// The id of every type by its name.
    async fn disk_type_ids(&mut self) -> Result<BTreeMap<String, DiskTypeId>>;

    /// Whether some disk has the type of that name or is to have it. Takes time with the number of all
    /// disks where none has: no index leads from a type to its disks, since every change of a disk
    /// would pay for it, and only administrators ask.
    async fn disk_type_is_used(&mut self, name: &str) -> Result<bool>;

    /// The name of every type that some disk or snapshot has or is to have, whether there is such a
    /// type or not.
    async fn disk_types_in_use(&mut self) -> Result<Vec<String>>;

    /// The projects with access to a private type, the first ones first.
    async fn disk_type_access(&mut self, id: DiskTypeId) -> Result<Vec<ProjectId>>;

    /// How the disks of a type are encrypted, if they are.
    async fn encryption(&mut self, of: DiskTypeId) -> Result<Option<Encryption>>;
}

/// Changes of disk types.
pub trait DiskTypeWrites {
    /// A new type with its extra specs; an encryption is another row.
    fn insert_disk_type(&mut self, disk_type: &DiskType);

    /// The name, the description and the publicity of a type, its quality of service, and when they
    /// changed.
    fn update_disk_type(&mut self, disk_type: &DiskType);

    /// Gives disks, snapshots and limits of the type named `from` the name `to`, however many there
    /// are.
    fn rename_disk_type(&mut self, from: &str, to: &str);

    /// Removes a type with all that belongs to it, and the limits that bear its name.
    fn delete_disk_type(&mut self, id: DiskTypeId, name: &str);

    /// Sets an extra spec, in place of the one before if there was one.
    fn set_extra_spec(&mut self, of: DiskTypeId, key: &str, value: Option<&str>);

    /// Removes an extra spec.
    fn delete_extra_spec(&mut self, of: DiskTypeId, key: &str);

    /// Lets a project see and use a private type.
    fn insert_disk_type_access(&mut self, id: DiskTypeId, project: &ProjectId, at: Time);

    /// Lets a project see and use a private type no more.
    fn delete_disk_type_access(&mut self, id: DiskTypeId, project: &ProjectId);

    /// A new encryption.
    fn insert_encryption(&mut self, encryption: &Encryption);

    /// Everything of an encryption that can change.
    fn update_encryption(&mut self, encryption: &Encryption);

    /// Removes the encryption of a type.
    fn delete_encryption(&mut self, of: DiskTypeId);
}
