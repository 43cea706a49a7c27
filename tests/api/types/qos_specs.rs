//! Qualities of service: what they consist of, and the types that have them.

use serde_json::{Value, json};

use super::{events, is_conflict, made, path};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::{Client, TestServer};

/// Qos specs that an administrator makes; their id.
async fn specs(admin: &Client, new: Value) -> String {
    let answer = admin.post(&path(admin, "qos-specs"), json!({"qos_specs": new})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["qos_specs"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn qos_specs_are_made_listed_shown_changed_and_removed() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    for version in VERSIONS {
        let all = admin.path(version, "qos-specs");
        admin.get(&all).await.is(200, &json!({"qos_specs": []}));
        let new = json!({"qos_specs": {
            "name": " fast ", "consumer": "front-end", "read_iops_sec": "2000", "burst": 5,
        }});
        let answer = admin.post(&all, new).await;
        let id = answer.body["qos_specs"]["id"].as_str().unwrap();
        let mut expected = json!({
            "id": id,
            "name": "fast",
            "consumer": "front-end",
            "specs": {"read_iops_sec": "2000", "burst": "5"},
        });
        let links = admin.links(version, "qos-specs", id);
        answer.is(200, &json!({"qos_specs": expected, "links": links}));
        admin.get(&all).await.is(200, &json!({"qos_specs": [expected]}));
        let own = format!("{all}/{id}");
        admin.get(&own).await.is(200, &json!({"qos_specs": expected, "links": links}));

        let change = json!({"qos_specs": {"iops_bytes": "500", "burst": null}});
        admin.put(&own, change.clone()).await.is(200, &change);
        let change = json!({"qos_specs": {"consumer": "both"}});
        admin.put(&own, change.clone()).await.is(200, &change);
        expected["consumer"] = "both".into();
        expected["specs"] = json!({"read_iops_sec": "2000", "burst": null, "iops_bytes": "500"});
        admin.get(&own).await.is(200, &json!({"qos_specs": expected, "links": links}));

        let keys = format!("{own}/delete_keys");
        let missing = admin.put(&keys, json!({"keys": ["burst", "colour"]})).await;
        missing.is_fault(404, &format!("QoS spec {id} has no spec with key colour."));
        admin.put(&keys, json!({"keys": ["burst", "iops_bytes"]})).await.is_empty(202);
        expected["specs"] = json!({"read_iops_sec": "2000"});
        admin.get(&own).await.is(200, &json!({"qos_specs": expected, "links": links}));

        admin.delete(&format!("{own}?force=False")).await.is_empty(202);
        let message = format!("No such QoS spec {id}.");
        admin.get(&own).await.is_fault(404, &message);
        admin.delete(&format!("{own}?force=False")).await.is_fault(404, &message);
        assert_eq!(
            events(&server, id).await,
            [
                "qos_specs.create",
                "qos_specs.update",
                "qos_specs.update",
                "qos_specs.delete_keys",
                "qos_specs.delete",
            ]
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn types_are_given_qos_specs_and_keep_them_until_they_are_taken() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let [fast, slow] = [
        specs(&admin, json!({"name": "fast"})).await,
        specs(&admin, json!({"name": "slow"})).await,
    ];
    let [gold, iron] =
        [made(&admin, json!({"name": "gold"})).await, made(&admin, json!({"name": "iron"})).await];
    let at = |qos: &str, rest: &str| path(&admin, &format!("qos-specs/{qos}/{rest}"));
    let associations = |types: &[(&str, &str)]| {
        let element = |(name, id): &(&str, &str)| json!({"association_type": "volume_type", "name": name, "id": id});
        json!({"qos_associations": types.iter().map(element).collect::<Vec<_>>()})
    };
    admin.get(&at(&fast, "associations")).await.is(200, &associations(&[]));
    for disk_type in [&iron, &gold, &gold] {
        admin.get(&at(&fast, &format!("associate?vol_type_id={disk_type}"))).await.is_empty(202);
    }
    let both = associations(&[("gold", &gold), ("iron", &iron)]);
    admin.get(&at(&fast, "associations")).await.is(200, &both);
    let shown = admin.get(&path(&admin, &format!("types/{gold}"))).await;
    assert_eq!(shown.body["volume_type"]["qos_specs_id"], fast);

    let other = admin.get(&at(&slow, &format!("associate?vol_type_id={gold}"))).await;
    other.is_fault(
        400,
        &format!(
            "Invalid volume type: Type {gold} is already associated with another qos specs: {fast}"
        ),
    );
    let own = path(&admin, &format!("qos-specs/{fast}"));
    admin.delete(&own).await.is_fault(400, "Qos specs still in use.");

    admin.get(&at(&fast, &format!("disassociate?vol_type_id={gold}"))).await.is_empty(202);
    admin.get(&at(&slow, &format!("disassociate?vol_type_id={iron}"))).await.is_empty(202);
    admin.get(&at(&fast, "associations")).await.is(200, &associations(&[("iron", &iron)]));
    admin.get(&at(&fast, "disassociate_all")).await.is_empty(202);
    admin.get(&at(&fast, "associations")).await.is(200, &associations(&[]));

    admin.get(&at(&fast, &format!("associate?vol_type_id={gold}"))).await.is_empty(202);
    admin.delete(&format!("{own}?force=True")).await.is_empty(202);
    let shown = admin.get(&path(&admin, &format!("types/{gold}"))).await;
    assert_eq!(shown.body["volume_type"]["qos_specs_id"], Value::Null);
    let set = "disk_type.set_qos_specs";
    assert_eq!(events(&server, &gold).await, ["disk_type.create", set, set, set, set]);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn qos_specs_that_break_a_rule_are_refused() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let all = path(&admin, "qos-specs");
    let id = specs(&admin, json!({"name": "fast"})).await;
    let consumers = "Invalid qos specs: Valid consumer of QoS specs are: ['back-end', 'front-end', \
                     'both']";
    for (new, message) in [
        (
            json!({"consumer": "both"}),
            "Invalid input for field/attribute qos_specs. Value: {'consumer': 'both'}. 'name' is a \
             required property",
        ),
        (
            json!({"name": " "}),
            "An invalid 'name' value was provided. The 'name' can not be empty.",
        ),
        (
            json!({"name": "x".repeat(256)}),
            "Invalid input received: The 'name' can not be greater than 255 characters.",
        ),
        (json!({"name": "n", "consumer": "me"}), consumers),
        (
            json!({"name": "n", "k": ["v"]}),
            "Invalid input for field/attribute k. Value: ['v']. ['v'] is not of type 'string', \
             'null'",
        ),
    ] {
        admin.post(&all, json!({"qos_specs": new})).await.is_fault(400, message);
    }
    let twice = admin.post(&all, json!({"qos_specs": {"name": "fast"}})).await;
    is_conflict(&twice, "QoS Specs fast already exists.");
    let own = format!("{all}/{id}");
    let wrong = admin.put(&own, json!({"qos_specs": {"consumer": "me"}})).await;
    wrong.is_fault(400, consumers);
    let wrong = admin.delete(&format!("{own}?force=maybe")).await;
    wrong.is_fault(400, "Value 'maybe' for 'force' is not a boolean.");
    for rest in ["associate", "disassociate", "associate?vol_type_id="] {
        let wrong = admin.get(&format!("{own}/{rest}")).await;
        wrong.is_fault(400, "Volume Type id must not be None.");
    }
    for (keys, message) in [
        (json!({}), "'keys' is a required property"),
        (
            json!({"keys": "k"}),
            "Invalid input for field/attribute keys. Value: k. 'k' is not of type 'array'",
        ),
        (
            json!({"keys": ["k", "k"]}),
            "Invalid input for field/attribute keys. Value: ['k', 'k']. ['k', 'k'] has non-unique \
             elements",
        ),
    ] {
        admin.put(&format!("{own}/delete_keys"), keys).await.is_fault(400, message);
    }
    let no_type = format!("Volume type {ABSENT} could not be found.");
    let no_specs = format!("No such QoS spec {ABSENT}.");
    for rest in ["associate", "disassociate"] {
        let query = format!("{rest}?vol_type_id={ABSENT}");
        admin.get(&format!("{own}/{query}")).await.is_fault(404, &no_type);
        admin.get(&format!("{all}/{ABSENT}/{query}")).await.is_fault(404, &no_specs);
    }
    for rest in ["", "/associations", "/disassociate_all"] {
        admin.get(&format!("{all}/{ABSENT}{rest}")).await.is_fault(404, &no_specs);
    }
    let absent = format!("{all}/{ABSENT}");
    admin.put(&absent, json!({"qos_specs": {}})).await.is_fault(404, &no_specs);
    let keys = json!({"keys": []});
    admin.put(&format!("{absent}/delete_keys"), keys).await.is_fault(404, &no_specs);
    admin.get(&format!("{all}/x")).await.is_fault(404, "No such QoS spec x.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_qos_specs_are_filtered_and_paged() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let slow = specs(&admin, json!({"name": "slow", "consumer": "both"})).await;
    specs(&admin, json!({"name": "fast"})).await;
    let all = path(&admin, "qos-specs");
    let element = json!({"id": slow, "name": "slow", "consumer": "both", "specs": {}});
    for query in ["name=slow".to_owned(), "consumer=both".to_owned(), format!("id={slow}")] {
        let list = admin.get(&format!("{all}?{query}")).await;
        list.is(200, &json!({"qos_specs": [element]}));
    }
    let page = admin.get(&format!("{all}?sort=name:desc&limit=1")).await;
    let next = format!("{}{all}?sort=name%3Adesc&limit=1&marker={slow}", admin.url);
    let links = json!([{"rel": "next", "href": next}]);
    page.is(200, &json!({"qos_specs": [element], "qos_specs_links": links}));
    let rest = admin.get(&format!("{all}?sort=name:desc&marker={slow}")).await;
    assert_eq!(rest.body["qos_specs"][0]["name"], "fast");
    let wrong = admin.get(&format!("{all}?marker={ABSENT}")).await;
    wrong.is_fault(404, &format!("No such QoS spec {ABSENT}."));
    server.finish().await;
}
