//! Creating disks: the whole answer, what is optional, every bad input.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ABSENT, VERSIONS, fresh, shown};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn create_answers_the_whole_disk_and_show_and_the_detailed_list_add_its_project() {
    let server = TestServer::start().await;
    for (account, version) in [("demo", "v2"), ("partner", "v3")] {
        let client = server.login(account).await;
        let body = json!({"volume": {
            "size": "20",
            "name": "  ledger ",
            "description": " of the year ",
            "availability_zone": "az-sim-2",
            "volume_type": "SAS",
            "multiattach": "true",
            "metadata": {"volume_owner": "atlas"},
            "snapshot_id": null,
            "imageRef": "",
        }});
        let created = client.post(&client.path(version, "volumes"), body).await;
        let id = created.body["volume"]["id"].as_str().unwrap().to_owned();
        let mut disk = fresh(
            &client,
            version,
            &id,
            json!({
                "size": 20,
                "name": "ledger",
                "description": "of the year",
                "availability_zone": "az-sim-2",
                "volume_type": "SAS",
                "multiattach": true,
                "metadata": {"volume_owner": "atlas"},
                "status": "creating",
            }),
        );
        created.is(202, &json!({"volume": disk}));
        disk["status"] = "available".into();
        disk["os-vol-tenant-attr:tenant_id"] = client.project.clone().into();
        let path = |rest: &str| client.path(version, rest);
        client.get(&path(&format!("volumes/{id}"))).await.is(200, &json!({"volume": disk}));
        client.get(&path("volumes/detail")).await.is(200, &json!({"volumes": [disk]}));
        let links = client.links(version, "volumes", &id);
        client
            .get(&path("volumes"))
            .await
            .is(200, &json!({"volumes": [{"id": id, "name": "ledger", "links": links}]}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_needs_a_size_only_and_its_type_may_be_named_by_id_and_its_name_by_its_old_name() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let types = demo.get(&demo.path("v3", "types")).await;
    let essd = types.body["volume_types"][4]["id"].clone();
    for (volume, changes) in [
        (json!({"size": 10}), json!({})),
        (json!({"size": 10, "name": null, "volume_type": null, "metadata": null}), json!({})),
        (json!({"size": 10, "name": "", "availability_zone": ""}), json!({"name": ""})),
        (json!({"size": 1}), json!({"size": 1})),
        (json!({"size": 32768}), json!({"size": 32768})),
        (json!({"size": 10, "volume_type": essd}), json!({"volume_type": "ESSD"})),
        (
            json!({"size": 10, "display_name": "a", "display_description": "b"}),
            json!({"name": "a", "description": "b"}),
        ),
        (json!({"size": 10, "name": "a", "display_name": "b"}), json!({"name": "a"})),
        (json!({"size": 10, "nonsense": 1, "count": 1, "shareable": "false"}), json!({})),
    ] {
        for version in VERSIONS {
            let path = demo.path(version, "volumes");
            let answer = demo.post(&path, json!({"volume": volume})).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
            let id = answer.body["volume"]["id"].as_str().unwrap();
            let expected = shown(&demo, version, id, changes.clone());
            demo.get(&format!("{path}/{id}")).await.is(200, &json!({"volume": expected}));
            let old = json!({"volume": {"name": "n", "display_name": "o"}});
            let renamed = demo.put(&format!("{path}/{id}"), old).await;
            assert_eq!(renamed.body["volume"]["name"], "n");
        }
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_appear_with_their_microversion_and_some_for_admins_only() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let types = demo.get(&demo.path("v3", "types")).await;
    let type_id = types.body["volume_types"][3]["id"].clone();
    let id = demo.disk().await;
    let path = demo.path("v3", &format!("volumes/{id}"));
    let since: [((u16, u16), bool, &str, Value); 8] = [
        ((3, 13), false, "group_id", Value::Null),
        ((3, 21), true, "provider_id", Value::Null),
        ((3, 48), false, "shared_targets", json!(true)),
        ((3, 48), false, "service_uuid", Value::Null),
        ((3, 61), true, "cluster_name", Value::Null),
        ((3, 63), false, "volume_type_id", type_id),
        ((3, 65), false, "consumes_quota", json!(true)),
        ((3, 71), false, "size", json!(10)),
    ];
    for minor in [0, 12, 13, 20, 21, 47, 48, 60, 61, 62, 63, 64, 65, 71] {
        let (mut own, mut all) = (shown(&demo, "v3", &id, json!({})), Value::Null);
        for (version, admin_only, name, value) in &since {
            if (3, minor) >= *version && !admin_only {
                own[*name] = value.clone();
            }
        }
        all.clone_from(&own);
        all["links"] = admin.links("v3", "volumes", &id);
        all["os-vol-host-attr:host"] = "evs@SSD#SSD".into();
        all["os-vol-mig-status-attr:migstat"] = Value::Null;
        all["os-vol-mig-status-attr:name_id"] = Value::Null;
        all["migration_status"] = Value::Null;
        for (version, _, name, value) in &since {
            if (3, minor) >= *version {
                all[*name] = value.clone();
            }
        }
        let asked = format!("3.{minor}");
        let answer = demo.at(&asked).get(&path).await;
        answer.is(200, &json!({"volume": own}));
        assert_eq!(answer.header("openstack-api-version"), format!("volume {asked}"));
        let as_admin = admin.path("v3", &format!("volumes/{id}"));
        admin.at(&asked).get(&as_admin).await.is(200, &json!({"volume": all}));
    }
    let v2 = demo.path("v2", &format!("volumes/{id}"));
    let expected = shown(&demo, "v2", &id, json!({}));
    demo.at("3.71").get(&v2).await.is(200, &json!({"volume": expected}));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_body_of_create_is_refused_by_the_member_and_rule() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let about = |name: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {name}. Value: {value}. {rule}")
    };
    let number = "is not of type 'integer', 'string'";
    let long = "x".repeat(256);
    let too_long = |key: &str| {
        format!(
            "An invalid '{key}' value was provided. The '{key}' can not be greater than 255 characters."
        )
    };
    let boolean =
        "is not of type 'boolean' (true, false, or one of 1, 0, on, off, yes, no, y, n, t, f)";
    let mut cases: Vec<(String, String)> = vec![
        (String::new(), "Malformed request body".into()),
        ("{\"volume\": {\"size\": 1}".into(), "Malformed request body".into()),
        (format!("{}1{}", "[".repeat(200), "]".repeat(200)), "Malformed request body".into()),
        ("null".into(), "None is not of type 'object'".into()),
        ("[1]".into(), "[1] is not of type 'object'".into()),
        ("{}".into(), "'volume' is a required property".into()),
        ("{\"volume\": []}".into(), about("volume", "[]", "[] is not of type 'object'")),
        ("{\"volume\": {}}".into(), about("volume", "{}", "'size' is a required property")),
        (
            "{\"volume\": {\"size\": 1}, \"x\": 1}".into(),
            "Additional properties are not allowed ('x' was unexpected)".into(),
        ),
        (
            "{\"volume\": {\"size\": 1}, \"OS-SCH-HNT:scheduler_hints\": 1}".into(),
            about("OS-SCH-HNT:scheduler_hints", "1", "1 is not of type 'object'"),
        ),
    ];
    for (member, message) in [
        (
            json!({"size": null}),
            "Invalid input received: Volume size 'None' must be an integer and greater than 0"
                .to_owned(),
        ),
        (json!({"size": true}), about("size", "True", &format!("True {number}"))),
        (json!({"size": 1.5}), about("size", "1.5", &format!("1.5 {number}"))),
        (json!({"size": 0}), about("size", "0", "0 is less than the minimum of 1")),
        (json!({"size": -1}), about("size", "-1", "-1 is less than the minimum of 1")),
        (json!({"size": "#$%"}), about("size", "#$%", "'#$%' does not match '^[0-9]+$'")),
        (json!({"size": ""}), about("size", "", "'' does not match '^[0-9]+$'")),
        (json!({"size": 32769}), "Invalid input received: size must be at most 32768 GiB.".into()),
        (json!({"name": 5}), about("name", "5", "5 is not of type 'string', 'null'")),
        (json!({"name": long}), too_long("name")),
        (json!({"description": "ü".repeat(128)}), too_long("description")),
        (json!({"display_name": long}), too_long("display_name")),
        (json!({"availability_zone": "x"}), "Availability zone 'x' is invalid.".into()),
        (
            json!({"availability_zone": 1}),
            about("availability_zone", "1", "1 is not of type 'string', 'null'"),
        ),
        (json!({"volume_type": 1}), about("volume_type", "1", "1 is not of type 'string', 'null'")),
        (
            json!({"multiattach": "maybe"}),
            about("multiattach", "maybe", &format!("'maybe' {boolean}")),
        ),
        (json!({"metadata": []}), about("metadata", "[]", "[] is not of type 'object'")),
        (json!({"metadata": {"k": null}}), about("k", "None", "None is not of type 'string'")),
        (
            json!({"metadata": {"": "v"}}),
            about("metadata", "{'': 'v'}", "the key '' must have 1 to 255 characters"),
        ),
        (json!({"metadata": {"k": long}}), about("k", &long, &format!("'{long}' is too long"))),
    ] {
        let mut volume = json!({"size": 10});
        volume.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        cases.push((json!({"volume": volume}).to_string(), message));
    }
    for source in ["snapshot_id", "source_volid", "imageRef", "image_id"] {
        cases.push((
            json!({"volume": {"size": 10, source: 7}}).to_string(),
            about(source, "7", "7 is not of type 'string', 'null'"),
        ));
    }
    for version in VERSIONS {
        let path = demo.path(version, "volumes");
        for (body, message) in &cases {
            demo.send(Method::POST, &path, Some(body.clone())).await.is_fault(400, message);
        }
        for (name, said) in
            [("Gold", "Volume type with name Gold"), (ABSENT, &*format!("Volume type {ABSENT}"))]
        {
            let body = json!({"volume": {"size": 10, "volume_type": name}});
            demo.post(&path, body).await.is_fault(404, &format!("{said} could not be found."));
        }
        demo.get(&path).await.is(200, &json!({"volumes": []}));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_3_53_on_unknown_members_of_create_and_updates_without_members_are_refused() {
    let server = TestServer::start().await;
    let demo = server.login("demo").await;
    let path = demo.path("v3", "volumes");
    let odd = json!({"volume": {"size": 10, "nonsense": 1}});
    let empty = json!({"volume": {}});
    let id = demo.disk().await;
    let own = format!("{path}/{id}");
    assert_eq!(demo.at("3.52").post(&path, odd.clone()).await.status, 202);
    assert_eq!(demo.at("3.52").put(&own, empty.clone()).await.status, 200);
    demo.at("3.53").post(&path, odd).await.is_fault(
        400,
        "Invalid input for field/attribute volume. Value: {'size': 10, 'nonsense': 1}. Additional \
         properties are not allowed ('nonsense' was unexpected)",
    );
    demo.at("3.53").put(&own, empty).await.is_fault(
        400,
        "Invalid input for field/attribute volume. Value: {}. {} does not have enough properties",
    );
    server.finish().await;
}
