//! A log that lost its end, or was torn, when the power went: the file opens, and has what was answered
//! up to there, whole transactions and nothing behind them.
//!
//! A server is killed under load. Copies of its data directory are made in which the write-ahead log is
//! cut, torn or changed from some byte on, and each is opened as a start does it. Which transactions lie
//! before that byte is known by reading the log without SQLite; that these are the right ones, by the
//! clients' answers and by how far the log had come when each was asked and answered.
//!
//! What is in the promise: whatever of the log SQLite has not moved into the main file may be lost or
//! torn. In truth less is, since each answer was told to the disk before it was sent; here the disk is
//! taken for one that lies about all of it. What is not: frames that were moved into the main file, which
//! happens only after a flush, and the main file itself. One that is damaged is refused or told of by the
//! doctor, and is nobody's panic: `main_file` has that.

mod damage;
mod log;
mod main_file;
mod scene;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use evs_local::store::Store as _;
use evs_local::store::sqlite::{Options, SqliteStore};
use evs_local::tasks::Tasks;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::chance::Chance;
use crate::process::{Client, Server, serve, violations};
use crate::state::digest;
use crate::survived::Run;
use damage::{damaged, index};
use scene::{Moment, Scene};

/// Every so many cases the binary opens the copy, not only what opens it in the binary.
const BY_THE_BINARY: usize = 30;

const MOMENTS: [Moment; 3] = [Moment::Early, Moment::Refilled, Moment::FirstStart];
const MOST_OF_A_SCENE: usize = 400;
/// So many damages are done about one place: what is to be there need be found out once.
const AT_ONE_PLACE: usize = 5;

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Content {
    digest: String,
    /// What each event tells to have happened to what, in order.
    changes: Vec<(String, String)>,
}

async fn content(file: &Path) -> Content {
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let changes = sqlx::query_as("SELECT action, resource_id FROM events ORDER BY seq");
    let changes = changes.fetch_all(&mut connection).await.unwrap();
    let damage: Vec<String> =
        sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await.unwrap();
    assert_eq!(damage, ["ok"]);
    let gaps: i64 = sqlx::query_scalar("SELECT coalesce(max(seq), 0) - count(*) FROM events")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(gaps, 0, "events are missing");
    // What the events say of disks, replayed, is what the disks say.
    let unlike: Vec<String> = sqlx::query_scalar(
        "WITH last AS (SELECT disk_id, after, max(seq) FROM events
                       WHERE disk_id IS NOT NULL GROUP BY disk_id),
              said AS (SELECT disk_id AS id, after ->> '$.status' AS status,
                              after ->> '$.project_id' AS project
                       FROM last WHERE after IS NOT NULL),
              are AS (SELECT id, status, project_id FROM disks)
         SELECT id FROM (SELECT * FROM said EXCEPT SELECT * FROM are)
         UNION ALL SELECT id FROM (SELECT * FROM are EXCEPT SELECT * FROM said)",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(unlike, Vec::<String>::new(), "the events say otherwise");
    connection.close().await.unwrap();
    Content { digest: digest(file).await, changes }
}

/// Opens a file as a start does, and closes it.
async fn open(file: &Path) -> Result<(), String> {
    let tasks = Tasks::on(Handle::current());
    let store = SqliteStore::open(file, &Options::default(), &tasks).await;
    store.map_err(|why| why.to_string())?.close().await;
    tasks.finish().await;
    Ok(())
}

/// A directory in memory where there is one: what is asked of a copy is not whether a disk keeps it.
fn in_memory() -> TempDir {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).unwrap()
}

/// A copy of what a kill left, with another log and index.
fn copy(scene: &Scene, log: &[u8], index: Option<&[u8]>) -> (TempDir, PathBuf) {
    let home = in_memory();
    let file = home.path().join("evs.db");
    std::fs::copy(scene.data().join("evs.db"), &file).unwrap();
    std::fs::write(home.path().join("evs.db-wal"), log).unwrap();
    if let Some(index) = index {
        std::fs::write(home.path().join("evs.db-shm"), index).unwrap();
    }
    (home, file)
}

/// What a scene's file has in it with each number of frames, asked once.
#[derive(Default)]
struct Expected(BTreeMap<usize, Content>);

