//! Scenarios: what a file wants to be there is made so, all of it or nothing, and told as such a file.

mod complaints;
mod kinds;
mod rules;

use evs_local::config::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestServer, password_login};

/// The password of the scenarios' users.
const OF_USERS: &str = "staple-battery-51e7";

pub(crate) async fn seed(admin: &Client, text: &str) -> Answer {
    send(admin, "/_evs/seed", text).await
}

async fn send(admin: &Client, path: &str, text: &str) -> Answer {
    let headers = [("content-type", "application/toml")];
    admin.send_raw(Method::POST, path, &headers, text.to_owned()).await
}

async fn export(admin: &Client, query: &str) -> String {
    let answer = admin.get(&format!("/_evs/export{query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/toml; charset=utf-8");
    answer.text
}

/// What an answer counted of a kind: created, updated, unchanged.
#[track_caller]
fn counted(answer: &Answer, kind: &str) -> (u64, u64, u64) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let count = &answer.body["counts"][kind];
    let of = |word: &str| count[word].as_u64().unwrap_or_else(|| panic!("{}", answer.text));
    (of("created"), of("updated"), of("unchanged"))
}

/// Nothing was made or changed.
#[track_caller]
fn changed_nothing(answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    for (kind, count) in answer.body["counts"].as_object().unwrap() {
        assert_eq!((&count["created"], &count["updated"]), (&json!(0), &json!(0)), "{kind}");
    }
    assert_eq!(answer.body["transfers"], json!([]));
}

async fn events(server: &TestServer) -> i64 {
    let rows: Vec<(i64,)> = server.rows("SELECT count(*) FROM events WHERE action <> $1", "").await;
    rows[0].0
}

/// A client that has logged in as a user of a scenario, in this project.
async fn login(server: &TestServer, user: &str, password: &str, project: &str) -> Client {
    let mut body = password_login(user, password);
    body["auth"]["scope"]["project"]["name"] = json!(project);
    let anonymous = server.anonymous();
    let answer = anonymous.post("/identity/v3/auth/tokens", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.body["token"]["project"]["id"].as_str().unwrap();
    anonymous.in_project(id).holding(&answer)
}

/// The disks that a client sees, by their names.
async fn disks(client: &Client) -> Vec<Value> {
    let answer = client.get(&client.path("v3", "volumes/detail?sort=name:asc")).await;
    answer.body["volumes"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_administrator_seeds_and_exports() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let before = events(&server).await;
    server.anonymous().post("/_evs/seed", json!({})).await.is_unauthenticated();
    server.anonymous().get("/_evs/export").await.is_unauthenticated();
    let refused = |name: &str| format!("Policy doesn't allow evs:scenario:{name} to be performed.");
    seed(&demo, "").await.is_fault(403, &refused("apply"));
    demo.get("/_evs/export").await.is_fault(403, &refused("export"));
    assert_eq!(events(&server).await, before);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_scenario_changes_nothing_and_a_dry_run_neither() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let before = events(&server).await;
    let nothing = json!({"dry_run": false, "counts": {}, "transfers": []});
    seed(&admin, "").await.is(200, &nothing);
    let text = "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\n[[transfer]]\ndisk = \"ledger\"\n";
    let answer = send(&admin, "/_evs/seed?dry_run=true", text).await;
    let one = json!({"created": 1, "updated": 0, "unchanged": 0});
    let would = json!({"dry_run": true, "counts": {"disk": one, "transfer": one}, "transfers": []});
    answer.is(200, &would);
    send(&admin, "/_evs/seed?dry_run=perhaps", text)
        .await
        .is_fault(400, "Value 'perhaps' for 'dry_run' is not a boolean.");
    assert_eq!(events(&server).await, before);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_applies_a_scenario_and_no_later_one_does() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("first.toml");
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    let with = |settings: &mut Settings| settings.bootstrap.scenario = Some(file.clone());
    write("[[disk]]\nproject = \"demo\"\nname = \"ledger\"\n");
    let server = TestServer::start_with(with).await;
    let demo = server.login("demo").await;
    assert_eq!(disks(&demo).await.len(), 1);
    write("[[disk]]\nproject = \"demo\"\nname = \"another\"\n");
    let server = server.restart().await;
    assert_eq!(disks(&demo.moved_to(&server)).await.len(), 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_that_was_cut_off_before_its_scenario_is_gone_on_with() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("first.toml");
    std::fs::write(&file, "").unwrap();
    let with = |settings: &mut Settings| settings.bootstrap.scenario = Some(file.clone());
    // An empty scenario writes nothing, as a start does that is killed before it writes its own.
    let server = TestServer::start_with(with).await;
    std::fs::write(&file, "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\n").unwrap();
    let server = server.restart().await;
    let demo = server.login("demo").await;
    assert_eq!(disks(&demo).await.len(), 1);
    server.finish().await;
}
