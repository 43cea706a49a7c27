//! `evs faults`: rules are added, listed and removed by flags and by files, at the start too.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::commands::{done, failed};
use crate::process::{Client, Server, evs, serve};
use crate::run;

/// `evs faults …` for the server on this directory, with no login of whoever runs the tests.
fn faults(home: &TempDir, words: &[&str]) -> Command {
    let mut command = evs();
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OS_") {
            command.env_remove(name);
        }
    }
    command.arg("--data").arg(home.path()).arg("faults").args(words);
    command
}

async fn create_disk(client: &Client) -> u16 {
    client.create_disk("x").await.unwrap().status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_is_added_listed_and_removed_by_flags() {
    let home = TempDir::new().unwrap();
    let path = home.path().display();
    let none = format!("evs: no server runs on {path}; start one with `evs serve`\n");
    assert_eq!(run(&mut faults(&home, &["list"])), failed(1, &none));

    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    assert_eq!(run(&mut faults(&home, &["list"])), done(""));
    let added = run(&mut faults(
        &home,
        &[
            "add",
            "--operation",
            "disk.create",
            "--project",
            "demo",
            "--nth",
            "2",
            "--error",
            "full",
        ],
    ));
    assert_eq!((added.code, added.err.as_str()), (0, ""));
    let (id, rest) = added.out.split_once("  ").unwrap();
    let project = &demo.project;
    let told = format!("error=full  operation=disk.create  project={project}  skip=1  times=1");
    assert_eq!(rest, format!("{told}  matched=0  fired=0\n"));
    assert_eq!(create_disk(&demo).await, 202);
    assert_eq!(create_disk(&demo).await, 507);
    let listed = format!("{id}  {told}  matched=2  fired=1\n");
    assert_eq!(run(&mut faults(&home, &["list"])), done(&listed));
    assert_eq!(run(&mut faults(&home, &["remove", id])), done(&format!("removed {id}\n")));
    let gone = format!("evs: Fault {id} could not be found.\n");
    assert_eq!(run(&mut faults(&home, &["remove", id])), failed(1, &gone));
    for _ in 0..2 {
        assert_eq!(run(&mut faults(&home, &["add", "--delay-ms", "1"])).code, 0);
    }
    assert_eq!(run(&mut faults(&home, &["clear"])), done("removed 2\n"));

    let wrong = "evs: drop is one of before, after, before_unit, before_writes, before_commit, \
                 after_commit, before_answer, not 'now'.\n";
    assert_eq!(run(&mut faults(&home, &["add", "--drop", "now"])), failed(1, wrong));
    let crash = "evs: A crash point really kills the process: start evs with --allow-crash to use \
                 one, or set server.allow_crash.\n";
    assert_eq!(run(&mut faults(&home, &["add", "--crash", "before_commit"])), failed(1, crash));
    assert_eq!(
        run(faults(&home, &["list"]).env("OS_USERNAME", "demo")),
        failed(
            1,
            "evs: Policy doesn't allow evs:faults:list to be performed. Say who may with \
             OS_USERNAME and OS_PASSWORD.\n"
        )
    );
    for words in [&["add"] as &[&str], &["add", "--error", "busy", "--delay-ms", "1"], &["remove"]]
    {
        let outcome = run(&mut faults(&home, words));
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""), "{words:?}");
        assert!(outcome.err.starts_with("error: "), "{}", outcome.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_of_a_file_are_added_all_or_none() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(&home.path().join("data")).stderr(Stdio::null())).unwrap();
    let file = home.path().join("faults.toml");
    let load = |text: &str| {
        std::fs::write(&file, text).unwrap();
        let mut command = evs();
        command.arg("--data").arg(home.path().join("data")).args(["faults", "load"]).arg(&file);
        run(&mut command)
    };
    let path = file.display();
    assert_eq!(
        load("[[fault]]\nerror = \"busy\"\n\n[[fault]]\ndrop = \"now\"\n\n[[fault]]\n"),
        failed(
            1,
            &format!(
                "evs: {path}: line 4: drop is one of before, after, before_unit, before_writes, \
                 before_commit, after_commit, before_answer, not 'now'.\n\
                 line 7: A fault has exactly one effect: one of error, delay_ms, drop, fail_step, \
                 crash, panic, fail.\n"
            )
        )
    );
    let crashing = load("[[fault]]\nerror = \"busy\"\n\n[[fault]]\ncrash = \"before_commit\"\n");
    assert!(crashing.err.starts_with("evs: A crash point really kills "), "{}", crashing.err);
    let loaded = load(
        "[[fault]]\noperation = \"disk.create\"\ntimes = 1\nerror = \"busy\"\npersist = true\n\n\
         [[fault]]\nfail_step = \"extend\"\nprobability = 0.5\nseed = 9\n\n\
         [[fault]]\noperation = \"disk.*\"\npanic = \"after_commit\"\n\n\
         [[fault]]\nfail = \"before_step\"\n",
    );
    assert_eq!((loaded.code, loaded.err.as_str()), (0, ""));
    let lines: Vec<&str> = loaded.out.lines().map(|l| l.split_once("  ").unwrap().1).collect();
    assert_eq!(
        lines,
        [
            "error=busy  operation=disk.create  times=1  persist=true  matched=0  fired=0",
            "fail_step=extend  probability=0.5  seed=9  matched=0  fired=0",
            "panic=after_commit  operation=disk.*  matched=0  fired=0",
            "fail=before_step  matched=0  fired=0",
        ]
    );
    let admin = Client::login(&server.url, "admin").await;
    let listed = admin.send(Method::GET, &format!("{}/_evs/faults", server.url), None).await;
    assert_eq!(listed.unwrap().body["faults"].as_array().unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_faults_of_the_settings_are_armed_at_each_start() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("faults.toml");
    let start = || {
        let mut command = serve(&home.path().join("data"));
        command.env("EVS__FAULTS__FILE", &file);
        command
    };
    let busy = "[[fault]]\noperation = \"disk.create\"\nproject = \"demo\"\nerror = \"busy\"\n";
    std::fs::write(&file, busy).unwrap();
    for _ in 0..2 {
        let server = Server::start(start().stderr(Stdio::null())).unwrap();
        assert_eq!(create_disk(&Client::login(&server.url, "demo").await).await, 503);
        assert_eq!(create_disk(&Client::login(&server.url, "partner").await).await, 202);
        let admin = Client::login(&server.url, "admin").await;
        let url = format!("{}/_evs/faults", server.url);
        let listed = admin.send(Method::GET, &url, None).await.unwrap();
        assert_eq!(listed.body["faults"].as_array().unwrap().len(), 1);
        assert_eq!(listed.body["faults"][0]["persist"], json!(false));
    }
    std::fs::write(&file, format!("{busy}times = 0\n")).unwrap();
    let path = file.display();
    assert_eq!(
        run(&mut start()),
        failed(
            1,
            &format!("evs: the faults of {path} cannot be used: line 1: times is at least 1.\n")
        )
    );
    std::fs::remove_file(&file).unwrap();
    let missing = run(&mut start());
    let told = format!("evs: the faults of {path} cannot be used: No such file or directory");
    assert!(missing.err.starts_with(&told), "{}", missing.err);
}
