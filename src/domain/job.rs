//! Jobs: what the cloud's own API answers with in place of a result, for clients to ask after.

use super::backup::Backup;
use super::clock::Time;
use super::disk::{Disk, DiskStatus};
use super::ids::{BackupId, DiskId, JobId, ProjectId, SnapshotId};
use super::status::statuses;

statuses! {
    /// What a job does.
    JobKind {
        /// Makes one disk.
        Create = "create",
        /// Makes several disks.
        CreateBatch = "create_batch",
        /// Makes a disk larger.
        Extend = "extend",
        /// Gives a disk another type.
        Retype = "retype",
        /// Removes a disk.
        Delete = "delete",
        /// Makes a backup of a disk.
        CreateBackup = "create_backup",
        /// Removes a backup.
        DeleteBackup = "delete_backup",
        /// Fills a disk from a backup.
        RestoreBackup = "restore_backup",
    }
}

statuses! {
    /// How a job stands (OTC "Querying Task Status"; nothing here waits to begin, so there is no INIT).
    JobStatus {
        /// Something is under way.
        Running = "running",
        /// All of it worked.
        Success = "success",
        /// Some of it failed.
        Fail = "fail",
    }
}

statuses! {
    /// On what something is under way that a part of a job ends with.
    PartOf {
        /// The disk.
        Disk = "disk",
        /// The backup.
        Backup = "backup",
    }
}

/// How a part of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartEnd {
    /// It worked.
    Success,
    /// It failed and left the disk in this status; none: the disk is gone.
    Fail(Option<DiskStatus>),
}

/// What a job does to one disk or backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPart {
    /// Its id, as of a job of its own.
    pub id: JobId,
    /// The disk, which may be gone.
    pub disk: DiskId,
    /// The disk's name when the job began; none also of what is about a backup.
    pub disk_name: Option<String>,
    /// The size in GiB that the disk, or the backup, had or was to have then.
    pub size_gib: i64,
    /// The name of the type that the disk had or was to have then; none of what is about a backup.
    pub disk_type: Option<String>,
    /// The backup, which may be gone.
    pub backup: Option<BackupId>,
    /// The snapshot that the backup was made from, which may be gone.
    pub snapshot: Option<SnapshotId>,
    /// On what something is under way that ends it.
    pub ends_with: PartOf,
    /// How it ended, and when; none: it runs.
    pub end: Option<(PartEnd, Time)>,
}

impl JobPart {
    /// What is done to `disk`, which says what it had or was to have.
    pub fn new(disk: &Disk, end: Option<(PartEnd, Time)>) -> Self {
        let becoming = disk.pending.as_ref();
        Self {
            id: JobId::random(),
            disk: disk.id,
            disk_name: disk.name.clone(),
            size_gib: becoming.and_then(|p| p.size_gib).unwrap_or(disk.size_gib),
            disk_type: becoming
                .and_then(|p| p.disk_type.clone())
                .or_else(|| Some(disk.disk_type.clone())),
            backup: None,
            snapshot: None,
            ends_with: PartOf::Disk,
            end,
        }
    }

    /// What is done to or with `backup`, and so to `disk`.
    pub fn of_backup(
        backup: &Backup,
        disk: DiskId,
        ends_with: PartOf,
        end: Option<(PartEnd, Time)>,
    ) -> Self {
        Self {
            id: JobId::random(),
            disk,
            disk_name: None,
            size_gib: backup.size_gib,
            disk_type: None,
            backup: Some(backup.id),
            snapshot: backup.snapshot,
            ends_with,
            end,
        }
    }

    /// How it stands.
    pub fn status(&self) -> JobStatus {
        match self.end {
            None => JobStatus::Running,
            Some((PartEnd::Success, _)) => JobStatus::Success,
            Some((PartEnd::Fail(_), _)) => JobStatus::Fail,
        }
    }
}

/// A request that its client may send again without its being done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRequest {
    /// The client's name for it.
    pub token: String,
    /// SHA-256 of what it asks for, 64 lower-case hexadecimal digits.
    pub fingerprint: String,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// The project that asked for it.
    pub project: ProjectId,
    /// What it does.
    pub kind: JobKind,
    /// The request that began it, if that may be sent again.
    pub request: Option<ClientRequest>,
    /// When it was asked for.
    pub begun_at: Time,
    /// What it does to each disk, in the order of the request; at least one.
    pub parts: Vec<JobPart>,
}

impl Job {
    /// How it stands: it runs while any part does, and one part that failed fails it.
    pub fn status(&self) -> JobStatus {
        let any = |wanted| self.parts.iter().any(|part| part.status() == wanted);
        if any(JobStatus::Running) {
            JobStatus::Running
        } else if any(JobStatus::Fail) {
            JobStatus::Fail
        } else {
            JobStatus::Success
        }
    }

    /// When its last part ended; none: it runs.
    pub fn ended_at(&self) -> Option<Time> {
        let ends = self.parts.iter().map(|part| part.end.map(|(_, at)| at));
        ends.collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// The first part that failed, of a job that is over.
    pub fn failure(&self) -> Option<&JobPart> {
        let over = self.status() == JobStatus::Fail;
        self.parts.iter().find(|part| over && part.status() == JobStatus::Fail)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn job(ends: &[Option<(PartEnd, i64)>]) -> Job {
        let part = |end: &Option<(PartEnd, i64)>| JobPart {
            id: JobId::random(),
            disk: DiskId::random(),
            disk_name: None,
            size_gib: 10,
            disk_type: Some("SSD".to_owned()),
            backup: None,
            snapshot: None,
            ends_with: PartOf::Disk,
            end: end.map(|(end, s)| (end, DateTime::UNIX_EPOCH + TimeDelta::seconds(s))),
        };
        Job {
            id: JobId::random(),
            project: ProjectId::new("atlas"),
            kind: JobKind::CreateBatch,
            request: None,
            begun_at: DateTime::UNIX_EPOCH,
            parts: ends.iter().map(part).collect(),
        }
    }

    #[test]
    fn a_job_runs_while_a_part_does_and_fails_if_one_failed() {
        let (good, bad) = (PartEnd::Success, PartEnd::Fail(Some(DiskStatus::Error)));
        let after = |s| Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(s));
        for (ends, status, ended_at) in [
            (vec![None, Some((bad, 1))], JobStatus::Running, None),
            (vec![Some((good, 2)), Some((good, 1))], JobStatus::Success, after(2)),
            (vec![Some((bad, 1)), Some((good, 3))], JobStatus::Fail, after(3)),
        ] {
            let job = job(&ends);
            assert_eq!((job.status(), job.ended_at()), (status, ended_at), "{ends:?}");
            assert_eq!(job.failure().is_some(), status == JobStatus::Fail);
        }
    }
}
