//! What cannot be as a scenario says, each with its line and column, and nothing is changed.

use super::{events, seed};
use crate::support::TestServer;

const SERVER: &str = "6b7d2f0c-3a91-4a35-9a0e-0d6f5b1c7e21";
const OTHER: &str = "0f3a7d64-95c8-4f2d-8a44-6be2f5a1d7c3";

/// A scenario, and what is wrong with it.
type Case = (String, &'static str);

/// A disk of which more is said.
fn a_disk(rest: &str) -> String {
    format!("[[disk]]\nproject = \"demo\"\nname = \"a\"\n{rest}")
}

/// What no disk can be.
fn disks() -> Vec<Case> {
    vec![
        (a_disk("type = \"paper\""), "4:8: there is no disk type \"paper\""),
        (a_disk("zone = \"mars\""), "4:8: there is no zone \"mars\"; there are az-sim-1, az-sim-2"),
        (a_disk("size = 40000"), "4:8: a disk holds at most 32768 GiB"),
        (a_disk("user = \"nobody\""), "4:8: there is no user \"nobody\""),
        (
            a_disk("status = \"in-use\""),
            "4:10: a disk that is in-use has an attachment: attachments = [{ server = \"…\" }]",
        ),
        (
            a_disk(&format!("status = \"available\"\nattachments = [{{ server = \"{SERVER}\" }}]")),
            "5:15: a disk that is available has no attachments",
        ),
        (
            a_disk(&format!(
                "attachments = [{{ server = \"{SERVER}\" }}, {{ server = \"{OTHER}\" }}]"
            )),
            "4:15: only a disk with multiattach = true has several servers",
        ),
        (
            a_disk("status = \"error\"\nends_in_s = 5"),
            "5:13: only a status that takes time ends by itself, and this one does not",
        ),
        (
            a_disk("new_size = 20"),
            "4:12: only what is under way has a status before and something after it",
        ),
        (
            a_disk("status = \"extending\"\nnew_size = 5"),
            "5:12: only a disk that is extending will have another, larger size",
        ),
        (
            a_disk("status = \"extending\"\nformer = \"error\""),
            "5:10: a disk that is extending was not error before",
        ),
        (
            a_disk("[[disk]]\nproject = \"demo\"\nname = \"a\""),
            "6:8: this disk has an entry already; give one of them an id",
        ),
    ]
}

/// What nothing that belongs to a disk can be.
fn parts() -> Vec<Case> {
    vec![
        (
            a_disk("[[transfer]]\ndisk = \"a\"\nexpires_at = 2026-01-01T00:00:00Z"),
            "6:14: this moment is over already",
        ),
        (
            a_disk("status = \"awaiting-transfer\""),
            "4:10: a disk that is awaiting-transfer has a [[transfer]] in this file",
        ),
        (
            a_disk("status = \"available\"\n[[transfer]]\ndisk = \"a\""),
            "4:10: a disk that a [[transfer]] offers is awaiting-transfer",
        ),
        (
            a_disk("status = \"deleting\"\n[[snapshot]]\ndisk = \"a\"\nname = \"s\""),
            "4:10: a disk that has snapshots is not deleted without them",
        ),
        (
            a_disk("[[snapshot]]\ndisk = \"b\"\nname = \"s\""),
            "5:8: there is no disk \"b\" in this file; if it is there already, say its project, or its id",
        ),
        (
            a_disk(
                "[[disk]]\nproject = \"partner\"\nname = \"a\"\n[[snapshot]]\ndisk = \"a\"\nname = \"s\"",
            ),
            "8:8: several disks are named \"a\"; say its project, or its id",
        ),
        (
            a_disk(
                "[[snapshot]]\ndisk = \"a\"\nname = \"s\"\n[[snapshot]]\ndisk = \"a\"\nname = \"s\"",
            ),
            "9:8: this snapshot has an entry already",
        ),
        (
            a_disk("[[backup]]\ndisk = \"a\"\nname = \"b\"\nincremental = true"),
            "7:15: the disk has no backup before it to build on",
        ),
        (
            a_disk("[[backup]]\ndisk = \"a\"\nname = \"b\"\npolicy = \"p\""),
            "7:10: there is no policy \"p\" in this file",
        ),
        (
            a_disk(
                "dedicated_storage = \"dss\"\n[[policy]]\nproject = \"demo\"\nname = \"p\"\ndisks = [\"a\"]",
            ),
            "8:10: a disk on dedicated storage is under no backup policy",
        ),
        (
            a_disk(
                "[[policy]]\nproject = \"demo\"\nname = \"p\"\ndisks = [\"a\"]\n\
               [[policy]]\nproject = \"demo\"\nname = \"q\"\ndisks = [\"a\"]",
            ),
            "11:10: a disk is under one policy only",
        ),
        (
            "[[policy]]\nproject = \"demo\"\nname = \"defaults\"".to_owned(),
            "3:8: only the policy that a project has from the start is named \"default\"",
        ),
        (
            a_disk("bootable = true\n[[transfer]]\ndisk = \"a\""),
            "6:8: system disks cannot be transferred: the disk is bootable",
        ),
        (
            a_disk("[[transfer]]\ndisk = \"a\"\n[[transfer]]\ndisk = \"a\""),
            "7:8: a disk has one pending transfer at most",
        ),
        (
            a_disk("status = \"error\"\n[[transfer]]\ndisk = \"a\""),
            "6:8: status must be available, but the current status is error",
        ),
    ]
}

/// What else cannot be.
fn accounts() -> Vec<Case> {
    vec![
        (
            "name = \"x\"".to_owned(),
            "1:1: there is no key \"name\" here; there are backup, disk, \
          policy, project, snapshot, transfer, type, user",
        ),
        (
            "[[disk]]\nproject = \"nowhere\"\nname = \"a\"".to_owned(),
            "2:11: there is no project \"nowhere\"",
        ),
        ("[[disk]]\nproject = \"demo\"".to_owned(), "1:1: name is missing, or an id"),
        (
            "[[project]]\nname = \"p\"\nquota = { volumes_paper = 1 }".to_owned(),
            "3:27: there is no disk type \"paper\"",
        ),
        (
            "[[project]]\nname = \"p\"\n[[project]]\nname = \"p\"".to_owned(),
            "4:8: the project \"p\" is named twice",
        ),
        (
            "[[project]]\nname = \"demo\"\nid = \"x\"".to_owned(),
            "3:6: the project \"demo\" has the id ID",
        ),
        (
            "[[user]]\nname = \"u\"\nprojects = [\"demo:boss\"]".to_owned(),
            "3:13: \"demo:boss\" is no \"PROJECT:ROLE\"; a role is reader, member or admin",
        ),
        (
            "[[type]]\nname = \"SSD\"\nencrypted = true".to_owned(),
            "3:13: the type \"SSD\" is there, and its encryption stays",
        ),
        (
            "[[type]]\nname = \"SSD\"\nextra_specs = {}".to_owned(),
            "3:15: the type \"SSD\" has disks, so that its extra_specs stay",
        ),
        (
            "[[disk]]\nproject = \"demo\"\nname = \"there\"\nsize = 5".to_owned(),
            "4:8: the disk has 10 GiB and does not shrink",
        ),
        (
            "[[disk]]\nproject = \"demo\"\nname = \"there\"\ncreated_at = 2026-01-01T00:00:00Z"
                .to_owned(),
            "4:14: it is there already, and when it was made does not change",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_with_its_place_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    let demo = server.login("demo").await;
    let there = demo.disk_of(serde_json::json!({"size": 10, "name": "there"})).await;
    let before = events(&server).await;
    let cases = [(
        format!("[[disk]]\nproject = \"partner\"\nid = \"{there}\""),
        "2:11: disk THERE belongs to another project, which only an accepted transfer changes",
    )];
    let all = [disks(), parts(), accounts(), cases.into()].concat();
    assert!(all.len() > 35, "{}", all.len());
    for (text, expected) in all {
        let expected = expected
            .replace("ID", if expected.ends_with("has the id ID") { &demo.project } else { "ID" });
        let answer = seed(&admin, &text).await;
        answer.is_fault(400, &expected.replace("THERE", &there));
        assert_eq!(events(&server).await, before, "{text}");
    }
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offered_disk_gets_no_obstacle_and_its_key_and_name_stay() {
    let server = TestServer::start().await;
    let admin = server.login("admin").await;
    server.must_hide("fedcba9876543210");
    let disk = "[[disk]]\nproject = \"demo\"\nname = \"a\"\n";
    let offer = |rest: &str| format!("{disk}[[transfer]]\ndisk = \"a\"\n{rest}");
    let first = offer("name = \"t\"\nauth_key = \"fedcba9876543210\"");
    assert_eq!(seed(&admin, &first).await.status, 200);
    let before = events(&server).await;
    for (text, expected) in [
        (offer("name = \"u\""), "6:8: the disk is offered already, by a transfer named \"t\""),
        (offer("auth_key = \"0\""), "6:12: the disk is offered already, with another auth_key"),
        (
            "[[snapshot]]\nproject = \"demo\"\ndisk = \"a\"\nname = \"s\"".to_owned(),
            "3:8: disk has snapshots: 1 in all, among them SNAPSHOT in status available",
        ),
        (
            format!("{disk}status = \"error\"\n[[transfer]]\ndisk = \"a\""),
            "4:10: a disk that a [[transfer]] offers is awaiting-transfer",
        ),
        (
            format!("{disk}bootable = true"),
            "3:8: system disks cannot be transferred: the disk is bootable",
        ),
    ] {
        let answer = seed(&admin, &text).await;
        let message = answer.body["badRequest"]["message"].as_str().unwrap_or_default();
        let told: String = match message.split_once("among them ") {
            Some((head, rest)) => format!("{head}among them SNAPSHOT{}", &rest[36..]),
            None => message.to_owned(),
        };
        assert_eq!((answer.status, told.as_str()), (400, expected), "{}", answer.text);
        assert_eq!(events(&server).await, before);
    }
    server.finish().await;
}
