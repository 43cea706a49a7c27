//! `/_evs/state`: states are saved, compared, loaded and removed by name, and everything or a project is
//! taken back to its beginning.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use chrono::TimeDelta;
use evs_local::config::AuthMode;
use evs_local::store::sqlite::doctor;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::support::{Answer, Client, PASSWORD, START, TestServer, password_login};

fn states(server: &TestServer) -> PathBuf {
    server.database().with_file_name("states")
}

fn file(server: &TestServer, name: &str) -> PathBuf {
    states(server).join(format!("{name}.db"))
}

async fn save(admin: &Client, name: &str) -> Answer {
    admin.send_empty_post(&format!("/_evs/state/{name}")).await
}

/// Loads a state; what was answered, without how long it took.
async fn load(admin: &Client, name: &str) -> Answer {
    admin.send_empty_post(&format!("/_evs/state/{name}/load")).await
}

/// Asserts that a state was loaded, as which epoch.
#[track_caller]
fn is_loaded(answer: &Answer, name: &str, epoch: i64) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let loaded = &answer.body["loaded"];
    let expected = json!({"loaded": {
        "name": name, "rows": loaded["rows"], "epoch": epoch, "took_ms": loaded["took_ms"],
        "held_ms": loaded["held_ms"],
        "held_ms": loaded["held_ms"],
    }});
    assert_eq!(answer.body, expected);
    assert!(loaded["rows"].as_u64().unwrap() > 20, "{loaded}");
}

async fn names(admin: &Client) -> Vec<String> {
    let answer = admin.get("/_evs/state").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let states = answer.body["states"].as_array().unwrap();
    states.iter().map(|state| state["name"].as_str().unwrap().to_owned()).collect()
}

/// The number of the newest migration.
async fn schema(server: &TestServer) -> i64 {
    server.anonymous().get("/_evs/info").await.body["schema"].as_i64().unwrap()
}

/// What lies in the folder of the states.
fn lying(server: &TestServer) -> Vec<String> {
    let mut found: Vec<String> = std::fs::read_dir(states(server))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    found.sort();
    found
}

/// The last event: its number, action and resource.
async fn last_event(server: &TestServer) -> (i64, String, String) {
    let sql = "SELECT seq, action, resource_id FROM events WHERE action <> $1
               ORDER BY seq DESC LIMIT 1";
    server.rows(sql, "").await.remove(0)
}

