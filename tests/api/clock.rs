//! The clock that people steer: what it shows, what it never does, what becomes due on its way, and
//! that it goes on after a restart.

use chrono::{DateTime, TimeDelta, Utc};
use evs_local::config::{AuthMode, Settings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::signatures::Signed;
use crate::support::{Answer, Client, PASSWORD, START, TestServer, password_login};

/// So many seconds after the start, as answers of `/_evs` spell it.
fn second(seconds: i64) -> String {
    moment(TimeDelta::seconds(seconds))
}

fn moment(after_start: TimeDelta) -> String {
    let start: DateTime<Utc> = START.parse().unwrap();
    (start + after_start).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// What the clock is told to show, and the machine's, in seconds after the start.
fn shown(now: i64, real: i64, mode: &str, scale: impl Into<Value>) -> Value {
    let scale = scale.into();
    json!({"now": second(now), "real_now": second(real), "mode": mode, "scale": scale})
}

/// The same as the answer to a change, by which this was over.
fn changed(shown: &Value, finished: &Value) -> Value {
    let mut answer = shown.clone();
    answer["finished_count"] = json!(finished.as_array().unwrap().len());
    answer["finished"] = finished.clone();
    answer["complete"] = json!(true);
    answer
}

async fn show(admin: &Client) -> Value {
    let answer = admin.get("/_evs/clock").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

async fn change(admin: &Client, body: Value) -> Answer {
    admin.post("/_evs/clock", body).await
}

/// Changes the clock, after which it shows this and nothing was over on the way.
async fn to(admin: &Client, body: Value, shown: Value) {
    change(admin, body).await.is(200, &changed(&shown, &json!([])));
    assert_eq!(show(admin).await, shown);
}

/// Creating takes two seconds, growing three, whatever else nothing.
fn slow(settings: &mut Settings) {
    settings.simulation.delays.insert("create", TimeDelta::seconds(2));
    settings.simulation.delays.insert("extend", TimeDelta::seconds(3));
}

fn open(settings: &mut Settings) {
    settings.auth.mode = AuthMode::Open;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_shows_the_machines_time_until_somebody_steers_it() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    assert_eq!(show(&anybody).await, shown(0, 0, "real", 1));
    server.advance(TimeDelta::seconds(5));
    assert_eq!(show(&anybody).await, shown(5, 5, "real", 1));
    to(&anybody, json!({"run": true}), shown(5, 5, "real", 1)).await;
    to(&anybody, json!({"reset": true}), shown(5, 5, "real", 1)).await;
    let rows: Vec<(i64,)> = server.rows("SELECT count(*) FROM clock WHERE $1 = ''", "").await;
    assert_eq!(rows, [(0,)]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stands_still_runs_on_goes_faster_and_is_set_ahead() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    let pass = |seconds| server.advance(TimeDelta::seconds(seconds));
    for again in [0, 5] {
        to(&anybody, json!({"freeze": true}), shown(0, again, "frozen", 1)).await;
        pass(5);
        assert_eq!(show(&anybody).await, shown(0, again + 5, "frozen", 1));
    }
    to(&anybody, json!({"set": second(100)}), shown(100, 10, "frozen", 1)).await;
    to(&anybody, json!({"advance_s": 20}), shown(120, 10, "frozen", 1)).await;
    to(&anybody, json!({"run": true}), shown(120, 10, "running", 1)).await;
    pass(1);
    assert_eq!(show(&anybody).await, shown(121, 11, "running", 1));
    to(&anybody, json!({"scale": 60}), shown(121, 11, "running", 60)).await;
    pass(2);
    assert_eq!(show(&anybody).await, shown(241, 13, "running", 60));
    to(&anybody, json!({"advance_s": 9}), shown(250, 13, "running", 60)).await;
    to(&anybody, json!({"freeze": true}), shown(250, 13, "frozen", 60)).await;
    to(&anybody, json!({"scale": 0.5}), shown(250, 13, "frozen", 0.5)).await;
    pass(1);
    to(&anybody, json!({"run": true}), shown(250, 14, "running", 0.5)).await;
    pass(4);
    assert_eq!(show(&anybody).await, shown(252, 18, "running", 0.5));
    to(&anybody, json!({"set": second(252)}), shown(252, 18, "running", 0.5)).await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_is_set_in_any_usual_spelling_and_kept_to_the_microsecond() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    change(&anybody, json!({"freeze": true})).await;
    for (spelled, meant) in [
        ("2026-12-01T00:00:00Z", "2026-12-01T00:00:00.000000Z"),
        ("2026-12-01T02:00:00+01:00", "2026-12-01T01:00:00.000000Z"),
        ("2026-12-01 01:00:00.5", "2026-12-01T01:00:00.500000Z"),
        ("2026-12-01T01:00:00.5000009Z", "2026-12-01T01:00:00.500000Z"),
        ("2026-12-02", "2026-12-02T00:00:00.000000Z"),
        ("9000-01-01T00:00:00Z", "9000-01-01T00:00:00.000000Z"),
    ] {
        let answer = change(&anybody, json!({"set": spelled})).await;
        assert_eq!((answer.status, &answer.body["now"]), (200, &json!(meant)), "{spelled}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_never_goes_back() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    let back = format!(
        "The clock never goes back: it shows {START}, which is after 2026-11-23T07:41:05.318203Z."
    );
    let early = json!({"set": "2026-11-23T07:41:05.318203Z"});
    change(&anybody, early.clone()).await.is_fault(400, &back);
    assert_eq!(show(&anybody).await, shown(0, 0, "real", 1));
    change(&anybody, json!({"freeze": true})).await;
    change(&anybody, early).await.is_fault(400, &back);
    change(&anybody, json!({"advance_s": 60})).await;
    change(&anybody, json!({"reset": true})).await.is_fault(
        400,
        &format!(
            "The clock never goes back: it shows {}, which is after the machine's {START}. Freeze \
             it until the machine has caught up, or begin with a new data directory.",
            second(60)
        ),
    );
    assert_eq!(show(&anybody).await, shown(60, 0, "frozen", 1));
    // The way back: the machine catches up with a clock that stands.
    server.advance(TimeDelta::seconds(61));
    to(&anybody, json!({"reset": true}), shown(61, 61, "real", 1)).await;
    // A machine whose clock is put back finds a clock that was steered waiting.
    change(&anybody, json!({"scale": 1})).await;
    server.advance(TimeDelta::seconds(-10));
    assert_eq!(show(&anybody).await, shown(61, 51, "running", 1));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_makes_no_sense_is_refused_and_changes_nothing() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    let one = "exactly one of freeze, run, set, advance_s, scale, reset is required";
    let wrong = |name: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {name}. Value: {value}. {rule}")
    };
    let cases = [
        (json!({}), one.to_owned()),
        (json!({"freeze": true, "scale": 2}), one.to_owned()),
        (
            json!({"stop": true}),
            "Additional properties are not allowed ('stop' was unexpected)".to_owned(),
        ),
        (json!([]), "[] is not of type 'object'".to_owned()),
        (json!({"freeze": false}), wrong("freeze", "False", "False is not one of [True]")),
        (json!({"run": "true"}), wrong("run", "true", "'true' is not one of [True]")),
        (json!({"reset": null}), wrong("reset", "None", "None is not one of [True]")),
        (json!({"set": 5}), wrong("set", "5", "5 is not of type 'string'")),
        (json!({"set": "soon"}), wrong("set", "soon", "'soon' is not a 'date-time'")),
        (
            json!({"set": "9000-01-01T00:00:00.000001Z"}),
            "The clock goes no further than 9000-01-01T00:00:00.000000Z.".to_owned(),
        ),
        (
            json!({"advance_s": 250_000_000_000_u64}),
            "The clock goes no further than 9000-01-01T00:00:00.000000Z.".to_owned(),
        ),
        (json!({"advance_s": "60"}), wrong("advance_s", "60", "'60' is not of type 'number'")),
        (json!({"advance_s": -1}), wrong("advance_s", "-1", "-1 is less than the minimum of 0")),
        (
            json!({"advance_s": 0.0005}),
            wrong("advance_s", "0.0005", "0.0005 is not a multiple of 0.001"),
        ),
        (
            json!({"advance_s": 300_000_000_001_u64}),
            wrong(
                "advance_s",
                "300000000001",
                "300000000001 is greater than the maximum of 300000000000",
            ),
        ),
        (json!({"scale": 0}), wrong("scale", "0", "0 is less than the minimum of 0.001")),
        (json!({"scale": -2.5}), wrong("scale", "-2.5", "-2.5 is less than the minimum of 0.001")),
        (
            json!({"scale": 100_000.001}),
            wrong("scale", "100000.001", "100000.001 is greater than the maximum of 100000"),
        ),
        (json!({"scale": true}), wrong("scale", "True", "True is not of type 'number'")),
    ];
    for (body, message) in cases {
        change(&anybody, body).await.is_fault(400, &message);
    }
    for body in ["{\"scale\": 1e300}", "{\"scale\": -1e300}", "{\"scale\": 1e-9}"] {
        let answer = anybody.send(Method::POST, "/_evs/clock", Some(body.to_owned())).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    for body in [None, Some("freeze".to_owned())] {
        let answer = anybody.send(Method::POST, "/_evs/clock", body).await;
        answer.is_fault(400, "Malformed request body");
    }
    assert_eq!(show(&anybody).await, shown(0, 0, "real", 1));
    let events = "SELECT count(*) FROM events WHERE resource_id = $1";
    assert_eq!(server.rows::<(i64,)>(events, "clock").await, [(0,)]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ends_of_the_ranges_are_taken() {
    let server = TestServer::start_with(open).await;
    let anybody = server.anonymous();
    for scale in [json!(0.001), json!(1.0), json!(99_999.999), json!(100_000)] {
        let answer = change(&anybody, json!({"scale": scale})).await;
        let shown = if scale == json!(1.0) { json!(1) } else { scale };
        assert_eq!((answer.status, &answer.body["scale"]), (200, &shown));
    }
    server.advance(TimeDelta::seconds(100_000));
    assert!(show(&anybody).await["now"].as_str().unwrap().starts_with("2343-"), "317 years later");
    server.advance(TimeDelta::days(1000));
    assert_eq!(show(&anybody).await["now"], "9000-01-01T00:00:00.000000Z");
    change(&anybody, json!({"advance_s": 0})).await;
    // At the end of time everything else goes on.
    let demo = anybody.in_project("atlas");
    let id = demo.disk().await;
    assert_eq!(demo.disk_status(&id).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_look_at_the_clock_and_steer_it() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let freeze = json!({"freeze": true});
    server.anonymous().get("/_evs/clock").await.is_unauthenticated();
    change(&server.anonymous(), freeze.clone()).await.is_unauthenticated();
    let refused = "Policy doesn't allow evs:clock:get to be performed.";
    demo.get("/_evs/clock").await.is_fault(403, refused);
    let refused = "Policy doesn't allow evs:clock:update to be performed.";
    change(&demo, freeze.clone()).await.is_fault(403, refused);
    assert_eq!(show(&admin).await, shown(0, 0, "real", 1));
    to(&admin, freeze, shown(0, 0, "frozen", 1)).await;

    let sql = "SELECT at, action, user_id, project_id, after FROM events WHERE resource_id = $1";
    let rows: Vec<(String, String, String, String, String)> = server.rows(sql, "clock").await;
    let [(at, action, user, project, after)] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((at.as_str(), action.as_str()), (START, "clock.freeze"));
    assert_eq!((user, project), (&admin.user, &admin.project));
    let values = json!({"mode": "frozen", "now": START, "scale": "1"});
    let after: Value = serde_json::from_str(after).unwrap();
    assert_eq!(after, json!({"project_id": admin.project, "values": values}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_by_the_clock_and_signatures_by_the_machines() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let pair = server.first_key("demo").await;
    let month = TimeDelta::days(30);
    let answer = change(&admin, json!({"advance_s": month.num_seconds()})).await;
    assert_eq!((answer.status, &answer.body["now"]), (200, &json!(moment(month))));
    // Tokens were good for a day.
    demo.get(&demo.path("v3", "volumes")).await.is_unauthenticated();
    change(&admin, json!({"freeze": true})).await.is_unauthenticated();
    let login = password_login("demo", PASSWORD);
    let issued = server.anonymous().post("/identity/v3/auth/tokens", login).await;
    assert_eq!(issued.body["token"]["issued_at"], moment(month));
    assert_eq!(issued.body["token"]["expires_at"], moment(month + TimeDelta::days(1)));
    let demo = demo.holding(&issued);
    let id = demo.disk().await;
    let made = &demo.show_disk(&id).await.body["volume"]["created_at"];
    assert_eq!(*made, moment(month).trim_end_matches('Z'));
    // A client that signs does so with the time of its machine.
    let signed = Signed::new("GET", &server, &demo.path("v2", "cloudvolumes"), None).sign(&pair);
    assert_eq!(signed.send(&server).await.status, 200);
    server.advance(TimeDelta::days(1));
    assert_eq!(signed.send(&server).await.status, 401);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_clock_keeps_everything_under_way_until_it_is_set_ahead() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    change(&admin, json!({"freeze": true})).await;
    let id = demo.disk().await;
    server.advance(TimeDelta::days(2));
    to(&admin, json!({"advance_s": 1.999}), {
        let mut shown = shown(0, 2 * 86_400, "frozen", 1);
        shown["now"] = json!(moment(TimeDelta::milliseconds(1999)));
        shown
    })
    .await;
    assert_eq!(demo.disk_status(&id).await, "creating");
    let over = json!([{"at": second(2), "disk_id": id, "from": "creating", "to": "available"}]);
    let answer = change(&admin, json!({"advance_s": 0.001})).await;
    answer.is(200, &changed(&shown(2, 2 * 86_400, "frozen", 1), &over));
    assert_eq!(demo.disk_status(&id).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_on_the_way_happens_at_its_moment_and_is_told_in_order() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    change(&admin, json!({"freeze": true})).await;
    let grown = demo.disk().await;
    change(&admin, json!({"advance_s": 2})).await;
    demo.act(&grown, json!({"os-extend": {"new_size": 20}})).await.is_empty(202);
    let new = demo.disk().await;
    change(&admin, json!({"advance_s": 0.5})).await;
    let newest = demo.disk().await;
    let creating =
        |at, id: &str| json!({"at": at, "disk_id": id, "from": "creating", "to": "available"});
    let over = json!([
        creating(second(4), &new),
        creating(moment(TimeDelta::milliseconds(4500)), &newest),
        {"at": second(5), "disk_id": grown, "from": "extending", "to": "available"},
    ]);
    let answer = change(&admin, json!({"set": second(86_000)})).await;
    answer.is(200, &changed(&shown(86_000, 0, "frozen", 1), &over));
    for told in over.as_array().unwrap() {
        let sql = "SELECT at FROM events WHERE action = 'disk.progress' AND disk_id = $1
                   ORDER BY seq DESC LIMIT 1";
        let at: Vec<(String,)> = server.rows(sql, told["disk_id"].as_str().unwrap()).await;
        assert_eq!(at, [(told["at"].as_str().unwrap().to_owned(),)]);
    }
    let shown = demo.show_disk(&grown).await.body["volume"]["updated_at"].clone();
    assert_eq!(shown, second(5).trim_end_matches('Z'));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_somebody_steps_the_clock_ends_nothing() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        settings.simulation.explicit = true;
    })
    .await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = demo.disk().await;
    to(&admin, json!({"advance_s": 60}), shown(60, 0, "running", 1)).await;
    assert_eq!(demo.disk_status(&id).await, "creating");
    let over = json!({"disk_id": id, "from": "creating", "to": "available"});
    let step = admin.post("/_evs/progress", json!({})).await;
    step.is(200, &json!({"finished": [over]}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_clock_goes_on_from_where_it_was_set_and_what_is_due_ends_by_itself() {
    let server = TestServer::start_with(slow).await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    change(&admin, json!({"scale": 100})).await;
    let id = demo.disk().await;
    server.advance(TimeDelta::milliseconds(20));
    // The service looks at the clock at least once a second; this asks until it has.
    let mut asked = 0;
    while demo.disk_status(&id).await != "available" {
        asked += 1;
        assert!(asked < 1_000_000, "it never ends");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_goes_on_after_a_restart() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        open(settings);
    })
    .await;
    let anybody = server.anonymous();
    change(&anybody, json!({"freeze": true})).await;
    change(&anybody, json!({"set": second(500)})).await;
    let id = anybody.in_project("atlas").disk().await;
    server.advance(TimeDelta::seconds(9));
    let server = server.restart().await;
    let anybody = anybody.moved_to(&server);
    assert_eq!(show(&anybody).await, shown(500, 9, "frozen", 1));
    let over = json!([{"at": second(502), "disk_id": id, "from": "creating", "to": "available"}]);
    let answer = change(&anybody, json!({"set": second(600)})).await;
    answer.is(200, &changed(&shown(600, 9, "frozen", 1), &over));
    change(&anybody, json!({"run": true})).await;
    change(&anybody, json!({"scale": 10})).await;
    server.advance(TimeDelta::seconds(1));
    let server = server.restart().await;
    let anybody = anybody.moved_to(&server);
    // What passed while no server ran counts.
    server.advance(TimeDelta::seconds(1));
    assert_eq!(show(&anybody).await, shown(620, 11, "running", 10));
    let server = server.restart().await;
    assert_eq!(show(&anybody.moved_to(&server)).await, shown(620, 11, "running", 10));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_leaves_the_clock_on_its_way_and_says_where_it_was_to_go() {
    let server = TestServer::start_with(|settings| {
        open(settings);
        settings.simulation.delays.insert("create", TimeDelta::hours(1));
    })
    .await;
    let anybody = server.anonymous();
    change(&anybody, json!({"freeze": true})).await;
    let demo = anybody.in_project("atlas");
    for _ in 0..200 {
        demo.disk().await;
        change(&anybody, json!({"advance_s": 1})).await;
    }
    let before = show(&anybody).await["now"].clone();
    let (answer, server) = tokio::join!(change(&anybody, json!({"set": second(90_000)})), async {
        let mut asked = 0;
        while show(&anybody).await["now"] == before {
            asked += 1;
            assert!(asked < 1_000_000, "the clock does not move");
        }
        server.restart().await
    });
    assert_eq!((answer.status, &answer.body["complete"]), (200, &json!(false)), "{}", answer.text);
    assert_eq!(answer.body["target"], second(90_000));
    let left = answer.body["finished"].as_array().unwrap().len();
    let anybody = anybody.moved_to(&server);
    let there = change(&anybody, json!({"set": answer.body["target"]})).await;
    assert_eq!(
        (&there.body["now"], &there.body["complete"]),
        (&json!(second(90_000)), &json!(true))
    );
    // What was due where the clock was left may have ended by itself.
    let ended = left + there.body["finished"].as_array().unwrap().len();
    assert!(left > 0 && (199..=200).contains(&ended), "{left} of {ended}");
    server.finish().await;
}

/// A row that somebody broke stays as it is; the clock and everything else go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_row_does_not_stop_the_clock() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        open(settings);
    })
    .await;
    let anybody = server.anonymous();
    change(&anybody, json!({"freeze": true})).await;
    let demo = anybody.in_project("atlas");
    let broken = demo.disk().await;
    change(&anybody, json!({"advance_s": 1})).await;
    let whole = demo.disk().await;
    let spoil =
        |value: &str| format!("UPDATE disks SET metadata = '{value}' WHERE id = '{broken}'");
    server.edit(&spoil("{\"k\": 7}")).await;
    let over = json!([{"at": second(3), "disk_id": whole, "from": "creating", "to": "available"}]);
    let answer = change(&anybody, json!({"set": second(9)})).await;
    answer.is(200, &changed(&shown(9, 0, "frozen", 1), &over));
    server.edit(&spoil("{}")).await;
    // By whoever is there first, the service or a change of the clock.
    change(&anybody, json!({"advance_s": 0})).await;
    let ended = demo.show_disk(&broken).await.body["volume"].clone();
    let expected = (json!("available"), json!(second(9).trim_end_matches('Z')));
    assert_eq!((ended["status"].clone(), ended["updated_at"].clone()), expected);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_things_are_told_and_all_are_counted() {
    let server = TestServer::start_with(|settings| {
        slow(settings);
        open(settings);
        settings.quotas.volumes = -1;
    })
    .await;
    let anybody = server.anonymous();
    change(&anybody, json!({"freeze": true})).await;
    let atlas = anybody.in_project("atlas");
    for count in [100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 3] {
        let disks = json!({"availability_zone": "az-sim-1", "size": 10, "volume_type": "SSD", "count": count});
        let body = json!({"volume": disks});
        let answer = atlas.post(&atlas.path("v2", "cloudvolumes"), body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    let answer = change(&anybody, json!({"advance_s": 2})).await;
    let told = answer.body["finished"].as_array().unwrap().len();
    assert_eq!((told, &answer.body["finished_count"]), (1000, &json!(1003)));
    assert_eq!(answer.body["complete"], true);
    server.finish().await;
}
