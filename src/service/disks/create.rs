//! Making disks.

use std::collections::BTreeMap;

use tracing::info;

use super::super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::disk::{Disk, DiskStatus};
use crate::domain::event::Event;
use crate::domain::ids::{DiskId, is_uuid};
use crate::domain::quota::Wish;
use crate::store::WriteTx;

/// What is asked for when a disk is made from nothing.
#[derive(Debug, Clone)]
pub struct NewDisk {
    /// Its size in GiB, at least 1.
    pub size_gib: i64,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The name or id of its type; none means the default type.
    pub disk_type: Option<String>,
    /// Its availability zone; none means the first.
    pub zone: Option<String>,
    /// May be attached to several servers.
    pub multiattach: bool,
    /// The dedicated storage it shall lie on.
    pub dedicated_storage: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
}
impl App {
    /// Makes a disk.
    pub async fn create_disk(&self, caller: &Caller, new: NewDisk) -> Result<Disk> {
        let disk = self.new_disk(caller, new)?;
        let mut unit = self.write().await?;
        let added = self.add_disk(&mut *unit, caller, &disk).await;
        settle(unit, added).await?;
        info!(disk.id = %disk.id, disk.size_gib = disk.size_gib, "created disk {}", disk.id);
        Ok(disk)
    }

    fn new_disk(&self, caller: &Caller, new: NewDisk) -> Result<Disk> {
        let type_name = new.disk_type.as_ref().unwrap_or(&self.rules.default_type);
        let disk_type =
            self.rules.disk_type(type_name).ok_or_else(|| no_disk_type(type_name.clone()))?;
        let zone = match new.zone {
            Some(zone) if !self.rules.zones.contains(&zone) => {
                return Err(ServiceError::UnknownZone(zone));
            }
            Some(zone) => zone,
            None => self.rules.zones.first().cloned().unwrap_or_default(),
        };
        if new.size_gib > self.rules.max_size_gib {
            return Err(ServiceError::TooLarge(self.rules.max_size_gib));
        }
        Ok(Disk {
            id: DiskId::random(),
            project: caller.project.clone(),
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            size_gib: new.size_gib,
            status: DiskStatus::Available,
            disk_type: disk_type.name.clone(),
            zone,
            bootable: false,
            multiattach: new.multiattach,
            encrypted: disk_type.encrypted,
            dedicated_storage: new.dedicated_storage,
            metadata: new.metadata,
            transfer: None,
            created_at: self.now(),
            updated_at: None,
        })
    }

    async fn add_disk(&self, unit: &mut dyn WriteTx, caller: &Caller, disk: &Disk) -> Result<()> {
        let wish = Wish::Disk(&disk.disk_type, disk.size_gib);
        self.check_quota(unit, &caller.project, wish).await??;
        unit.insert_disk(disk);
        unit.record(&Event::of_disk(
            caller,
            disk.created_at,
            "disk.create",
            &disk.id,
            None,
            Some(disk),
        ));
        Ok(())
    }
}

fn no_disk_type(name_or_id: String) -> ServiceError {
    let resource = if is_uuid(&name_or_id) { Resource::DiskType } else { Resource::DiskTypeName };
    ServiceError::NotFound(resource, name_or_id)
}
