//! Units share a transaction and nothing else.

use std::sync::Arc;

use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::store::{Result, Store, StoreError, WriteTx};
use tokio::task::JoinSet;

use crate::support::{self, Bench, disk, options, transfer};

/// Runs units that all wait while `first` has its turn, so that they share its transaction.
/// Outcomes come in the order of the units.
async fn together(store: &Arc<dyn Store>, units: Vec<Queue>) -> Vec<Result<()>> {
    let first = store.write().await.unwrap();
    let mut running = JoinSet::new();
    let count = units.len();
    for (place, queue) in units.into_iter().enumerate() {
        let store = Arc::clone(store);
        running.spawn(async move {
            let mut unit = store.write().await.unwrap();
            let refuse = queue(&mut *unit);
            (place, if refuse { unit.refuse().await } else { unit.commit().await })
        });
        // It asks for its turn in its first poll.
        tokio::task::yield_now().await;
    }
    first.refuse().await.unwrap();
    let mut outcomes = vec![Ok(()); count];
    for (place, outcome) in running.join_all().await {
        outcomes[place] = outcome;
    }
    outcomes
}

/// Queues writes; says whether the unit is refused after all.
type Queue = Box<dyn FnOnce(&mut dyn WriteTx) -> bool + Send>;

fn commits(queue: impl FnOnce(&mut dyn WriteTx) + Send + 'static) -> Queue {
    Box::new(|unit| {
        queue(unit);
        false
    })
}

fn creates(disk: &Disk) -> Queue {
    let disk = disk.clone();
    commits(move |unit| support::create(unit, &disk))
}

async fn is_there(bench: &Bench, disk: &Disk) -> bool {
    bench.store.read().await.unwrap().disk(disk.id).await.unwrap().is_some()
}

