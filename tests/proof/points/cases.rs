//! One row for each request that changes something: what it needs, who sends what, and what it comes to
//! the first time and when it is sent again although it was done.

use reqwest::Method;
use serde_json::Value;

use super::stage::{Request, Who};
use super::things::{Need, Things, filled};
use Need::*;
use Who::{Admin, Demo, Partner};

/// A request as the served document tells it: the method, the path below a project, and where a path has
/// several actions, which.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) needs: Need,
    who: Who,
    /// What goes where the path says `{type}` and the like, and a query.
    path: &'static str,
    body: &'static str,
    /// The answer's status the first time.
    pub(super) first: u16,
    /// That of the same request once more: what was done is done twice, or refused.
    pub(super) second: u16,
}

impl Case {
    /// Whether it may be sent again under a key.
    pub(super) fn keyed(&self) -> bool {
        self.name.contains("transfer")
    }

    /// Whether it begins what others end.
    pub(super) fn goes_on(&self) -> bool {
        self.name == "POST backuppolicy/{id}/action"
    }

    pub(super) fn request(&self, version: &str, things: &Things) -> Request {
        let (method, rest) = self.name.split_once(' ').unwrap();
        let template = rest.split(' ').next().unwrap();
        let path = if self.path.is_empty() { template } else { self.path };
        let body = filled(self.body, things);
        let body = (!body.is_empty()).then(|| -> Value { serde_json::from_str(&body).unwrap() });
        Request {
            who: self.who,
            method: Method::from_bytes(method.as_bytes()).unwrap(),
            path: format!("{version}/{}", filled(path, things)),
            body,
            key: self.keyed().then(|| uuid::Uuid::new_v4().to_string()),
        }
    }
}

pub(super) const fn row(
    name: &'static str,
    needs: Need,
    who: Who,
    path: &'static str,
    body: &'static str,
    (first, second): (u16, u16),
) -> Case {
    Case { name, needs, who, path, body, first, second }
}

/// Paths that are another name of one that has a row, and go to the same handler.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("volume-transfers", "os-volume-transfer"),
    ("os-vendor-volumes", "cloudvolumes"),
    ("os-vendor-snapshots", "cloudsnapshots"),
];

