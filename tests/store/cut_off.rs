//! A unit may be cut off anywhere: it happens as a whole or not at all, and the writer goes on.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;

use evs_local::domain::disk::Disk;
use evs_local::store::{Result, Store};
use tokio::task::JoinSet;

use crate::support::{self, Bench, disk, transfer};

/// Polls a future `n` times and drops it, unless it was done before.
pub(crate) async fn cut_after<T>(n: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = Box::pin(future);
    let mut polls = 0;
    poll_fn(move |context| {
        polls += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if polls >= n => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn offer(store: &dyn Store, disk: &Disk) -> Result<()> {
    let mut unit = store.write().await?;
    let facts = unit.disk_with_facts(disk.id, None).await?.unwrap();
    support::offer(&mut *unit, &facts.disk, &transfer(disk));
    unit.commit().await
}

/// Cuts an offer off after 1, 2, 3 … polls until one gets to its end. With `neighbours`, others
/// wait for their turns meanwhile.
async fn cut_everywhere(neighbours: usize) {
    let bench = Bench::new().await;
    let mut cuts = 0;
    for n in 1.. {
        let disk = disk("atlas");
        bench.commit(|unit| support::create(unit, &disk)).await;
        let mut others = JoinSet::new();
        for _ in 0..neighbours {
            let store = Arc::clone(&bench.store);
            others.spawn(async move {
                let mut unit = store.write().await.unwrap();
                support::create(&mut *unit, &support::disk("beta"));
                unit.commit().await.unwrap();
            });
        }
        let outcome = cut_after(n, offer(&*bench.store, &disk)).await;
        others.join_all().await;
        // Whatever was on its way has come to its end when another unit has had its turn.
        bench.store.write().await.unwrap().refuse().await.unwrap();
        let mut reader = bench.store.read().await.unwrap();
        let found = reader.disk(disk.id).await.unwrap().unwrap();
        if let Some(id) = found.transfer {
            assert!(reader.transfer(id).await.unwrap().is_some());
        } else {
            assert_eq!(found, disk);
        }
        drop(reader);
        assert_eq!(bench.sentences().await, Vec::<String>::new(), "after {n} polls");
        match outcome {
            Some(outcome) => {
                outcome.unwrap();
                assert!(found.transfer.is_some());
                break;
            }
            None => cuts += 1,
        }
    }
    assert!(cuts >= 2, "the unit waited {cuts} times only");
}

#[tokio::test]
async fn a_unit_that_is_cut_off_leaves_all_or_nothing_and_gives_the_writer_back() {
    for _ in 0..10 {
        cut_everywhere(0).await;
    }
}

#[tokio::test]
async fn a_commit_that_has_begun_happens_although_nobody_waits_for_it() {
    let bench = Bench::new().await;
    let (begun, never) = (disk("atlas"), disk("atlas"));
    let mut unit = bench.store.write().await.unwrap();
    support::create(&mut *unit, &begun);
    assert!(cut_after(1, unit.commit()).await.is_none());
    let mut unit = bench.store.write().await.unwrap();
    support::create(&mut *unit, &never);
    drop(unit.commit());
    let mut unit = bench.store.write().await.unwrap();
    assert_eq!(unit.disk(begun.id).await.unwrap(), Some(begun));
    assert_eq!(unit.disk(never.id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_cut_off_in_a_crowd_leaves_all_or_nothing() {
    for _ in 0..5 {
        cut_everywhere(6).await;
    }
}

#[tokio::test]
async fn a_unit_that_panics_gives_the_writer_back() {
    let bench = Bench::new().await;
    let store = Arc::clone(&bench.store);
    let mut panicking = JoinSet::new();
    panicking.spawn(async move {
        let mut unit = store.write().await.unwrap();
        support::create(&mut *unit, &disk("atlas"));
        panic!("as a bug would");
    });
    assert!(panicking.join_next().await.unwrap().unwrap_err().is_panic());
    bench.commit(|unit| support::create(unit, &disk("atlas"))).await;
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
}

#[tokio::test]
async fn a_unit_that_is_dropped_has_done_nothing() {
    let bench = Bench::new().await;
    let mut unit = bench.store.write().await.unwrap();
    support::create(&mut *unit, &disk("atlas"));
    drop(unit);
    bench.store.write().await.unwrap().refuse().await.unwrap();
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 0);
    assert_eq!(bench.sqlite.commits(), 0);
}

#[tokio::test]
async fn a_store_that_is_closed_finishes_the_turns_that_were_asked_for() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut unit = bench.store.write().await.unwrap();
    support::create(&mut *unit, &disk);
    let store = Arc::clone(&bench.store);
    let mut closing = JoinSet::new();
    closing.spawn(async move { store.close().await });
    tokio::task::yield_now().await;
    unit.commit().await.unwrap();
    closing.join_all().await;
    bench.tasks.finish().await;
    assert_eq!(bench.count("SELECT count(*) FROM disks").await, 1);
}
