//! Tags of disks, and disks by their tags.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use super::{disk, empty, empty_with, show, shown};
use crate::support::{Answer, Client, TestServer};

const INVALID: (&str, &str) = ("EVS.1062", "invalid tag!");
const TOO_MANY: (&str, &str) = ("EVS.1061", "The Volume Tags is Exceed Max Limit Num.");
const BODY: (&str, &str) = ("EVS.2108", "Request body is invalid.");

async fn change(client: &Client, id: &str, body: Value) -> Answer {
    client.post(&client.path("v2", &format!("cloudvolumes/{id}/tags/action")), body).await
}

fn pair(key: &str, value: &str) -> Value {
    json!({"key": key, "value": value})
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_overwritten_and_removed_and_shown_everywhere() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = disk(&demo, empty_with(json!({"tags": {"b": "1"}}))).await;
    let add = json!({"action": "create", "tags": [pair("a", "x"), pair("b", "2"), {"key": "c"}]});
    change(&demo, &id, add).await.is_empty(204);
    let all = [pair("a", "x"), pair("b", "2"), pair("c", "")];
    for place in ["cloudvolumes", "os-vendor-volumes"] {
        let answer = demo.get(&demo.path("v2", &format!("{place}/{id}/tags"))).await;
        answer.is(200, &json!({"tags": all}));
    }
    let expected = shown(&demo, &id, json!({"tags": {"a": "x", "b": "2", "c": ""}}));
    show(&demo, &id).await.is(200, &json!({"volume": expected}));

    let remove = json!({"action": "delete", "tags": [{"key": "a"}, pair("c", "z"), pair("z", "")]});
    let path = demo.path("v3", &format!("os-vendor-volumes/{id}/tags/action"));
    demo.post(&path, remove).await.is_empty(204);
    let answer = demo.get(&demo.path("v2", &format!("cloudvolumes/{id}/tags"))).await;
    answer.is(200, &json!({"tags": [pair("b", "2")]}));

    let second = disk(&demo, empty_with(json!({"tags": {"b": "3", "d": ""}}))).await;
    for path in ["cloudvolumes/tags", "os-vendor-tags/volumes"] {
        let answer = demo.get(&demo.path("v2", path)).await;
        answer.is(200, &json!({"tags": {"b": ["2", "3"], "d": [""]}}));
    }
    let events: Vec<(String,)> = server
        .rows(
            "SELECT after FROM events WHERE action = 'disk.tag' AND disk_id = $1 ORDER BY seq",
            &id,
        )
        .await;
    let after: Value = serde_json::from_str(&events[1].0).unwrap();
    assert_eq!((events.len(), &after["values"]), (2, &json!({"b": "2"})));
    assert_ne!(second, id);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_has_ten_tags_at_most_and_each_broken_rule_changes_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let ten: Map<String, Value> = (0..10).map(|n| (format!("k{n}"), json!("v"))).collect();
    let id = disk(&demo, empty_with(json!({"tags": ten}))).await;
    for (body, (code, message)) in [
        (json!({"action": "create", "tags": [pair("k0", "w"), pair("k10", "")]}), TOO_MANY),
        (json!({"action": "create", "tags": [pair("", "v")]}), INVALID),
        (json!({"action": "create", "tags": [pair("a.b", "v")]}), INVALID),
        (json!({"action": "create", "tags": [pair(&"k".repeat(37), "v")]}), INVALID),
        (json!({"action": "create", "tags": [pair("k", &"v".repeat(44))]}), INVALID),
        (json!({"action": "create", "tags": [{"value": "v"}]}), INVALID),
        (json!({"action": "create", "tags": ["k"]}), INVALID),
        (json!({"action": "create", "tags": []}), INVALID),
        (json!({"action": "delete", "tags": [{"key": "a b"}]}), INVALID),
        (json!({"action": "rename", "tags": [pair("k", "v")]}), BODY),
        (json!({"tags": [pair("k", "v")]}), BODY),
        (json!([]), BODY),
    ] {
        change(&demo, &id, body).await.is_evs_fault(400, code, message);
    }
    let expected = shown(&demo, &id, json!({"tags": ten}));
    show(&demo, &id).await.is(200, &json!({"volume": expected}));
    change(&demo, &id, json!({"action": "create", "tags": [pair("k0", "w")]})).await.is_empty(204);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_go_with_the_disk_to_its_new_project() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let id = disk(&demo, empty_with(json!({"tags": {"a": "1"}}))).await;
    let (transfer, key) = demo.offer(&id).await;
    change(&demo, &id, json!({"action": "create", "tags": [pair("b", "2")]})).await.is_empty(204);
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);
    let path = |client: &Client| client.path("v2", "cloudvolumes/tags");
    demo.get(&path(&demo)).await.is(200, &json!({"tags": {}}));
    partner.get(&path(&partner)).await.is(200, &json!({"tags": {"a": ["1"], "b": ["2"]}}));
    server.finish().await;
}

