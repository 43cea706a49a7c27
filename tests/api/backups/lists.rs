//! Lists of backups: filters and counts by their versions.

use serde_json::{Value, json};

use super::made;
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn filters_are_heard_or_refused_by_version_and_parts_found_from_3_34_on() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let nightly = made(&demo, "3.0", json!({"volume_id": disk, "name": "nightly"})).await;
    let weekly = made(&demo, "3.0", json!({"volume_id": disk, "name": "weekly"})).await;
    let mut all = vec![nightly.clone(), weekly.clone()];
    all.sort();
    let part = &disk[2..20];
    let ids = |body: &Value| -> Vec<String> {
        let backups = body["backups"].as_array().unwrap();
        let mut ids: Vec<String> =
            backups.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    for (version, query, found) in [
        ("3.0", "container=x", all.clone()),
        ("3.30", "name~=eek", all.clone()),
        ("3.34", "name~=EEK", vec![weekly.clone()]),
        ("3.34", "status~=avail", all.clone()),
        ("3.34", &format!("volume_id~={part}"), all.clone()),
        ("3.34", "volume_id~=nowhere", vec![]),
        ("3.71", "name=nightly&status=available", vec![nightly.clone()]),
        ("3.71", "limit=0", vec![]),
        ("3.71", "sort=size:asc,status:desc", all.clone()),
    ] {
        let answer = demo.at(version).get(&demo.path("v3", &format!("backups?{query}"))).await;
        assert_eq!((answer.status, ids(&answer.body)), (200, found), "{version} {query}");
    }
    for (version, query, filter) in
        [("3.31", "container=x", "container"), ("3.33", "name~=eek", "name~")]
    {
        let path = demo.path("v3", &format!("backups?{query}"));
        let rule = format!("Invalid filters {filter} are found in query options.");
        demo.at(version).get(&path).await.is_fault(400, &rule);
    }
    for (query, found) in [
        (format!("project_id={}", demo.project), all.clone()),
        (format!("project_id={}", admin.project), vec![]),
        (format!("user_id={}", demo.user), all.clone()),
        ("container=volumebackups&availability_zone=az-sim-1".to_owned(), all.clone()),
        (format!("id={weekly}"), vec![weekly.clone()]),
        ("colour=red".to_owned(), vec![]),
        ("colour~=red".to_owned(), vec![]),
    ] {
        let path = admin.path("v3", &format!("backups?all_tenants=1&{query}"));
        let answer = admin.at("3.71").get(&path).await;
        assert_eq!((answer.status, ids(&answer.body)), (200, found), "{query}");
    }
    for sort in ["colour", "name:sideways"] {
        let answer = demo.get(&demo.path("v3", &format!("backups?sort={sort}"))).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_tell_from_3_45_on_how_many_there_are_on_all_pages() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    for name in ["a", "a", "b"] {
        made(&demo, "3.0", json!({"volume_id": disk, "name": name})).await;
    }
    for kind in ["backups", "backups/detail"] {
        let path = demo.path("v3", &format!("{kind}?name=a&limit=1&with_count=true"));
        let early = demo.at("3.44").get(&path).await;
        assert_eq!(early.status, 400, "{}", early.text);
        let counted = demo.at("3.45").get(&path).await;
        assert_eq!((&counted.body["count"], counted.status), (&json!(2), 200));
        let path = demo.path("v3", &format!("{kind}?with_count=false"));
        assert_eq!(demo.at("3.45").get(&path).await.body.get("count"), None);
        let path = demo.path("v3", &format!("{kind}?with_count=maybe"));
        let answer = demo.at("3.45").get(&path).await;
        answer.is_fault(400, "Value 'maybe' for 'with_count' is not a boolean.");
    }
    server.finish().await;
}
