//! Logging in: discovery, every way in, every wrong way, and what a token is.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, TestServer, password_login};

const LOGIN: [&str; 2] = ["/identity/v3/auth/tokens", "/v3/auth/tokens"];
const ISSUED: &str = "2026-11-23T07:41:05.318204Z";
const EXPIRES: &str = "2026-11-24T07:41:05.318204Z";

fn by_password(user: &Value, scope: Value) -> Value {
    let mut auth = json!({"identity": {"methods": ["password"], "password": {"user": user}}});
    if !scope.is_null() {
        auth["scope"] = scope;
    }
    json!({"auth": auth})
}

fn by_token(token: &str, scope: Value) -> Value {
    let mut auth = json!({"identity": {"methods": ["token"], "token": {"id": token}}});
    if !scope.is_null() {
        auth["scope"] = scope;
    }
    json!({"auth": auth})
}

fn domain() -> Value {
    json!({"id": "default", "name": "Default"})
}

/// A token of demo as it stands in the answer; what is random is taken from there.
fn token(demo: &Client, answer: &Answer, methods: &[&str], scoped: bool) -> Value {
    let got = &answer.body["token"];
    let audit = got["audit_ids"][0].as_str().unwrap();
    assert_eq!(audit.len(), 22, "{audit}");
    let mut token = json!({
        "methods": methods,
        "user": {
            "id": demo.user,
            "name": "demo",
            "domain": domain(),
            "password_expires_at": null,
        },
        "audit_ids": [audit],
        "issued_at": ISSUED,
        "expires_at": EXPIRES,
    });
    if scoped {
        let role = got["roles"][0]["id"].as_str().unwrap();
        assert_eq!(role.len(), 32, "{role}");
        token["project"] = json!({"id": demo.project, "name": "demo", "domain": domain()});
        token["is_domain"] = false.into();
        token["roles"] = json!([{"id": role, "name": "member"}]);
        if let Some(got) = got.get("catalog") {
            token["catalog"] = catalog(&demo.url, &demo.project, got);
        }
    }
    json!({"token": token})
}

