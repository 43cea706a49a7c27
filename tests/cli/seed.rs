//! `evs seed` and `evs export`: with a server and without one the same.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::commands::{done, failed};
use crate::process::{Server, evs, serve, violations};
use crate::run;

const LEDGER: &str = "[[disk]]\nproject = \"demo\"\nname = \"ledger\"\nstatus = \"error\"\n";

/// `evs …` on this directory, with no login of whoever runs the tests.
fn on(home: &TempDir, words: &str) -> Command {
    let mut command = evs();
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OS_") {
            command.env_remove(name);
        }
    }
    command.current_dir(home.path());
    command.args(["--data", "data"]).args(words.split_whitespace());
    command
}

fn write(home: &TempDir, name: &str, text: &str) {
    fs::write(home.path().join(name), text).unwrap();
}

#[tokio::test]
async fn a_scenario_is_applied_by_the_server_or_to_the_file_itself_and_told_alike() {
    let home = TempDir::new().unwrap();
    write(&home, "a.toml", LEDGER);
    let absent = "evs: there is no data file data/evs.db; the first start of the server makes it\n";
    let absent = failed(1, absent);
    assert_eq!(run(&mut on(&home, "export")), absent);
    let made = done("disk     1 created, 0 updated, 0 unchanged\n");
    let same = done("disk     0 created, 0 updated, 1 unchanged\n");
    assert_eq!(run(&mut on(&home, "seed a.toml --dry-run")), absent, "a dry run makes no file");
    assert_eq!(run(&mut on(&home, "seed a.toml")), made);
    assert_eq!(run(&mut on(&home, "seed a.toml --dry-run")), same);
    assert_eq!(run(&mut on(&home, "seed a.toml")), same);
    let exported = run(&mut on(&home, "export"));
    assert!(
        exported.out.contains(
            "\n[[disk]]\nproject = \"demo\"\nname = \"ledger\"\nsize = 10\n\
                                   status = \"error\"\ncreated_at = 20"
        ),
        "{}",
        exported.out
    );
    let of_admin = run(&mut on(&home, "export --project admin"));
    assert!(!of_admin.out.contains("ledger"), "{}", of_admin.out);
    let nowhere = failed(1, "evs: There is no project \"no where\".\n");
    let mut unknown = on(&home, "export --project");
    assert_eq!(run(unknown.arg("no where")), nowhere);

    let mut server = Server::start(&mut serve(&home.path().join("data"))).unwrap();
    assert_eq!(run(&mut on(&home, "seed a.toml")), same);
    assert_eq!(run(&mut on(&home, "export")), exported);
    assert_eq!(run(&mut on(&home, "export --project admin")), of_admin);
    let mut unknown = on(&home, "export --project");
    assert_eq!(run(unknown.arg("no where")), nowhere);
    write(&home, "b.toml", &LEDGER.replace("ledger", "books"));
    assert_eq!(run(&mut on(&home, "seed --dry-run b.toml")), made);
    assert_eq!(run(&mut on(&home, "seed b.toml")), made);
    assert_eq!(
        run(on(&home, "seed b.toml").env("OS_USERNAME", "demo").env("OS_PROJECT_NAME", "demo")),
        failed(
            1,
            "evs: Policy doesn't allow evs:scenario:apply to be performed. Say who may with \
                   OS_USERNAME and OS_PASSWORD.\n"
        )
    );
    server.signal("TERM");
    server.end();
    assert_eq!(violations(&home.path().join("data")).await, Vec::<String>::new());
}

#[tokio::test]
async fn complaints_name_the_file_the_line_and_the_column_with_a_server_and_without() {
    let home = TempDir::new().unwrap();
    write(
        &home,
        "a.toml",
        &format!(
            "{LEDGER}[[transfer]]\ndisk = \"ledger\"\n[[snapshot]]\ndisk = \"x\"\nname = \"s\"\n"
        ),
    );
    write(&home, "b.toml", "[[disk]]\nsize = 0\n");
    let of_a = failed(
        1,
        "evs: nothing was changed\n\
         a.toml:6:8: status must be available, but the current status is error\n\
         a.toml:8:8: there is no disk \"x\" in this file; if it is there already, say its project, \
         or its id\n",
    );
    let of_b = failed(
        1,
        "evs: nothing was changed\n\
         b.toml:1:1: name is missing, or an id\nb.toml:1:1: project is missing\n\
         b.toml:2:8: size is at least 1\n",
    );
    assert_eq!(run(&mut on(&home, "seed b.toml")), of_b);
    assert!(!home.path().join("data").exists(), "not even a data file");
    assert_eq!(run(&mut on(&home, "seed a.toml")), of_a);
    let _server = Server::start(&mut serve(&home.path().join("data"))).unwrap();
    assert_eq!(run(&mut on(&home, "seed a.toml")), of_a);
    assert_eq!(run(&mut on(&home, "seed b.toml")), of_b);
    assert_eq!(
        run(&mut on(&home, "seed c.toml")),
        failed(1, "evs: cannot read c.toml: No such file or directory (os error 2)\n")
    );
}

#[tokio::test]
async fn the_example_is_printed_and_applied_and_its_keys_are_shown_once() {
    let home = TempDir::new().unwrap();
    let example = run(&mut on(&home, "seed --print-example"));
    assert_eq!(example.out, evs_local::scenario_file::EXAMPLE);
    assert!(!home.path().join("data").exists());
    let applied = run(&mut on(&home, "seed --example"));
    let offered = applied.out.lines().last().unwrap_or_default();
    assert!(
        offered.starts_with("offered  ")
            && offered.ends_with(" handover auth_key=0123456789abcdef"),
        "{applied:?}"
    );
    let mut again = on(&home, "seed -");
    let mut again = again.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    again.stdin.take().unwrap().write_all(example.out.as_bytes()).unwrap();
    let again = String::from_utf8(again.wait_with_output().unwrap().stdout).unwrap();
    assert!(again.contains("disk     0 created, 0 updated, 12 unchanged\n"), "{again}");
    assert!(!again.contains("offered"), "{again}");
    assert_eq!(violations(&home.path().join("data")).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_first_scenario_that_cannot_be_stops_the_start_and_is_applied_once_it_can() {
    let home = TempDir::new().unwrap();
    write(&home, "first.toml", "[[disk]]\nproject = \"nowhere\"\nname = \"a\"\n");
    let data = home.path().join("data");
    let start = || {
        let mut command = serve(&data);
        command.current_dir(home.path()).env("EVS__BOOTSTRAP__SCENARIO", "first.toml");
        command
    };
    let refused = run(&mut start());
    assert_eq!(refused.code, 1);
    assert_eq!(
        refused.err,
        "evs: bootstrap.scenario cannot be applied:\nfirst.toml:2:11: there is no project \"nowhere\"\n"
    );
    write(&home, "first.toml", LEDGER);
    let server = Server::start(&mut start()).unwrap();
    drop(server);
    let server = Server::start(&mut start()).unwrap();
    let exported = run(&mut on(&home, "export"));
    assert_eq!(exported.out.matches("[[disk]]").count(), 1, "{}", exported.out);
    drop(server);
    assert_eq!(violations(&data).await, Vec::<String>::new());
}
