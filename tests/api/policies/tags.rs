//! Tags of backup policies.

use reqwest::Method;
use serde_json::{Value, json};

use super::{create, default_of, nightly, refuses_bodies_of_nothing};
use crate::support::{Client, TestServer};

const BAD: (&str, &str) = (
    "AutoBackup.0214",
    "a tag needs a key of 1 to 36 and a value of up to 43 letters, digits, _ and -",
);
const TOO_MANY: (&str, &str) = ("AutoBackup.0215", "there are at most 10 tags");
const ABSENT: (&str, &str) = ("AutoBackup.0216", "The tag does not exist");

async fn tagged(client: &Client, name: &str, tags: Value) -> String {
    let mut policy = nightly();
    policy["backup_policy_name"] = name.into();
    policy["tags"] = tags;
    create(client, policy).await
}

fn pairs(tags: &[(&str, &str)]) -> Value {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

fn numbered(count: usize) -> Value {
    (0..count).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_made_with_tags_which_are_added_changed_and_removed() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = json!([{"key": "team", "value": "blue"}, {"key": "empty"}]);
    let id = tagged(&demo, "one", made).await;
    let own = demo.path("v2", &format!("backuppolicy/{id}/tags"));
    let action = format!("{own}/action");
    let is = async |tags: &[(&str, &str)]| {
        demo.get(&own).await.is(200, &json!({"tags": pairs(tags)}));
    };
    is(&[("empty", ""), ("team", "blue")]).await;
    let add = json!({"tag": {"key": "stage", "value": "test"}});
    demo.post(&own, add).await.is_empty(204);
    is(&[("empty", ""), ("stage", "test"), ("team", "blue")]).await;
    demo.post(&own, json!({"tag": {"key": "team", "value": "red"}})).await.is_empty(204);
    let some = json!([{"key": "a", "value": "1"}, {"key": "stage", "value": "prod"}]);
    demo.post(&action, json!({"action": "create", "tags": some})).await.is_empty(204);
    is(&[("a", "1"), ("empty", ""), ("stage", "prod"), ("team", "red")]).await;
    let some = json!([{"key": "a", "value": "2"}, {"key": "b", "value": "3"}]);
    demo.post(&action, json!({"action": "update", "tags": some})).await.is_empty(204);
    is(&[("a", "2"), ("b", "3"), ("empty", ""), ("stage", "prod"), ("team", "red")]).await;
    let some = json!([{"key": "a"}, {"key": "b", "value": "any"}, {"key": "absent"}]);
    demo.post(&action, json!({"action": "delete", "tags": some})).await.is_empty(204);
    demo.post(&action, json!({"action": "delete"})).await.is_empty(204);
    demo.delete(&format!("{own}/stage")).await.is_empty(204);
    is(&[("empty", ""), ("team", "red")]).await;

    let (code, message) = ABSENT;
    demo.delete(&format!("{own}/stage")).await.is_evs_fault(400, code, message);
    demo.delete(&format!("{own}/a%20b")).await.is_evs_fault(400, code, message);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_default_policy_is_written_by_its_first_tag() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (id, _) = default_of(&demo).await;
    let own = demo.path("v2", &format!("backuppolicy/{id}/tags"));
    demo.get(&own).await.is(200, &json!({"tags": []}));
    let (code, message) = ABSENT;
    demo.delete(&format!("{own}/stage")).await.is_evs_fault(400, code, message);
    assert_eq!(server.rows::<(String,)>("SELECT id FROM policies WHERE id = $1", &id).await, []);
    demo.post(&own, json!({"tag": {"key": "team", "value": "blue"}})).await.is_empty(204);
    demo.get(&own).await.is(200, &json!({"tags": pairs(&[("team", "blue")])}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_tags_too_many_tags_and_unknown_actions_are_refused() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = tagged(&demo, "one", numbered(10)).await;
    let own = demo.path("v2", &format!("backuppolicy/{id}/tags"));
    let (action, policies) = (format!("{own}/action"), demo.path("v2", "backuppolicy"));
    let (long_key, long_value) = ("k".repeat(37), "v".repeat(44));
    for tag in [
        json!({}),
        json!("k"),
        json!({"value": "v"}),
        json!({"key": ""}),
        json!({"key": long_key, "value": "v"}),
        json!({"key": "a.b", "value": "v"}),
        json!({"key": "k", "value": long_value}),
        json!({"key": "k", "value": "a b"}),
        json!({"key": "k", "value": 5}),
        json!({"key": 5, "value": "v"}),
    ] {
        let (code, message) = BAD;
        demo.post(&own, json!({"tag": tag})).await.is_evs_fault(400, code, message);
        for verb in ["create", "update"] {
            let body = json!({"action": verb, "tags": [tag]});
            demo.post(&action, body).await.is_evs_fault(400, code, message);
        }
        let mut policy = nightly();
        policy["tags"] = json!([tag]);
        demo.post(&policies, policy).await.is_evs_fault(400, code, message);
    }
    for (body, path) in [
        (json!({"tag": null}), &own),
        (json!({"tags": []}), &own),
        (json!({"action": "create", "tags": {}}), &action),
        (json!({"action": "delete", "tags": [{"key": "a.b"}]}), &action),
    ] {
        demo.post(path, body).await.is_evs_fault(400, BAD.0, BAD.1);
    }
    let (code, message) = TOO_MANY;
    demo.post(&own, json!({"tag": {"key": "one"}})).await.is_evs_fault(400, code, message);
    let more = json!({"action": "create", "tags": [{"key": "one"}]});
    demo.post(&action, more).await.is_evs_fault(400, code, message);
    let mut policy = nightly();
    policy["tags"] = numbered(11);
    demo.post(&policies, policy).await.is_evs_fault(400, code, message);
    for verb in [json!("replace"), json!("CREATE"), json!(5), Value::Null] {
        let message = "action must be create, update or delete";
        let body = json!({"action": verb, "tags": [{"key": "a"}]});
        demo.post(&action, body).await.is_evs_fault(400, "AutoBackup.0222", message);
    }
    for path in [&own, &action] {
        refuses_bodies_of_nothing(&demo, &Method::POST, path).await;
    }
    demo.get(&own).await.is(200, &json!({"tags": numbered(10)}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tags_of_a_projects_policies_are_listed_with_their_values() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let all = demo.path("v2", "backuppolicy/tags");
    demo.get(&all).await.is(200, &json!({"tags": []}));
    tagged(&demo, "one", pairs(&[("team", "red"), ("a", "")])).await;
    tagged(&demo, "two", pairs(&[("team", "blue")])).await;
    tagged(&demo, "three", pairs(&[("team", "red")])).await;
    tagged(&partner, "four", pairs(&[("team", "green")])).await;
    let tags = json!([
        {"key": "a", "values": [""]},
        {"key": "team", "values": ["blue", "red"]},
    ]);
    demo.get(&all).await.is(200, &json!({"tags": tags}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_found_and_counted_by_their_tags_and_names() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (own, _) = default_of(&demo).await;
    let red = pairs(&[("stage", "test"), ("team", "red")]);
    let blue = pairs(&[("team", "blue")]);
    let one = tagged(&demo, "Nightly", red.clone()).await;
    server.advance(chrono::TimeDelta::seconds(1));
    let two = tagged(&demo, "weekly", blue.clone()).await;
    tagged(&partner, "Nightly", red.clone()).await;
    let search = demo.path("v2", "backuppolicy/resource_instances/action");
    let told = |id: &str| match id {
        id if id == one => json!({"resource_id": one, "resource_name": "Nightly",
            "resource_detail": null, "tags": red}),
        id if id == two => json!({"resource_id": two, "resource_name": "weekly",
            "resource_detail": null, "tags": blue}),
        _ => json!({"resource_id": own, "resource_name": "default", "resource_detail": null,
            "tags": []}),
    };
    let team = |values: &[&str]| json!([{"key": "team", "values": values}]);
    let both = json!([{"key": "team", "values": ["blue"]}, {"key": "stage", "values": []}]);
    for (query, found) in [
        (json!({}), vec![&own, &one, &two]),
        (json!({"tags": []}), vec![&own, &one, &two]),
        (json!({"tags": team(&[])}), vec![&one, &two]),
        (json!({"tags": team(&["red", "green"])}), vec![&one]),
        (json!({"tags": both}), vec![]),
        (json!({"tags_any": both}), vec![&one, &two]),
        (json!({"not_tags": team(&["blue"])}), vec![&own, &one]),
        (json!({"not_tags": both}), vec![&own]),
        (json!({"not_tags_any": [{"key": "team"}, {"key": "stage"}]}), vec![&own, &two]),
        (json!({"matches": [{"key": "resource_name", "value": "LY"}]}), vec![&one, &two]),
        (
            json!({"matches": [{"key": "resource_name", "value": "night"}], "tags": team(&[])}),
            vec![&one],
        ),
    ] {
        let mut query = query;
        query["action"] = "filter".into();
        let resources: Vec<Value> = found.iter().map(|id| told(id)).collect();
        let expected = json!({"total_count": found.len(), "resources": resources});
        demo.post(&search, query.clone()).await.is(200, &expected);
        query["action"] = "count".into();
        demo.post(&search, query).await.is(200, &json!({"total_count": found.len()}));
    }
    let page = json!({"action": "filter", "limit": "1", "offset": "1"});
    let expected = json!({"total_count": 3, "resources": [told(&one)]});
    demo.post(&search, page).await.is(200, &expected);
    let beyond = json!({"action": "filter", "offset": 9});
    demo.post(&search, beyond).await.is(200, &json!({"total_count": 3, "resources": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_makes_no_sense_is_refused() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let search = demo.path("v2", "backuppolicy/resource_instances/action");
    let bad = "tags are lists of different keys with up to 10 different values each, and matches \
               of resource_name";
    let values: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    for (member, value) in [
        ("tags", json!({})),
        ("tags", json!(["k"])),
        ("tags", json!([{"values": []}])),
        ("tags", json!([{"key": "k"}, {"key": "k"}])),
        ("tags_any", json!([{"key": "k", "values": ["a", "a"]}])),
        ("not_tags", json!([{"key": "k", "values": values}])),
        ("not_tags_any", json!([{"key": "k", "values": [5]}])),
        ("matches", json!({})),
        ("matches", json!([{"key": "resource_id", "value": "x"}])),
        ("matches", json!([{"key": "resource_name"}])),
    ] {
        let mut body = json!({"action": "filter"});
        body[member] = value;
        demo.post(&search, body).await.is_evs_fault(400, "AutoBackup.0214", bad);
    }
    let many = json!({"action": "filter", "tags": numbered(11)});
    demo.post(&search, many).await.is_evs_fault(400, TOO_MANY.0, TOO_MANY.1);
    for (member, value) in
        [("limit", json!(0)), ("limit", json!(1001)), ("limit", json!("x")), ("offset", json!(-1))]
    {
        let mut body = json!({"action": "filter"});
        body[member] = value;
        let message = "limit must be 1 to 1000 and offset 0 or more";
        demo.post(&search, body).await.is_evs_fault(400, "AutoBackup.0214", message);
    }
    for action in [json!("find"), Value::Null, json!(5)] {
        let message = "action must be filter or count";
        let body = json!({"action": action, "limit": 1});
        demo.post(&search, body).await.is_evs_fault(400, "AutoBackup.0222", message);
    }
    refuses_bodies_of_nothing(&demo, &Method::POST, &search).await;
    server.finish().await;
}
