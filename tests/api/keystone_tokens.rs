//! Tokens of the identity service: how one is got, what it shows, who looks, and how it ends.

use chrono::TimeDelta;
use evs_local::domain::ids::derived;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, PASSWORD, START, TestServer, password_login};

const TOKENS: &str = "/identity/v3/auth/tokens";
const NO: &str = "The request you have made requires authentication.";

fn with_scope(name: &str, scope: &Value) -> Value {
    let mut login = password_login(name, PASSWORD);
    login["auth"]["scope"] = scope.clone();
    login
}

fn by_token(token: &str, scope: &Value) -> Value {
    json!({"auth": {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}})
}

async fn subject(client: &Client, method: Method, token: &str, path: &str) -> Answer {
    client.send_raw(method, path, &[("x-subject-token", token)], "").await
}

async fn unscoped(server: &TestServer, name: &str) -> Client {
    let client = server.anonymous();
    let answer = client.post(TOKENS, with_scope(name, &json!("unscoped"))).await;
    assert_eq!(answer.status, 201);
    client.holding(&answer)
}

#[tokio::test]
async fn a_token_is_shown_as_it_was_issued_and_without_a_catalogue_if_asked() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    let issued = client.post(TOKENS, password_login("demo", PASSWORD)).await;
    assert_eq!(issued.status, 201);
    let token = issued.header("x-subject-token");
    let demo = server.login("demo").await;
    let shown = subject(&demo, Method::GET, &token, TOKENS).await;
    shown.is(200, &issued.body);
    assert_eq!(shown.header("x-subject-token"), token);
    let mut bare = issued.body.clone();
    bare["token"].as_object_mut().unwrap().shift_remove("catalog");
    let path = format!("{TOKENS}?nocatalog=1");
    subject(&demo, Method::GET, &token, &path).await.is(200, &bare);
    let role = json!({"id": derived("role", "member"), "name": "member"});
    let expected = json!({"token": {
        "methods": ["password"],
        "user": {"id": demo.user, "name": "demo", "domain": {"id": "default", "name": "Default"},
                 "password_expires_at": null},
        "project": {"id": demo.project, "name": "demo",
                    "domain": {"id": "default", "name": "Default"}},
        "is_domain": false,
        "roles": [role],
        "audit_ids": bare["token"]["audit_ids"],
        "issued_at": START,
        "expires_at": "2026-11-24T07:41:05.318204Z",
    }});
    assert_eq!(bare, expected);
    let checked = subject(&demo, Method::HEAD, &token, "/v3/auth/tokens").await;
    checked.is_empty(200);
    server.finish().await;
}

#[tokio::test]
async fn a_token_is_looked_at_and_ended_by_its_bearer_or_an_admin_only() {
    let server = TestServer::start().await;
    let (admin, demo, partner) =
        (server.login("admin").await, server.login("demo").await, server.login("partner").await);
    let token = demo.token.clone().unwrap();
    for (method, rule) in
        [(Method::GET, "identity:validate_token"), (Method::DELETE, "identity:revoke_token")]
    {
        let sentence = format!("You are not authorized to perform the requested action: {rule}.");
        let answer = subject(&partner, method.clone(), &token, TOKENS).await;
        answer.is_identity_fault(403, &sentence);
        for unknown in ["0", "", &"f".repeat(64)] {
            let answer = subject(&partner, method.clone(), unknown, TOKENS).await;
            answer.is_identity_fault(404, "Could not find token.");
        }
        let answer = subject(&server.anonymous(), method, &token, TOKENS).await;
        answer.is_identity_fault(401, NO);
    }
    subject(&partner, Method::HEAD, "0", TOKENS).await.is_empty(404);
    assert_eq!(subject(&admin, Method::GET, &token, TOKENS).await.status, 200);
    subject(&admin, Method::DELETE, &token, TOKENS).await.is_empty(204);
    demo.get(&demo.path("v3", "volumes")).await.is_identity_fault(401, NO);
    demo.get(TOKENS).await.is_identity_fault(401, NO);
    let answer = subject(&admin, Method::GET, &token, TOKENS).await;
    answer.is_identity_fault(404, "Could not find token.");
    let own = partner.token.clone().unwrap();
    subject(&partner, Method::DELETE, &own, TOKENS).await.is_empty(204);
    partner.get("/v3/auth/projects").await.is_identity_fault(401, NO);
    server.finish().await;
}

