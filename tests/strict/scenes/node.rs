//! Quotas, messages, the node itself and the identity service.

use serde_json::json;

use super::Scene;

/// All but volumes and types.
pub(super) async fn set(scene: &mut Scene<'_>) {
    let sample = scene.sample;
    match sample.what().as_str() {
        "GET messages" | "GET messages/{id}" | "DELETE messages/{id}" => messages(scene).await,
        "GET os-hosts/{host}" => {
            let disk = scene.disk().await;
            scene.demo.snapshot(&disk).await;
        }
        "PUT os-quota-class-sets/default" => {
            let body = sample.request.as_ref().unwrap();
            let mut keys = body["quota_class_set"].as_object().unwrap().keys();
            let of_type = keys.find_map(|key| key.strip_prefix("volumes_")).unwrap();
            scene.disk_type(of_type).await;
        }
        "DELETE /identity/v3/projects/{id}" => {
            let body = json!({"project": {"name": "made"}});
            let answer = scene.admin.post("/identity/v3/projects", body).await;
            scene.part_is("id", answer.body["project"]["id"].as_str().unwrap());
        }
        _ => {}
    }
}

/// The server lets every disk fail to grow.
async fn messages(scene: &mut Scene<'_>) {
    if scene.is_absent() {
        return;
    }
    let disk = scene.disk().await;
    scene.demo.act(&disk, json!({"os-extend": {"new_size": 2}})).await.is_empty(202);
    let all = scene.demo.path("v3", "messages");
    let listed = scene.demo.at("3.3").get(&all).await;
    let id = listed.body["messages"][0]["id"].as_str().unwrap().to_owned();
    if scene.sample.parts().contains_key("id") {
        scene.part_is("id", &id);
    }
}
