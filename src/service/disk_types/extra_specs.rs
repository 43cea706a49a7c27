//! The extra specs of disk types: everybody sees some, administrators see and change all, as long
//! as no disk has the type.

use tracing::info;

use super::super::{App, Result, settle};
use super::{DiskTypeRefused, seen};
use crate::domain::access::{Caller, Role};
use crate::domain::disk_type::{DiskType, Specs, go_together};
use crate::store::WriteTx;

impl App {
    /// The extra specs of a type that the caller sees.
    pub async fn extra_specs(&self, caller: &Caller, id: &str) -> Result<Specs> {
        let disk_type = self.disk_type(caller, id).await?;
        Ok(specs_for(caller, &disk_type))
    }

    /// One extra spec of a type.
    pub async fn extra_spec(&self, caller: &Caller, id: &str, key: &str) -> Result<Option<String>> {
        let disk_type = self.disk_type(caller, id).await?;
        let found = specs_for(caller, &disk_type).remove(key);
        Ok(found.ok_or_else(|| DiskTypeRefused::NoExtraSpec(disk_type.id, key.to_owned()))?)
    }

    /// Sets extra specs of a type besides those that it has.
    pub async fn set_extra_specs(&self, caller: &Caller, id: &str, specs: Specs) -> Result<()> {
        let mut unit = self.write().await?;
        let set = async {
            let before = changeable(&mut *unit, caller, id).await?;
            let mut after = before.clone();
            after.extra_specs.extend(specs.clone());
            if !go_together(&after.extra_specs) {
                return Err(DiskTypeRefused::SpecsExclusive.into());
            }
            for (key, value) in &specs {
                unit.set_extra_spec(before.id, key, value.as_deref());
            }
            let action = "disk_type.set_extra_specs";
            self.record_type(&mut *unit, caller, action, Some(&before), Some(&after));
            Ok(before)
        }
        .await;
        let disk_type = settle(unit, set).await?;
        info!(disk_type.id = %disk_type.id, "set extra specs of disk type {}", disk_type.name);
        Ok(())
    }

    /// Removes an extra spec of a type.
    pub async fn delete_extra_spec(&self, caller: &Caller, id: &str, key: &str) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = async {
            let before = changeable(&mut *unit, caller, id).await?;
            let mut after = before.clone();
            if after.extra_specs.remove(key).is_none() {
                return Err(DiskTypeRefused::NoExtraSpec(before.id, key.to_owned()).into());
            }
            unit.delete_extra_spec(before.id, key);
            let action = "disk_type.delete_extra_spec";
            self.record_type(&mut *unit, caller, action, Some(&before), Some(&after));
            Ok(before)
        }
        .await;
        let disk_type = settle(unit, removed).await?;
        info!(disk_type.id = %disk_type.id, "removed an extra spec of disk type {}", disk_type.name);
        Ok(())
    }
}

/// What the caller sees of a type's extra specs.
pub fn specs_for(caller: &Caller, disk_type: &DiskType) -> Specs {
    if caller.role == Role::Admin {
        disk_type.extra_specs.clone()
    } else {
        disk_type.visible_specs()
    }
}

/// The type, if its extra specs may change.
async fn changeable(unit: &mut dyn WriteTx, caller: &Caller, id: &str) -> Result<DiskType> {
    let disk_type = seen(unit, caller, id).await?;
    if unit.disk_type_is_used(&disk_type.name).await? {
        return Err(DiskTypeRefused::SpecsInUse(disk_type.id).into());
    }
    Ok(disk_type)
}
