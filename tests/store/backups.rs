//! Backups are read back as they were written, and outlive their disk.

use std::collections::BTreeMap;

use evs_local::domain::backup::{
    Backup, BackupCourse, BackupShare, BackupText, ShareFilter, ShareQuery, ShareSort, SharedBackup,
};
use evs_local::domain::disk::DiskStatus;
use evs_local::domain::ids::{BackupShareId, PolicyId};
use evs_local::domain::page::{Direction, Paging};
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
    assert_eq!(
        reader.latest_backup(disk.id, &disk.project, None).await.unwrap(),
        Some(backup.clone())
    );

    let from = backup.status;
    backup.begin(BackupCourse::DELETE, support::ending(Outcome::Failed, 9));
    (backup.name, backup.description, backup.updated_at) =
        (None, Some("d".to_owned()), Some(at(5)));
    (backup.fail_reason, backup.metadata) = (Some("full".to_owned()), BTreeMap::new());
    backup.container = None;
    let to = backup.status;
    bench.commit(|unit| unit.update_backup(&backup, from)).await;
    assert_eq!(reader.backup(backup.id).await.unwrap(), Some(backup.clone()));
    assert_eq!(reader.latest_backup(disk.id, &disk.project, None).await.unwrap(), None);

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
    assert_eq!(
        reader.latest_backup(disk.id, &disk.project, None).await.unwrap(),
        Some(backups[1].clone())
    );
    // The data of the third are as old as those of the first two.
    let before = async |second| {
        let mut reader = bench.store.read().await.unwrap();
        reader.latest_backup(disk.id, &disk.project, Some(at(second))).await.unwrap()
    };
    assert_eq!(before(20).await, Some(backups[1].clone()));
    assert_eq!(before(19).await, None);
    let foreign = reader.latest_backup(disk.id, &support::project("beta"), None).await.unwrap();
    assert_eq!(foreign, None, "an imported one is another project's");
    assert_eq!(reader.backups_upon(backups[0].id).await.unwrap(), [backups[1].clone()]);
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

#[tokio::test]
async fn what_builds_on_a_backup_that_goes_builds_on_what_that_built_on_or_holds_everything() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut chain = [(); 3].map(|()| backup(&disk));
    (chain[0].base, chain[0].incremental) = (None, false);
    (chain[1].base, chain[2].base) = (Some(chain[0].id), Some(chain[1].id));
    bench.commit(|unit| chain.iter().for_each(|backup| unit.insert_backup(backup))).await;
    // In one unit, so that the second is no more where the first has put it.
    bench
        .commit(|unit| {
            for backup in &chain[..2] {
                unit.rebase_backups(backup.id);
                unit.delete_backup(backup.id, backup.status);
            }
        })
        .await;
    let left = bench.store.read().await.unwrap().backup(chain[2].id).await.unwrap().unwrap();
    assert_eq!((left.base, left.incremental), (None, false));
}

#[tokio::test]
async fn a_share_is_read_back_with_its_backup_found_by_what_that_is_and_goes_with_it() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let [one, mut other] = [(); 2].map(|()| backup(&disk));
    other.name = Some("weekly".to_owned());
    let share = |of: &Backup, with: &str, second| BackupShare {
        id: BackupShareId::random(),
        backup: of.id,
        project: support::project(with),
        created_at: at(second),
    };
    let shares = [share(&one, "beta", 30), share(&one, "gamma", 31), share(&other, "beta", 32)];
    bench
        .commit(|unit| {
            unit.insert_backup(&one);
            unit.insert_backup(&other);
            for share in &shares {
                unit.insert_backup_share(share);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let whole = |n: usize| SharedBackup {
        share: shares[n].clone(),
        backup: if n < 2 { one.clone() } else { other.clone() },
    };
    assert_eq!(reader.backup_share(shares[1].id).await.unwrap(), Some(whole(1)));
    assert_eq!(reader.backup_share(BackupShareId::random()).await.unwrap(), None);
    assert_eq!(reader.shares_of_backup(one.id).await.unwrap(), shares[..2]);
    let is_shared = async |with: &str| {
        let mut reader = bench.store.read().await.unwrap();
        reader.is_shared(one.id, &support::project(with)).await.unwrap()
    };
    assert!(is_shared("beta").await && !is_shared("delta").await);

    let by = |name| (name, Direction::Descending);
    let all = ShareQuery {
        filter: ShareFilter::default(),
        page: Paging { limit: 10, offset: 0, marker: None, sort: vec![by(ShareSort::CreatedAt)] },
    };
    let is = |text, value: &str| ShareFilter {
        is: vec![(text, value.to_owned())],
        ..ShareFilter::default()
    };
    for (filter, found) in [
        (ShareFilter::default(), vec![2, 1, 0]),
        (
            ShareFilter { from: Some(support::project("atlas")), ..all.filter.clone() },
            vec![2, 1, 0],
        ),
        (ShareFilter { from: Some(support::project("beta")), ..all.filter.clone() }, vec![]),
        (ShareFilter { to: Some(support::project("beta")), ..all.filter.clone() }, vec![2, 0]),
        (ShareFilter { name: Some("EEK".to_owned()), ..all.filter.clone() }, vec![2]),
        (is(BackupText::Id, &one.id.to_string()), vec![1, 0]),
        (is(BackupText::Disk, &disk.id.to_string()), vec![2, 1, 0]),
        (is(BackupText::Status, "error"), vec![]),
        (is(BackupText::Zone, &one.zone), vec![2, 1, 0]),
        (is(BackupText::Name, "weekly"), vec![2]),
        (is(BackupText::Container, "vault"), vec![2, 1, 0]),
        (is(BackupText::Project, "atlas"), vec![2, 1, 0]),
        (is(BackupText::User, "nobody"), vec![]),
        (is(BackupText::Snapshot, &other.snapshot.unwrap().to_string()), vec![2]),
    ] {
        let expected: Vec<SharedBackup> = found.into_iter().map(whole).collect();
        let count = reader.count_backup_shares(&filter).await.unwrap();
        assert_eq!(count, i64::try_from(expected.len()).unwrap());
        let query = ShareQuery { filter, ..all.clone() };
        assert_eq!(reader.backup_shares(&query).await.unwrap(), expected, "{query:?}");
    }
    for sort in
        [ShareSort::CreatedAt, ShareSort::Id, ShareSort::Name, ShareSort::Status, ShareSort::Size]
    {
        let mut seen = Vec::new();
        let mut page = Paging { limit: 1, sort: vec![by(sort)], ..all.page.clone() };
        while let [one] =
            &reader.backup_shares(&ShareQuery { page: page.clone(), ..all.clone() }).await.unwrap()
                [..]
        {
            page.marker = Some(one.share.id);
            seen.push(one.share.id);
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 3, "{sort:?}");
    }

    bench.commit(|unit| unit.delete_backup_share(shares[1].id)).await;
    bench.commit(|unit| unit.delete_backup(other.id, other.status)).await;
    assert_eq!(reader.backup_shares(&all).await.unwrap(), [whole(0)]);
}
