//! Users of the identity service, their passwords and their roles.

use evs_local::domain::ids::derived;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support::{Client, PASSWORD, TestServer, password_login};

const NO: &str = "The request you have made requires authentication.";
const NEW: &str = "another-battery-2e9f";

fn refused(rule: &str) -> String {
    format!("You are not authorized to perform the requested action: identity:{rule}.")
}

fn user(client: &Client, id: &str, name: &str) -> Value {
    json!({
        "id": id, "name": name, "domain_id": "default", "enabled": true, "email": null,
        "description": null, "default_project_id": null, "options": {},
        "password_expires_at": null,
        "links": {"self": format!("{}/v3/users/{id}", client.url)},
    })
}

async fn make(admin: &Client, body: Value) -> String {
    let made = admin.post("/v3/users", json!({ "user": body })).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["user"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_admin_makes_shows_changes_and_removes_a_user() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    admin.keep_secret(NEW);
    let body = json!({"user": {"name": "ann", "password": NEW, "email": "a@example.com"}});
    let made = admin.post("/v3/users", body.clone()).await;
    let id = made.body["user"]["id"].as_str().unwrap().to_owned();
    let mut expected = user(&admin, &id, "ann");
    expected["email"] = json!("a@example.com");
    made.is(201, &json!({ "user": expected }));
    let path = format!("/v3/users/{id}");
    admin.get(&path).await.is(200, &made.body);
    admin.post("/v3/users", body).await.is_identity_fault(
        409,
        "Conflict occurred attempting to store user - Duplicate entry found with name ann at \
         domain ID default.",
    );
    let change = json!({"user": {"name": "anna", "email": null, "description": "d",
                                 "default_project_id": admin.project}});
    expected["name"] = json!("anna");
    expected["email"] = Value::Null;
    expected["description"] = json!("d");
    expected["default_project_id"] = json!(admin.project);
    admin.patch(&path, change).await.is(200, &json!({ "user": expected }));
    let answer = admin.patch(&path, json!({"user": {"default_project_id": "x"}})).await;
    answer.is_identity_fault(404, "Could not find project: x.");
    let names = |body: &Value| -> Vec<String> {
        let users = body["users"].as_array().unwrap();
        users.iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
    };
    let list = admin.get("/v3/users").await;
    assert_eq!(names(&list.body), ["admin", "anna", "demo", "partner"]);
    assert_eq!(names(&admin.get("/v3/users?name=anna").await.body), ["anna"]);
    assert_eq!(names(&admin.get("/v3/users?enabled=false").await.body), [""; 0]);
    assert_eq!(names(&admin.get("/v3/users?domain_id=x").await.body), [""; 0]);
    let page = admin.get("/v3/users?limit=3").await;
    let next = page.body["links"]["next"].as_str().unwrap().strip_prefix(&admin.url).unwrap();
    assert_eq!(names(&admin.get(next).await.body), ["partner"]);
    admin.delete(&path).await.is_empty(204);
    let gone = format!("Could not find user: {id}.");
    admin.get(&path).await.is_identity_fault(404, &gone);
    admin.delete(&path).await.is_identity_fault(404, &gone);
    server.finish().await;
}

#[tokio::test]
async fn a_user_sees_itself_and_learns_nothing_of_others() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for id in [admin.user.as_str(), "0123456789abcdef0123456789abcdef"] {
        let path = format!("/v3/users/{id}");
        demo.get(&path).await.is_identity_fault(403, &refused("get_user"));
        let answer = demo.patch(&path, json!({"user": {}})).await;
        answer.is_identity_fault(403, &refused("update_user"));
        demo.delete(&path).await.is_identity_fault(403, &refused("delete_user"));
        let answer = demo.get(&format!("{path}/projects")).await;
        answer.is_identity_fault(403, &refused("list_user_projects"));
        let answer = demo.get(&format!("{path}/application_credentials")).await;
        answer.is_identity_fault(403, &refused("list_application_credentials"));
        for rest in ["", "/projects", "/application_credentials"] {
            let answer = server.anonymous().get(&format!("{path}{rest}")).await;
            answer.is_identity_fault(401, NO);
        }
    }
    demo.get("/v3/users").await.is_identity_fault(403, &refused("list_users"));
    let answer = demo.post("/v3/users", json!({})).await;
    answer.is_identity_fault(403, &refused("create_user"));
    demo.get("/v3/groups").await.is_identity_fault(403, &refused("list_groups"));
    let own = format!("/v3/users/{}", demo.user);
    demo.get(&own).await.is(200, &json!({"user": user(&demo, &demo.user, "demo")}));
    let projects = demo.get(&format!("{own}/projects")).await;
    assert_eq!(projects.body["projects"][0]["id"], demo.project.as_str());
    demo.delete(&own).await.is_identity_fault(403, &refused("delete_user"));
    let answer = admin.get("/v3/users/x/projects").await;
    answer.is_identity_fault(404, "Could not find user: x.");
    server.finish().await;
}

