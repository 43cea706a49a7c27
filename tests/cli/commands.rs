//! The commands that do not serve: `env`, `config show`, `openapi`, `doctor`, `healthcheck`, `--help`.

use std::process::{Command, Stdio};

use sqlx::Connection as _;
use tempfile::TempDir;

use crate::process::{Client, PASSWORD, Server, evs, serve, text};
use crate::{Outcome, run, tester};

pub(crate) fn done(out: &str) -> Outcome {
    Outcome { code: 0, out: out.to_owned(), err: String::new() }
}

pub(crate) fn failed(code: i32, err: &str) -> Outcome {
    Outcome { code, out: String::new(), err: err.to_owned() }
}

#[test]
fn the_help_names_every_command() {
    let outcome = run(evs().arg("--help"));
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let commands = outcome.out.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names: Vec<&str> =
        commands.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        names,
        [
            "serve",
            "env",
            "doctor",
            "access-key",
            "clock",
            "faults",
            "state",
            "events",
            "seed",
            "export",
            "db",
            "config",
            "openapi",
            "healthcheck",
            "help"
        ]
    );
    for flag in
        ["--listen <ADDR>", "--data <DIR>", "--config <FILE>", "--allow-remote", "--allow-crash"]
    {
        assert!(outcome.out.contains(flag), "{flag}");
    }
}

