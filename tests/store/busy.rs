//! Another process may hold the write lock for as long as it likes: reads go on, writes are told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use evs_local::store::StoreError;
use evs_local::store::sqlite::Options;
use tokio::task::JoinSet;

use crate::support::{self, Bench, connect, disk, options, run};

#[tokio::test]
async fn while_another_holds_the_lock_writes_are_busy_and_reads_go_on() {
    let patience = Duration::from_millis(300);
    let bench = Bench::with(&Options { busy_timeout: patience, ..options() }).await;
    let disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let mut other = bench.other().await;
    run(&mut other, "BEGIN IMMEDIATE").await;

    let began = Instant::now();
    let mut waiting = JoinSet::new();
    for _ in 0..20 {
        let store = Arc::clone(&bench.store);
        waiting.spawn(async move { store.write().await.err() });
    }
    for refused in waiting.join_all().await {
        assert!(matches!(refused, Some(StoreError::Busy(_))), "{refused:?}");
    }
    assert!(began.elapsed() >= patience);
    assert!(began.elapsed() < 10 * patience, "those who wait share one wait");
    let found = bench.store.read().await.unwrap().disk(disk.id).await.unwrap();
    assert_eq!(found, Some(disk));

    run(&mut other, "COMMIT").await;
    bench.commit(|unit| support::create(unit, &support::disk("atlas"))).await;
}

#[tokio::test]
async fn a_lock_that_is_let_go_in_time_is_waited_for() {
    let bench = Bench::with(&Options { busy_timeout: Duration::from_secs(20), ..options() }).await;
    let mut other = bench.other().await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let store = Arc::clone(&bench.store);
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { store.write().await.map(|_| ()) });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(waiting.try_join_next().is_none(), "it waits");
    run(&mut other, "ROLLBACK").await;
    waiting.join_next().await.unwrap().unwrap().unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_process_that_holds_the_lock_is_named() {
    // The other process is this test again.
    if let Some(file) = std::env::var_os("EVS_TEST_HOLD") {
        return hold_the_lock(Path::new(&file)).await;
    }
    let bench = Bench::new().await;
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "busy::the_process_that_holds_the_lock_is_named", "--nocapture"])
        .env("EVS_TEST_HOLD", &bench.file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("the lock is held")));

    let Some(StoreError::Busy(Some(who))) = bench.store.write().await.err() else {
        panic!("not busy, or nobody named");
    };
    assert!(who.starts_with(&format!("process {} (", child.id())), "{who}");
    drop(child.stdin.take());
    child.wait().unwrap();
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
}

/// Until the input ends.
async fn hold_the_lock(file: &Path) {
    let mut connection = connect(file).await;
    run(&mut connection, "BEGIN IMMEDIATE").await;
    writeln!(std::io::stdout(), "the lock is held").unwrap();
    std::io::read_to_string(std::io::stdin()).unwrap();
}

/// A checkpoint that waited for readers would hold every write up for the whole busy timeout.
#[tokio::test]
async fn a_tester_who_leaves_a_read_open_holds_no_write_up() {
    let bench = Bench::with(&Options { busy_timeout: Duration::from_secs(20), ..options() }).await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    let mut tester = bench.other().await;
    run(&mut tester, "BEGIN; SELECT count(*) FROM disks").await;
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    // The writer's idle second passes, and with it a checkpoint that cannot be completed.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let began = Instant::now();
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    run(&mut tester, "COMMIT").await;
}
