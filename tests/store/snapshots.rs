//! Snapshots are read back as they were written, and hold on to their disk.

use evs_local::domain::disk::DiskStatus;
use evs_local::domain::progress::Outcome;
use evs_local::domain::snapshot::{SnapshotCourse, SnapshotStatus};
use evs_local::store::{Constraint, StoreError};

use crate::support::{self, Bench, at, disk, snapshot};

#[tokio::test]
async fn a_snapshot_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut snapshot = snapshot(&disk);
    bench.commit(|unit| support::create(unit, &disk)).await;
    bench.commit(|unit| unit.insert_snapshot(&snapshot)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.snapshot(snapshot.id).await.unwrap(), Some(snapshot.clone()));

    let from = snapshot.status;
    snapshot.begin(SnapshotCourse::ROLLBACK, support::ending(Outcome::Failed, 9));
    (snapshot.name, snapshot.description, snapshot.updated_at) = (None, None, Some(at(5)));
    snapshot.metadata.clear();
    snapshot.progress = Some(80);
    let to = snapshot.status;
    bench.commit(|unit| unit.update_snapshot(&snapshot, from)).await;
    assert_eq!(reader.snapshot(snapshot.id).await.unwrap(), Some(snapshot.clone()));

    let mut stale = bench.store.write().await.unwrap();
    stale.update_snapshot(&snapshot, from);
    assert!(matches!(stale.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
    bench.commit(|unit| unit.delete_snapshot(snapshot.id, to)).await;
    assert_eq!(reader.snapshot(snapshot.id).await.unwrap(), None);

    bench.commit(|unit| unit.insert_snapshot(&snapshot)).await;
    for _ in 0..2 {
        bench.commit(|unit| unit.delete_snapshot_of_backup(snapshot.id)).await;
        assert_eq!(reader.snapshot(snapshot.id).await.unwrap(), None, "gone, and gone it stays");
    }
}

#[tokio::test]
async fn a_disk_with_a_snapshot_is_not_removed_and_a_snapshot_needs_a_disk() {
    let bench = Bench::new().await;
    let (disk, absent) = (disk("atlas"), disk("atlas"));
    let snapshot = snapshot(&disk);
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_snapshot(&snapshot);
        })
        .await;
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_disk(disk.id, DiskStatus::Available);
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));
    let mut unit = bench.store.write().await.unwrap();
    unit.insert_snapshot(&support::snapshot(&absent));
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(disk.id).await.unwrap(), Some(disk));
}

#[tokio::test]
async fn the_snapshots_of_a_disk_come_oldest_first_and_are_its_own() {
    let bench = Bench::new().await;
    let [one, other] = [(); 2].map(|()| disk("atlas"));
    let old = snapshot(&one);
    let mut young = snapshot(&one);
    young.created_at = at(11);
    bench
        .commit(|unit| {
            support::create(unit, &one);
            support::create(unit, &other);
            unit.insert_snapshot(&young);
            unit.insert_snapshot(&old);
            unit.insert_snapshot(&snapshot(&other));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.snapshots_of(one.id).await.unwrap(), [old.clone(), young]);
    assert_eq!(reader.snapshots_under_way(one.id).await.unwrap(), []);
    let mut busy = old;
    busy.begin(SnapshotCourse::DELETE, support::ending(Outcome::Done, 60));
    bench.commit(|unit| unit.update_snapshot(&busy, SnapshotStatus::Available)).await;
    assert_eq!(reader.snapshots_under_way(one.id).await.unwrap(), [busy]);
}
