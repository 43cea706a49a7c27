//! Jobs: written in the unit that begins the work, ended in the unit that ends it.

use super::{App, Resource, Result, ServiceError};
use crate::domain::access::Caller;
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::ids::JobId;
use crate::domain::job::{ClientRequest, Job, JobKind, JobPart, PartEnd};
use crate::domain::progress::Outcome;
use crate::store::WriteTx;

impl App {
    /// A job of the caller's project.
    pub async fn job(&self, caller: &Caller, id: &str) -> Result<Job> {
        let found = self.read().await?.job(&JobId::new(id)).await?;
        found
            .filter(|job| caller.sees(&job.project))
            .ok_or_else(|| ServiceError::NotFound(Resource::Job, id.to_owned()))
    }

    /// Queues a job that has begun, or begun and ended.
    pub(super) fn begin_job(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        kind: JobKind,
        request: Option<ClientRequest>,
        parts: Vec<JobPart>,
    ) -> Job {
        let job = Job {
            id: JobId::random(),
            project: caller.project.clone(),
            kind,
            request,
            begun_at: self.now(),
            parts,
        };
        unit.insert_job(&job);
        job
    }

    /// What a job does to `disk`, given what became of that: it runs while something is under way,
    /// and is over at once where that takes no time.
    pub(super) fn job_part(&self, disk: &Disk, after: Option<&Disk>, worked: bool) -> JobPart {
        let end = match after {
            Some(after) if after.pending.is_some() => None,
            _ if worked => Some(PartEnd::Success),
            _ => Some(PartEnd::Fail(after.map(|after| after.status))),
        };
        JobPart::new(disk, end.map(|end| (end, self.now())))
    }
}

/// Ends the part of a job that runs on a disk with what is under way there, which ends so.
pub(super) fn end_part(
    unit: &mut dyn WriteTx,
    before: &Disk,
    after: Option<&Disk>,
    outcome: Outcome,
    now: Time,
) {
    let end = match outcome {
        Outcome::Done => PartEnd::Success,
        Outcome::Failed => PartEnd::Fail(after.map(|disk| disk.status)),
    };
    unit.end_job_part(before.id, end, now);
}

/// Fails the part of a job that runs on a disk, if what is under way there is dropped: an
/// administrator reset the status, or removes the disk by force.
pub(super) fn drop_part(unit: &mut dyn WriteTx, before: &Disk, after: Option<&Disk>, now: Time) {
    let goes_on = after.is_some_and(|after| after.pending == before.pending);
    if before.pending.is_some() && !goes_on {
        end_part(unit, before, after, Outcome::Failed, now);
    }
}
