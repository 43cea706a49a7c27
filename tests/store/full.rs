//! A full disk refuses writes, serves reads, and is forgotten once there is room again.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use evs_local::domain::state::{Overwrite, StateName};
use evs_local::store::sqlite::{SqliteStore, doctor};
use evs_local::store::state::{StateError, States as _};
use evs_local::store::{Store as _, StoreError};
use evs_local::tasks::Tasks;
use tokio::runtime::Handle;

use crate::support::{self, disk, options};

/// A file system of 4 MiB for the test below, in a name space of its own.
const MOUNT: &str = "mount -t tmpfs -o size=4m tmpfs \"$EVS_TEST_FULL\" && exec \"$@\"";

/// Runs itself again in the small world, where it does what its name says.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_refuses_writes_serves_reads_and_is_forgotten_when_there_is_room() {
    if let Some(directory) = std::env::var_os("EVS_TEST_FULL") {
        return fill_the_disk_again_and_again(Path::new(&directory)).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let in_small_world = |command: &[&str]| {
        Command::new("unshare")
            .args(["-rm", "sh", "-c", MOUNT, "sh"])
            .args(command)
            .env("EVS_TEST_FULL", directory.path())
            .output()
    };
    if !in_small_world(&["true"]).is_ok_and(|done| done.status.success()) {
        assert!(std::env::var_os("CI").is_none(), "a file system must be mounted here");
        writeln!(std::io::stderr(), "SKIPPED a full disk: no file system can be mounted").unwrap();
        return;
    }
    let ourselves = std::env::current_exe().unwrap();
    let done = in_small_world(&[
        ourselves.to_str().unwrap(),
        "--exact",
        "full::a_full_disk_refuses_writes_serves_reads_and_is_forgotten_when_there_is_room",
    ])
    .unwrap();
    let told = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success() && told.contains("1 passed"), "{told}");
}

fn fill(directory: &Path) -> PathBuf {
    let path = directory.join("filler");
    let mut filler = std::fs::File::create(&path).unwrap();
    while filler.write_all(&[1; 4096]).is_ok() {}
    path
}

async fn fill_the_disk_again_and_again(directory: &Path) {
    let file = directory.join("evs.db");
    let store = SqliteStore::open(&file, &options(), &Tasks::on(Handle::current())).await.unwrap();
    let (mut kept, mut rounds) = (Vec::new(), 0);
    for _ in 0..3 {
        let filler = fill(directory);
        let mut refused = None;
        // The log may have some room left of its own.
        for _ in 0..2000 {
            let disk = disk("atlas");
            let mut unit = store.write().await.unwrap();
            support::create(&mut *unit, &disk);
            match unit.commit().await {
                Ok(()) => kept.push(disk),
                Err(why) => {
                    refused = Some(why);
                    break;
                }
            }
        }
        assert!(matches!(refused, Some(StoreError::Full)), "{refused:?}");
        let mut reader = store.read().await.unwrap();
        for disk in &kept {
            assert_eq!(reader.disk(disk.id).await.unwrap().as_ref(), Some(disk));
        }
        drop(reader);
        let name = StateName::parse("full").unwrap();
        let refused = store.save_state(&name, support::at(0), Overwrite::Yes).await;
        assert!(matches!(refused, Err(StateError::Store(StoreError::Full))), "{refused:?}");
        let left = std::fs::read_dir(directory.join("states")).into_iter().flatten().flatten();
        assert_eq!(left.count(), rounds, "nothing but what was saved before");

        std::fs::remove_file(filler).unwrap();
        let disk = disk("atlas");
        let mut unit = store.write().await.unwrap();
        support::create(&mut *unit, &disk);
        unit.commit().await.unwrap();
        kept.push(disk);
        let saved = store.save_state(&name, support::at(0), Overwrite::Yes).await.unwrap();
        assert_eq!(saved.contents.unwrap().disks, i64::try_from(kept.len()).unwrap());
        rounds = 1;
    }
    store.close().await;
    assert_eq!(doctor::examine(&file).await.unwrap().violations, []);
    let count = support::number(&file, "SELECT count(*) FROM disks").await;
    assert_eq!(usize::try_from(count).unwrap(), kept.len());
}
