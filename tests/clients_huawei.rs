//! Huawei's own SDK, and the command that makes keys for it, against the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper of tests fails like a test"
)]

mod evs;
mod python;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use evs::Evs;
use serde_json::{Value, json};
use tempfile::TempDir;

const SDK: [&str; 2] = ["huaweicloudsdkcore==3.1.219", "huaweicloudsdkevs==3.1.219"];

fn access_key(data: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_evs"));
    command.arg("access-key").args(arguments).arg("--data").arg(data).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A new key as the command prints it: AK, SK and `PROJECT_ID`.
fn make_key(data: &Path, user: &str) -> BTreeMap<String, String> {
    let output = access_key(data, &["create", user]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
        .lines()
        .map(|line| line.strip_prefix("export HUAWEICLOUD_SDK_").unwrap())
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A directory in which a server has made its first accounts.
fn begun() -> TempDir {
    let data = TempDir::new().unwrap();
    drop(Evs::start(data.path()));
    data
}

#[test]
fn keys_are_made_listed_disabled_and_deleted_while_no_server_runs() {
    let data = begun();
    let data = data.path();
    let key = make_key(data, "demo");
    let (access, secret) = (&key["AK"], &key["SK"]);
    let list = || text(&access_key(data, &["list"]).stdout);
    let listed = list();
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert_eq!(listed.lines().last().unwrap(), format!("{access} active   demo"));
    assert!(!listed.contains(secret));
    for (what, line) in [("disable", "is inactive"), ("delete", "is gone")] {
        let output = access_key(data, &[what, access]);
        assert_eq!(text(&output.stdout), format!("{access} {line}\n"), "{}", text(&output.stderr));
        assert_eq!(list().contains(&format!("{access} inactive")), what == "disable");
    }
    for arguments in [&["delete", access.as_str()][..], &["create", "bob"]] {
        let output = access_key(data, arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stderr).starts_with("evs: cannot "), "{}", text(&output.stderr));
    }
    let output = access_key(&data.join("elsewhere"), &["list"]);
    assert!(text(&output.stderr).contains("there is no data file"), "{}", text(&output.stderr));
    assert!(!data.join("elsewhere").exists());
}

#[test]
fn while_a_server_runs_the_command_tells_where_its_api_is() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let url = &evs.url;
    let output = access_key(data.path(), &["create", "demo"]);
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "evs: a server runs on {}; ask it instead, at {url}/v3.0/OS-CREDENTIAL/credentials\n",
        data.path().display()
    );
    assert_eq!(text(&output.stderr), expected);
    assert_eq!(output.stdout, b"");
}

/// A Python with the SDK; none where it cannot be had.
fn python() -> Option<PathBuf> {
    Some(python::programs("huawei", &SDK, "Huawei's SDK")?.join("python"))
}

async fn disk(url: &str) -> String {
    let http = reqwest::Client::new();
    let login = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": "demo", "password": "secret", "domain": {"name": "Default"},
        }}},
        "scope": {"project": {"name": "demo", "domain": {"name": "Default"}}},
    }});
    let issued = http.post(format!("{url}/v3/auth/tokens")).json(&login).send().await.unwrap();
    let token = issued.headers()["x-subject-token"].to_str().unwrap().to_owned();
    let issued: Value = issued.json().await.unwrap();
    let project = issued["token"]["project"]["id"].as_str().unwrap();
    let create = http.post(format!("{url}/v3/{project}/volumes")).header("x-auth-token", token);
    let created = create.json(&json!({"volume": {"size": 1}})).send().await.unwrap();
    let created: Value = created.json().await.unwrap();
    created["volume"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn huaweis_sdk_hands_disks_over_with_access_keys_alone() {
    let Some(python) = python() else { return };
    let data = begun();
    let keys = [("GIVER", "demo"), ("TAKER", "partner")];
    let keys = keys.map(|(who, user)| (who, make_key(data.path(), user)));
    let evs = Evs::start(data.path());
    let url = &evs.url;
    let disks = [disk(url).await, disk(url).await, disk(url).await, disk(url).await];
    let mut script = Command::new(python);
    script
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients_huawei/transfers.py"))
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .env("EVS_URL", url)
        .env("DISKS", disks.join(","));
    for (who, key) in keys {
        script.env(format!("{who}_AK"), &key["AK"]).env(format!("{who}_SK"), &key["SK"]);
        script.env(format!("{who}_PROJECT"), &key["PROJECT_ID"]);
    }
    let output = script.output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, "handed over, taken, withdrawn, refused\n", "{err}");
    assert!(output.status.success(), "{err}");
    evs.is_healthy();
}

/// Runs a script of `demo`'s with the SDK against a server of its own; it ends by printing `said`.
fn demo_runs(script: &str, said: &str) {
    let Some(python) = python() else { return };
    let data = begun();
    let key = make_key(data.path(), "demo");
    let evs = Evs::start(data.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients_huawei").join(script);
    let mut command = Command::new(python);
    command
        .arg(script)
        .env("NO_PROXY", "127.0.0.1")
        .env("no_proxy", "127.0.0.1")
        .env("EVS_URL", &evs.url)
        .env("DEMO_AK", &key["AK"])
        .env("DEMO_SK", &key["SK"])
        .env("DEMO_PROJECT", &key["PROJECT_ID"]);
    let output = command.output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(out, said, "{err}");
    assert!(output.status.success(), "{err}");
    evs.is_healthy();
}

#[test]
fn huaweis_sdk_manages_disks_and_follows_the_jobs() {
    demo_runs("disks.py", "made, listed, changed, tagged, removed\n");
}

#[test]
fn huaweis_sdk_takes_snapshots_and_goes_back_to_them() {
    demo_runs("snapshots.py", "taken, listed, changed, rolled back, copied, removed\n");
}
