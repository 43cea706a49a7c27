//! Backup policies and the disks under them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::ABSENT;
use crate::support::{Client, TestServer};

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
    let elements = [element(&first, nightly(), 1), element(&second, weekly, 0)];
    let list = demo.get(&demo.path("v2", "backuppolicy")).await;
    let mut listed = list.body["backup_policies"].as_array().unwrap().clone();
    listed.sort_by_key(|policy| policy["backup_policy_name"].to_string());
    list.is(200, &json!({"backup_policies": list.body["backup_policies"]}));
    assert_eq!(listed, elements);
    for (id, element) in [(&first, &elements[0]), (&second, &elements[1])] {
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
    theirs.is(200, &json!({"backup_policies": []}));
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
    for body in ["", "{", "[]", "null", "\"x\""] {
        let answer = demo.send(Method::POST, &path, Some(body.to_owned())).await;
        answer.is_evs_fault(400, "AutoBackup.0008", "The request body is not a JSON object");
    }
    demo.get(&path).await.is(200, &json!({"backup_policies": []}));
    server.finish().await;
}

fn success(disk: &str) -> Value {
    json!({
        "resource_id": disk,
        "resource_type": "volume",
        "availability_zone": "az-sim-1",
        "os_vol_host_attr": "pod01.az-sim-1",
    })
}

