//! Whole states: a copy of one moment, and all of it in place of everything or nothing.

use std::path::{Path, PathBuf};

use evs_local::domain::state::{Detail, Overwrite, SavedState, Side, StateName, StateRefused};
use evs_local::store::StoreError;
use evs_local::store::sqlite::SqliteStore;
use evs_local::store::state::{Source, StateError};
use evs_local::tasks::Tasks;
use sqlx::Connection as _;
use tokio::runtime::Handle;

use crate::opening::of_schema;
use crate::support::{
    self, Bench, at, connect, disk, number, offered, options, policy, run, transfer,
};

fn name(text: &str) -> StateName {
    StateName::parse(text).unwrap()
}

fn saved(text: &str) -> Source {
    Source::Saved(name(text))
}

fn folder(bench: &Bench) -> PathBuf {
    bench.file.with_file_name("states")
}

async fn save(bench: &Bench, as_name: &str) -> SavedState {
    bench.store.save_state(&name(as_name), at(7), Overwrite::No).await.unwrap()
}

/// Puts a state in place of everything; the epoch that this is.
async fn load(bench: &Bench, source: Source) -> i64 {
    let candidate = bench.store.prepare_state(source).await.unwrap();
    bench.store.replace_state(&candidate).await.unwrap().replacement.epoch
}

