//! Backup policies: made, shown, changed and removed.

mod bindings;
mod runs;
mod tags;
mod tasks;

use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::support::{Client, TestServer};
use evs_local::config::AuthMode;

fn nightly() -> Value {
    json!({
        "backup_policy_name": "nightly",
        "scheduled_policy": {
            "start_time": "02:00",
            "frequency": 1,
            "rentention_num": 7,
            "remain_first_backup_of_curMonth": "N",
            "status": "ON",
        },
        "time_zone": "UTC+00:00",
    })
}

/// As the list tells it.
fn element(id: &str, mut policy: Value, disks: usize) -> Value {
    policy["backup_policy_id"] = id.into();
    policy["policy_resource_count"] = disks.into();
    policy
}

/// The policy that a project has from the start, as long as nobody changes it; and its id.
pub(crate) async fn default_of(client: &Client) -> (String, Value) {
    let list = client.get(&client.path("v2", "backuppolicy")).await;
    let first = &list.body["backup_policies"][0];
    let id = first["backup_policy_id"].as_str().unwrap().to_owned();
    let policy = json!({
        "backup_policy_name": "default",
        "scheduled_policy": {
            "start_time": "02:00",
            "frequency": 1,
            "rentention_num": 10,
            "remain_first_backup_of_curMonth": "N",
            "status": "OFF",
        },
        "time_zone": "UTC+00:00",
    });
    (id, policy)
}