#[tokio::test]
async fn units_that_wait_together_share_a_commit() {
    let bench = Bench::new().await;
    let disks: Vec<Disk> = (0..15).map(|_| disk("atlas")).collect();
    let before = bench.sqlite.commits();
    let outcomes = together(&bench.store, disks.iter().map(creates).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(bench.sqlite.commits() - before, 1);
    for disk in &disks {
        assert!(is_there(&bench, disk).await);
    }
}

#[tokio::test]
async fn a_batch_is_no_larger_than_the_setting_and_a_unit_alone_does_not_wait() {
    let bench =
        Bench::with(&evs_local::store::sqlite::Options { group_size: 4, ..options() }).await;
    let disks: Vec<Disk> = (0..11).map(|_| disk("atlas")).collect();
    let before = bench.sqlite.commits();
    let outcomes = together(&bench.store, disks.iter().map(creates).collect()).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(bench.sqlite.commits() - before, 3, "3 behind the empty one, then 4 and 4");
    for _ in 0..3 {
        bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    }
    assert_eq!(bench.sqlite.commits() - before, 6);
}

#[tokio::test]
async fn a_unit_that_fails_does_not_touch_its_neighbours() {
    let bench = Bench::new().await;
    for _ in 0..20 {
        let [a, b, half, last] = [(); 4].map(|()| disk("atlas"));
        let (again, mismatched, half_again) = (a.clone(), b.clone(), half.clone());
        let before = bench.sqlite.commits();
        let outcomes = together(
            &bench.store,
            vec![
                creates(&a),
                creates(&again),
                creates(&b),
                commits(move |unit| {
                    support::create(unit, &half_again);
                    unit.update_disk(&mismatched, DiskStatus::Error);
                }),
                creates(&last),
            ],
        )
        .await;
        assert_eq!(bench.sqlite.commits() - before, 1, "all five in one transaction");
        let [Ok(()), Err(StoreError::Database(text)), Ok(()), Err(mismatch), Ok(())] =
            &outcomes[..]
        else {
            panic!("{outcomes:?}");
        };
        assert!(text.contains("evs: there is a disk of this id already"), "{text}");
        assert!(matches!(
            mismatch,
            StoreError::RowsAffected { write: "update disk", touched: 0, expected: 1 }
        ));
        assert!(is_there(&bench, &a).await && is_there(&bench, &b).await);
        assert!(is_there(&bench, &last).await);
        assert!(!is_there(&bench, &half).await, "undone as a whole");
    }
    assert_eq!(bench.sentences().await, Vec::<String>::new(), "no gap in the events either");
}

#[tokio::test]
async fn a_unit_that_fails_last_in_its_batch_leaves_nothing() {
    let bench = Bench::new().await;
    let (good, bad) = (disk("atlas"), disk("atlas"));
    let (stale, half) = (good.clone(), bad.clone());
    let outcomes = together(
        &bench.store,
        vec![
            creates(&good),
            commits(move |unit| {
                support::create(unit, &half);
                unit.delete_disk(stale.id, DiskStatus::Error);
            }),
        ],
    )
    .await;
    assert!(matches!(&outcomes[..], [Ok(()), Err(StoreError::RowsAffected { .. })]));
    assert!(is_there(&bench, &good).await);
    assert!(!is_there(&bench, &bad).await);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_of_its_units_and_answers_none_with_success() {
    let bench = Bench::new().await;
    bench
        .run(
            "CREATE TABLE parents (id INTEGER PRIMARY KEY);
             CREATE TABLE children (parent INTEGER
                 REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
             CREATE TRIGGER poison AFTER INSERT ON transfers WHEN NEW.name = 'poison'
             BEGIN INSERT INTO children VALUES (1); END",
        )
        .await;
    let (a, b, c) = (disk("atlas"), disk("atlas"), disk("atlas"));
    let before = bench.sqlite.commits();
    let mut poison = transfer(&a);
    poison.name = Some("poison".to_owned());
    let mismatched = b.clone();
    let outcomes = together(
        &bench.store,
        vec![
            creates(&a),
            commits(move |unit| unit.insert_transfer(&poison)),
            Box::new(|_| true),
            commits(move |unit| unit.update_disk(&mismatched, DiskStatus::Available)),
            creates(&b),
        ],
    )
    .await;
    for outcome in &outcomes {
        assert!(
            matches!(outcome, Err(StoreError::Lost(text)) if text.contains("FOREIGN KEY")),
            "{outcomes:?}"
        );
    }
    assert_eq!(bench.sqlite.commits(), before);
    assert!(!is_there(&bench, &a).await && !is_there(&bench, &b).await);
    bench.commit(|unit| support::create(unit, &c)).await;
    assert!(is_there(&bench, &c).await, "the store goes on working");
    assert_eq!(bench.count("SELECT count(*) FROM transfers").await, 0);
}

#[tokio::test]
async fn a_statement_that_ends_the_transaction_fails_the_units_before_it_and_not_those_behind() {
    let bench = Bench::new().await;
    bench
        .run(
            "CREATE TRIGGER poison AFTER INSERT ON transfers WHEN NEW.name = 'poison'
             BEGIN SELECT RAISE(ROLLBACK, 'as a full disk would'); END",
        )
        .await;
    let (a, b) = (disk("atlas"), disk("atlas"));
    let mut poison = transfer(&a);
    poison.name = Some("poison".to_owned());
    let outcomes = together(
        &bench.store,
        vec![creates(&a), commits(move |unit| unit.insert_transfer(&poison)), creates(&b)],
    )
    .await;
    assert!(
        matches!(&outcomes[..], [Err(StoreError::Lost(_)), Err(StoreError::Database(_)), Ok(())]),
        "{outcomes:?}"
    );
    assert!(!is_there(&bench, &a).await);
    assert!(is_there(&bench, &b).await);
}

#[tokio::test]
async fn a_unit_reads_what_every_unit_before_it_wrote() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let first = bench.store.write().await.unwrap();
    let store = Arc::clone(&bench.store);
    let mut reading = JoinSet::new();
    let (creates, looks_for) = (disk.clone(), disk.id);
    let other = Arc::clone(&bench.store);
    reading.spawn(async move {
        let mut unit = other.write().await.unwrap();
        support::create(&mut *unit, &creates);
        unit.commit().await.unwrap();
        None
    });
    tokio::task::yield_now().await;
    reading.spawn(async move {
        let mut unit = store.write().await.unwrap();
        let found = unit.disk(looks_for).await.unwrap();
        unit.refuse().await.unwrap();
        found
    });
    tokio::task::yield_now().await;
    first.refuse().await.unwrap();
    let found = reading.join_all().await.into_iter().flatten().next();
    assert_eq!(found, Some(disk));
}

#[tokio::test]
async fn a_unit_of_thousands_of_writes_is_one_unit_all_the_same() {
    let bench = Bench::new().await;
    let disks: Vec<Disk> = (0..1000).map(|_| disk("atlas")).collect();
    bench.commit(|unit| disks.iter().for_each(|disk| support::create(unit, disk))).await;
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1000);

    let more: Vec<Disk> = (0..500).map(|_| disk("atlas")).collect();
    let mut unit = bench.store.write().await.unwrap();
    for disk in &more {
        support::create(&mut *unit, disk);
    }
    unit.insert_disk(&disks[7]);
    for disk in &more {
        unit.delete_disk(disk.id, disk.status);
    }
    assert!(unit.commit().await.is_err());
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1000);
    assert_eq!(bench.count("SELECT count(*) FROM events").await, 1000);
    bench.commit(|unit| support::create(unit, &more[0])).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}
