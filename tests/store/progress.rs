//! What is due is found on disks, snapshots and backups, each disk once, the first to end first.

use evs_local::domain::backup::BackupCourse;
use evs_local::domain::disk::{Becoming, Disk, DiskCourse};
use evs_local::domain::ids::BackupId;
use evs_local::domain::policy::{Task, TaskStatus, Trigger};
use evs_local::domain::progress::Outcome;
use evs_local::domain::snapshot::SnapshotCourse;
use evs_local::domain::transfer::{Expiry, ExpirySource, TransferEnd, TransferStatus};
use evs_local::store::progress::DueWork::{OnDisk, Policy, Task as Turn, Transfer};

use crate::support::{self, Bench, at, backup, disk, ending, policy, snapshot, transfer};

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
    assert_eq!(reader.due(Some(at(19)), at(99), 9).await.unwrap(), []);
    assert_eq!(reader.due(Some(at(20)), at(99), 9).await.unwrap(), std::slice::from_ref(&taken));
    assert_eq!(
        reader.due(Some(at(30)), at(99), 9).await.unwrap(),
        [taken.clone(), removed.clone()]
    );
    assert_eq!(
        reader.due(None, at(99), 9).await.unwrap(),
        [taken.clone(), removed.clone(), making]
    );
    assert_eq!(reader.due(None, at(99), 2).await.unwrap(), [taken, removed]);
    assert_eq!(bench.sentences().await, Vec::<String>::new());
}

#[tokio::test]
async fn policies_and_tasks_are_due_with_the_rest_and_a_task_waits_for_the_one_before_it() {
    let bench = Bench::new().await;
    let [mut late, mut soon, mut rests] = [(); 3].map(|()| policy("atlas"));
    (late.next_run_at, soon.next_run_at, rests.next_run_at) = (Some(at(25)), Some(at(10)), None);
    rests.schedule.enabled = false;
    let [one, other, mut making] = [(); 3].map(|()| disk("atlas"));
    making.begin(DiskCourse::CREATE, None, Becoming::default(), ending(Outcome::Done, 20));
    let make =
        |disk: &Disk, due| Task::waiting(soon.id, disk.id, (at(due), Trigger::Schedule), at(0));
    let (first, second, third) = (make(&one, 10), make(&one, 15), make(&other, 20));
    bench
        .commit(|unit| {
            for disk in [&one, &other, &making] {
                support::create(unit, disk);
            }
            for policy in [&late, &soon, &rests] {
                unit.insert_policy(policy);
            }
            for task in [&third, &second, &first] {
                unit.insert_policy_task(task);
            }
        })
        .await;
    let all = [
        Policy(soon.id),
        Turn(first.id.clone()),
        Turn(second.id.clone()),
        OnDisk(making.id),
        Turn(third.id.clone()),
        Policy(late.id),
    ];
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(10)));
    assert_eq!(reader.due(Some(at(9)), at(9), 9).await.unwrap(), []);
    assert_eq!(reader.due(Some(at(10)), at(10), 9).await.unwrap(), all[..2]);
    assert_eq!(reader.due(None, at(99), 9).await.unwrap(), all);
    assert_eq!(reader.due(None, at(99), 3).await.unwrap(), all[..3]);
    assert_eq!(reader.due(None, at(9), 9).await.unwrap(), all[3..4]);

    let running = first.clone().running(BackupId::random(), "autobk_a61d".to_owned());
    bench
        .commit(|unit| {
            unit.set_next_run(soon.id, at(10), at(50));
            unit.update_policy_task(TaskStatus::Waiting, &running);
        })
        .await;
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(20)));
    let left = reader.due(None, at(30), 9).await.unwrap();
    assert_eq!(left, [all[3].clone(), all[4].clone(), all[5].clone()]);
    let ended = running.ended(TaskStatus::Success, None, at(50));
    bench.commit(|unit| unit.update_policy_task(TaskStatus::Running, &ended)).await;
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(15)));
}

#[tokio::test]
async fn an_offer_is_due_when_its_time_is_over_until_it_is_finished() {
    let bench = Bench::new().await;
    let [one, other, third] = [(); 3].map(|()| disk("atlas"));
    let [mut soon, mut late, forever] = [&one, &other, &third].map(transfer);
    soon.expiry = Some(Expiry { at: at(100), source: ExpirySource::Header });
    late.expiry = Some(Expiry { at: at(200), source: ExpirySource::Setting });
    bench
        .commit(|unit| {
            for (disk, transfer) in [(&one, &soon), (&other, &late), (&third, &forever)] {
                support::create(unit, disk);
                support::offer(unit, disk, transfer);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(100)));
    assert_eq!(reader.next_due(Some(at(100))).await.unwrap(), Some(at(200)));
    assert_eq!(reader.due(Some(at(99)), at(99), 9).await.unwrap(), []);
    assert_eq!(reader.due(Some(at(100)), at(100), 9).await.unwrap(), [Transfer(soon.id)]);
    let both = [Transfer(soon.id), Transfer(late.id)];
    assert_eq!(reader.due(Some(at(200)), at(200), 9).await.unwrap(), both);
    assert_eq!(reader.due(Some(at(200)), at(200), 1).await.unwrap(), both[..1]);
    let nothing_ends = reader.due(Some(at(0)), at(200), 9).await.unwrap();
    assert_eq!(nothing_ends, [], "an offer ends, it does not begin");

    let status = TransferStatus::Expired;
    let end = TransferEnd { id: soon.id, status, destination: None, finished_at: at(100) };
    bench
        .commit(|unit| {
            unit.finish_transfer(&end);
            unit.update_disk(&one, support::offered(&one, &soon).status);
        })
        .await;
    assert_eq!(reader.next_due(None).await.unwrap(), Some(at(200)));
    assert_eq!(reader.due(Some(at(200)), at(200), 9).await.unwrap(), both[1..]);
}
