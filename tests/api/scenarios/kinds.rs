//! Every kind of thing: made, found as it should be, brought to what the file says, and told again.

use std::fmt::Write as _;

use evs_local::domain::backup::BackupStatus;
use evs_local::domain::disk::DiskStatus;
use evs_local::domain::snapshot::SnapshotStatus;
use serde_json::json;

use super::{OF_USERS, changed_nothing, counted, disks, export, login, seed};
use crate::support::{PASSWORD, TestServer};

/// Something of everything that an entry can say.
const ALL: &str = r#"
[[project]]
name = "atlas"
description = "maps"
quota = { volumes = 20, gigabytes_SSD = 500, volumes_cold = 3 }

[[project]]
name = "closed"
id = "closed-1"
enabled = false

[[user]]
name = "ann"
description = "draws"
email = "ann@atlas.test"
default_project = "atlas"
projects = ["atlas:member", "demo:reader"]

[[user]]
name = "bob"
enabled = false
domain_roles = ["admin"]

[[type]]
name = "cold"
description = "slow and cheap"
public = false
encrypted = true
extra_specs = { "RESKEY:availability_zones" = "az-sim-2" }
access = ["atlas"]

[[disk]]
project = "atlas"
name = "plain"

[[disk]]
project = "atlas"
name = "full of words"
id = "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19"
user = "admin"
description = "a \"quoted\" \\ text\nof two lines"
size = 40
type = "cold"
zone = "az-sim-2"
bootable = true
multiattach = true
read_only = true
dedicated_storage = "dss-1"
metadata = { "a key" = "1", b = "" }
tags = { team = "maps" }
attachments = [
    { server = "6b7d2f0c-3a91-4a35-9a0e-0d6f5b1c7e21", mountpoint = "/dev/vdb", mode = "rw" },
    { server = "0f3a7d64-95c8-4f2d-8a44-6be2f5a1d7c3", host = "node-1", mode = "ro" },
]
created_at = 2026-01-02T03:04:05.000006Z

[[disk]]
project = "demo"
name = "plain"

[[disk]]
project = "atlas"
name = "growing"
size = 10
status = "extending"
former = "in-use"
new_size = 20
ends_in_s = 3600.5
outcome = "failed"
attachments = [{ host = "node-1" }]

[[disk]]
project = "atlas"
name = "converting"
status = "retyping"
new_type = "SAS"
ends_in_s = 60

[[snapshot]]
disk = "plain"
project = "atlas"
name = "first"
metadata = { k = "v" }

[[snapshot]]
disk = "plain"
project = "atlas"
name = "going"
status = "deleting"
ends_in_s = 60
description = "goes"

[[policy]]
project = "atlas"
name = "nightly"
hours = ["02:00", "14:00"]
week_days = ["MON", "FRI"]
time_zone = "UTC+05:30"
keep_days = 30
keep_first_of_month = true
tags = { team = "maps" }
disks = ["growing"]

[[policy]]
project = "atlas"
name = "default"
enabled = true

[[backup]]
disk = "plain"
project = "atlas"
name = "full"
container = "vault"
metadata = { k = "v" }

[[backup]]
disk = "plain"
project = "atlas"
name = "later"
incremental = true

[[backup]]
disk = "plain"
project = "atlas"
name = "of-snapshot"
base = "full"
snapshot = "first"
policy = "nightly"
native = true
status = "error"
fail_reason = "no room"

[[backup]]
project = "atlas"
disk = "9d5c1a77-2f0b-4c55-8b3c-77ad0e9f1b64"
name = "of a disk that is gone"
size = 5

[[disk]]
project = "atlas"
name = "offered"

