//! Tasks of policies, to look at.

use super::super::{App, Resource, Result, ServiceError};
use super::parse;
use crate::domain::access::Caller;
use crate::domain::ids::JobId;
use crate::domain::page::Paging;
use crate::domain::policy::{Task, TaskQuery, TaskSort, TaskStatus};

impl App {
    /// One page of the tasks of a policy of the caller's project, and how many there are on all
    /// pages. A marker that is no task of the policy is not found.
    pub async fn policy_tasks(
        &self,
        caller: &Caller,
        policy: &str,
        (id, status): (Option<JobId>, Option<TaskStatus>),
        page: Paging<JobId, TaskSort>,
    ) -> Result<(Vec<Task>, i64)> {
        let policy = parse(policy)?;
        let mut view = self.read().await?;
        self.visible_policy(&mut *view, caller, policy).await?;
        if let Some(marker) = &page.marker {
            let found = view.policy_task(marker).await?;
            if found.is_none_or(|task| task.policy != policy) {
                return Err(ServiceError::NotFound(Resource::PolicyTask, marker.to_string()));
            }
        }
        let query = TaskQuery { policy, id, status, page };
        let count = view.count_policy_tasks(&query).await?;
        Ok((view.policy_tasks(&query).await?, count))
    }
}
