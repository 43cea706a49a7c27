//! The disk types that a data file without any is filled with.

use chrono::TimeDelta;
use tracing::{info, warn};

use super::super::{App, Result, ServiceError, settle};
use super::DiskTypeRefused;
use crate::domain::access::{Caller, Role};
use crate::domain::disk_type::{BACKEND, ControlLocation, DiskType, Encryption, ZONES};
use crate::domain::ids::{DiskTypeId, EncryptionId, ProjectId, RequestId, UserId};
use crate::store::WriteTx;

/// A type that the settings name.
#[derive(Debug, Clone)]
pub struct FirstDiskType {
    /// Its name.
    pub name: String,
    /// Whether its disks are encrypted.
    pub encrypted: bool,
}

impl App {
    /// Fills a data file that has no types with those of the settings and with those that its disks have already: the
    /// file may be older than the table. Ids are derived from the names. Refused if the default is
    /// not among them; a file that has types keeps them, with or without the default.
    pub async fn make_first_disk_types(&self) -> Result<()> {
        let types = &self.rules.first.disk_types;
        if !self.read().await?.disk_type_ids().await?.is_empty() {
            if let Err(ServiceError::DiskType(refused)) = self.default_disk_type().await {
                warn!(disk_type.name = %self.rules.default_type,
                    "{refused}: who makes a disk must name a type");
            }
            return Ok(());
        }
        let mut unit = self.write().await?;
        let made = self.fill(&mut *unit, types).await;
        let count = settle(unit, made).await?;
        info!(disk_types.count = count, "made the first disk types");
        Ok(())
    }

    async fn fill(&self, unit: &mut dyn WriteTx, types: &[FirstDiskType]) -> Result<usize> {
        let mut first = types.to_vec();
        for name in unit.disk_types_in_use().await? {
            if first.iter().all(|known| known.name != name) {
                first.push(FirstDiskType { name, encrypted: false });
            }
        }
        if first.iter().all(|known| known.name != self.rules.default_type) {
            return Err(DiskTypeRefused::NoDefault.into());
        }
        let starter = Caller {
            user: UserId::new("start"),
            project: ProjectId::new("start"),
            role: Role::Admin,
            request: RequestId::new("start"),
        };
        let mut at = self.now();
        for new in &first {
            let disk_type = DiskType {
                id: DiskTypeId::derived(&new.name),
                name: new.name.clone(),
                description: None,
                is_public: true,
                qos_specs: None,
                extra_specs: [
                    (BACKEND.to_owned(), Some(new.name.clone())),
                    (ZONES.to_owned(), Some(self.rules.zones.join(","))),
                ]
                .into(),
                encrypted: new.encrypted,
                created_at: at,
                updated_at: None,
            };
            unit.insert_disk_type(&disk_type);
            if new.encrypted {
                unit.insert_encryption(&Encryption {
                    id: EncryptionId::derived(&new.name),
                    disk_type: disk_type.id,
                    provider: "luks".to_owned(),
                    cipher: Some("aes-xts-plain64".to_owned()),
                    key_size: Some(256),
                    control_location: ControlLocation::FrontEnd,
                    created_at: at,
                    updated_at: None,
                });
            }
            self.record_type(unit, &starter, "disk_type.create", None, Some(&disk_type));
            // Lists begin with the newest: this way they have the order of the settings.
            at -= TimeDelta::microseconds(1);
        }
        Ok(first.len())
    }
}
