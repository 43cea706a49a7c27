//! Clients written in Python, each kind in an environment that the tests make for themselves.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of programs of an environment of that name with these packages, kept between runs;
/// none, said past the runner's capture, if it cannot be made here. Where `CI` is set it must be.
pub(crate) fn programs(name: &str, packages: &[&str], what: &str) -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&place).unwrap();
    // Several tests may come at the same time; the first one makes it for all.
    let lock = fs::File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let script = "test -x .venv/bin/python || python3 -m venv .venv
                  .venv/bin/pip install --quiet \"$@\"";
    let made = Command::new("bash")
        .args(["-euc", script, "bash"])
        .args(packages)
        .current_dir(&place)
        .output()
        .unwrap();
    if made.status.success() {
        return Some(place.join(".venv/bin"));
    }
    let why = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(std::env::var_os("CI").is_none(), "{what} must run here: {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}, its packages cannot be had: {why}");
    None
}
