//! Who is let in where: tokens, projects, roles, open mode, and the loopback rule.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use evs_local::config::{Account, AuthMode, Settings};
use evs_local::domain::clock::ManualClock;
use evs_local::server::Server;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::{ABSENT, VERSIONS};
use crate::routes;
use crate::support::{Answer, Client, PASSWORD, START, TestServer};

/// What every answer to a role that does not suffice names: the rule, and the role it asks for.
#[derive(Clone, Copy)]
pub(crate) enum Needs {
    Reader,
    Member(&'static str),
    Admin(&'static str),
}
use Needs::{Admin, Member, Reader};

/// What the cloud's own permissions call what Cinder's rules allow; the others are called alike by both.
const ACTIONS: &[(&str, &str)] = &[
    ("volume:create_transfer", "evs:transfers:create"),
    ("volume:accept_transfer", "evs:transfers:accept"),
    ("volume:delete_transfer", "evs:transfers:delete"),
    ("volume:create", "evs:volumes:create"),
    ("volume:update", "evs:volumes:update"),
    ("volume:delete", "evs:volumes:delete"),
    ("volume:extend", "evs:volumes:extend"),
    ("volume:update_readonly_flag", "evs:volumes:setReadOnly"),
    ("volume:retype", "evs:volumes:retype"),
    ("volume:revert_to_snapshot", "evs:snapshots:rollback"),
    ("volume_extension:volume_actions:upload_image", "evs:volumes:uploadImage"),
    ("volume_extension:volume_image_metadata:set", "evs:volumes:setImageMetadata"),
    ("volume_extension:volume_admin_actions:migrate_volume", "evs:volumes:migrate"),
    ("volume_extension:volume_admin_actions:reset_status", "evs:volumes:resetStatus"),
    ("volume_extension:volume_admin_actions:force_delete", "evs:volumes:forceDelete"),
    ("volume_extension:volume_actions:reserve", "evs:volumes:reserve"),
    ("volume_extension:volume_actions:unreserve", "evs:volumes:unreserve"),
    ("volume_extension:volume_actions:attach", "evs:volumes:attach"),
    ("volume_extension:volume_actions:detach", "evs:volumes:detach"),
    ("volume_extension:volume_actions:begin_detaching", "evs:volumes:beginDetaching"),
    ("volume_extension:volume_actions:roll_detaching", "evs:volumes:rollDetaching"),
    ("volume_extension:volume_admin_actions:force_detach", "evs:volumes:forceDetach"),
    ("volume_extension:volume_actions:initialize_connection", "evs:volumes:initializeConnection"),
    ("volume_extension:volume_actions:terminate_connection", "evs:volumes:terminateConnection"),
    ("volume:attachment_create", "evs:attachments:create"),
    ("volume:attachment_update", "evs:attachments:update"),
    ("volume:attachment_complete", "evs:attachments:complete"),
    ("volume:attachment_delete", "evs:attachments:delete"),
    ("volume:create_snapshot", "evs:snapshots:create"),
    ("volume:update_snapshot", "evs:snapshots:update"),
    ("volume:update_snapshot_metadata", "evs:snapshots:updateMetadata"),
    ("volume:delete_snapshot_metadata", "evs:snapshots:deleteMetadata"),
    ("volume_extension:snapshot_admin_actions:force_delete", "evs:snapshots:forceDelete"),
    ("snapshot_extension:snapshot_actions:update_snapshot_status", "evs:snapshots:updateStatus"),
    ("volume:delete_snapshot", "evs:snapshots:delete"),
    ("volume_extension:snapshot_admin_actions:reset_status", "evs:snapshots:resetStatus"),
    ("backup:create", "evs:backups:create"),
    ("backup:delete", "evs:backups:delete"),
    ("backup:update", "evs:backups:update"),
    ("backup:restore", "evs:backups:restore"),
    ("backup:export-import", "evs:backups:export"),
    ("backup:backup-import", "evs:backups:import"),
    ("volume_extension:backup_admin_actions:force_delete", "evs:backups:forceDelete"),
    ("volume_extension:backup_admin_actions:reset_status", "evs:backups:resetStatus"),
    ("message:delete", "evs:messages:delete"),
    ("volume_extension:type_create", "evs:types:create"),
    ("volume_extension:type_update", "evs:types:update"),
    ("volume_extension:type_delete", "evs:types:delete"),
    ("volume_extension:volume_type_access:get_all_for_type", "evs:types:listAccess"),
    ("volume_extension:volume_type_access:addProjectAccess", "evs:types:addAccess"),
    ("volume_extension:volume_type_access:removeProjectAccess", "evs:types:removeAccess"),
    ("volume_extension:types_extra_specs:create", "evs:types:createExtraSpecs"),
    ("volume_extension:types_extra_specs:update", "evs:types:updateExtraSpec"),
    ("volume_extension:types_extra_specs:delete", "evs:types:deleteExtraSpec"),
    ("volume_extension:volume_type_encryption:get", "evs:types:getEncryption"),
    ("volume_extension:volume_type_encryption:create", "evs:types:createEncryption"),
    ("volume_extension:volume_type_encryption:update", "evs:types:updateEncryption"),
    ("volume_extension:volume_type_encryption:delete", "evs:types:deleteEncryption"),
    ("volume_extension:qos_specs_manage:get_all", "evs:qosSpecs:list"),
    ("volume_extension:qos_specs_manage:get", "evs:qosSpecs:get"),
    ("volume_extension:qos_specs_manage:create", "evs:qosSpecs:create"),
    ("volume_extension:qos_specs_manage:update", "evs:qosSpecs:update"),
    ("volume_extension:qos_specs_manage:delete", "evs:qosSpecs:delete"),
    ("volume:create_volume_metadata", "evs:volumes:createMetadata"),
    ("volume:update_volume_metadata", "evs:volumes:updateMetadata"),
    ("volume:delete_volume_metadata", "evs:volumes:deleteMetadata"),
    ("volume_extension:services:index", "evs:services:list"),
    ("volume_extension:services:update", "evs:services:update"),
    ("volume_extension:hosts", "evs:hosts:get"),
    ("scheduler_extension:scheduler_stats:get_pools", "evs:pools:list"),
    ("volume_extension:capabilities", "evs:capabilities:get"),
    ("volume_extension:quotas:update", "evs:quotas:update"),
    ("volume_extension:quotas:delete", "evs:quotas:delete"),
    ("volume_extension:quota_classes:get", "evs:quotaClasses:get"),
    ("volume_extension:quota_classes:update", "evs:quotaClasses:update"),
];

/// The cloud's own name of an action, in the place of Cinder's rule.
fn action_of(rule: &'static str) -> &'static str {
    let found = ACTIONS.iter().find(|(of, _)| *of == rule).map(|(_, action)| *action);
    let action = found.unwrap_or(rule);
    assert!(action.starts_with("evs:") || action.starts_with("vbs:"), "{rule} has no action");
    action
}

/// Everything that has a project in its paths.
pub(crate) const ALL_VERSIONS: [&str; 4] = ["v1", "v2", "v2.1", "v3"];

pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Value,
    pub(crate) needs: Needs,
}

/// Every way to a disk's keys and values.
fn disk_metadata() -> Vec<(Method, &'static str, Value, Needs)> {
    let (whole, one) = (json!({"metadata": {"k": "v"}}), json!({"meta": {"k": "v"}}));
    let (all, value) = ("volumes/ID/metadata", "volumes/ID/metadata/KEY");
    vec![
        (Method::GET, all, Value::Null, Reader),
        (Method::GET, value, Value::Null, Reader),
        (Method::POST, all, whole.clone(), Member("volume:create_volume_metadata")),
        (Method::PUT, all, whole, Member("volume:update_volume_metadata")),
        (Method::PUT, value, one, Member("volume:update_volume_metadata")),
        (Method::DELETE, value, Value::Null, Member("volume:delete_volume_metadata")),
    ]
}

/// What can be done with a snapshot beyond what can be done with a backup.
fn snapshots() -> Vec<(Method, &'static str, Value, Needs)> {
    let (whole, one) = (json!({"metadata": {"k": "v"}}), json!({"meta": {"k": "v"}}));
    let (all, value) = ("snapshots/ID/metadata", "snapshots/ID/metadata/KEY");
    let update = Member("volume:update_snapshot_metadata");
    let named = json!({"snapshot": {"name": "x"}});
    let told = json!({"os-update_snapshot_status": {"status": "error"}});
    vec![
        (Method::PUT, "snapshots/ID", named, Member("volume:update_snapshot")),
        (
            Method::POST,
            "snapshots/ID/action",
            json!({"os-force_delete": {}}),
            Admin("volume_extension:snapshot_admin_actions:force_delete"),
        ),
        (
            Method::POST,
            "snapshots/ID/action",
            told,
            Member("snapshot_extension:snapshot_actions:update_snapshot_status"),
        ),
        (Method::GET, all, Value::Null, Reader),
        (Method::GET, value, Value::Null, Reader),
        (Method::POST, all, whole.clone(), update),
        (Method::PUT, all, whole, update),
        (Method::PUT, value, one, update),
        (Method::DELETE, value, Value::Null, Member("volume:delete_snapshot_metadata")),
    ]
}

/// What is asked of the node itself.
fn node() -> Vec<(Method, &'static str, Value, Needs)> {
    let service = json!({"host": "evs", "binary": "cinder-backup"});
    let mut node = vec![(
        Method::PUT,
        "os-services/ACTION",
        service,
        Admin("volume_extension:services:update"),
    )];
    for (path, needs) in [
        ("volumes/summary", Reader),
        ("extensions", Reader),
        ("extensions/ALIAS", Reader),
        ("resource_filters", Reader),
        ("os-services", Admin("volume_extension:services:index")),
        ("os-hosts", Admin("volume_extension:hosts")),
        ("os-hosts/HOST", Admin("volume_extension:hosts")),
        ("scheduler-stats/get_pools", Admin("scheduler_extension:scheduler_stats:get_pools")),
        ("capabilities/HOST", Admin("volume_extension:capabilities")),
    ] {
        node.push((Method::GET, path, Value::Null, needs));
    }
    node
}

/// Every action on a disk.
fn disk_actions() -> Vec<(Value, Needs)> {
    vec![
        (json!({"os-extend": {"new_size": 20}}), Member("volume:extend")),
        (json!({"os-set_bootable": {"bootable": true}}), Member("volume:update")),
        (
            json!({"os-update_readonly_flag": {"readonly": true}}),
            Member("volume:update_readonly_flag"),
        ),
        (json!({"os-retype": {"new_type": "SAS"}}), Member("volume:retype")),
        (
            json!({"os-volume_upload_image": {"image_name": "i"}}),
            Member("volume_extension:volume_actions:upload_image"),
        ),
        (
            json!({"os-set_image_metadata": {"metadata": {"k": "v"}}}),
            Member("volume_extension:volume_image_metadata:set"),
        ),
        (json!({"os-show_image_metadata": null}), Reader),
        (
            json!({"os-unset_image_metadata": {"key": "k"}}),
            Member("volume_extension:volume_image_metadata:set"),
        ),
        (
            json!({"os-migrate_volume": {"host": "h"}}),
            Admin("volume_extension:volume_admin_actions:migrate_volume"),
        ),
        (
            json!({"os-reset_status": {"status": "error"}}),
            Admin("volume_extension:volume_admin_actions:reset_status"),
        ),
        (json!({"os-reserve": {}}), Member("volume_extension:volume_actions:reserve")),
        (json!({"os-unreserve": {}}), Member("volume_extension:volume_actions:unreserve")),
        (
            json!({"os-attach": {"instance_uuid": ABSENT, "mountpoint": "/dev/vdb"}}),
            Member("volume_extension:volume_actions:attach"),
        ),
        (json!({"os-detach": null}), Member("volume_extension:volume_actions:detach")),
        (
            json!({"os-begin_detaching": {}}),
            Member("volume_extension:volume_actions:begin_detaching"),
        ),
        (
            json!({"os-roll_detaching": {}}),
            Member("volume_extension:volume_actions:roll_detaching"),
        ),
        (
            json!({"os-force_detach": {}}),
            Admin("volume_extension:volume_admin_actions:force_detach"),
        ),
        (
            json!({"os-initialize_connection": {"connector": {}}}),
            Member("volume_extension:volume_actions:initialize_connection"),
        ),
        (
            json!({"os-terminate_connection": {"connector": {}}}),
            Member("volume_extension:volume_actions:terminate_connection"),
        ),
        (
            json!({"os-force_delete": {}}),
            Admin("volume_extension:volume_admin_actions:force_delete"),
        ),
    ]
}

/// Every route under a project, without the version. `ID` stands for an id.
pub(crate) fn routes(version: &str) -> Vec<Route> {
    let mut routes = crate::cloud_disks::routes(version);
    if !VERSIONS.contains(&version) {
        return routes;
    }
    let mut add = |method: Method, path: &str, body: Value, needs: Needs| {
        routes.push(Route { method, path: path.to_owned(), body, needs });
    };
    let none = Value::Null;
    let transfers: &[&str] = if version == "v2" {
        &["os-volume-transfer"]
    } else {
        &["os-volume-transfer", "volume-transfers"]
    };
    for name in transfers {
        let own = format!("{name}/ID");
        let accept = format!("{own}/accept");
        let (offer, key) =
            (json!({"transfer": {"volume_id": ABSENT}}), json!({"accept": {"auth_key": "k"}}));
        add(Method::GET, name, none.clone(), Reader);
        add(Method::GET, &format!("{name}/detail"), none.clone(), Reader);
        add(Method::GET, &own, none.clone(), Reader);
        add(Method::POST, name, offer, Member("volume:create_transfer"));
        add(Method::POST, &accept, key, Member("volume:accept_transfer"));
        add(Method::DELETE, &own, none.clone(), Member("volume:delete_transfer"));
    }
    let named = json!({"volume": {"name": "x"}});
    add(Method::POST, "volumes", json!({"volume": {"size": 1}}), Member("volume:create"));
    add(Method::PUT, "volumes/ID", named, Member("volume:update"));
    add(Method::DELETE, "volumes/ID", none.clone(), Member("volume:delete"));
    for (method, path, body, needs) in disk_metadata().into_iter().chain(snapshots()).chain(node())
    {
        add(method, path, body, needs);
    }
    for (action, needs) in disk_actions() {
        add(Method::POST, "volumes/ID/action", action, needs);
    }
    for (kind, body, create, delete, reset) in [
        (
            "snapshots",
            json!({"snapshot": {"volume_id": ABSENT}}),
            "volume:create_snapshot",
            "volume:delete_snapshot",
            "volume_extension:snapshot_admin_actions:reset_status",
        ),
        (
            "backups",
            json!({"backup": {"volume_id": ABSENT}}),
            "backup:create",
            "backup:delete",
            "volume_extension:backup_admin_actions:reset_status",
        ),
    ] {
        let own = format!("{kind}/ID");
        let error = json!({"os-reset_status": {"status": "error"}});
        add(Method::POST, kind, body, Member(create));
        add(Method::DELETE, &own, none.clone(), Member(delete));
        add(Method::POST, &format!("{own}/action"), error, Admin(reset));
    }
    for rest in ["encryption", "encryption/KEY"] {
        add(Method::GET, &format!("volumes/ID/{rest}"), none.clone(), Reader);
    }
    for kind in ["volumes", "snapshots", "backups"] {
        for rest in ["", "/detail", "/ID"] {
            add(Method::GET, &format!("{kind}{rest}"), none.clone(), Reader);
        }
    }
    if version == "v3" {
        add(Method::GET, "messages", none.clone(), Reader);
        add(Method::GET, "messages/ID", none.clone(), Reader);
        add(Method::DELETE, "messages/ID", none.clone(), Member("message:delete"));
    }
    let own_quota = "os-quota-sets/PROJECT";
    let defaults = "os-quota-sets/PROJECT/defaults";
    for path in ["types", "types/ID", "os-availability-zone", own_quota, defaults, "limits"] {
        add(Method::GET, path, none.clone(), Reader);
    }
    for (method, path, body, needs) in
        types().into_iter().chain(attachments().into_iter().filter(|_| version == "v3"))
    {
        add(method, path, body, needs);
    }
    let quota = json!({"quota_set": {"volumes": 1}});
    add(Method::PUT, own_quota, quota, Admin("volume_extension:quotas:update"));
    add(Method::DELETE, own_quota, none.clone(), Admin("volume_extension:quotas:delete"));
    let class = "os-quota-class-sets/default";
    let body = json!({"quota_class_set": {"volumes": 1}});
    add(Method::GET, class, none.clone(), Admin("volume_extension:quota_classes:get"));
    add(Method::PUT, class, body, Admin("volume_extension:quota_classes:update"));
    let native = policies().into_iter().chain(cloud_backups()).filter(|_| version == "v2");
    for (method, path, body, needs) in backups().into_iter().chain(native) {
        add(method, path, body, needs);
    }
    routes
}

/// What there is about backups beyond what snapshots have, too.
fn backups() -> Vec<(Method, &'static str, Value, Needs)> {
    let record = json!({"backup-record": {"backup_service": "s", "backup_url": "e30="}});
    let named = json!({"backup": {"name": "x"}});
    vec![
        (Method::PUT, "backups/ID", named, Member("backup:update")),
        (Method::POST, "backups/ID/restore", json!({"restore": {}}), Member("backup:restore")),
        (Method::GET, "backups/ID/export_record", Value::Null, Admin("backup:export-import")),
        (Method::POST, "backups/import_record", record, Admin("backup:backup-import")),
        (
            Method::POST,
            "backups/ID/action",
            json!({"os-force_delete": {}}),
            Admin("volume_extension:backup_admin_actions:force_delete"),
        ),
    ]
}

/// The backups of VBS and their sharing.
fn cloud_backups() -> Vec<(Method, &'static str, Value, Needs)> {
    let new = json!({"backup": {"volume_id": ABSENT, "name": "x"}});
    let restore = json!({"restore": {"volume_id": ABSENT}});
    let share = json!({"shared": {"backup_id": ABSENT, "to_project_ids": ["x"]}});
    let shares = "os-vendor-backup-sharing";
    let (none, unshare) = (Value::Null, Member("vbs:backupSharing:delete"));
    vec![
        (Method::POST, "cloudbackups", new, Member("vbs:backups:create")),
        (Method::POST, "cloudbackups/ID", none.clone(), Member("vbs:backups:delete")),
        (Method::POST, "cloudbackups/ID/restore", restore, Member("vbs:backups:restore")),
        (Method::GET, "cloudbackups/quota", none.clone(), Reader),
        (Method::POST, shares, share, Member("vbs:backupSharing:create")),
        (Method::GET, "os-vendor-backup-sharing/detail", none.clone(), Reader),
        (Method::GET, "os-vendor-backup-sharing/count", none.clone(), Reader),
        (Method::GET, "os-vendor-backup-sharing/ID", none.clone(), Reader),
        (Method::DELETE, "os-vendor-backup-sharing?backup_id=ID", none.clone(), unshare),
        (Method::DELETE, "os-vendor-backup-sharing/ID", none, unshare),
    ]
}

/// The backup policies of VBS.
fn policies() -> Vec<(Method, &'static str, Value, Needs)> {
    let mut rows = Vec::new();
    let mut add = |method, path, body, needs| rows.push((method, path, body, needs));
    let disks = json!([{"resource_id": ABSENT, "resource_type": "volume"}]);
    let bind = json!({"backup_policy_id": ABSENT, "resources": disks});
    let policy = json!({"backup_policy_name": "x", "scheduled_policy": {
        "start_time": "02:00", "frequency": 1, "rentention_num": 7, "status": "ON",
    }});
    let unbind = "backuppolicyresources/ID/deleted_resources";
    for path in [
        "backuppolicy",
        "backuppolicy/ID",
        "backuppolicyresources?policy_id=ID",
        "backuppolicy/ID/backuptasks",
        "backuppolicy/tags",
        "backuppolicy/ID/tags",
    ] {
        add(Method::GET, path, Value::Null, Reader);
    }
    let search = json!({"action": "count"});
    add(Method::POST, "backuppolicy/resource_instances/action", search, Reader);
    let (tag, tags) = (json!({"tag": {"key": "k"}}), json!({"action": "delete"}));
    let add_tags = Member("vbs:backupPolicyTags:create");
    add(Method::POST, "backuppolicy/ID/tags", tag, add_tags);
    add(Method::POST, "backuppolicy/ID/tags/action", tags, add_tags);
    let delete_tag = Member("vbs:backupPolicyTags:delete");
    add(Method::DELETE, "backuppolicy/ID/tags/KEY", Value::Null, delete_tag);
    let run = Member("vbs:backupPolicy:execute");
    add(Method::POST, "backuppolicy/ID/action", Value::Null, run);
    let change = json!({"time_zone": "UTC+00:00"});
    add(Method::PUT, "backuppolicy/ID", change, Member("vbs:backupPolicy:update"));
    add(Method::POST, "backuppolicy", policy, Member("vbs:backupPolicy:create"));
    add(Method::DELETE, "backuppolicy/ID", Value::Null, Member("vbs:backupPolicy:delete"));
    add(Method::POST, "backuppolicyresources", bind, Member("vbs:backupPolicy:associate"));
    let body = json!({"resources": disks});
    add(Method::POST, unbind, body, Member("vbs:backupPolicy:disassociate"));
    rows
}

/// Attachments.
fn attachments() -> Vec<(Method, &'static str, Value, Needs)> {
    let (list, own, action) = ("attachments", "attachments/ID", "attachments/ID/action");
    let connect = json!({"attachment": {"connector": {"host": "h"}}});
    let new = json!({"attachment": {"volume_uuid": ABSENT}});
    let complete = json!({"os-complete": null});
    vec![
        (Method::GET, list, Value::Null, Reader),
        (Method::GET, "attachments/detail", Value::Null, Reader),
        (Method::GET, own, Value::Null, Reader),
        (Method::POST, list, new, Member("volume:attachment_create")),
        (Method::PUT, own, connect, Member("volume:attachment_update")),
        (Method::DELETE, own, Value::Null, Member("volume:attachment_delete")),
        (Method::POST, action, complete, Member("volume:attachment_complete")),
    ]
}

/// Disk types, what belongs to them, and qualities of service.
fn types() -> Vec<(Method, &'static str, Value, Needs)> {
    const ACCESS: &str = "types/ID/os-volume-type-access";
    let (get, post, put, delete) = (Method::GET, Method::POST, Method::PUT, Method::DELETE);
    let none = || Value::Null;
    let to_admin = |method: &Method, path: &'static str, body: Value, rule: &'static str| {
        (method.clone(), path, body, Admin(rule))
    };
    let specs = "types/ID/extra_specs";
    let spec = "types/ID/extra_specs/KEY";
    let (encryption, member) = ("types/ID/encryption", "types/ID/encryption/KEY");
    let luks = json!({"encryption": {"provider": "luks", "control_location": "front-end"}});
    let project = json!({"project": ABSENT});
    let qos = "volume_extension:qos_specs_manage:get_all";
    let change_qos = "volume_extension:qos_specs_manage:update";
    let delete_qos = "volume_extension:qos_specs_manage:delete";
    let show_encryption = "volume_extension:volume_type_encryption:get";
    vec![
        to_admin(
            &post,
            "types",
            json!({"volume_type": {"name": ""}}),
            "volume_extension:type_create",
        ),
        to_admin(
            &put,
            "types/ID",
            json!({"volume_type": {"name": "n"}}),
            "volume_extension:type_update",
        ),
        to_admin(&delete, "types/ID", none(), "volume_extension:type_delete"),
        to_admin(&get, ACCESS, none(), "volume_extension:volume_type_access:get_all_for_type"),
        to_admin(
            &post,
            "types/ID/action",
            json!({"addProjectAccess": project}),
            "volume_extension:volume_type_access:addProjectAccess",
        ),
        to_admin(
            &post,
            "types/ID/action",
            json!({"removeProjectAccess": project}),
            "volume_extension:volume_type_access:removeProjectAccess",
        ),
        (get.clone(), specs, none(), Reader),
        (get.clone(), spec, none(), Reader),
        to_admin(
            &post,
            specs,
            json!({"extra_specs": {"k": "v"}}),
            "volume_extension:types_extra_specs:create",
        ),
        to_admin(&put, spec, json!({"KEY": "v"}), "volume_extension:types_extra_specs:update"),
        to_admin(&delete, spec, none(), "volume_extension:types_extra_specs:delete"),
        to_admin(&get, encryption, none(), show_encryption),
        to_admin(&get, member, none(), show_encryption),
        to_admin(&post, encryption, luks.clone(), "volume_extension:volume_type_encryption:create"),
        to_admin(&put, member, luks, "volume_extension:volume_type_encryption:update"),
        to_admin(&delete, member, none(), "volume_extension:volume_type_encryption:delete"),
        to_admin(&get, "qos-specs", none(), qos),
        to_admin(&get, "qos-specs/ID/associations", none(), qos),
        to_admin(&get, "qos-specs/ID", none(), "volume_extension:qos_specs_manage:get"),
        to_admin(
            &post,
            "qos-specs",
            json!({"qos_specs": {"name": ""}}),
            "volume_extension:qos_specs_manage:create",
        ),
        to_admin(&put, "qos-specs/ID", json!({"qos_specs": {}}), change_qos),
        to_admin(&get, "qos-specs/ID/associate?vol_type_id=ID", none(), change_qos),
        to_admin(&get, "qos-specs/ID/disassociate?vol_type_id=ID", none(), change_qos),
        to_admin(&get, "qos-specs/ID/disassociate_all", none(), change_qos),
        to_admin(&delete, "qos-specs/ID", none(), delete_qos),
        to_admin(&put, "qos-specs/ID/delete_keys", json!({"keys": []}), delete_qos),
    ]
}

pub(crate) async fn ask(client: &Client, version: &str, project: &str, route: &Route) -> Answer {
    let path = route.path.replace("ID", ABSENT).replace("PROJECT", project);
    let body = (!route.body.is_null()).then(|| route.body.to_string());
    // At the newest version every route is there.
    let client = client.at("3.71");
    client.send(route.method.clone(), &format!("/{version}/{project}/{path}"), body).await
}

/// Asserts an error in the dialect of the route.
#[track_caller]
pub(crate) fn is_fault(answer: &Answer, route: &Route, status: u16, code: &str, message: &str) {
    if is_native(route) {
        answer.is_evs_fault(status, code, message);
    } else {
        answer.is_fault(status, message);
    }
}

/// Asserts that the path's project is not the token's.
#[track_caller]
pub(crate) fn is_wrong_project(answer: &Answer, route: &Route) {
    let message = if is_native(route) { "invalid tenant id!" } else { "Malformed request url" };
    is_fault(answer, route, 400, "EVS.0001", message);
}

fn is_native(route: &Route) -> bool {
    let begins = |part| route.path.starts_with(part);
    ["backuppolicy", "cloudbackups", "cloudvolumes", "cloudsnapshots", "os-vendor-", "jobs"]
        .into_iter()
        .any(begins)
        || route.path.ends_with("/retype")
}

impl Route {
    /// The weakest role that may, and the rule that a refusal names; a reader is never refused.
    pub(crate) fn permission(&self) -> (&'static str, Option<&'static str>) {
        match self.needs {
            Reader => ("reader", None),
            Member(rule) => ("member", Some(rule)),
            Admin(rule) => ("admin", Some(rule)),
        }
    }
}

/// A path below a project as the matrix spells it.
pub(crate) fn in_the_matrix(path: &str) -> String {
    path.trim_start_matches('/')
        .replace("{id}", "ID")
        .replace("{key}", "KEY")
        .replace("{target}", "PROJECT")
        .replace("{type}", "volumes")
        .replace("{class}", "default")
        .replace("{host}", "HOST")
        .replace("{alias}", "ALIAS")
        .replace("{action}", "ACTION")
}

/// Every method and path of the product's route table under a project.
fn routes_of_the_product() -> BTreeSet<(String, String)> {
    let roots = ALL_VERSIONS.map(|version| format!("/{version}/{{project_id}}"));
    let product = routes::below(&roots.each_ref().map(String::as_str));
    product.into_iter().map(|(method, path)| (method, in_the_matrix(&path))).collect()
}

#[test]
fn every_route_under_a_project_has_its_row_in_the_matrix() {
    let rows: Vec<Route> = ALL_VERSIONS.iter().flat_map(|version| routes(version)).collect();
    let tried: BTreeSet<(String, String)> = rows
        .iter()
        .map(|route| {
            let path = route.path.split('?').next().unwrap();
            (route.method.to_string(), path.to_owned())
        })
        .collect();
    let product = routes_of_the_product();
    assert_eq!(tried, product);
    // Past the runner's capture: the count is to be seen.
    let _ = writeln!(
        std::io::stderr(),
        "{} routes, {} rows of actions and versions, each with 5 bad tokens, 2 foreign projects for \
         2 users, and 3 roles: {} requests",
        product.len(),
        rows.len(),
        rows.len() * (5 + 4 + 3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_lets_in_without_a_good_token_and_the_tokens_own_project() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let partner = server.login("partner").await;
    let challenge = format!("Keystone uri=\"{}/identity\"", server.url());
    for version in ALL_VERSIONS {
        for route in routes(version) {
            for token in [None, Some(""), Some("garbage"), Some("ü"), Some(PASSWORD)] {
                let client = demo.with_token(token);
                let answer = ask(&client, version, &demo.project, &route).await;
                if is_native(&route) {
                    answer.is_evs_fault(401, "EVS.5401", "Authentication required.");
                } else {
                    answer.is_unauthenticated();
                }
                assert_eq!(answer.header("www-authenticate"), challenge);
            }
            for client in [&demo, &admin] {
                for project in [&partner.project, "nonsense"] {
                    let answer = ask(client, version, project, &route).await;
                    is_wrong_project(&answer, &route);
                }
            }
        }
    }
    let usage =
        demo.get(&demo.path("v3", &format!("os-quota-sets/{}?usage=1", demo.project))).await;
    assert_eq!(usage.body["quota_set"]["volumes"]["in_use"], 0, "nothing was made");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_looks_a_member_changes_and_an_admin_does_the_rest() {
    let server = TestServer::start_with(|settings| {
        let viewer = Account { name: "viewer".to_owned(), role: "reader".to_owned() };
        settings.bootstrap.accounts.push(viewer);
    })
    .await;
    let viewer = server.login("viewer").await;
    let (member, admin) = (server.login("demo").await, server.login("admin").await);
    for version in ALL_VERSIONS {
        for route in routes(version) {
            for (client, allowed) in [
                (&viewer, matches!(route.needs, Reader)),
                (&member, matches!(route.needs, Reader | Member(_))),
                (&admin, true),
            ] {
                let answer = ask(client, version, &client.project, &route).await;
                let (method, path) = (&route.method, &route.path);
                if allowed {
                    assert!(![401, 403].contains(&answer.status), "{method} {path}: {answer:?}");
                    assert_eq!(answer.header("x-evs-action"), "");
                } else {
                    let (Member(rule) | Admin(rule)) = route.needs else { panic!("{path}") };
                    let action = action_of(rule);
                    let native = is_native(&route);
                    let start = if native { "Policy check failed. " } else { "" };
                    let name = if native { action } else { rule };
                    let message = format!("{start}Policy doesn't allow {name} to be performed.");
                    is_fault(&answer, &route, 403, "EVS.5403", &message);
                    assert_eq!(answer.header("x-evs-action"), action, "{method} {path}");
                }
            }
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_and_changes_what_is_other_projects_from_its_own_path() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for version in VERSIONS {
        let disk = demo.disk().await;
        let path = admin.path(version, &format!("volumes/{disk}"));
        let seen = admin.get(&path).await;
        assert_eq!(seen.body["volume"]["os-vol-tenant-attr:tenant_id"], json!(demo.project));
        let snapshot = demo.snapshot(&disk).await;
        let backup = demo.backup(&disk).await;
        let (changed, body) = (Method::PUT, json!({"volume": {"name": "by admin"}}));
        let answer = admin.send(changed, &path, Some(body.to_string())).await;
        assert_eq!(answer.body["volume"]["name"], "by admin");
        for (kind, id) in [("snapshots", &snapshot), ("backups", &backup), ("volumes", &disk)] {
            let path = admin.path(version, &format!("{kind}/{id}"));
            assert_eq!(admin.get(&path).await.status, 200, "{kind}");
            admin.delete(&path).await.is_empty(202);
        }
    }
    server.finish().await;
}

async fn open() -> TestServer {
    TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_anybody_is_a_member_of_the_project_in_the_path() {
    let server = open().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        for (n, token) in [None, Some("garbage"), demo.token.as_deref()].into_iter().enumerate() {
            let mut client = demo.with_token(token).in_project(&format!("Project_{version}-{n}"));
            if n < 2 {
                client.user = "anybody".to_owned();
            }
            let disk = client.disk_of(json!({"size": 10})).await;
            let expected = crate::disks::shown(&client, version, &disk, json!({}));
            let path = client.path(version, &format!("volumes/{disk}"));
            client.get(&path).await.is(200, &json!({"volume": expected}));
            let (transfer, key) = client.offer(&disk).await;
            let taker = client.in_project("taker");
            assert_eq!(taker.accept(&transfer, &key).await.status, 202);
            client.get(&path).await.is_fault(404, &format!("Volume {disk} could not be found."));
            let reset = json!({"os-reset_status": {"status": "error"}});
            client.act(&disk, reset).await.is_fault(
                403,
                "Policy doesn't allow volume_extension:volume_admin_actions:reset_status to be \
                 performed.",
            );
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_an_admins_token_keeps_its_role_in_any_project() {
    let server = open().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let anywhere = admin.in_project("anywhere");
    anywhere.reset(&disk, "error").await;
    assert_eq!(demo.disk_status(&disk).await, "error");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_open_mode_a_malformed_project_id_is_refused() {
    let server = open().await;
    let nobody = server.anonymous();
    for version in VERSIONS {
        for project in ["a.b", "a%20b", "%27", "p%C3%A4", &"x".repeat(65)] {
            let path = format!("/{version}/{project}/volumes");
            nobody.get(&path).await.is_fault(400, "Malformed request url");
            let made = nobody.post(&path, json!({"volume": {"size": 1}})).await;
            made.is_fault(400, "Malformed request url");
        }
        for project in ["a", "A_b-9", &"x".repeat(64)] {
            let path = format!("/{version}/{project}/volumes");
            nobody.get(&path).await.is(200, &json!({"volumes": []}));
        }
    }
    server.finish().await;
}

/// Starts a server on all addresses; why it does not start.
async fn exposed(change: impl FnOnce(&mut Settings)) -> Option<String> {
    let dir = tempfile::TempDir::new().unwrap();
    let mut settings = Settings::defaults().unwrap();
    settings.server.listen = "0.0.0.0:0".parse().unwrap();
    settings.server.workers = 1;
    settings.data.dir = dir.path().join("data");
    settings.bootstrap.password = PASSWORD.into();
    settings.auth.password.memory_kib = 8;
    settings.auth.password.iterations = 1;
    change(&mut settings);
    let start: DateTime<Utc> = START.parse().unwrap();
    match Server::start(settings, Arc::new(ManualClock::at(start))).await {
        Ok(running) => {
            running.stop().await;
            None
        }
        Err(why) => Some(why.to_string()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_nobody_walks_in_by_open_mode_or_the_password_that_all_know() {
    let refusal = |why: &str| {
        Some(format!(
            "refusing to listen on 0.0.0.0:0, which is beyond loopback, {why}, or allow it with \
             --allow-remote"
        ))
    };
    let open = |settings: &mut Settings| settings.auth.mode = AuthMode::Open;
    let known = |settings: &mut Settings| settings.bootstrap.password = "secret".into();
    assert_eq!(exposed(open).await, refusal("in open mode: set auth.mode to \"token\""));
    let advice = "set bootstrap.password and begin a new data directory";
    assert_eq!(exposed(known).await, refusal(&format!("with the default password: {advice}")));
    assert_eq!(exposed(|_| {}).await, None);
    let insisted = exposed(|settings| {
        open(settings);
        known(settings);
        settings.server.allow_remote = true;
    });
    assert_eq!(insisted.await, None);
}
