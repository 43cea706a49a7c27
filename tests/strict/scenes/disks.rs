//! Volumes and what is made of them: snapshots, backups, transfers.

use reqwest::Method;
use serde_json::{Value, json};

use super::Scene;
use crate::samples::Sample;

/// `volumes`.
pub(super) async fn volumes(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    if sample.parts().contains_key("id") {
        if !scene.is_absent() {
            one_volume(scene).await;
        }
    } else if scene.method() == Method::POST {
        new_volume(scene).await;
    } else {
        let named = json!({"size": 1, "name": sample.query("name")});
        for _ in 0..sample.listed("volumes") {
            scene.disk_of(named.clone()).await;
        }
        // A filter has something to leave out.
        if !sample.queries().is_empty() {
            scene.disk().await;
        }
    }
}

async fn new_volume(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    match sample.status {
        202 => {
            let name = sample.answered("/volume/volume_type").unwrap();
            let said = sample.said("/volume/volume_type").filter(|said| *said != "lvmdriver-1");
            if said.is_some() {
                let id = scene.disk_type(name).await;
                // By id or by name, as the recording has it.
                if said != Some(name) {
                    scene.said_is("/volume/volume_type", &id);
                }
            }
        }
        413 => {
            let project = scene.demo.project.clone();
            scene.admin.set_quota(&project, json!({"gigabytes": 1})).await;
            scene.disk().await;
        }
        _ => {}
    }
}

async fn one_volume(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    let disk = scene.disk_of(json!({"size": 1, "metadata": metadata(sample)})).await;
    scene.part_is("id", &disk);
    match (sample.endpoint.split('#').nth(1), sample.status) {
        (Some("os-retype"), _) => {
            let name = sample.said("/os-retype/new_type").unwrap().to_owned();
            scene.disk_type(&name).await;
        }
        (Some("os-unreserve"), _) | (Some("os-reserve"), 400) => {
            scene.demo.act(&disk, json!({"os-reserve": {}})).await.is_empty(202);
        }
        (Some("os-extend"), 413) => {
            let project = scene.demo.project.clone();
            scene.admin.set_quota(&project, json!({"gigabytes": 1})).await;
        }
        (Some("revert"), status) => {
            let snapshot = scene.demo.snapshot(&disk).await;
            scene.said_is("/revert/snapshot_id", &snapshot);
            if status == 400 {
                scene.demo.act(&disk, json!({"os-extend": {"new_size": 2}})).await.is_empty(202);
            }
        }
        _ => {}
    }
}

/// What a disk has before the request: what is then shown, and the key that is then changed.
fn metadata(sample: &Sample) -> Value {
    if let Some(key) = sample.parts().get("key") {
        return json!({*key: "value"});
    }
    let shown = sample.response.as_ref().and_then(|body| match sample.what().as_str() {
        "GET volumes/{id}/metadata" => Some(body["metadata"].clone()),
        "PUT volumes/{id}" => Some(body["volume"]["metadata"].clone()),
        _ => None,
    });
    shown.unwrap_or_else(|| json!({}))
}

/// `snapshots`.
pub(super) async fn snapshots(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    if scene.is_absent() {
        return;
    }
    if sample.parts().contains_key("id") {
        let snapshot = scene.demo.snapshot(&scene.disk().await).await;
        scene.part_is("id", &snapshot);
        one_snapshot(scene, &snapshot).await;
    } else if scene.method() == Method::POST {
        let disk = scene.disk().await;
        scene.said_is("/snapshot/volume_id", &disk);
        if sample.status == 413 {
            // Another one takes the rest.
            scene.disk().await;
            let project = scene.demo.project.clone();
            scene.admin.set_quota(&project, json!({"gigabytes": 2})).await;
        }
    } else if sample.status == 200 {
        let disk = scene.disk().await;
        for _ in 0..sample.listed("snapshots") {
            scene.demo.snapshot(&disk).await;
        }
    }
}

/// What a snapshot has and is before the request: the metadata that is then shown or the key that is
/// then changed, and `creating` if somebody is to say what has become of it.
async fn one_snapshot(scene: &Scene<'_>, id: &str) {
    let sample = scene.sample;
    let shown = sample.response.as_ref().and_then(|body| match sample.what().as_str() {
        "GET snapshots/{id}/metadata" => Some(body["metadata"].clone()),
        "PUT snapshots/{id}" => Some(body["snapshot"]["metadata"].clone()),
        _ => None,
    });
    let key = sample.parts().get("key").map(|key| json!({*key: "value3_update"}));
    if let Some(metadata) = shown.or(key) {
        scene.made(&format!("snapshots/{id}/metadata"), json!({"metadata": metadata})).await;
    }
    if sample.endpoint.ends_with("#os-update_snapshot_status") {
        let creating = json!({"os-reset_status": {"status": "creating"}});
        scene.made(&format!("snapshots/{id}/action"), creating).await;
    }
}

/// `backups`.
pub(super) async fn backups(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    if scene.is_absent() {
        return;
    }
    if sample.status == 200 && !sample.parts().contains_key("id") {
        let lister = scene.account(sample.caller()).clone();
        lister.backup(&lister.disk().await).await;
        return;
    }
    // The record says it all.
    if sample.endpoint.ends_with("import_record") {
        return;
    }
    let disk = scene.disk().await;
    if sample.said("/backup/volume_id").is_some() {
        scene.said_is("/backup/volume_id", &disk);
    } else {
        let backup = scene.demo.backup(&disk).await;
        scene.part_is("id", &backup);
    }
}

/// Transfers by either name.
pub(super) async fn transfers(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    if scene.is_absent() {
        return;
    }
    let disk = scene.demo.disk().await;
    if sample.said("/transfer/volume_id").is_some() {
        scene.said_is("/transfer/volume_id", &disk);
        return;
    }
    let (transfer, key) = scene.demo.offer(&disk).await;
    if sample.parts().contains_key("id") {
        scene.part_is("id", &transfer);
    }
    if sample.said("/accept/auth_key").is_some() {
        scene.said_is("/accept/auth_key", &key);
    }
}