impl Expected {
    /// With a log that ends where a transaction does: compared with what was answered, and examined.
    async fn with(&mut self, scene: &Scene, frames: usize) -> &Content {
        if !self.0.contains_key(&frames) {
            let (home, file) = copy(scene, &scene.log.bytes[..scene.log.start_of(frames)], None);
            open(&file).await.unwrap();
            assert_eq!(violations(home.path()).await, Vec::<String>::new());
            let content = content(&file).await;
            scene.agrees(frames, &content.changes);
            for other in self.0.values() {
                let (short, long) = if other.changes.len() < content.changes.len() {
                    (&other.changes, &content.changes)
                } else {
                    (&content.changes, &other.changes)
                };
                assert_eq!(short[..], long[..short.len()], "one has another past");
            }
            self.0.insert(frames, content);
        }
        &self.0[&frames]
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_cut_or_torn_anywhere_leaves_what_was_answered_up_to_there() {
    let run = Run::of("torn log", 330);
    let mut chance = Chance::of(run.seed);
    let (mut answers, mut binaries, mut kept, mut seen) = (0, 0, [0, 0], 0);
    let of_a_scene = run.count.div_ceil(MOMENTS.len()).min(MOST_OF_A_SCENE);
    while seen < run.count {
        let moment = MOMENTS[seen / of_a_scene % MOMENTS.len()];
        let scene = Scene::of(moment, &mut chance).await;
        answers += scene.answered.len();
        let shared = std::fs::read(scene.data().join("evs.db-shm")).unwrap();
        let mut expected = Expected::default();
        let mut frame = scene.floor;
        let cases = of_a_scene.min(run.count - seen);
        for case in 0..cases {
            if case % AT_ONE_PLACE == 0 {
                frame = scene.floor + chance.below(scene.log.frames - scene.floor);
            }
            let damaged = damaged(&scene.log, scene.floor, frame, &mut chance);
            let (index, of_index) = index(&shared, &mut chance);
            let frames = scene.log.kept(damaged.first_wrong(&scene.log));
            let what = format!(
                "{moment:?}, case {case}, {}, {of_index}; a log of {} frames, {} of them moved: {frames} are kept",
                damaged.what, scene.log.frames, scene.floor
            );
            let expected = expected.with(&scene, frames).await;
            let (_home, file) = copy(&scene, &damaged.bytes, index.as_deref());
            open(&file).await.unwrap_or_else(|why| panic!("{what}: {why}"));
            let found = content(&file).await;
            assert_eq!(found.changes, expected.changes, "{what}");
            assert_eq!(found.digest, expected.digest, "{what}");
            kept[usize::from(frames < scene.log.frames)] += 1;
            if case % BY_THE_BINARY == 0 {
                let (home, file) = copy(&scene, &damaged.bytes, index.as_deref());
                serves(home.path(), &file, moment, expected, &what).await;
                binaries += 1;
            }
        }
        seen += cases;
    }
    let result = format!(
        "{} lost transactions that way and kept all before, {} kept all; {answers} answers compared, \
         {binaries} copies served by the binary",
        kept[1], kept[0]
    );
    run.survived(run.count, &result);
}

/// The binary serves the file, and goes on writing where it ends.
async fn serves(data: &Path, file: &Path, moment: Moment, expected: &Content, what: &str) {
    let server = Server::start(serve(data).stderr(Stdio::null()));
    let mut server = server.unwrap_or_else(|| panic!("{what}: no start"));
    let demo = Client::login(&server.url, "demo").await;
    assert_eq!(demo.create_disk("next").await.unwrap().status, 202, "{what}");
    server.signal("TERM");
    assert_eq!(server.end().0.code(), Some(0), "{what}");
    assert_eq!(violations(data).await, Vec::<String>::new(), "{what}");
    let found = content(file).await.changes;
    // A first start goes on making what it had begun.
    if moment != Moment::FirstStart {
        assert_eq!(found[..expected.changes.len()], expected.changes[..], "{what}");
        assert_eq!(found.len(), expected.changes.len() + 1, "{what}");
    }
    assert_eq!(found.last().map(|(action, _)| action.as_str()), Some("disk.create"), "{what}");
}