async fn search(client: &Client, body: Value) -> Answer {
    client.post(&client.path("v2", "cloudvolumes/resource_instances/action"), body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_found_and_counted_by_their_tags_name_and_service() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let tags = json!({"team": "ops", "tier": "gold"});
    let one = disk(&demo, empty_with(json!({"name": "ledger", "tags": tags}))).await;
    server.advance(TimeDelta::seconds(1));
    let two = disk(&demo, empty_with(json!({"name": "cache", "tags": {"team": "dev"}}))).await;
    disk(&demo, empty()).await;
    disk(&partner, empty_with(json!({"tags": tags}))).await;
    let resource = |id: &str, name: &str, tags: Value, created: &str| {
        let detail = json!({"name": name, "tags": tags, "created_at": created});
        let mut pairs: Vec<Value> = Vec::new();
        for (key, value) in tags.as_object().unwrap() {
            pairs.push(pair(key, value.as_str().unwrap()));
        }
        json!({
            "resource_id": id, "resource_name": name, "tags": pairs,
            "resource_detail": shown(&demo, id, detail),
        })
    };
    let first = resource(&one, "ledger", tags, crate::support::T0);
    let second = resource(&two, "cache", json!({"team": "dev"}), "2026-11-23T07:41:06.318204");
    let matches = |key: &str, value: &str| json!([{"key": key, "value": value}]);
    let wanted = |key: &str, values: &[&str]| json!({"key": key, "values": values});
    for (asked, found) in [
        (json!({"tags": [wanted("team", &[])]}), vec![&second, &first]),
        (json!({"tags": [wanted("team", &["ops", "x"])]}), vec![&first]),
        (json!({"tags": [wanted("team", &["ops", "dev"]), wanted("tier", &[])]}), vec![&first]),
        (json!({"tags": [wanted("nothing", &[])]}), vec![]),
        (
            json!({"tags": [wanted("team", &[])], "matches": matches("resource_name", "ACH")}),
            vec![&second],
        ),
        (
            json!({"tags": [wanted("team", &[])], "matches": matches("service_type", "evs")}),
            vec![&second, &first],
        ),
    ] {
        let ask = |action: &str| super::with(json!({"action": action}), asked.clone());
        let total = found.len();
        search(&demo, ask("filter"))
            .await
            .is(200, &json!({"total_count": total, "resources": found}));
        search(&demo, ask("count")).await.is(200, &json!({"total_count": total}));
    }
    let page =
        json!({"action": "filter", "tags": [wanted("team", &[])], "limit": "1", "offset": "1"});
    search(&demo, page).await.is(200, &json!({"total_count": 2, "resources": [first]}));
    for (body, (code, message)) in [
        (json!({"action": "find", "tags": []}), BODY),
        (json!({"action": "filter", "matches": [{"key": "colour", "value": "x"}]}), BODY),
        (json!({"action": "filter", "tags": [{"values": []}]}), INVALID),
        (json!({"action": "filter", "tags": [wanted("a", &["x", "x"])]}), INVALID),
        (json!({"action": "filter", "tags": [wanted("a", &[]), wanted("a", &[])]}), INVALID),
        (json!({"action": "filter", "limit": 0}), ("EVS.1023", "invalid filter limit!")),
        (
            json!({"action": "filter", "limit": "1001"}),
            ("EVS.2142", "invalid filter limit, can not greater than 1000."),
        ),
        (
            json!({"action": "filter", "offset": -1}),
            ("EVS.5400", "offset param must be an integer."),
        ),
    ] {
        search(&demo, body).await.is_evs_fault(400, code, message);
    }
    server.finish().await;
}
