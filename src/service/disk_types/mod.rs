//! Disk types: listing, making, changing and removing them, and which one a new disk gets.
//!
//! A private type is not there for a project without access to it; administrators see every type.

pub mod access;
pub mod encryptions;
pub mod extra_specs;
mod first;

use std::collections::BTreeMap;

use thiserror::Error;
use tracing::info;

use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::disk::Disk;
use crate::domain::disk_type::{DiskType, DiskTypeQuery, Shown, Specs, go_together};
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskTypeId, ProjectId, QosSpecsId, is_uuid};
use crate::domain::quota::{KEYS, TYPE_KINDS};
use crate::store::{ReadTx, WriteTx};

pub use first::FirstDiskType;

/// Why something about disk types is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DiskTypeRefused {
    /// There is a type of that name.
    #[error("a disk type named {0} is there already")]
    NameTaken(String),
    /// Disks of the type forbid its removal.
    #[error("disk type {0} has disks")]
    InUse(DiskTypeId),
    /// What disks get that name no type must stay.
    #[error("disk type {0} is the default")]
    IsDefault(DiskTypeId),
    /// Some type must stay.
    #[error("disk type {0} is the only one")]
    IsOnlyOne(DiskTypeId),
    /// The type that the settings name as default is not there.
    #[error("the default disk type is not there")]
    NoDefault,
    /// Disks of the type forbid a change of its extra specs.
    #[error("disk type {0} has disks, so that its extra specs stay")]
    SpecsInUse(DiskTypeId),
    /// These extra specs exclude each other.
    #[error("the extra specs cacheable and multiattach exclude each other")]
    SpecsExclusive,
    /// The type has no such extra spec.
    #[error("disk type {0} has no extra spec {1}")]
    NoExtraSpec(DiskTypeId, String),
    /// A public type has no list of projects.
    #[error("a public disk type has no list of projects")]
    PublicHasNoList,
    /// A public type needs no access.
    #[error("access to a public disk type is not changed")]
    PublicHasNoAccess,
    /// The project has access already.
    #[error("project {1} has access to disk type {0} already")]
    AccessExists(DiskTypeId, ProjectId),
    /// The project has no access that could be taken.
    #[error("project {1} has no access to disk type {0}")]
    NoAccess(DiskTypeId, ProjectId),
    /// Disks of the type forbid what was to be done with its encryption.
    #[error("disk type {0} has disks, so that its encryption stays")]
    EncryptionInUse(DiskTypeId, EncryptionChange),
    /// The type has an encryption already.
    #[error("disk type {0} has an encryption already")]
    EncryptionExists(DiskTypeId),
    /// The type, as it was named, has no encryption or none with what was asked for.
    #[error("disk type {0} has no such encryption")]
    NoEncryption(String),
}

/// What can be done with an encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionChange {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is removed.
    Delete,
}

/// A disk type to be made.
#[derive(Debug, Clone)]
pub struct NewDiskType {
    /// Its name.
    pub name: String,
    /// What people say of it.
    pub description: Option<String>,
    /// Whether every project sees and uses it.
    pub is_public: bool,
    /// What else is known of it.
    pub extra_specs: Specs,
}

/// What to change of a disk type; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct DiskTypeChange {
    /// Its name.
    pub name: Option<String>,
    /// What people say of it.
    pub description: Option<String>,
    /// Whether every project sees and uses it.
    pub is_public: Option<bool>,
}

/// A type as an event tells of it: it belongs to no project.
impl From<&DiskType> for State {
    fn from(disk_type: &DiskType) -> Self {
        Self {
            status: Some(if disk_type.is_public { "public" } else { "private" }),
            name: Some(disk_type.name.clone()),
            description: disk_type.description.clone(),
            values: texts(&disk_type.extra_specs),
            ..Self::default()
        }
    }
}

/// Keys and values as an event tells of them.
pub(super) fn texts(specs: &Specs) -> BTreeMap<String, String> {
    specs.iter().map(|(key, value)| (key.clone(), value.clone().unwrap_or_default())).collect()
}

