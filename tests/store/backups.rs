//! Backups are read back as they were written, and outlive their disk.

use evs_local::domain::backup::BackupStatus;
use evs_local::domain::disk::DiskStatus;
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
    assert_eq!(reader.available_backups(disk.id).await.unwrap(), 1);

    let (from, to) = (BackupStatus::Available, BackupStatus::ErrorDeleting);
    bench.commit(|unit| unit.set_backup_status(backup.id, from, to, at(5))).await;
    (backup.status, backup.updated_at) = (to, Some(at(5)));
    assert_eq!(reader.backup(backup.id).await.unwrap(), Some(backup.clone()));
    assert_eq!(reader.available_backups(disk.id).await.unwrap(), 0);

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
