//! Application credentials: made, used, and ended with what they rest on.

use chrono::TimeDelta;
use evs_local::domain::ids::derived;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer};

const NO: &str = "The request you have made requires authentication.";
const TOKENS: &str = "/identity/v3/auth/tokens";

fn by(credential: &Value) -> Value {
    json!({"auth": {"identity": {"methods": ["application_credential"],
                                 "application_credential": credential}}})
}

async fn make(client: &Client, body: Value) -> Answer {
    let path = format!("/v3/users/{}/application_credentials", client.user);
    client.post(&path, json!({ "application_credential": body })).await
}

fn refused(rule: &str) -> String {
    format!("You are not authorized to perform the requested action: identity:{rule}.")
}

#[tokio::test]
async fn a_credential_shows_its_secret_once_and_opens_its_project() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let list = format!("/v3/users/{}/application_credentials", demo.user);
    let made = make(&demo, json!({"name": "ci"})).await;
    let shown = &made.body["application_credential"];
    let (id, secret) = (shown["id"].as_str().unwrap(), shown["secret"].as_str().unwrap());
    let url = &demo.url;
    let mut expected = json!({
        "id": id, "name": "ci", "description": null, "project_id": demo.project,
        "roles": [{"id": derived("role", "member"), "name": "member", "domain_id": null}],
        "unrestricted": false, "expires_at": null,
        "links": {"self": format!("{url}{list}/{id}")},
        "secret": secret,
    });
    made.is(201, &json!({ "application_credential": expected }));
    expected.as_object_mut().unwrap().remove("secret");
    let body = json!({ "application_credential": expected });
    demo.get(&format!("{list}/{id}")).await.is(200, &body);
    let links = json!({"next": null, "self": format!("{url}{list}"), "previous": null});
    let body = json!({"application_credentials": [expected], "links": links});
    demo.get(&list).await.is(200, &body);
    let empty = demo.get(&format!("{list}?name=x")).await;
    assert_eq!(empty.body["application_credentials"], json!([]));

    let anonymous = server.anonymous();
    for named in [
        json!({"id": id, "secret": secret}),
        json!({"name": "ci", "secret": secret, "user": {"id": demo.user}}),
        json!({"name": "ci", "secret": secret,
               "user": {"name": "demo", "domain": {"name": "Default"}}}),
    ] {
        let answer = anonymous.post(TOKENS, by(&named)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let token = &answer.body["token"];
        assert_eq!(token["methods"], json!(["application_credential"]));
        assert_eq!(token["project"]["id"], demo.project.as_str());
        let stands = json!({"id": id, "name": "ci", "restricted": true});
        assert_eq!(token["application_credential"], stands);
        let program = demo.holding(&answer);
        assert_eq!(program.get(&demo.path("v3", "volumes")).await.status, 200);
        let sentence = "You are not authorized to perform the requested action: Using method \
                        'application_credential' is not allowed for managing additional \
                        application credentials.";
        make(&program, json!({"name": "x"})).await.is_identity_fault(403, sentence);
        let answer = program.delete(&format!("{list}/{id}")).await;
        answer.is_identity_fault(403, sentence);
        let rescope = json!({"auth": {"identity": {"methods": ["token"],
            "token": {"id": program.token}}, "scope": {"project": {"id": demo.project}}}});
        anonymous.post(TOKENS, rescope).await.is_identity_fault(401, NO);
        let mut scoped = by(&named);
        scoped["auth"]["scope"] = json!({"project": {"id": demo.project}});
        anonymous.post(TOKENS, scoped).await.is_identity_fault(401, NO);
        let mut wrong = named.clone();
        wrong["secret"] = json!("wrong");
        anonymous.post(TOKENS, by(&wrong)).await.is_identity_fault(401, NO);
    }
    server.finish().await;
}