impl App {
    /// A type that the caller sees.
    pub async fn disk_type(&self, caller: &Caller, id: &str) -> Result<DiskType> {
        seen(&mut *self.read().await?, caller, id).await
    }

    /// One page of types; who is no administrator is shown the public ones and those with access.
    pub async fn disk_types(
        &self,
        caller: &Caller,
        mut query: DiskTypeQuery,
    ) -> Result<Vec<DiskType>> {
        if caller.role != Role::Admin {
            query.shown = Shown::Public { and_of: caller.project.clone() };
        }
        let mut view = self.read().await?;
        if let Some(marker) = query.page.marker {
            seen(&mut *view, caller, &marker.to_string()).await?;
        }
        Ok(view.disk_types(&query).await?)
    }

    /// The type of disks that name none, private or not.
    pub async fn default_disk_type(&self) -> Result<DiskType> {
        let mut view = self.read().await?;
        let found = view.disk_type_named(&self.rules.default_type, None).await?;
        Ok(found.ok_or(DiskTypeRefused::NoDefault)?)
    }

    /// The type that a new disk of the caller gets: the one of that id or name, else that of its
    /// source, which the caller need not see, else the default.
    pub(super) async fn type_of_new_disk(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        caller: &Caller,
        id_or_name: Option<&str>,
        of_source: Option<&str>,
    ) -> Result<DiskType> {
        let (name, found) = match (id_or_name, of_source) {
            (Some(name), _) => (name, seen_named(view, caller, name).await?),
            (None, Some(name)) => (name, view.disk_type_named(name, None).await?),
            (None, None) => {
                let found = view.disk_type_named(&self.rules.default_type, None).await?;
                return Ok(found.ok_or(DiskTypeRefused::NoDefault)?);
            }
        };
        found.ok_or_else(|| {
            let by_id = is_uuid(name);
            let kind = if by_id { Resource::DiskType } else { Resource::DiskTypeName };
            ServiceError::NotFound(kind, name.to_owned())
        })
    }

    /// The type that a disk has, whoever sees it.
    pub async fn type_of_disk(&self, disk: &Disk) -> Result<Option<DiskType>> {
        Ok(self.read().await?.disk_type_named(&disk.disk_type, None).await?)
    }

    /// The id of every type by its name.
    pub async fn disk_type_ids(&self) -> Result<BTreeMap<String, DiskTypeId>> {
        Ok(self.read().await?.disk_type_ids().await?)
    }

    /// Every key that a quota can have: the plain ones in the API's order, then those by type.
    pub async fn quota_keys(&self) -> Result<Vec<String>> {
        let types = self.disk_type_ids().await?;
        let by_type = types
            .keys()
            .flat_map(|name| TYPE_KINDS.iter().map(move |kind| format!("{kind}_{name}")));
        Ok(KEYS.iter().map(|key| (*key).to_owned()).chain(by_type).collect())
    }

    /// Makes a type.
    pub async fn create_disk_type(&self, caller: &Caller, new: NewDiskType) -> Result<DiskType> {
        let disk_type = DiskType {
            id: DiskTypeId::random(),
            name: new.name,
            description: new.description,
            is_public: new.is_public,
            qos_specs: None,
            extra_specs: new.extra_specs,
            encrypted: false,
            created_at: self.now(),
            updated_at: None,
        };
        let mut unit = self.write().await?;
        let made = async {
            if !go_together(&disk_type.extra_specs) {
                return Err(DiskTypeRefused::SpecsExclusive.into());
            }
            name_is_free(&mut *unit, &disk_type.name, disk_type.id).await?;
            unit.insert_disk_type(&disk_type);
            self.record_type(&mut *unit, caller, "disk_type.create", None, Some(&disk_type));
            Ok(())
        }
        .await;
        settle(unit, made).await?;
        info!(disk_type.id = %disk_type.id, "created disk type {}", disk_type.name);
        Ok(disk_type)
    }

