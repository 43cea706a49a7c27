//! The walks of the README, run as they stand there, against the real binary.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

mod evs;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use evs::Evs;
use tempfile::TempDir;

/// Runs a walk in `place`, with this server, on the data directory `data`, in place of the usual one.
fn run(evs: &Evs, data: &Path, walk: &str, place: &Path) -> Output {
    let script = walk
        .replace("http://127.0.0.1:8776", &evs.url)
        .replace("target/release/evs", env!("CARGO_BIN_EXE_evs"));
    Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(place)
        .env("EVS__DATA__DIR", data)
        .output()
        .unwrap()
}

/// The code block that follows `<!-- walk: NAME -->`.
fn walk(name: &str) -> String {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let (_, rest) = readme.split_once(&format!("<!-- walk: {name} -->\n```sh\n")).unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_walk_with_curl_ends_with_the_disk_in_the_other_project() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("curl"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<&str> = out.lines().collect();
    let [offer, offered, accepted, owned, gone] = lines.as_slice() else {
        unreachable!("five lines, not {out}");
    };
    assert!(offer.contains("\"auth_key\":\""), "{offer}");
    assert_eq!(*offered, "awaiting-transfer");
    assert!(accepted.contains("\"name\":\"handover\""), "{accepted}");
    assert_eq!(*owned, "available");
    assert!(gone.starts_with("{\"itemNotFound\":"), "{gone}");
    evs.is_healthy();
}

#[test]
fn the_walk_with_a_backup_policy_ends_with_a_backup_that_it_made() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("policy"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<&str> = out.lines().filter(|line| !line.is_empty()).collect();
    let [status, bound, ran, tasks, name] = lines.as_slice() else {
        unreachable!("five lines, not {out}");
    };
    assert_eq!((*status, *ran), ("available", "204"));
    assert!(bound.contains("\"fail_resources\":[]"), "{bound}");
    assert!(tasks.contains("EXECUTE_SUCCESS") && tasks.contains(name), "{tasks}");
    assert!(name.starts_with("autobk_"), "{name}");
    evs.is_healthy();
}

#[test]
fn the_walks_with_snapshots_and_backups_go_on_where_the_one_with_curl_ends() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let all = [walk("curl"), walk("snapshots"), walk("backups")].concat();
    let output = run(&evs, data.path(), &all, data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<&str> = out.lines().skip(5).collect();
    let [name, back, gone, made, restored, removed] = lines.as_slice() else {
        unreachable!("six lines more, not {out}");
    };
    assert_eq!((*made, *restored, *removed), ("SUCCESS", "copy", "bksDeleteBackup"));
    assert_eq!(*name, "before-upgrade");
    assert!(back.starts_with("{\"rollback\":{\"volume_id\":\""), "{back}");
    assert!(gone.contains("\"code\":\"EVS.5404\""), "{gone}");
    evs.is_healthy();
}

#[test]
fn the_walk_with_retries_makes_one_offer_that_ends_an_hour_later() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let all = [walk("curl"), walk("retries")].concat();
    let output = run(&evs, data.path(), &all, data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<&str> = out.lines().skip(5).collect();
    let [fits, header, other, key, count, finished @ .., status] = lines.as_slice() else {
        unreachable!("more lines than {out}");
    };
    assert!(fits.contains("\"transferable\":true"), "{fits}");
    let headers = [header.to_lowercase(), other.to_lowercase()];
    assert!(headers.contains(&"idempotency-replayed: true".to_owned()), "{headers:?}");
    assert!(headers.iter().any(|header| header.starts_with("x-evs-transfer-expires-at: ")));
    assert_eq!((key.len(), count.trim()), (16, "1"));
    let told = finished.iter().filter(|line| line.contains("from=pending to=expired"));
    assert_eq!((told.count(), *status), (1, "available"), "{finished:?}");
    evs.is_healthy();
}

#[test]
fn the_walk_through_all_that_can_be_steered_ends_where_it_began() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("steering"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let mut rest = out.as_str();
    for next in [
        "disk     12 created, 0 updated, 0 unchanged\n",
        "mode     frozen\n",
        "saved before: 12 disks, 1 pending transfers, ",
        "no answer: curl says 52\n",
        "HTTP/1.1 202\n",
        "\"auth_key\":\"",
        "saved offered: 12 disks, 2 pending transfers, ",
        "\"transferable\":false",
        "from=pending to=expired",
        " transfer.create.end ",
        " transfer.expire ",
        "status: available → awaiting-transfer",
        "status: awaiting-transfer → available",
        "status: pending → expired",
        "disk.create\n",
        "healthy: ",
        "loaded before: ",
    ] {
        let found = rest.split_once(next);
        (_, rest) = found.unwrap_or_else(|| unreachable!("no {next:?} in its place: {out}{err}"));
    }
    assert_eq!(out.to_lowercase().matches("idempotency-replayed: true").count(), 1, "{out}");
    evs.is_healthy();
}

#[test]
fn the_walk_with_faults_meets_one_call_of_three() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("faults"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let lines: Vec<&str> = out.lines().collect();
    let [lost, busy, first, second, third, still, met, removed] = lines.as_slice() else {
        unreachable!("eight lines, not {out}");
    };
    assert!(lost.contains("drop=after  operation=transfer.accept  times=1"), "{lost}");
    assert!(busy.contains("error=busy  operation=disk.create"), "{busy}");
    assert_eq!([*first, *second, *third], ["202", "503", "202"]);
    assert!(still.ends_with("matched=0  fired=0"), "{still}");
    assert!(met.ends_with("matched=3  fired=1"), "{met}");
    assert_eq!(*removed, "removed 2");
    evs.is_healthy();
}

#[test]
fn the_walk_with_states_ends_as_after_a_first_start() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("states"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    let said = |line: &str| assert!(out.lines().any(|is| is.starts_with(line)), "{line}: {out}");
    said("saved before-demo: 0 disks, 0 pending transfers, ");
    said("clock  + 1");
    said("loaded before-demo: ");
    said("before-demo  20");
    said("deleted before-demo");
    said("reset project ");
    said("everything is as after a first start: ");
    evs.is_healthy();
}

#[test]
fn the_walk_with_a_scenario_ends_with_all_of_it_unchanged() {
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let output = run(&evs, data.path(), &walk("scenarios"), data.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert_eq!(out.matches("disk     12 created, 0 updated, 0 unchanged\n").count(), 2, "{out}");
    assert_eq!(out.matches("disk     0 created, 0 updated, 12 unchanged\n").count(), 1, "{out}");
    assert_eq!(out.matches("auth_key=").count(), 1, "{out}");
    let exported = fs::read_to_string(data.path().join("rules.toml")).unwrap();
    assert_eq!(exported.matches("[[disk]]").count(), 12, "{exported}");
    evs.is_healthy();
}

#[test]
fn the_looks_inside_show_what_the_walk_with_curl_left() {
    let place = TempDir::new().unwrap();
    let data = place.path().join("data");
    let evs = Evs::start(&data);
    let mut looking = walk("looking");
    if Command::new("sqlite3").arg("--version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED what asks for sqlite3, which is not there");
        looking = looking
            .lines()
            .filter(|line| !line.starts_with("sqlite3"))
            .collect::<Vec<_>>()
            .join("\n");
    }
    // One of the edits is refused, as it says.
    let all = [walk("curl"), looking, "\nset +e\n".to_owned(), walk("editing")].concat();
    let output = run(&evs, &data, &all, place.path());
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    for part in [
        "transfer.accept",
        "status: awaiting-transfer -> available",
        "partner,1,10,0,0,0",
        "1 row changed",
    ] {
        assert!(out.contains(part), "{part}: {out}{err}");
    }
    assert!(out.ends_with("invariant  sentence\n---------  --------\n"), "{out}");
    let refused = "evs: a disk changes its project by an accepted transfer only: ";
    assert!(err.contains(refused), "{err}");
    evs.is_healthy();
}

#[test]
fn the_walk_with_the_openstack_command_line_ends_with_the_disk_in_the_other_project() {
    // Kept between runs, so that the clients are installed once.
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openstack");
    fs::create_dir_all(&place).unwrap();
    let whole = walk("openstack");
    let (install, rest) = whole.split_once("\n\n").unwrap();
    let data = TempDir::new().unwrap();
    let evs = Evs::start(data.path());
    let installed = run(&evs, data.path(), install, &place);
    if !installed.status.success() {
        let why = text(&installed.stderr);
        assert!(std::env::var_os("CI").is_none(), "the clients must be installed here: {why}");
        // Past the runner's capture: a skipped test must be seen.
        let _ = writeln!(std::io::stderr(), "SKIPPED the OpenStack walk, no clients: {why}");
        return;
    }
    let script = format!("export PATH=\"$PWD/.venv/bin:$PATH\"\n{rest}");
    let output = run(&evs, data.path(), &script, &place);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(out.contains("offer_auth_key=\""), "{out}");
    let listed = out.lines().rfind(|line| line.contains(" ledger ")).unwrap_or_default();
    assert!(listed.contains("| available |"), "partner's last list: {out}");
    evs.is_healthy();
}
