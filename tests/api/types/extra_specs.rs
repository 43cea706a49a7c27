//! The extra specs of types: who sees which, setting and removing them.

use serde_json::json;

use super::{events, made, path};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn extra_specs_are_set_one_by_one_or_together_and_the_others_stay() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    for version in VERSIONS {
        let new = json!({"name": version, "extra_specs": {"spec1": "val1"}});
        let id = made(&admin, new).await;
        let specs = admin.path(version, &format!("types/{id}/extra_specs"));
        let one = |key: &str| format!("{specs}/{key}");
        let body = json!({"extra_specs": {"spec3": "val1", "empty": null}});
        admin.post(&specs, body.clone()).await.is(200, &body);
        let all = json!({"extra_specs": {"spec1": "val1", "spec3": "val1", "empty": null}});
        admin.get(&specs).await.is(200, &all);
        admin.get(&one("spec3")).await.is(200, &json!({"spec3": "val1"}));
        admin.get(&one("empty")).await.is(200, &json!({"empty": null}));
        let body = json!({"spec3": "val2"});
        admin.put(&one("spec3"), body.clone()).await.is(200, &body);
        admin.put(&one("spec2"), json!({"spec2": "x"})).await.is(200, &json!({"spec2": "x"}));
        admin.delete(&one("spec1")).await.is_empty(202);
        admin.delete(&one("empty")).await.is_empty(202);
        let message = format!("Volume Type {id} has no extra specs with key spec1.");
        admin.get(&one("spec1")).await.is_fault(404, &message);
        admin.delete(&one("spec1")).await.is_fault(404, &message);
        let left = json!({"extra_specs": {"spec2": "x", "spec3": "val2"}});
        admin.get(&specs).await.is(200, &left);
        assert_eq!(
            events(&server, &id).await,
            [
                "disk_type.create",
                "disk_type.set_extra_specs",
                "disk_type.set_extra_specs",
                "disk_type.set_extra_specs",
                "disk_type.delete_extra_spec",
                "disk_type.delete_extra_spec",
            ]
        );
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_three_extra_specs_and_an_administrator_all() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let seen = json!({
        "RESKEY:availability_zones": "az-sim-2",
        "multiattach": "<is> True",
        "replication_enabled": "<is> False",
    });
    let mut all = seen.clone();
    all["volume_backend_name"] = "gold-1".into();
    let id = made(&admin, json!({"name": "gold", "extra_specs": all})).await;
    for (client, expected) in [(&admin, &all), (&demo, &seen)] {
        let own = path(client, &format!("types/{id}"));
        let shown = client.get(&own).await;
        assert_eq!(&shown.body["volume_type"]["extra_specs"], expected);
        let list = client.get(&format!("{own}/extra_specs")).await;
        list.is(200, &json!({"extra_specs": expected}));
    }
    let quoted = path(&demo, &format!("types/{id}/extra_specs/RESKEY%3Aavailability_zones"));
    demo.get(&quoted).await.is(200, &json!({"RESKEY:availability_zones": "az-sim-2"}));
    let hidden = path(&demo, &format!("types/{id}/extra_specs/volume_backend_name"));
    demo.get(&hidden).await.is_fault(
        404,
        &format!("Volume Type {id} has no extra specs with key volume_backend_name."),
    );
    let disk = demo.disk_of(json!({"size": 1, "volume_type": "gold"})).await;
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["multiattach"], true);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_extra_specs_and_those_of_a_type_with_disks_are_refused() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = made(&admin, json!({"name": "gold", "extra_specs": {"spec1": "val1"}})).await;
    let specs = path(&admin, &format!("types/{id}/extra_specs"));
    let about = |key: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {key}. Value: {value}. {rule}")
    };
    let pattern = "not match any of the regexes: '^[a-zA-Z0-9-_:.]{1,255}$'";
    let long = "x".repeat(256);
    for (body, message) in [
        (
            json!({"extra_specs": ["invalid"]}),
            about("extra_specs", "['invalid']", "['invalid'] is not of type 'object'"),
        ),
        (json!({}), "'extra_specs' is a required property".to_owned()),
        (
            json!({"extra_specs": {"a b": "c"}}),
            about("extra_specs", "{'a b': 'c'}", &format!("'a b' does {pattern}")),
        ),
        (
            json!({"extra_specs": {"b/": "c", "": "d"}}),
            about("extra_specs", "{'b/': 'c', '': 'd'}", &format!("'', 'b/' do {pattern}")),
        ),
        (json!({"extra_specs": {"a": 1}}), about("a", "1", "1 is not of type 'string', 'null'")),
        (json!({"extra_specs": {"a": long}}), about("a", &long, &format!("'{long}' is too long"))),
    ] {
        admin.post(&specs, body).await.is_fault(400, &message);
    }
    for (body, message) in [
        (
            json!({"spec1": "val2", "spec2": "val1"}),
            "{'spec1': 'val2', 'spec2': 'val1'} has too many properties".to_owned(),
        ),
        (json!({}), "{} should be non-empty".to_owned()),
        (json!({"spec2": "x"}), "Request body and URI mismatch".to_owned()),
        (json!({"a b": "x"}), format!("'a b' does {pattern}")),
        (json!({"spec1": 5}), about("spec1", "5", "5 is not of type 'string', 'null'")),
    ] {
        admin.put(&format!("{specs}/spec1"), body).await.is_fault(400, &message);
    }
    let both = json!({"extra_specs": {"multiattach": "<is> True"}});
    admin.put(&format!("{specs}/cacheable"), json!({"cacheable": "<is> True"})).await;
    let exclusive = admin.post(&specs, both).await;
    exclusive.is_fault(400, "cacheable cannot be set with multiattach.");

    let absent = path(&admin, &format!("types/{ABSENT}/extra_specs"));
    let message = format!("Volume type {ABSENT} could not be found.");
    let body = json!({"extra_specs": {"spec2": "val1"}});
    admin.get(&absent).await.is_fault(404, &message);
    admin.post(&absent, body.clone()).await.is_fault(404, &message);
    let one = format!("{absent}/spec1");
    admin.get(&one).await.is_fault(404, &message);
    admin.put(&one, json!({"spec1": "val5"})).await.is_fault(404, &message);
    admin.delete(&one).await.is_fault(404, &message);

    demo.disk_of(json!({"size": 1, "volume_type": "gold"})).await;
    let message = "Volume Type is currently in use.";
    admin.post(&specs, body).await.is_fault(400, message);
    let one = format!("{specs}/spec1");
    admin.put(&one, json!({"spec1": "val5"})).await.is_fault(400, message);
    admin.delete(&one).await.is_fault(400, message);
    admin.get(&one).await.is(200, &json!({"spec1": "val1"}));
    server.finish().await;
}
