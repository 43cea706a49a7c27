//! Limits are read back as they were set, and usage is what the rows add up to.

use std::collections::BTreeMap;

use evs_local::domain::quota::{TypeUsage, Usage};

use crate::support::{self, Bench, backup, disk, project, snapshot};

#[tokio::test]
async fn usage_is_counted_from_rows_of_that_project_by_type() {
    let bench = Bench::new().await;
    let disks = [disk("atlas"), disk("atlas"), disk("beta")];
    let mut slow = disk("atlas");
    (slow.disk_type, slow.size_gib) = ("SATA".to_owned(), 100);
    bench
        .commit(|unit| {
            disks.iter().chain([&slow]).for_each(|disk| support::create(unit, disk));
            unit.insert_snapshot(&snapshot(&disks[0]));
            unit.insert_snapshot(&snapshot(&disks[2]));
            unit.insert_backup(&backup(&disks[0]));
            unit.insert_backup(&backup(&slow));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let (limits, usage) = reader.quota(&project("atlas")).await.unwrap();
    assert_eq!(limits, BTreeMap::new());
    let ssd = TypeUsage { disks: 2, disk_gib: 80, snapshots: 1, snapshot_gib: 40 };
    let sata = TypeUsage { disks: 1, disk_gib: 100, snapshots: 0, snapshot_gib: 0 };
    let by_type = BTreeMap::from([("SSD".to_owned(), ssd), ("SATA".to_owned(), sata)]);
    assert_eq!(usage, Usage { by_type, backups: 2, backup_gib: 140 });
    let nothing = reader.quota(&project("gamma")).await.unwrap();
    assert_eq!(nothing, (BTreeMap::new(), Usage::default()));
    let other = TypeUsage { disks: 1, disk_gib: 40, snapshots: 1, snapshot_gib: 40 };
    let of = |name: &str, disk_type: &str, usage| (project(name), disk_type.to_owned(), usage);
    assert_eq!(
        reader.usage_of_all().await.unwrap(),
        [of("atlas", "SATA", sata), of("atlas", "SSD", ssd), of("beta", "SSD", other)]
    );
}

#[tokio::test]
async fn a_limit_is_read_back_as_it_was_set_last() {
    let bench = Bench::new().await;
    let (atlas, beta) = (project("atlas"), project("beta"));
    bench
        .commit(|unit| {
            unit.set_limit(&atlas, "volumes", 5);
            unit.set_limit(&atlas, "gigabytes_SSD", 50);
            unit.set_limit(&beta, "volumes", 7);
        })
        .await;
    bench.commit(|unit| unit.set_limit(&atlas, "volumes", -1)).await;
    let mut reader = bench.store.read().await.unwrap();
    let (limits, _) = reader.quota(&atlas).await.unwrap();
    let expected = BTreeMap::from([("volumes".to_owned(), -1), ("gigabytes_SSD".to_owned(), 50)]);
    assert_eq!(limits, expected);
    assert_eq!(reader.limits(&atlas).await.unwrap(), expected);
    assert_eq!(reader.limits(&project("gamma")).await.unwrap(), BTreeMap::new());
}

#[tokio::test]
async fn the_limits_of_every_project_stand_under_a_projects_own_which_can_be_taken_away() {
    let bench = Bench::new().await;
    let (atlas, beta) = (project("atlas"), project("beta"));
    bench
        .commit(|unit| {
            unit.set_limit(&atlas, "volumes", 5);
            unit.set_class_limit("volumes", 9);
            unit.set_class_limit("snapshots", 3);
        })
        .await;
    bench.commit(|unit| unit.set_class_limit("snapshots", 4)).await;
    let limits =
        |volumes| BTreeMap::from([("volumes".to_owned(), volumes), ("snapshots".to_owned(), 4)]);
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.class_limits().await.unwrap(), limits(9));
    for (project, volumes) in [(&atlas, 5), (&beta, 9)] {
        assert_eq!(reader.limits(project).await.unwrap(), limits(volumes));
        assert_eq!(reader.quota(project).await.unwrap().0, limits(volumes));
    }
    drop(reader);
    bench.commit(|unit| unit.delete_limits(&atlas)).await;
    bench.commit(|unit| unit.delete_limits(&atlas)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.limits(&atlas).await.unwrap(), limits(9));
}