[[transfer]]
disk = "offered"
name = "handover"
no_snapshots = true
expires_in_s = 86400
"#;

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_is_made_and_then_found_as_it_should_be() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let made = seed(&admin, ALL).await;
    for (kind, count) in [
        ("project", 2),
        ("user", 2),
        ("type", 1),
        ("disk", 6),
        ("snapshot", 2),
        ("policy", 2),
        ("backup", 4),
        ("transfer", 1),
    ] {
        assert_eq!(counted(&made, kind), (count, 0, 0), "{kind}");
    }
    let key = made.body["transfers"][0]["auth_key"].as_str().unwrap();
    assert_eq!(key.len(), 16);
    changed_nothing(&seed(&admin, ALL).await);

    let ann = login(&server, "ann", PASSWORD, "atlas").await;
    let listed = disks(&ann).await;
    let statuses: Vec<_> = listed.iter().map(|disk| (&disk["name"], &disk["status"])).collect();
    assert_eq!(
        json!(statuses),
        json!([
            ["converting", "retyping"],
            ["full of words", "in-use"],
            ["growing", "extending"],
            ["offered", "awaiting-transfer"],
            ["plain", "available"],
        ])
    );
    assert_eq!(listed[1]["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(listed[1]["created_at"], "2026-01-02T03:04:05.000006");
    assert_eq!(listed[1]["user_id"], json!(admin.user));
    server.advance(chrono::TimeDelta::hours(2));
    assert_eq!(admin.post("/_evs/progress", json!({})).await.status, 200);
    let listed = disks(&ann).await;
    assert_eq!(
        (&listed[0]["status"], &listed[0]["volume_type"]),
        (&json!("available"), &json!("SAS"))
    );
    assert_eq!((&listed[2]["status"], &listed[2]["size"]), (&json!("error_extending"), &json!(10)));
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_exported_makes_the_same_again_in_an_empty_file() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    assert_eq!(seed(&admin, ALL).await.status, 200);
    let text = export(&admin, "").await;
    changed_nothing(&seed(&admin, &text).await);
    let of_atlas = export(&admin, "?project=atlas").await;

    let other = TestServer::start().await;
    let admin = other.login("admin").await;
    let made = seed(&admin, &text).await;
    assert_eq!(made.status, 200, "{}\n{text}", made.text);
    assert_eq!(export(&admin, "").await, text);
    assert_eq!(export(&admin, "?project=atlas").await, of_atlas);
    assert!(!of_atlas.contains("demo"), "{of_atlas}");
    admin
        .get("/_evs/export?project=nowhere")
        .await
        .is_fault(404, "There is no project \"nowhere\".");

    // In a third file alone: nothing of it hangs on what was left out.
    let third = TestServer::start().await;
    let admin = third.login("admin").await;
    assert_eq!(counted(&seed(&admin, &of_atlas).await, "disk"), (5, 0, 0));
    assert_eq!(export(&admin, "?project=atlas").await, of_atlas);
    for server in [server, other, third] {
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_made_by_the_api_is_exported_and_made_again() {
    let server = TestServer::start().await;
    let (admin, demo) = (server.login("admin").await, server.login("demo").await);
    let disk = demo.disk().await;
    demo.snapshot(&disk).await;
    demo.backup(&disk).await;
    let other = demo.disk_of(json!({"size": 3, "name": "twice", "metadata": {"k": "v"}})).await;
    demo.disk_of(json!({"size": 3, "name": "twice"})).await;
    demo.offer(&other).await;
    let policy = demo.policy("nightly", "ON").await;
    assert_eq!(demo.bind(&policy, &disk).await.status, 200);
    let text = export(&admin, "").await;
    changed_nothing(&seed(&admin, &text).await);

    let copy = TestServer::start().await;
    let admin = copy.login("admin").await;
    let made = seed(&admin, &text).await;
    assert_eq!(counted(&made, "disk"), (3, 0, 0));
    assert_eq!(export(&admin, "").await, text);
    assert_eq!(copy.login("demo").await.disk_status(&other).await, "awaiting-transfer");
    for server in [server, copy] {
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_is_brought_to_what_the_file_says_and_nothing_else_is_touched() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    assert_eq!(seed(&admin, ALL).await.status, 200);
    let before = export(&admin, "").await;
    server.must_hide(OF_USERS);
    let change = format!(
        "[[project]]\nname = \"atlas\"\nquota = {{ volumes = 21 }}\n\
         [[user]]\nname = \"ann\"\npassword = \"{OF_USERS}\"\nprojects = [\"atlas:admin\"]\n\
         [[type]]\nname = \"cold\"\ndescription = \"\"\npublic = true\n\
         [[disk]]\nproject = \"atlas\"\nname = \"plain\"\nsize = 12\nstatus = \"error\"\n\
         tags = {{ a = \"b\" }}\nmetadata = {{ x = \"y\" }}\n\
         [[disk]]\nproject = \"atlas\"\nname = \"offered\"\nstatus = \"available\"\n\
         [[disk]]\nproject = \"atlas\"\nid = \"4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19\"\n\
         name = \"renamed\"\nattachments = []\nstatus = \"available\"\n\
         [[snapshot]]\nproject = \"atlas\"\ndisk = \"plain\"\nname = \"first\"\nstatus = \"error\"\n\
         [[policy]]\nproject = \"atlas\"\nname = \"nightly\"\nhours = [\"03:00\"]\n\
         disks = [\"converting\"]\n\
         [[backup]]\nproject = \"atlas\"\ndisk = \"plain\"\nname = \"full\"\ndescription = \"all\"\n"
    );
    let changed = seed(&admin, &change).await;
    for (kind, count) in [
        ("project", 1),
        ("user", 1),
        ("type", 1),
        ("disk", 3),
        ("snapshot", 1),
        ("policy", 1),
        ("backup", 1),
    ] {
        assert_eq!(counted(&changed, kind), (0, count, 0), "{kind}");
    }
    changed_nothing(&seed(&admin, &change).await);
    login(&server, "ann", OF_USERS, "atlas").await;
    let after = export(&admin, "").await;
    for (was, is) in [
        ("volumes = 20", "volumes = 21"),
        ("description = \"slow and cheap\"\npublic = false\n", ""),
        ("access = [\"atlas\"]\n", ""),
        ("hours = [\"02:00\", \"14:00\"]", "hours = [\"03:00\"]"),
        ("disks = [\"growing\"]", "disks = [\"converting\", \"growing\"]"),
    ] {
        assert!(before.contains(was), "{was}\n{before}");
        assert!(after.contains(is) && (is.is_empty() || !after.contains(was)), "{is}\n{after}");
    }
    assert!(!after.contains("[[transfer]]"), "withdrawn: {after}");
    assert!(after.contains("name = \"renamed\"") && !after.contains("6b7d2f0c"), "{after}");
    server.finish().await;
}

/// A thing in each status that it can have, named after it; what takes time goes on for `ends`.
fn in_every_status(ends: &str) -> String {
    const TAKE_TIME: [(&str, &str); 3] = [
        (
            "disk",
            "creating downloading extending backing-up restoring-backup uploading rollbacking \
             reverting retyping deleting",
        ),
        ("snapshot", "creating deleting rollbacking restoring backing-up"),
        ("backup", "creating restoring deleting"),
    ];
    let ends_of = |kind: &str, status: &str| {
        let takes = TAKE_TIME.iter().find(|(of, _)| *of == kind).unwrap();
        if takes.1.split_whitespace().any(|word| word == status) { ends } else { "" }
    };
    let mut text = "[[disk]]\nproject = \"demo\"\nname = \"parts\"\n".to_owned();
    for status in DiskStatus::ALL {
        let ends = ends_of("disk", status.as_str());
        write!(
            text,
            "[[disk]]\nproject = \"demo\"\nname = \"{status}\"\nstatus = \"{status}\"\n{ends}"
        )
        .unwrap();
        if *status == DiskStatus::InUse {
            text += "attachments = [{ server = \"6b7d2f0c-3a91-4a35-9a0e-0d6f5b1c7e21\" }]\n";
        }
        if *status == DiskStatus::AwaitingTransfer {
            write!(text, "[[transfer]]\ndisk = \"{status}\"\n").unwrap();
        }
    }
    let snapshots = SnapshotStatus::ALL.iter().map(|status| ("snapshot", status.as_str()));
    let backups = BackupStatus::ALL.iter().map(|status| ("backup", status.as_str()));
    for (kind, status) in snapshots.chain(backups) {
        let ends = ends_of(kind, status);
        write!(
            text,
            "[[{kind}]]\ndisk = \"parts\"\nname = \"{status}\"\nstatus = \"{status}\"\n{ends}"
        )
        .unwrap();
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_can_be_seeded_and_the_doctor_is_content() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let held = in_every_status("ends_in_s = 60\n");
    let made = seed(&admin, &held).await;
    assert_eq!(counted(&made, "disk").0, 1 + DiskStatus::ALL.len() as u64);
    let demo = server.login("demo").await;
    for disk in disks(&demo).await.iter().filter(|disk| disk["name"] != "parts") {
        assert_eq!(disk["status"], disk["name"]);
    }
    changed_nothing(&seed(&admin, &held).await);
    // Without a time of its own each ends as usual: at once.
    let other = TestServer::start().await;
    let admin = other.login("admin").await;
    assert_eq!(seed(&admin, &in_every_status("")).await.status, 200);
    assert_eq!(admin.post("/_evs/progress", json!({})).await.status, 200);
    let demo = other.login("demo").await;
    let listed = disks(&demo).await;
    assert!(listed.iter().all(|disk| disk["status"] != "creating" && disk["name"] != "deleting"));
    for server in [server, other] {
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_taken_is_not_taken_back_and_a_new_one_is_offered() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let partner = server.login("partner").await;
    server.must_hide("fedcba9876543210");
    let text = "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\n\
                [[transfer]]\ndisk = \"ledger\"\nauth_key = \"fedcba9876543210\"\n";
    let first = seed(&admin, text).await.body["transfers"][0].clone();
    let id = first["id"].as_str().unwrap();
    assert_eq!(partner.accept(id, "fedcba9876543210").await.status, 202);
    let second = seed(&admin, text).await;
    assert_eq!(counted(&second, "disk"), (1, 0, 0));
    assert_ne!(second.body["transfers"][0]["volume_id"], first["volume_id"]);
    assert_eq!(disks(&partner).await.len(), 1);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_ends_when_the_file_says_and_is_then_made_anew() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let text = "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\n\
                [[transfer]]\ndisk = \"ledger\"\nname = \"t\"\nexpires_in_s = 60\n";
    let first = seed(&admin, text).await.body["transfers"][0].clone();
    changed_nothing(&seed(&admin, text).await);
    let at = text.replace("expires_in_s = 60", "expires_at = 2026-11-23T07:42:05.318204Z");
    changed_nothing(&seed(&admin, &at).await);
    let otherwise = text.replace("expires_in_s = 60", "expires_in_s = 0");
    seed(&admin, &otherwise)
        .await
        .is_fault(400, "7:16: the disk is offered already, and that offer ends otherwise");
    server.advance(chrono::TimeDelta::seconds(61));
    let second = seed(&admin, text).await;
    assert_eq!(counted(&second, "disk"), (0, 0, 1));
    assert_eq!(second.body["transfers"][0]["volume_id"], first["volume_id"]);
    let told: Vec<(String,)> = server
        .rows("SELECT status FROM transfers WHERE id = $1", first["id"].as_str().unwrap())
        .await;
    assert_eq!(told, [("expired".to_owned(),)]);
    server.finish().await;
}
