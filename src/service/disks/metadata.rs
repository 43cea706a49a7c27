//! The keys and values that people give their disks.

use std::collections::BTreeMap;

use tracing::info;

use super::super::{App, Resource, Result, ServiceError, settle};
use super::{no_disk, parse, visible};
use crate::domain::access::Caller;
use crate::domain::disk::{Disk, DiskEvent};
use crate::domain::ids::DiskId;
use crate::domain::metadata::{MetadataChange, metadata_tag};
use crate::store::WriteTx;

impl App {
    /// Changes the metadata of a disk; what it is then. With `expected`, only if the tag of what it
    /// was is one of these: who has read it is not told by anybody else's change in between.
    pub async fn change_disk_metadata(
        &self,
        caller: &Caller,
        id: &str,
        change: MetadataChange,
        expected: Option<Vec<String>>,
    ) -> Result<BTreeMap<String, String>> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = self.set_metadata(&mut *unit, caller, wanted, change, expected).await;
        let disk = settle(unit, changed).await?;
        info!(disk.id = %disk.id, "changed the metadata of disk {}", disk.id);
        Ok(disk.metadata)
    }

    async fn set_metadata(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        change: MetadataChange,
        expected: Option<Vec<String>>,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        if expected.is_some_and(|tags| !tags.contains(&metadata_tag(&before.metadata))) {
            return Err(ServiceError::MetadataChanged(id));
        }
        let mut after = before.clone();
        let (action, event) = match change {
            MetadataChange::Merge(_) | MetadataChange::Replace(_) => {
                ("disk.update_metadata", DiskEvent::UpdateMetadata)
            }
            MetadataChange::Remove(_) => ("disk.delete_metadata", DiskEvent::DeleteMetadata),
        };
        change.apply(&mut after.metadata).map_err(|key| no_key(id, key))?;
        before.step(event)?;
        self.save(unit, caller, action, &before, Some(after)).ok_or_else(|| no_disk(id.to_string()))
    }

    /// The value of one key of a disk's metadata, and the metadata that it stands in.
    pub async fn disk_metadata_value(
        &self,
        caller: &Caller,
        id: &str,
        key: &str,
    ) -> Result<(String, BTreeMap<String, String>)> {
        let disk = self.disk(caller, id).await?;
        match disk.metadata.get(key) {
            Some(value) => Ok((value.clone(), disk.metadata)),
            None => Err(no_key(disk.id, key.to_owned())),
        }
    }
}

fn no_key(disk: DiskId, key: String) -> ServiceError {
    ServiceError::NoMetadata { of: Resource::Disk, id: disk.to_string(), key }
}
