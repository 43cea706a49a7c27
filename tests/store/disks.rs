//! Disks are read back as they were written.

use evs_local::domain::disk::{Becoming, DiskCourse, DiskStatus};
use evs_local::domain::ids::SnapshotId;
use evs_local::domain::progress::Outcome;
use evs_local::store::StoreError;
use evs_local::store::disks::DiskSummary;
use evs_local::store::progress::DueWork::OnDisk;

use crate::support::{self, Bench, at, disk};

#[tokio::test]
async fn a_disk_is_read_back_as_it_was_written_changed_and_removed() {
    let bench = Bench::new().await;
    let mut disk = disk("atlas");
    bench.commit(|unit| support::create(unit, &disk)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(disk.id).await.unwrap(), Some(disk.clone()));

    let was = disk.clone();
    disk.name = None;
    disk.description = Some("the ledger's".to_owned());
    disk.size_gib = 80;
    disk.status = DiskStatus::Error;
    disk.disk_type = "SAS".to_owned();
    disk.zone = "az-sim-2".to_owned();
    (disk.bootable, disk.multiattach, disk.encrypted) = (true, true, true);
    disk.dedicated_storage = Some("dss-1".to_owned());
    disk.metadata.insert("ü".to_owned(), "\"quoted\"\n".to_owned());
    disk.user = evs_local::domain::ids::UserId::new("bob");
    disk.updated_at = Some(at(7));
    disk.read_only = Some(true);
    disk.image_metadata.insert("image_id".to_owned(), "golden".to_owned());
    bench
        .commit(|unit| {
            unit.update_disk(&disk, DiskStatus::Available);
            unit.record(&support::event("disk.update", Some(&was), Some(&disk)));
        })
        .await;
    assert_eq!(reader.disk(disk.id).await.unwrap(), Some(disk.clone()));

    let mut stale = bench.store.write().await.unwrap();
    stale.delete_disk(disk.id, DiskStatus::Available);
    let refused = stale.commit().await;
    assert!(matches!(
        refused,
        Err(StoreError::RowsAffected { write: "delete disk", touched: 0, expected: 1 })
    ));
    bench.commit(|unit| unit.delete_disk(disk.id, DiskStatus::Error)).await;
    assert_eq!(reader.disk(disk.id).await.unwrap(), None);
    drop(reader);
    bench.store.close().await;
    bench.tasks.finish().await;
    assert!(matches!(bench.store.read().await.err(), Some(StoreError::Closed)));
    assert!(matches!(bench.store.write().await.err(), Some(StoreError::Closed)));
}

#[tokio::test]
async fn a_healthy_file_has_no_violation() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let transfer = support::transfer(&disk);
    bench.commit(|unit| support::create(unit, &disk)).await;
    bench.commit(|unit| support::offer(unit, &disk, &transfer)).await;
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_under_way_is_read_back_and_due_when_its_time_has_come() {
    let bench = Bench::new().await;
    let [mut soon, mut late, idle] = [(); 3].map(|()| disk("atlas"));
    let becoming = Becoming { size_gib: Some(80), disk_type: Some("SAS".to_owned()) };
    soon.begin(
        DiskCourse::RETYPE,
        Some(DiskStatus::InUse),
        becoming,
        support::ending(Outcome::Failed, 5),
    );
    late.begin(DiskCourse::CREATE, None, Becoming::default(), support::ending(Outcome::Done, 6));
    (soon.from_snapshot, late.from_disk) = (Some(SnapshotId::random()), Some(idle.id));
    soon.attachments = vec![support::attachment(&soon)];
    bench
        .commit(|unit| {
            for disk in [&soon, &late, &idle] {
                support::create(unit, disk);
            }
            soon.attachments.iter().for_each(|attachment| unit.insert_attachment(attachment));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.disk(soon.id).await.unwrap(), Some(soon.clone()));
    assert_eq!(reader.disk(late.id).await.unwrap(), Some(late.clone()));
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(5)));
    assert_eq!(reader.due(Some(at(4)), at(9), 9).await.unwrap(), []);
    assert_eq!(reader.due(Some(at(5)), at(9), 9).await.unwrap(), [OnDisk(soon.id)]);
    assert_eq!(reader.due(None, at(9), 9).await.unwrap(), [OnDisk(soon.id), OnDisk(late.id)]);
    assert_eq!(reader.due(None, at(9), 1).await.unwrap(), [OnDisk(soon.id)]);

    let ended = soon.clone().finished(Outcome::Failed).unwrap();
    assert_eq!((ended.status, ended.size_gib), (DiskStatus::InUse, 40));
    bench
        .commit(|unit| {
            unit.update_disk(&ended, DiskStatus::Retyping);
            unit.record(&support::event("disk.progress", Some(&soon), Some(&ended)));
        })
        .await;
    assert_eq!(reader.disk(soon.id).await.unwrap(), Some(ended));
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(6)));
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_summary_adds_up_the_disks_of_a_project_or_of_all_and_tells_each_value_once() {
    let bench = Bench::new().await;
    let mut disks = [disk("atlas"), disk("atlas"), disk("atlas"), disk("beta")];
    for (disk, pairs) in disks.iter_mut().zip([
        vec![("team", "ops"), ("ü", "1")],
        vec![("team", "dev"), ("ü", "1")],
        vec![],
        vec![("team", "ops"), ("", "x")],
    ]) {
        disk.metadata =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    }
    disks[1].size_gib = 2;
    bench.commit(|unit| disks.iter().for_each(|disk| unit.insert_disk(disk))).await;
    let mut reader = bench.store.read().await.unwrap();
    let summary = |disks: i64, gib: i64, metadata: &[(&str, &[&str])]| DiskSummary {
        disks,
        gib,
        metadata: metadata
            .iter()
            .map(|(key, values)| {
                let values = values.iter().map(|value| (*value).to_owned()).collect();
                ((*key).to_owned(), values)
            })
            .collect(),
    };
    for (of, expected) in [
        (Some("atlas"), summary(3, 82, &[("team", &["dev", "ops"]), ("ü", &["1"])])),
        (Some("gamma"), summary(0, 0, &[])),
        (None, summary(4, 122, &[("", &["x"]), ("team", &["dev", "ops"]), ("ü", &["1"])])),
    ] {
        let of = of.map(support::project);
        assert_eq!(reader.disk_summary(of.as_ref()).await.unwrap(), expected);
    }
}
