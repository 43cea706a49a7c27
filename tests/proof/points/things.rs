//! What a request needs to be there before it: made anew for each, so that none meets another.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{Stage, Who};

/// What must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Nothing,
    Disk,
    DiskWithMetadata,
    DiskWithImage,
    DiskWithTags,
    ReservedDisk,
    DiskInUse,
    DetachingDisk,
    DiskWithoutSpeed,
    Attachment,
    ConnectedAttachment,
    Offer,
    Snapshot,
    SnapshotWithMetadata,
    SnapshotUnderWay,
    Backup,
    Record,
    Share,
    Message,
    Policy,
    PolicyWithTag,
    PolicyWithDisk,
    NoQuota,
    OtherClass,
    Quota,
    Type,
    PrivateType,
    TypeWithAccess,
    TypeWithSpec,
    TypeWithEncryption,
    Qos,
    QosWithType,
}

/// Names of what is there, to be put into paths and bodies.
pub(super) type Things = BTreeMap<&'static str, String>;

/// Makes what is needed. `id` is what a path is about.
pub(super) async fn make(stage: &Stage, need: Need) -> Things {
    let mut made = Maker { stage, things: Things::new() };
    made.name("fresh", Uuid::new_v4().simple().to_string());
    made.name("server", Uuid::new_v4().to_string());
    made.name("demo", stage.people.demo.project.clone());
    made.name("partner", stage.people.partner.project.clone());
    made.need(need).await;
    made.things
}

struct Maker<'a> {
    stage: &'a Stage,
    things: Things,
}

/// The text at a place of a body.
fn at(body: &Value, place: &str) -> String {
    let found = body.pointer(place).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("no {place} in {body}")).to_owned()
}

