//! Tasks of policies: one for each disk of each run.

use super::super::status::statuses;
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, JobId, PolicyId};
use crate::domain::page::Paging;

statuses! {
    /// How a task stands (VBS "Querying Tasks of a Backup Policy").
    TaskStatus {
        /// Its turn has not come.
        Waiting = "waiting",
        /// The backup is being made.
        Running = "running",
        /// The backup is there.
        Success = "success",
        /// There is no backup, for want of quota or since it failed.
        Fail = "fail",
        /// It took too long.
        Timeout = "timeout",
        /// The disk could not be backed up at that time.
        Skip = "skip",
    }
}

impl TaskStatus {
    /// Whether nothing comes after it.
    pub fn is_over(self) -> bool {
        match self {
            Self::Waiting | Self::Running => false,
            Self::Success | Self::Fail | Self::Timeout | Self::Skip => true,
        }
    }
}

/// What made a policy run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Its schedule.
    Schedule,
    /// Somebody, by hand.
    Hand,
}

/// What one run of a policy does about one disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its id.
    pub id: JobId,
    /// The policy.
    pub policy: PolicyId,
    /// The disk, which may be gone.
    pub disk: DiskId,
    /// When the run was due.
    pub due_at: Time,
    /// What made the policy run.
    pub trigger: Trigger,
    /// How it stands.
    pub status: TaskStatus,
    /// The backup that it makes or made, which may be gone, and the name of that.
    pub backup: Option<(BackupId, String)>,
    /// Why there is no backup: a code and a sentence.
    pub failure: Option<(String, String)>,
    /// When it was made.
    pub created_at: Time,
    /// When it ended; none: it has not.
    pub finished_at: Option<Time>,
}

impl Task {
    /// One that waits for its turn.
    pub fn waiting(policy: PolicyId, disk: DiskId, due: (Time, Trigger), now: Time) -> Self {
        let (due_at, trigger) = due;
        Self {
            id: JobId::random(),
            policy,
            disk,
            due_at,
            trigger,
            status: TaskStatus::Waiting,
            backup: None,
            failure: None,
            created_at: now,
            finished_at: None,
        }
    }

    /// The same with the backup under way.
    #[must_use]
    pub fn running(self, backup: BackupId, name: String) -> Self {
        Self { status: TaskStatus::Running, backup: Some((backup, name)), ..self }
    }

    /// The same when it is over, with the code and sentence of what went wrong.
    #[must_use]
    pub fn ended(self, status: TaskStatus, why: Option<(&str, String)>, now: Time) -> Self {
        let failure = why.map(|(code, message)| (code.to_owned(), message));
        Self { status, failure, finished_at: Some(now), ..self }
    }
}

/// By what a list of tasks can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
}

/// Which tasks of a policy to list, and which page of them.
#[derive(Debug, Clone)]
pub struct TaskQuery {
    /// Of this policy.
    pub policy: PolicyId,
    /// With this id.
    pub id: Option<JobId>,
    /// Which stand so.
    pub status: Option<TaskStatus>,
    /// The page.
    pub page: Paging<JobId, TaskSort>,
}