async fn create(client: &Client, policy: Value) -> String {
    let answer = client.post(&client.path("v2", "backuppolicy"), policy).await;
    let id = answer.body["backup_policy_id"].as_str().unwrap_or_default().to_owned();
    answer.is(200, &json!({"backup_policy_id": id}));
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_listed_and_shown_with_its_schedule_and_the_count_of_its_disks() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let weekly = json!({
        "backup_policy_name": "week_end-2",
        "scheduled_policy": {
            "start_time": "02:00,23:00",
            "week_frequency": ["SAT", "SUN"],
            "rentention_day": 99_999,
            "remain_first_backup_of_curMonth": "Y",
            "status": "OFF",
        },
        "time_zone": "UTC-03:30",
    });
    let (first, second) = (create(&demo, nightly()).await, create(&demo, weekly.clone()).await);
    let disk = demo.disk().await;
    assert_eq!(demo.bind(&first, &disk).await.status, 200);
    let (own, own_policy) = default_of(&demo).await;
    let elements =
        [element(&own, own_policy, 0), element(&first, nightly(), 1), element(&second, weekly, 0)];
    let list = demo.get(&demo.path("v2", "backuppolicy")).await;
    let mut listed = list.body["backup_policies"].as_array().unwrap().clone();
    listed.sort_by_key(|policy| policy["backup_policy_name"].to_string());
    list.is(200, &json!({"backup_policies": list.body["backup_policies"]}));
    assert_eq!(listed, elements);
    for (id, element) in [(&own, &elements[0]), (&first, &elements[1]), (&second, &elements[2])] {
        demo.get(&demo.path("v2", &format!("backuppolicy/{id}"))).await.is(200, element);
    }
    let bound = demo.path("v2", &format!("backuppolicyresources?policy_id={first}"));
    demo.get(&bound).await.is(
        200,
        &json!({
            "backup_policy_id": first,
            "resources": [{"resource_id": disk, "resource_type": "volume"}],
        }),
    );
    let theirs = partner.get(&partner.path("v2", "backuppolicy")).await;
    let (id, policy) = default_of(&partner).await;
    assert_ne!(id, own);
    theirs.is(200, &json!({"backup_policies": [element(&id, policy, 0)]}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_frequencies_and_of_two_retentions_one_wins_and_what_is_optional_has_a_default() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (schedule, told) in [
        (
            json!({"frequency": 30, "week_frequency": ["MON"], "rentention_num": 99,
                "rentention_day": 5}),
            json!({"frequency": 30, "rentention_num": 99}),
        ),
        (
            json!({"frequency": null, "week_frequency": ["MON"], "rentention_day": 2.9}),
            json!({"week_frequency": ["MON"], "rentention_day": 2}),
        ),
    ] {
        let mut given = json!({"start_time": "00:00", "status": "ON"});
        given.as_object_mut().unwrap().extend(schedule.as_object().unwrap().clone());
        let body = json!({"backup_policy_name": "p", "scheduled_policy": given});
        let id = create(&demo, body).await;
        let mut expected = told;
        expected["start_time"] = "00:00".into();
        expected["status"] = "ON".into();
        expected["remain_first_backup_of_curMonth"] = "N".into();
        let policy = json!({
            "backup_policy_name": "p",
            "scheduled_policy": expected,
            "time_zone": "UTC+00:00",
        });
        let path = demo.path("v2", &format!("backuppolicy/{id}"));
        demo.get(&path).await.is(200, &element(&id, policy, 0));
    }
    server.finish().await;
}

const MISSING: (&str, &str) = (
    "AutoBackup.0001",
    "backup_policy_name, scheduled_policy and its start_time and status are required",
);
const LENGTH: (&str, &str) = (
    "AutoBackup.0101",
    "backup_policy_name must have 1 to 64 characters and not start with default",
);
const CHARACTERS: (&str, &str) =
    ("AutoBackup.0102", "backup_policy_name may have letters, digits, _ and - only");
const START: (&str, &str) =
    ("AutoBackup.0103", "start_time must be full hours HH:00, ascending, separated by commas");
const STATUS: (&str, &str) = ("AutoBackup.0104", "status must be ON or OFF");
const KEEP: (&str, &str) = ("AutoBackup.0105", "remain_first_backup_of_curMonth must be Y or N");
const DAYS: (&str, &str) = (
    "AutoBackup.0106",
    "frequency must be 1 to 30, or week_frequency a list of SUN MON TUE WED THU FRI SAT",
);
const RETENTION: (&str, &str) =
    ("AutoBackup.0107", "rentention_num must be 2 to 99, or rentention_day 2 to 99999");
const EMPTY_SCHEDULE: (&str, &str) = ("AutoBackup.0001", "scheduled_policy must not be empty");
const CHANGED_DAYS: (&str, &str) = (
    "AutoBackup.0106",
    "frequency must be 1 to 14, or week_frequency a list of SUN MON TUE WED THU FRI SAT",
);
const CHANGED_RETENTION: (&str, &str) =
    ("AutoBackup.0107", "rentention_num must be 2 to 14, or rentention_day 2 to 99999");
const ZONE: (&str, &str) =
    ("AutoBackup.0226", "time_zone must be UTC+hh:mm or UTC-hh:mm, up to 14 hours");

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_member_of_a_policy_is_refused_with_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let path = demo.path("v2", "backuppolicy");
    for (pointer, value, (code, message)) in [
        ("/backup_policy_name", Value::Null, MISSING),
        ("/backup_policy_name", json!(5), MISSING),
        ("/backup_policy_name", json!(""), LENGTH),
        ("/backup_policy_name", json!("x".repeat(65)), LENGTH),
        ("/backup_policy_name", json!("default_mine"), LENGTH),
        ("/backup_policy_name", json!("a b"), CHARACTERS),
        ("/backup_policy_name", json!("nächtlich"), CHARACTERS),
        ("/scheduled_policy", Value::Null, MISSING),
        ("/backup_policy_name", json!("default"), LENGTH),
        ("/scheduled_policy", json!({}), MISSING),
        ("/scheduled_policy", json!({"start_time": "02:00"}), MISSING),
        ("/scheduled_policy/start_time", json!(2), START),
        ("/scheduled_policy/start_time", json!(""), START),
        ("/scheduled_policy/start_time", json!("02:30"), START),
        ("/scheduled_policy/start_time", json!("24:00"), START),
        ("/scheduled_policy/start_time", json!("2:00"), START),
        ("/scheduled_policy/start_time", json!("+2:00"), START),
        ("/scheduled_policy/start_time", json!("03:00,02:00"), START),
        ("/scheduled_policy/start_time", json!("02:00,02:00"), START),
        ("/scheduled_policy/status", json!("on"), STATUS),
        ("/scheduled_policy/status", json!(true), STATUS),
        ("/scheduled_policy/remain_first_backup_of_curMonth", json!("yes"), KEEP),
        ("/scheduled_policy/frequency", Value::Null, DAYS),
        ("/scheduled_policy/frequency", json!(0), DAYS),
        ("/scheduled_policy/frequency", json!(31), DAYS),
        ("/scheduled_policy/frequency", json!("1"), DAYS),
        ("/scheduled_policy/rentention_num", Value::Null, RETENTION),
        ("/scheduled_policy/rentention_num", json!(1), RETENTION),
        ("/scheduled_policy/rentention_num", json!(100), RETENTION),
        ("/time_zone", json!("CET"), ZONE),
        ("/time_zone", json!("UTC+15:00"), ZONE),
        ("/time_zone", json!("UTC+14:01"), ZONE),
        ("/time_zone", json!("UTC++1:00"), ZONE),
        ("/time_zone", json!("UTC+8:00"), ZONE),
    ] {
        let mut policy = nightly();
        *policy.pointer_mut(pointer).unwrap() = value;
        demo.post(&path, policy).await.is_evs_fault(400, code, message);
    }
    for (days, (code, message)) in
        [(json!(["MON", "mon"]), DAYS), (json!([]), DAYS), (json!("MON"), DAYS)]
    {
        let mut policy = nightly();
        policy["scheduled_policy"]["frequency"] = Value::Null;
        policy["scheduled_policy"]["week_frequency"] = days;
        demo.post(&path, policy).await.is_evs_fault(400, code, message);
    }
    refuses_bodies_of_nothing(&demo, &Method::POST, &path).await;
    let (id, policy) = default_of(&demo).await;
    demo.get(&path).await.is(200, &json!({"backup_policies": [element(&id, policy, 0)]}));
    server.finish().await;
}

/// What is empty, no JSON, no object or has an angle bracket anywhere.
pub(crate) async fn refuses_bodies_of_nothing(client: &Client, method: &Method, path: &str) {
    let empty = ("AutoBackup.0000", "The request is empty");
    let not_json = ("AutoBackup.0008", "The request body is not a JSON object");
    let angle = ("AutoBackup.0221", "The request must not contain < or >");
    for (body, (code, message)) in [
        ("", empty),
        ("null", empty),
        ("{}", empty),
        ("{", not_json),
        ("[]", not_json),
        ("\"x\"", not_json),
        ("{\"name\": \"a<b\"}", angle),
        ("{\"name\": {\"x\": [1, \">\"]}}", angle),
        ("{\"a>\": 1}", angle),
        ("\"<\"", angle),
    ] {
        let answer = client.send(method.clone(), path, Some(body.to_owned())).await;
        answer.is_evs_fault(400, code, message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_changes_in_what_is_said_and_keeps_the_rest() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = create(&demo, nightly()).await;
    let path = demo.path("v2", &format!("backuppolicy/{id}"));
    let mut expected = element(&id, nightly(), 0);
    let frequency = expected["scheduled_policy"].clone();
    for (change, pointer, value) in [
        (json!({"backup_policy_name": "n-2"}), "/backup_policy_name", json!("n-2")),
        (json!({"time_zone": "UTC-03:30"}), "/time_zone", json!("UTC-03:30")),
        (
            json!({"scheduled_policy": {"start_time": "00:00,23:00"}}),
            "/scheduled_policy/start_time",
            json!("00:00,23:00"),
        ),
        (
            json!({"scheduled_policy": {"frequency": 14, "week_frequency": ["MON"]}}),
            "/scheduled_policy/frequency",
            json!(14),
        ),
        (
            json!({"scheduled_policy": {"rentention_num": 14, "rentention_day": 3}}),
            "/scheduled_policy/rentention_num",
            json!(14),
        ),
        (
            json!({"scheduled_policy": {"remain_first_backup_of_curMonth": "Y"}}),
            "/scheduled_policy/remain_first_backup_of_curMonth",
            json!("Y"),
        ),
        (json!({"scheduled_policy": {"status": "OFF"}}), "/scheduled_policy/status", json!("OFF")),
        (json!({"backup_policy_name": null, "time_zone": null}), "/time_zone", json!("UTC-03:30")),
    ] {
        *expected.pointer_mut(pointer).unwrap() = value;
        demo.put(&path, change).await.is(200, &json!({"backup_policy_id": id}));
        demo.get(&path).await.is(200, &expected);
    }
    let schedule = json!({"week_frequency": ["SAT", "SUN", "SAT"], "rentention_day": 99_999.9});
    demo.put(&path, json!({"scheduled_policy": schedule}))
        .await
        .is(200, &json!({"backup_policy_id": id}));
    let told = expected["scheduled_policy"].as_object_mut().unwrap();
    told.remove("frequency");
    told.remove("rentention_num");
    told.insert("week_frequency".to_owned(), json!(["SAT", "SUN"]));
    told.insert("rentention_day".to_owned(), json!(99_999));
    demo.get(&path).await.is(200, &expected);

    let back = json!({"backup_policy_name": "nightly", "scheduled_policy": frequency,
        "time_zone": "UTC+00:00"});
    demo.put(&path, back).await.is(200, &json!({"backup_policy_id": id}));
    demo.get(&path).await.is(200, &element(&id, nightly(), 0));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_member_of_a_change_is_refused_with_its_code_and_changes_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let id = create(&demo, nightly()).await;
    let path = demo.path("v2", &format!("backuppolicy/{id}"));
    let schedule = |said: Value| json!({"scheduled_policy": said});
    let name = |name: Value| json!({"backup_policy_name": name});
    for (change, (code, message)) in [
        (name(json!("")), LENGTH),
        (name(json!("x".repeat(65))), LENGTH),
        (name(json!("default")), LENGTH),
        (name(json!("default-2")), LENGTH),
        (name(json!("a b")), CHARACTERS),
        (name(json!(5)), CHARACTERS),
        (json!({"time_zone": "UTC+14:01"}), ZONE),
        (schedule(json!({})), EMPTY_SCHEDULE),
        (schedule(json!("ON")), EMPTY_SCHEDULE),
        (schedule(json!({"start_time": "02:30"})), START),
        (schedule(json!({"status": "on"})), STATUS),
        (schedule(json!({"remain_first_backup_of_curMonth": true})), KEEP),
        (schedule(json!({"frequency": 15})), CHANGED_DAYS),
        (schedule(json!({"frequency": 0})), CHANGED_DAYS),
        (schedule(json!({"frequency": "1"})), CHANGED_DAYS),
        (schedule(json!({"week_frequency": []})), CHANGED_DAYS),
        (schedule(json!({"week_frequency": ["mon"]})), CHANGED_DAYS),
        (schedule(json!({"rentention_num": 15})), CHANGED_RETENTION),
        (schedule(json!({"rentention_num": 1})), CHANGED_RETENTION),
        (schedule(json!({"rentention_day": 1})), CHANGED_RETENTION),
        (schedule(json!({"rentention_day": 100_000})), CHANGED_RETENTION),
    ] {
        demo.put(&path, change).await.is_evs_fault(400, code, message);
    }
    refuses_bodies_of_nothing(&demo, &Method::PUT, &path).await;
    demo.get(&path).await.is(200, &element(&id, nightly(), 0));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_a_default_policy_that_is_written_when_somebody_writes_it() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let (id, mut policy) = default_of(&demo).await;
    let path = demo.path("v2", &format!("backuppolicy/{id}"));
    let rows = async || {
        let sql = "SELECT name, is_default FROM policies WHERE project_id = $1";
        server.rows::<(String, i64)>(sql, &demo.project).await
    };
    demo.get(&path).await.is(200, &element(&id, policy.clone(), 0));
    assert_eq!(rows().await, []);
    let stays = "The default backup policy keeps its name and cannot be deleted";
    demo.delete(&path).await.is_evs_fault(400, "AutoBackup.0100", stays);
    let renamed = demo.put(&path, json!({"backup_policy_name": "mine"})).await;
    renamed.is_evs_fault(400, "AutoBackup.0100", stays);
    let renamed = demo.put(&path, json!({"backup_policy_name": "default-2"})).await;
    renamed.is_evs_fault(400, "AutoBackup.0100", stays);
    let gone = format!("Backup policy {id} could not be found.");
    for client in [&admin, &server.login("partner").await] {
        let path = client.path("v2", &format!("backuppolicy/{id}"));
        client.get(&path).await.is_evs_fault(404, "AutoBackup.1100", &gone);
    }
    assert_eq!(rows().await, [], "what is refused writes nothing");

    let change = json!({"backup_policy_name": "default", "scheduled_policy": {"status": "ON"}});
    demo.put(&path, change).await.is(200, &json!({"backup_policy_id": id}));
    policy["scheduled_policy"]["status"] = "ON".into();
    demo.get(&path).await.is(200, &element(&id, policy.clone(), 0));
    assert_eq!(rows().await, [("default".to_owned(), 1)]);
    let disk = demo.disk().await;
    assert_eq!(demo.bind(&id, &disk).await.status, 200);
    let list = demo.path("v2", "backuppolicy");
    demo.get(&list).await.is(200, &json!({"backup_policies": [element(&id, policy, 1)]}));
    demo.delete(&path).await.is_evs_fault(400, "AutoBackup.0100", stays);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_is_no_row_has_a_default_policy_too() {
    let server = TestServer::start_with(|settings| settings.auth.mode = AuthMode::Open).await;
    let open = server.anonymous().in_project("scratch");
    let (id, policy) = default_of(&open).await;
    let disk = open.disk().await;
    assert_eq!(open.bind(&id, &disk).await.status, 200);
    let path = open.path("v2", &format!("backuppolicy/{id}"));
    open.get(&path).await.is(200, &element(&id, policy, 1));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_policy_lets_go_of_its_disks_and_is_not_found_any_more() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (policy, disk) = (demo.policy("nightly", "ON").await, demo.disk().await);
    demo.bind(&policy, &disk).await;
    let path = demo.path("v2", &format!("backuppolicy/{policy}"));
    demo.delete(&path).await.is_empty(204);
    let gone = format!("Backup policy {policy} could not be found.");
    demo.delete(&path).await.is_evs_fault(404, "AutoBackup.0205", &gone);
    demo.get(&path).await.is_evs_fault(404, "AutoBackup.1100", &gone);
    let (transfer, _) = demo.offer(&disk).await;
    assert!(!transfer.is_empty(), "the disk is free");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_absent_or_another_projects_is_the_same_404_with_its_own_code_when_it_is_queried()
 {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.policy("nightly", "ON").await;
    let disk = demo.disk().await;
    let one = json!({"resource_id": disk, "resource_type": "volume"});
    for (method, rest, body) in [
        (Method::GET, "backuppolicy/ID", Value::Null),
        (Method::DELETE, "backuppolicy/ID", Value::Null),
        (Method::PUT, "backuppolicy/ID", json!({"backup_policy_name": "x"})),
        (Method::GET, "backuppolicyresources?policy_id=ID", Value::Null),
        (Method::GET, "backuppolicy/ID/backuptasks", Value::Null),
        (Method::GET, "backuppolicy/ID/tags", Value::Null),
        (Method::POST, "backuppolicy/ID/tags", json!({"tag": {"key": "k", "value": "v"}})),
        (Method::DELETE, "backuppolicy/ID/tags/k", Value::Null),
        (Method::POST, "backuppolicy/ID/tags/action", json!({"action": "delete"})),
        (
            Method::POST,
            "backuppolicyresources",
            json!({"backup_policy_id": "ID", "resources": [one]}),
        ),
        (Method::POST, "backuppolicyresources/ID/deleted_resources", json!({"resources": [one]})),
    ] {
        let ask = async |id: &str| {
            let path = demo.path("v2", &rest.replace("ID", id));
            let body =
                (!body.is_null()).then(|| body.to_string().replace("\"ID\"", &format!("\"{id}\"")));
            demo.send(method.clone(), &path, body).await
        };
        for id in [ABSENT, "xxx"] {
            let message = format!("Backup policy {id} could not be found.");
            let code = if method == Method::GET { "AutoBackup.1100" } else { "AutoBackup.0205" };
            ask(id).await.is_evs_fault(404, code, &message);
        }
        let absent = ask(ABSENT).await.text;
        assert_eq!(ask(&theirs).await.text.replace(&theirs, ABSENT), absent, "{method} {rest}");
    }
    let path = partner.path("v2", &format!("backuppolicy/{theirs}"));
    assert_eq!(partner.get(&path).await.body["policy_resource_count"], 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_at_most_32_policies_its_default_one_among_them() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for n in 0..31 {
        demo.policy(&format!("p{n}"), "OFF").await;
        if n == 15 {
            let (id, _) = default_of(&demo).await;
            assert_eq!(demo.bind(&id, &demo.disk().await).await.status, 200);
        }
    }
    let path = demo.path("v2", "backuppolicy");
    demo.post(&path, nightly()).await.is_evs_fault(
        400,
        "AutoBackup.0203",
        "A project has at most 32 backup policies.",
    );
    partner.policy("p", "OFF").await;
    server.finish().await;
}
