//! A file of every version of the schema so far, brought up to date by the binary: killed while it does
//! so, or left without room, the next start succeeds, the copy made before is there with what was in the
//! file, and so is every row.
//!
//! The process is killed at a call to the system that changes the file, its log or the copy: between two
//! of them, and in the middle of each write, are all the states that a kill at any statement can leave,
//! and those within a statement too. A small library before the C library counts the calls (`cut.c`); how
//! many there are is found out by an upgrade that nobody kills.

mod kept;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::chance::Chance;
use crate::process::{Server, serve, violations};
use crate::survived::Run;
use kept::{Content, content, make, versions};

/// Compiles what cuts a process off, by the compiler that SQLite is compiled with.
fn cutter(home: &Path) -> PathBuf {
    let library = home.join("cut.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/proof/migrations/cut.c");
    let mut cc = Command::new("cc");
    let done = cc.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).output();
    let done = done.unwrap_or_else(|why| panic!("a C compiler is needed, as for SQLite: {why}"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    library
}

/// Nothing ends by itself and nothing is removed: what is found later is what was there.
fn command(data: &Path) -> Command {
    let mut command = serve(data);
    command.env("EVS__SIMULATION__PROGRESS", "explicit").stderr(Stdio::null());
    command
}

/// The file of a version, and what is in it.
struct Kept {
    version: i64,
    file: PathBuf,
    content: Content,
    /// How many calls of an upgrade change something.
    calls: usize,
}

impl Kept {
    async fn of(home: &Path, version: i64) -> Self {
        let file = home.join(format!("{version:04}.db"));
        make(&file, version).await;
        let content = content(&file).await;
        assert_eq!(content.schema, version);
        Self { version, file, content, calls: 0 }
    }

    fn copied(&self) -> TempDir {
        let home = TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap();
        std::fs::copy(&self.file, home.path().join("evs.db")).unwrap();
        home
    }

    fn copy_in(&self, data: &Path) -> PathBuf {
        let newest = versions().into_iter().max().unwrap();
        assert!(self.version <= newest);
        data.join(format!("evs.db.before-schema-{newest}"))
    }

    /// A copy made before is whole from the moment that it has its name on.
    async fn check_copy(&self, data: &Path, what: &str) {
        assert!(content(&self.copy_in(data)).await == self.content, "{what}: the copy is another");
    }

    /// After a start that succeeded.
    async fn check(&self, data: &Path, what: &str) {
        let found = content(&data.join("evs.db")).await;
        assert_eq!(self.content.lost_in(&found), None, "{what}");
        let mut violations = violations(data).await;
        // Disks are older than events, which could not tell of those that were there.
        violations.retain(|told| self.version >= 8 || !told.ends_with(" has no event"));
        assert_eq!(violations, Vec::<String>::new(), "{what}");
        if Some(self.version) != versions().into_iter().max() {
            self.check_copy(data, what).await;
            let mut unfinished = self.copy_in(data).into_os_string();
            unfinished.push(".unfinished");
            assert!(!Path::new(&unfinished).exists(), "{what}: a half copy is left");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_that_is_killed_or_finds_no_room_anywhere_succeeds_the_next_time() {
    let run = Run::of("migrations", 40);
    let home = TempDir::new().unwrap();
    let cutter = cutter(home.path());
    let mut all = vec![];
    // Each version once, undisturbed.
    for version in versions() {
        let mut kept = Kept::of(home.path(), version).await;
        let data = kept.copied();
        let log = home.path().join("calls");
        drop(std::fs::remove_file(&log));
        let mut command = command(data.path());
        let server = Server::start(command.env("LD_PRELOAD", &cutter).env("EVS_CUT_LOG", &log));
        drop(server.unwrap_or_else(|| panic!("schema {version} is not brought up to date")));
        kept.calls = usize::try_from(std::fs::metadata(&log).unwrap().len()).unwrap();
        kept.check(data.path(), &format!("schema {version}")).await;
        all.push(kept);
    }
    // The newest has nothing to be brought up to.
    let newest = all.pop().unwrap();
    assert!(all.iter().all(|kept| kept.calls > newest.calls), "an upgrade writes");

    let (mut killed, mut full, mut late) = (0, 0, 0);
    let mut states = BTreeMap::<&str, usize>::new();
    for case in 0..run.count {
        let mut chance = Chance::of(run.seed.wrapping_add(case as u64));
        let kept = &all[chance.below(all.len())];
        let call = 1 + chance.below(kept.calls);
        let no_room = chance.below(4) == 0;
        let how = if no_room { "EVS_CUT_FULL" } else { "EVS_CUT_KILL" };
        let what = format!(
            "EVS_PROOF_SEED={} EVS_PROOF_COUNT=1: schema {}, {how} at call {call} of {}",
            run.seed.wrapping_add(case as u64),
            kept.version,
            kept.calls
        );
        let data = kept.copied();
        let mut cut = command(data.path());
        cut.env("LD_PRELOAD", &cutter).env(how, call.to_string());
        let said = home.path().join("said");
        cut.stderr(std::fs::File::create(&said).unwrap());
        match Server::start(&mut cut) {
            Some(server) => {
                drop(server);
                late += 1;
            }
            None if no_room => {
                let said = std::fs::read_to_string(&said).unwrap();
                assert!(said.contains("no space is left"), "{what}: {said}");
                assert!(!said.contains("panicked"), "{what}: {said}");
                full += 1;
            }
            None => killed += 1,
        }
        let copied = kept.copy_in(data.path()).exists();
        if copied {
            kept.check_copy(data.path(), &what).await;
        }
        *states.entry(if copied { "after the copy" } else { "before it" }).or_default() += 1;
        let server = Server::start(&mut command(data.path()));
        drop(server.unwrap_or_else(|| panic!("{what}: the second start fails")));
        kept.check(data.path(), &what).await;
    }
    let calls: usize = all.iter().map(|kept| kept.calls).sum();
    let result = format!(
        "each of {} versions brought up to date; of {calls} calls that write, {killed} were the last one \
         and {full} found no room, {} of these after the copy had its name; {late} came after the start",
        all.len(),
        states.get("after the copy").unwrap_or(&0)
    );
    run.survived(run.count, &result);
}
