//! Backups: create, show, lists, delete and reset, alike under `/v2` and `/v3`.

mod changes;
mod lists;
mod native;
mod progress;
mod records;
mod restore;
mod shares;

use chrono::TimeDelta;
use evs_local::domain::disk::DiskStatus;
use reqwest::Method;
use serde_json::{Value, json};

use crate::disks::{ABSENT, VERSIONS, shown};
use crate::support::{Client, T0, TestServer};

/// Makes a backup with these members; its id.
async fn made(client: &Client, version: &str, backup: Value) -> String {
    let path = client.path("v3", "backups");
    let answer = client.at(version).post(&path, json!({"backup": backup})).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    answer.body["backup"]["id"].as_str().unwrap().to_owned()
}

/// The backup at the newest version.
async fn shown_backup(client: &Client, id: &str) -> Value {
    let answer = client.at("3.71").get(&client.path("v3", &format!("backups/{id}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["backup"].clone()
}

fn detail(client: &Client, version: &str, id: &str, disk: &str, changes: Value) -> Value {
    let mut backup = json!({
        "id": id,
        "status": "available",
        "size": 10,
        "object_count": 6,
        "availability_zone": "az-sim-1",
        "container": "volumebackups",
        "created_at": T0,
        "updated_at": null,
        "name": null,
        "description": null,
        "fail_reason": null,
        "volume_id": disk,
        "links": client.links(version, "backups", id),
        "is_incremental": false,
        "has_dependent_backups": false,
        "snapshot_id": null,
        "data_timestamp": T0,
    });
    let Value::Object(changes) = changes else { panic!("{changes}") };
    backup.as_object_mut().unwrap().extend(changes);
    backup
}

#[tokio::test(flavor = "multi_thread")]
async fn create_answers_three_members_and_show_and_the_detailed_list_the_whole_backup() {
    let server = TestServer::start().await;
    for (account, version) in [("demo", "v2"), ("partner", "v3")] {
        let client = server.login(account).await;
        let disk = client.disk().await;
        let body = json!({"backup": {
            "volume_id": disk,
            "name": " weekly ",
            "description": "d",
            "container": "vault",
            "snapshot_id": null,
            "incremental": false,
            "force": "no",
        }});
        let created = client.post(&client.path(version, "backups"), body).await;
        let id = created.body["backup"]["id"].as_str().unwrap().to_owned();
        let links = client.links(version, "backups", &id);
        let summary = json!({"id": id, "name": "weekly", "links": links});
        created.is(202, &json!({"backup": summary}));
        let path = |rest: &str| client.path(version, rest);
        client.get(&path("backups")).await.is(200, &json!({"backups": [summary]}));
        let changes = json!({"name": "weekly", "description": "d", "container": "vault"});
        let backup = detail(&client, version, &id, &disk, changes);
        let own = path(&format!("backups/{id}"));
        client.get(&own).await.is(200, &json!({"backup": backup}));
        client.get(&path("backups/detail")).await.is(200, &json!({"backups": [backup]}));
        let untouched = shown(&client, "v3", &disk, json!({}));
        client.show_disk(&disk).await.is(200, &json!({"volume": untouched}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_are_told_from_3_18_and_3_56_on_whose_a_backup_is() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let id = demo.backup(&disk).await;
    for minor in [0, 17, 18, 42, 43, 55, 56, 71] {
        let version = format!("3.{minor}");
        let metadata = if minor >= 43 { json!({"metadata": {}}) } else { json!({}) };
        let own = detail(&demo, "v3", &id, &disk, metadata.clone());
        let path = demo.path("v3", &format!("backups/{id}"));
        demo.at(&version).get(&path).await.is(200, &json!({"backup": own}));
        let mut all = detail(&admin, "v3", &id, &disk, metadata);
        if minor >= 18 {
            all["os-backup-project-attr:project_id"] = demo.project.clone().into();
        }
        if minor >= 56 {
            all["user_id"] = demo.user.clone().into();
        }
        let path = admin.path("v3", &format!("backups/{id}"));
        admin.at(&version).get(&path).await.is(200, &json!({"backup": all}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incremental_backup_builds_on_another_one() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for version in VERSIONS {
        let disk = demo.disk().await;
        let path = demo.path(version, "backups");
        let body = json!({"backup": {"volume_id": disk, "incremental": true}});
        demo.post(&path, body.clone())
            .await
            .is_fault(400, "Invalid backup: No backups available to do an incremental backup.");
        let base = demo.backup(&disk).await;
        let answer = demo.post(&path, body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        let id = answer.body["backup"]["id"].as_str().unwrap();
        let changes = json!({"is_incremental": true, "object_count": 1});
        let expected = detail(&demo, version, id, &disk, changes);
        demo.get(&format!("{path}/{id}")).await.is(200, &json!({"backup": expected}));
        let changes = json!({"has_dependent_backups": true});
        let expected = detail(&demo, version, &base, &disk, changes);
        demo.get(&format!("{path}/{base}")).await.is(200, &json!({"backup": expected}));
        demo.delete(&format!("{path}/{base}"))
            .await
            .is_fault(400, "Invalid backup: Incremental backups exist for this backup.");
        demo.delete(&format!("{path}/{id}")).await.is_empty(202);
        demo.delete(&format!("{path}/{base}")).await.is_empty(202);
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
    let cases: [(Value, String); 8] = [
        (json!({}), "'backup' is a required property".to_owned()),
        (json!({"backup": {}}), about("backup", "{}", "'volume_id' is a required property")),
        (json!({"backup": {"volume_id": "x"}}), about("volume_id", "x", "'x' is not a 'uuid'")),
        (
            json!({"backup": {"volume_id": disk}, "x": 1}),
            "Additional properties are not allowed ('x' was unexpected)".to_owned(),
        ),
        (
            json!({"backup": {"volume_id": disk, "metadata": {}}}),
            about(
                "backup",
                &format!("{{'volume_id': '{disk}', 'metadata': {{}}}}"),
                "Additional properties are not allowed ('metadata' was unexpected)",
            ),
        ),
        (
            json!({"backup": {"volume_id": disk, "incremental": 1}}),
            about("incremental", "1", &format!("1 {boolean}")),
        ),
        (
            json!({"backup": {"volume_id": disk, "force": "maybe"}}),
            about("force", "maybe", &format!("'maybe' {boolean}")),
        ),
        (
            json!({"backup": {"volume_id": disk, "container": 1}}),
            about("container", "1", "1 is not of type 'string', 'null'"),
        ),
    ];
    for version in VERSIONS {
        let path = demo.path(version, "backups");
        for (body, message) in &cases {
            demo.post(&path, body.clone()).await.is_fault(400, message);
        }
        demo.get(&path).await.is(200, &json!({"backups": []}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disks_status_allows_or_forbids_a_backup_and_a_disk_in_use_needs_force() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let path = demo.path("v3", "backups");
    let plain = json!({"backup": {"volume_id": disk}});
    let forced = json!({"backup": {"volume_id": disk, "force": true}});
    for status in DiskStatus::ALL {
        let word = status.as_str();
        if ["available", "awaiting-transfer", "in-use", "deleting"].contains(&word) {
            continue;
        }
        admin.reset(&disk, word).await;
        for body in [&plain, &forced] {
            demo.post(&path, body.clone()).await.is_fault(
                400,
                &format!(
                    "Invalid volume: Volume to be backed up must be available or in-use, but the \
                     current status is \"{word}\"."
                ),
            );
        }
    }
    admin.reset(&disk, "available").await;
    let attach = json!({"os-attach": {"mountpoint": "/dev/vdc", "host_name": "node-1"}});
    demo.act(&disk, attach).await.is_empty(202);
    let in_use = "Invalid volume: Backing up an in-use volume must use the force flag.";
    demo.post(&path, plain).await.is_fault(400, in_use);
    assert_eq!(demo.post(&path, forced).await.status, 202);
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
        let body = json!({"backup": {"volume_id": disks[n % 2], "name": format!("b{n}")}});
        let answer = demo.post(&demo.path("v3", "backups"), body).await;
        made.push(answer.body["backup"]["id"].as_str().unwrap().to_owned());
        server.advance(TimeDelta::seconds(1));
    }
    let theirs = partner.backup(&partner.disk().await).await;
    let reset = json!({"os-reset_status": {"status": "error"}});
    let action = admin.path("v3", &format!("backups/{}/action", made[2]));
    admin.post(&action, reset).await.is_empty(202);
    let ids = |body: &Value| -> Vec<String> {
        let backups = body["backups"].as_array().unwrap();
        backups.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let pick = |of: &[usize]| of.iter().map(|n| made[*n].clone()).collect::<Vec<_>>();
    for version in VERSIONS {
        for kind in ["backups", "backups/detail"] {
            for (query, expected) in [
                (String::new(), pick(&[3, 2, 1, 0])),
                ("sort=name:asc".to_owned(), pick(&[0, 1, 2, 3])),
                ("limit=2&offset=1".to_owned(), pick(&[2, 1])),
                (format!("marker={}", made[1]), pick(&[0])),
                (format!("volume_id={}", disks[0]), pick(&[2, 0])),
                ("name=b1".to_owned(), pick(&[1])),
                ("status=error".to_owned(), pick(&[2])),
                ("status=nonsense".to_owned(), vec![]),
                ("all_tenants=1".to_owned(), pick(&[3, 2, 1, 0])),
            ] {
                let answer = demo.get(&demo.path(version, &format!("{kind}?{query}"))).await;
                assert_eq!((answer.status, ids(&answer.body)), (200, expected), "{query}");
            }
            let path = demo.path(version, kind);
            let first = demo.get(&format!("{path}?limit=1")).await;
            let next = format!("{}{path}?limit=1&marker={}", demo.url, made[3]);
            assert_eq!(first.body["backups_links"], json!([{"rel": "next", "href": next}]));
            let all = admin.get(&admin.path(version, &format!("{kind}?all_tenants=1"))).await;
            let mut everyone = vec![theirs.clone()];
            everyone.extend(pick(&[3, 2, 1, 0]));
            assert_eq!(ids(&all.body), everyone);
            for marker in ["nonsense", ABSENT, &theirs] {
                let message = format!("Backup {marker} could not be found.");
                demo.get(&format!("{path}?marker={marker}")).await.is_fault(404, &message);
            }
        }
    }
    server.finish().await;
}

/// Cinder's sentence.
fn no_reset(status: &str) -> String {
    format!("Backup status: {status} is invalid, valid statuses are: ['available', 'error'].")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_reset_to_available_or_error_only_and_its_status_allows_or_forbids_to_delete_it()
 {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    for version in VERSIONS {
        for status in [
            "available",
            "error",
            "creating",
            "deleting",
            "restoring",
            "error_restoring",
            "error_deleting",
        ] {
            let id = demo.backup(&disk).await;
            let own = demo.path(version, &format!("backups/{id}"));
            let action = admin.path(version, &format!("backups/{id}/action"));
            let reset = json!({"os-reset_status": {"status": status}});
            let answer = admin.post(&action, reset).await;
            if status == "available" || status == "error" {
                answer.is_empty(202);
            } else {
                // What is under way is nobody's to say.
                answer.is_fault(400, &no_reset(status));
                server.backup_comes_to(&id, status).await;
            }
            let objects = if ["creating", "error"].contains(&status) { 0 } else { 6 };
            let touched = (status == "available" || status == "error").then_some(T0);
            let changes = json!({"status": status, "updated_at": touched, "object_count": objects});
            let expected = detail(&demo, version, &id, &disk, changes);
            demo.get(&own).await.is(200, &json!({"backup": expected}));
            let answer = demo.delete(&own).await;
            if status == "available" || status == "error" {
                answer.is_empty(202);
                let gone = format!("Backup {id} could not be found.");
                demo.get(&own).await.is_fault(404, &gone);
                demo.delete(&own).await.is_fault(404, &gone);
            } else {
                let why = "Invalid backup: Backup status must be available or error";
                answer.is_fault(400, why);
                admin.post(&action, json!({"os-force_delete": {}})).await.is_empty(202);
            }
        }
        let id = demo.backup(&disk).await;
        let action = admin.path(version, &format!("backups/{id}/action"));
        for bogus in ["backing-up", "Creating", ""] {
            let reset = json!({"os-reset_status": {"status": bogus}});
            admin.post(&action, reset).await.is_fault(400, &no_reset(bogus));
        }
        admin.post(&action, json!({"os-reset_status": {"status": "ERROR"}})).await.is_empty(202);
        demo.delete(&demo.path(version, &format!("backups/{id}"))).await.is_empty(202);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_or_disk_that_is_absent_or_another_projects_is_the_same_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let admin = server.login("admin").await;
    let disk = partner.disk().await;
    let theirs = partner.backup(&disk).await;
    for version in VERSIONS {
        for method in [Method::GET, Method::DELETE] {
            let ask = async |id: &str| {
                let path = demo.path(version, &format!("backups/{id}"));
                demo.send(method.clone(), &path, None).await
            };
            let absent = ask(ABSENT).await;
            absent.is_fault(404, &format!("Backup {ABSENT} could not be found."));
            ask("xxx").await.is_fault(404, "Backup xxx could not be found.");
            assert_eq!(ask(&theirs).await.text.replace(&theirs, ABSENT), absent.text);
        }
        let back_up = async |id: &str| {
            let body = json!({"backup": {"volume_id": id}});
            demo.post(&demo.path(version, "backups"), body).await
        };
        let absent = back_up(ABSENT).await;
        absent.is_fault(404, &format!("Volume {ABSENT} could not be found."));
        assert_eq!(back_up(&disk).await.text.replace(&disk, ABSENT), absent.text);
        let path = admin.path(version, &format!("backups/{ABSENT}/action"));
        let reset = json!({"os-reset_status": {"status": "error"}});
        admin
            .post(&path, reset)
            .await
            .is_fault(404, &format!("Backup {ABSENT} could not be found."));
    }
    let path = partner.path("v3", &format!("backups/{theirs}"));
    assert_eq!(partner.get(&path).await.status, 200);
    server.finish().await;
}