#[rustfmt::skip]
pub(super) const CASES: &[Case] = &[
    row("POST os-volume-transfer", Disk, Demo, "", r#"{"transfer": {"volume_id": "{disk}"}}"#, (202, 202)),
    row("POST os-volume-transfer/{id}/accept", Offer, Partner, "", r#"{"accept": {"auth_key": "{key}"}}"#, (202, 202)),
    row("DELETE os-volume-transfer/{id}", Offer, Demo, "", "", (202, 202)),
    row("POST volumes", Nothing, Demo, "", r#"{"volume": {"size": 1, "name": "n"}}"#, (202, 202)),
    row("PUT volumes/{id}", Disk, Demo, "", r#"{"volume": {"name": "x"}}"#, (200, 200)),
    row("DELETE volumes/{id}", Disk, Demo, "", "", (202, 404)),
    row("POST volumes/{id}/metadata", Disk, Demo, "", r#"{"metadata": {"k": "v"}}"#, (200, 200)),
    row("PUT volumes/{id}/metadata", DiskWithMetadata, Demo, "", r#"{"metadata": {"k": "w"}}"#, (200, 200)),
    row("PUT volumes/{id}/metadata/{key}", DiskWithMetadata, Demo, "volumes/{id}/metadata/k", r#"{"meta": {"k": "w"}}"#, (200, 200)),
    row("DELETE volumes/{id}/metadata/{key}", DiskWithMetadata, Demo, "volumes/{id}/metadata/k", "", (200, 404)),
    row("POST volumes/{id}/action os-extend", Disk, Demo, "", r#"{"os-extend": {"new_size": 2}}"#, (202, 400)),
    row("POST volumes/{id}/action os-set_bootable", Disk, Demo, "", r#"{"os-set_bootable": {"bootable": true}}"#, (200, 200)),
    row("POST volumes/{id}/action os-update_readonly_flag", Disk, Demo, "", r#"{"os-update_readonly_flag": {"readonly": true}}"#, (202, 202)),
    row("POST volumes/{id}/action os-retype", Disk, Demo, "", r#"{"os-retype": {"new_type": "SAS", "migration_policy": "on-demand"}}"#, (202, 400)),
    row("POST volumes/{id}/action revert", Snapshot, Demo, "volumes/{disk}/action", r#"{"revert": {"snapshot_id": "{id}"}}"#, (202, 202)),
    row("POST volumes/{id}/action os-volume_upload_image", Disk, Demo, "", r#"{"os-volume_upload_image": {"image_name": "i"}}"#, (202, 202)),
    row("POST volumes/{id}/action os-set_image_metadata", Disk, Demo, "", r#"{"os-set_image_metadata": {"metadata": {"k": "v"}}}"#, (200, 200)),
    row("POST volumes/{id}/action os-unset_image_metadata", DiskWithImage, Demo, "", r#"{"os-unset_image_metadata": {"key": "k"}}"#, (200, 404)),
    row("POST volumes/{id}/action os-reset_status", Disk, Admin, "", r#"{"os-reset_status": {"status": "error"}}"#, (202, 202)),
    row("POST volumes/{id}/action os-force_delete", Disk, Admin, "", r#"{"os-force_delete": {}}"#, (202, 404)),
    row("POST volumes/{id}/action os-reserve", Disk, Demo, "", r#"{"os-reserve": {}}"#, (202, 400)),
    row("POST volumes/{id}/action os-unreserve", ReservedDisk, Demo, "", r#"{"os-unreserve": {}}"#, (202, 202)),
    row("POST volumes/{id}/action os-attach", ReservedDisk, Demo, "", r#"{"os-attach": {"instance_uuid": "{server}", "mountpoint": "/dev/vdb"}}"#, (202, 202)),
    row("POST volumes/{id}/action os-detach", DiskInUse, Demo, "", r#"{"os-detach": {}}"#, (202, 400)),
    row("POST volumes/{id}/action os-begin_detaching", DiskInUse, Demo, "", r#"{"os-begin_detaching": {}}"#, (202, 400)),
    row("POST volumes/{id}/action os-roll_detaching", DetachingDisk, Demo, "", r#"{"os-roll_detaching": {}}"#, (202, 202)),
    row("POST volumes/{id}/action os-force_detach", DiskInUse, Admin, "", r#"{"os-force_detach": {}}"#, (202, 400)),
    row("POST volumes/{id}/retype", DiskWithoutSpeed, Demo, "", r#"{"os-retype": {"new_type": "SSD"}}"#, (202, 400)),
    row("POST cloudvolumes", Nothing, Demo, "", r#"{"volume": {"size": 10, "volume_type": "SAS", "availability_zone": "az-sim-1", "name": "n", "count": 2}}"#, (200, 200)),
    row("PUT cloudvolumes/{id}", Disk, Demo, "", r#"{"volume": {"name": "x"}}"#, (200, 200)),
    row("DELETE cloudvolumes/{id}", Disk, Demo, "", "", (200, 404)),
    row("POST cloudvolumes/{id}/action", DiskWithoutSpeed, Demo, "", r#"{"os-extend": {"new_size": 20}}"#, (200, 400)),
    row("POST cloudvolumes/{id}/tags/action", Disk, Demo, "", r#"{"action": "create", "tags": [{"key": "k", "value": "v"}]}"#, (204, 204)),
    row("POST os-vendor-tags/{type}/{id}", Disk, Demo, "os-vendor-tags/volumes/{id}", r#"{"tags": {"k": "v"}}"#, (200, 200)),
    row("PUT os-vendor-tags/{type}/{id}", DiskWithTags, Demo, "os-vendor-tags/volumes/{id}", r#"{"tags": {"new": "v"}}"#, (200, 200)),
    row("POST os-vendor-tags/{type}/{id}/action", DiskWithTags, Demo, "os-vendor-tags/volumes/{id}/action", r#"{"os-delete_tags": {"k": "v"}}"#, (200, 200)),
    row("PUT os-vendor-tags/{type}/{id}/{key}", DiskWithTags, Demo, "os-vendor-tags/volumes/{id}/k", r#"{"tag": {"k": "w"}}"#, (200, 200)),
    row("DELETE os-vendor-tags/{type}/{id}/{key}", DiskWithTags, Demo, "os-vendor-tags/volumes/{id}/k", "", (200, 404)),
    row("POST cloudsnapshots", Disk, Demo, "", r#"{"snapshot": {"volume_id": "{disk}", "name": "n"}}"#, (202, 202)),
    row("PUT cloudsnapshots/{id}", Snapshot, Demo, "", r#"{"snapshot": {"name": "x"}}"#, (200, 200)),
    row("DELETE cloudsnapshots/{id}", Snapshot, Demo, "", "", (202, 404)),
    row("POST cloudsnapshots/{id}/rollback", Snapshot, Demo, "", r#"{"rollback": {"volume_id": "{disk}"}}"#, (202, 202)),
    row("POST snapshots", Disk, Demo, "", r#"{"snapshot": {"volume_id": "{disk}", "name": "n"}}"#, (202, 202)),
    row("PUT snapshots/{id}", Snapshot, Demo, "", r#"{"snapshot": {"name": "x"}}"#, (200, 200)),
    row("DELETE snapshots/{id}", Snapshot, Demo, "", "", (202, 404)),
    row("POST snapshots/{id}/metadata", Snapshot, Demo, "", r#"{"metadata": {"k": "v"}}"#, (200, 200)),
    row("PUT snapshots/{id}/metadata", SnapshotWithMetadata, Demo, "", r#"{"metadata": {"k": "w"}}"#, (200, 200)),
    row("PUT snapshots/{id}/metadata/{key}", SnapshotWithMetadata, Demo, "snapshots/{id}/metadata/k", r#"{"meta": {"k": "w"}}"#, (200, 200)),
    row("DELETE snapshots/{id}/metadata/{key}", SnapshotWithMetadata, Demo, "snapshots/{id}/metadata/k", "", (200, 404)),
    row("POST snapshots/{id}/action os-reset_status", Snapshot, Admin, "", r#"{"os-reset_status": {"status": "error"}}"#, (202, 202)),
    row("POST snapshots/{id}/action os-force_delete", Snapshot, Admin, "", r#"{"os-force_delete": {}}"#, (202, 404)),
    row("POST snapshots/{id}/action os-update_snapshot_status", SnapshotUnderWay, Demo, "", r#"{"os-update_snapshot_status": {"status": "error"}}"#, (202, 400)),
    row("POST backups", Disk, Demo, "", r#"{"backup": {"volume_id": "{disk}", "name": "n"}}"#, (202, 202)),
    row("PUT backups/{id}", Backup, Demo, "", r#"{"backup": {"name": "x"}}"#, (200, 200)),
    row("DELETE backups/{id}", Backup, Demo, "", "", (202, 404)),
    row("POST backups/{id}/restore", Backup, Demo, "", r#"{"restore": {"volume_id": "{disk}"}}"#, (202, 202)),
    row("POST backups/import_record", Record, Admin, "", r#"{"backup-record": {"backup_service": "s", "backup_url": "{record}"}}"#, (201, 400)),
    row("POST backups/{id}/action os-reset_status", Backup, Admin, "", r#"{"os-reset_status": {"status": "error"}}"#, (202, 202)),
    row("POST backups/{id}/action os-force_delete", Backup, Admin, "", r#"{"os-force_delete": {}}"#, (202, 404)),
    row("POST cloudbackups", Disk, Demo, "", r#"{"backup": {"volume_id": "{disk}", "name": "n"}}"#, (200, 200)),
    row("POST cloudbackups/{id}", Backup, Demo, "", "", (200, 400)),
    row("POST cloudbackups/{id}/restore", Backup, Demo, "", r#"{"restore": {"volume_id": "{disk}"}}"#, (200, 200)),
    row("POST os-vendor-backup-sharing", Backup, Demo, "", r#"{"shared": {"backup_id": "{id}", "to_project_ids": ["{partner}"]}}"#, (200, 200)),
    row("DELETE os-vendor-backup-sharing", Share, Demo, "os-vendor-backup-sharing?backup_id={backup}", "", (200, 200)),
    row("DELETE os-vendor-backup-sharing/{id}", Share, Demo, "", "", (200, 404)),
    row("POST backuppolicy", Nothing, Demo, "", r#"{"backup_policy_name": "{fresh}", "scheduled_policy": {"start_time": "02:00", "frequency": 1, "rentention_num": 7, "status": "ON"}}"#, (200, 200)),
    row("PUT backuppolicy/{id}", Policy, Demo, "", r#"{"backup_policy_name": "x", "scheduled_policy": {"start_time": "03:00"}}"#, (200, 200)),
    row("DELETE backuppolicy/{id}", Policy, Demo, "", "", (204, 404)),
    row("POST backuppolicy/{id}/action", PolicyWithDisk, Demo, "", "", (204, 204)),
    row("POST backuppolicy/{id}/tags", Policy, Demo, "", r#"{"tag": {"key": "k", "value": "v"}}"#, (204, 204)),
    row("POST backuppolicy/{id}/tags/action", Policy, Demo, "", r#"{"action": "create", "tags": [{"key": "k", "value": "v"}]}"#, (204, 204)),
    row("DELETE backuppolicy/{id}/tags/{key}", PolicyWithTag, Demo, "backuppolicy/{id}/tags/k", "", (204, 400)),
    row("POST backuppolicyresources", Policy, Demo, "", r#"{"backup_policy_id": "{id}", "resources": [{"resource_id": "{disk}", "resource_type": "volume"}]}"#, (200, 200)),
    row("POST backuppolicyresources/{id}/deleted_resources", PolicyWithDisk, Demo, "", r#"{"resources": [{"resource_id": "{disk}"}]}"#, (200, 200)),
    row("POST attachments", Disk, Demo, "", r#"{"attachment": {"volume_uuid": "{disk}", "instance_uuid": "{server}"}}"#, (200, 200)),
    row("PUT attachments/{id}", Attachment, Demo, "", r#"{"attachment": {"connector": {"host": "h"}}}"#, (200, 200)),
    row("DELETE attachments/{id}", Attachment, Demo, "", "", (200, 404)),
    row("POST attachments/{id}/action os-complete", ConnectedAttachment, Demo, "", r#"{"os-complete": {}}"#, (204, 204)),
    row("DELETE messages/{id}", Message, Demo, "", "", (204, 404)),
    row("PUT os-quota-sets/{target}", NoQuota, Admin, "os-quota-sets/{partner}", r#"{"quota_set": {"snapshots": 55}}"#, (200, 200)),
    row("DELETE os-quota-sets/{target}", Quota, Admin, "os-quota-sets/{partner}", "", (200, 200)),
    row("PUT os-quota-class-sets/{class}", OtherClass, Admin, "os-quota-class-sets/default", r#"{"quota_class_set": {"snapshots": 66}}"#, (200, 200)),
    row("POST types", Nothing, Admin, "", r#"{"volume_type": {"name": "{fresh}"}}"#, (200, 409)),
    row("PUT types/{id}", Type, Admin, "", r#"{"volume_type": {"description": "x"}}"#, (200, 200)),
    row("DELETE types/{id}", Type, Admin, "", "", (202, 404)),
    row("POST types/{id}/action addProjectAccess", PrivateType, Admin, "", r#"{"addProjectAccess": {"project": "{demo}"}}"#, (202, 409)),
    row("POST types/{id}/action removeProjectAccess", TypeWithAccess, Admin, "", r#"{"removeProjectAccess": {"project": "{demo}"}}"#, (202, 404)),
    row("POST types/{id}/encryption", Type, Admin, "", r#"{"encryption": {"provider": "luks", "control_location": "front-end"}}"#, (200, 400)),
    row("PUT types/{id}/encryption/{key}", TypeWithEncryption, Admin, "types/{id}/encryption/{encryption}", r#"{"encryption": {"key_size": 128}}"#, (200, 200)),
    row("DELETE types/{id}/encryption/{key}", TypeWithEncryption, Admin, "types/{id}/encryption/{encryption}", "", (202, 404)),
    row("POST types/{id}/extra_specs", Type, Admin, "", r#"{"extra_specs": {"k": "v"}}"#, (200, 200)),
    row("PUT types/{id}/extra_specs/{key}", TypeWithSpec, Admin, "types/{id}/extra_specs/k", r#"{"k": "w"}"#, (200, 200)),
    row("DELETE types/{id}/extra_specs/{key}", TypeWithSpec, Admin, "types/{id}/extra_specs/k", "", (202, 404)),
    row("POST qos-specs", Nothing, Admin, "", r#"{"qos_specs": {"name": "{fresh}", "iops": "5"}}"#, (200, 409)),
    row("PUT qos-specs/{id}", Qos, Admin, "", r#"{"qos_specs": {"iops": "6"}}"#, (200, 200)),
    row("DELETE qos-specs/{id}", Qos, Admin, "", "", (202, 404)),
    row("PUT qos-specs/{id}/delete_keys", Qos, Admin, "", r#"{"keys": ["iops"]}"#, (202, 404)),
    row("GET qos-specs/{id}/associate", Qos, Admin, "qos-specs/{qos}/associate?vol_type_id={type}", "", (202, 202)),
    row("GET qos-specs/{id}/disassociate", QosWithType, Admin, "qos-specs/{qos}/disassociate?vol_type_id={type}", "", (202, 202)),
    row("GET qos-specs/{id}/disassociate_all", QosWithType, Admin, "", "", (202, 202)),
];
