//! Tasks of backup policies are read back as they were written, and their turn comes in order.

use evs_local::domain::ids::BackupId;
use evs_local::domain::page::{Direction, Paging};
use evs_local::domain::policy::{Policy, Task, TaskQuery, TaskSort, TaskStatus, Trigger};
use evs_local::store::StoreError;

use crate::support::{self, Bench, at, disk, policy};

async fn with_a_policy() -> (Bench, Policy) {
    let (bench, policy) = (Bench::new().await, policy("atlas"));
    bench.commit(|unit| unit.insert_policy(&policy)).await;
    (bench, policy)
}

fn query(policy: &Policy) -> TaskQuery {
    let sort = vec![(TaskSort::CreatedAt, Direction::Ascending)];
    TaskQuery {
        policy: policy.id,
        id: None,
        status: None,
        page: Paging { limit: 10, offset: 0, marker: None, sort },
    }
}

#[tokio::test]
async fn a_task_is_read_back_as_it_waits_runs_and_ends() {
    let (bench, policy) = with_a_policy().await;
    let disk = disk("atlas").id;
    let waiting = Task::waiting(policy.id, disk, (at(1), Trigger::Hand), at(2));
    bench.commit(|unit| unit.insert_policy_task(&waiting)).await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.policy_task(&waiting.id).await.unwrap(), Some(waiting.clone()));
    assert_eq!(reader.unfinished_tasks(policy.id).await.unwrap(), 1);

    let backup = BackupId::random();
    let running = waiting.clone().running(backup, "autobk_a61d".to_owned());
    bench.commit(|unit| unit.update_policy_task(TaskStatus::Waiting, &running)).await;
    assert_eq!(reader.policy_task(&waiting.id).await.unwrap(), Some(running.clone()));
    assert_eq!(reader.running_task(disk).await.unwrap(), Some(running.clone()));
    assert_eq!(reader.running_task(support::disk("atlas").id).await.unwrap(), None);
    assert_eq!(reader.unfinished_tasks(policy.id).await.unwrap(), 1);
    let mut unit = bench.store.write().await.unwrap();
    unit.update_policy_task(TaskStatus::Waiting, &running);
    assert!(matches!(unit.commit().await, Err(StoreError::RowsAffected { touched: 0, .. })));

    let why = Some(("VolumeBackup.0064", "The backup failed.".to_owned()));
    let ended = running.ended(TaskStatus::Fail, why, at(3));
    bench.commit(|unit| unit.update_policy_task(TaskStatus::Running, &ended)).await;
    assert_eq!(reader.policy_task(&waiting.id).await.unwrap(), Some(ended));
    assert_eq!(reader.running_task(disk).await.unwrap(), None);
    assert_eq!(reader.unfinished_tasks(policy.id).await.unwrap(), 0);
}

#[tokio::test]
async fn a_schedule_makes_no_second_task_for_a_disk_and_an_hour_and_a_hand_does() {
    let (bench, policy) = with_a_policy().await;
    let disk = disk("atlas").id;
    let make = |trigger| Task::waiting(policy.id, disk, (at(1), trigger), at(2));
    let tasks = [Trigger::Schedule, Trigger::Schedule, Trigger::Hand, Trigger::Hand].map(make);
    for task in &tasks {
        bench.commit(|unit| unit.insert_policy_task(task)).await;
    }
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.count_policy_tasks(&query(&policy)).await.unwrap(), 3);
    assert_eq!(reader.policy_task(&tasks[1].id).await.unwrap(), None);
}

#[tokio::test]
async fn one_task_has_a_disk_at_a_time() {
    let (bench, policy) = with_a_policy().await;
    let disk = disk("atlas").id;
    let make = |due| Task::waiting(policy.id, disk, (at(due), Trigger::Schedule), at(0));
    let run = |task: &Task| task.clone().running(BackupId::random(), "autobk_a61d".to_owned());
    let (first, second) = (make(1), make(2));
    bench
        .commit(|unit| {
            unit.insert_policy_task(&first);
            unit.insert_policy_task(&second);
            unit.update_policy_task(TaskStatus::Waiting, &run(&first));
        })
        .await;
    let mut unit = bench.store.write().await.unwrap();
    unit.update_policy_task(TaskStatus::Waiting, &run(&second));
    assert!(matches!(unit.commit().await, Err(StoreError::Database(_))));
}

#[tokio::test]
async fn the_tasks_of_a_policy_are_listed_in_pages_and_go_with_it() {
    let (bench, nightly) = with_a_policy().await;
    let other = policy("atlas");
    let make = |policy: &Policy, made| {
        Task::waiting(policy.id, disk("atlas").id, (at(0), Trigger::Hand), at(made))
    };
    let mut tasks: Vec<Task> = [3, 1, 2, 2].map(|made| make(&nightly, made)).to_vec();
    tasks.sort_by_key(|task| (task.created_at, task.id.clone()));
    let skipped = tasks[3].clone().ended(TaskStatus::Skip, None, at(9));
    tasks[3] = skipped;
    let others = make(&other, 1);
    bench
        .commit(|unit| {
            unit.insert_policy(&other);
            for task in tasks.iter().chain([&others]) {
                unit.insert_policy_task(task);
            }
        })
        .await;
    let mut reader = bench.store.read().await.unwrap();
    assert_eq!(reader.policy_tasks(&query(&nightly)).await.unwrap(), tasks);
    assert_eq!(reader.count_policy_tasks(&query(&nightly)).await.unwrap(), 4);
    let (mut asked, mut listed) = (query(&nightly), Vec::new());
    asked.page.limit = 1;
    asked.page.sort = vec![(TaskSort::CreatedAt, Direction::Descending)];
    while let [task] = &reader.policy_tasks(&asked).await.unwrap()[..] {
        asked.page.marker = Some(task.id.clone());
        listed.push(task.clone());
    }
    listed.reverse();
    assert_eq!(listed, tasks);
    let skipped = TaskQuery { status: Some(TaskStatus::Skip), ..query(&nightly) };
    assert_eq!(reader.policy_tasks(&skipped).await.unwrap(), tasks[3..]);
    assert_eq!(reader.count_policy_tasks(&skipped).await.unwrap(), 1);
    let one = TaskQuery { id: Some(tasks[1].id.clone()), ..query(&nightly) };
    assert_eq!(reader.policy_tasks(&one).await.unwrap(), tasks[1..2]);
    let foreign = TaskQuery { id: Some(others.id.clone()), ..query(&nightly) };
    assert_eq!(reader.policy_tasks(&foreign).await.unwrap(), []);

    bench.commit(|unit| unit.delete_policy(nightly.id)).await;
    assert_eq!(reader.count_policy_tasks(&query(&nightly)).await.unwrap(), 0);
    assert_eq!(reader.count_policy_tasks(&query(&other)).await.unwrap(), 1);
}
