//! Views, guards and the table `README` are code: each opening brings them up to date, in one step.

use std::path::Path;

use evs_local::store::Store as _;
use evs_local::store::sqlite::{SqliteStore, doctor};
use evs_local::tasks::Tasks;
use tokio::runtime::Handle;

use crate::support::{self, Bench, at, connect, disk, number, once, options, transfer};

/// Every view and trigger of a file.
async fn objects(file: &Path) -> Vec<(String, String, String)> {
    sqlx::query_as(
        "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('view', 'trigger') ORDER BY name",
    )
    .fetch_all(&mut connect(file).await)
    .await
    .unwrap()
}

async fn reopen(file: &Path) {
    let tasks = Tasks::on(Handle::current());
    let store = SqliteStore::open(file, &options(), &tasks).await.unwrap();
    store.close().await;
    tasks.finish().await;
}

async fn closed() -> Bench {
    let bench = Bench::new().await;
    bench.store.close().await;
    bench.tasks.finish().await;
    bench
}

#[tokio::test]
async fn an_opening_puts_back_what_was_changed_and_leaves_what_is_others() {
    let bench = closed().await;
    let before = objects(&bench.file).await;
    assert!(before.len() > 40, "{}", before.len());
    once(
        &bench.file,
        "DROP VIEW v_usage; DROP VIEW v_disks; CREATE VIEW v_disks AS SELECT 1 AS old;
         DROP TRIGGER events_never_change;
         CREATE TRIGGER of_an_old_version BEFORE DELETE ON quotas
         BEGIN SELECT RAISE(ABORT, 'evs: what no version says any more'); END;
         CREATE VIEW v_mine AS SELECT 2 AS two;
         CREATE TRIGGER mine BEFORE DELETE ON quotas BEGIN SELECT 3; END;
         DELETE FROM README WHERE place > 3; UPDATE README SET text = 'x'",
    )
    .await;
    reopen(&bench.file).await;
    let (mine, ours): (Vec<_>, Vec<_>) =
        objects(&bench.file).await.into_iter().partition(|(_, name, _)| name.contains("mine"));
    assert_eq!(ours, before);
    assert_eq!(mine.len(), 2, "{mine:?}");
    assert!(number(&bench.file, "SELECT count(*) FROM README WHERE text <> 'x'").await > 8);
}

#[tokio::test]
async fn an_opening_that_finds_all_as_it_is_changes_nothing() {
    let bench = closed().await;
    let version = number(&bench.file, "PRAGMA schema_version").await;
    let bytes = std::fs::read(&bench.file).unwrap();
    reopen(&bench.file).await;
    assert_eq!(number(&bench.file, "PRAGMA schema_version").await, version);
    assert!(std::fs::read(&bench.file).unwrap() == bytes);
}

/// What fails half-way leaves the old ones: a start that is killed there does as well.
#[tokio::test]
async fn views_that_cannot_all_be_made_are_not_made_at_all() {
    let bench = closed().await;
    once(&bench.file, "DROP VIEW v_disks; DROP VIEW v_usage; CREATE TABLE v_usage (x)").await;
    let before = objects(&bench.file).await;
    let refused = SqliteStore::open(&bench.file, &options(), &Tasks::on(Handle::current())).await;
    let why = refused.unwrap_err().to_string();
    assert!(why.contains("cannot be brought up to date"), "{why}");
    assert!(why.contains("v_usage"), "{why}");
    assert_eq!(objects(&bench.file).await, before);
}

#[tokio::test]
async fn the_readme_comes_first_and_tells_where_to_begin() {
    let bench = Bench::new().await;
    let mut other = bench.other().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name",
    )
    .fetch_all(&mut other)
    .await
    .unwrap();
    assert_eq!(tables[0], "README");
    let text: Vec<String> =
        sqlx::query_scalar("SELECT topic || ': ' || text FROM README ORDER BY place")
            .fetch_all(&mut other)
            .await
            .unwrap();
    let text = text.join("\n");
    for view in tables.iter().filter(|name| name.starts_with("v_")) {
        assert!(text.contains(view.as_str()), "{view} is not told of");
    }
}

/// The same rows by the doctor and by the view, on a file with something of every kind wrong.
#[tokio::test]
async fn v_broken_says_what_the_doctor_says() {
    let bench = Bench::new().await;
    let [offered, other] = [disk("atlas"), disk("atlas")];
    let offer = transfer(&offered);
    bench
        .commit(|unit| {
            support::create(unit, &offered);
            support::create(unit, &other);
        })
        .await;
    bench.commit(|unit| support::offer(unit, &offered, &offer)).await;
    assert_eq!(bench.count("SELECT count(*) FROM v_broken").await, 0);
    bench.unguard().await;
    bench
        .run(
            "PRAGMA ignore_check_constraints = ON;
             UPDATE transfers SET status = 'deleted', finished_at = NULL;
             UPDATE disks SET project_id = 'beta', size_gib = -1;
             DELETE FROM events WHERE seq = 2;
             INSERT INTO policy_disks VALUES ('gone', 'gone', 'soon')",
        )
        .await;
    let told: Vec<(String, String)> = sqlx::query_as("SELECT invariant, sentence FROM v_broken")
        .fetch_all(&mut bench.other().await)
        .await
        .unwrap();
    let report = doctor::examine(&bench.file).await.unwrap();
    let found: Vec<(String, String)> = report
        .violations
        .into_iter()
        .map(|violation| (violation.invariant.to_owned(), violation.sentence))
        .collect();
    assert_eq!(told, found);
    assert!(found.len() > 40, "{found:#?}");
}

#[tokio::test]
async fn the_history_says_what_a_disk_was_at_each_moment() {
    let bench = Bench::new().await;
    let mut disk = disk("atlas");
    let made = disk.clone();
    bench.commit(|unit| support::create(unit, &disk)).await;
    let offer = transfer(&disk);
    bench.commit(|unit| support::offer(unit, &made, &offer)).await;
    disk = support::offered(&made, &offer);
    let rows: Vec<(i64, String, Option<String>, String, String, i64)> = sqlx::query_as(
        "SELECT seq, since, until, status, name, size_gib FROM v_history WHERE disk_id = $1 ORDER BY seq",
    )
    .bind(disk.id.to_string())
    .fetch_all(&mut bench.other().await)
    .await
    .unwrap();
    let text =
        |microseconds: i64| at(microseconds).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let row = |seq, since, until: Option<i64>, status: &str| {
        (seq, text(since), until.map(text), status.to_owned(), "ledger".to_owned(), 40)
    };
    let expected = [row(1, 0, Some(40), "available"), row(2, 40, None, "awaiting-transfer")];
    assert_eq!(rows, expected);
    let changed: Option<String> = sqlx::query_scalar("SELECT changed FROM v_events WHERE seq = 2")
        .fetch_one(&mut bench.other().await)
        .await
        .unwrap();
    assert_eq!(changed.as_deref(), Some("status: available -> awaiting-transfer"));
}
