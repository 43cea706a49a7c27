//! Snapshots: create, show, lists, delete and reset, alike under `/v2` and `/v3`.

mod changes;
mod filters;
mod takes_time;

use chrono::TimeDelta;
use evs_local::domain::disk::DiskStatus;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::{ABSENT, VERSIONS, shown};
use crate::support::{Client, T0, TestServer};

fn summary(id: &str, disk: &str, changes: Value) -> Value {
    let mut snapshot = json!({
        "id": id,
        "created_at": T0,
        "updated_at": null,
        "name": null,
        "description": null,
        "volume_id": disk,
        "status": "available",
        "size": 10,
        "metadata": {},
    });
    let Value::Object(changes) = changes else { panic!("{changes}") };
    snapshot.as_object_mut().unwrap().extend(changes);
    snapshot
}

fn detail(client: &Client, mut summary: Value) -> Value {
    summary["os-extended-snapshot-attributes:project_id"] = client.project.clone().into();
    summary["os-extended-snapshot-attributes:progress"] = "100%".into();
    summary
}

#[tokio::test(flavor = "multi_thread")]
async fn create_answers_the_snapshot_and_show_and_the_detailed_list_add_two_members() {
    let server = TestServer::start().await;
    for (account, version) in [("demo", "v2"), ("partner", "v3")] {
        let client = server.login(account).await;
        let disk = client.disk().await;
        let body = json!({"snapshot": {
            "volume_id": disk,
            "name": " before ",
            "description": "",
            "force": "false",
            "metadata": {"k": "v"},
        }});
        let created = client.post(&client.path(version, "snapshots"), body).await;
        let id = created.body["snapshot"]["id"].as_str().unwrap().to_owned();
        let changes = json!({"name": "before", "description": "", "metadata": {"k": "v"}});
        let snapshot = summary(&id, &disk, changes);
        let mut creating = snapshot.clone();
        creating["status"] = "creating".into();
        created.is(202, &json!({"snapshot": creating}));
        let path = |rest: &str| client.path(version, rest);
        client.get(&path("snapshots")).await.is(200, &json!({"snapshots": [snapshot]}));
        let detail = detail(&client, snapshot);
        let own = path(&format!("snapshots/{id}"));
        client.get(&own).await.is(200, &json!({"snapshot": detail}));
        client.get(&path("snapshots/detail")).await.is(200, &json!({"snapshots": [detail]}));
        let untouched = shown(&client, "v3", &disk, json!({}));
        client.show_disk(&disk).await.is(200, &json!({"volume": untouched}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_appear_with_their_microversion_but_never_in_the_summary() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let id = demo.snapshot(&disk).await;
    for minor in [0, 13, 14, 40, 41, 64, 65, 71] {
        let client = demo.at(&format!("3.{minor}"));
        let plain = summary(&id, &disk, json!({}));
        let list = client.get(&demo.path("v3", "snapshots")).await;
        list.is(200, &json!({"snapshots": [plain]}));
        let mut expected = detail(&demo, plain);
        if minor >= 14 {
            expected["group_snapshot_id"] = Value::Null;
        }
        if minor >= 41 {
            expected["user_id"] = demo.user.clone().into();
        }
        if minor >= 65 {
            expected["consumes_quota"] = true.into();
        }
        let show = client.get(&demo.path("v3", &format!("snapshots/{id}"))).await;
        show.is(200, &json!({"snapshot": expected}));
        let list = client.get(&demo.path("v3", "snapshots/detail")).await;
        list.is(200, &json!({"snapshots": [expected]}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_create_is_refused_by_the_member_and_rule() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let about = |name: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {name}. Value: {value}. {rule}")
    };
    let boolean =
        "is not of type 'boolean' (true, false, or one of 1, 0, on, off, yes, no, y, n, t, f)";
    let cases: [(Value, String); 9] = [
        (json!({}), "'snapshot' is a required property".to_owned()),
        (json!({"snapshot": {}}), about("snapshot", "{}", "'volume_id' is a required property")),
        (json!({"snapshot": {"volume_id": "x"}}), about("volume_id", "x", "'x' is not a 'uuid'")),
        (
            json!({"snapshot": {"volume_id": null}}),
            about("volume_id", "None", "None is not of type 'string'"),
        ),
        (
            json!({"snapshot": {"volume_id": disk}, "x": 1}),
            "Additional properties are not allowed ('x' was unexpected)".to_owned(),
        ),
        (
            json!({"snapshot": {"volume_id": disk, "force": "maybe"}}),
            about("force", "maybe", &format!("'maybe' {boolean}")),
        ),
        (
            json!({"snapshot": {"volume_id": disk, "name": "x".repeat(256)}}),
            "An invalid 'name' value was provided. The 'name' can not be greater than 255 \
             characters."
                .to_owned(),
        ),
        (
            json!({"snapshot": {"volume_id": disk, "description": 1}}),
            about("description", "1", "1 is not of type 'string', 'null'"),
        ),
        (
            json!({"snapshot": {"volume_id": disk, "metadata": {"k": 1}}}),
            about("k", "1", "1 is not of type 'string'"),
        ),
    ];
    for version in VERSIONS {
        let path = demo.path(version, "snapshots");
        for (body, message) in &cases {
            demo.post(&path, body.clone()).await.is_fault(400, message);
        }
        let broken = demo.send(Method::POST, &path, Some("{".to_owned())).await;
        broken.is_fault(400, "Malformed request body");
        demo.get(&path).await.is(200, &json!({"snapshots": []}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disks_status_allows_or_forbids_a_snapshot_and_force_and_3_66_take_disks_in_use_too() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let path = demo.path("v3", "snapshots");
    let plain = json!({"snapshot": {"volume_id": disk}});
    let forced = json!({"snapshot": {"volume_id": disk, "force": true}});
    let refused = |wanted: &str, status: &str| {
        format!(
            "Invalid volume: Volume {disk} status must be {wanted}, but current status is: \
             {status}."
        )
    };
    for status in DiskStatus::ALL {
        let word = status.as_str();
        if ["available", "awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        admin.reset(&disk, word).await;
        demo.post(&path, plain.clone()).await.is_fault(400, &refused("available", word));
        for client in [&demo, &demo.at("3.66")] {
            let answer = client.post(&path, forced.clone()).await;
            if word == "attaching" {
                assert_eq!(answer.status, 202, "{}", answer.text);
            } else {
                answer.is_fault(400, &refused("available, in-use", word));
            }
        }
        let late = demo.at("3.66").post(&path, plain.clone()).await;
        late.is_fault(400, &refused("available, in-use", word));
    }
    admin.reset(&disk, "available").await;
    let attach = json!({"os-attach": {"mountpoint": "/dev/vdc", "host_name": "node-1"}});
    demo.act(&disk, attach).await.is_empty(202);
    demo.post(&path, plain.clone()).await.is_fault(400, &refused("available", "in-use"));
    assert_eq!(demo.post(&path, forced.clone()).await.status, 202);
    assert_eq!(demo.at("3.66").post(&path, plain).await.status, 202);
    assert_eq!(demo.at("3.66").post(&path, forced).await.status, 202);
    let unforced = json!({"snapshot": {"volume_id": disk, "force": false}});
    demo.at("3.66").post(&path, unforced).await.is_fault(
        400,
        "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward \
         compatability, however, when the 'force' flag is passed with a value evaluating to True, \
         it is silently ignored.",
    );
    demo.act(&disk, json!({"os-detach": {}})).await.is_empty(202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_the_projects_own_newest_first_filtered_and_paged() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let disks = [demo.disk().await, demo.disk().await];
    let mut made = Vec::new();
    for n in 0..4 {
        let body = json!({"snapshot": {"volume_id": disks[n % 2], "name": format!("s{n}")}});
        let answer = demo.post(&demo.path("v3", "snapshots"), body).await;
        made.push(answer.body["snapshot"]["id"].as_str().unwrap().to_owned());
        server.advance(TimeDelta::seconds(1));
    }
    let theirs = partner.snapshot(&partner.disk().await).await;
    let reset = json!({"os-reset_status": {"status": "error"}});
    admin
        .post(&admin.path("v3", &format!("snapshots/{}/action", made[2])), reset)
        .await
        .is_empty(202);
    let ids = |body: &Value| -> Vec<String> {
        let snapshots = body["snapshots"].as_array().unwrap();
        snapshots.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let pick = |of: &[usize]| of.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for version in VERSIONS {
        for kind in ["snapshots", "snapshots/detail"] {
            for (query, expected) in [
                (String::new(), pick(&[3, 2, 1, 0])),
                ("sort=name:asc".to_owned(), pick(&[0, 1, 2, 3])),
                ("sort_key=created_at&sort_dir=asc".to_owned(), pick(&[0, 1, 2, 3])),
                ("limit=2&offset=1".to_owned(), pick(&[2, 1])),
                (format!("marker={}", made[1]), pick(&[0])),
                (format!("volume_id={}", disks[0]), pick(&[2, 0])),
                ("volume_id=nonsense".to_owned(), vec![]),
                ("name=s1".to_owned(), pick(&[1])),
                ("status=error".to_owned(), pick(&[2])),
                ("status=nonsense".to_owned(), vec![]),
                ("all_tenants=1".to_owned(), pick(&[3, 2, 1, 0])),
            ] {
                let answer = demo.get(&demo.path(version, &format!("{kind}?{query}"))).await;
                assert_eq!((answer.status, ids(&answer.body)), (200, expected), "{query}");
            }
            let first = demo.get(&demo.path(version, &format!("{kind}?limit=1"))).await;
            let next =
                format!("{}{}?limit=1&marker={}", demo.url, demo.path(version, kind), made[3]);
            assert_eq!(first.body["snapshots_links"], json!([{"rel": "next", "href": next}]));
            let all = admin.get(&admin.path(version, &format!("{kind}?all_tenants=1"))).await;
            let mut everyone = vec![theirs.clone()];
            everyone.extend(pick(&[3, 2, 1, 0]));
            assert_eq!(ids(&all.body), everyone);
            for marker in ["nonsense", ABSENT, &theirs] {
                let path = demo.path(version, &format!("{kind}?marker={marker}"));
                let message = format!("Snapshot {marker} could not be found.");
                demo.get(&path).await.is_fault(404, &message);
            }
            let path = demo.path(version, &format!("{kind}?limit=invalid"));
            demo.get(&path).await.is_fault(400, "limit param must be an integer");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_resets_a_snapshot_and_its_status_allows_or_forbids_to_delete_it() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    for version in VERSIONS {
        for status in ["available", "error", "creating", "deleting", "error_deleting"] {
            let id = demo.snapshot(&disk).await;
            let own = demo.path(version, &format!("snapshots/{id}"));
            let action = format!("{}/action", admin.path(version, &format!("snapshots/{id}")));
            let reset = json!({"os-reset_status": {"status": status.to_uppercase()}});
            admin.post(&action, reset).await.is_empty(202);
            let mut expected =
                detail(&demo, summary(&id, &disk, json!({"status": status, "updated_at": T0})));
            if status == "creating" {
                expected["os-extended-snapshot-attributes:progress"] = "0%".into();
            }
            demo.get(&own).await.is(200, &json!({"snapshot": expected}));
            let answer = demo.delete(&own).await;
            if status == "available" || status == "error" {
                answer.is_empty(202);
                let gone = format!("Snapshot {id} could not be found.");
                demo.get(&own).await.is_fault(404, &gone);
                demo.delete(&own).await.is_fault(404, &gone);
            } else {
                answer.is_fault(
                    400,
                    "Invalid snapshot: Snapshot status must be available or error and must not be \
                     part of a group.",
                );
            }
        }
        let id = demo.snapshot(&disk).await;
        let action = admin.path(version, &format!("snapshots/{id}/action"));
        for (fields, message) in [
            (
                json!({"status": "rollbacking"}),
                "Invalid input for field/attribute status. Value: rollbacking. Must specify a \
                 valid status.",
            ),
            (
                json!({}),
                "Invalid input for field/attribute os-reset_status. Value: {}. 'status' is a \
                 required property",
            ),
            (
                json!({"status": null}),
                "Invalid input for field/attribute status. Value: None. None is not of type \
                 'string'",
            ),
        ] {
            admin.post(&action, json!({"os-reset_status": fields})).await.is_fault(400, message);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_or_disk_that_is_absent_or_another_projects_is_the_same_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let disk = partner.disk().await;
    let theirs = partner.snapshot(&disk).await;
    for version in VERSIONS {
        for method in [Method::GET, Method::DELETE] {
            let ask = async |id: &str| {
                let path = demo.path(version, &format!("snapshots/{id}"));
                demo.send(method.clone(), &path, None).await
            };
            let absent = ask(ABSENT).await;
            absent.is_fault(404, &format!("Snapshot {ABSENT} could not be found."));
            ask("xxx").await.is_fault(404, "Snapshot xxx could not be found.");
            assert_eq!(ask(&theirs).await.text.replace(&theirs, ABSENT), absent.text);
        }
        let take = async |id: &str| {
            let body = json!({"snapshot": {"volume_id": id}});
            demo.post(&demo.path(version, "snapshots"), body).await
        };
        let absent = take(ABSENT).await;
        absent.is_fault(404, &format!("Volume {ABSENT} could not be found."));
        assert_eq!(take(&disk).await.text.replace(&disk, ABSENT), absent.text);
        let path = admin.path(version, &format!("snapshots/{ABSENT}/action"));
        let reset = json!({"os-reset_status": {"status": "error"}});
        let message = format!("Snapshot {ABSENT} could not be found.");
        admin.post(&path, reset).await.is_fault(404, &message);
    }
    let path = partner.path("v3", &format!("snapshots/{theirs}"));
    assert_eq!(partner.get(&path).await.status, 200);
    server.finish().await;
}
