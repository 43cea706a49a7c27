//! Creating a transfer: its answer to the byte, its effect, every bad input.

use serde_json::{Value, json};

use crate::support::{FAMILIES, T0, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn create_answers_the_transfer_with_its_key_and_the_disk_awaits() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (version, name) in FAMILIES {
        let disk = demo.disk().await;
        let body = json!({"transfer": {"volume_id": disk, "name": "  ledger handover "}});
        let answer = demo.post(&demo.path(version, name), body).await;
        let transfer = &answer.body["transfer"];
        let (id, key) = (transfer["id"].as_str().unwrap(), transfer["auth_key"].as_str().unwrap());
        answer.is(
            202,
            &json!({"transfer": {
                "id": id,
                "created_at": T0,
                "name": "ledger handover",
                "volume_id": disk,
                "auth_key": key,
                "links": demo.links(version, "os-volume-transfer", id),
            }}),
        );
        assert_eq!(key.len(), 16);
        assert!(key.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{key}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(demo.disk_status(&disk).await, "awaiting-transfer");
        assert_eq!(
            demo.show_disk(&disk).await.body["volume"]["updated_at"],
            Value::Null,
            "an offer does not touch updated_at"
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_of_3_55_and_3_57_follow_the_version_of_the_request_on_both_names() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for name in ["os-volume-transfer", "volume-transfers"] {
        for (version, no_snapshots, history) in [
            ("3.0", false, false),
            ("3.54", false, false),
            ("3.55", true, false),
            ("3.56", true, false),
            ("3.57", true, true),
            ("3.71", true, true),
        ] {
            let client = demo.at(version);
            let disk = demo.disk().await;
            let body = json!({"transfer": {"volume_id": disk}});
            let created = client.post(&demo.path("v3", name), body).await;
            let id = created.body["transfer"]["id"].as_str().unwrap().to_owned();
            let mut expected = json!({
                "id": id,
                "created_at": T0,
                "name": null,
                "volume_id": disk,
                "links": demo.links("v3", "os-volume-transfer", &id),
            });
            if no_snapshots {
                expected["no_snapshots"] = false.into();
            }
            if history {
                expected["source_project_id"] = demo.project.clone().into();
                expected["destination_project_id"] = Value::Null;
                expected["accepted"] = false.into();
            }
            let shown = client.get(&demo.path("v3", &format!("{name}/{id}"))).await;
            shown.is(200, &json!({"transfer": expected}));
            assert_eq!(shown.header("openstack-api-version"), format!("volume {version}"));
            assert_eq!(shown.header("vary"), "OpenStack-API-Version");
            expected["auth_key"] = created.body["transfer"]["auth_key"].clone();
            created.is(202, &json!({"transfer": expected}));
        }
    }
    let v2 = demo.at("3.57").get(&demo.path("v2", "os-volume-transfer/detail")).await;
    assert_eq!(v2.header("openstack-api-version"), "", "v2 knows no microversions");
    assert!(v2.body["transfers"][0].get("accepted").is_none());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_snapshots_is_taken_from_3_55_on_under_volume_transfers_only() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (truthy, expected) in [
        (json!(true), true),
        (json!("true"), true),
        (json!("Yes"), true),
        (json!("ON"), true),
        (json!("1"), true),
        (json!("t"), true),
        (json!(false), false),
        (json!("n"), false),
        (json!("Off"), false),
    ] {
        let body = json!({"transfer": {"volume_id": demo.disk().await, "no_snapshots": truthy}});
        let answer = demo.at("3.55").post(&demo.path("v3", "volume-transfers"), body).await;
        assert_eq!(answer.status, 202, "{}", answer.text);
        assert_eq!(answer.body["transfer"]["no_snapshots"], expected);
    }
    let disk = demo.disk().await;
    let body = json!({"transfer": {"volume_id": disk, "no_snapshots": true}});
    let unexpected = format!(
        "Invalid input for field/attribute transfer. Value: {{'volume_id': '{disk}', \
         'no_snapshots': True}}. Additional properties are not allowed ('no_snapshots' was \
         unexpected)"
    );
    for (client, version, name) in [
        (demo.clone(), "v2", "os-volume-transfer"),
        (demo.at("3.55"), "v3", "os-volume-transfer"),
        (demo.at("3.54"), "v3", "volume-transfers"),
    ] {
        client.post(&demo.path(version, name), body.clone()).await.is_fault(400, &unexpected);
    }
    for (bad, quoted, repr) in [
        (json!("maybe"), "maybe", "'maybe'"),
        (json!("tRue"), "tRue", "'tRue'"),
        (json!("T"), "T", "'T'"),
        (json!(1), "1", "1"),
        (json!(null), "None", "None"),
    ] {
        let body = json!({"transfer": {"volume_id": disk, "no_snapshots": bad}});
        let answer = demo.at("3.55").post(&demo.path("v3", "volume-transfers"), body).await;
        answer.is_fault(
            400,
            &format!(
                "Invalid input for field/attribute no_snapshots. Value: {quoted}. {repr} is not \
                 of type 'boolean' (true, false, or one of 1, 0, on, off, yes, no, y, n, t, f)"
            ),
        );
    }
    assert_eq!(demo.disk_status(&disk).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_optional_trimmed_and_at_most_255_bytes() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    for (version, family) in FAMILIES {
        let path = demo.path(version, family);
        for (name, stored) in [
            (json!(null), json!(null)),
            (json!("x".repeat(255)), json!("x".repeat(255))),
            (json!("ü".repeat(127)), json!("ü".repeat(127))),
            (json!(" \t a b \n"), json!("a b")),
        ] {
            let body = json!({"transfer": {"volume_id": demo.disk().await, "name": name}});
            let answer = demo.post(&path, body).await;
            assert_eq!((answer.status, &answer.body["transfer"]["name"]), (202, &stored));
        }
        let disk = demo.disk().await;
        let empty = "An invalid 'name' value was provided. The 'name' can not be empty.";
        let long = "An invalid 'name' value was provided. The 'name' can not be greater than 255 \
                    characters.";
        for (name, message) in [
            (json!(""), empty),
            (json!("  \t "), empty),
            (json!("x".repeat(256)), long),
            (json!("ü".repeat(128)), long),
            (
                json!("a\u{0}b"),
                "An invalid 'name' value was provided. The 'name' can not contain the null \
                 character.",
            ),
            (
                json!(5),
                "Invalid input for field/attribute name. Value: 5. 5 is not of type 'string', \
                 'null'",
            ),
        ] {
            let body = json!({"transfer": {"volume_id": disk, "name": name}});
            demo.post(&path, body).await.is_fault(400, message);
        }
        assert_eq!(demo.disk_status(&disk).await, "available");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_create_is_refused_by_the_member_and_rule_and_changes_nothing() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let disk = demo.disk().await;
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let in_transfer = "Invalid input for field/attribute transfer. Value: ";
    let cases: Vec<(String, String)> = [
        (String::new(), "Malformed request body".to_owned()),
        ("{".to_owned(), "Malformed request body".to_owned()),
        ("transfer".to_owned(), "Malformed request body".to_owned()),
        (deep, "Malformed request body".to_owned()),
        ("{\"transfer\": 1e999}".to_owned(), "Malformed request body".to_owned()),
        ("[]".to_owned(), "[] is not of type 'object'".to_owned()),
        ("{}".to_owned(), "'transfer' is a required property".to_owned()),
        ("{\"volume\": {}}".to_owned(), "'transfer' is a required property".to_owned()),
        (
            "{\"transfer\": null}".to_owned(),
            format!("{in_transfer}None. None is not of type 'object'"),
        ),
        (
            "{\"transfer\": {}}".to_owned(),
            format!("{in_transfer}{{}}. 'volume_id' is a required property"),
        ),
        (
            "{\"transfer\": {\"volume_id\": \"x\"}}".to_owned(),
            "Invalid input for field/attribute volume_id. Value: x. 'x' is not a 'uuid'".to_owned(),
        ),
        (
            "{\"transfer\": {\"volume_id\": null}}".to_owned(),
            "Invalid input for field/attribute volume_id. Value: None. None is not of type \
             'string'"
                .to_owned(),
        ),
        (
            format!("{{\"transfer\": {{\"volume_id\": \"{disk}\", \"expires\": 1}}}}"),
            format!(
                "{in_transfer}{{'volume_id': '{disk}', 'expires': 1}}. Additional properties are \
                 not allowed ('expires' was unexpected)"
            ),
        ),
        (
            format!("{{\"transfer\": {{\"volume_id\": \"{disk}\"}}, \"a\": 1, \"b\": 2}}"),
            "Additional properties are not allowed ('a', 'b' were unexpected)".to_owned(),
        ),
    ]
    .into();
    for (version, family) in FAMILIES {
        let path = demo.path(version, family);
        for (body, message) in &cases {
            let answer = demo.send(reqwest::Method::POST, &path, Some(body.clone())).await;
            answer.is_fault(400, message);
        }
    }
    assert_eq!(demo.disk_status(&disk).await, "available");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_absent_or_another_projects_is_the_same_404() {
    let server = TestServer::start().await;
    let (demo, partner) = (server.login("demo").await, server.login("partner").await);
    let theirs = partner.disk().await;
    let absent = "00000000-0000-4000-8000-000000000001";
    for (version, family) in FAMILIES {
        let path = demo.path(version, family);
        let offer = async |id: &str| demo.post(&path, json!({"transfer": {"volume_id": id}})).await;
        let not_there = offer(absent).await;
        not_there.is_fault(404, &format!("Volume {absent} could not be found."));
        let not_ours = offer(&theirs).await;
        assert_eq!(not_ours.status, 404);
        assert_eq!(not_ours.text.replace(&theirs, absent), not_there.text, "byte for byte");
    }
    let undashed = theirs.replace('-', "").to_uppercase();
    let answer = partner
        .post(
            &partner.path("v3", "os-volume-transfer"),
            json!({"transfer": {"volume_id": undashed}}),
        )
        .await;
    assert_eq!((answer.status, &answer.body["transfer"]["volume_id"]), (202, &json!(theirs)));
    server.finish().await;
}
