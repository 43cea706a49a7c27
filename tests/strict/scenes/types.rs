//! Disk types, their extra specs, access and encryption, and qualities of service.

use reqwest::Method;
use serde_json::json;

use super::Scene;

/// `types`.
pub(super) async fn types(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    let what = sample.what();
    if what == "POST types" && sample.status == 409 {
        let name = sample.said("/volume_type/name").unwrap().to_owned();
        scene.disk_type(&name).await;
    }
    // A key that is missing is missing of a type; anything else that is missing is the type.
    let key_only = sample
        .answered("/itemNotFound/message")
        .is_some_and(|message| message.contains("has no extra specs"));
    if !sample.parts().contains_key("id") || scene.is_absent() && !key_only {
        return;
    }
    let specs = match what.as_str() {
        "PUT types/{id}" => json!({}),
        _ => json!({"spec1": "val1"}),
    };
    let private = what.contains("ccess");
    let new = json!({"volume_type": {
        "name": "made", "extra_specs": specs, "os-volume-type-access:is_public": !private,
    }});
    let id = scene.made("types", new).await.body["volume_type"]["id"].as_str().unwrap().to_owned();
    scene.part_is("id", &id);
    if what.contains("/extra_specs/{key}") && !key_only {
        let key = sample.part("key").to_owned();
        let body = json!({"extra_specs": {key: "val"}});
        scene.made(&format!("types/{id}/extra_specs"), body).await;
    }
    if what.contains("removeProjectAccess") || what.contains("os-volume-type-access") {
        for account in [&scene.demo, &scene.partner] {
            let body = json!({"addProjectAccess": {"project": account.project}});
            scene.made(&format!("types/{id}/action"), body).await;
        }
    }
    if what.contains("/encryption") && scene.method() != Method::POST {
        encryption(scene, &id).await;
    }
}

async fn encryption(scene: &mut Scene<'_>, of_type: &str) {
    let body = json!({"encryption": {
        "provider": "LuksEncryptor",
        "key_size": 256,
        "cipher": "aes-xts-plain64",
        "control_location": "front-end",
    }});
    let answer = scene.made(&format!("types/{of_type}/encryption"), body).await;
    let id = answer.body["encryption"]["encryption_id"].as_str().unwrap();
    // To be shown, it is named by one of its members instead.
    if scene.method() != Method::GET {
        scene.part_is("encryption_id", id);
    }
}

/// `qos-specs`.
pub(super) async fn qos_specs(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    if scene.is_absent() || scene.method() == Method::POST {
        return;
    }
    let new = json!({"qos_specs": {
        "name": "fast", "consumer": "front-end", "read_iops_sec": "2000", "iops_bytes": "500",
    }});
    let answer = scene.made("qos-specs", new).await;
    let id = answer.body["qos_specs"]["id"].as_str().unwrap().to_owned();
    if !sample.parts().contains_key("id") {
        return;
    }
    scene.part_is("id", &id);
    let of_type = scene.disk_type("made").await;
    if let Some(there) = sample.query("vol_type_id") {
        scene.pair(there, &of_type);
    }
    if sample.what().ends_with("/associations") {
        for name in 1..sample.listed("qos_associations") {
            let of_type = scene.disk_type(&name.to_string()).await;
            associate(scene, &id, &of_type).await;
        }
    }
    // Specs that a type has are not removed.
    if !sample.what().ends_with("/associate") && scene.method() != Method::DELETE {
        associate(scene, &id, &of_type).await;
    }
}

async fn associate(scene: &Scene<'_>, specs: &str, of_type: &str) {
    let path = format!("qos-specs/{specs}/associate?vol_type_id={of_type}");
    scene.admin.get(&scene.admin.path("v3", &path)).await.is_empty(202);
}
