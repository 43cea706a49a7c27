//! The encryption of disk types: the new disks of a type that has one are encrypted. It changes only
//! while no disk has the type.

use std::collections::BTreeMap;

use tracing::info;

use super::super::{App, Resource, Result, ServiceError, settle};
use super::{DiskTypeRefused, EncryptionChange, seen};
use crate::domain::access::Caller;
use crate::domain::disk::Disk;
use crate::domain::disk_type::{ControlLocation, DiskType, Encryption};
use crate::domain::event::{Event, State};
use crate::domain::ids::EncryptionId;
use crate::store::WriteTx;

/// An encryption to be made.
#[derive(Debug, Clone)]
pub struct NewEncryption {
    /// What encrypts.
    pub provider: String,
    /// With which algorithm.
    pub cipher: Option<String>,
    /// The size of the key in bits.
    pub key_size: Option<i64>,
    /// Where it happens.
    pub control_location: ControlLocation,
}

/// What to change of an encryption; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct EncryptionUpdate {
    /// What encrypts.
    pub provider: Option<String>,
    /// With which algorithm, which may become the provider's own.
    pub cipher: Option<Option<String>>,
    /// The size of the key in bits, which may become the provider's own.
    pub key_size: Option<Option<i64>>,
    /// Where it happens.
    pub control_location: Option<ControlLocation>,
}

/// An encryption as an event tells of it.
impl From<&Encryption> for State {
    fn from(encryption: &Encryption) -> Self {
        let mut values = BTreeMap::from([
            ("provider".to_owned(), encryption.provider.clone()),
            ("control_location".to_owned(), encryption.control_location.as_str().to_owned()),
        ]);
        values.extend(encryption.cipher.clone().map(|cipher| ("cipher".to_owned(), cipher)));
        values.extend(encryption.key_size.map(|size| ("key_size".to_owned(), size.to_string())));
        Self { values, ..Self::default() }
    }
}

impl App {
    /// How the disks of a type are encrypted, if they are.
    pub async fn encryption(&self, caller: &Caller, id: &str) -> Result<Option<Encryption>> {
        let mut view = self.read().await?;
        let disk_type = seen(&mut *view, caller, id).await?;
        Ok(view.encryption(disk_type.id).await?)
    }

    /// A disk that the caller sees, and how the disks of its type are encrypted, if they are.
    pub async fn disk_encryption(
        &self,
        caller: &Caller,
        id: &str,
    ) -> Result<(Disk, Option<Encryption>)> {
        let disk = self.disk(caller, id).await?;
        let mut view = self.read().await?;
        let encryption = match view.disk_type_named(&disk.disk_type, None).await? {
            Some(disk_type) => view.encryption(disk_type.id).await?,
            None => None,
        };
        Ok((disk, encryption))
    }

    /// Lets the disks of a type be encrypted.
    pub async fn create_encryption(
        &self,
        caller: &Caller,
        id: &str,
        new: NewEncryption,
    ) -> Result<Encryption> {
        let mut unit = self.write().await?;
        let made = async {
            let disk_type = changeable(&mut *unit, caller, id, EncryptionChange::Create).await?;
            if disk_type.encrypted {
                return Err(DiskTypeRefused::EncryptionExists(disk_type.id).into());
            }
            let encryption = Encryption {
                id: EncryptionId::random(),
                disk_type: disk_type.id,
                provider: new.provider,
                cipher: new.cipher,
                key_size: new.key_size,
                control_location: new.control_location,
                created_at: self.now(),
                updated_at: None,
            };
            unit.insert_encryption(&encryption);
            self.record_encryption(
                &mut *unit,
                caller,
                "disk_type.create_encryption",
                None,
                Some(&encryption),
            );
            Ok(encryption)
        }
        .await;
        let encryption = settle(unit, made).await?;
        info!(disk_type.id = %encryption.disk_type,
            "disks of type {} will be encrypted", encryption.disk_type);
        Ok(encryption)
    }

    /// Changes how the disks of a type are encrypted.
    pub async fn update_encryption(
        &self,
        caller: &Caller,
        id: &str,
        change: EncryptionUpdate,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        let changed = async {
            let before = existing(&mut *unit, caller, id, EncryptionChange::Update).await?;
            let mut after = before.clone();
            after.provider = change.provider.unwrap_or(after.provider);
            after.cipher = change.cipher.unwrap_or(after.cipher);
            after.key_size = change.key_size.unwrap_or(after.key_size);
            after.control_location = change.control_location.unwrap_or(after.control_location);
            after.updated_at = Some(self.now());
            unit.update_encryption(&after);
            let action = "disk_type.update_encryption";
            self.record_encryption(&mut *unit, caller, action, Some(&before), Some(&after));
            Ok(after)
        }
        .await;
        let encryption = settle(unit, changed).await?;
        info!(disk_type.id = %encryption.disk_type,
            "changed the encryption of disk type {}", encryption.disk_type);
        Ok(())
    }

    /// Lets the disks of a type be encrypted no more.
    pub async fn delete_encryption(&self, caller: &Caller, id: &str) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = async {
            let encryption = match existing(&mut *unit, caller, id, EncryptionChange::Delete).await
            {
                // Cinder's: it looks for the encryption only.
                Err(ServiceError::NotFound(Resource::DiskType, id)) => {
                    return Err(DiskTypeRefused::NoEncryption(id).into());
                }
                other => other?,
            };
            unit.delete_encryption(encryption.disk_type);
            let action = "disk_type.delete_encryption";
            self.record_encryption(&mut *unit, caller, action, Some(&encryption), None);
            Ok(encryption)
        }
        .await;
        let encryption = settle(unit, removed).await?;
        info!(disk_type.id = %encryption.disk_type,
            "disks of type {} will not be encrypted", encryption.disk_type);
        Ok(())
    }

    fn record_encryption(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        action: &'static str,
        before: Option<&Encryption>,
        after: Option<&Encryption>,
    ) {
        let Some(of) = after.or(before).map(|encryption| encryption.disk_type) else {
            return;
        };
        let (before, after) = (before.map(State::from), after.map(State::from));
        unit.record(&Event::of(caller, self.now(), action, &of, before, after));
    }
}

/// The type, if its encryption may change.
async fn changeable(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    id: &str,
    change: EncryptionChange,
) -> Result<DiskType> {
    let disk_type = seen(unit, caller, id).await?;
    if unit.disk_type_is_used(&disk_type.name).await? {
        return Err(DiskTypeRefused::EncryptionInUse(disk_type.id, change).into());
    }
    Ok(disk_type)
}

/// The encryption of a type, if it may change.
async fn existing(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    id: &str,
    change: EncryptionChange,
) -> Result<Encryption> {
    let disk_type = changeable(unit, caller, id, change).await?;
    let found = unit.encryption(disk_type.id).await?;
    Ok(found.ok_or_else(|| DiskTypeRefused::NoEncryption(disk_type.id.to_string()))?)
}
