//! Jobs in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, JobId, ProjectId};
use crate::domain::job::{Job, PartEnd};

/// Questions about jobs.
#[async_trait]
pub trait JobReads {
    /// The job, whoever asked for it.
    async fn job(&mut self, id: &JobId) -> Result<Option<Job>>;

    /// The job that a project's request of that name began.
    async fn job_of_token(&mut self, project: &ProjectId, token: &str) -> Result<Option<Job>>;
}

/// Changes of jobs.
pub trait JobWrites {
    /// A new job with its parts.
    fn insert_job(&mut self, job: &Job);

    /// Removes every job that a project asked for, with its parts.
    fn delete_jobs_of(&mut self, project: &ProjectId);

    /// Ends the part that ends with what is under way on a disk, if there is one.
    fn end_job_part(&mut self, disk: DiskId, end: PartEnd, at: Time);

    /// Ends the part that ends with what is under way on a backup, if there is one.
    fn end_backup_part(&mut self, backup: BackupId, end: PartEnd, at: Time);
}
