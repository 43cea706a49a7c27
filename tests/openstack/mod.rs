//! OpenStack's own clients, in a Python environment that the tests make for themselves.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// These versions, since transcripts hold what they print.
const INSTALL: &str = "test -x .venv/bin/python || python3 -m venv .venv
    .venv/bin/pip install --quiet python-openstackclient==10.5.0 \
        python-cinderclient==9.10.0 openstacksdk==4.22.0";

/// The folder with the clients' programs; none, said past the runner's capture, if they cannot be
/// installed here. Where `CI` is set they must be.
pub(crate) fn clients(what: &str) -> Option<PathBuf> {
    // Kept between runs, so that the clients are installed once.
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openstack");
    fs::create_dir_all(&place).unwrap();
    // Several tests may come at the same time; the first one installs for all.
    let lock = fs::File::create(place.join("lock")).unwrap();
    lock.lock().unwrap();
    let installed =
        Command::new("bash").args(["-euc", INSTALL]).current_dir(&place).output().unwrap();
    if installed.status.success() {
        return Some(place.join(".venv/bin"));
    }
    let why = String::from_utf8_lossy(&installed.stderr).into_owned();
    assert!(std::env::var_os("CI").is_none(), "the clients must be installed here: {why}");
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}, no clients: {why}");
    None
}
