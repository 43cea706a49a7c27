//! Backups are read back as they were written, and outlive their disk.

use std::collections::BTreeMap;

use evs_local::domain::backup::BackupCourse;
use evs_local::domain::disk::DiskStatus;
use evs_local::domain::ids::PolicyId;
use evs_local::domain::progress::Outcome;
use evs_local::store::StoreError;

use crate::support::{self, Bench, at, backup, disk};

#[tokio::test]
async fn a_backup_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut backup = backup(&disk);
    bench.commit(|unit| unit.insert_backup(&backup)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.backup(backup.id).await.unwrap(), Some(backup.clone()));
    assert_eq!(reader.latest_backup(disk.id).await.unwrap(), Some(backup.clone()));

    let from = backup.status;
    backup.begin(BackupCourse::DELETE, support::ending(Outcome::Failed, 9));
    (backup.name, backup.description, backup.updated_at) =
        (None, Some("d".to_owned()), Some(at(5)));
    (backup.fail_reason, backup.metadata) = (Some("full".to_owned()), BTreeMap::new());
    let to = backup.status;
    bench.commit(|unit| unit.update_backup(&backup, from)).await;
    assert_eq!(reader.backup(backup.id).await.unwrap(), Some(backup.clone()));
    assert_eq!(reader.latest_backup(disk.id).await.unwrap(), None);

    let mut stale = bench.store.write().await.unwrap();
    stale.delete_backup(backup.id, from);
    assert!(matches!(stale.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
    bench.commit(|unit| unit.delete_backup(backup.id, to)).await;
    assert_eq!(reader.backup(backup.id).await.unwrap(), None);
}

#[tokio::test]
async fn a_backup_outlives_its_disk() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let backup = backup(&disk);
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_backup(&backup);
        })
        .await;
    bench.commit(|unit| unit.delete_disk(disk.id, DiskStatus::Available)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(disk.id).await.unwrap(), None);
    assert_eq!(reader.backup(backup.id).await.unwrap(), Some(backup));
}

#[tokio::test]
async fn the_latest_available_backup_is_the_base_of_the_next_and_knows_what_builds_on_it() {
    let bench = Bench::new().await;
    let [disk, other] = [(); 2].map(|()| disk("atlas"));
    let mut backups = [(); 4].map(|()| backup(&disk));
    for (second, backup) in (30..).zip(&mut backups) {
        backup.created_at = at(second);
    }
    backups[1].base = Some(backups[0].id);
    backups[2].begin(BackupCourse::CREATE, support::ending(Outcome::Done, 60));
    backups[3].disk = other.id;
    bench.commit(|unit| backups.iter().for_each(|backup| unit.insert_backup(backup))).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.latest_backup(disk.id).await.unwrap(), Some(backups[1].clone()));
    assert!(reader.backup(backups[0].id).await.unwrap().unwrap().has_dependents);
    assert_eq!(reader.backups_under_way(disk.id).await.unwrap(), [backups[2].clone()]);
    assert_eq!(reader.backups_under_way(other.id).await.unwrap(), []);
}

#[tokio::test]
async fn what_a_policy_has_made_of_a_disk_is_found_the_oldest_first() {
    let bench = Bench::new().await;
    let [disk, other] = [(); 2].map(|()| disk("atlas"));
    let policy = PolicyId::random();
    let mut backups = [(); 6].map(|()| backup(&disk));
    for (second, backup) in (30..).zip(&mut backups) {
        (backup.created_at, backup.policy) = (at(second), Some(policy));
        (backup.base, backup.incremental) = (None, false);
    }
    backups[1].policy = None;
    backups[2].policy = Some(PolicyId::random());
    backups[3].begin(BackupCourse::CREATE, support::ending(Outcome::Done, 60));
    backups[4].disk = other.id;
    bench.commit(|unit| backups.iter().rev().for_each(|backup| unit.insert_backup(backup))).await;
    let mut reader = bench.store.read().await.unwrap();
    let made = reader.policy_backups(policy, disk.id).await.unwrap();
    assert_eq!(made, [backups[0].clone(), backups[5].clone()]);
}
