//! A file is opened when it is ours and not newer than we are; any other stays as it is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evs_local::domain::ids::{DiskId, JobId, MessageId};
use evs_local::domain::job::JobStatus;
use evs_local::domain::progress::{Operation, Thing};
use evs_local::store::Store as _;
use evs_local::store::sqlite::{APPLICATION_ID, OpenError, SqliteStore, doctor};
use evs_local::tasks::Tasks;
use sqlx::Connection as _;
use sqlx::migrate::Migrator;
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::support::{self, Bench, connect, disk, number, once, options, run};

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The schema that the newest migration makes.
fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap()
}

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("evs.db");
    (directory, file)
}

async fn open(file: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(file, &options(), &Tasks::on(Handle::current())).await
}

/// A file of ours as schema `version` left it.
pub(crate) async fn of_schema(file: &Path, version: i64) {
    let mut connection = connect(file).await;
    run(&mut connection, "PRAGMA journal_mode = WAL; PRAGMA application_id = 0x45565331").await;
    MIGRATIONS.run_to(version, &mut connection).await.unwrap();
    run(&mut connection, &format!("PRAGMA user_version = {version}")).await;
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_and_says_whose_it_is() {
    let (_directory, file) = place();
    let store = open(&file).await.unwrap();
    let info = store.info().clone();
    assert_eq!((info.file.as_path(), info.schema), (file.as_path(), newest()));
    assert!(info.durable, "synchronous=FULL in WAL mode");
    assert_eq!(info.library, "3.51.3");
    store.close().await;
    assert_eq!(number(&file, "PRAGMA application_id").await, APPLICATION_ID);
    assert_eq!(&APPLICATION_ID.to_be_bytes()[4..], b"EVS1");
    assert_eq!(number(&file, "PRAGMA user_version").await, newest());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640, "{mode:o}");
    }
}

#[tokio::test]
async fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    bench.store.close().await;
    bench.tasks.finish().await;
    let again = open(&bench.file).await.unwrap();
    assert_eq!(again.read().await.unwrap().disk(disk.id).await.unwrap(), Some(disk));
    again.close().await;
}

#[tokio::test]
async fn the_main_file_alone_has_everything_once_the_store_is_closed() {
    let bench = Bench::new().await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    bench.store.close().await;
    bench.tasks.finish().await;
    let (_directory, copy) = place();
    std::fs::copy(&bench.file, &copy).unwrap();
    assert_eq!(number(&copy, "SELECT count(*) FROM disks").await, 1);
}