fn lying(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_saved_state_says_when_it_was_saved_and_what_is_in_it() {
    let bench = Bench::new().await;
    let (plain, other) = (disk("atlas"), disk("atlas"));
    let offer = transfer(&other);
    bench.commit(|unit| support::create(unit, &plain)).await;
    bench.commit(|unit| support::create(unit, &other)).await;
    bench.commit(|unit| support::offer(unit, &other, &offer)).await;
    let state = save(&bench, "a").await;
    let contents = state.contents.clone().unwrap();
    assert_eq!((contents.saved_at, contents.disks, contents.transfers), (Some(at(7)), 2, 1));
    assert_eq!(contents.schema, bench.store.info().schema);
    assert_eq!(bench.store.saved_states().await.unwrap(), [state]);
    // A file of its own, which needs no log.
    assert_eq!(lying(&folder(&bench)), ["a.db"]);
    assert_eq!(number(&folder(&bench).join("a.db"), "SELECT count(*) FROM disks").await, 2);
    // The file in use is no saved state.
    assert_eq!(bench.count("SELECT count(*) FROM lineage WHERE saved_at IS NULL").await, 1);
    let exists = bench.store.save_state(&name("a"), at(8), Overwrite::No).await;
    assert!(matches!(exists, Err(StateError::Refused(StateRefused::Exists(_)))), "{exists:?}");
    bench.store.delete_state(&name("a")).await.unwrap();
    assert_eq!(bench.store.saved_states().await.unwrap(), []);
}

#[tokio::test]
async fn a_state_is_put_in_place_with_triggers_open_handles_and_foreign_tables_as_they_were() {
    let bench = Bench::new().await;
    let (old, new) = (disk("atlas"), disk("atlas"));
    bench.commit(|unit| support::create(unit, &old)).await;
    save(&bench, "a").await;
    bench.commit(|unit| support::create(unit, &new)).await;
    bench.commit(|unit| unit.insert_policy(&policy("atlas"))).await;
    bench.run("CREATE TABLE notes (text); INSERT INTO notes VALUES ('mine')").await;
    // Neither a log of changes nor a guard of rows has a say in a load.
    bench
        .run(
            "CREATE TRIGGER guard BEFORE DELETE ON disks BEGIN SELECT RAISE(ABORT, 'no'); END;
             CREATE TRIGGER note AFTER INSERT ON disks BEGIN INSERT INTO notes VALUES ('x'); END",
        )
        .await;
    let triggers = "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'";
    let guards = bench.count(triggers).await;
    let mut tester = bench.other().await;
    let ids = "SELECT id FROM disks ORDER BY id";
    let before: Vec<String> = sqlx::query_scalar(ids).fetch_all(&mut tester).await.unwrap();
    assert_eq!(before.len(), 2);
    let mut changes = bench.store.changes();
    let commits = changes.borrow().ours;

    assert_eq!(load(&bench, saved("a")).await, 2);
    changes.wait_for(|changes| changes.ours == commits + 1).await.unwrap();
    let after: Vec<String> = sqlx::query_scalar(ids).fetch_all(&mut tester).await.unwrap();
    assert_eq!(after, [old.id.to_string()]);
    tester.close().await.unwrap();
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(old.id).await.unwrap(), Some(old.clone()));
    assert_eq!(reader.epoch().await.unwrap(), 2);
    drop(reader);
    assert_eq!(bench.count("SELECT count(*) FROM policies").await, 0);
    assert_eq!(bench.count("SELECT count(*) FROM notes WHERE text = 'mine'").await, 1);
    assert_eq!(bench.count("SELECT count(*) FROM notes").await, 1);
    assert_eq!(bench.count(triggers).await, guards, "ours and the two");
    // Our own one forbids what it forbade.
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_disk(old.id, old.status);
    assert!(matches!(unit.commit().await, Err(StoreError::Database(_))));
    bench.run("DROP TRIGGER guard; DROP TRIGGER note").await;
    assert_eq!(load(&bench, Source::Empty).await, 3);
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 0);
    assert_eq!(lying(&folder(&bench)), ["a.db"]);
    assert_eq!(load(&bench, saved("a")).await, 4);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_was_asked_before_is_answered_before_and_what_was_asked_later_waits() {
    let bench = Bench::new().await;
    save(&bench, "empty").await;
    let candidate = bench.store.prepare_state(saved("empty")).await.unwrap();
    let (first, last) = (disk("atlas"), disk("atlas"));
    let mut unit = bench.store.write().await.unwrap();
    let waiting = async {
        let replaced = bench.store.replace_state(&candidate).await.unwrap();
        let mut later = Box::pin(bench.store.write());
        let early = futures_poll(&mut later);
        assert!(early, "nobody writes before what is kept in memory was read again");
        drop(replaced);
        let mut unit = later.await.unwrap();
        assert_eq!(unit.disk(first.id).await.unwrap(), None);
        support::create(&mut *unit, &last);
        unit.commit().await.unwrap();
    };
    let before = async {
        support::create(&mut *unit, &first);
        unit.commit().await.unwrap();
    };
    tokio::join!(waiting, before);
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

/// Whether a future has not come to its end when it is asked once.
fn futures_poll<F: Future + Unpin>(future: &mut F) -> bool {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    std::pin::Pin::new(future).poll(&mut context).is_pending()
}

#[tokio::test]
async fn a_load_that_another_process_holds_up_leaves_everything_and_the_next_one_succeeds() {
    let bench = Bench::new().await;
    save(&bench, "empty").await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let candidate = bench.store.prepare_state(saved("empty")).await.unwrap();
    let mut other = bench.other().await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let refused = bench.store.replace_state(&candidate).await;
    assert!(matches!(refused, Err(StateError::Store(StoreError::Busy(_)))), "{refused:?}");
    run(&mut other, "COMMIT").await;
    other.close().await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
    // References count again, on a connection that was made anew and on one that loaded.
    for _ in 0..2 {
        let offer = transfer(&disk);
        let mut unit = bench.store.write().await.unwrap();
        unit.update_disk(&offered(&disk, &offer), disk.status);
        assert!(unit.commit().await.is_err(), "there is no such transfer");
        load(&bench, saved("empty")).await;
        bench.commit(|unit| support::create(unit, &disk)).await;
    }
}

/// Whoever closes the last connection that has read takes the log away.
#[tokio::test]
async fn a_writer_that_connects_anew_finds_its_log_although_another_process_has_left() {
    let bench = Bench::new().await;
    save(&bench, "empty").await;
    let candidate = bench.store.prepare_state(saved("empty")).await.unwrap();
    let mut other = bench.other().await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    assert!(bench.store.replace_state(&candidate).await.is_err());
    run(&mut other, "COMMIT").await;
    other.close().await.unwrap();
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_table_made_by_hand_that_would_lose_what_it_refers_to_forbids_a_load() {
    let bench = Bench::new().await;
    save(&bench, "empty").await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    bench
        .run(
            "CREATE TABLE owners (disk_id TEXT REFERENCES disks (id));
             INSERT INTO owners SELECT id FROM disks",
        )
        .await;
    let candidate = bench.store.prepare_state(saved("empty")).await.unwrap();
    let refused = bench.store.replace_state(&candidate).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a row of owners, a table made by hand, refers to a row of disks that would be gone"
    );
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
    assert_eq!(bench.count("SELECT epoch FROM lineage").await, 1);
}

#[tokio::test]
async fn a_state_of_an_older_schema_is_brought_up_to_date_in_a_copy() {
    let bench = Bench::new().await;
    std::fs::create_dir(folder(&bench)).unwrap();
    let old = folder(&bench).join("old.db");
    of_schema(&old, 12).await;
    let mut connection = connect(&old).await;
    run(
        &mut connection,
        "INSERT INTO quotas VALUES ('atlas', 'volumes', 7);
         PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE",
    )
    .await;
    connection.close().await.unwrap();
    let bytes = std::fs::read(&old).unwrap();
    let states = bench.store.saved_states().await.unwrap();
    let contents = states[0].contents.clone().unwrap();
    assert_eq!((contents.schema, contents.saved_at), (12, None));
    load(&bench, saved("old")).await;
    assert_eq!(bench.count("SELECT hard_limit FROM quotas").await, 7);
    assert_eq!(std::fs::read(&old).unwrap(), bytes, "it stays as it was");
    assert_eq!(lying(&folder(&bench)), ["old.db"]);
    // What only one of them has is told.
    let [from, to] = [Side::Saved(name("old")), Side::Now];
    let difference = bench.store.compare_states(&from, &to, Detail::Usual).await.unwrap();
    assert!(difference.only_to.contains(&"attachments".to_owned()), "{difference:?}");
    assert_eq!(difference.only_from, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_killed_process_left_unfinished_is_removed_at_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("evs.db");
    let states = directory.path().join("states");
    std::fs::create_dir(&states).unwrap();
    for left in [".unfinished-1.db", ".unfinished-1.db-wal", ".unfinished-2.db", "a.db", "notes"] {
        std::fs::write(states.join(left), "x").unwrap();
    }
    let tasks = Tasks::on(Handle::current());
    let store = SqliteStore::open(&file, &options(), &tasks).await.unwrap();
    assert_eq!(lying(&states), ["a.db", "notes"]);
    evs_local::store::Store::close(&store).await;
}

#[tokio::test]
async fn rows_without_a_key_are_compared_by_their_values() {
    let bench = Bench::new().await;
    bench.run("CREATE TABLE notes (n INTEGER, text TEXT, raw BLOB)").await;
    bench.run("INSERT INTO notes VALUES (1, 'a', x'00'), (2, NULL, NULL)").await;
    save(&bench, "a").await;
    bench.run("DELETE FROM notes WHERE n = 2; INSERT INTO notes VALUES (3, 'c', x'0102')").await;
    let [from, to] = [Side::Saved(name("a")), Side::Now];
    let difference = bench.store.compare_states(&from, &to, Detail::Usual).await.unwrap();
    let [table] = difference.tables.as_slice() else { panic!("{difference:?}") };
    assert_eq!((table.added, table.removed, table.changed, table.untold()), (1, 1, 0, 0));
    let told = format!("{:?}", table.rows);
    assert!(told.contains("Integer(2)") && told.contains("Text(\"2 bytes\")"), "{told}");
}

#[tokio::test]
async fn of_very_many_rows_that_differ_some_are_told_and_all_are_counted() {
    let bench = Bench::new().await;
    save(&bench, "a").await;
    bench
        .commit(|unit| {
            for _ in 0..1001 {
                support::create(unit, &disk("atlas"));
            }
        })
        .await;
    let [from, to] = [Side::Saved(name("a")), Side::Now];
    for (detail, told) in [(Detail::Usual, 1000), (Detail::All, 1001)] {
        let difference = bench.store.compare_states(&from, &to, detail).await.unwrap();
        let disks = difference.tables.iter().find(|table| table.table == "disks").unwrap();
        assert_eq!((disks.added, disks.rows.len()), (1001, told));
        assert_eq!(disks.untold(), 1001 - u64::try_from(told).unwrap());
    }
}