#[tokio::test]
async fn a_credential_is_its_users_alone() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let made = make(&demo, json!({"name": "ci"})).await;
    let id = made.body["application_credential"]["id"].as_str().unwrap();
    let list = format!("/v3/users/{}/application_credentials", demo.user);
    for path in [format!("{list}/{id}"), format!("{list}/x")] {
        let answer = partner.get(&path).await;
        answer.is_identity_fault(403, &refused("get_application_credential"));
        let answer = partner.delete(&path).await;
        answer.is_identity_fault(403, &refused("delete_application_credential"));
        server.anonymous().get(&path).await.is_identity_fault(401, NO);
        server.anonymous().delete(&path).await.is_identity_fault(401, NO);
    }
    for client in [&admin, &partner] {
        let body = json!({"application_credential": {"name": "x"}});
        let answer = client.post(&list, body).await;
        answer.is_identity_fault(403, &refused("create_application_credential"));
    }
    let missing = format!("Could not find Application Credential: {id}.");
    let own = format!("/v3/users/{}/application_credentials/{id}", partner.user);
    partner.get(&own).await.is_identity_fault(404, &missing);
    partner.delete(&own).await.is_identity_fault(404, &missing);
    assert_eq!(admin.get(&list).await.status, 200);
    admin.delete(&format!("{list}/{id}")).await.is_empty(204);
    demo.get(&format!("{list}/{id}")).await.is_identity_fault(404, &missing);
    server.finish().await;
}

#[tokio::test]
async fn a_credential_that_breaks_a_rule_is_not_made() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    assert_eq!(make(&demo, json!({"name": "ci"})).await.status, 201);
    make(&demo, json!({"name": "ci"})).await.is_identity_fault(
        409,
        "Conflict occurred attempting to store application_credential - Duplicate entry found \
         with name ci.",
    );
    for (body, status) in [
        (json!({}), 400),
        (json!({"name": ""}), 400),
        (json!({"name": "x".repeat(256)}), 400),
        (json!({"name": "a", "roles": "member"}), 400),
        (json!({"name": "a", "roles": [{}]}), 400),
        (json!({"name": "a", "roles": [{"name": "nobody"}]}), 404),
        (json!({"name": "a", "roles": [{"name": "admin"}]}), 400),
        (json!({"name": "a", "secret": 1}), 400),
        (json!({"name": "a", "unrestricted": "yes"}), 400),
        (json!({"name": "a", "expires_at": "soon"}), 400),
        (json!({"name": "a", "expires_at": "2026-11-23T07:41:05"}), 400),
    ] {
        let answer = make(&demo, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        assert_eq!(answer.body["error"]["code"], status, "{body}");
    }
    server.finish().await;
}

#[tokio::test]
async fn a_credential_and_its_tokens_end_with_their_time_their_role_and_their_project() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let anonymous = server.anonymous();
    let made = make(&demo, json!({"name": "a", "expires_at": "2026-11-23T09:00:00.000000"})).await;
    assert_eq!(made.body["application_credential"]["expires_at"], "2026-11-23T09:00:00.000000Z");
    let login = |made: &Answer| {
        let shown = &made.body["application_credential"];
        by(&json!({"id": shown["id"], "secret": shown["secret"]}))
    };
    let answer = anonymous.post(TOKENS, login(&made)).await;
    assert_eq!(answer.body["token"]["expires_at"], "2026-11-23T09:00:00.000000Z");
    server.advance(TimeDelta::hours(2));
    anonymous.post(TOKENS, login(&made)).await.is_identity_fault(401, NO);

    for end in ["role", "user"] {
        let made =
            make(&demo, json!({"name": end, "secret": format!("own-secret-of-{end}")})).await;
        let answer = anonymous.post(TOKENS, login(&made)).await;
        assert_eq!(answer.status, 201);
        let program = demo.holding(&answer);
        let user = format!("/v3/users/{}", demo.user);
        let role = format!(
            "/v3/projects/{}/users/{}/roles/{}",
            demo.project,
            demo.user,
            derived("role", "member")
        );
        let path = if end == "role" { &role } else { &user };
        admin.delete(path).await.is_empty(204);
        program.get(&demo.path("v3", "volumes")).await.is_identity_fault(401, NO);
        anonymous.post(TOKENS, login(&made)).await.is_identity_fault(401, NO);
        if end == "role" {
            admin.send(reqwest::Method::PUT, &role, None).await.is_empty(204);
            program.get(&demo.path("v3", "volumes")).await.is_identity_fault(401, NO);
        }
    }
    server.finish().await;
}
