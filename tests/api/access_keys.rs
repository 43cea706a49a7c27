//! Managing access keys.

use serde_json::{Value, json};

use crate::support::{Client, START, TestServer};

const PATH: &str = "/v3.0/OS-CREDENTIAL/credentials";

fn at(access: &str) -> String {
    format!("{PATH}/{access}")
}

async fn make(client: &Client, user: &str) -> Value {
    let body = json!({"credential": {"user_id": user, "description": "night"}});
    let answer = client.post(PATH, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.body["credential"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_shown_without_its_secret_switched_and_removed() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let made = make(&demo, &demo.user).await;
    let (access, secret) = (made["access"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!((access.len(), secret.len()), (20, 40));
    let mut key = json!({
        "access": access,
        "user_id": demo.user,
        "description": "night",
        "status": "active",
        "create_time": START,
    });
    let mut first_sight = key.clone();
    first_sight["secret"] = secret.into();
    assert_eq!(made, first_sight);
    demo.get(&at(access)).await.is(200, &json!({"credential": key}));

    let first = server.first_key("demo").await.0;
    let first = demo.get(&at(&first)).await.body["credential"].clone();
    assert_eq!(first["description"], "made at the first start");
    for query in ["", "?user_id=", "?limit=1"] {
        let path = match query {
            "?user_id=" => format!("{PATH}?user_id={}", demo.user),
            other => format!("{PATH}{other}"),
        };
        let listed = demo.get(&path).await;
        let mut keys = listed.body["credentials"].as_array().unwrap().clone();
        keys.sort_by_key(|listed| listed["access"] != first["access"]);
        assert_eq!((listed.status, keys), (200, vec![first.clone(), key.clone()]));
    }

    key["status"] = "inactive".into();
    let change = json!({"credential": {"status": "inactive"}});
    demo.put(&at(access), change).await.is(200, &json!({"credential": key}));
    key["description"] = "".into();
    let change = json!({"credential": {"description": ""}});
    demo.put(&at(access), change).await.is(200, &json!({"credential": key}));
    demo.get(&at(access)).await.is(200, &json!({"credential": key}));
    demo.delete(&at(access)).await.is_empty(204);
    let gone = format!("Could not find credential: {access}.");
    let fault = json!({"error": {"code": 404, "message": gone, "title": "Not Found"}});
    demo.get(&at(access)).await.is(404, &fault);
    demo.delete(&at(access)).await.is(404, &fault);

    let events: Vec<(String, Option<String>, Option<String>)> = server
        .rows(
            "SELECT action, before, after FROM events WHERE resource_id = $1 ORDER BY seq",
            access,
        )
        .await;
    let state = |status: &str, description: &str| {
        let user = &demo.user;
        Some(format!(
            "{{\"status\":\"{status}\",\"project_id\":\"{}\",\"description\":\"{description}\",\
             \"values\":{{\"user_id\":\"{user}\"}}}}",
            demo.project
        ))
    };
    let (new, off, bare) =
        (state("active", "night"), state("inactive", "night"), state("inactive", ""));
    assert_eq!(
        events,
        [
            ("access_key.create".to_owned(), None, new.clone()),
            ("access_key.update".to_owned(), new, off.clone()),
            ("access_key.update".to_owned(), off, bare.clone()),
            ("access_key.delete".to_owned(), bare, None),
        ]
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_keys_are_not_there_except_for_an_admin() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let theirs = make(&partner, &partner.user).await["access"].as_str().unwrap().to_owned();
    let gone = |access: &str| {
        let message = format!("Could not find credential: {access}.");
        json!({"error": {"code": 404, "message": message, "title": "Not Found"}})
    };
    let change = json!({"credential": {"status": "inactive"}});
    for access in [theirs.as_str(), "AKSIMNOWHERE", "%00", "a%20b"] {
        let shown = access.replace("%20", " ").replace("%00", "\0");
        demo.get(&at(access)).await.is(404, &gone(&shown));
        demo.put(&at(access), change.clone()).await.is(404, &gone(&shown));
        demo.delete(&at(access)).await.is(404, &gone(&shown));
    }
    let forbidden = |rule: &str| {
        let message = format!("Policy doesn't allow iam:credentials:{rule} to be performed.");
        json!({"error": {"code": 403, "message": message, "title": "Forbidden"}})
    };
    for user in [partner.user.as_str(), "nobody"] {
        let body = json!({"credential": {"user_id": user}});
        demo.post(PATH, body).await.is(403, &forbidden("createCredential"));
        let listed = demo.get(&format!("{PATH}?user_id={user}")).await;
        listed.is(403, &forbidden("listCredentials"));
    }
    for path in [PATH.to_owned(), at(&theirs)] {
        let anonymous = server.anonymous();
        assert_eq!(anonymous.get(&path).await.status, 401);
        assert_eq!(anonymous.put(&at(&theirs), json!({})).await.status, 401);
        assert_eq!(anonymous.post(PATH, json!({})).await.status, 401);
        assert_eq!(anonymous.delete(&at(&theirs)).await.status, 401);
    }

    assert_eq!(admin.put(&at(&theirs), change).await.status, 200);
    let listed = admin.get(&format!("{PATH}?user_id={}", partner.user)).await;
    assert_eq!(listed.body["credentials"].as_array().unwrap().len(), 2);
    let made = make(&admin, &demo.user).await;
    let projects: Vec<(String,)> = server
        .rows(
            "SELECT project_id FROM access_keys WHERE access = $1",
            made["access"].as_str().unwrap(),
        )
        .await;
    assert_eq!(projects, [(demo.project.clone(),)], "not the admin's");
    let body = json!({"credential": {"user_id": "nobody"}});
    let fault =
        json!({"code": 404, "message": "Could not find user: nobody.", "title": "Not Found"});
    admin.post(PATH, body).await.is(404, &json!({"error": fault}));
    admin.delete(&at(&theirs)).await.is_empty(204);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_at_most_ten_keys() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for _ in 1..10 {
        make(&demo, &demo.user).await;
    }
    let body = json!({"credential": {"user_id": demo.user}});
    let message = "akSkNumExceed: a user has at most 10 access keys.";
    let fault = json!({"error": {"code": 400, "message": message, "title": "Bad Request"}});
    demo.post(PATH, body).await.is(400, &fault);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_bodies_are_refused_by_the_member_and_rule() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let access = server.first_key("demo").await.0;
    for (body, message) in [
        (json!([]), "[] is not of type 'object'"),
        (json!({}), "'credential' is a required property"),
        (
            json!({"credential": {"description": "x"}}),
            "Invalid input for field/attribute credential. Value: {'description': 'x'}. 'user_id' \
             is a required property",
        ),
        (
            json!({"credential": {"user_id": 5}}),
            "Invalid input for field/attribute user_id. Value: 5. 5 is not of type 'string'",
        ),
        (
            json!({"credential": {"user_id": demo.user, "description": "x".repeat(256)}}),
            "An invalid 'description' value was provided. The 'description' can not be greater \
             than 255 characters.",
        ),
    ] {
        let fault = json!({"error": {"code": 400, "message": message, "title": "Bad Request"}});
        demo.post(PATH, body).await.is(400, &fault);
    }
    let message = "Invalid input for field/attribute status. Value: off. 'off' is not one of \
                   ['active', 'inactive']";
    let fault = json!({"error": {"code": 400, "message": message, "title": "Bad Request"}});
    demo.put(&at(&access), json!({"credential": {"status": "off"}})).await.is(400, &fault);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_first_account_has_a_key_that_a_restart_keeps() {
    let server = TestServer::start().await;
    let before = [server.first_key("admin").await, server.first_key("demo").await];
    assert_ne!(before[0], before[1]);
    let server = server.restart().await;
    assert_eq!([server.first_key("admin").await, server.first_key("demo").await], before);
    let keys: Vec<(i64,)> =
        server.rows("SELECT count(*) FROM access_keys WHERE access <> $1", "").await;
    assert_eq!(keys, [(3,)]);
    for _ in 0..3 {
        let one = "DELETE FROM access_keys WHERE access = (SELECT min(access) FROM access_keys)";
        server.edit(one).await;
    }
    let server = server.restart().await;
    let keys: Vec<(i64,)> =
        server.rows("SELECT count(*) FROM access_keys WHERE access <> $1", "").await;
    assert_eq!(keys, [(0,)], "accounts from before get none");
    server.finish().await;
}
