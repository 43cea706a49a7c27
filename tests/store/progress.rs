//! What is due is found on disks, snapshots and backups, each disk once, the first to end first.

use evs_local::domain::backup::BackupCourse;
use evs_local::domain::disk::{Becoming, DiskCourse};
use evs_local::domain::progress::Outcome;
use evs_local::domain::snapshot::SnapshotCourse;
use evs_local::store::progress::DueWork::OnDisk;

use crate::support::{self, Bench, at, backup, disk, ending, snapshot};

#[tokio::test]
async fn due_is_whatever_ends_on_a_disk_its_snapshots_or_its_backups() {
    let bench = Bench::new().await;
    let mut disks = [(); 3].map(|()| disk("atlas"));
    let gone = disk("atlas");
    let ends = ending(Outcome::Done, 40);
    disks[0].begin(DiskCourse::CREATE, None, Becoming::default(), ends);
    let mut first = snapshot(&disks[1]);
    first.begin(SnapshotCourse::CREATE, ending(Outcome::Done, 20));
    let mut second = snapshot(&disks[1]);
    second.begin(SnapshotCourse::DELETE, ending(Outcome::Failed, 50));
    let mut orphan = backup(&gone);
    orphan.begin(BackupCourse::DELETE, ending(Outcome::Done, 30));
    bench
        .commit(|unit| {
            for disk in &disks {
                support::create(unit, disk);
            }
            unit.insert_snapshot(&first);
            unit.insert_snapshot(&second);
            unit.insert_backup(&orphan);
            unit.insert_backup(&backup(&disks[2]));
        })
        .await;
    let [making, taken] = [OnDisk(disks[0].id), OnDisk(disks[1].id)];
    let removed = OnDisk(gone.id);
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(20)));
    for (after, next) in [(0, 20), (19, 20), (20, 30), (30, 40), (40, 50)] {
        assert_eq!(reader.next_due(Some(at(after))).await.unwrap(), Some(at(next)), "{after}");
    }
    assert_eq!(reader.next_due(Some(at(50))).await.unwrap(), None);
    assert_eq!(reader.due(Some(at(19)), 9).await.unwrap(), []);
    assert_eq!(reader.due(Some(at(20)), 9).await.unwrap(), [taken]);
    assert_eq!(reader.due(Some(at(30)), 9).await.unwrap(), [taken, removed]);
    assert_eq!(reader.due(None, 9).await.unwrap(), [taken, removed, making]);
    assert_eq!(reader.due(None, 2).await.unwrap(), [taken, removed]);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}