#[tokio::test]
async fn the_tokens_of_a_disabled_changed_or_removed_user_stop_counting_at_once() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    admin.keep_secret(NEW);
    let demo = server.login("demo").await;
    let path = format!("/v3/users/{}", demo.user);
    let enabled = |is: bool| json!({"user": {"enabled": is}});
    assert_eq!(admin.patch(&path, enabled(false)).await.status, 200);
    demo.get("/v3/auth/projects").await.is_identity_fault(401, NO);
    let login = |password: &str| password_login("demo", password);
    let anonymous = server.anonymous();
    anonymous.post("/v3/auth/tokens", login(PASSWORD)).await.is_identity_fault(401, NO);
    assert_eq!(admin.patch(&path, enabled(true)).await.status, 200);
    assert_eq!(demo.get("/v3/auth/projects").await.status, 200);

    let change = |original: &str| json!({"user": {"original_password": original, "password": NEW}});
    let own = format!("{path}/password");
    let answer = demo.post(&own, change("wrong")).await;
    answer.is_identity_fault(401, "The original password is wrong.");
    let answer = admin.post(&own, change(PASSWORD)).await;
    answer.is_identity_fault(403, &refused("update_user"));
    demo.post(&own, change(PASSWORD)).await.is_empty(204);
    demo.get("/v3/auth/projects").await.is_identity_fault(401, NO);
    anonymous.post("/v3/auth/tokens", login(PASSWORD)).await.is_identity_fault(401, NO);
    let again = anonymous.post("/v3/auth/tokens", login(NEW)).await;
    assert_eq!(again.status, 201);
    let demo = demo.holding(&again);
    let answer = admin.patch(&path, json!({"user": {"password": PASSWORD}})).await;
    assert_eq!(answer.status, 200);
    demo.get("/v3/auth/projects").await.is_identity_fault(401, NO);
    let demo = server.login("demo").await;
    admin.delete(&path).await.is_empty(204);
    demo.get("/v3/auth/projects").await.is_identity_fault(401, NO);
    server.finish().await;
}

