//! A small file system of its own, and a server whose data directory is all that lies on it.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Answer, Client, Server, serve};

/// A file system for the test that runs itself again on it, in a name space of its own.
const MOUNT: &str = "mount -t tmpfs -o size=12m tmpfs \"$EVS_PROOF_FULL\" && exec \"$@\"";

/// Where the small file system is, if we run in its name space; otherwise runs the test named there,
/// and fails if that does. None then, or if nothing can be mounted, which CI does not let pass.
pub(crate) fn small_world(test: &str) -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("EVS_PROOF_FULL") {
        return Some(PathBuf::from(directory));
    }
    let directory = tempfile::tempdir().unwrap();
    let inside = |command: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-rm", "sh", "-c", MOUNT, "sh"]).args(command);
        unshare.env("EVS_PROOF_FULL", directory.path()).stdin(Stdio::null());
        unshare
    };
    if !inside(&["true"]).output().is_ok_and(|done| done.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "a file system must be mounted here");
        crate::survived::say("SKIPPED a full disk: no file system can be mounted");
        return None;
    }
    let ourselves = std::env::current_exe().unwrap();
    let name = format!("full::{test}");
    let mut again = inside(&[ourselves.to_str().unwrap(), "--exact", &name, "--nocapture"]);
    let done = again.stdout(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
    None
}

/// A file that takes all the room there is, until it is dropped.
pub(crate) struct Filler(PathBuf);

impl Filler {
    pub(crate) fn of(world: &Path) -> Self {
        let path = world.join("filler");
        let mut file = File::create(&path).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        Self(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

/// The command that serves the small world; its log lies there too, and finds no room either.
pub(crate) fn command(world: &Path) -> Command {
    let log = File::options().append(true).create(true).open(world.join("log")).unwrap();
    let mut command = serve(&world.join("data"));
    command.env("EVS__LOG__FILTER", "info,evs_local=debug").stderr(log);
    command
}

/// What is said where no room is left, in the shapes of the three dialects and of our own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dialect {
    OpenStack,
    Evs,
    Keystone,
}

const SENTENCE: &str = "No space is left for the data file; reads still work.";

/// Whether an answer is the refusal for want of room. Nothing else may be refused here.
pub(crate) fn is_refusal(answer: &Answer, dialect: Dialect) -> bool {
    if answer.status < 300 {
        return false;
    }
    let expected: Value = match dialect {
        Dialect::OpenStack => json!({"computeFault": {"code": 507, "message": SENTENCE}}),
        Dialect::Evs => json!({"error": {"code": "EVS.5500", "message": SENTENCE}}),
        Dialect::Keystone => json!({"error": {
            "code": 507, "title": "Insufficient Storage", "message": SENTENCE}}),
    };
    assert_eq!((answer.status, &answer.body), (507, &expected));
    true
}

/// The metric of that name.
pub(crate) async fn metric(server: &Server, name: &str) -> u64 {
    let text = reqwest::get(format!("{}/_evs/metrics", server.url)).await.unwrap();
    let text = text.text().await.unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

/// The statuses of all disks of a client, by id.
pub(crate) async fn statuses(client: &Client) -> std::collections::BTreeMap<String, String> {
    let listed = client.get("volumes/detail?limit=1000").await.unwrap();
    assert_eq!(listed.status, 200, "{}", listed.body);
    let word = |disk: &Value, name: &str| disk[name].as_str().unwrap().to_owned();
    let disks = listed.body["volumes"].as_array().unwrap();
    disks.iter().map(|disk| (word(disk, "id"), word(disk, "status"))).collect()
}
