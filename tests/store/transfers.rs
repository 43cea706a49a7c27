//! Transfers are read back as they were written while they are pending, and never change after.

use evs_local::domain::backup::BackupStatus;
use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::domain::ids::{TransferId, UserId};
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::snapshot::SnapshotStatus;
use evs_local::domain::transfer::{
    Expiry, ExpirySource, Obstacles, TransferEnd, TransferFacts, TransferQuery, TransferSort,
    TransferStatus,
};
use evs_local::store::{Constraint, StoreError};
use sqlx::AssertSqlSafe;

use crate::support::{self, Bench, at, backup, disk, policy, project, snapshot, transfer};

#[tokio::test]
async fn a_transfer_is_read_back_as_it_was_written_until_it_is_finished() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let transfer = transfer(&disk);
    let offered = support::offered(&disk, &transfer);
    bench.commit(|unit| support::create(unit, &disk)).await;
    bench.commit(|unit| support::offer(unit, &disk, &transfer)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.transfer(transfer.id).await.unwrap(), Some(transfer.clone()));
    assert_eq!(reader.disk(disk.id).await.unwrap(), Some(offered.clone()));
    let facts = TransferFacts { disk: offered, snapshots: None, backups: None, policy: None };
    let with_facts = reader.transfer_with_facts(transfer.id).await.unwrap();
    assert_eq!(with_facts, Some((transfer.clone(), facts)));

    let taken = Disk { project: project("beta"), user: UserId::new("bob"), ..disk.clone() };
    let end = TransferEnd {
        id: transfer.id,
        status: TransferStatus::Accepted,
        destination: Some((project("beta"), UserId::new("bob"))),
        finished_at: at(50),
    };
    bench
        .commit(|unit| {
            unit.finish_transfer(&end);
            unit.update_disk(&taken, DiskStatus::AwaitingTransfer);
        })
        .await;
    assert_eq!(reader.transfer(transfer.id).await.unwrap(), None);
    assert_eq!(reader.transfer_with_facts(transfer.id).await.unwrap(), None);
    let row: (String, String, String, String) = sqlx::query_as(
        "SELECT status, destination_project_id, destination_user_id, finished_at FROM transfers",
    )
    .fetch_one(&mut bench.other().await)
    .await
    .unwrap();
    let word = str::to_owned;
    let expected =
        (word("accepted"), word("beta"), word("bob"), word("2025-07-31T22:13:20.000050Z"));
    assert_eq!(row, expected);

    let mut again = bench.store.write().await.unwrap();
    again.finish_transfer(&end);
    assert!(matches!(again.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
    let by_hand = sqlx::raw_sql("UPDATE transfers SET name = 'x'")
        .execute(&mut bench.other().await)
        .await
        .unwrap_err();
    assert!(by_hand.to_string().contains("a finished transfer never changes"), "{by_hand}");
}

#[tokio::test]
async fn a_transfer_says_when_it_expires_and_who_said_so_and_lists_leave_it_out_from_then_on() {
    let bench = Bench::new().await;
    let [disk, lasting] = [(); 2].map(|()| disk("atlas"));
    let mut transfer = transfer(&disk);
    transfer.expiry = Some(Expiry { at: at(100), source: ExpirySource::Setting });
    let forever = support::transfer(&lasting);
    bench
        .commit(|unit| {
            for disk in [&disk, &lasting] {
                support::create(unit, disk);
            }
            support::offer(unit, &disk, &transfer);
            support::offer(unit, &lasting, &forever);
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.transfer(transfer.id).await.unwrap(), Some(transfer.clone()));
    let with_facts = reader.transfer_with_facts(transfer.id).await.unwrap();
    assert_eq!(with_facts.map(|(transfer, _)| transfer), Some(transfer.clone()));
    let query = TransferQuery {
        project: Some(project("atlas")),
        name: None,
        id: None,
        disk: None,
        page: Paging {
            limit: 9,
            offset: 0,
            marker: None,
            sort: vec![(TransferSort::Id, Direction::Ascending)],
        },
    };
    for (now, listed) in [(99, 2), (100, 1), (101, 1)] {
        assert_eq!(reader.transfers(&query, at(now)).await.unwrap().len(), listed, "{now}");
    }
    assert_eq!(reader.transfers(&query, at(100)).await.unwrap(), [forever]);
    assert!(transfer.is_open(at(99)) && !transfer.is_open(at(100)));
}

#[tokio::test]
async fn no_transfer_is_accepted_after_its_time_and_none_expires_before_it() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let mut transfer = transfer(&disk);
    transfer.expiry = Some(Expiry { at: at(100), source: ExpirySource::Header });
    bench.commit(|unit| support::create(unit, &disk)).await;
    bench.commit(|unit| support::offer(unit, &disk, &transfer)).await;
    let taker = Some((project("beta"), UserId::new("bob")));
    let refused = async |status, destination, finished_at| {
        let mut unit = bench.store.write().await.unwrap();
        unit.finish_transfer(&TransferEnd { id: transfer.id, status, destination, finished_at });
        unit.commit().await.unwrap_err().to_string()
    };
    let late = refused(TransferStatus::Accepted, taker, at(100)).await;
    assert!(late.contains("transfers_are_accepted_in_time"), "{late}");
    let early = refused(TransferStatus::Expired, None, at(99)).await;
    assert!(early.contains("transfers_expire_in_time"), "{early}");
    for (expires, source, constraint) in [
        ("created_at", "'header'", "transfers_expire_after_they_are_made"),
        ("NULL", "'header'", "transfers_expiry_has_a_source"),
        ("expires_at", "'whim'", "transfers_expiry_source_is_known"),
        ("'soon'", "'header'", "transfers_expire"),
    ] {
        let sql = format!("UPDATE transfers SET expires_at = {expires}, expiry_source = {source}");
        let refused = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut bench.other().await).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(constraint), "{refused}");
    }
}

