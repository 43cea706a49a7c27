//! The example: every rule of transfers with a disk that it keeps where it is.

use evs_local::scenario_file::EXAMPLE;
use serde_json::json;

use super::{OF_USERS, changed_nothing, counted, disks, login, seed};
use crate::support::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn the_example_shows_every_rule_of_transfers() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let example = EXAMPLE.replace("rules-secret", OF_USERS);
    server.must_hide(OF_USERS);
    server.must_hide("0123456789abcdef");
    let made = seed(&admin, &example).await;
    assert_eq!(counted(&made, "disk"), (12, 0, 0));
    let offer = &made.body["transfers"][0];
    assert_eq!(
        (&offer["name"], &offer["auth_key"]),
        (&json!("handover"), &json!("0123456789abcdef"))
    );

    let owner = login(&server, "rules-owner", OF_USERS, "rules").await;
    let id_of = |path: String, name: &'static str| {
        let owner = owner.clone();
        async move {
            let answer = owner.get(&owner.path("v3", &path)).await;
            let list = answer.body[path.as_str()].as_array().unwrap().clone();
            let found = list.into_iter().find(|item| item["name"] == name).unwrap();
            found["id"].as_str().unwrap().to_owned()
        }
    };
    let snapshot = id_of("snapshots".to_owned(), "before-upgrade").await;
    let backup = id_of("backups".to_owned(), "full").await;
    let listed = owner.get(&owner.path("v2", "backuppolicy")).await;
    let policies = listed.body["backup_policies"].as_array().unwrap();
    let policy = policies.iter().find(|policy| policy["backup_policy_name"] == "resting").unwrap();
    let policy = policy["backup_policy_id"].as_str().unwrap();

    let status =
        |status: &str| format!("status must be available, but the current status is {status}");
    let encrypted = |why: &str| format!("transferring encrypted volume is not supported: {why}");
    let expected = [
        ("attached", status("in-use")),
        ("broken", status("error")),
        (
            "dedicated",
            "disks on dedicated storage cannot be transferred: dedicated_storage_id is \
                       'dss-1'"
                .to_owned(),
        ),
        ("encrypted-by-metadata", encrypted("metadata __system__encrypted is '1'")),
        ("encrypted-by-type", encrypted("the disk type is encrypted")),
        ("fit", String::new()),
        ("offered", status("awaiting-transfer")),
        ("system", "system disks cannot be transferred: the disk is bootable".to_owned()),
        ("under-policy", format!("disk is associated with a backup policy: resting ({policy})")),
        (
            "with-backups",
            format!("disk has backups: 2 in all, among them {backup} in status available"),
        ),
        (
            "with-snapshot",
            format!("disk has snapshots: 1 in all, among them {snapshot} in status available"),
        ),
        (
            "yearly",
            "yearly/monthly disks cannot be transferred: metadata orderID is 'CS2611'".to_owned(),
        ),
    ];
    let listed = disks(&owner).await;
    assert_eq!(listed.len(), expected.len());
    for (disk, (name, refusal)) in listed.iter().zip(expected) {
        assert_eq!(disk["name"], name);
        let body = json!({"transfer": {"volume_id": disk["id"]}});
        let answer = owner.post(&owner.path("v3", "os-volume-transfer"), body).await;
        if refusal.is_empty() {
            assert_eq!(answer.status, 202, "{}", answer.text);
        } else {
            answer.is_fault(400, &format!("Invalid volume: {refusal}"));
            // What the comments of the file promise, as far as an id is not part of it.
            let told: String = EXAMPLE.lines().map(|line| line.trim_start_matches('#')).collect();
            let sentence =
                refusal.replace(&snapshot, "…").replace(&backup, "…").replace(policy, "…");
            assert!(told.contains(&sentence), "{sentence}");
        }
    }
    let taker = login(&server, "rules-taker", OF_USERS, "rules-taker").await;
    let transfer = offer["id"].as_str().unwrap();
    assert_eq!(taker.accept(transfer, "0123456789abcdef").await.status, 202);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_applied_again_changes_nothing() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    seed(&admin, EXAMPLE).await;
    let before = super::events(&server).await;
    let again = seed(&admin, EXAMPLE).await;
    changed_nothing(&again);
    assert_eq!(counted(&again, "disk"), (0, 0, 12));
    assert_eq!(counted(&again, "transfer"), (0, 0, 1));
    assert_eq!(counted(&again, "user"), (0, 0, 2));
    assert_eq!(super::events(&server).await, before);
    server.finish().await;
}
