//! The encryption of types: what it does to new disks, and when it may change.

use serde_json::{Value, json};

use super::{events, made, path};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::{T0, TestServer};

fn luks() -> Value {
    json!({
        "provider": "LuksEncryptor",
        "key_size": 256,
        "cipher": "aes-xts-plain64",
        "control_location": "front-end",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encryption_is_made_shown_changed_and_removed() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    for version in VERSIONS {
        let id = made(&admin, json!({"name": version})).await;
        let of_type = admin.path(version, &format!("types/{id}/encryption"));
        admin.get(&of_type).await.is(200, &json!({}));
        let answer = admin.post(&of_type, json!({"encryption": luks()})).await;
        let encryption = &answer.body["encryption"]["encryption_id"];
        let mut expected = luks();
        expected["volume_type_id"] = id.clone().into();
        expected["encryption_id"] = encryption.clone();
        answer.is(200, &json!({"encryption": expected}));
        expected["deleted_at"] = Value::Null;
        expected["deleted"] = false.into();
        expected["created_at"] = T0.into();
        expected["updated_at"] = Value::Null;
        admin.get(&of_type).await.is(200, &expected);
        for (key, value) in expected.as_object().unwrap() {
            admin.get(&format!("{of_type}/{key}")).await.is(200, &json!({key: value}));
        }

        let own = format!("{of_type}/{}", encryption.as_str().unwrap());
        let change = json!({
            "key_size": 128, "provider": "SomeProvider", "control_location": "back-end",
        });
        admin
            .put(&own, json!({"encryption": change}))
            .await
            .is(200, &json!({"encryption": change}));
        for (key, value) in change.as_object().unwrap() {
            expected[key] = value.clone();
        }
        expected["updated_at"] = T0.into();
        admin.get(&of_type).await.is(200, &expected);
        let text = json!({"encryption": {"key_size": "512", "cipher": null}});
        let number = json!({"encryption": {"key_size": 512, "cipher": null}});
        admin.put(&own, text).await.is(200, &number);
        (expected["key_size"], expected["cipher"]) = (512.into(), Value::Null);
        admin.get(&of_type).await.is(200, &expected);

        admin.delete(&own).await.is_empty(202);
        admin.get(&of_type).await.is(200, &json!({}));
        let message = format!("Volume type encryption for type {id} does not exist.");
        admin.delete(&own).await.is_fault(404, &message);
        admin.put(&own, json!({"encryption": {}})).await.is_fault(404, &message);
        admin.get(&format!("{of_type}/cipher")).await.is_fault(404, &message);
        assert_eq!(
            events(&server, &id).await,
            [
                "disk_type.create",
                "disk_type.create_encryption",
                "disk_type.update_encryption",
                "disk_type.update_encryption",
                "disk_type.delete_encryption",
            ]
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_disks_of_a_type_with_encryption_are_encrypted_and_forbid_its_change() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = made(&admin, json!({"name": "gold"})).await;
    let of_type = path(&admin, &format!("types/{id}/encryption"));
    let plain = demo.disk_of(json!({"size": 1, "volume_type": "gold"})).await;
    assert_eq!(demo.show_disk(&plain).await.body["volume"]["encrypted"], false);
    let body = json!({"encryption": luks()});
    let refused = admin.post(&of_type, body.clone()).await;
    refused.is_fault(400, "Cannot create encryption specs. Volume type in use.");
    demo.delete(&path(&demo, &format!("volumes/{plain}"))).await.is_empty(202);

    assert_eq!(admin.post(&of_type, body.clone()).await.status, 200);
    let again = admin.post(&of_type, body.clone()).await;
    again.is_fault(400, &format!("Volume type encryption for type {id} already exists."));
    let disk = demo.disk_of(json!({"size": 1, "volume_type": "gold"})).await;
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["encrypted"], true);
    let own = format!("{of_type}/any");
    let refused = admin.put(&own, json!({"encryption": {"key_size": 1}})).await;
    refused.is_fault(400, "Cannot update encryption specs. Volume type in use.");
    let refused = admin.delete(&own).await;
    refused.is_fault(400, "Cannot delete encryption specs. Volume type in use.");
    let offer = json!({"transfer": {"volume_id": disk}});
    let offer = demo.post(&path(&demo, "os-volume-transfer"), offer).await;
    assert_eq!(offer.status, 400, "an encrypted disk stays: {}", offer.text);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_encryption_and_one_of_no_type_are_refused() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let id = made(&admin, json!({"name": "gold"})).await;
    let of_type = path(&admin, &format!("types/{id}/encryption"));
    let about = |key: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {key}. Value: {value}. {rule}")
    };
    for (key, value, message) in [
        (
            "control_location",
            json!("here"),
            about("control_location", "here", "'here' is not one of ['front-end', 'back-end']"),
        ),
        (
            "key_size",
            json!("big"),
            "Invalid input received: key_size must be an integer.".to_owned(),
        ),
        ("key_size", json!(-1), about("key_size", "-1", "-1 is less than the minimum of 0")),
        (
            "key_size",
            json!(4_000_000_000_u64),
            about("key_size", "4000000000", "4000000000 is greater than the maximum of 2147483647"),
        ),
        ("provider", json!(null), about("provider", "None", "None is not of type 'string'")),
        ("cipher", json!(5), about("cipher", "5", "5 is not of type 'string', 'null'")),
    ] {
        let mut encryption = luks();
        encryption[key] = value;
        let body = json!({"encryption": encryption});
        admin.post(&of_type, body.clone()).await.is_fault(400, &message);
        admin.put(&format!("{of_type}/x"), body).await.is_fault(400, &message);
    }
    let bare = json!({"encryption": {"provider": "p"}});
    admin.post(&of_type, bare).await.is_fault(
        400,
        &about("encryption", "{'provider': 'p'}", "'control_location' is a required property"),
    );
    admin.get(&of_type).await.is(200, &json!({}));

    let absent = path(&admin, &format!("types/{ABSENT}/encryption"));
    let message = format!("Volume type {ABSENT} could not be found.");
    admin.get(&absent).await.is_fault(404, &message);
    admin.post(&absent, json!({"encryption": luks()})).await.is_fault(404, &message);
    let own = format!("{absent}/x");
    admin.put(&own, json!({"encryption": luks()})).await.is_fault(404, &message);
    admin.get(&own).await.is_fault(404, &message);
    let message = format!("Volume type encryption for type {ABSENT} does not exist.");
    admin.delete(&own).await.is_fault(404, &message);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_tells_how_it_is_encrypted() {
    let server = TestServer::start().await;
    let (demo, admin) = (server.login("demo").await, server.login("admin").await);
    let id = made(&admin, json!({"name": "sealed"})).await;
    let of_type = admin.path("v3", &format!("types/{id}/encryption"));
    assert_eq!(admin.post(&of_type, json!({"encryption": luks()})).await.status, 200);
    let key = "0b7f3c0e-4e0b-4df5-8f7e-6f3f0c3f5a11";
    let (plain, sealed) = (
        demo.disk().await,
        demo.disk_of(json!({
            "size": 1, "volume_type": "sealed", "metadata": {"__system__cmkid": key},
        }))
        .await,
    );
    for version in VERSIONS {
        let path = |disk: &str, rest: &str| demo.path(version, &format!("volumes/{disk}/{rest}"));
        let none = json!({"encryption_key_id": null});
        demo.get(&path(&plain, "encryption")).await.is(200, &none);
        let mut expected = luks();
        expected["encryption_key_id"] = key.into();
        demo.get(&path(&sealed, "encryption")).await.is(200, &expected);
        let cipher = demo.get(&path(&sealed, "encryption/cipher")).await;
        assert_eq!((cipher.status, cipher.text.as_str()), (200, "aes-xts-plain64"));
        let nothing = "The resource could not be found.";
        demo.get(&path(&sealed, "encryption/nonsense")).await.is_fault(404, nothing);
        let absent = format!("Volume {ABSENT} could not be found.");
        demo.get(&path(ABSENT, "encryption")).await.is_fault(404, &absent);
    }
    server.finish().await;
}