#[tokio::test]
async fn each_scope_is_given_to_who_has_a_role_there_and_to_nobody_else() {
    let server = TestServer::start().await;
    let (admin, client) = (server.login("admin").await, server.anonymous());
    for name in ["demo", "partner"] {
        for scope in [
            json!({"system": {"all": true}}),
            json!({"domain": {"id": "default"}}),
            json!({"domain": {"name": "Nowhere"}}),
            json!({"project": {"id": admin.project}}),
            json!({"project": {"id": "0"}}),
        ] {
            client.post(TOKENS, with_scope(name, &scope)).await.is_identity_fault(401, NO);
        }
    }
    let system = client.post(TOKENS, with_scope("admin", &json!({"system": {"all": true}}))).await;
    assert_eq!(system.status, 201);
    assert_eq!(system.body["token"]["system"], json!({"all": true}));
    assert_eq!(system.body["token"]["roles"][0]["name"], "admin");
    assert_eq!(system.body["token"]["catalog"][0]["type"], "identity");
    assert_eq!(system.body["token"]["catalog"].as_array().unwrap().len(), 1);
    let root = client.holding(&system);
    assert_eq!(root.get("/v3/users").await.status, 200);

    let demo = server.login("demo").await;
    let path =
        format!("/v3/domains/default/users/{}/roles/{}", demo.user, derived("role", "reader"));
    admin.send(Method::PUT, &path, None).await.is_empty(204);
    for domain in [json!({"id": "default"}), json!({"name": "Default"})] {
        let scope = json!({ "domain": domain });
        let answer = client.post(TOKENS, with_scope("demo", &scope)).await;
        assert_eq!(answer.status, 201);
        let token = &answer.body["token"];
        assert_eq!(token["domain"], json!({"id": "default", "name": "Default"}));
        assert_eq!(token["roles"][0]["name"], "reader");
        assert!(token.get("project").is_none() && token.get("is_domain").is_none());
        let of_domain = demo.holding(&answer);
        let disks = of_domain.get(&demo.path("v3", "volumes")).await;
        disks.is_fault(400, "Malformed request url");
    }
    let huawei = json!({"project": {"name": "demo"}});
    assert_eq!(client.post(TOKENS, with_scope("demo", &huawei)).await.status, 201);
    server.finish().await;
}

#[tokio::test]
async fn a_token_is_rescoped_but_never_lasts_longer() {
    let server = TestServer::start().await;
    let first = unscoped(&server, "demo").await;
    server.advance(TimeDelta::hours(5));
    let scope = json!({"project": {"name": "demo", "domain": {"id": "default"}}});
    let body = by_token(first.token.as_deref().unwrap(), &scope);
    let answer = first.post(TOKENS, body.clone()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.body["token"]["methods"], json!(["password", "token"]));
    assert_eq!(answer.body["token"]["expires_at"], "2026-11-24T07:41:05.318204Z");
    server.advance(TimeDelta::hours(19));
    first.post(TOKENS, body).await.is_identity_fault(401, NO);
    server.finish().await;
}

#[tokio::test]
async fn an_unscoped_token_lists_what_it_can_be_scoped_to() {
    let server = TestServer::start().await;
    let (demo, root) = (unscoped(&server, "demo").await, unscoped(&server, "admin").await);
    let home = server.login("demo").await.project;
    let url = server.url();
    for base in ["/identity/v3", "/v3"] {
        let links = |path: &str| json!({"next": null, "self": format!("{url}{base}/{path}"), "previous": null});
        let project = json!({
            "id": home, "name": "demo", "domain_id": "default", "description": "",
            "enabled": true, "parent_id": "default", "is_domain": false, "tags": [],
            "options": {}, "links": {"self": format!("{url}{base}/projects/{home}")},
        });
        let body = json!({"projects": [project], "links": links("auth/projects")});
        demo.get(&format!("{base}/auth/projects")).await.is(200, &body);
        let domain = json!({
            "id": "default", "name": "Default", "description": "The default domain",
            "enabled": true, "tags": [], "options": {},
            "links": {"self": format!("{url}{base}/domains/default")},
        });
        let body = json!({"domains": [domain], "links": links("auth/domains")});
        demo.get(&format!("{base}/auth/domains")).await.is(200, &body);
        let body = json!({"system": [], "links": links("auth/system")});
        demo.get(&format!("{base}/auth/system")).await.is(200, &body);
        let body = json!({"system": [{"all": true}], "links": links("auth/system")});
        root.get(&format!("{base}/auth/system")).await.is(200, &body);
        demo.get(&format!("{base}/auth/catalog")).await.is_identity_fault(
            403,
            "You are not authorized to perform the requested action: identity:get_auth_catalog.",
        );
        for list in ["auth/projects", "auth/domains", "auth/system", "auth/catalog"] {
            let answer = server.anonymous().get(&format!("{base}/{list}")).await;
            answer.is_identity_fault(401, NO);
        }
    }
    let scoped = server.login("demo").await;
    let answer = scoped.get("/v3/auth/catalog").await;
    let shown = subject(&scoped, Method::GET, scoped.token.as_deref().unwrap(), TOKENS).await;
    assert_eq!(answer.body["catalog"], shown.body["token"]["catalog"]);
    assert_eq!(answer.body["catalog"].as_array().unwrap().len(), 7);
    server.finish().await;
}

