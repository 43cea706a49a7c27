//! The keys and values of a disk, one by one and all together.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{ABSENT, VERSIONS};
use crate::support::{Answer, Client, TestServer};

fn path(client: &Client, version: &str, id: &str, key: &str) -> String {
    client.path(version, &format!("volumes/{id}/metadata{key}"))
}

async fn made(client: &Client) -> String {
    client.disk_of(json!({"size": 10, "metadata": {"a": "1", "b": "2"}})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_added_to_replaced_set_and_taken_out() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let id = made(&demo).await;
        let all = path(&demo, version, &id, "");
        demo.get(&all).await.is(200, &json!({"metadata": {"a": "1", "b": "2"}}));
        let special = "<value&special_chars>";
        let merge = json!({"metadata": {"b": special, "c": ""}});
        let merged = json!({"metadata": {"a": "1", "b": special, "c": ""}});
        demo.post(&all, merge).await.is(200, &merged);
        demo.get(&all).await.is(200, &merged);
        let replace = json!({"metadata": {"b": "3", "key with/odd: %_+\u{fc}": "v"}});
        demo.put(&all, replace.clone()).await.is(200, &replace);
        demo.get(&all).await.is(200, &replace);
        for (encoded, key) in
            [("b", "b"), ("key%20with%2Fodd:%20%25_%2B%C3%BC", "key with/odd: %_+\u{fc}")]
        {
            let one = path(&demo, version, &id, &format!("/{encoded}"));
            let item = json!({"meta": {key: "new"}});
            demo.put(&one, item.clone()).await.is(200, &item);
            demo.get(&one).await.is(200, &item);
            demo.delete(&one).await.is_empty(200);
            let missing = format!("Volume {id} has no metadata with key {key}.");
            demo.get(&one).await.is_fault(404, &missing);
            demo.delete(&one).await.is_fault(404, &missing);
        }
        demo.get(&all).await.is(200, &json!({"metadata": {}}));
        let new = json!({"meta": {"new": "n"}});
        demo.put(&path(&demo, version, &id, "/new"), new.clone()).await.is(200, &new);
        demo.put(&all, json!({"metadata": {}})).await.is(200, &json!({"metadata": {}}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_one_event_with_what_was_and_what_is() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = made(&demo).await;
    server.advance(TimeDelta::seconds(1));
    let all = path(&demo, "v3", &id, "");
    assert_eq!(demo.post(&all, json!({"metadata": {"c": "3"}})).await.status, 200);
    assert_eq!(demo.put(&all, json!({"metadata": {"d": "4"}})).await.status, 200);
    demo.delete(&path(&demo, "v3", &id, "/d")).await.is_empty(200);
    demo.delete(&path(&demo, "v3", &id, "/d"))
        .await
        .is_fault(404, &format!("Volume {id} has no metadata with key d."));
    let sql = "SELECT action, before ->> '$.values', after ->> '$.values' FROM events
               WHERE resource_id = $1 ORDER BY seq";
    let events: Vec<(String, Option<String>, Option<String>)> = server.rows(sql, &id).await;
    let event = |action: &str, before: Option<&str>, after: Option<&str>| {
        (action.to_owned(), before.map(str::to_owned), after.map(str::to_owned))
    };
    let (first, second) = (r#"{"a":"1","b":"2"}"#, r#"{"a":"1","b":"2","c":"3"}"#);
    assert_eq!(
        events,
        [
            event("disk.create", None, Some(first)),
            event("disk.update_metadata", Some(first), Some(second)),
            event("disk.update_metadata", Some(second), Some(r#"{"d":"4"}"#)),
            event("disk.delete_metadata", Some(r#"{"d":"4"}"#), None),
        ]
    );
    let shown = demo.show_disk(&id).await;
    assert_eq!(shown.body["volume"]["updated_at"], "2026-11-23T07:41:06.318204");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_body_is_refused_and_a_long_key_or_value_in_the_words_of_its_version() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = made(&demo).await;
    let long = "x".repeat(256);
    for version in VERSIONS {
        let all = path(&demo, version, &id, "");
        for (body, message) in [
            (json!({}), "'metadata' is a required property".to_owned()),
            (json!(null), "None is not of type 'object'".to_owned()),
            (
                json!({"metadata": null}),
                "Invalid input for field/attribute metadata. Value: None. None is not of type \
                 'object'"
                    .to_owned(),
            ),
            (
                json!({"metadata": {}, "x": 1}),
                "Additional properties are not allowed ('x' was unexpected)".to_owned(),
            ),
            (
                json!({"metadata": {"k": 1}}),
                "Invalid input for field/attribute k. Value: 1. 1 is not of type 'string'"
                    .to_owned(),
            ),
        ] {
            demo.post(&all, body.clone()).await.is_fault(400, &message);
            demo.put(&all, body).await.is_fault(400, &message);
        }
        let one = path(&demo, version, &id, "/k");
        for (body, message) in [
            (json!({}), "'meta' is a required property"),
            (json!({"meta": {}}), "Request body and URI mismatch"),
            (json!({"meta": {"other": "v"}}), "Request body and URI mismatch"),
            (json!({"meta": {"k": "v", "l": "w"}}), "Request body contains too many items"),
            (
                json!({"meta": {"k": null}}),
                "Invalid input for field/attribute k. Value: None. None is not of type 'string'",
            ),
        ] {
            demo.put(&one, body).await.is_fault(400, message);
        }
        let too_large = |message: &str| {
            json!({"overLimit": {"code": 413, "message": format!(
                "Invalid metadata size: Metadata property key {message} 255 characters."
            )}})
        };
        let (key, value) = (json!({"metadata": {&long: "v"}}), json!({"metadata": {"k": &long}}));
        if version == "v2" {
            demo.post(&all, key).await.is(413, &too_large(&format!("{long} greater than")));
            demo.put(&all, value).await.is(413, &too_large("k value greater than"));
            let item = json!({"meta": {"k": &long}});
            demo.put(&one, item).await.is(413, &too_large("k value greater than"));
        } else {
            assert_eq!(demo.post(&all, key).await.status, 400);
            demo.put(&all, value).await.is_fault(
                400,
                &format!(
                    "Invalid input for field/attribute k. Value: {long}. '{long}' is too long"
                ),
            );
        }
        let broken = demo.send(Method::POST, &all, Some("{".to_owned())).await;
        broken.is_fault(400, "Malformed request body");
    }
    let unchanged = json!({"metadata": {"a": "1", "b": "2"}});
    demo.get(&path(&demo, "v3", &id, "")).await.is(200, &unchanged);
    server.finish().await;
}

/// Every request there is, on a disk.
async fn ask_all(client: &Client, version: &str, id: &str) -> Vec<Answer> {
    let (all, one) = (path(client, version, id, ""), path(client, version, id, "/a"));
    let (whole, item) = (json!({"metadata": {"a": "9"}}), json!({"meta": {"a": "9"}}));
    vec![
        client.get(&all).await,
        client.get(&one).await,
        client.post(&all, whole.clone()).await,
        client.put(&all, whole).await,
        client.put(&one, item).await,
        client.delete(&one).await,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_disk_that_is_absent_or_anothers_nothing_is_told() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = made(&partner).await;
    for version in VERSIONS {
        for id in [ABSENT, "nonsense", &theirs] {
            for answer in ask_all(&demo, version, id).await {
                answer.is_fault(404, &format!("Volume {id} could not be found."));
            }
        }
    }
    let untouched = json!({"metadata": {"a": "1", "b": "2"}});
    partner.get(&path(&partner, "v3", &theirs, "")).await.is(200, &untouched);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_stays_as_it_is_in_maintenance_and_while_it_is_copied() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = made(&demo).await;
    for word in ["maintenance", "uploading"] {
        admin.reset(&id, word).await;
        let answers = ask_all(&demo, "v3", &id).await;
        let refused = |what: &str| {
            format!(
                "Invalid volume: {what} volume metadata is not allowed for volumes in {word} status."
            )
        };
        for answer in &answers[2..5] {
            answer.is_fault(400, &refused("Updating"));
        }
        answers[5].is_fault(400, &refused("Deleting"));
        answers[0].is(200, &json!({"metadata": {"a": "1", "b": "2"}}));
    }
    admin.reset(&id, "available").await;
    let (transfer, _) = demo.offer(&id).await;
    demo.put(&path(&demo, "v3", &id, "/a"), json!({"meta": {"a": "9"}}))
        .await
        .is(200, &json!({"meta": {"a": "9"}}));
    let shown = demo.get(&demo.path("v3", &format!("os-volume-transfer/{transfer}"))).await;
    assert_eq!(shown.status, 200, "it is offered still");
    assert_eq!(demo.disk_status(&id).await, "awaiting-transfer");
    server.finish().await;
}

async fn changed_if(client: &Client, path: &str, tag: &str, value: &str) -> Answer {
    let body = json!({"meta": {"a": value}}).to_string();
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    client.send_with(Method::PUT, path, &headers, Some(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn from_315_on_a_tag_names_what_there_is_and_a_change_can_depend_on_it() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = made(&demo).await;
    let (all, one) = (path(&demo, "v3", &id, ""), path(&demo, "v3", &id, "/a"));
    let new = demo.at("3.15");
    for old in [demo.clone(), demo.at("3.14")] {
        assert_eq!(old.get(&all).await.header("etag"), "");
        assert_eq!(changed_if(&old, &one, "\"stale\"", "1").await.status, 200, "not heard");
    }
    let tag = new.get(&all).await.header("etag");
    assert_eq!(tag.len(), 32);
    assert_eq!(new.get(&one).await.header("etag"), tag);
    for stale in ["stale", "\"stale\"", "\"stale\", W/\"older\""] {
        changed_if(&new, &one, stale, "9").await.is_empty(412);
        let headers = [("content-type", "application/json"), ("if-match", stale)];
        let body = Some(json!({"metadata": {}}).to_string());
        new.send_with(Method::PUT, &all, &headers, body).await.is_empty(412);
        new.send_with(Method::DELETE, &one, &headers[1..], None).await.is_empty(412);
    }
    new.get(&all).await.is(200, &json!({"metadata": {"a": "1", "b": "2"}}));
    for (good, value) in [
        (tag.clone(), "3"),
        ("*".to_owned(), "4"),
        (String::new(), "5"),
        (format!("\"stale\", \"{}\"", tag_of(&new, &all).await), "TAG"),
    ] {
        let answer = if value == "TAG" {
            let present = format!("\"stale\", W/\"{}\"", tag_of(&new, &all).await);
            changed_if(&new, &one, &present, "6").await
        } else {
            changed_if(&new, &one, &good, value).await
        };
        assert_eq!(answer.status, 200, "{good}");
        assert_eq!(answer.header("etag"), tag_of(&new, &all).await);
        assert_ne!(answer.header("etag"), tag);
    }
    changed_if(&new, &one, &tag, "7").await.is_empty(412);
    let put = new.put(&one, json!({"meta": {"a": "1"}})).await;
    assert_eq!(put.header("etag"), tag, "what is the same again has the same tag");
    let posted = new.post(&all, json!({"metadata": {"c": "3"}})).await;
    assert_eq!(posted.header("etag"), tag_of(&new, &all).await);
    let present = tag_of(&new, &all).await;
    new.send_with(Method::DELETE, &one, &[("if-match", &present)], None).await.is_empty(200);
    let last: Value = new.get(&all).await.body;
    assert_eq!(last, json!({"metadata": {"b": "2", "c": "3"}}));
    server.finish().await;
}

async fn tag_of(client: &Client, path: &str) -> String {
    client.get(path).await.header("etag")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_have_read_the_same_one_changes_it() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = made(&demo).await;
    let (all, one) = (path(&demo, "v3", &id, ""), path(&demo, "v3", &id, "/a"));
    let new = demo.at("3.15");
    let tag = tag_of(&new, &all).await;
    let mut racers = JoinSet::new();
    for n in 0..20 {
        let (new, one, tag) = (new.clone(), one.clone(), tag.clone());
        racers.spawn(async move { changed_if(&new, &one, &tag, &format!("by {n}")).await.status });
    }
    let mut statuses = racers.join_all().await;
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[19]), (200, 412, 412), "{statuses:?}");
    server.finish().await;
}