#[tokio::test]
async fn a_role_is_given_checked_listed_and_taken() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    admin.keep_secret(NEW);
    let ann = make(&admin, json!({"name": "ann", "password": NEW})).await;
    let (member, reader) = (derived("role", "member"), derived("role", "reader"));
    let places = [format!("projects/{}", demo.project), "domains/default".to_owned()];
    for place in &places {
        let roles = format!("/v3/{place}/users/{ann}/roles");
        let path = format!("{roles}/{member}");
        let id = place.split_once('/').unwrap().1;
        let missing = format!(
            "Could not find role assignment with role: {member}, user or group: {ann}, project, \
             domain, or system: {id}."
        );
        admin.get(&path).await.is_identity_fault(404, &missing);
        admin.delete(&path).await.is_identity_fault(404, &missing);
        for _ in 0..2 {
            admin.send(Method::PUT, &path, None).await.is_empty(204);
        }
        admin.get(&path).await.is_empty(204);
        admin.send(Method::HEAD, &path, None).await.is_empty(204);
        let list = admin.get(&roles).await;
        assert_eq!(list.body["roles"].as_array().unwrap().len(), 1);
        assert_eq!(list.body["roles"][0]["name"], "member");
        for (method, rule) in [
            (Method::PUT, "create_grant"),
            (Method::GET, "check_grant"),
            (Method::DELETE, "revoke_grant"),
        ] {
            let answer = demo.send(method.clone(), &path, None).await;
            answer.is_identity_fault(403, &refused(rule));
            server.anonymous().send(method.clone(), &path, None).await.is_identity_fault(401, NO);
            let nobody = format!("/v3/{place}/users/x/roles/{member}");
            let answer = admin.send(method.clone(), &nobody, None).await;
            answer.is_identity_fault(404, "Could not find user: x.");
            let answer = admin.send(method, &format!("{roles}/x"), None).await;
            answer.is_identity_fault(404, "Could not find role: x.");
        }
        demo.get(&roles).await.is_identity_fault(403, &refused("list_grants"));
    }
    let answer = admin.get(&format!("/v3/projects/x/users/{ann}/roles/{reader}")).await;
    answer.is_identity_fault(404, "Could not find project: x.");
    let answer = admin.get(&format!("/v3/domains/x/users/{ann}/roles/{reader}")).await;
    answer.is_identity_fault(404, "Could not find domain: x.");

    let url = format!("{}/v3", admin.url);
    let list = format!("/v3/role_assignments?user.id={ann}&include_names");
    let default = json!({"id": "default", "name": "Default"});
    let named = |scope: Value, place: &str| {
        json!({
            "role": {"id": member, "name": "member"},
            "user": {"id": ann, "name": "ann", "domain": default},
            "scope": scope,
            "links": {"assignment": format!("{url}/{place}/users/{ann}/roles/{member}")},
        })
    };
    let project = json!({"project": {"id": demo.project, "name": "demo", "domain": default}});
    let links = json!({"next": null, "self": format!("{}{list}", admin.url), "previous": null});
    let assignments = [named(json!({ "domain": default }), &places[1]), named(project, &places[0])];
    let body = json!({"role_assignments": assignments, "links": links});
    admin.get(&list).await.is(200, &body);
    let count = async |query: &str| {
        let answer = admin.get(&format!("/v3/role_assignments{query}")).await;
        answer.body["role_assignments"].as_array().unwrap().len()
    };
    assert_eq!(count("").await, 5);
    assert_eq!(count("?effective").await, 5);
    assert_eq!(count(&format!("?role.id={member}")).await, 4);
    assert_eq!(count("?role.id=x").await, 0);
    assert_eq!(count(&format!("?scope.project.id={}", demo.project)).await, 2);
    assert_eq!(count("?scope.domain.id=default").await, 1);
    assert_eq!(count("?scope.system=all").await, 0);
    demo.get(&list).await.is_identity_fault(403, &refused("list_role_assignments"));
    server.anonymous().get(&list).await.is_identity_fault(401, NO);

    let mut login = password_login("ann", NEW);
    login["auth"]["scope"]["project"] = json!({"id": demo.project});
    let answer = server.anonymous().post("/v3/auth/tokens", login).await;
    let of_ann = demo.holding(&answer);
    assert_eq!(of_ann.get(&demo.path("v3", "volumes")).await.status, 200);
    for place in &places {
        admin.delete(&format!("/v3/{place}/users/{ann}/roles/{member}")).await.is_empty(204);
    }
    of_ann.get(&demo.path("v3", "volumes")).await.is_identity_fault(401, NO);
    server.finish().await;
}

#[tokio::test]
async fn a_login_without_a_scope_acts_on_the_default_project() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let path = format!("/v3/users/{}", demo.user);
    let mut login = password_login("demo", PASSWORD);
    login["auth"].as_object_mut().unwrap().remove("scope");
    let anonymous = server.anonymous();
    let answer = anonymous.post("/v3/auth/tokens", login.clone()).await;
    assert!(answer.body["token"].get("project").is_none());
    for (default, expected) in [(&demo.project, Some(&demo.project)), (&admin.project, None)] {
        let change = json!({"user": {"default_project_id": default}});
        assert_eq!(admin.patch(&path, change).await.status, 200);
        let answer = anonymous.post("/v3/auth/tokens", login.clone()).await;
        let project = answer.body["token"]["project"]["id"].as_str();
        assert_eq!(project, expected.map(String::as_str));
    }
    server.finish().await;
}

#[tokio::test]
async fn every_change_leaves_one_event() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    admin.keep_secret(NEW);
    let ann = make(&admin, json!({"name": "ann", "password": NEW})).await;
    let path = format!("/v3/users/{ann}");
    let grant =
        format!("/v3/projects/{}/users/{ann}/roles/{}", admin.project, derived("role", "reader"));
    admin.patch(&path, json!({"user": {"enabled": false}})).await;
    admin.send(Method::PUT, &grant, None).await.is_empty(204);
    admin.send(Method::PUT, &grant, None).await.is_empty(204);
    admin.delete(&grant).await.is_empty(204);
    admin.delete(&path).await.is_empty(204);
    admin.delete(&path).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(server.database());
    let mut file = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    let actions: Vec<String> =
        sqlx::query_scalar("SELECT action FROM events WHERE request_id <> 'start' ORDER BY seq")
            .fetch_all(&mut file)
            .await
            .unwrap();
    file.close().await.unwrap();
    assert_eq!(actions, ["user.create", "user.update", "role.grant", "role.revoke", "user.delete"]);
    server.finish().await;
}
