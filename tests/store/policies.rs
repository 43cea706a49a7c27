//! Backup policies are read back as they were written, with the disks under them.

use evs_local::domain::disk::DiskStatus;
use evs_local::domain::ids::PolicyId;
use evs_local::domain::policy::{Binding, Days, Hours, Policy, Retention, Schedule, Week, Zone};
use evs_local::store::{Constraint, StoreError};

use crate::support::{self, Bench, at, disk, policy, project};

#[tokio::test]
async fn a_policy_is_read_back_as_it_was_written_and_removed() {
    let bench = Bench::new().await;
    let first = policy("atlas");
    let mut second = policy("atlas");
    second.schedule.days = Days::Week(Week::parse("MON,FRI").unwrap());
    second.schedule.retention = Retention::Days(30);
    (second.schedule.enabled, second.schedule.keep_first_of_month) = (false, false);
    second.tags.insert("team".to_owned(), "blue".to_owned());
    (second.is_default, second.next_run_at, second.scheduled_since) = (true, None, at(29));
    second.created_at = at(31);
    let others = policy("beta");
    bench
        .commit(|unit| {
            for policy in [&second, &others, &first] {
                unit.insert_policy(policy);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.policy(second.id).await.unwrap(), Some(second.clone()));
    assert_eq!(reader.policies(&project("atlas")).await.unwrap(), [second.clone(), first.clone()]);

    bench.commit(|unit| unit.delete_policy(first.id)).await;
    assert_eq!(reader.policy(first.id).await.unwrap(), None);
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_policy(first.id);
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
}

#[tokio::test]
async fn a_disk_is_under_one_policy_and_leaves_it() {
    let bench = Bench::new().await;
    let mut disks = [disk("atlas"), disk("atlas")];
    disks.sort_by_key(|disk| disk.id.to_string());
    let [one, two] = &disks;
    let (nightly, weekly) = (policy("atlas"), policy("atlas"));
    bench
        .commit(|unit| {
            support::create(unit, one);
            support::create(unit, two);
            unit.insert_policy(&nightly);
            unit.insert_policy(&weekly);
            unit.bind_disk(two.id, nightly.id, at(1));
            unit.bind_disk(one.id, nightly.id, at(2));
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let binding = Binding { disk: one.id, policy: nightly.id, policy_name: "nightly".to_owned() };
    assert_eq!(reader.binding(one.id).await.unwrap(), Some(binding));
    assert_eq!(reader.bound_disks(nightly.id).await.unwrap(), [one.id, two.id]);
    assert_eq!(reader.policy(nightly.id).await.unwrap().unwrap().disks, 2);

    let mut unit = bench.store.write().await.unwrap();
    unit.bind_disk(one.id, weekly.id, at(3));
    let twice = unit.commit().await;
    assert!(matches!(twice, Err(StoreError::Conflict(Constraint::OnePolicyPerDisk))));
    let mut unit = bench.store.write().await.unwrap();
    unit.unbind_disk(one.id, weekly.id);
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
    let mut unit = bench.store.write().await.unwrap();
    unit.bind_disk(disk("atlas").id, PolicyId::random(), at(3));
    assert!(matches!(unit.commit().await, Err(StoreError::Conflict(Constraint::Reference))));

    bench.commit(|unit| unit.unbind_disk(one.id, nightly.id)).await;
    assert_eq!(reader.binding(one.id).await.unwrap(), None);
    bench.commit(|unit| unit.delete_disk(two.id, DiskStatus::Available)).await;
    assert_eq!(reader.bound_disks(nightly.id).await.unwrap(), []);
}

#[tokio::test]
async fn a_policy_that_goes_lets_its_disks_go() {
    let bench = Bench::new().await;
    let (disk, policy) = (disk("atlas"), policy("atlas"));
    bench
        .commit(|unit| {
            support::create(unit, &disk);
            unit.insert_policy(&policy);
            unit.bind_disk(disk.id, policy.id, at(1));
        })
        .await;
    bench.commit(|unit| unit.delete_policy(policy.id)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.binding(disk.id).await.unwrap(), None);
    assert_eq!(reader.disk(disk.id).await.unwrap(), Some(disk));
}

#[tokio::test]
async fn a_policy_changes_its_name_and_schedule_and_nothing_else() {
    let bench = Bench::new().await;
    let mut before = policy("atlas");
    before.tags.insert("team".to_owned(), "blue".to_owned());
    let other = policy("atlas");
    bench
        .commit(|unit| {
            unit.insert_policy(&before);
            unit.insert_policy(&other);
        })
        .await;
    let after = Policy {
        name: "weekly".to_owned(),
        schedule: Schedule {
            hours: Hours::parse("05:00").unwrap(),
            days: Days::Week(Week::parse("SUN").unwrap()),
            zone: Zone::parse("UTC-03:30").unwrap(),
            retention: Retention::Days(9),
            keep_first_of_month: false,
            enabled: false,
        },
        scheduled_since: at(40),
        next_run_at: None,
        ..before.clone()
    };
    bench.commit(|unit| unit.update_policy(&after)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.policy(before.id).await.unwrap(), Some(after));
    assert_eq!(reader.policy(other.id).await.unwrap(), Some(other));
    let mut unit = bench.store.write().await.unwrap();
    unit.update_policy(&policy("atlas"));
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
}

#[tokio::test]
async fn a_policy_has_tags_that_come_change_and_go() {
    let bench = Bench::new().await;
    let policy = policy("atlas");
    bench.commit(|unit| unit.insert_policy(&policy)).await;
    bench
        .commit(|unit| {
            unit.set_policy_tag(policy.id, "team", "blue");
            unit.set_policy_tag(policy.id, "stage", "");
            unit.set_policy_tag(policy.id, "team", "red");
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    let tags = reader.policy(policy.id).await.unwrap().unwrap().tags;
    let told: Vec<(&str, &str)> = tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(told, [("stage", ""), ("team", "red")]);
    bench.commit(|unit| unit.delete_policy_tag(policy.id, "team")).await;
    assert_eq!(reader.policy(policy.id).await.unwrap().unwrap().tags.len(), 1);
    let mut unit = bench.store.write().await.unwrap();
    unit.delete_policy_tag(policy.id, "team");
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
}

#[tokio::test]
async fn the_next_run_of_a_policy_moves_on_from_where_it_was() {
    let bench = Bench::new().await;
    let policy = policy("atlas");
    bench.commit(|unit| unit.insert_policy(&policy)).await;
    bench.commit(|unit| unit.set_next_run(policy.id, at(60), at(90))).await;
    let mut reader = bench.store.read().await.unwrap();
    let after = Policy { next_run_at: Some(at(90)), ..policy.clone() };
    assert_eq!(reader.policy(policy.id).await.unwrap(), Some(after));
    let mut unit = bench.store.write().await.unwrap();
    unit.set_next_run(policy.id, at(60), at(95));
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));
}
