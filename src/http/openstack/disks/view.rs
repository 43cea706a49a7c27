//! A disk as it is shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::access::{Caller, Role};
use crate::domain::attachment::{AttachStatus, Attachment};
use crate::domain::disk::Disk;
use crate::domain::ids::DiskTypeId;
use crate::domain::microversion::Microversion;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::time::zoneless;

/// The ids of types by their names, which disks are shown with from 3.63 on; empty below.
pub(super) type TypeIds = BTreeMap<String, DiskTypeId>;

/// The version from which on a disk names the id of its type too.
const TYPE_ID: Microversion = Microversion(3, 63);

/// One question for all disks of an answer: theirs have the names only.
pub(super) async fn type_ids(call: &Call) -> Result<TypeIds, ApiError> {
    if call.version() >= TYPE_ID {
        Ok(call.app().disk_type_ids().await?)
    } else {
        Ok(TypeIds::new())
    }
}

/// The members of create's and update's answers, in Cinder's order.
pub(super) fn view(call: &Call, types: &TypeIds, disk: &Disk) -> Value {
    let id = disk.id.to_string();
    let mut view = json!({
        "id": id,
        "status": disk.status.as_str(),
        "size": disk.size_gib,
        "availability_zone": disk.zone,
        "created_at": zoneless(disk.created_at),
        "updated_at": disk.updated_at.map(zoneless),
        "name": disk.name,
        "description": disk.description,
        "volume_type": disk.disk_type,
        "snapshot_id": disk.from_snapshot.map(|id| id.to_string()),
        "source_volid": disk.from_disk.map(|id| id.to_string()),
        "metadata": shown_metadata(disk),
        "links": call.links("volumes", &id),
        "user_id": disk.user.as_str(),
        "bootable": if disk.bootable { "true" } else { "false" },
        "encrypted": disk.encrypted,
        "replication_status": null,
        "consistencygroup_id": null,
        "multiattach": disk.multiattach,
        "attachments": attachments(call, disk),
    });
    let type_id = types.get(&disk.disk_type).map(DiskTypeId::to_string);
    let since: &[(Microversion, &str, Value)] = &[
        (Microversion(3, 13), "group_id", Value::Null),
        (Microversion(3, 48), "shared_targets", true.into()),
        (Microversion(3, 48), "service_uuid", Value::Null),
        (TYPE_ID, "volume_type_id", type_id.into()),
        (Microversion(3, 65), "consumes_quota", true.into()),
    ];
    if let Some(members) = view.as_object_mut() {
        for (version, name, value) in since {
            if call.version() >= *version {
                members.insert((*name).to_owned(), value.clone());
            }
        }
    }
    view
}

/// The user's own keys and values, and what Cinder shows among them: whether the disk is read-only,
/// once somebody has said so, and how the server that has it uses it. What hosts connect to by
/// attachments of their own has its mode there. A disk under a backup policy tells that here (OTC
/// "Updating an EVS Disk"), whatever its user may have put there.
pub(in crate::http) fn shown_metadata(disk: &Disk) -> BTreeMap<String, String> {
    let mut shown = disk.metadata.clone();
    if let Some(read_only) = disk.read_only {
        let word = if read_only { "True" } else { "False" };
        shown.insert("readonly".to_owned(), word.to_owned());
    }
    let of_server = |attachment: &&Attachment| {
        attachment.status == AttachStatus::Attached && attachment.connector.is_none()
    };
    if let Some(mode) = disk.attachments.iter().rfind(of_server).and_then(|found| found.mode) {
        shown.insert("attached_mode".to_owned(), mode.as_str().to_owned());
    }
    if let Some(policy) = disk.policy {
        shown.insert("policy".to_owned(), policy.to_string());
    }
    shown
}

/// Who has the disk. Hosts are told to administrators.
pub(in crate::http) fn attachments(call: &Call, disk: &Disk) -> Value {
    let attached = disk.attachments.iter().filter(|a| a.status == AttachStatus::Attached);
    let view = |attachment: &Attachment| {
        let host = attachment.host_name.as_ref().filter(|_| call.is_admin());
        json!({
            "id": attachment.disk.to_string(),
            "attachment_id": attachment.id.to_string(),
            "volume_id": attachment.disk.to_string(),
            "server_id": attachment.server.map(|server| server.to_string()),
            "host_name": host,
            "device": attachment.mountpoint,
            "attached_at": attachment.attached_at.map(zoneless),
        })
    };
    attached.map(view).collect()
}

/// The same with what show and the detailed list add.
pub(super) fn detail(call: &Call, types: &TypeIds, caller: &Caller, disk: &Disk) -> Value {
    let mut view = view(call, types, disk);
    if let Some(members) = view.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        add("os-vol-tenant-attr:tenant_id", disk.project.as_str().into());
        if !disk.image_metadata.is_empty() {
            add("volume_image_metadata", json!(disk.image_metadata));
        }
        if caller.role == Role::Admin {
            add("os-vol-host-attr:host", format!("evs@{}#{0}", disk.disk_type).into());
            add("os-vol-mig-status-attr:migstat", Value::Null);
            add("os-vol-mig-status-attr:name_id", Value::Null);
            add("migration_status", Value::Null);
            if call.version() >= Microversion(3, 21) {
                add("provider_id", Value::Null);
            }
            if call.version() >= Microversion(3, 61) {
                add("cluster_name", Value::Null);
            }
        }
    }
    view
}