#[tokio::test]
async fn a_disk_has_one_pending_transfer_and_any_number_of_finished_ones() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let (first, second) = (transfer(&disk), transfer(&disk));
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_transfer(&first);
        })
        .await;
    let mut unit = bench.store.write().await.unwrap();
    unit.insert_transfer(&second);
    let twice = unit.commit().await;
    assert!(matches!(twice, Err(StoreError::Conflict(Constraint::OnePendingTransfer))));
    let end =
        |id: TransferId, status| TransferEnd { id, status, destination: None, finished_at: at(50) };
    bench.commit(|unit| unit.finish_transfer(&end(first.id, TransferStatus::Deleted))).await;
    bench.commit(|unit| unit.insert_transfer(&second)).await;
    bench.commit(|unit| unit.finish_transfer(&end(second.id, TransferStatus::Expired))).await;
}

#[tokio::test]
async fn the_schema_refuses_what_a_transfer_can_never_be() {
    let bench = Bench::new().await;
    let disk = disk("atlas");
    let transfer = transfer(&disk);
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_transfer(&transfer);
        })
        .await;
    let end = TransferEnd {
        id: transfer.id,
        status: TransferStatus::Accepted,
        destination: None,
        finished_at: at(50),
    };
    let mut unit = bench.store.write().await.unwrap();
    unit.finish_transfer(&end);
    let Err(StoreError::Database(text)) = unit.commit().await else { panic!("accepted by nobody") };
    assert!(text.contains("transfers_accepted_has_a_project"), "{text}");

    let mut unit = bench.store.write().await.unwrap();
    let status = DiskStatus::AwaitingTransfer;
    unit.update_disk(&Disk { status, ..disk.clone() }, DiskStatus::Available);
    let Err(StoreError::Database(text)) = unit.commit().await else { panic!("no transfer named") };
    let sentence = "evs: a disk is awaiting-transfer only with a pending transfer of it";
    assert!(text.contains(sentence), "{text}");

    // And the tables themselves, should the guards be gone.
    bench.unguard().await;
    let mut unit = bench.store.write().await.unwrap();
    unit.update_disk(&Disk { status, ..disk.clone() }, DiskStatus::Available);
    let Err(StoreError::Database(text)) = unit.commit().await else { panic!("no transfer named") };
    assert!(text.contains("disks_awaiting_transfer_has_a_transfer"), "{text}");

    let mut unit = bench.store.write().await.unwrap();
    let missing = Disk { status, transfer: Some(TransferId::random()), ..disk.clone() };
    unit.update_disk(&missing, DiskStatus::Available);
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));
}

#[tokio::test]
async fn the_facts_are_the_oldest_obstacles_their_number_and_the_policy() {
    let bench = Bench::new().await;
    let (disk, free) = (disk("atlas"), disk("atlas"));
    let policy = policy("atlas");
    let (mut old, young) = (snapshot(&disk), snapshot(&disk));
    (old.created_at, old.status) = (at(9), SnapshotStatus::ErrorDeleting);
    let (mut first, second) = (backup(&disk), backup(&disk));
    (first.created_at, first.status) = (at(9), BackupStatus::Creating);
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            support::create(unit, &free);
            unit.insert_snapshot(&young);
            unit.insert_snapshot(&old);
            unit.insert_backup(&second);
            unit.insert_backup(&first);
            unit.insert_policy(&policy);
            unit.bind_disk(disk.id, policy.id, at(1));
            unit.insert_transfer(&transfer(&disk));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let facts = reader.disk_with_facts(disk.id, None).await.unwrap();
    let expected = TransferFacts {
        disk: Disk { policy: Some(policy.id), ..disk.clone() },
        snapshots: Some(Obstacles {
            count: 2,
            first: old.id,
            status: SnapshotStatus::ErrorDeleting,
        }),
        backups: Some(Obstacles { count: 2, first: first.id, status: BackupStatus::Creating }),
        policy: Some((policy.id, "nightly".to_owned())),
    };
    assert_eq!(facts, Some(expected));
    let facts = reader.disk_with_facts(free.id, None).await.unwrap();
    let expected =
        TransferFacts { disk: free.clone(), snapshots: None, backups: None, policy: None };
    assert_eq!(facts, Some(expected));
    assert_eq!(reader.disk_with_facts(support::disk("atlas").id, None).await.unwrap(), None);
    for (of, there) in [("atlas", true), ("beta", false)] {
        let found = reader.disk_with_facts(free.id, Some(&project(of))).await.unwrap();
        assert_eq!(found.is_some(), there, "{of}");
    }
}