#[test]
fn a_command_that_is_none_is_refused_with_the_usage() {
    let outcome = run(evs().arg("serv"));
    assert_eq!((outcome.code, outcome.out.as_str()), (2, ""));
    assert!(outcome.err.starts_with("error: unrecognized subcommand 'serv'\n"), "{}", outcome.err);
    assert!(outcome.err.contains("'serve'"), "{}", outcome.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn openapi_prints_what_a_server_gives_and_needs_none_itself() {
    let home = TempDir::new().unwrap();
    let (data, nowhere) = (home.path().join("data"), home.path().join("nowhere"));
    let server = Server::start(serve(&data).stderr(Stdio::null())).unwrap();
    let given = reqwest::get(format!("{}/_evs/openapi.json", server.url)).await.unwrap();
    assert_eq!(given.status(), 200);
    let given = given.text().await.unwrap();
    assert!(given.starts_with("{\n  \"openapi\": \"3.1.0\",\n") && given.ends_with("}\n"));
    assert_eq!(run(evs().arg("--data").arg(&nowhere).arg("openapi")), done(&given));
    assert!(!nowhere.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn env_gives_a_shell_what_the_clients_of_the_running_server_need() {
    let home = TempDir::new().unwrap();
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "eval \"$(\"$EVS\" --data \"$DATA\" env demo)\" && env | grep ^OS_ | sort"])
        .env("EVS", env!("CARGO_BIN_EXE_evs"))
        .env("DATA", home.path())
        .env("EVS__BOOTSTRAP__PASSWORD", PASSWORD)
        .env("LC_ALL", "C");
    for name in std::env::vars_os().map(|(name, _)| name) {
        if name.to_string_lossy().starts_with("OS_") {
            shell.env_remove(name);
        }
    }
    let url = &server.url;
    assert_eq!(
        run(&mut shell),
        done(&format!(
            "OS_AUTH_URL={url}/identity\nOS_IDENTITY_API_VERSION=3\nOS_PASSWORD={PASSWORD}\n\
             OS_PROJECT_DOMAIN_NAME=Default\nOS_PROJECT_NAME=demo\nOS_REGION_NAME=sim-1\n\
             OS_USERNAME=demo\nOS_USER_DOMAIN_NAME=Default\n"
        ))
    );
    // And they do let in.
    Client::login(url, "demo").await;
}

#[test]
fn env_of_an_unknown_user_names_those_there_are() {
    let home = TempDir::new().unwrap();
    assert_eq!(
        run(evs().arg("--data").arg(home.path()).args(["env", "nobody"])),
        failed(1, "evs: there is no account \"nobody\"; choose one of admin, demo, partner\n")
    );
}

#[test]
fn config_show_names_the_origin_of_every_key_and_hides_the_password() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("evs.toml");
    std::fs::write(&file, "[cloud]\nregion = \"eu-1\"\n").unwrap();
    let mut command = evs();
    command.arg("--config").arg(&file).args(["--listen", "127.0.0.1:7", "config", "show"]);
    let outcome = run(&mut command);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    let line = |key: &str| {
        let found = outcome.out.lines().find(|line| line.starts_with(&format!("{key} = ")));
        let (setting, origin) = found.unwrap().split_once('#').unwrap();
        (setting.trim().to_owned(), origin.trim().to_owned())
    };
    let shown = |setting: &str, origin: &str| (setting.to_owned(), origin.to_owned());
    assert_eq!(
        line("bootstrap.password"),
        shown("bootstrap.password = [redacted]", "environment EVS__BOOTSTRAP__PASSWORD")
    );
    assert_eq!(line("server.listen"), shown("server.listen = \"127.0.0.1:7\"", "flag --listen"));
    assert_eq!(
        line("cloud.region"),
        shown("cloud.region = \"eu-1\"", &format!("file {}", file.display()))
    );
    assert_eq!(line("store.readers"), shown("store.readers = 4", "default"));
    assert!(!outcome.out.contains(PASSWORD));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_finds_a_running_server_healthy_and_says_each_violation_on_a_line() {
    let home = TempDir::new().unwrap();
    let mut doctor = evs();
    doctor.arg("--data").arg(home.path()).arg("doctor");
    let server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let demo = Client::login(&server.url, "demo").await;
    let mut disks = vec![];
    for name in ["one", "two"] {
        let answer = demo.create_disk(name).await.unwrap();
        disks.push(text(&answer.body, "volume", "id"));
    }
    disks.sort();
    let checks = evs_local::store::sqlite::doctor::checks().count();
    assert_eq!(run(&mut doctor), done(&format!("healthy: {checks} checks\n")));

    let mut tester = tester(&home.path().join("evs.db")).await;
    let planted = sqlx::query("UPDATE disks SET status = 'error'").execute(&mut tester).await;
    assert_eq!(planted.unwrap().rows_affected(), 2);
    let mut expected = vec![];
    for disk in &disks {
        let seq: i64 = sqlx::query_scalar("SELECT seq FROM events WHERE disk_id = $1")
            .bind(disk)
            .fetch_one(&mut tester)
            .await
            .unwrap();
        expected.push(format!(
            "I8 disk {disk} is error in project {project} but event {seq} (disk.create) left it \
             available in project {project}\n",
            project = demo.project
        ));
    }
    tester.close().await.unwrap();
    let mut outcome = run(&mut doctor);
    let mut lines: Vec<&str> = outcome.out.split_inclusive('\n').collect();
    lines.sort_unstable();
    outcome.out = lines.concat();
    assert_eq!(outcome, Outcome { code: 1, out: expected.concat(), err: String::new() });
}

#[test]
fn doctor_on_a_file_that_is_not_there_says_so() {
    let home = TempDir::new().unwrap();
    assert_eq!(
        run(evs().arg("--data").arg(home.path()).arg("doctor")),
        failed(
            2,
            &format!(
                "evs: cannot read {}/evs.db: No such file or directory (os error 2)\n",
                home.path().display()
            )
        )
    );
}

#[test]
fn healthcheck_tells_a_ready_server_from_none() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(serve(home.path()).stderr(Stdio::null())).unwrap();
    let addr = server.url.trim_start_matches("http://").to_owned();
    let mut check = evs();
    check.args(["healthcheck", "--listen", &addr]);
    assert_eq!(run(&mut check), done(&format!("evs on {addr} is ready\n")));
    server.signal("TERM");
    server.end();
    assert_eq!(
        run(&mut check),
        failed(1, &format!("evs: no answer from {addr}: Connection refused (os error 111)\n"))
    );
}
