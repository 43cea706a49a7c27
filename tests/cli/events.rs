//! `evs events`: what happened on a running server, as lines, and as they come.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::commands::failed;
use crate::process::{Client, Server, evs, serve, text, violations};
use crate::run;

/// `evs events …` for the server on this directory, with no login of whoever runs the tests.
fn events(home: &TempDir, words: &str) -> Command {
    let mut command = evs();
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OS_") {
            command.env_remove(name);
        }
    }
    command.arg("--data").arg(home.path()).arg("events").args(words.split_whitespace());
    command
}

fn start(home: &TempDir) -> Server {
    Server::start(serve(home.path()).stderr(Stdio::null())).unwrap()
}

/// What a command printed, as JSON line by line.
fn objects(home: &TempDir, words: &str) -> Vec<Value> {
    let outcome = run(&mut events(home, &format!("{words} --json")));
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""), "{}", outcome.out);
    outcome.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A command that goes on; killed when the test ends, however it ends.
struct Following(Child, BufReader<std::process::ChildStdout>);

impl Following {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self(child, out)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.1.read_line(&mut line).unwrap() > 0, "it has ended");
        line
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_printed_for_each_event_that_is_asked_for() {
    let home = TempDir::new().unwrap();
    let server = start(&home);
    let demo = Client::login(&server.url, "demo").await;
    let disk = text(&demo.create_disk("slow").await.unwrap().body, "volume", "id");
    demo.offer(&disk).await.unwrap();
    let all = objects(&home, "");
    let numbers: Vec<i64> = all.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
    let count = i64::try_from(all.len()).unwrap();
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
    let own = objects(&home, &format!("--disk {disk}"));
    assert_eq!(own, all[all.len() - 2..]);
    assert_eq!(objects(&home, "--action transfer.*"), own[1..]);
    assert_eq!(objects(&home, "--type volume.create.end"), own[..1]);
    assert_eq!(objects(&home, &format!("--after {}", count - 1)), own[1..]);
    assert_eq!(objects(&home, "--after latest"), Vec::<Value>::new());

    let lines = run(&mut events(&home, &format!("--disk {disk}")));
    let (offered, at) = (&own[1], own[1]["at"].as_str().unwrap());
    let expected = format!(
        "{count:>6} {at} transfer.create.end      {} available->awaiting-transfer disk={disk} \
         project={} user={}",
        offered["resource_id"].as_str().unwrap(),
        demo.project,
        offered["user_id"].as_str().unwrap(),
    );
    assert_eq!(lines.out.lines().nth(1).unwrap(), expected);

    // A member sees what was done on behalf of its project.
    let mut as_partner = events(&home, "--action disk.*");
    let partners = run(as_partner.env("OS_USERNAME", "partner").env("OS_PROJECT_NAME", "partner"));
    assert_eq!((partners.code, partners.out.as_str(), partners.err.as_str()), (0, "", ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_followed_goes_on_after_a_restart_without_gap_or_repetition() {
    let home = TempDir::new().unwrap();
    let mut server = start(&home);
    let demo = Client::login(&server.url, "demo").await;
    let mut following = Following::start(events(&home, "--follow --json --action disk.create"));
    let mut created = Vec::new();
    let mut seen = Vec::new();
    for restart in [false, true, false] {
        if restart {
            server.signal("KILL");
            server.end();
            server = start(&home);
        }
        let demo = demo.moved_to(&server.url);
        for _ in 0..2 {
            created.push(text(&demo.create_disk("d").await.unwrap().body, "volume", "id"));
            let event: Value = serde_json::from_str(&following.line()).unwrap();
            seen.push(event["resource_id"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(seen, created);
    drop(following);
    server.signal("TERM");
    assert!(server.end().0.success());
    assert_eq!(violations(home.path()).await, Vec::<String>::new());
}

#[test]
fn who_cannot_be_answered_is_told_why() {
    let home = TempDir::new().unwrap();
    let path = home.path().display();
    let none = format!("evs: no server runs on {path}; start one with `evs serve`\n");
    assert_eq!(run(&mut events(&home, "")), failed(1, &none));
    let _server = start(&home);
    let wrong = run(&mut events(&home, "--after -1"));
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
    let wrong = run(&mut events(&home, "--after x"));
    let told = "evs: Invalid input for query parameter after: 'x' is not a number from 0 on or \
                'latest'.\n";
    assert_eq!(wrong, failed(1, told));
    let gone = run(&mut events(&home, "--after 99999"));
    assert!(gone.err.starts_with("evs: There is no event 99999 to go on after"), "{}", gone.err);
}
