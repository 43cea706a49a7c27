//! A snapshot as it is shown.

use serde_json::{Value, json};

use crate::domain::microversion::Microversion;
use crate::domain::snapshot::Snapshot;
use crate::http::call::Call;
use crate::http::time::zoneless;

pub(super) fn summary(snapshot: &Snapshot) -> Value {
    json!({
        "id": snapshot.id.to_string(),
        "created_at": zoneless(snapshot.created_at),
        "updated_at": snapshot.updated_at.map(zoneless),
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.disk.to_string(),
        "status": snapshot.status.as_str(),
        "size": snapshot.size_gib,
        "metadata": snapshot.metadata,
    })
}

/// The same with what later versions add, as create and update answer it.
pub(super) fn view(call: &Call, snapshot: &Snapshot) -> Value {
    with_later(call, snapshot, summary(snapshot))
}

/// The same with what show and the detailed list add.
pub(super) fn detail(call: &Call, snapshot: &Snapshot) -> Value {
    with_later(call, snapshot, whole(snapshot))
}

/// All that was known of a snapshot from the beginning.
pub(in crate::http) fn whole(snapshot: &Snapshot) -> Value {
    let mut view = summary(snapshot);
    if let Some(members) = view.as_object_mut() {
        let (project, percent) = (snapshot.project.as_str(), snapshot.percent());
        members.insert("os-extended-snapshot-attributes:project_id".to_owned(), project.into());
        let progress = format!("{percent}%");
        members.insert("os-extended-snapshot-attributes:progress".to_owned(), progress.into());
    }
    view
}

fn with_later(call: &Call, snapshot: &Snapshot, mut view: Value) -> Value {
    let since: &[(Microversion, &str, Value)] = &[
        (Microversion(3, 14), "group_snapshot_id", Value::Null),
        (Microversion(3, 41), "user_id", snapshot.user.as_str().into()),
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
