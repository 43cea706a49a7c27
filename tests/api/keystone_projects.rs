//! Projects of the identity service.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Client, PASSWORD, TestServer, password_login};

const NO: &str = "The request you have made requires authentication.";

fn refused(rule: &str) -> String {
    format!("You are not authorized to perform the requested action: identity:{rule}.")
}

fn project(client: &Client, id: &str, name: &str, description: &str, enabled: bool) -> Value {
    json!({
        "id": id, "name": name, "domain_id": "default", "description": description,
        "enabled": enabled, "parent_id": "default", "is_domain": false, "tags": [], "options": {},
        "links": {"self": format!("{}/v3/projects/{id}", client.url)},
    })
}

fn names(body: &Value) -> Vec<&str> {
    body["projects"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_admin_makes_shows_changes_and_removes_a_project() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let body = json!({"project": {"name": "atlas", "description": "d", "domain_id": "default"}});
    let made = admin.post("/v3/projects", body.clone()).await;
    let id = made.body["project"]["id"].as_str().unwrap().to_owned();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
    made.is(201, &json!({"project": project(&admin, &id, "atlas", "d", true)}));
    let path = format!("/v3/projects/{id}");
    admin.get(&path).await.is(200, &made.body);
    admin.post("/v3/projects", body).await.is_identity_fault(
        409,
        "Conflict occurred attempting to store project - Duplicate entry found with name atlas at \
         domain ID default.",
    );
    let change = json!({"project": {"name": "atlas 2", "enabled": false, "description": null}});
    let changed = json!({"project": project(&admin, &id, "atlas 2", "", false)});
    admin.patch(&path, change).await.is(200, &changed);
    admin.get(&path).await.is(200, &changed);
    let answer = admin.patch(&path, json!({"project": {"name": "demo"}})).await;
    assert_eq!(answer.status, 409);
    let answer = admin.patch(&path, json!({"project": {"domain_id": "other"}})).await;
    answer.is_identity_fault(400, "Cannot change Domain ID.");
    admin.delete(&path).await.is_empty(204);
    let gone = format!("Could not find project: {id}.");
    admin.get(&path).await.is_identity_fault(404, &gone);
    admin.delete(&path).await.is_identity_fault(404, &gone);
    admin.patch(&path, json!({"project": {}})).await.is_identity_fault(404, &gone);
    server.finish().await;
}

#[tokio::test]
async fn others_may_only_see_their_own_and_learn_nothing_of_the_rest() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for id in [admin.project.as_str(), "0123456789abcdef0123456789abcdef", "x"] {
        let path = format!("/v3/projects/{id}");
        demo.get(&path).await.is_identity_fault(403, &refused("get_project"));
        let answer = demo.patch(&path, json!({"project": {"name": "x"}})).await;
        answer.is_identity_fault(403, &refused("update_project"));
        demo.delete(&path).await.is_identity_fault(403, &refused("delete_project"));
        for method in [Method::GET, Method::PATCH, Method::DELETE] {
            let answer = server.anonymous().send(method, &path, None).await;
            answer.is_identity_fault(401, NO);
        }
    }
    let answer = demo.post("/v3/projects", json!({"project": {"name": "x"}})).await;
    answer.is_identity_fault(403, &refused("create_project"));
    let answer = server.anonymous().post("/v3/projects", json!({})).await;
    answer.is_identity_fault(401, NO);
    let own = demo.get(&format!("/v3/projects/{}", demo.project)).await;
    own.is(200, &json!({"project": project(&demo, &demo.project, "demo", "", true)}));
    assert_eq!(names(&demo.get("/v3/projects").await.body), ["demo"]);
    assert_eq!(names(&demo.get("/v3/projects?name=admin").await.body), [""; 0]);
    let answer = demo.get(&format!("/v3/projects?user_id={}", admin.user)).await;
    answer.is_identity_fault(403, &refused("list_projects"));
    server.finish().await;
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for (query, expected) in [
        ("", vec!["admin", "demo", "partner"]),
        ("?name=demo", vec!["demo"]),
        ("?name=Demo", vec![]),
        ("?domain_id=default&enabled=1", vec!["admin", "demo", "partner"]),
        ("?domain_id=x", vec![]),
        ("?parent_id=default", vec!["admin", "demo", "partner"]),
        ("?domain_id=default&parent_id=x", vec![]),
        ("?enabled=false", vec![]),
        ("?is_domain=true", vec![]),
        (&format!("?user_id={}", demo.user), vec!["demo"]),
    ] {
        let answer = admin.get(&format!("/v3/projects{query}")).await;
        assert_eq!(names(&answer.body), expected, "{query}");
    }
    let first = admin.get("/v3/projects?limit=2").await;
    assert_eq!(names(&first.body), ["admin", "demo"]);
    let next = first.body["links"]["next"].as_str().unwrap();
    let path = next.strip_prefix(&admin.url).unwrap();
    let second = admin.get(path).await;
    assert_eq!(names(&second.body), ["partner"]);
    assert_eq!(second.body["links"], json!({"next": null, "self": next, "previous": null}));
    for limit in ["0", "-1", "x", ""] {
        let answer = admin.get(&format!("/v3/projects?limit={limit}")).await;
        answer.is_identity_fault(
            400,
            "Invalid input for field 'limit': it is not a positive integer",
        );
    }
    server.finish().await;
}