    /// Changes a type. A new name becomes that of its disks, snapshots and limits too.
    pub async fn update_disk_type(
        &self,
        caller: &Caller,
        id: &str,
        change: DiskTypeChange,
    ) -> Result<DiskType> {
        let mut unit = self.write().await?;
        let changed = async {
            let before = seen(&mut *unit, caller, id).await?;
            let mut after = before.clone();
            after.name = change.name.unwrap_or(after.name);
            after.description = change.description.or(after.description);
            after.is_public = change.is_public.unwrap_or(after.is_public);
            after.updated_at = Some(self.now());
            if after.name != before.name {
                name_is_free(&mut *unit, &after.name, after.id).await?;
                unit.rename_disk_type(&before.name, &after.name);
            }
            unit.update_disk_type(&after);
            self.record_type(&mut *unit, caller, "disk_type.update", Some(&before), Some(&after));
            Ok(after)
        }
        .await;
        let disk_type = settle(unit, changed).await?;
        info!(disk_type.id = %disk_type.id, "changed disk type {}", disk_type.name);
        Ok(disk_type)
    }

    /// Removes a type that no disk has and that is not the default; its limits go with it.
    pub async fn delete_disk_type(&self, caller: &Caller, id: &str) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = async {
            let disk_type = seen(&mut *unit, caller, id).await?;
            if disk_type.name == self.rules.default_type {
                return Err(DiskTypeRefused::IsDefault(disk_type.id).into());
            }
            // A file without types would be filled from the settings again.
            if unit.disk_type_ids().await?.len() == 1 {
                return Err(DiskTypeRefused::IsOnlyOne(disk_type.id).into());
            }
            if unit.disk_type_is_used(&disk_type.name).await? {
                return Err(DiskTypeRefused::InUse(disk_type.id).into());
            }
            unit.delete_disk_type(disk_type.id, &disk_type.name);
            self.record_type(&mut *unit, caller, "disk_type.delete", Some(&disk_type), None);
            Ok(disk_type)
        }
        .await;
        let gone = settle(unit, removed).await?;
        info!(disk_type.id = %gone.id, "deleted disk type {}", gone.name);
        Ok(())
    }

    /// Gives a type another quality of service, or none.
    pub(super) fn set_qos(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        before: &DiskType,
        qos_specs: Option<QosSpecsId>,
    ) {
        let after = DiskType { qos_specs, updated_at: Some(self.now()), ..before.clone() };
        unit.update_disk_type(&after);
        let qos = |disk_type: &DiskType| State {
            values: disk_type
                .qos_specs
                .iter()
                .map(|id| ("qos_specs_id".to_owned(), id.to_string()))
                .collect(),
            ..State::from(disk_type)
        };
        let (from, to) = (Some(qos(before)), Some(qos(&after)));
        let event = Event::of(caller, self.now(), "disk_type.set_qos_specs", &before.id, from, to);
        unit.record(&event);
    }

    /// Queues the event of a changed type.
    fn record_type(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: Option<&DiskType>,
        after: Option<&DiskType>,
    ) {
        let Some(id) = after.or(before).map(|disk_type| disk_type.id) else {
            return;
        };
        let (before, after) = (before.map(State::from), after.map(State::from));
        unit.record(&Event::of(caller, self.now(), action, &id, before, after));
    }
}

/// The type with that id, if the caller sees it.
pub(super) async fn seen(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: &str,
) -> Result<DiskType> {
    let found = match DiskTypeId::parse(id) {
        Some(wanted) => view.disk_type(wanted, caller.only_sees()).await?,
        None => None,
    };
    found.ok_or_else(|| ServiceError::NotFound(Resource::DiskType, id.to_owned()))
}

/// The type with that id or name, if the caller sees it.
pub(super) async fn seen_named(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id_or_name: &str,
) -> Result<Option<DiskType>> {
    Ok(view.disk_type_named(id_or_name, caller.only_sees()).await?)
}

async fn name_is_free(unit: &mut dyn WriteTx, name: &str, for_type: DiskTypeId) -> Result<()> {
    match unit.disk_type_ids().await?.get(name) {
        Some(other) if *other != for_type => {
            Err(DiskTypeRefused::NameTaken(name.to_owned()).into())
        }
        Some(_) | None => Ok(()),
    }
}
