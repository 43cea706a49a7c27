//! What goes wrong at a point of a unit's way: its neighbours in the transaction, and whoever writes next.

use std::sync::Arc;

use evs_local::crash::{self, Armed};
use evs_local::domain::disk::Disk;
use evs_local::domain::fault::{CrashPoint, Way};
use evs_local::domain::ids::FaultId;
use evs_local::store::{Result, StoreError};
use tokio::task::JoinSet;

use crate::support::{self, Bench, disk};

/// The one of the units at whose point something goes wrong.
const ARMED: usize = 3;

/// Writes each disk in a unit of its own, all in one transaction, of which one is armed.
async fn together(bench: &Bench, disks: &[Disk], armed: &Armed) -> Vec<Result<()>> {
    let first = bench.store.write().await.unwrap();
    let mut running = JoinSet::new();
    for (place, disk) in disks.iter().cloned().enumerate() {
        let store = Arc::clone(&bench.store);
        let armed = (place == ARMED).then(|| armed.clone());
        let work = async move {
            let mut unit = store.write().await?;
            support::create(&mut *unit, &disk);
            unit.commit().await
        };
        running.spawn(async move { (place, crash::with(armed, work).await) });
        // It asks for its turn in its first poll.
        tokio::task::yield_now().await;
    }
    first.refuse().await.unwrap();
    let mut outcomes = vec![Ok(()); disks.len()];
    for (place, outcome) in running.join_all().await {
        outcomes[place] = outcome;
    }
    outcomes
}

async fn there(bench: &Bench, disks: &[Disk]) -> Vec<bool> {
    let mut view = bench.store.read().await.unwrap();
    let mut there = Vec::new();
    for disk in disks {
        there.push(view.disk(disk.id).await.unwrap().is_some());
    }
    there
}

#[tokio::test]
async fn a_unit_that_fails_at_a_point_fails_alone() {
    let bench = Bench::new().await;
    for point in [CrashPoint::BeforeCommit, CrashPoint::AfterCommit] {
        let disks: Vec<Disk> = (0..6).map(|_| disk("atlas")).collect();
        let id = FaultId::random();
        let before = bench.sqlite.commits();
        let outcomes = together(&bench, &disks, &Armed::new(point, Way::Fail, id)).await;
        assert_eq!(bench.sqlite.commits() - before, 1);
        for (place, outcome) in outcomes.into_iter().enumerate() {
            if place == ARMED {
                let Err(StoreError::Database(why)) = outcome else { panic!("{outcome:?}") };
                assert_eq!(why, format!("fault {id} lets the work fail at {point}"));
            } else {
                outcome.unwrap();
            }
        }
        let kept: Vec<bool> =
            (0..disks.len()).map(|place| place != ARMED || point.keeps_the_work()).collect();
        assert_eq!(there(&bench, &disks).await, kept, "{point}");
    }
}

/// The task that writes would be gone, and with it every write until the next start.
#[tokio::test]
async fn a_bug_in_the_writer_does_not_end_it() {
    let bench = Bench::new().await;
    for point in [CrashPoint::BeforeCommit, CrashPoint::AfterCommit] {
        let disks: Vec<Disk> = (0..6).map(|_| disk("atlas")).collect();
        let armed = Armed::new(point, Way::Panic, FaultId::random());
        let outcomes = together(&bench, &disks, &armed).await;
        let found = there(&bench, &disks).await;
        for (outcome, found) in outcomes.iter().zip(&found) {
            match outcome {
                Ok(()) => assert!(found, "{point}: answered and not there"),
                Err(StoreError::Lost(_)) => assert!(!found || point.keeps_the_work(), "{point}"),
                Err(other) => panic!("{point}: {other}"),
            }
        }
        assert!(outcomes[ARMED].is_err(), "{point}");
        assert_eq!(found[ARMED], point.keeps_the_work());
        let next = disk("atlas");
        bench.commit(|unit| support::create(unit, &next)).await;
        assert_eq!(there(&bench, &[next]).await, [true], "{point}");
    }
}
