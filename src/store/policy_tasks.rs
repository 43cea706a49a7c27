//! Tasks of backup policies in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::ids::{DiskId, JobId, PolicyId};
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

    /// The task that has a disk: whose backup of it is being made.
    async fn running_task(&mut self, disk: DiskId) -> Result<Option<Task>>;
}

/// Changes of tasks.
pub trait PolicyTaskWrites {
    /// A new task; one that its schedule made for this hour before stays as it is.
    fn insert_policy_task(&mut self, task: &Task);

    /// Lets a task that stood so stand as it does here.
    fn update_policy_task(&mut self, from: TaskStatus, task: &Task);
}
