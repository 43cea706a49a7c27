//! Records of backups: out of a server and into it or another.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{made, shown_backup};
use crate::disks::ABSENT;
use crate::support::{Answer, Client, TestServer};

async fn exported(admin: &Client, id: &str) -> Value {
    let path = admin.path("v3", &format!("backups/{id}/export_record"));
    let answer = admin.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

async fn import(admin: &Client, record: &Value) -> Answer {
    admin.post(&admin.path("v3", "backups/import_record"), record.clone()).await
}

fn packed(record: &Value) -> Value {
    let url = STANDARD.encode(record.to_string());
    json!({"backup-record": {"backup_service": "s", "backup_url": url}})
}

fn unpacked(record: &Value) -> Value {
    let url = record["backup-record"]["backup_url"].as_str().unwrap();
    serde_json::from_slice(&STANDARD.decode(url).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_comes_back_from_its_record_on_the_same_server_and_on_another() {
    let (server, other) = (TestServer::start().await, TestServer::start().await);
    let admin = server.login("admin").await;
    let elsewhere = other.login("admin").await;
    let disk = admin.disk().await;
    let base = made(&admin, "3.0", json!({"volume_id": disk})).await;
    let of = json!({"volume_id": disk, "name": "n", "description": "d", "container": "vault",
                    "incremental": true, "metadata": {"k": "v"}});
    let id = made(&admin, "3.43", of).await;
    let mut before = shown_backup(&admin, &id).await;
    let record = exported(&admin, &id).await;
    import(&admin, &record)
        .await
        .is_fault(400, "Invalid backup: Backup already exists in database.");
    admin.delete(&admin.path("v3", &format!("backups/{id}"))).await.is_empty(202);
    for (server, client) in [(&server, &admin), (&other, &elsewhere)] {
        let links = client.links("v3", "backups", &id);
        let summary = json!({"id": id, "name": "n", "links": links});
        import(client, &record).await.is(201, &json!({"backup": summary}));
        let mut after = shown_backup(client, &id).await;
        assert!(!after["updated_at"].is_null());
        after["updated_at"] = Value::Null;
        before["links"] = after["links"].clone();
        assert_eq!(after, before);
        let there: Vec<(String,)> =
            server.rows("SELECT base_id FROM backups WHERE id = $1", &id).await;
        assert_eq!(there, [(base.clone(),)]);
    }
    // Its base knows it again.
    assert_eq!(shown_backup(&admin, &base).await["has_dependent_backups"], true);
    server.finish().await;
    other.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_backup_is_the_importers_counts_there_and_forbids_like_any() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let disk = demo.disk().await;
    let id = demo.backup(&disk).await;
    let record = exported(&admin, &id).await;
    demo.delete(&demo.path("v3", &format!("backups/{id}"))).await.is_empty(202);
    admin.set_quota(&admin.project, json!({"backups": 0})).await;
    import(&admin, &record)
        .await
        .is_over_limit("BackupLimitExceeded: Maximum number of backups allowed (0) exceeded");
    admin.set_quota(&admin.project, json!({"backups": 1})).await;
    assert_eq!(import(&admin, &record).await.status, 201);
    assert_eq!(admin.in_use(&admin.project, "backups").await, 1);
    assert_eq!(admin.in_use(&demo.project, "backups").await, 0);
    let offer = json!({"transfer": {"volume_id": disk}});
    let refused = demo.post(&demo.path("v3", "os-volume-transfer"), offer).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let gone = format!("Backup {id} could not be found.");
    demo.get(&demo.path("v3", &format!("backups/{id}"))).await.is_fault(404, &gone);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_available_backup_is_exported() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let id = admin.backup(&admin.disk().await).await;
    let action = admin.path("v3", &format!("backups/{id}/action"));
    admin.post(&action, json!({"os-reset_status": {"status": "error"}})).await.is_empty(202);
    let path = admin.path("v3", &format!("backups/{id}/export_record"));
    let why = "Invalid backup: Backup status must be available and not error.";
    admin.get(&path).await.is_fault(400, why);
    let path = admin.path("v3", &format!("backups/{ABSENT}/export_record"));
    admin.get(&path).await.is_fault(404, &format!("Backup {ABSENT} could not be found."));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_none_is_refused_by_what_is_wrong_with_it() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let id = admin.backup(&admin.disk().await).await;
    let good = unpacked(&exported(&admin, &id).await);
    let with = |changes: &[(&str, Value)]| {
        let mut record = good.clone();
        record["id"] = ABSENT.into();
        for (name, value) in changes {
            record[*name] = value.clone();
        }
        packed(&record)
    };
    let without = |name: &str| {
        let mut record = good.clone();
        record.as_object_mut().unwrap().remove(name);
        packed(&record)
    };
    let url = |url: &str| json!({"backup-record": {"backup_service": "s", "backup_url": url}});
    let invalid = |what: &str| format!("Invalid input received: {what}");
    let attribute =
        |name: &str| invalid(&format!("Provided backup record has an invalid {name} attribute"));
    let about = |rule: &str| {
        format!("Invalid input for field/attribute backup-record. Value: {{}}. {rule}")
    };
    for (record, message) in [
        (json!({}), "'backup-record' is a required property".to_owned()),
        (json!({"backup-record": {}}), about("'backup_service' is a required property")),
        (
            url(""),
            "Invalid input for field/attribute backup_url. Value: . '' is too short".to_owned(),
        ),
        (url("?"), invalid("Can't decode backup record.")),
        (url("YQ=="), invalid("Can't parse backup record.")),
        (url("W10="), invalid("Can't parse backup record.")),
        (without("id"), invalid("Provided backup record is missing an id")),
        (without("size"), invalid("Provided backup record is missing size attribute")),
        (
            without("container"),
            "Invalid backup: Driver successfully decoded imported backup data, but there are \
             missing fields (container)."
                .to_owned(),
        ),
        (with(&[("id", json!("x"))]), attribute("id")),
        (with(&[("id", Value::Null)]), attribute("id")),
        (with(&[("size", json!(0))]), attribute("size")),
        (with(&[("size", json!("1"))]), attribute("size")),
        (with(&[("volume_id", json!(1))]), attribute("volume_id")),
        (with(&[("display_name", json!("x".repeat(256)))]), attribute("display_name")),
        (with(&[("created_at", json!("then"))]), attribute("created_at")),
        (with(&[("metadata", json!({"k": 1}))]), attribute("metadata")),
        (with(&[("parent_id", json!([]))]), attribute("parent_id")),
        (
            with(&[("parent_id", json!(id)), ("volume_id", json!(ABSENT))]),
            format!(
                "Invalid backup: Backups {ABSENT} and {id} build on each other and are of \
                 different volumes."
            ),
        ),
        (
            with(&[("parent_id", json!(ABSENT))]),
            format!("Invalid backup: Backup {ABSENT} would build on itself in the end."),
        ),
    ] {
        import(&admin, &record).await.is_fault(400, &message);
    }
    assert_eq!(admin.in_use(&admin.project, "backups").await, 1);
    // As Cinder writes it, with whole seconds and much that is null.
    let theirs = json!({"id": ABSENT, "volume_id": id, "size": 1, "display_name": null,
        "display_description": null, "container": null, "service_metadata": "x",
        "object_count": 1, "created_at": "2026-11-23T08:24:17Z", "parent_id": null});
    assert_eq!(import(&admin, &packed(&theirs)).await.status, 201);
    let shown = shown_backup(&admin, ABSENT).await;
    assert_eq!(shown["created_at"], "2026-11-23T08:24:17.000000");
    server.finish().await;
}
