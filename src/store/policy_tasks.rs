//! Tasks of backup policies in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, JobId, PolicyId};
use crate::domain::policy::{Task, TaskQuery, TaskStatus};

/// Questions about tasks.
#[async_trait]
pub trait PolicyTaskReads {
    /// The task, whoever owns its policy.
    async fn policy_task(&mut self, id: &JobId) -> Result<Option<Task>>;

    /// One page of a policy's tasks.
    async fn policy_tasks(&mut self, query: &TaskQuery) -> Result<Vec<Task>>;

    /// How many tasks there are on all pages.
    async fn count_policy_tasks(&mut self, query: &TaskQuery) -> Result<i64>;

    /// How many tasks of a policy are not over.
    async fn unfinished_tasks(&mut self, policy: PolicyId) -> Result<i64>;

    /// The tasks whose turn comes at `until` or before, those due first before others: those that
    /// wait, unless another task has their disk.
    async fn due_tasks(&mut self, until: Time, limit: u32) -> Result<Vec<JobId>>;

    /// When the turn of the first of all tasks comes.
    async fn next_due_task(&mut self) -> Result<Option<Time>>;

    /// The running task that makes a backup of a disk, if that was begun by one.
    async fn task_of_backup(&mut self, disk: DiskId, backup: BackupId) -> Result<Option<Task>>;
}

/// Changes of tasks.
pub trait PolicyTaskWrites {
    /// A new task; one that its schedule made for this hour before stays as it is.
    fn insert_policy_task(&mut self, task: &Task);

    /// Lets a task that stood so stand as it does here.
    fn update_policy_task(&mut self, from: TaskStatus, task: &Task);
}