#[tokio::test]
async fn regions_services_endpoints_and_roles_say_what_the_catalogue_says() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let url = server.url();
    let region = json!({
        "id": "sim-1", "description": "", "parent_region_id": null,
        "links": {"self": format!("{url}/v3/regions/sim-1")},
    });
    let links = json!({"next": null, "self": format!("{url}/v3/regions"), "previous": null});
    demo.get("/v3/regions").await.is(200, &json!({"regions": [region], "links": links}));
    demo.get("/v3/regions/sim-1").await.is(200, &json!({ "region": region }));
    demo.get("/v3/regions/x").await.is_identity_fault(404, "Could not find region: x.");
    for (list, item, rule, kind, count) in [
        ("services", "service", "service", "service", 7),
        ("endpoints", "endpoint", "endpoint", "endpoint", 21),
        ("roles", "role", "role", "role", 3),
        ("domains", "domain", "domain", "domain", 1),
    ] {
        let all = admin.get(&format!("/v3/{list}")).await;
        assert_eq!(all.body[list].as_array().unwrap().len(), count);
        for one in all.body[list].as_array().unwrap() {
            let path = format!("/v3/{list}/{}", one["id"].as_str().unwrap());
            admin.get(&path).await.is(200, &json!({ item: one }));
        }
        let sentence = format!("Could not find {kind}: x.");
        admin.get(&format!("/v3/{list}/x")).await.is_identity_fault(404, &sentence);
        let refused = |rule: &str| {
            format!("You are not authorized to perform the requested action: identity:{rule}.")
        };
        let answer = demo.get(&format!("/v3/{list}")).await;
        answer.is_identity_fault(403, &refused(&format!("list_{list}")));
        let answer = demo.get(&format!("/v3/{list}/x")).await;
        answer.is_identity_fault(403, &refused(&format!("get_{rule}")));
        server.anonymous().get(&format!("/v3/{list}")).await.is_identity_fault(401, NO);
    }
    let answer = admin.get("/identity/v3/services?type=evs").await;
    assert_eq!(answer.body["services"][0]["name"], "evs");
    let id = answer.body["services"][0]["id"].as_str().unwrap();
    let answer =
        admin.get(&format!("/v3/endpoints?interface=public&service_id={id}&region_id=sim-1")).await;
    assert_eq!(answer.body["endpoints"].as_array().unwrap().len(), 1);
    assert_eq!(answer.body["endpoints"][0]["url"], format!("{url}/v2/$(project_id)s"));
    let answer = admin.get("/v3/roles?name=member").await;
    assert_eq!(answer.body["roles"].as_array().unwrap().len(), 1);
    assert_eq!(admin.get("/v3/groups").await.body["groups"], json!([]));
    assert_eq!(demo.get("/v3/domains/default").await.status, 200);
    assert_eq!(admin.get("/v3/domains?name=Default").await.body["domains"][0]["id"], "default");
    server.finish().await;
}

#[tokio::test]
async fn the_root_keeps_the_volume_api() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    assert_eq!(demo.get("/v3").await.status, 200);
    assert!(demo.get("/v3").await.text.contains("volume"), "the volume service's document");
    assert_eq!(demo.get(&demo.path("v3", "volumes")).await.body, json!({"volumes": []}));
    assert_eq!(demo.at_raw("nonsense").get("/identity/v3/regions").await.status, 200);
    demo.get("/v3/projects/x/y/z").await.is_identity_fault(404, "The resource could not be found.");
    demo.put("/v3/projects", json!({}))
        .await
        .is_identity_fault(405, "The method is not allowed for the requested URL.");
    server.finish().await;
}
