//! Accepting a transfer: its answer, its effect on disk and quota, every refusal.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{FAMILIES, T0, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn accept_gives_the_disk_to_the_other_project_and_ends_the_transfer() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for (version, family) in FAMILIES {
        let disk = demo
            .disk_of(json!({"size": 40, "name": "ledger", "metadata": {"owner": "atlas"}}))
            .await;
        let before = demo.show_disk(&disk).await.body["volume"].clone();
        let body = json!({"transfer": {"volume_id": disk, "name": "t"}});
        let created = demo.post(&demo.path(version, family), body).await;
        let transfer = &created.body["transfer"];
        let (id, key) = (transfer["id"].as_str().unwrap(), transfer["auth_key"].as_str().unwrap());
        server.advance(TimeDelta::seconds(1));
        let path = partner.path(version, &format!("{family}/{id}/accept"));
        let answer = partner.post(&path, json!({"accept": {"auth_key": key}})).await;
        answer.is(
            202,
            &json!({"transfer": {
                "id": id,
                "name": "t",
                "volume_id": disk,
                "links": partner.links(version, "os-volume-transfer", id),
            }}),
        );

        demo.show_disk(&disk).await.is_fault(404, &format!("Volume {disk} could not be found."));
        let after = partner.show_disk(&disk).await.body["volume"].clone();
        let mut expected = before.clone();
        expected["os-vol-tenant-attr:tenant_id"] = partner.project.clone().into();
        expected["user_id"] = partner.user.clone().into();
        expected["links"] = partner.links("v3", "volumes", &disk);
        expected["updated_at"] = after["updated_at"].clone();
        assert_eq!(after, expected, "nothing else changed");
        assert_ne!(after["updated_at"], Value::Null);
        assert_ne!(after["updated_at"], json!(T0), "it changed now");

        let gone = format!("Transfer {id} could not be found.");
        for client in [&demo, &partner] {
            let path = client.path(version, &format!("{family}/{id}"));
            client.get(&path).await.is_fault(404, &gone);
            client.delete(&path).await.is_fault(404, &gone);
            let again = json!({"accept": {"auth_key": key}});
            client.post(&format!("{path}/accept"), again).await.is_fault(404, &gone);
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_moves_with_the_disk_and_its_sum_stays() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let disk = demo.disk_of(json!({"size": 40, "volume_type": "SAS"})).await;
    demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    let keys = ["volumes", "gigabytes", "volumes_SAS", "gigabytes_SAS"];
    for (key_name, before) in keys.iter().zip([2, 50, 1, 40]) {
        assert_eq!(admin.in_use(&demo.project, key_name).await, before, "{key_name}");
        assert_eq!(admin.in_use(&partner.project, key_name).await, 0, "{key_name}");
    }
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    for (key_name, (donor, recipient)) in keys.iter().zip([(1, 1), (10, 40), (0, 1), (0, 40)]) {
        assert_eq!(admin.in_use(&demo.project, key_name).await, donor, "{key_name}");
        assert_eq!(admin.in_use(&partner.project, key_name).await, recipient, "{key_name}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    for (version, family) in FAMILIES {
        let disk = demo.disk().await;
        let (id, key) = demo.offer(&disk).await;
        let path = partner.path(version, &format!("{family}/{id}/accept"));
        let wrong = format!("Invalid auth key: Attempt to transfer {id} with invalid auth key.");
        for bad in [
            json!(format!("{key}0")),
            json!(key[..15].to_owned()),
            json!(key.to_uppercase() + "A"),
            json!(""),
            json!(" "),
            json!(0),
            json!(-5),
            json!("k".repeat(10_000)),
        ] {
            let body = json!({"accept": {"auth_key": bad}});
            partner.post(&path, body).await.is_fault(400, &wrong);
        }
        assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
        let body = json!({"accept": {"auth_key": key}});
        assert_eq!(partner.post(&path, body).await.status, 202);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_accept_is_refused_and_no_key_is_quoted() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    let of_key = "Invalid input for field/attribute auth_key. Value: ";
    let cases: Vec<(String, String)> = vec![
        (String::new(), "Malformed request body".to_owned()),
        ("nonsense".to_owned(), "Malformed request body".to_owned()),
        ("[]".to_owned(), "[] is not of type 'object'".to_owned()),
        ("{}".to_owned(), "'accept' is a required property".to_owned()),
        (
            "{\"accept\": {}}".to_owned(),
            "Invalid input for field/attribute accept. Value: ***. 'auth_key' is a required \
             property"
                .to_owned(),
        ),
        (
            "{\"accept\": {\"auth_key\": null}}".to_owned(),
            format!("{of_key}None. None is not of type 'string', 'integer'"),
        ),
        (
            format!("{{\"accept\": {{\"auth_key\": [\"{key}\"]}}}}"),
            format!("{of_key}***. *** is not of type 'string', 'integer'"),
        ),
        (
            "{\"accept\": {\"auth_key\": 1.5}}".to_owned(),
            format!("{of_key}***. *** is not of type 'string', 'integer'"),
        ),
        (
            "{\"accept\": {\"auth_key\": true}}".to_owned(),
            format!("{of_key}***. *** is not of type 'string', 'integer'"),
        ),
        (
            format!("{{\"accept\": {{\"auth_key\": \"{key}\", \"force\": 1}}}}"),
            "Invalid input for field/attribute accept. Value: ***. Additional properties are not \
             allowed ('force' was unexpected)"
                .to_owned(),
        ),
        (
            format!("{{\"accept\": {{\"auth_key\": \"{key}\"}}, \"x\": 1}}"),
            "Additional properties are not allowed ('x' was unexpected)".to_owned(),
        ),
    ];
    for (version, family) in FAMILIES {
        let path = partner.path(version, &format!("{family}/{id}/accept"));
        for (body, message) in &cases {
            let answer = partner.send(reqwest::Method::POST, &path, Some(body.clone())).await;
            answer.is_fault(400, message);
            assert!(!answer.text.contains(&key));
        }
    }
    assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_text_that_names_no_pending_transfer_is_404() {
    let server = TestServer::start().await;
    let partner = server.login("partner").await;
    for (version, family) in FAMILIES {
        for id in ["nonsense", "93c1a7de-2f40-4d6b-8b15-7ce0d94fa2b8", "ü%20x"] {
            let path = partner.path(version, &format!("{family}/{id}/accept"));
            let answer = partner.post(&path, json!({"accept": {"auth_key": "x"}})).await;
            assert_eq!(answer.status, 404, "{}", answer.text);
            let shown = id.replace("%20", " ");
            answer.is_fault(404, &format!("Transfer {shown} could not be found."));
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipients_quota_is_checked_in_cinders_order_and_words() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    partner.disk_of(json!({"size": 980, "volume_type": "SSD"})).await;
    let disk = demo.disk_of(json!({"size": 40, "volume_type": "SSD"})).await;
    let (id, key) = demo.offer(&disk).await;
    let volumes = |key: &str| {
        format!(
            "VolumeLimitExceeded: Maximum number of volumes allowed (1) exceeded for quota '{key}'."
        )
    };
    let gigabytes = |key: &str| {
        format!(
            "Requested volume or snapshot exceeds allowed {key} quota. Requested 40G, quota is \
             1000G and 980G has been consumed."
        )
    };
    let unlimited = json!({
        "volumes": -1, "gigabytes": -1, "per_volume_gigabytes": -1,
        "volumes_SSD": -1, "gigabytes_SSD": -1,
    });
    for (limits, message) in [
        (
            json!({"per_volume_gigabytes": 20, "gigabytes": 0, "volumes": 0}),
            "VolumeSizeExceedsLimit: Requested volume size 40G is larger than maximum allowed \
             limit 20G."
                .to_owned(),
        ),
        (json!({"gigabytes": 1000, "volumes": 1}), gigabytes("gigabytes")),
        (json!({"gigabytes_SSD": 1000, "volumes": 1}), gigabytes("gigabytes_SSD")),
        (json!({"volumes": 1, "volumes_SSD": 1}), volumes("volumes")),
        (json!({"volumes_SSD": 1}), volumes("volumes_SSD")),
    ] {
        admin.set_quota(&partner.project, unlimited.clone()).await;
        admin.set_quota(&partner.project, limits).await;
        for (version, family) in FAMILIES {
            let path = partner.path(version, &format!("{family}/{id}/accept"));
            let answer = partner.post(&path, json!({"accept": {"auth_key": key}})).await;
            answer.is_over_limit(&message);
        }
        assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
    }
    let exact = json!({
        "volumes": 2, "gigabytes": 1020, "per_volume_gigabytes": 980,
        "volumes_SSD": 2, "gigabytes_SSD": 1020,
    });
    admin.set_quota(&partner.project, exact).await;
    assert_eq!(partner.accept(&id, &key).await.status, 202, "the key is still good");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_without_room_for_one_disk_is_refused_and_the_key_stays_good() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let partner = server.login("partner").await;
    let (id, key) = demo.offer(&demo.disk().await).await;
    admin.set_quota(&partner.project, json!({"volumes": 0})).await;
    partner.accept(&id, &key).await.is_over_limit(
        "VolumeLimitExceeded: Maximum number of volumes allowed (0) exceeded for quota 'volumes'.",
    );
    admin.set_quota(&partner.project, json!({"volumes": 1})).await;
    assert_eq!(partner.accept(&id, &key).await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_at_its_limit_accepts_its_own_offer() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    let (id, key) = demo.offer(&disk).await;
    admin.set_quota(&demo.project, json!({"volumes": 1, "gigabytes": 10})).await;
    assert_eq!(demo.accept(&id, &key).await.status, 202);
    assert_eq!(demo.disk_status(&disk).await, "available");
    assert_eq!(demo.in_use(&demo.project, "volumes").await, 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_digits_is_taken_as_a_number_too() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let (id, _) = demo.offer(&demo.disk().await).await;
    // One key in some 1800 has digits only; the hash of such a one is planted.
    let hash = evs_local::service::hasher::Hasher::start(
        1,
        argon2::Params::new(8, 1, 1, None).unwrap(),
        argon2::Params::new(8, 1, 1, None).unwrap(),
    )
    .unwrap()
    .hash_password("1234567890123456".into())
    .await
    .unwrap();
    server
        .edit(&format!("UPDATE transfers SET key_hash = '{}' WHERE id = '{id}'", hash.as_phc()))
        .await;
    let path = partner.path("v2", &format!("os-volume-transfer/{id}/accept"));
    let body = json!({"accept": {"auth_key": 1_234_567_890_123_456_i64}});
    assert_eq!(partner.post(&path, body).await.status, 202);
    server.finish().await;
}
