//! Questions that wait together are asked together, and each gets its own answer.

use std::sync::Arc;

use evs_local::domain::disk::Disk;
use evs_local::domain::ids::{DiskId, TransferId};
use tokio::task::JoinSet;

use crate::cut_off::cut_after;
use crate::support::{self, Bench, disk};

/// A bench with so many disks.
async fn with_disks(count: usize) -> (Bench, Vec<Disk>) {
    let bench = Bench::new().await;
    let disks: Vec<Disk> = (0..count).map(|_| disk("atlas")).collect();
    bench.commit(|unit| disks.iter().for_each(|disk| support::create(unit, disk))).await;
    (bench, disks)
}

#[tokio::test]
async fn each_of_many_questions_gets_its_own_answer() {
    let (bench, disks) = with_disks(30).await;
    let mut asking = JoinSet::new();
    for place in 0..300 {
        // Every third is about a disk that is not there, every fifth about a project that it is not in.
        let found = disks[place % disks.len()].clone();
        let id = if place % 3 == 0 { DiskId::random() } else { found.id };
        let of = support::project(if place % 5 == 0 { "beta" } else { "atlas" });
        let store = Arc::clone(&bench.store);
        asking.spawn(async move {
            let mut reader = store.read().await.unwrap();
            let facts = reader.disk_with_facts(id, Some(&of)).await.unwrap();
            let expected = (place % 3 != 0 && place % 5 != 0).then_some(found.id);
            assert_eq!(facts.map(|facts| facts.disk.id), expected, "question {place}");
            reader.transfer(TransferId::random()).await.unwrap()
        });
    }
    assert_eq!(asking.join_all().await.into_iter().flatten().count(), 0);
}

#[tokio::test]
async fn whoever_is_cut_off_while_asking_for_others_leaves_them_their_answers() {
    let (bench, disks) = with_disks(5).await;
    let ask = |disk: &Disk| {
        let (store, id) = (Arc::clone(&bench.store), disk.id);
        async move {
            let mut reader = store.read().await.unwrap();
            let facts = reader.disk_with_facts(id, None).await.unwrap().unwrap();
            assert_eq!(facts.disk.id, id);
        }
    };
    let mut cuts = 0;
    for polls in 1.. {
        let mut asking = JoinSet::new();
        // While this one is asked, the others come to wait behind the one that is cut off.
        asking.spawn(ask(&disks[0]));
        tokio::task::yield_now().await;
        let first = cut_after(polls, ask(&disks[1]));
        for disk in &disks[2..] {
            asking.spawn(ask(disk));
        }
        let done = first.await.is_some();
        asking.join_all().await;
        if done {
            break;
        }
        cuts += 1;
    }
    assert!(cuts >= 2, "{cuts} cuts: it was not cut off while it asked for others");
}
