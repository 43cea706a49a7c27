//! `evs state`: of a running server, and of a data file that none serves.

use std::path::Path;
use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::commands::failed;
use crate::process::{Client, Server, evs, serve, text, violations};
use crate::{Outcome, run};

/// `evs state …` for this directory, with no login of whoever runs the tests.
fn state(home: &Path, words: &str) -> Command {
    let mut command = evs();
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OS_") {
            command.env_remove(name);
        }
    }
    command.arg("--data").arg(home).arg("state").args(words.split_whitespace());
    command.stdin(Stdio::null());
    command
}

fn said(home: &Path, words: &str) -> String {
    let Outcome { code, out, err } = run(&mut state(home, words));
    assert_eq!((code, err.as_str()), (0, ""), "{words}: {out}");
    out
}

fn refused(home: &Path, words: &str, why: &str) {
    assert_eq!(run(&mut state(home, words)), failed(1, &format!("evs: {why}\n")), "{words}");
}

/// The same whether a server says it, as a sentence of its own, or the command itself.
fn refused_alike(home: &Path, words: &str, why: &str) {
    let Outcome { code, out, err } = run(&mut state(home, words));
    let alike = |text: &str| text.trim_end().trim_end_matches('.').to_lowercase();
    assert_eq!((code, out.as_str(), alike(&err)), (1, "", alike(&format!("evs: {why}"))));
}

/// Everything that can be done, on a server or without one: `offered` is a disk that state `a` has
/// available and that awaits its transfer now; `other` is one that only `a` has.
fn walk(home: &Path, offered: &str, other: &str) {
    let diff = said(home, "diff a now");
    let has = |line: &str| assert!(diff.lines().any(|l| l.starts_with(line)), "{line}: {diff}");
    has(&format!("disks  ~ {offered}  status: available → awaiting-transfer, transfer_id: - → "));
    has(&format!("disks  - {other}  name=other status=available size_gib=1 project_id="));
    has("events  ");
    has("transfers  + ");
    assert!(!diff.contains("argon2"), "{diff}");
    assert!(said(home, "diff a now --all").contains("events  + "), "every row");
    let json: Value = serde_json::from_str(&said(home, "diff a now --json")).unwrap();
    assert_eq!((&json["from"], &json["to"]), (&json!("a"), &json!("now")));

    let saved = said(home, "save b");
    assert!(saved.starts_with("saved b: 1 disks, 1 pending transfers, "), "{saved}");
    refused_alike(
        home,
        "save b",
        "there is a state b already; say that it is to be overwritten, or choose another name",
    );
    said(home, "save b --overwrite");
    // But for who asks: the command has logged in, if there is a server.
    let none = said(home, "diff b now");
    assert!(
        none == "nothing differs\n" || none == "tokens  1 added, 0 removed, 0 changed\n",
        "{none}"
    );
    let loaded = said(home, "load a");
    assert!(loaded.starts_with("loaded a: ") && loaded.ends_with(" ms\n"), "{loaded}");
    assert!(!said(home, "diff a now").contains("disks"));
    let list = said(home, "list");
    let lines: Vec<&str> = list.lines().collect();
    assert!(lines[0].starts_with("a  20") && lines[1].starts_with("b  20"), "{list}");
    assert!(lines[1].contains("Z  1 disks, 1 pending transfers, schema "), "{list}");
    said(home, "load b");
    assert_eq!(said(home, "delete b"), "deleted b\n");
    assert_eq!(said(home, "list").lines().count(), 1);
    let usage = run(&mut state(home, "save a/b"));
    assert!(usage.err.starts_with("evs: \"a/b\" is no name of a state: "), "{}", usage.err);
}

/// Makes state `a` and what differs from it; the disks that [`walk`] asks for.
async fn differ(home: &Path, server: &Server) -> (String, String) {
    let demo = Client::login(&server.url, "demo").await;
    let offered = text(&demo.create_disk("offered").await.unwrap().body, "volume", "id");
    let other = text(&demo.create_disk("other").await.unwrap().body, "volume", "id");
    said(home, "save a");
    assert_eq!(demo.offer(&offered).await.unwrap().status, 202);
    let gone = demo.own(&format!("volumes/{other}"));
    assert_eq!(demo.send(Method::DELETE, &gone, None).await.unwrap().status, 202);
    (offered, other)
}

#[tokio::test(flavor = "multi_thread")]
async fn states_are_handled_alike_with_and_without_a_running_server() {
    let directory = TempDir::new().unwrap();
    let home = directory.path();
    let mut server = Server::start(serve(home).stderr(Stdio::null())).unwrap();
    let (offered, other) = differ(home, &server).await;
    walk(home, &offered, &other);
    refused(home, "load b", "There is no state b.");
    server.signal("TERM");
    server.end();
    walk(home, &offered, &other);
    refused(home, "load b", "there is no state b");
    assert_eq!(violations(home).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_is_meant_and_takes_everything_or_a_project() {
    let directory = TempDir::new().unwrap();
    let home = directory.path();
    let mut server = Server::start(serve(home).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let partner = Client::login(&server.url, "partner").await;
    let disk = text(&demo.create_disk("d").await.unwrap().body, "volume", "id");
    let kept = text(&partner.create_disk("k").await.unwrap().body, "volume", "id");
    let meant = "say that you mean it with --yes";
    refused(
        home,
        "reset",
        &format!("Everything but the saved states goes, accounts and tokens included: {meant}"),
    );
    refused(
        home,
        "reset --project demo",
        &format!("Everything that project demo has goes: {meant}"),
    );
    assert_eq!(demo.get(&format!("volumes/{disk}")).await.unwrap().status, 200);
    let removed = "removed 1 disks, 0 transfers, 0 snapshots, 0 backups, 0 policies";
    assert_eq!(
        said(home, "reset --project demo --yes"),
        format!("reset project {}: {removed}\n", demo.project)
    );
    assert_eq!(demo.get(&format!("volumes/{disk}")).await.unwrap().status, 404);
    assert_eq!(partner.get(&format!("volumes/{kept}")).await.unwrap().status, 200);
    refused(home, "reset --project nobody --yes", "There is no project nobody.");

    for round in 0..2 {
        let done = said(home, "reset --yes");
        assert!(done.starts_with("everything is as after a first start: "), "{done}");
        assert_eq!(violations(home).await, Vec::<String>::new());
        if round == 0 {
            assert_eq!(partner.get("volumes").await.unwrap().status, 401);
            Client::login(&server.url, "partner").await;
            server.signal("TERM");
            server.end();
        }
    }
}

#[test]
fn without_a_data_file_there_is_nothing_to_save() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("evs.db");
    let none =
        format!("there is no data file {}; the first start of the server makes it", file.display());
    refused(directory.path(), "save a", &none);
    refused(directory.path(), "list", &none);
}
