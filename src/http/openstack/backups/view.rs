//! How a backup looks.

use serde_json::{Value, json};

use super::METADATA;
use crate::domain::access::{Caller, Role};
use crate::domain::backup::Backup;
use crate::domain::microversion::Microversion;
use crate::http::call::Call;
use crate::http::time::zoneless;

/// From here on administrators are told whose a backup is.
const PROJECT: Microversion = Microversion(3, 18);
/// From here on administrators are told who made it.
const USER: Microversion = Microversion(3, 56);

pub(super) fn summary(call: &Call, backup: &Backup) -> Value {
    let id = backup.id.to_string();
    json!({"id": id, "name": backup.name, "links": call.links("backups", &id)})
}

pub(super) fn detail(call: &Call, caller: &Caller, backup: &Backup) -> Value {
    let id = backup.id.to_string();
    let mut view = json!({
        "id": id,
        "status": backup.status.as_str(),
        "size": backup.size_gib,
        "object_count": backup.objects(),
        "availability_zone": backup.zone,
        "container": backup.container,
        "created_at": zoneless(backup.created_at),
        "updated_at": backup.updated_at.map(zoneless),
        "name": backup.name,
        "description": backup.description,
        "fail_reason": backup.fail_reason,
        "volume_id": backup.disk.to_string(),
        "links": call.links("backups", &id),
        "is_incremental": backup.incremental,
        "has_dependent_backups": backup.has_dependents,
        "snapshot_id": backup.snapshot.map(|id| id.to_string()),
        "data_timestamp": zoneless(backup.data_time()),
    });
    let admin = caller.role == Role::Admin;
    let later: [(&str, Microversion, bool, Value); 3] = [
        ("os-backup-project-attr:project_id", PROJECT, admin, backup.project.as_str().into()),
        ("metadata", METADATA, true, json!(backup.metadata)),
        ("user_id", USER, admin, backup.user.as_str().into()),
    ];
    if let Some(members) = view.as_object_mut() {
        for (name, since, told, value) in later {
            if told && call.version() >= since {
                members.insert(name.to_owned(), value);
            }
        }
    }
    view
}