impl Maker<'_> {
    fn name(&mut self, name: &'static str, value: String) {
        self.things.insert(name, value);
    }

    async fn post(&self, who: Who, path: &str, body: Value) -> Value {
        let body = filled(&body.to_string(), &self.things);
        let path = filled(path, &self.things);
        self.stage.make(who, Method::POST, &path, serde_json::from_str(&body).unwrap()).await
    }

    /// Makes something; its id is at `place` of the answer.
    async fn thing(&mut self, who: Who, path: &str, body: Value, place: &str) {
        let id = at(&self.post(who, path, body).await, place);
        self.name("id", id);
    }

    async fn disk(&mut self) {
        let body = json!({"volume": {"size": 1, "name": "ledger"}});
        self.thing(Who::Demo, "v3/volumes", body, "/volume/id").await;
        self.name("disk", self.things["id"].clone());
    }

    async fn act(&self, who: Who, body: Value) {
        self.post(who, "v3/volumes/{disk}/action", body).await;
    }

    async fn policy(&mut self) {
        let body = json!({"backup_policy_name": "{fresh}", "scheduled_policy": {
            "start_time": "02:00", "frequency": 1, "rentention_num": 7, "status": "ON",
        }});
        self.thing(Who::Demo, "v2/backuppolicy", body, "/backup_policy_id").await;
    }

    async fn backup(&mut self) {
        self.disk().await;
        let body = json!({"backup": {"volume_id": "{disk}", "name": "copy"}});
        self.thing(Who::Demo, "v3/backups", body, "/backup/id").await;
    }

    async fn disk_type(&mut self, public: bool) {
        let body = json!({"volume_type": {
            "name": "{fresh}", "os-volume-type-access:is_public": public,
        }});
        self.thing(Who::Admin, "v3/types", body, "/volume_type/id").await;
        self.name("type", self.things["id"].clone());
    }

    async fn qos(&mut self) {
        let body = json!({"qos_specs": {"name": "{fresh}", "iops": "5"}});
        self.thing(Who::Admin, "v3/qos-specs", body, "/qos_specs/id").await;
        self.name("qos", self.things["id"].clone());
    }

    async fn attachment(&mut self) {
        self.disk().await;
        let body = json!({"attachment": {"volume_uuid": "{disk}", "instance_uuid": "{server}"}});
        self.thing(Who::Demo, "v3/attachments", body, "/attachment/id").await;
    }

    async fn need(&mut self, need: Need) {
        match need {
            Need::Nothing => {}
            Need::Disk | Need::DiskWithMetadata | Need::DiskWithImage | Need::DiskWithTags => {
                self.disk().await;
                self.on_the_disk(need).await;
            }
            Need::ReservedDisk | Need::DiskInUse | Need::DetachingDisk => {
                self.disk().await;
                self.act(Who::Demo, json!({"os-reserve": {}})).await;
                if need != Need::ReservedDisk {
                    let to = json!({"instance_uuid": "{server}", "mountpoint": "/dev/vdb"});
                    self.act(Who::Demo, json!({"os-attach": to})).await;
                }
                if need == Need::DetachingDisk {
                    self.act(Who::Demo, json!({"os-begin_detaching": {}})).await;
                }
            }
            Need::DiskWithoutSpeed => {
                let body = json!({"volume": {"size": 10, "volume_type": "SATA"}});
                self.thing(Who::Demo, "v3/volumes", body, "/volume/id").await;
            }
            Need::Attachment => self.attachment().await,
            Need::ConnectedAttachment => {
                self.attachment().await;
                let body = json!({"attachment": {"connector": {"host": "h"}}});
                let path = filled("v3/attachments/{id}", &self.things);
                self.stage.make(Who::Demo, Method::PUT, &path, body).await;
            }
            Need::Offer => {
                self.disk().await;
                let body = json!({"transfer": {"volume_id": "{disk}"}});
                let made = self.post(Who::Demo, "v3/os-volume-transfer", body).await;
                self.name("id", at(&made, "/transfer/id"));
                self.name("key", at(&made, "/transfer/auth_key"));
            }
            Need::Snapshot | Need::SnapshotWithMetadata | Need::SnapshotUnderWay => {
                self.snapshot(need).await;
            }
            Need::Backup | Need::Record | Need::Share => {
                self.backup().await;
                self.of_the_backup(need).await;
            }
            Need::Message => self.message().await,
            Need::Policy | Need::PolicyWithTag | Need::PolicyWithDisk => {
                self.disk().await;
                self.policy().await;
                self.of_the_policy(need).await;
            }
            Need::NoQuota => {
                let path = filled("v3/os-quota-sets/{partner}", &self.things);
                self.stage.make(Who::Admin, Method::DELETE, &path, Value::Null).await;
            }
            Need::OtherClass => {
                let body = json!({"quota_class_set": {"snapshots": 44}});
                let path = "v3/os-quota-class-sets/default";
                self.stage.make(Who::Admin, Method::PUT, path, body).await;
            }
            Need::Quota => {
                let body = json!({"quota_set": {"snapshots": 77}});
                let path = filled("v3/os-quota-sets/{partner}", &self.things);
                self.stage.make(Who::Admin, Method::PUT, &path, body).await;
            }
            Need::Type
            | Need::PrivateType
            | Need::TypeWithAccess
            | Need::TypeWithSpec
            | Need::TypeWithEncryption => {
                self.disk_type(!matches!(need, Need::PrivateType | Need::TypeWithAccess)).await;
                self.of_the_type(need).await;
            }
            Need::Qos | Need::QosWithType => {
                self.disk_type(true).await;
                self.qos().await;
                if need == Need::QosWithType {
                    let path =
                        filled("v3/qos-specs/{qos}/associate?vol_type_id={type}", &self.things);
                    self.stage.make(Who::Admin, Method::GET, &path, Value::Null).await;
                }
            }
        }
    }

    async fn on_the_disk(&mut self, need: Need) {
        if need == Need::DiskWithMetadata {
            let body = json!({"metadata": {"k": "v", "kept": "v"}});
            self.post(Who::Demo, "v3/volumes/{disk}/metadata", body).await;
        }
        if need == Need::DiskWithImage {
            let body = json!({"os-set_image_metadata": {"metadata": {"k": "v"}}});
            self.act(Who::Demo, body).await;
        }
        if need == Need::DiskWithTags {
            let body = json!({"tags": {"k": "v", "kept": "v"}});
            self.post(Who::Demo, "v2/os-vendor-tags/volumes/{disk}", body).await;
        }
    }

    async fn snapshot(&mut self, need: Need) {
        self.disk().await;
        let body = json!({"snapshot": {"volume_id": "{disk}", "name": "still"}});
        self.thing(Who::Demo, "v3/snapshots", body, "/snapshot/id").await;
        if need == Need::SnapshotWithMetadata {
            let body = json!({"metadata": {"k": "v", "kept": "v"}});
            self.post(Who::Demo, "v3/snapshots/{id}/metadata", body).await;
        }
        if need == Need::SnapshotUnderWay {
            let body = json!({"os-reset_status": {"status": "creating"}});
            self.post(Who::Admin, "v3/snapshots/{id}/action", body).await;
        }
    }

    async fn of_the_backup(&mut self, need: Need) {
        if need == Need::Record {
            let path = filled("v3/backups/{id}/export_record", &self.things);
            let record = self.stage.make(Who::Admin, Method::GET, &path, Value::Null).await;
            self.name("record", at(&record, "/backup-record/backup_url"));
            let path = filled("v3/backups/{id}", &self.things);
            self.stage.make(Who::Demo, Method::DELETE, &path, Value::Null).await;
        }
        if need == Need::Share {
            self.name("backup", self.things["id"].clone());
            let body = json!({"shared": {"backup_id": "{id}", "to_project_ids": ["{partner}"]}});
            self.thing(Who::Demo, "v2/os-vendor-backup-sharing", body, "/shared/0/id").await;
        }
    }

    async fn of_the_policy(&mut self, need: Need) {
        if need == Need::PolicyWithTag {
            let body = json!({"tag": {"key": "k", "value": "v"}});
            self.post(Who::Demo, "v2/backuppolicy/{id}/tags", body).await;
        }
        if need == Need::PolicyWithDisk {
            let resources = json!([{"resource_id": "{disk}", "resource_type": "volume"}]);
            let body = json!({"backup_policy_id": "{id}", "resources": resources});
            self.post(Who::Demo, "v2/backuppolicyresources", body).await;
        }
    }

    async fn of_the_type(&mut self, need: Need) {
        if need == Need::TypeWithAccess {
            let body = json!({"addProjectAccess": {"project": "{demo}"}});
            self.post(Who::Admin, "v3/types/{id}/action", body).await;
        }
        if need == Need::TypeWithSpec {
            let body = json!({"extra_specs": {"k": "v"}});
            self.post(Who::Admin, "v3/types/{id}/extra_specs", body).await;
        }
        if need == Need::TypeWithEncryption {
            let body = json!({"encryption": {"provider": "luks", "control_location": "front-end"}});
            let made = self.post(Who::Admin, "v3/types/{id}/encryption", body).await;
            self.name("encryption", at(&made, "/encryption/encryption_id"));
        }
    }

    /// What a project is told when something fails.
    async fn message(&mut self) {
        self.disk().await;
        self.stage.arm(json!({"fail_step": "extend", "disk": self.things["disk"]})).await;
        self.act(Who::Demo, json!({"os-extend": {"new_size": 2}})).await;
        self.stage.disarm().await;
        let list = self.stage.make(Who::Demo, Method::GET, "v3/messages", Value::Null).await;
        self.name("id", at(&list, "/messages/0/id"));
    }
}

/// A text with the names of things in the place of `{words}`.
pub(super) fn filled(text: &str, things: &Things) -> String {
    things
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
