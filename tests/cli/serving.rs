//! Serving: the banner, the files, the end, and another program that holds the data file.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::process::{Client, PASSWORD, Server, serve, text, violations};
use crate::tester;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn the_banner_says_where_it_serves_what_for_whom_and_how_to_stop() {
    let home = TempDir::new().unwrap();
    let banner = |password: &str| {
        let mut command = serve(home.path());
        let command = command.env("EVS__BOOTSTRAP__PASSWORD", password).stderr(Stdio::null());
        let mut server = Server::start(command).unwrap();
        let lock = fs::read_to_string(home.path().join("evs.lock")).unwrap();
        assert_eq!(lock, format!("{}\n{}\n", server.pid(), server.url));
        server.signal("TERM");
        let (status, rest) = server.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
        (server.banner.clone(), server.url.clone())
    };
    let data = home.path().display();
    for (password, shown) in [(PASSWORD, "[as configured]"), ("secret", "secret")] {
        let (banner, url) = banner(password);
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
        assert_eq!(
            banner,
            format!(
                "evs {} serves {url}\n  data      {data}/evs.db\n  accounts  admin, demo, partner \
                 (password: {shown})\n  durable   yes\n  stop with Ctrl-C\n",
                env!("CARGO_PKG_VERSION")
            )
        );
    }
}

#[test]
fn the_data_file_is_closed_to_users_outside_the_group() {
    let home = TempDir::new().unwrap();
    let data = home.path().join("data");
    let server = serve(&data);
    // With a mask that takes nothing away, to see what the program itself withholds.
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0 && exec \"$0\" \"$@\""]).arg(server.get_program());
    shell.args(server.get_args()).stderr(Stdio::null());
    for (name, value) in server.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let _server = Server::start(&mut shell).unwrap();
    assert_eq!(mode(&data), 0o750);
    for name in ["evs.db", "evs.db-wal", "evs.db-shm", "evs.lock"] {
        assert_eq!(mode(&data.join(name)), 0o640, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_ctrl_c_the_data_file_alone_holds_everything() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let disk = demo.create_disk("kept").await.unwrap();
    let disk = text(&disk.body, "volume", "id");
    server.signal("INT");
    assert_eq!(server.end().0.code(), Some(0));
    let log = fs::metadata(home.path().join("evs.db-wal"));
    assert_eq!(log.map_or(0, |log| log.len()), 0);
    assert_eq!(fs::read(home.path().join("evs.lock")).unwrap(), b"");

    let copy = TempDir::new().unwrap();
    fs::copy(home.path().join("evs.db"), copy.path().join("evs.db")).unwrap();
    let server = Server::start(serve(copy.path()).stderr(Stdio::null())).unwrap();
    let answer = demo.moved_to(&server.url).get(&format!("volumes/{disk}")).await.unwrap();
    assert_eq!(text(&answer.body, "volume", "name"), "kept");
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn while_another_process_holds_the_data_file_writes_are_told_who_and_reads_go_on() {
    let home = TempDir::new().unwrap();
    let mut command = serve(home.path());
    let command = command.env("EVS__STORE__BUSY_TIMEOUT_MS", "50").stderr(Stdio::null());
    let server = Server::start(command).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let partner = Client::login(&server.url, "partner").await;
    let mut disks = vec![];
    for name in ["offered", "kept"] {
        let answer = demo.create_disk(name).await.unwrap();
        disks.push(text(&answer.body, "volume", "id"));
    }
    let (offered, kept) = (&disks[0], &disks[1]);
    let offer = demo.offer(offered).await.unwrap().body;
    let (id, key) = (text(&offer, "transfer", "id"), text(&offer, "transfer", "auth_key"));

    let mut tester = tester(&home.path().join("evs.db")).await;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut tester).await.unwrap();
    let pid = std::process::id();
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
    let message = format!(
        "The data file is locked by another process: process {pid} ({}). Try again.",
        name.trim_end()
    );
    for answer in [
        demo.create_disk("another").await,
        demo.offer(kept).await,
        partner.accept(&id, &key).await,
        demo.withdraw(&id).await,
    ] {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status, answer.body),
            (503, json!({"serviceUnavailable": {"code": 503, "message": message}}))
        );
        assert_eq!(answer.headers["retry-after"], "1");
    }
    for (disk, status) in [(offered, "awaiting-transfer"), (kept, "available")] {
        let answer = demo.get(&format!("volumes/{disk}")).await.unwrap();
        assert_eq!(answer.status, 200, "reads go on");
        assert_eq!(text(&answer.body, "volume", "status"), status);
    }

    sqlx::raw_sql("ROLLBACK").execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
    assert_eq!(partner.accept(&id, &key).await.unwrap().status, 202);
    let offer = demo.offer(kept).await.unwrap().body;
    let id = text(&offer, "transfer", "id");
    assert_eq!(demo.withdraw(&id).await.unwrap().status, 202);
    assert_eq!(violations(home.path()).await, Vec::<String>::new());
}