#[tokio::test]
async fn the_main_file_alone_has_everything_after_an_idle_second() {
    let bench = Bench::new().await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    let log = bench.file.with_file_name("evs.db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    // Nothing tells when it happens, so look until it has.
    for _ in 0..100 {
        if std::fs::metadata(&log).unwrap().len() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (_directory, copy) = place();
    std::fs::copy(&bench.file, &copy).unwrap();
    assert_eq!(number(&copy, "SELECT count(*) FROM disks").await, 1);
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_as_it_is() {
    for sql in [
        "CREATE TABLE notes (text)",
        "PRAGMA application_id = 7",
        "PRAGMA application_id = 7; CREATE TABLE disks (id)",
        "PRAGMA user_version = 3; CREATE TABLE disks (id)",
    ] {
        let (directory, file) = place();
        once(&file, sql).await;
        let before = std::fs::read(&file).unwrap();
        let refused = open(&file).await.unwrap_err();
        assert!(matches!(refused, OpenError::Foreign(_)), "{sql}: {refused:?}");
        assert!(std::fs::read(&file).unwrap() == before, "{sql}");
        assert!(matches!(doctor::examine(&file).await, Err(OpenError::Foreign(_))), "{sql}");
        let files = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(files, 1, "nothing beside it: {sql}");
    }
}

#[tokio::test]
async fn a_file_of_a_newer_schema_is_refused_and_left_as_it_is() {
    let (_directory, file) = place();
    open(&file).await.unwrap().close().await;
    let (known, newer) = (newest(), newest() + 1);
    once(&file, &format!("PRAGMA user_version = {newer}")).await;
    let before = std::fs::read(&file).unwrap();
    let refused = open(&file).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "{} has schema {newer}, which is newer than {known}, the newest this program knows; run \
             the newer program, or choose another directory with --data",
            file.display()
        )
    );
    assert!(std::fs::read(&file).unwrap() == before);
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_as_it_is() {
    for bytes in ["x", &"y".repeat(600), &"not a database ".repeat(500)] {
        let (_directory, file) = place();
        std::fs::write(&file, bytes).unwrap();
        let refused = open(&file).await.unwrap_err();
        let sentence =
            "is not a SQLite database and is left alone; choose another directory with --data";
        assert_eq!(refused.to_string(), format!("{} {sentence}", file.display()));
        assert!(std::fs::read(&file).unwrap() == bytes.as_bytes());
    }
}

#[tokio::test]
async fn a_file_where_there_can_be_none_is_refused_with_a_sentence() {
    let (directory, _) = place();
    let file = directory.path().join("absent").join("evs.db");
    let refused = open(&file).await.unwrap_err();
    assert!(matches!(refused, OpenError::CannotOpen { .. }), "{refused:?}");
    assert!(refused.to_string().contains("cannot be opened: No such file"), "{refused}");
    assert!(matches!(doctor::examine(&file).await, Err(OpenError::CannotOpen { .. })));
}

#[tokio::test]
async fn a_file_that_another_has_for_itself_is_locked() {
    let (_directory, file) = place();
    open(&file).await.unwrap().close().await;
    let mut other = connect(&file).await;
    run(&mut other, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE").await;
    let refused = open(&file).await.unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused:?}");
}

#[tokio::test]
async fn an_older_schema_is_copied_and_then_brought_up_to_date() {
    let (_directory, file) = place();
    of_schema(&file, 8).await;
    once(&file, "INSERT INTO quotas (project_id, key, hard_limit) VALUES ('atlas', 'volumes', 5)")
        .await;
    let looked = doctor::examine(&file).await;
    let Err(OpenError::Older { schema: 8, known, .. }) = looked else { panic!("{looked:?}") };
    assert_eq!(known, newest());

    let store = open(&file).await.unwrap();
    assert_eq!(store.info().schema, newest());
    let (limits, _) = store.read().await.unwrap().quota(&support::project("atlas")).await.unwrap();
    assert_eq!(limits.get("volumes"), Some(&5));
    store.close().await;
    assert_eq!(number(&file, "SELECT count(*) FROM v_transfers").await, 0);

    let copy = file.with_file_name(format!("evs.db.before-schema-{}", newest()));
    assert_eq!(number(&copy, "PRAGMA user_version").await, 8);
    assert_eq!(number(&copy, "PRAGMA application_id").await, APPLICATION_ID);
    assert_eq!(number(&copy, "SELECT hard_limit FROM quotas").await, 5);
    let views = "SELECT count(*) FROM sqlite_schema WHERE type = 'view'";
    assert_eq!(number(&copy, views).await, 0);
    assert!(!file.with_file_name(format!("evs.db.before-schema-{}.unfinished", newest())).exists());
}

/// What the release of schema 23 may leave: each table that was made anew since has its rows.
const OF_SCHEMA_23: &str = "
    INSERT INTO disks (id, project_id, user_id, size_gib, status, disk_type, zone, bootable, multiattach, encrypted,
                       metadata, previous_status, next_at, next_outcome, next_size_gib, created_at)
    VALUES ('d0000000-0000-4000-8000-000000000001', 'atlas', 'ann', 10, 'extending', 'SSD', 'az-sim-1', 0, 0, 0,
            '{}', 'available', '2099-11-23T08:00:00.000000Z', 'done', 20, '2026-11-23T07:00:00.000000Z');
    INSERT INTO snapshots (id, disk_id, project_id, user_id, name, size_gib, disk_type, status, metadata, created_at)
    VALUES ('50000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'atlas', 'ann', 'kept',
            10, 'SSD', 'available', '{\"k\": \"v\"}', '2026-11-23T07:10:00.000000Z');
    INSERT INTO backups (id, disk_id, project_id, user_id, size_gib, incremental, zone, status, created_at)
    VALUES ('b0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001', 'atlas', 'ann', 10, 0,
            'az-sim-1', 'available', '2026-11-23T07:20:00.000000Z');
    INSERT INTO policies (id, project_id, name, start_time, every_days, keep_count, keep_first_of_month, enabled,
                          time_zone, created_at)
    VALUES ('90000000-0000-4000-8000-000000000001', 'atlas', 'nightly', '02:00', 1, 7, 0, 1, 'UTC+14:30',
            '2026-11-23T07:30:00.000000Z');
    INSERT INTO policy_disks (disk_id, policy_id, bound_at)
    VALUES ('d0000000-0000-4000-8000-000000000001', '90000000-0000-4000-8000-000000000001',
            '2026-11-23T07:31:00.000000Z');
    INSERT INTO jobs (id, project_id, kind, client_token, fingerprint, begun_at)
    VALUES ('0123456789abcdef0123456789abcdef', 'atlas', 'extend', 'again', 'f', '2026-11-23T07:40:00.000000Z');
    INSERT INTO job_parts (id, job_id, place, disk_id, size_gib, disk_type, status)
    VALUES ('fedcba9876543210fedcba9876543210', '0123456789abcdef0123456789abcdef', 1,
            'd0000000-0000-4000-8000-000000000001', 20, 'SSD', 'running');
    INSERT INTO messages (id, project_id, request_id, disk_id, operation, created_at, guaranteed_until)
    VALUES ('70000000-0000-4000-8000-000000000001', 'atlas', 'req-1', 'd0000000-0000-4000-8000-000000000001',
            'extend', '2026-11-23T07:50:00.000000Z', '2026-12-23T07:50:00.000000Z');
    INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, after)
    VALUES (1, '2026-11-23T07:40:00.000000Z', 'req-1', 'ann', 'atlas', 'disk.extend',
            'd0000000-0000-4000-8000-000000000001', 'd0000000-0000-4000-8000-000000000001',
            '{\"status\": \"extending\", \"project_id\": \"atlas\"}');
";

/// Tables whose statuses or kinds grew were made anew: nothing of theirs may be lost on the way.
#[tokio::test]
async fn the_rows_of_tables_that_were_made_anew_are_kept_and_mean_the_same() {
    let (_directory, file) = place();
    of_schema(&file, 23).await;
    let mut old = connect(&file).await;
    run(&mut old, OF_SCHEMA_23).await;
    old.close().await.unwrap();

    let store = open(&file).await.unwrap();
    let mut reader = store.read().await.unwrap();
    let disk = DiskId::parse("d0000000-0000-4000-8000-000000000001").unwrap();
    let found = reader.disk_with_facts(disk, None).await.unwrap().unwrap();
    assert_eq!(found.disk.pending.unwrap().size_gib, Some(20));
    let snapshot = reader.snapshots_of(disk).await.unwrap().remove(0);
    assert_eq!((snapshot.name.as_deref(), snapshot.ending), (Some("kept"), None));
    assert_eq!(snapshot.metadata.get("k").map(String::as_str), Some("v"));
    let backup = reader.backup(found.backups.unwrap().first).await.unwrap().unwrap();
    assert_eq!((backup.base, backup.native, backup.fail_reason), (None, false, None));
    let policy = reader.policy(found.policy.unwrap().0).await.unwrap().unwrap();
    assert_eq!((policy.disks, policy.next_run_at), (1, Some(policy.created_at)));
    let job = reader.job(&JobId::new("0123456789abcdef0123456789abcdef")).await.unwrap().unwrap();
    assert_eq!((job.parts.len(), job.status()), (1, JobStatus::Running));
    let message = MessageId::parse("70000000-0000-4000-8000-000000000001").unwrap();
    let message = reader.message(message).await.unwrap().unwrap();
    assert_eq!((message.thing, message.operation), (Thing::Disk(disk), Operation::Extend));
    drop(reader);
    store.close().await;
    let report = doctor::examine(&file).await.unwrap();
    assert_eq!(report.violations, []);
}

#[tokio::test]
async fn a_copy_is_not_replaced_by_one_of_a_half_migrated_file() {
    let (_directory, file) = place();
    of_schema(&file, newest()).await;
    once(&file, &format!("PRAGMA user_version = {}", newest() - 1)).await;
    let copy = file.with_file_name(format!("evs.db.before-schema-{}", newest()));
    std::fs::write(&copy, "the copy of the file before").unwrap();
    open(&file).await.unwrap().close().await;
    assert_eq!(std::fs::read(&copy).unwrap(), b"the copy of the file before");
    assert_eq!(number(&file, "PRAGMA user_version").await, newest());
}

#[tokio::test]
async fn a_first_start_that_broke_off_is_taken_up_again() {
    for version in [0, 3] {
        let (directory, file) = place();
        of_schema(&file, version).await;
        once(&file, "PRAGMA user_version = 0").await;
        open(&file).await.unwrap().close().await;
        assert_eq!(number(&file, "PRAGMA user_version").await, newest());
        let copies = std::fs::read_dir(directory.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().contains("before"))
            .count();
        assert_eq!(copies, 0);
    }
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_ran_is_refused() {
    let (_directory, file) = place();
    of_schema(&file, 8).await;
    once(&file, "UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 2").await;
    let refused = open(&file).await.unwrap_err();
    assert!(refused.to_string().contains("migration 2 was previously applied"), "{refused}");
}
