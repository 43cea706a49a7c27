//! A disk as the native API shows it.

use serde_json::{Value, json};

use crate::domain::cloud_disk::CloudDisk;
use crate::http::call::Call;
use crate::http::openstack::disks::{attachments, shown_metadata};
use crate::http::time::zoneless;

/// What the world-wide names of all disks begin with; the rest is the end of the disk's id.
const WWN: &str = "6888603";

/// How many digits a world-wide name has.
const WWN_DIGITS: usize = 32;

pub(in crate::http::evs) fn view(call: &Call, cloud: &CloudDisk) -> Value {
    let disk = &cloud.disk;
    let id = disk.id.to_string();
    let said = disk.metadata.get("__system__encrypted").is_some_and(|value| value == "1");
    json!({
        "id": id,
        "links": call.links("volumes", &id),
        "name": disk.name,
        "description": disk.description,
        "status": disk.status.as_str(),
        "size": disk.size_gib,
        "availability_zone": disk.zone,
        "volume_type": disk.disk_type,
        "bootable": if disk.bootable { "true" } else { "false" },
        "encrypted": disk.encrypted || said,
        "multiattach": disk.multiattach,
        "shareable": if disk.multiattach { "true" } else { "false" },
        "snapshot_id": disk.from_snapshot.map(|id| id.to_string()),
        "source_volid": disk.from_disk.map(|id| id.to_string()),
        "metadata": shown_metadata(disk),
        "volume_image_metadata": disk.image_metadata,
        "attachments": attachments(call, disk),
        "created_at": zoneless(disk.created_at),
        "updated_at": disk.updated_at.map(zoneless),
        "user_id": disk.user.as_str(),
        "os-vol-tenant-attr:tenant_id": disk.project.as_str(),
        "os-vol-host-attr:host": format!("pod01.{}#{}", disk.zone, disk.disk_type),
        "os-vol-mig-status-attr:migstat": null,
        "os-vol-mig-status-attr:name_id": null,
        "os-volume-replication:extended_status": null,
        "os-volume-replication:driver_data": null,
        "replication_status": null,
        "consistencygroup_id": null,
        "service_type": if disk.dedicated_storage.is_some() { "DSS" } else { "EVS" },
        "wwn": wwn(&id),
        "tags": cloud.tags,
        "enterprise_project_id": cloud.enterprise_project,
        "dedicated_storage_id": disk.dedicated_storage,
        "dedicated_storage_name": null,
    })
}

/// The same for the same disk, always.
fn wwn(id: &str) -> String {
    let digits: String = id.chars().filter(|digit| *digit != '-').collect();
    let surplus = (WWN.len() + digits.len()).saturating_sub(WWN_DIGITS);
    format!("{WWN}{}", digits.get(surplus..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_wide_name_is_the_vendors_number_and_the_end_of_the_id() {
        let wwn = wwn("4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19");
        assert_eq!(wwn, "688860366c3e4b8f9d7a52f1c0a83e19");
        assert_eq!(wwn.len(), WWN_DIGITS);
    }
}