/// The whole catalogue; ids are taken from `got`, where they must be 32 hexadecimal digits.
fn catalog(url: &str, project: &str, got: &Value) -> Value {
    let id = |value: &Value| {
        let text = value.as_str().unwrap();
        assert!(text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text}");
        text.to_owned()
    };
    [
        ("identity", "keystone", "/identity/v3".to_owned()),
        ("block-storage", "cinder", format!("/v3/{project}")),
        ("volumev3", "cinderv3", format!("/v3/{project}")),
        ("volumev2", "cinderv2", format!("/v2/{project}")),
        ("volume", "cinder", format!("/v2/{project}")),
        ("evs", "evs", format!("/v2/{project}")),
        ("vbs", "vbs", format!("/v2/{project}")),
    ]
    .into_iter()
    .enumerate()
    .map(|(n, (kind, name, path))| {
        let endpoints: Vec<Value> = ["public", "internal", "admin"]
            .into_iter()
            .enumerate()
            .map(|(m, interface)| {
                json!({
                    "id": id(&got[n]["endpoints"][m]["id"]),
                    "interface": interface,
                    "region": "sim-1",
                    "region_id": "sim-1",
                    "url": format!("{url}{path}"),
                })
            })
            .collect();
        json!({"type": kind, "name": name, "id": id(&got[n]["id"]), "endpoints": endpoints})
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_needs_no_token_and_links_to_where_the_client_goes_on() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let document = json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{}/identity/v3/", server.url())}],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.identity-v3+json",
        }],
    });
    for path in ["/identity", "/identity/"] {
        nobody.get(path).await.is(300, &json!({"versions": {"values": [document]}}));
    }
    for path in ["/identity/v3", "/identity/v3/"] {
        nobody.get(path).await.is(200, &json!({"version": document}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_and_a_project_are_named_in_every_way_that_clients_use() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let by_name = |domain: Value| json!({"name": "demo", "password": PASSWORD, "domain": domain});
    let users = [
        by_name(json!({"name": "Default"})),
        by_name(json!({"id": "default"})),
        json!({"id": demo.user, "password": PASSWORD}),
    ];
    let scopes = [
        json!({"project": {"name": "demo", "domain": {"name": "Default"}}}),
        json!({"project": {"name": "demo", "domain": {"id": "default"}}}),
        json!({"project": {"id": demo.project}}),
        json!({"project": {"name": "demo"}}),
    ];
    for path in LOGIN {
        for user in &users {
            for scope in &scopes {
                let body = by_password(user, scope.clone());
                let answer = server.anonymous().post(path, body).await;
                answer.is(201, &token(&demo, &answer, &["password"], true));
                let subject = answer.header("x-subject-token");
                assert!(subject.len() == 64 && subject.bytes().all(|b| b.is_ascii_hexdigit()));
                assert_eq!(answer.header("vary"), "X-Auth-Token");
                assert_eq!(answer.header("openstack-api-version"), "", "that is the volume API's");
                assert!(answer.body["token"].get("catalog").is_some());
                let list = demo.with_token(Some(&subject)).get(&demo.path("v3", "volumes")).await;
                list.is(200, &json!({"volumes": []}));
            }
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unscoped_token_is_for_nothing_but_another_token() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let user = json!({"id": demo.user, "password": PASSWORD});
    for scope in [Value::Null, json!("unscoped")] {
        let body = by_password(&user, scope);
        let answer = server.anonymous().post(LOGIN[0], body).await;
        answer.is(201, &token(&demo, &answer, &["password"], false));
        let unscoped = answer.header("x-subject-token");
        let list = demo.with_token(Some(&unscoped)).get(&demo.path("v3", "volumes")).await;
        list.is_fault(400, "Malformed request url");
        let scope = json!({"project": {"id": demo.project}});
        let again = server.anonymous().post(LOGIN[0], by_token(&unscoped, scope)).await;
        again.is(201, &token(&demo, &again, &["password", "token"], true));
        let scoped = again.header("x-subject-token");
        let list = demo.with_token(Some(&scoped)).get(&demo.path("v3", "volumes")).await;
        assert_eq!(list.status, 200);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_left_out_on_request() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for query in ["nocatalog", "nocatalog=1", "nocatalog="] {
        let path = format!("{}?{query}", LOGIN[1]);
        let answer = server.anonymous().post(&path, password_login("demo", PASSWORD)).await;
        answer.is(201, &token(&demo, &answer, &["password"], true));
        assert_eq!(answer.body["token"].get("catalog"), None);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_login_the_401_is_the_same_to_the_byte() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let id = |password: &str| json!({"id": demo.user, "password": password});
    let project = |id: &str| json!({"project": {"id": id}});
    let own = project(&demo.project);
    let good = demo.token.clone().unwrap();
    let named =
        |name: &str, domain: Value| json!({"name": name, "password": PASSWORD, "domain": domain});
    let bodies = [
        password_login("demo", "wrong"),
        password_login("demo", ""),
        password_login("nobody", PASSWORD),
        by_password(&id("wrong"), own.clone()),
        by_password(&json!({"id": "0".repeat(32), "password": PASSWORD}), own.clone()),
        by_password(&named("demo", json!({"name": "Elsewhere"})), own.clone()),
        by_password(&named("demo", json!({"id": "elsewhere"})), own.clone()),
        by_password(&named("Demo", json!({"id": "default"})), own.clone()),
        by_password(&id(PASSWORD), project(&"0".repeat(32))),
        by_password(&id(PASSWORD), project(&partner.project)),
        by_password(&id(PASSWORD), json!({"project": {"name": "partner"}})),
        by_password(&id(PASSWORD), json!({"project": {"name": "nothing"}})),
        by_password(&id(PASSWORD), json!({"domain": {"id": "default"}})),
        by_password(&id(PASSWORD), json!({"system": {"all": true}})),
        by_token("garbage", own),
        by_token(&good, project(&partner.project)),
    ];
    let mut texts = Vec::new();
    for path in LOGIN {
        for body in &bodies {
            let answer = server.anonymous().post(path, body.clone()).await;
            answer.is_unauthenticated();
            assert_eq!(answer.header("x-subject-token"), "");
            texts.push(answer.text);
        }
    }
    texts.dedup();
    assert_eq!(texts.len(), 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_login_is_refused_by_the_member_that_is_missing_and_quotes_nothing() {
    let server = TestServer::start().await;
    let nobody = server.anonymous();
    let identity = |identity: Value| json!({"auth": {"identity": identity}});
    let user = |user: Value| by_password(&user, Value::Null);
    let scope = |scope: Value| by_password(&json!({"id": "x", "password": PASSWORD}), scope);
    let cases = [
        (json!({}), "auth", "request body"),
        (json!([]), "auth", "request body"),
        (json!(PASSWORD), "auth", "request body"),
        (json!({"auth": PASSWORD}), "auth", "request body"),
        (json!({"auth": {}}), "identity", "auth"),
        (json!({"auth": {"identity": [PASSWORD]}}), "identity", "auth"),
        (identity(json!({})), "methods", "identity"),
        (identity(json!({"methods": "password"})), "methods", "identity"),
        (identity(json!({"methods": ["password"]})), "password", "identity"),
        (identity(json!({"methods": ["password"], "password": PASSWORD})), "password", "identity"),
        (identity(json!({"methods": ["password"], "password": {}})), "user", "password"),
        (user(json!({"id": "x"})), "password", "user"),
        (user(json!({"id": "x", "password": 5})), "password", "user"),
        (user(json!({"id": 5, "password": PASSWORD})), "id", "user"),
        (user(json!({"password": PASSWORD})), "name", "user"),
        (user(json!({"name": "demo", "password": PASSWORD})), "domain", "user"),
        (user(json!({"name": "demo", "password": PASSWORD, "domain": null})), "domain", "user"),
        (user(json!({"name": "demo", "password": PASSWORD, "domain": {}})), "name", "domain"),
        (user(json!({"name": "demo", "password": PASSWORD, "domain": {"id": 1}})), "id", "domain"),
        (scope(json!("everything")), "project", "scope"),
        (scope(json!({})), "project", "scope"),
        (scope(json!({"planet": {}})), "project", "scope"),
        (scope(json!({"project": "demo"})), "project", "scope"),
        (scope(json!({"project": {}})), "name", "project"),
        (identity(json!({"methods": ["token"]})), "token", "identity"),
        (identity(json!({"methods": ["token"], "token": {"id": 5}})), "id", "token"),
    ];
    for path in LOGIN {
        for (body, member, place) in &cases {
            let answer = nobody.post(path, body.clone()).await;
            answer.is_keystone_fault(
                400,
                "Bad Request",
                &format!(
                    "Expecting to find {member} in {place}. The server could not comply with the \
                     request since it is either malformed or otherwise incorrect. The client is \
                     assumed to be in error."
                ),
            );
        }
        let methods = [json!([]), json!(["totp"]), json!(["password", "token"]), json!([PASSWORD])];
        for methods in methods {
            nobody.post(path, identity(json!({"methods": methods}))).await.is_keystone_fault(
                400,
                "Bad Request",
                "Attempted to authenticate with an unsupported method: identity.methods must be \
                 [\"password\"], [\"token\"] or [\"application_credential\"].",
            );
        }
        let two = scope(json!({"project": {"id": "x"}, "domain": {"id": "default"}}));
        nobody.post(path, two).await.is_keystone_fault(
            400,
            "Bad Request",
            "Expecting one scope in scope: it names several.",
        );
        for body in ["", "{", PASSWORD] {
            let answer = nobody.send(Method::POST, path, Some(body.to_owned())).await;
            answer.is_keystone_fault(400, "Bad Request", "Malformed request body");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_until_it_expires_and_a_token_from_it_no_longer() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let old = demo.token.clone().unwrap();
    let path = demo.path("v3", "volumes");
    server.advance(TimeDelta::hours(23));
    let scope = json!({"project": {"id": demo.project}});
    let answer = server.anonymous().post(LOGIN[0], by_token(&old, scope.clone())).await;
    assert_eq!(answer.body["token"]["issued_at"], "2026-11-24T06:41:05.318204Z");
    assert_eq!(answer.body["token"]["expires_at"], EXPIRES, "not longer than the first");
    let new = demo.with_token(Some(&answer.header("x-subject-token")));
    server.advance(TimeDelta::minutes(59));
    for client in [&demo, &new] {
        client.get(&path).await.is(200, &json!({"volumes": []}));
    }
    server.advance(TimeDelta::minutes(1));
    for client in [&demo, &new] {
        client.get(&path).await.is_unauthenticated();
        client.post(&path, json!({"volume": {"size": 1}})).await.is_unauthenticated();
    }
    let late = server.anonymous().post(LOGIN[0], by_token(&old, scope)).await;
    late.is_unauthenticated();
    assert_eq!(server.login("demo").await.get(&path).await.status, 200);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_all_ids_are_the_same_after_a_restart() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    assert_eq!(demo.disk_status(&disk).await, "available");
    let again = server.login("demo").await;
    assert_eq!((again.user, again.project), (demo.user.clone(), demo.project.clone()));
    server.advance(TimeDelta::hours(24));
    demo.get(&demo.path("v3", "volumes")).await.is_unauthenticated();
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lifetime_of_a_token_the_region_and_the_domain_are_settings() {
    let server = TestServer::start_with(|settings| {
        settings.auth.token_lifetime = TimeDelta::seconds(60);
        settings.cloud.region = "eu-test-1".to_owned();
        settings.bootstrap.domain = "Lab".to_owned();
    })
    .await;
    let user = json!({"name": "demo", "password": PASSWORD, "domain": {"name": "Lab"}});
    let body = by_password(&user, json!({"project": {"name": "demo"}}));
    let answer = server.anonymous().post(LOGIN[0], body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let token = &answer.body["token"];
    assert_eq!(token["expires_at"], "2026-11-23T07:42:05.318204Z");
    assert_eq!(token["user"]["domain"], json!({"id": "default", "name": "Lab"}));
    assert_eq!(token["catalog"][0]["endpoints"][0]["region"], "eu-test-1");
    server.finish().await;
}
