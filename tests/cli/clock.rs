//! `evs clock`: it steers the clock of a running server, which goes on wherever it is killed.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Method;
use serde_json::json;
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::commands::{done, failed};
use crate::process::{Client, Server, evs, serve, text};
use crate::{Outcome, run, tester};

/// `evs clock …` for the server on this directory, with no login of whoever runs the tests.
fn clock(home: &TempDir, words: &str) -> Command {
    let mut command = evs();
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OS_") {
            command.env_remove(name);
        }
    }
    command.arg("--data").arg(home.path()).arg("clock").args(words.split_whitespace());
    command
}

/// What a reading says, without the machine's time.
fn reading(outcome: &Outcome) -> (String, String, String) {
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{}", outcome.out);
    let lines: Vec<&str> = outcome.out.lines().collect();
    let [now, real, mode, scale] = lines[lines.len() - 4..] else { panic!("{}", outcome.out) };
    assert!(real.starts_with("real_now 20"), "{real}");
    let value = |line: &str, name: &str| {
        line.strip_prefix(&format!("{name:8} ")).unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    (value(now, "now"), value(mode, "mode"), value(scale, "scale"))
}

fn shown(now: &str, mode: &str, scale: &str) -> (String, String, String) {
    (now.to_owned(), mode.to_owned(), scale.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_running_server_is_shown_and_steered_and_goes_on_after_a_kill() {
    let home = TempDir::new().unwrap();
    let start = || {
        let mut command = serve(home.path());
        command.env("EVS__SIMULATION__CREATE_DELAY_MS", "60000").stderr(Stdio::null());
        Server::start(&mut command).unwrap()
    };
    let asked = |words: &str| reading(&run(&mut clock(&home, words)));
    let mut server = start();
    let (_, mode, scale) = asked("");
    assert_eq!((mode.as_str(), scale.as_str()), ("real", "1"));
    assert_eq!(asked("freeze").1, "frozen");
    let (now, ..) = asked("");
    assert_eq!(asked(""), shown(&now, "frozen", "1"));
    assert_eq!(
        asked("set 2090-02-28T12:00:00Z"),
        shown("2090-02-28T12:00:00.000000Z", "frozen", "1")
    );
    let demo = Client::login(&server.url, "demo").await;
    let disk = demo.create_disk("slow").await.unwrap();
    let disk = text(&disk.body, "volume", "id");
    server.signal("KILL");
    server.end();

    let mut server = start();
    let over = run(&mut clock(&home, "advance 1d12h"));
    let line = format!("2090-02-28T12:01:00.000000Z disk_id={disk} from=creating to=available\n");
    assert!(over.out.starts_with(&line), "{over:?}");
    assert_eq!(reading(&over), shown("2090-03-02T00:00:00.000000Z", "frozen", "1"));
    assert_eq!(asked("scale 0.5"), shown("2090-03-02T00:00:00.000000Z", "frozen", "0.5"));
    assert_eq!(asked("run").1, "running");
    server.signal("KILL");
    server.end();

    let _server = start();
    let (now, mode, scale) = asked("");
    assert_eq!((mode.as_str(), scale.as_str()), ("running", "0.5"));
    assert!(now.starts_with("2090-03-02T00:"), "{now}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_said_in_a_sentence() {
    let home = TempDir::new().unwrap();
    let path = home.path().display();
    let none = format!("evs: no server runs on {path}; start one with `evs serve`\n");
    assert_eq!(run(&mut clock(&home, "freeze")), failed(1, &none));

    let _server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let set = run(&mut clock(&home, "set 2020-01-01"));
    assert_eq!((set.code, set.out.as_str()), (1, ""));
    assert!(set.err.starts_with("evs: The clock never goes back: it shows 20"), "{}", set.err);
    assert_eq!(
        run(clock(&home, "freeze").env("OS_USERNAME", "demo")),
        failed(
            1,
            "evs: Policy doesn't allow evs:clock:update to be performed. Say who may with \
             OS_USERNAME and OS_PASSWORD.\n"
        )
    );
    assert_eq!(
        run(clock(&home, "").env("OS_PASSWORD", "wrong")),
        failed(
            1,
            "evs: the server does not let admin in; say who with OS_USERNAME and OS_PASSWORD\n"
        )
    );
    for (words, told) in [
        ("advance 30", "error: invalid value '30' for '<TIME>': \"30\" is no time: write numbers"),
        ("scale fast", "error: invalid value 'fast' for '<SCALE>': "),
        ("stop", "error: unrecognized subcommand 'stop'"),
    ] {
        let outcome = run(&mut clock(&home, words));
        assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
        assert!(outcome.err.starts_with(told), "{}", outcome.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_cannot_be_read_is_named_at_the_start() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    assert_eq!(run(&mut clock(&home, "freeze")).code, 0);
    server.signal("TERM");
    server.end();
    let mut tester = tester(&home.path().join("evs.db")).await;
    let broken = "PRAGMA ignore_check_constraints = ON; UPDATE clock SET moment = 'soon'";
    sqlx::raw_sql(broken).execute(&mut tester).await.unwrap();
    tester.close().await.unwrap();
    assert_eq!(
        run(&mut serve(home.path())),
        failed(
            1,
            "evs: how the clock goes cannot be read; `evs doctor` tells more: clock 1: moment is no \
             time\n"
        )
    );
}

/// A clock that went on while a change of it is written would go back when the change counts.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_ever_sees_the_clock_go_back() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let admin = Client::login(&server.url, "admin").await;
    let path = format!("{}/_evs/clock", server.url);
    let (watcher, looked_at, steered) = (admin.clone(), path.clone(), AtomicBool::new(false));
    let watching = async {
        let (mut last, mut looks) = (String::new(), 0);
        while !steered.load(Ordering::Relaxed) {
            let answer = watcher.send(Method::GET, &looked_at, None).await.unwrap();
            let now = answer.body["now"].as_str().unwrap().to_owned();
            assert!(last <= now, "{last} was shown before {now}");
            (last, looks) = (now, looks + 1);
        }
        looks
    };
    let steering = async {
        let changes = [
            json!({"freeze": true}),
            json!({"run": true}),
            json!({"advance_s": 0.001}),
            json!({"scale": 50}),
            json!({"scale": 0.001}),
        ];
        for change in changes.iter().cycle().take(200) {
            let answer = admin.send(Method::POST, &path, Some(change.clone())).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
        steered.store(true, Ordering::Relaxed);
    };
    let (looks, ()) = tokio::join!(watching, steering);
    assert!(looks > 100, "{looks} looks");
}

#[test]
fn a_server_in_open_mode_is_asked_without_a_login() {
    let home = TempDir::new().unwrap();
    let mut command = serve(home.path());
    let command = command.env("EVS__AUTH__MODE", "open").stderr(Stdio::null());
    let _server = Server::start(command).unwrap();
    let frozen = run(clock(&home, "freeze").env("OS_PASSWORD", "wrong"));
    assert_eq!(reading(&frozen).1, "frozen");
    assert_eq!(run(&mut clock(&home, "reset")).code, 0);
    assert_eq!(reading(&run(&mut clock(&home, ""))).1, "real");
}

#[test]
fn the_help_says_what_each_command_does_and_as_whom() {
    let home = TempDir::new().unwrap();
    let help = run(&mut clock(&home, "--help"));
    for told in ["freeze", "run", "set", "advance", "scale", "reset", "OS_USERNAME", "30d12h"] {
        assert!(help.out.contains(told), "{told}: {}", help.out);
    }
    assert_eq!(help, done(&help.out));
}
