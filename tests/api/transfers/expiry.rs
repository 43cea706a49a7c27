//! Offers that end by themselves: when, by whom, and that from that moment on they count as gone.

use chrono::{DateTime, TimeDelta, Utc};
use evs_local::config::Settings;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, FAMILIES, START, T0, TestServer};

const EXPIRES_IN: &str = "X-Evs-Transfer-Expires-In";
const EXPIRES_AT: &str = "x-evs-transfer-expires-at";

/// Nothing ends but by hand.
fn explicit(settings: &mut Settings) {
    settings.simulation.explicit = true;
}

/// So many seconds after the start, as answers of `/_evs` and headers spell it.
fn second(seconds: i64) -> String {
    let start: DateTime<Utc> = START.parse().unwrap();
    (start + TimeDelta::seconds(seconds)).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

async fn offer_for(client: &Client, path: &str, disk: &str, expires_in: &str) -> Answer {
    let headers = [("content-type", "application/json"), (EXPIRES_IN, expires_in)];
    let body = json!({"transfer": {"volume_id": disk}}).to_string();
    client.send_with(Method::POST, path, &headers, Some(body)).await
}

/// Offers a disk for so many seconds; the transfer's id and key.
async fn offered(client: &Client, disk: &str, expires_in: &str) -> (String, String) {
    let path = client.path("v3", "os-volume-transfer");
    let answer = offer_for(client, &path, disk, expires_in).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let text = |name: &str| answer.body["transfer"][name].as_str().unwrap().to_owned();
    (text("id"), text("auth_key"))
}

async fn step(admin: &Client, body: Value) -> Answer {
    admin.post("/_evs/progress", body).await
}

fn expired(disk: &str, transfer: &str) -> Value {
    json!({"disk_id": disk, "from": "pending", "to": "expired", "transfer_id": transfer})
}

/// What a tester reads of a transfer: status, when it was to end, who said so, and when it ended.
async fn row(server: &TestServer, id: &str) -> (String, Option<String>, Option<String>, String) {
    let sql = "SELECT status, expires_at, expiry_source, coalesce(finished_at, '')
               FROM transfers WHERE id = $1";
    server.rows(sql, id).await.remove(0)
}

/// The actions, reasons and users of what happened to a disk from the offer on.
async fn told(server: &TestServer, disk: &str) -> Vec<(String, Option<String>, String)> {
    let sql = "SELECT action, reason, user_id FROM events
               WHERE disk_id = $1 AND action NOT IN ('disk.create', 'disk.progress') ORDER BY seq";
    server.rows(sql, disk).await
}

/// Asks until the disk is available: the service looks at the clock at least once a second.
async fn until_available(client: &Client, disk: &str) {
    let mut asked = 0;
    while client.disk_status(disk).await != "available" {
        asked += 1;
        assert!(asked < 1_000_000, "the offer never ends");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_its_moment_on_an_offer_is_gone_even_before_anybody_has_ended_it() {
    let server = TestServer::start_with(explicit).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let mut start = 0;
    for (version, family) in FAMILIES {
        let disk = demo.disk().await;
        step(&admin, json!({})).await;
        let path = demo.path(version, family);
        let used = demo.in_use(&demo.project, "gigabytes").await;
        let answer = offer_for(&demo, &path, &disk, "60").await;
        let transfer = &answer.body["transfer"];
        let (id, key) = (transfer["id"].as_str().unwrap(), transfer["auth_key"].as_str().unwrap());
        let mut expected = json!({
            "id": id,
            "created_at": second(start).trim_end_matches('Z'),
            "name": null,
            "volume_id": disk,
            "links": demo.links(version, "os-volume-transfer", id),
        });
        let shown = demo.get(&format!("{path}/{id}")).await;
        shown.is(200, &json!({"transfer": expected}));
        expected["auth_key"] = key.into();
        answer.is(202, &json!({"transfer": expected}));
        assert_eq!(answer.header(EXPIRES_AT), second(start + 60));
        assert_eq!(shown.header(EXPIRES_AT), "", "the creation tells it, and nothing else");

        server.advance(TimeDelta::milliseconds(59_999));
        assert_eq!(demo.get(&path).await.body["transfers"][0]["id"], id);
        assert_eq!(step(&admin, json!({})).await.body, json!({"finished": []}));
        server.advance(TimeDelta::milliseconds(1));
        let gone = format!("Transfer {id} could not be found.");
        demo.get(&format!("{path}/{id}")).await.is_fault(404, &gone);
        demo.delete(&format!("{path}/{id}")).await.is_fault(404, &gone);
        partner.accept(id, key).await.is_fault(404, &gone);
        partner.accept(id, "0123456789abcdef").await.is_fault(404, &gone);
        for list in [path.clone(), format!("{path}/detail")] {
            demo.get(&list).await.is(200, &json!({"transfers": []}));
            demo.get(&format!("{list}?marker={id}")).await.is_fault(404, &gone);
        }
        let everywhere = admin.path("v3", "os-volume-transfer?all_tenants=1");
        admin.get(&everywhere).await.is(200, &json!({"transfers": []}));
        assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer", "nobody has ended it");
        assert_eq!(row(&server, id).await.0, "pending");

        let finished = json!({"finished": [expired(&disk, id)]});
        step(&admin, json!({})).await.is(200, &finished);
        step(&admin, json!({})).await.is(200, &json!({"finished": []}));
        assert_eq!(demo.disk_status(&disk).await, "available");
        let said = (
            "expired".to_owned(),
            Some(second(start + 60)),
            Some("header".to_owned()),
            second(start + 60),
        );
        assert_eq!(row(&server, id).await, said);
        assert_eq!(demo.in_use(&demo.project, "gigabytes").await, used, "quotas know no offers");
        let reason = format!(
            "it expired at {}, 60 s after it was made, as the header X-Evs-Transfer-Expires-In of \
             its creation asked for",
            second(start + 60)
        );
        assert_eq!(
            told(&server, &disk).await,
            [
                ("transfer.create".to_owned(), None, demo.user.clone()),
                ("transfer.expire".to_owned(), Some(reason), "evs".to_owned()),
            ]
        );
        partner.accept(id, key).await.is_fault(404, &gone);
        let (again, fresh) = demo.offer(&disk).await;
        assert_eq!(partner.accept(&again, &fresh).await.status, 202);
        start += 60;
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_setting_and_header_an_offer_lasts_and_the_answer_says_nothing() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let path = demo.path("v3", "os-volume-transfer");
    let answer = demo.post(&path, json!({"transfer": {"volume_id": disk}})).await;
    assert_eq!(answer.body["transfer"]["created_at"], T0);
    assert_eq!(answer.header(EXPIRES_AT), "");
    let id = answer.body["transfer"]["id"].as_str().unwrap();
    let key = answer.body["transfer"]["auth_key"].as_str().unwrap();
    assert_eq!(row(&server, id).await, ("pending".to_owned(), None, None, String::new()));
    server.advance(TimeDelta::seconds(86_000));
    assert_eq!(partner.accept(id, key).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_setting_counts_for_every_offer_that_says_nothing_and_the_header_wins() {
    let server = TestServer::start_with(|settings| {
        explicit(settings);
        settings.transfers.expire_after_s = 3600;
    })
    .await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let path = demo.path("v2", "os-volume-transfer");
    let mut ids = Vec::new();
    for (said, at) in [(None, Some(3600)), (Some("7200"), Some(7200)), (Some("0"), None)] {
        let disk = demo.disk().await;
        step(&admin, json!({})).await;
        let answer = match said {
            Some(said) => offer_for(&demo, &path, &disk, said).await,
            None => demo.post(&path, json!({"transfer": {"volume_id": disk}})).await,
        };
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.header(EXPIRES_AT), at.map(second).unwrap_or_default());
        let id = answer.body["transfer"]["id"].as_str().unwrap().to_owned();
        let source = said.map_or("setting", |_| "header").to_owned();
        let expected = (at.map(second), at.map(|_| source));
        let (_, expires_at, source, _) = row(&server, &id).await;
        assert_eq!((expires_at, source), expected);
        ids.push((disk, id));
    }
    server.advance(TimeDelta::seconds(3600));
    let finished = json!({"finished": [expired(&ids[0].0, &ids[0].1)]});
    step(&admin, json!({})).await.is(200, &finished);
    let reason = format!(
        "it expired at {}, 3600 s after it was made, as the setting transfers.expire_after_s said",
        second(3600)
    );
    assert_eq!(told(&server, &ids[0].0).await[1].1, Some(reason));
    server.advance(TimeDelta::seconds(3600));
    let finished = json!({"finished": [expired(&ids[1].0, &ids[1].1)]});
    step(&admin, json!({})).await.is(200, &finished);
    server.advance(TimeDelta::seconds(70_000));
    step(&admin, json!({})).await.is(200, &json!({"finished": []}));
    assert_eq!(demo.disk_status(&ids[2].0).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expiry_that_is_not_whole_seconds_up_to_a_year_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let message = "The header X-Evs-Transfer-Expires-In must be whole seconds from 1 to 31536000, or \
                   0 for never, and come once.";
    for (version, family) in FAMILIES {
        let path = demo.path(version, family);
        for bad in ["", "-1", "+1", "1.5", "60s", "1e3", "soon", "31536001", "99999999999999999999"]
        {
            offer_for(&demo, &path, &disk, bad).await.is_fault(400, message);
        }
        let headers = [("content-type", "application/json"), (EXPIRES_IN, "1"), (EXPIRES_IN, "2")];
        let body = json!({"transfer": {"volume_id": disk}}).to_string();
        let twice = demo.send_with(Method::POST, &path, &headers, Some(body)).await;
        twice.is_fault(400, message);
        assert_eq!(demo.disk_status(&disk).await, "available");
        let year = offer_for(&demo, &path, &disk, "31536000").await;
        assert_eq!(year.header(EXPIRES_AT), second(31_536_000));
        let id = year.body["transfer"]["id"].as_str().unwrap();
        demo.delete(&format!("{path}/{id}")).await.is_empty(202);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_ends_by_itself_when_its_time_is_over() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let (id, key) = offered(&demo, &disk, "5").await;
    server.advance(TimeDelta::seconds(5));
    until_available(&demo, &disk).await;
    let gone = format!("Transfer {id} could not be found.");
    partner.accept(&id, &key).await.is_fault(404, &gone);
    assert_eq!(row(&server, &id).await.0, "expired");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_ahead_tells_of_the_offers_that_expired_on_its_way() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disks = [demo.disk().await, demo.disk().await, demo.disk().await];
    let (late, _) = offered(&demo, &disks[0], "120").await;
    let (soon, _) = offered(&demo, &disks[1], "60").await;
    let (not_yet, key) = offered(&demo, &disks[2], "121").await;
    let told = |at: i64, disk: &str, transfer: &str| {
        let mut finished = json!({"at": second(at)});
        let members = expired(disk, transfer);
        finished.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        finished
    };
    let answer = admin.post("/_evs/clock", json!({"advance_s": 120})).await;
    let finished = json!([told(60, &disks[1], &soon), told(120, &disks[0], &late)]);
    assert_eq!((answer.status, &answer.body["finished"]), (200, &finished));
    assert_eq!(answer.body["now"], second(120));
    for (disk, transfer, at) in [(&disks[1], &soon, 60), (&disks[0], &late, 120)] {
        assert_eq!(demo.disk_status(disk).await, "available");
        assert_eq!(row(&server, transfer).await.3, second(at), "at its moment");
    }
    assert_eq!(demo.disk_status(&disks[2]).await, "awaiting-transfer");
    let partner = server.login("partner").await;
    assert_eq!(partner.accept(&not_yet, &key).await.status, 202, "a second is left");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_somebody_steps_a_clock_that_is_set_ahead_ends_no_offer() {
    let server = TestServer::start_with(explicit).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    step(&admin, json!({})).await;
    let (id, _) = offered(&demo, &disk, "60").await;
    let answer = admin.post("/_evs/clock", json!({"advance_s": 100})).await;
    assert_eq!((answer.status, &answer.body["finished"]), (200, &json!([])));
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    step(&admin, json!({})).await.is(200, &json!({"finished": [expired(&disk, &id)]}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_on_one_disk_ends_its_offer_when_its_time_is_over_and_not_before() {
    let server = TestServer::start_with(explicit).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let (disk, other) = (demo.disk().await, demo.disk().await);
    step(&admin, json!({})).await;
    let (id, _) = offered(&demo, &disk, "60").await;
    let (_, _) = offered(&demo, &other, "60").await;
    let on_disk = json!({"disk_id": disk});
    step(&admin, on_disk.clone()).await.is(200, &json!({"finished": []}));
    server.advance(TimeDelta::seconds(60));
    step(&admin, on_disk).await.is(200, &json!({"finished": [expired(&disk, &id)]}));
    assert_eq!(demo.disk_status(&other).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_expires_across_a_restart() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let (before, while_down) = (demo.disk().await, demo.disk().await);
    let (first, _) = offered(&demo, &before, "100").await;
    let (second, _) = offered(&demo, &while_down, "50").await;
    server.advance(TimeDelta::seconds(49));
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    assert_eq!(demo.disk_status(&while_down).await, "awaiting-transfer");
    server.advance(TimeDelta::seconds(1));
    until_available(&demo, &while_down).await;
    server.advance(TimeDelta::seconds(50));
    let server = server.restart().await;
    let demo = demo.moved_to(&server);
    until_available(&demo, &before).await;
    for id in [first, second] {
        assert_eq!(row(&server, &id).await.0, "expired");
    }
    server.finish().await;
}

/// Whatever takes the disk away from an offer that nobody has ended yet, the offer has expired: it is not
/// told as withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn an_expired_offer_is_told_as_expired_when_its_disk_goes_another_way() {
    let server = TestServer::start_with(explicit).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let [reset, removed, withdrawn] = [demo.disk().await, demo.disk().await, demo.disk().await];
    step(&admin, json!({})).await;
    let mut ids = Vec::new();
    for (disk, expires_in) in [(&reset, "60"), (&removed, "60"), (&withdrawn, "61")] {
        ids.push(offered(&demo, disk, expires_in).await.0);
    }
    server.advance(TimeDelta::seconds(60));
    admin.reset(&reset, "error").await;
    admin.reset(&withdrawn, "error").await;
    admin.act(&removed, json!({"os-force_delete": {}})).await.is_empty(202);
    for (id, status) in ids.iter().zip(["expired", "expired", "deleted"]) {
        assert_eq!(row(&server, id).await.0, status);
    }
    let actions = async |disk: &str| -> Vec<String> {
        told(&server, disk).await.into_iter().map(|(action, ..)| action).collect()
    };
    assert_eq!(actions(&reset).await, ["transfer.create", "transfer.expire", "disk.reset_status"]);
    assert_eq!(
        actions(&removed).await,
        ["transfer.create", "transfer.expire", "disk.force_delete"]
    );
    assert_eq!(actions(&withdrawn).await, ["transfer.create", "disk.reset_status"]);
    assert_eq!(demo.disk_status(&reset).await, "error");
    server.finish().await;
}
