//! Messages: what a project is told about work that failed after its request was answered.

use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::support::{Answer, Client, T0, TestServer};

async fn failing(operations: &[&str]) -> TestServer {
    TestServer::start_with(|settings| {
        settings.simulation.fail = operations.iter().map(|&word| word.to_owned()).collect();
    })
    .await
}

async fn list(client: &Client, query: &str) -> Answer {
    client.at("3.5").get(&client.path("v3", &format!("messages{query}"))).await
}

/// Lets a disk fail to grow; the disk's id and the request's.
async fn fail_to_extend(client: &Client) -> (String, String) {
    let disk = client.disk().await;
    let answer = client.act(&disk, json!({"os-extend": {"new_size": 20}})).await;
    answer.is_empty(202);
    (disk, answer.header("x-openstack-request-id"))
}

fn ids(answer: &Answer) -> Vec<String> {
    let messages = answer.body["messages"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    messages.iter().map(|message| message["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_to_the_project_with_the_request_that_failed() {
    let server = failing(&["extend"]).await;
    let demo = server.login("demo").await;
    let (disk, request) = fail_to_extend(&demo).await;
    let id = ids(&list(&demo, "").await).remove(0);
    let message = json!({
        "id": id,
        "event_id": "VOLUME_VOLUME_007_001",
        "user_message": "extend volume:An unknown error occurred.",
        "message_level": "ERROR",
        "created_at": T0,
        "guaranteed_until": "2026-12-23T07:41:05.318204",
        "request_id": request,
        "links": demo.links("v3", "messages", &id),
        "resource_type": "VOLUME",
        "resource_uuid": disk,
    });
    list(&demo, "").await.is(200, &json!({"messages": [message]}));
    let own = demo.path("v3", &format!("messages/{id}"));
    demo.at("3.3").get(&own).await.is(200, &json!({"message": message}));
    demo.at("3.3").delete(&own).await.is_empty(204);
    demo.at("3.3").get(&own).await.is_fault(404, &format!("Message {id} could not be found."));
    list(&demo, "").await.is(200, &json!({"messages": []}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_that_comes_later_names_the_request_that_began_it() {
    let server = TestServer::start_with(|settings| {
        settings.simulation.explicit = true;
        settings.simulation.fail = vec!["extend".to_owned()];
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    assert_eq!(admin.post("/_evs/progress", json!({})).await.status, 200);
    let answer = demo.act(&disk, json!({"os-extend": {"new_size": 20}})).await;
    list(&demo, "").await.is(200, &json!({"messages": []}));
    assert_eq!(admin.post("/_evs/progress", json!({})).await.status, 200);
    let told = list(&demo, "").await;
    assert_eq!(told.body["messages"][0]["resource_uuid"], disk);
    let request = answer.header("x-openstack-request-id");
    assert_eq!(told.body["messages"][0]["request_id"], request);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_filtered_sorted_and_paged_and_others_see_none() {
    let server = failing(&["extend", "retype"]).await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(fail_to_extend(&demo).await);
        server.advance(chrono::TimeDelta::seconds(1));
    }
    let (disk, request) = made[1].clone();
    demo.act(&made[2].0, json!({"os-reset_status": {"status": "error"}})).await;
    let all = ids(&list(&demo, "").await);
    assert_eq!(all.len(), 3);
    for (query, expected) in [
        (format!("?resource_uuid={disk}"), vec![all[1].clone()]),
        (format!("?request_id={request}"), vec![all[1].clone()]),
        ("?event_id=VOLUME_VOLUME_007_001&limit=2".to_owned(), all[..2].to_vec()),
        ("?event_id=VOLUME_VOLUME_901_001".to_owned(), vec![]),
        ("?event_id=nonsense".to_owned(), vec![]),
        ("?resource_type=VOLUME&message_level=ERROR".to_owned(), all.clone()),
        ("?resource_type=VOLUME_BACKUP".to_owned(), vec![]),
        (format!("?marker={}", all[0]), all[1..].to_vec()),
        ("?sort=created_at:asc&limit=1".to_owned(), vec![all[2].clone()]),
    ] {
        assert_eq!(ids(&list(&demo, &query).await), expected, "{query}");
    }
    let next = list(&demo, "?limit=2").await.body["messages_links"][0]["href"].clone();
    assert!(next.as_str().unwrap().ends_with(&format!("?limit=2&marker={}", all[1])), "{next}");

    assert_eq!(ids(&list(&partner, "").await), Vec::<String>::new());
    assert_eq!(ids(&list(&admin, "").await), Vec::<String>::new());
    assert_eq!(ids(&list(&admin, "?all_tenants=1").await), all);
    for id in [ABSENT, "x", &all[0]] {
        let own = partner.path("v3", &format!("messages/{id}"));
        let absent = format!("Message {id} could not be found.");
        partner.at("3.3").get(&own).await.is_fault(404, &absent);
        partner.at("3.3").delete(&own).await.is_fault(404, &absent);
    }
    assert_eq!(ids(&list(&demo, "").await), all);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn before_3_3_there_are_no_messages() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in ["3.0", "3.2"] {
        for rest in ["messages", "messages/x"] {
            let answer = demo.at(version).get(&demo.path("v3", rest)).await;
            answer.is_fault(404, "The resource could not be found.");
        }
    }
    let unversioned: Value = demo.get(&demo.path("v2", "messages")).await.body;
    assert_eq!(unversioned["itemNotFound"]["code"], 404);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_when_it_is_no_longer_guaranteed() {
    let server = failing(&["extend"]).await;
    let demo = server.login("demo").await;
    fail_to_extend(&demo).await;
    server.advance(chrono::TimeDelta::days(30));
    server.purge().await;
    let demo = server.login("demo").await;
    assert_eq!(ids(&list(&demo, "").await).len(), 1);
    server.advance(chrono::TimeDelta::microseconds(1));
    assert_eq!(server.purge().await, 1);
    list(&demo, "").await.is(200, &json!({"messages": []}));
    server.finish().await;
}

/// A backup that fails happens to the disk and to the snapshot that is taken for it, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_fails_is_told_of_once_at_once_or_later() {
    for explicit in [false, true] {
        let server = TestServer::start_with(|settings| {
            settings.simulation.fail = vec!["backup".to_owned(), "delete_backup".to_owned()];
            settings.simulation.explicit = explicit;
        })
        .await;
        let (demo, admin) = (server.login("demo").await, server.login("admin").await);
        let disk = demo.disk().await;
        let step = async || {
            assert_eq!(admin.post("/_evs/progress", json!({})).await.status, 200);
        };
        step().await;
        let native = json!({"backup": {"volume_id": disk, "name": "native"}});
        let made = demo.post(&demo.path("v2", "cloudbackups"), native).await;
        let request = made.header("x-openstack-request-id");
        step().await;
        let rows: Vec<(String,)> =
            server.rows("SELECT id FROM backups WHERE disk_id = ?", &disk).await;
        let told = list(&demo, "").await;
        let message = &told.body["messages"][0];
        assert_eq!(ids(&told).len(), 1, "{}", told.text);
        for (member, value) in [
            ("event_id", "VOLUME_VOLUME_BACKUP_013_001"),
            ("user_message", "create backup:An unknown error occurred."),
            ("resource_type", "VOLUME_BACKUP"),
            ("resource_uuid", &rows[0].0),
            ("request_id", &request),
        ] {
            assert_eq!(message[member], value, "{member}");
        }
        let own = demo.path("v3", &format!("backups/{}", rows[0].0));
        demo.delete(&own).await.is_empty(202);
        step().await;
        let told = list(&demo, "?event_id=VOLUME_VOLUME_BACKUP_014_001").await;
        assert_eq!(told.body["messages"][0]["resource_uuid"], rows[0].0.as_str());
        assert_eq!(ids(&list(&demo, "").await).len(), 2);
        server.finish().await;
    }
}
