//! A session with OpenStack's command lines and library against the real binary, held to its
//! transcript.

#![expect(clippy::unwrap_used, reason = "a helper of tests fails like a test")]

mod evs;
#[path = "python/openstack.rs"]
mod openstack;
mod python;

use std::fs;
use std::path::Path;
use std::process::Command;

use evs::Evs;
use tempfile::TempDir;

/// What the session is and what it prints; `EVS_TRANSCRIPT=write` writes it anew.
const TRANSCRIPT: &str = "tests/clients/session.txt";

#[test]
#[expect(clippy::disallowed_methods, reason = "a knob of the test, no setting of the product")]
fn a_session_prints_what_its_transcript_says() {
    let Some(programs) =
        python::programs("openstack", openstack::PACKAGES, "the session with OpenStack's clients")
    else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (data, home) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let evs = Evs::start(data.path());
    let session = Command::new(programs.join("python"))
        .arg(root.join("tests/clients/session.py"))
        .arg(root.join(TRANSCRIPT))
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("EVS_URL", &evs.url)
        .output()
        .unwrap();
    let printed = String::from_utf8(session.stdout).unwrap();
    let told = String::from_utf8_lossy(&session.stderr);
    assert!(session.status.success(), "{told}");
    evs.is_healthy();
    if std::env::var("EVS_TRANSCRIPT").is_ok_and(|word| word == "write") {
        fs::write(root.join(TRANSCRIPT), &printed).unwrap();
    }
    let expected = fs::read_to_string(root.join(TRANSCRIPT)).unwrap();
    let differs = printed.lines().zip(expected.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert_eq!(differs, None, "the line, what was printed, and what should have been");
    assert_eq!(printed.lines().count(), expected.lines().count());
    let commands = expected.lines().filter(|line| line.starts_with("$ ")).count();
    assert!(commands >= 60, "{commands} commands");
}
