//! Making, changing and removing types.

use serde_json::{Value, json};

use super::{events, is_conflict, made, names, path};
use crate::disks::{ABSENT, VERSIONS};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_made_and_shown_with_all_that_was_said_of_it() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    for version in VERSIONS {
        let types = admin.path(version, "types");
        let plain = json!({"volume_type": {"name": format!("plain-{version}")}});
        let answer = admin.post(&types, plain).await;
        let id = &answer.body["volume_type"]["id"];
        answer.is(
            200,
            &json!({"volume_type": {
                "id": id,
                "name": format!("plain-{version}"),
                "is_public": true,
                "extra_specs": {},
                "description": null,
                "os-volume-type-access:is_public": true,
            }}),
        );
        assert_eq!(events(&server, id.as_str().unwrap()).await, ["disk_type.create"]);

        let specs = json!({"storage protocol/x": "iSCSI", "multiattach": null});
        let rich = json!({
            "name": format!("rich-{version}"),
            "description": "for the ledger",
            "extra_specs": specs,
            "os-volume-type-access:is_public": "False",
        });
        let answer = admin.post(&types, json!({"volume_type": rich})).await;
        let id = answer.body["volume_type"]["id"].as_str().unwrap();
        let mut expected = json!({
            "id": id,
            "name": format!("rich-{version}"),
            "is_public": false,
            "extra_specs": specs,
            "description": "for the ledger",
            "os-volume-type-access:is_public": false,
        });
        answer.is(200, &json!({"volume_type": expected}));
        expected["qos_specs_id"] = Value::Null;
        let shown = admin.get(&format!("{types}/{id}")).await;
        shown.is(200, &json!({"volume_type": expected}));
        let unseen = demo.get(&demo.path(version, &format!("types/{id}"))).await;
        unseen.is_fault(404, &format!("Volume type {id} could not be found."));
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_breaks_a_rule_is_refused_in_cinders_words() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let types = path(&admin, "types");
    let long = "x".repeat(256);
    let about = |key: &str, value: &str, rule: &str| {
        format!("Invalid input for field/attribute {key}. Value: {value}. {rule}")
    };
    let cases = [
        (json!({"name": ""}), about("name", "", "'' should be non-empty")),
        (json!({"name": long}), about("name", &long, &format!("'{long}' is too long"))),
        (
            json!({"name": "  "}),
            "An invalid 'name' value was provided. The 'name' can not be empty.".to_owned(),
        ),
        (json!({"name": null}), about("name", "None", "None is not of type 'string'")),
        (json!({}), about("volume_type", "{}", "'name' is a required property")),
        (
            json!({"name": "n", "colour": 1}),
            about(
                "volume_type",
                "{'name': 'n', 'colour': 1}",
                "Additional properties are not allowed ('colour' was unexpected)",
            ),
        ),
        (
            json!({"name": "n", "description": 1}),
            about("description", "1", "1 is not of type 'string', 'null'"),
        ),
        (
            json!({"name": "n", "extra_specs": ["a"]}),
            about("extra_specs", "['a']", "['a'] is not of type 'object'"),
        ),
        (
            json!({"name": "n", "extra_specs": {"ü": "a"}}),
            about(
                "extra_specs",
                "{'ü': 'a'}",
                "'ü' does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{1,255}$'",
            ),
        ),
        (
            json!({"name": "n", "extra_specs": {
                "multiattach": "<is> True", "cacheable": "<is> True",
            }}),
            "cacheable cannot be set with multiattach.".to_owned(),
        ),
    ];
    for (new, message) in cases {
        admin.post(&types, json!({"volume_type": new})).await.is_fault(400, &message);
    }
    let missing = admin.post(&types, json!({})).await;
    missing.is_fault(400, "'volume_type' is a required property");
    let twice = admin.post(&types, json!({"volume_type": {"name": "SSD"}})).await;
    is_conflict(&twice, "Volume Type SSD already exists.");
    assert_eq!(names(&admin.get(&format!("{types}?is_public=none")).await).len(), 5);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_type_is_renamed_in_its_disks_snapshots_and_quotas() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = made(&admin, json!({"name": "gold"})).await;
    let disk = demo.disk_of(json!({"size": 10, "volume_type": "gold"})).await;
    demo.snapshot(&disk).await;
    admin.set_quota(&demo.project, json!({"volumes_gold": 1})).await;
    let change = json!({"volume_type": {
        "name": "silver", "description": "second best", "is_public": false,
    }});
    admin.put(&path(&admin, &format!("types/{id}")), change).await.is(
        200,
        &json!({"volume_type": {
            "id": id,
            "name": "silver",
            "is_public": false,
            "extra_specs": {},
            "description": "second best",
        }}),
    );
    assert_eq!(events(&server, &id).await, ["disk_type.create", "disk_type.update"]);
    let new = demo.at("3.63");
    for (client, type_id) in [(&demo, Value::Null), (&new, id.clone().into())] {
        let shown = client.show_disk(&disk).await;
        assert_eq!(shown.body["volume"]["volume_type"], "silver");
        assert_eq!(shown.body["volume"]["volume_type_id"], type_id);
        let list = client.get(&path(client, "volumes/detail")).await;
        assert_eq!(list.body["volumes"][0]["volume_type"], "silver");
        assert_eq!(list.body["volumes"][0]["volume_type_id"], type_id);
    }
    let set = admin.get(&path(&admin, &format!("os-quota-sets/{}?usage=1", demo.project))).await;
    let set = &set.body["quota_set"];
    assert_eq!(set["volumes_silver"], json!({"limit": 1, "in_use": 1, "reserved": 0}));
    assert_eq!(set["snapshots_silver"], json!({"limit": -1, "in_use": 1, "reserved": 0}));
    assert_eq!(set["volumes_gold"], Value::Null);
    let more = json!({"volume": {"size": 1, "volume_type": "silver"}});
    let more = demo.post(&path(&demo, "volumes"), more).await;
    more.is_fault(404, "Volume type with name silver could not be found.");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_breaks_a_rule_is_refused_and_what_is_not_named_stays() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let id = made(&admin, json!({"name": "gold", "description": "d"})).await;
    let own = path(&admin, &format!("types/{id}"));
    let nothing = "Specify volume type name, description, is_public or a combination thereof.";
    for (change, message) in [
        (json!({}), nothing),
        (json!({"name": null, "description": null}), nothing),
        (json!({"name": " "}), "Volume type name can not be empty."),
        (json!({"name": ""}), "Volume type name can not be empty."),
        (
            json!({"extra_specs": {}}),
            "Invalid input for field/attribute volume_type. Value: {'extra_specs': {}}. Additional \
             properties are not allowed ('extra_specs' was unexpected)",
        ),
    ] {
        admin.put(&own, json!({"volume_type": change})).await.is_fault(400, message);
    }
    let taken = admin.put(&own, json!({"volume_type": {"name": "SSD"}})).await;
    is_conflict(&taken, "Volume Type SSD already exists.");
    let same = admin.put(&own, json!({"volume_type": {"name": "gold", "is_public": "no"}})).await;
    same.is(
        200,
        &json!({"volume_type": {
            "id": id, "name": "gold", "is_public": false, "extra_specs": {}, "description": "d",
        }}),
    );
    for absent in [ABSENT, "SSD", "nonsense"] {
        let change = json!({"volume_type": {"name": "x"}});
        let message = format!("Volume type {absent} could not be found.");
        let absent = path(&admin, &format!("types/{absent}"));
        admin.put(&absent, change).await.is_fault(404, &message);
        admin.delete(&absent).await.is_fault(404, &message);
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_removed_once_no_disk_has_it_and_the_default_never() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let id = made(&admin, json!({"name": "gold"})).await;
    let own = path(&admin, &format!("types/{id}"));
    let disk = demo.disk_of(json!({"size": 10, "volume_type": id})).await;
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["volume_type"], "gold");
    admin.set_quota(&demo.project, json!({"volumes_gold": 1})).await;
    admin.delete(&own).await.is_fault(400, "Target volume type is still in use.");
    demo.delete(&path(&demo, &format!("volumes/{disk}"))).await.is_empty(202);
    admin.delete(&own).await.is_empty(202);
    admin.get(&own).await.is_fault(404, &format!("Volume type {id} could not be found."));
    assert_eq!(events(&server, &id).await, ["disk_type.create", "disk_type.delete"]);

    // A type of the same name does not inherit the limits of the one before.
    made(&admin, json!({"name": "gold"})).await;
    let set = admin.get(&path(&admin, &format!("os-quota-sets/{}", demo.project))).await;
    assert_eq!(set.body["quota_set"]["volumes_gold"], -1);

    let default = admin.get(&path(&admin, "types/default")).await;
    let default = default.body["volume_type"]["id"].as_str().unwrap().to_owned();
    admin.delete(&path(&admin, &format!("types/{default}"))).await.is_fault(
        400,
        &format!("The volume type {default} is a default volume type and cannot be deleted."),
    );
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_that_a_disk_is_about_to_get_or_to_lose_stays_and_is_renamed_there_too() {
    let server = TestServer::start_with(|settings| settings.simulation.explicit = true).await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let iron = made(&admin, json!({"name": "iron"})).await;
    let gold = made(&admin, json!({"name": "gold"})).await;
    let disk = demo.disk_of(json!({"size": 1, "volume_type": "iron"})).await;
    admin.post("/_evs/progress", json!({})).await;
    demo.act(&disk, json!({"os-retype": {"new_type": "gold"}})).await.is_empty(202);
    assert_eq!(demo.disk_status(&disk).await, "retyping");
    for id in [&iron, &gold] {
        let refused = admin.delete(&path(&admin, &format!("types/{id}"))).await;
        refused.is_fault(400, "Target volume type is still in use.");
    }
    let change = json!({"volume_type": {"name": "silver"}});
    assert_eq!(admin.put(&path(&admin, &format!("types/{gold}")), change).await.status, 200);
    admin.post("/_evs/progress", json!({})).await;
    let shown = demo.show_disk(&disk).await;
    assert_eq!(shown.body["volume"]["status"], "available");
    assert_eq!(shown.body["volume"]["volume_type"], "silver");
    admin.delete(&path(&admin, &format!("types/{iron}"))).await.is_empty(202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_is_retyped_only_to_a_type_that_its_project_sees() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let hidden = json!({"name": "hidden", "os-volume-type-access:is_public": false});
    let id = made(&admin, hidden).await;
    let disk = demo.disk().await;
    for name in ["hidden", &id] {
        let refused = demo.act(&disk, json!({"os-retype": {"new_type": name}})).await;
        let message = format!("Invalid input received: Invalid volume_type passed: {name}.");
        refused.is_fault(400, &message);
    }
    admin.act(&disk, json!({"os-retype": {"new_type": "hidden"}})).await.is_empty(202);
    assert_eq!(demo.show_disk(&disk).await.body["volume"]["volume_type"], "hidden");
    // Its copy has its type, though the project does not see it.
    let copy = demo.disk_of(json!({"source_volid": disk})).await;
    assert_eq!(demo.show_disk(&copy).await.body["volume"]["volume_type"], "hidden");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_not_removed_while_a_disk_of_it_is_made() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let mut outcomes = [0, 0];
    for round in 0..20 {
        let id = made(&admin, json!({"name": format!("gold-{round}")})).await;
        let own = path(&admin, &format!("types/{id}"));
        let volumes = path(&demo, "volumes");
        let new = json!({"volume": {"size": 1, "volume_type": id}});
        let (removed, added) = if round % 2 == 0 {
            tokio::join!(admin.delete(&own), demo.post(&volumes, new))
        } else {
            let (added, removed) = tokio::join!(demo.post(&volumes, new), admin.delete(&own));
            (removed, added)
        };
        match (removed.status, added.status) {
            (202, 404) => outcomes[0] += 1,
            (400, 202) => outcomes[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(outcomes[0] + outcomes[1], 20);
    server.finish().await;
}