fn failure(disk: &str, code: &str, message: &str) -> Value {
    json!({
        "resource_id": disk,
        "resource_type": "volume",
        "availability_zone": null,
        "os_vol_host_attr": null,
        "code": code,
        "message": message,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn disks_are_bound_each_on_its_own_and_a_second_policy_takes_a_disk_from_the_first() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let theirs = server.login("partner").await.disk().await;
    let (first, second) = (demo.policy("one", "ON").await, demo.policy("two", "OFF").await);
    let (good, broken) = (demo.disk().await, demo.disk().await);
    admin.reset(&broken, "error").await;
    let invalid = "The resource to be associated is invalid.";
    let resources: Vec<Value> = [&*good, ABSENT, "xxx", &theirs, &broken]
        .iter()
        .map(|id| json!({"resource_id": id, "resource_type": "volume"}))
        .collect();
    let body = json!({"backup_policy_id": first, "resources": resources});
    demo.post(&demo.path("v2", "backuppolicyresources"), body).await.is(
        200,
        &json!({
            "success_resources": [success(&good)],
            "fail_resources": [
                failure(ABSENT, "AutoBackup.1400", invalid),
                failure("xxx", "AutoBackup.1400", invalid),
                failure(&theirs, "AutoBackup.1400", invalid),
                failure(&broken, "AutoBackup.0206", "The disk status error forbids it."),
            ],
        }),
    );
    let count = async |policy: &str| {
        let path = demo.path("v2", &format!("backuppolicy/{policy}"));
        demo.get(&path).await.body["policy_resource_count"].as_i64().unwrap()
    };
    let done = json!({"success_resources": [success(&good)], "fail_resources": []});
    demo.bind(&first, &good).await.is(200, &done);
    assert_eq!((count(&first).await, count(&second).await), (1, 0), "bound twice is bound once");
    demo.bind(&second, &good).await.is(200, &done);
    assert_eq!((count(&first).await, count(&second).await), (0, 1));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_and_offered_disks_are_not_bound_and_all_others_are() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let policy = demo.policy("nightly", "ON").await;
    let forbidding = [
        "awaiting-transfer",
        "error_extending",
        "error_restoring",
        "error_rollbacking",
        "error",
        "error_deleting",
    ];
    for status in ["creating", "available", "extending", "backing-up"].iter().chain(&forbidding) {
        let disk = demo.disk().await;
        if *status == "awaiting-transfer" {
            demo.offer(&disk).await;
        } else {
            admin.reset(&disk, status).await;
        }
        let answer = demo.bind(&policy, &disk).await;
        let expected = if forbidding.contains(status) {
            let message = format!("The disk status {status} forbids it.");
            json!({
                "success_resources": [],
                "fail_resources": [failure(&disk, "AutoBackup.0206", &message)],
            })
        } else {
            json!({"success_resources": [success(&disk)], "fail_resources": []})
        };
        answer.is(200, &expected);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_taken_out_of_its_own_policy_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (first, second) = (demo.policy("one", "ON").await, demo.policy("two", "OFF").await);
    let disk = demo.disk().await;
    demo.bind(&first, &disk).await;
    let not_bound = json!({
        "success_resources": [],
        "fail_resources": [{
            "resource_id": disk,
            "resource_type": "volume",
            "code": "AutoBackup.1400",
            "message": "The disk is not bound to this policy.",
        }],
    });
    let done = json!({
        "success_resources": [{"resource_id": disk, "resource_type": "volume"}],
        "fail_resources": [],
    });
    demo.unbind(&second, &disk).await.is(200, &not_bound);
    demo.unbind(&first, &disk).await.is(200, &done);
    demo.unbind(&first, &disk).await.is(200, &not_bound);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_bind_and_unbind_is_refused_with_its_code() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let policy = demo.policy("nightly", "ON").await;
    let bind = demo.path("v2", "backuppolicyresources");
    let unbind = format!("{bind}/{policy}/deleted_resources");
    let id = ("AutoBackup.0209", "each of resources needs a resource_id");
    let kind = ("AutoBackup.0211", "resource_type must be volume");
    let none = ("AutoBackup.0207", "resources must name at least one disk");
    for (resources, (code, message)) in [
        (Value::Null, none),
        (json!([]), none),
        (json!({}), none),
        (json!([{"resource_type": "volume"}]), id),
        (json!([{"resource_id": "", "resource_type": "volume"}]), id),
        (json!([{"resource_id": 5, "resource_type": "volume"}]), id),
        (json!([{"resource_id": ABSENT, "resource_type": "server"}]), kind),
    ] {
        let body = json!({"backup_policy_id": policy, "resources": resources});
        demo.post(&bind, body.clone()).await.is_evs_fault(400, code, message);
        demo.post(&unbind, body).await.is_evs_fault(400, code, message);
    }
    let (code, message) = kind;
    let untyped = json!({"backup_policy_id": policy, "resources": [{"resource_id": ABSENT}]});
    demo.post(&bind, untyped).await.is_evs_fault(400, code, message);
    let required = "backup_policy_id is required";
    let unnamed = json!({"resources": [{"resource_id": ABSENT, "resource_type": "volume"}]});
    demo.post(&bind, unnamed).await.is_evs_fault(400, "AutoBackup.0006", required);
    demo.get(&bind).await.is_evs_fault(400, "AutoBackup.0006", required);
    for path in [&bind, &unbind] {
        demo.post(path, json!([])).await.is_evs_fault(
            400,
            "AutoBackup.0008",
            "The request body is not a JSON object",
        );
    }
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
    demo.get(&path).await.is_evs_fault(404, "AutoBackup.0205", &gone);
    let (transfer, _) = demo.offer(&disk).await;
    assert!(!transfer.is_empty(), "the disk is free");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_absent_or_another_projects_is_the_same_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.policy("nightly", "ON").await;
    let disk = demo.disk().await;
    let one = json!({"resource_id": disk, "resource_type": "volume"});
    for (method, rest, body) in [
        (Method::GET, "backuppolicy/ID", Value::Null),
        (Method::DELETE, "backuppolicy/ID", Value::Null),
        (Method::GET, "backuppolicyresources?policy_id=ID", Value::Null),
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
            ask(id).await.is_evs_fault(404, "AutoBackup.0205", &message);
        }
        let absent = ask(ABSENT).await.text;
        assert_eq!(ask(&theirs).await.text.replace(&theirs, ABSENT), absent, "{method} {rest}");
    }
    let path = partner.path("v2", &format!("backuppolicy/{theirs}"));
    assert_eq!(partner.get(&path).await.body["policy_resource_count"], 0);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_has_at_most_32_policies() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for n in 0..32 {
        demo.policy(&format!("p{n}"), "OFF").await;
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