fn conflict(message: &str) -> Value {
    json!({"conflictingRequest": {"code": 409, "message": message}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loaded_state_is_what_was_saved_with_its_tokens_and_without_later_ones() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let (kept, offered) = (demo.disk().await, demo.disk().await);
    let (transfer, key) = demo.offer(&offered).await;
    let before = last_event(&server).await;

    let saved = save(&admin, "before-demo").await;
    let bytes = saved.body["state"]["size_bytes"].as_u64().unwrap();
    saved.is(
        201,
        &json!({"state": {
            "name": "before-demo", "saved_at": START, "size_bytes": bytes, "schema": schema(&server).await,
            "disks": 2, "transfers": 1,
        }}),
    );
    assert_eq!(bytes, std::fs::metadata(file(&server, "before-demo")).unwrap().len());

    assert_eq!(partner.accept(&transfer, &key).await.status, 202);
    let later = demo.disk().await;
    demo.act(&kept, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    let again = server.login("demo").await;
    assert_eq!(again.show_disk(&later).await.status, 200);

    is_loaded(&load(&admin, "before-demo").await, "before-demo", 2);
    again.show_disk(&kept).await.is_unauthenticated();
    assert_eq!(demo.show_disk(&later).await.status, 404);
    assert_eq!(demo.show_disk(&kept).await.body["volume"]["size"], 10);
    assert_eq!(demo.disk_status(&offered).await, "awaiting-transfer");
    // The numbers of events go on from those of the state.
    let expected = (before.0 + 1, "state.load".to_owned(), "before-demo".to_owned());
    assert_eq!(last_event(&server).await, expected);
    let reason = "SELECT coalesce(reason, '') FROM events WHERE action = $1";
    let reasons: Vec<(String,)> = server.rows(reason, "state.load").await;
    assert_eq!(reasons, [("state before-demo took the place of everything".to_owned(),)]);
    // The key opens the transfer again.
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);

    is_loaded(&load(&admin, "before-demo").await, "before-demo", 3);
    assert_eq!(demo.disk_status(&offered).await, "awaiting-transfer");
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    assert_eq!(demo.disk_status(&offered).await, "awaiting-transfer");
    assert_eq!(lying(&server), ["before-demo.db"]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_listed_saved_over_only_when_told_so_and_removed() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    admin.get("/_evs/state").await.is(200, &json!({"states": []}));
    assert_eq!(save(&admin, "a").await.status, 201);
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(states(&server)), mode(file(&server, "a"))), (0o750, 0o640));
    demo.disk().await;
    server.advance(TimeDelta::seconds(5));
    assert_eq!(admin.put("/_evs/state/b.2", json!({})).await.status, 201);

    let exists = "There is a state a already; say that it is to be overwritten, or choose another \
                  name.";
    for body in [json!({}), json!({"overwrite": false})] {
        admin.put("/_evs/state/a", body).await.is(409, &conflict(exists));
    }
    let over = admin.post("/_evs/state/a", json!({"overwrite": true})).await;
    assert_eq!((over.status, &over.body["state"]["disks"]), (201, &json!(1)));
    let schema = schema(&server).await;
    let state = |name: &str| {
        let bytes = std::fs::metadata(file(&server, name)).unwrap().len();
        json!({
            "name": name, "saved_at": "2026-11-23T07:41:10.318204Z", "size_bytes": bytes,
            "schema": schema, "disks": 1, "transfers": 0,
        })
    };
    let all = json!({"states": [state("a"), state("b.2")]});
    admin.get("/_evs/state").await.is(200, &all);

    admin.delete("/_evs/state/b.2").await.is_empty(204);
    let absent = "There is no state b.2.";
    admin.delete("/_evs/state/b.2").await.is_fault(404, absent);
    load(&admin, "b.2").await.is_fault(404, absent);
    admin.get("/_evs/state/diff?from=b.2&to=now").await.is_fault(404, absent);
    assert_eq!(names(&admin).await, ["a"]);
    assert_eq!(lying(&server), ["a.db"]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_name_of_a_state_is_refused() {
    let server = TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await;
    let anybody = server.anonymous();
    let long = "n".repeat(65);
    for (path, name) in [
        (".hidden", ".hidden"),
        ("a%2Fb", "a/b"),
        ("..%2Fevs", "../evs"),
        ("a%20b", "a b"),
        ("%C3%A4", "ä"),
        (long.as_str(), long.as_str()),
    ] {
        let message = format!(
            "\"{name}\" is no name of a state: 1 to 64 letters, digits, '.', '_' and '-', the first \
             no dot."
        );
        for (method, rest) in [(Method::PUT, ""), (Method::DELETE, ""), (Method::POST, "/load")] {
            let answer = anybody.send(method, &format!("/_evs/state/{path}{rest}"), None).await;
            answer.is_fault(400, &message);
        }
    }
    let reserved = "No state is called \"now\": that word means something else.";
    save(&anybody, "now").await.is_fault(400, reserved);
    assert_eq!(lying(&server), Vec::<String>::new());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_goes_on_from_where_it_stood_when_the_state_was_saved() {
    let server = TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await;
    let anybody = server.anonymous();
    let steer = |body: Value| anybody.post("/_evs/clock", body);
    let shown = || async {
        let body = anybody.get("/_evs/clock").await.body;
        (body["now"].clone(), body["mode"].clone(), body["scale"].clone())
    };
    assert_eq!(save(&anybody, "real").await.status, 201);
    steer(json!({"scale": 60})).await;
    steer(json!({"advance_s": 86400})).await;
    server.advance(TimeDelta::seconds(1));
    let running = shown().await;
    assert_eq!(running.0, "2026-11-24T07:42:05.318204Z");
    assert_eq!(save(&anybody, "running").await.status, 201);
    steer(json!({"set": "2030-01-01T00:00:00Z"})).await;
    steer(json!({"freeze": true})).await;
    assert_eq!(save(&anybody, "frozen").await.status, 201);
    let frozen = shown().await;
    server.advance(TimeDelta::days(3));

    is_loaded(&load(&anybody, "running").await, "running", 2);
    assert_eq!(shown().await, running);
    server.advance(TimeDelta::seconds(1));
    assert_eq!(shown().await.0, "2026-11-24T07:43:05.318204Z");
    is_loaded(&load(&anybody, "frozen").await, "frozen", 3);
    assert_eq!(shown().await, frozen);
    is_loaded(&load(&anybody, "real").await, "real", 4);
    assert_eq!(shown().await.1, "real");
    is_loaded(&load(&anybody, "running").await, "running", 5);
    let server = server.restart().await;
    let anybody = anybody.moved_to(&server);
    assert_eq!(anybody.get("/_evs/clock").await.body["now"], running.0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_time_goes_on_after_a_load() {
    let delay = |settings: &mut evs_local::config::Settings| {
        settings.auth.mode = AuthMode::Open;
        let creation = TimeDelta::hours(1);
        settings.simulation.delays = [("create", creation)].into();
    };
    let server = TestServer::start_with(delay).await;
    let anybody = server.anonymous().in_project("atlas");
    anybody.post("/_evs/clock", json!({"freeze": true})).await;
    let id = anybody.disk().await;
    assert_eq!(save(&anybody, "creating").await.status, 201);
    anybody.post("/_evs/clock", json!({"advance_s": 3600})).await;
    assert_eq!(anybody.disk_status(&id).await, "available");
    is_loaded(&load(&anybody, "creating").await, "creating", 2);
    assert_eq!(anybody.disk_status(&id).await, "creating");
    let over = anybody.post("/_evs/clock", json!({"advance_s": 3600})).await;
    assert_eq!(over.body["finished_count"], 1);
    assert_eq!(anybody.disk_status(&id).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn loads_and_saves_under_load_lose_nothing_of_what_is_answered_behind_them() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for _ in 0..5 {
        demo.disk().await;
    }
    assert_eq!(save(&admin, "five").await.status, 201);
    let writing = |client: Client| async move {
        for _ in 0..40 {
            client.disk().await;
        }
    };
    let steering = async {
        for round in 0..4 {
            let name = format!("round-{round}");
            assert_eq!(save(&admin, &name).await.status, 201);
            // Two at once: one after the other.
            let both = tokio::join!(load(&admin, "five"), load(&admin, &name));
            assert_eq!((both.0.status, both.1.status), (200, 200));
        }
    };
    tokio::join!(writing(demo.clone()), writing(demo.clone()), steering);
    is_loaded(&load(&admin, "five").await, "five", 10);
    let list = demo.get(&demo.path("v3", "volumes")).await;
    assert_eq!(list.body["volumes"].as_array().unwrap().len(), 5);
    let after_all = demo.disk().await;
    assert_eq!(demo.disk_status(&after_all).await, "available");
    for name in names(&admin).await {
        let report = doctor::examine(&file(&server, &name)).await.unwrap();
        assert_eq!(report.violations, [], "{name}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_state_of_ours_is_refused_and_everything_stays() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = demo.disk().await;
    assert_eq!(save(&admin, "good").await.status, 201);
    let bytes = std::fs::read(file(&server, "good")).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(file(&server, name), bytes).unwrap();
    put("text", &b"this is no database at all. ".repeat(100));
    put("empty", b"");
    put("short", b"x");
    put("half", &bytes[..bytes.len() / 2]);
    let mut torn = bytes.clone();
    for byte in &mut torn[8192..40960] {
        *byte = 0xff;
    }
    put("torn", &torn);
    put("other", &bytes);
    edit(&server, "other", "PRAGMA application_id = 7").await;
    put("newer", &bytes);
    edit(&server, "newer", "PRAGMA user_version = 9999").await;
    put("broken", &bytes);
    let broken =
        "DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE disk_id IS NOT NULL";
    edit(&server, "broken", broken).await;
    put("unchecked", &bytes);
    let unchecked = "PRAGMA ignore_check_constraints = ON; UPDATE users SET enabled = 2";
    edit(&server, "unchecked", unchecked).await;
    put("dropped", &bytes);
    edit(&server, "dropped", "DROP TABLE quota_classes").await;

    let told = |name: &str, why: &str| conflict(&format!("State {name} {why}."));
    let foreign = "is not the data file of this program";
    for (name, why) in [
        ("text", "is damaged: it is no SQLite database".to_owned()),
        ("short", "is damaged: it is no SQLite database".to_owned()),
        ("empty", foreign.to_owned()),
        ("other", foreign.to_owned()),
        (
            "newer",
            format!(
                "has schema 9999, which is newer than {}, the newest this program knows",
                schema(&server).await
            ),
        ),
        ("broken", format!("breaks what must hold: disk {id} has no event")),
    ] {
        load(&admin, name).await.is(409, &told(name, &why));
    }
    for name in ["half", "torn", "unchecked", "dropped"] {
        let answer = load(&admin, name).await;
        let message = answer.body["conflictingRequest"]["message"].as_str().unwrap_or_default();
        assert_eq!(answer.status, 409, "{name}: {}", answer.text);
        assert!(message.starts_with(&format!("State {name} is damaged: ")), "{message}");
    }
    assert_eq!(demo.disk_status(&id).await, "available");
    let event = last_event(&server).await;
    assert_eq!(event.1, "disk.create", "nothing was loaded");
    // Each is listed all the same, with what is wrong at first sight.
    let list = admin.get("/_evs/state").await.body;
    let of = |name: &str| {
        let states = list["states"].as_array().unwrap();
        states.iter().find(|state| state["name"] == *name).unwrap().clone()
    };
    assert_eq!(of("text")["unusable"], "state text is damaged: it is no SQLite database");
    assert_eq!(of("good")["disks"], 1);
    assert!(lying(&server).iter().all(|name| !name.starts_with('.')), "{:?}", lying(&server));
    server.finish().await;
}

async fn edit(server: &TestServer, name: &str, sql: &'static str) {
    use sqlx::Connection as _;
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file(server, name)).foreign_keys(false);
    let mut tester = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_states_are_compared_row_by_row_without_what_is_secret() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let (gone, offered) = (demo.disk().await, demo.disk().await);
    assert_eq!(save(&admin, "a").await.status, 201);
    let none = json!({"from": "a", "to": "now", "tables": [], "only_from": [], "only_to": []});
    admin.get("/_evs/state/diff?from=a&to=now").await.is(200, &none);

    server.advance(TimeDelta::seconds(1));
    demo.delete(&demo.path("v3", &format!("volumes/{gone}"))).await.is_empty(202);
    let (transfer, _) = demo.offer(&offered).await;
    let made = demo.disk_of(json!({"size": 3, "name": "new"})).await;
    server.login("demo").await;
    let diff = admin.get("/_evs/state/diff?from=a&to=now").await;
    assert_eq!(diff.status, 200, "{}", diff.text);
    let table = |name: &str| {
        let tables = diff.body["tables"].as_array().unwrap();
        tables.iter().find(|table| table["table"] == *name).unwrap_or(&Value::Null).clone()
    };
    let disks = table("disks");
    let counts = (&disks["added"], &disks["removed"], &disks["changed"], &disks["untold"]);
    assert_eq!(counts, (&json!(1), &json!(1), &json!(1), &json!(0)));
    let [removed, added, changed] = disks["rows"].as_array().unwrap().as_slice() else {
        panic!("{disks}");
    };
    assert_eq!((&removed["change"], &removed["key"]), (&json!("removed"), &json!({"id": gone})));
    assert_eq!((&added["change"], &added["key"]), (&json!("added"), &json!({"id": made})));
    assert_eq!((&added["row"]["name"], &added["row"]["size_gib"]), (&json!("new"), &json!(3)));
    let columns = json!({
        "status": {"from": "available", "to": "awaiting-transfer"},
        "transfer_id": {"from": null, "to": transfer},
    });
    assert_eq!(*changed, json!({"change": "changed", "key": {"id": offered}, "columns": columns}));
    assert_eq!(table("transfers")["rows"][0]["row"]["key_hash"], "[hidden]");
    let events = table("events");
    assert_eq!((&events["added"], &events["rows"]), (&json!(3), &json!([])));
    assert_eq!(events["untold"], 3);
    assert_eq!(table("tokens")["added"], 1);
    assert_eq!(table("tokens")["rows"], json!([]));
    assert!(!diff.text.contains("argon2"), "{}", diff.text);

    let all = admin.get("/_evs/state/diff?from=a&to=now&all=true").await;
    assert!(!all.text.contains("argon2"), "{}", all.text);
    let hashes = "SELECT hash FROM tokens WHERE hash <> $1";
    for (hash,) in server.rows::<(String,)>(hashes, "").await {
        assert!(!all.text.contains(&hash), "a token's hash");
    }
    let tokens = all.body["tables"].as_array().unwrap();
    let tokens = tokens.iter().find(|table| table["table"] == "tokens").unwrap();
    assert_eq!(tokens["rows"][0]["key"], json!({"hash": "[hidden]"}));
    // The other way round, and of two saved ones.
    assert_eq!(save(&admin, "b").await.status, 201);
    let back = admin.get("/_evs/state/diff?from=b&to=a").await.body;
    let disks = back["tables"].as_array().unwrap();
    let disks = disks.iter().find(|table| table["table"] == "disks").unwrap();
    assert_eq!(disks["rows"][0]["key"], json!({"id": made}));
    admin
        .get("/_evs/state/diff?from=b&to=now")
        .await
        .is(200, &json!({"from": "b", "to": "now", "tables": [], "only_from": [], "only_to": []}));
    let missing = "The parameter to is required: a state, or now.";
    admin.get("/_evs/state/diff?from=a").await.is_fault(400, missing);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_secret_is_told_as_changed_only() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    assert_eq!(save(&admin, "a").await.status, 201);
    let path = format!("/identity/v3/users/{}", admin.user);
    let changed = admin.patch(&path, json!({"user": {"password": "another-horse"}})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let admin = {
        let login = password_login("admin", "another-horse");
        admin.holding(&server.anonymous().post("/identity/v3/auth/tokens", login).await)
    };
    let diff = admin.get("/_evs/state/diff?from=a&to=now").await;
    let users = diff.body["tables"].as_array().unwrap();
    let users = users.iter().find(|table| table["table"] == "users").unwrap();
    let columns = json!({"password_hash": {"hidden": true}});
    let row = json!({"change": "changed", "key": {"id": admin.user}, "columns": columns});
    assert_eq!(users["rows"], json!([row]));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_taken_back_to_the_first_start() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    admin.post("/_evs/clock", json!({"advance_s": 3600})).await;
    let id = demo.disk().await;
    demo.offer(&id).await;
    let user = json!({"user": {"name": "bob", "password": "bobs-own-word"}});
    assert_eq!(admin.post("/identity/v3/users", user).await.status, 201);
    let types = json!({"volume_type": {"name": "odd"}});
    assert_eq!(admin.post(&admin.path("v3", "types"), types).await.status, 200);
    assert_eq!(save(&admin, "full").await.status, 201);

    for body in
        [json!({}), json!({"everything": false}), json!({"everything": true, "project_id": "x"})]
    {
        let answer = admin.post("/_evs/state/reset", body).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
    }
    let reset = admin.post("/_evs/state/reset", json!({"everything": true})).await;
    let done = reset.body["reset"].clone();
    reset.is(
        200,
        &json!({"reset": {"everything": true, "rows": done["rows"], "epoch": 2,
                          "took_ms": done["took_ms"], "held_ms": done["held_ms"]}}),
    );
    demo.show_disk(&id).await.is_unauthenticated();
    let (again, demo) = (server.login("admin").await, server.login("demo").await);
    assert_eq!((&again.user, &again.project), (&admin.user, &admin.project));
    assert_eq!(demo.show_disk(&id).await.status, 404);
    let list = again.get(&again.path("v3", "types")).await.body;
    assert_eq!(list["volume_types"].as_array().unwrap().len(), 5);
    assert_eq!(again.get("/_evs/clock").await.body["mode"], "real");
    assert_eq!(again.get("/identity/v3/users").await.body["users"].as_array().unwrap().len(), 3);
    assert_eq!(last_event(&server).await.1, "state.reset");
    // Saved states stay, and lead back.
    is_loaded(&load(&again, "full").await, "full", 3);
    assert_eq!(server.login("demo").await.disk_status(&id).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_anew_has_what_the_first_scenario_says() {
    let home = tempfile::TempDir::new().unwrap();
    let path = home.path().join("first.toml");
    let scenario = "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\nsize = 3\n";
    std::fs::write(&path, scenario).unwrap();
    let server = TestServer::start_with(|settings| {
        settings.bootstrap.scenario = Some(path);
    })
    .await;
    let listed = async |client: &Client| {
        let list = client.get(&client.path("v3", "volumes")).await.body;
        let disks = list["volumes"].as_array().unwrap().clone();
        disks.into_iter().map(|disk| disk["name"].clone()).collect::<Vec<_>>()
    };
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    demo.disk_of(json!({"size": 1, "name": "later"})).await;
    assert_eq!(listed(&demo).await, ["later", "ledger"]);
    let reset = admin.post("/_evs/state/reset", json!({"everything": true})).await;
    assert_eq!(reset.status, 200, "{}", reset.text);
    assert_eq!(listed(&server.login("demo").await).await, ["ledger"]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_is_taken_back_to_its_beginning_and_others_keep_what_they_have() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    // What partner has and has had of demo stays.
    let (theirs, handed) = (partner.disk().await, demo.disk().await);
    let (transfer, key) = demo.offer(&handed).await;
    assert_eq!(partner.accept(&transfer, &key).await.status, 202);
    let backup = partner.backup(&theirs).await;
    partner.offer(&partner.disk().await).await;

    let plain = demo.disk().await;
    demo.snapshot(&plain).await;
    demo.backup(&plain).await;
    demo.offer(&demo.disk().await).await;
    let policy = demo.policy("nightly", "ON").await;
    assert_eq!(demo.bind(&policy, &plain).await.status, 200);
    admin.set_quota(&demo.project, json!({"volumes": 9})).await;
    let native =
        json!({"volume": {"size": 10, "availability_zone": "az-sim-1", "volume_type": "SSD"}});
    let job = demo.post(&demo.path("v2", "cloudvolumes"), native).await;
    assert_eq!(job.status, 200, "{}", job.text);
    let attached = demo.disk().await;
    demo.act(&attached, json!({"os-attach": {"instance_uuid": ABSENT, "mountpoint": "/dev/vdb"}}))
        .await
        .is_empty(202);

    let reset = admin.post("/_evs/state/reset", json!({"project_id": demo.project})).await;
    reset.is(
        200,
        &json!({"reset": {
            "project_id": demo.project, "disks": 4, "transfers": 1, "snapshots": 1, "backups": 1,
            "policies": 1,
        }}),
    );
    for rest in ["volumes", "snapshots", "backups", "os-volume-transfer", "attachments"] {
        let client = demo.at("3.57");
        let list = client.get(&client.path("v3", rest)).await;
        let listed = list.body.as_object().unwrap().values().next().unwrap();
        assert_eq!(*listed, json!([]), "{rest}: {}", list.text);
    }
    let quota = demo.get(&demo.path("v3", &format!("os-quota-sets/{}", demo.project))).await;
    assert_eq!(quota.body["quota_set"]["volumes"], 1000);
    assert_eq!(partner.disk_status(&theirs).await, "available");
    assert_eq!(partner.disk_status(&handed).await, "available");
    assert_eq!(partner.get(&partner.path("v3", &format!("backups/{backup}"))).await.status, 200);
    let (_, action, resource) = last_event(&server).await;
    assert_eq!((action.as_str(), &resource), ("state.reset", &demo.project));
    let left = "SELECT count(*) FROM jobs WHERE project_id = $1";
    assert_eq!(server.rows::<(i64,)>(left, &demo.project).await, [(0,)]);

    // By its name too, as often as one likes; and one that nobody knows is none.
    let empty = admin.post("/_evs/state/reset", json!({"project_id": "demo"})).await;
    assert_eq!(empty.body["reset"]["disks"], 0, "{}", empty.text);
    admin
        .post("/_evs/state/reset", json!({"project_id": "nobody"}))
        .await
        .is_fault(404, "There is no project nobody.");
    assert_eq!(demo.disk_status(&demo.disk().await).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_handle_states() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (method, path, action) in [
        (Method::GET, "/_evs/state", "list"),
        (Method::GET, "/_evs/state/diff?from=now&to=now", "compare"),
        (Method::PUT, "/_evs/state/a", "save"),
        (Method::POST, "/_evs/state/a", "save"),
        (Method::DELETE, "/_evs/state/a", "delete"),
        (Method::POST, "/_evs/state/a/load", "load"),
        (Method::POST, "/_evs/state/reset", "reset"),
    ] {
        let nobody = server.anonymous().send(method.clone(), path, None).await;
        nobody.is_unauthenticated();
        let refused = format!("Policy doesn't allow evs:states:{action} to be performed.");
        demo.send(method, path, None).await.is_fault(403, &refused);
    }
    assert_eq!(lying(&server), Vec::<String>::new());
    server.finish().await;
}

/// Who may come in from elsewhere must not be let in by a password that everybody knows, not even when
/// it comes with a saved state.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_others_reach_takes_no_state_with_the_default_password() {
    let server = TestServer::start_with(|settings| {
        settings.bootstrap.password = "secret".into();
    })
    .await;
    let login = password_login("admin", "secret");
    let issued = server.anonymous().post("/identity/v3/auth/tokens", login).await;
    let admin = server.anonymous().holding(&issued);
    assert_eq!(save(&admin, "easy").await.status, 201);
    let easy = std::fs::read(file(&server, "easy")).unwrap();
    let exposed = TestServer::start_with(|settings| {
        settings.server.listen = "0.0.0.0:0".parse().unwrap();
    })
    .await;
    let admin = exposed.login("admin").await;
    std::fs::create_dir(states(&exposed)).unwrap();
    std::fs::write(file(&exposed, "easy"), easy).unwrap();
    let message = "An account would have the default password, and this server listens beyond \
                   loopback; allow that with --allow-remote.";
    load(&admin, "easy").await.is(409, &conflict(message));
    let reset = admin.post("/_evs/state/reset", json!({"everything": true})).await;
    assert_eq!(reset.status, 200, "{PASSWORD} is nobody else's: {}", reset.text);
    exposed.finish().await;
}