#[tokio::test]
async fn a_project_sought_under_the_regions_name_is_the_callers_own() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for client in [&admin, &demo] {
        let answer = client.get("/v3/projects?name=sim-1").await;
        let projects = answer.body["projects"].as_array().unwrap();
        assert_eq!(projects.len(), 1);
        assert_eq!(projects[0]["id"], client.project.as_str());
    }
    assert_eq!(demo.get("/v3/projects?name=sim-2").await.body["projects"], json!([]));
    let made = admin.post("/v3/projects", json!({"project": {"name": "sim-1"}})).await;
    let answer = admin.get("/v3/projects?name=sim-1").await;
    assert_eq!(answer.body["projects"][0]["id"], made.body["project"]["id"]);
    server.finish().await;
}

#[tokio::test]
async fn the_tokens_of_a_disabled_or_removed_project_stop_counting_at_once_and_its_disks_stay() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let path = format!("/v3/projects/{}", demo.project);
    let set = |enabled: bool| json!({"project": {"enabled": enabled}});
    assert_eq!(admin.patch(&path, set(false)).await.status, 200);
    demo.show_disk(&disk).await.is_identity_fault(401, NO);
    let login = password_login("demo", PASSWORD);
    let answer = server.anonymous().post("/v3/auth/tokens", login).await;
    answer.is_identity_fault(401, NO);
    assert_eq!(admin.patch(&path, set(true)).await.status, 200);
    assert_eq!(demo.show_disk(&disk).await.status, 200);
    admin.delete(&path).await.is_empty(204);
    demo.show_disk(&disk).await.is_identity_fault(401, NO);
    let answer = admin.get(&admin.path("v3", "volumes?all_tenants=1")).await;
    assert_eq!(answer.body["volumes"][0]["id"], disk.as_str());
    server.finish().await;
}

#[tokio::test]
async fn a_body_that_breaks_a_rule_is_refused() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let named = |name: Value| json!({"project": {"name": name}});
    let field = |key: &str, rule: &str| format!("Invalid input for field '{key}': it {rule}");
    for (body, sentence) in [
        (json!({"project": {}}), "'name' is a required property".to_owned()),
        (json!({"project": 1}), field("project", "is not of type 'object'")),
        (named(json!("")), field("name", "should be non-empty")),
        (named(json!(" \t")), field("name", "should be non-empty")),
        (named(json!("x".repeat(65))), field("name", "is too long")),
        (named(json!(1)), field("name", "is not of type 'string'")),
        (named(json!("a\u{0}")), field("name", "contains the null character")),
        (
            json!({"project": {"name": "a", "enabled": "yes"}}),
            field("enabled", "is not of type 'boolean'"),
        ),
        (
            json!({"project": {"name": "a", "description": []}}),
            field("description", "is not of type 'string'"),
        ),
    ] {
        admin.post("/v3/projects", body).await.is_identity_fault(400, &sentence);
    }
    let answer =
        admin.post("/v3/projects", json!({"project": {"name": "a", "domain_id": "x"}})).await;
    answer.is_identity_fault(404, "Could not find domain: x.");
    let kind = [("content-type", "text/plain")];
    let answer = admin.send_raw(Method::POST, "/v3/projects", &kind, "{}").await;
    assert_eq!(answer.status, 400);
    server.finish().await;
}
