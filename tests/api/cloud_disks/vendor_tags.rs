//! Tags in their deprecated form.

use serde_json::{Value, json};

use super::{disk, empty_with, shown};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_replaced_and_removed_one_by_one_or_together() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = disk(&demo, empty_with(json!({"tags": {"a": "1"}}))).await;
    let all = demo.path("v2", &format!("os-vendor-tags/volumes/{id}"));
    let one = |key: &str| format!("{all}/{key}");
    let tags = |tags: Value| json!({"tags": tags});
    demo.post(&all, tags(json!({"b": "2"}))).await.is(200, &tags(json!({"a": "1", "b": "2"})));
    demo.put(&all, tags(json!({"c": "3", "d": ""})))
        .await
        .is(200, &tags(json!({"c": "3", "d": ""})));
    demo.get(&one("c")).await.is(200, &json!({"tag": {"c": "3"}}));
    demo.put(&one("e"), json!({"tag": {"e": "5"}})).await.is(200, &json!({"tag": {"e": "5"}}));
    demo.delete(&one("c")).await.is_empty(200);
    demo.get(&all).await.is(200, &tags(json!({"d": "", "e": "5"})));
    let delete = json!({"os-delete_tags": {"d": "", "z": ""}});
    demo.post(&format!("{all}/action"), delete).await.is_empty(200);
    demo.get(&all).await.is(200, &tags(json!({"e": "5"})));

    let absent = format!("Volume {id} has no such tag.");
    demo.get(&one("c")).await.is_evs_fault(404, "EVS.5404", &absent);
    demo.delete(&one("c")).await.is_evs_fault(404, "EVS.5404", &absent);
    let mismatch = "Request body and URI mismatch.";
    for tag in [json!({"x": "1"}), json!({"e": "1", "x": "1"}), json!({})] {
        let answer = demo.put(&one("e"), json!({"tag": tag})).await;
        answer.is_evs_fault(400, "EVS.5400", mismatch);
    }
    let invalid = "Request body is invalid.";
    demo.post(&all, json!({})).await.is_evs_fault(400, "EVS.2108", invalid);
    let answer = demo.put(&all, tags(json!({"a.b": ""}))).await;
    answer.is_evs_fault(400, "EVS.1062", "invalid tag!");
    for kind in ["snapshots", "backups", "nonsense"] {
        let answer = demo.get(&demo.path("v2", &format!("os-vendor-tags/{kind}"))).await;
        answer.is_evs_fault(404, "EVS.5404", "The resource could not be found.");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_found_by_all_any_or_none_of_some_tags() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let one = disk(&demo, empty_with(json!({"tags": {"a": "1", "b": "2"}}))).await;
    let two = disk(&demo, empty_with(json!({"tags": {"a": "9"}}))).await;
    let found = async |query: &str| {
        let path = demo.path("v2", &format!("os-vendor-tags/volumes/resource_instances?{query}"));
        let answer = demo.get(&path).await;
        let resources = answer.body["resources"].as_array().unwrap();
        assert_eq!(answer.body["total_count"], resources.len());
        let id = |resource: &Value| resource["resource_id"].as_str().unwrap().to_owned();
        let mut ids: Vec<String> = resources.iter().map(id).collect();
        ids.sort();
        ids
    };
    let mut both = vec![one.clone(), two.clone()];
    both.sort();
    assert_eq!(found("").await, both);
    assert_eq!(found("tags={'a':['1','9']}").await, both);
    assert_eq!(found("tags={'a':['1'],'b':[]}").await, std::slice::from_ref(&one));
    assert_eq!(found("tags_any={'a':['9'],'b':['2']}").await, both);
    assert_eq!(found("not_tags={'b':['2']}").await, std::slice::from_ref(&two));
    assert_eq!(found("not_tags_any={'a':['1'],'b':[]}").await, std::slice::from_ref(&two));
    let path = demo.path("v2", "os-vendor-tags/volumes/resource_instances?tags={'b':[]}");
    let tags = json!({"a": "1", "b": "2"});
    let resource = json!({
        "resource_id": one, "resource_name": null, "tags": tags,
        "resource_detail": shown(&demo, &one, json!({"tags": tags})),
    });
    demo.get(&path).await.is(200, &json!({"total_count": 1, "resources": [resource]}));
    let path = demo.path("v2", "os-vendor-tags/volumes/resource_instances?tags=x");
    demo.get(&path).await.is_evs_fault(400, "EVS.1062", "invalid tag!");
    server.finish().await;
}
