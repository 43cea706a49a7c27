//! Jobs in SQLite: a row a job, and one for each of its disks.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::clock::Time;
use crate::domain::disk::DiskStatus;
use crate::domain::ids::{BackupId, DiskId, JobId, ProjectId, SnapshotId};
use crate::domain::job::{ClientRequest, Job, JobKind, JobPart, JobStatus, PartEnd, PartOf};
use crate::store::{JobReads, JobWrites, Result};

/// A part with its job.
#[derive(Debug, FromRow)]
struct JobPartRow {
    job_id: String,
    project_id: String,
    kind: String,
    client_token: Option<String>,
    fingerprint: Option<String>,
    begun_at: String,
    part_id: String,
    disk_id: String,
    disk_name: Option<String>,
    size_gib: i64,
    disk_type: Option<String>,
    backup_id: Option<String>,
    snapshot_id: Option<String>,
    ends_with: String,
    status: String,
    failed_into: Option<String>,
    ended_at: Option<String>,
}

impl JobPartRow {
    fn part(self) -> Result<JobPart> {
        let row = Row { table: "job_parts", id: &self.part_id };
        let status = row.need("status", "status of a job", JobStatus::parse(&self.status))?;
        let into = self
            .failed_into
            .as_deref()
            .map(|word| row.need("failed_into", "status of a disk", DiskStatus::parse(word)));
        let end = match (status, self.ended_at.as_deref()) {
            (JobStatus::Running, _) => None,
            (JobStatus::Success, at) => Some((PartEnd::Success, at)),
            (JobStatus::Fail, at) => Some((PartEnd::Fail(into.transpose()?), at)),
        };
        let end = end
            .map(|(end, at)| row.time("ended_at", at.unwrap_or_default()).map(|at| (end, at)))
            .transpose()?;
        Ok(JobPart {
            disk: row.need("disk_id", "UUID", DiskId::parse(&self.disk_id))?,
            end,
            backup: row.id_if_any("backup_id", self.backup_id.as_deref(), BackupId::parse)?,
            snapshot: row.id_if_any(
                "snapshot_id",
                self.snapshot_id.as_deref(),
                SnapshotId::parse,
            )?,
            ends_with: row.need("ends_with", "kind of thing", PartOf::parse(&self.ends_with))?,
            id: JobId::new(self.part_id),
            disk_name: self.disk_name,
            size_gib: self.size_gib,
            disk_type: self.disk_type,
        })
    }
}

/// The job that these are the parts of.
fn joined(rows: Vec<JobPartRow>) -> Result<Option<Job>> {
    let Some(first) = rows.first() else { return Ok(None) };
    let row = Row { table: "jobs", id: &first.job_id };
    let request = match (&first.client_token, &first.fingerprint) {
        (Some(token), Some(fingerprint)) => {
            Some(ClientRequest { token: token.clone(), fingerprint: fingerprint.clone() })
        }
        _ => None,
    };
    let mut job = Job {
        id: JobId::new(&first.job_id),
        project: ProjectId::new(&first.project_id),
        kind: row.need("kind", "kind of job", JobKind::parse(&first.kind))?,
        request,
        begun_at: row.time("begun_at", &first.begun_at)?,
        parts: Vec::new(),
    };
    job.parts = rows.into_iter().map(JobPartRow::part).collect::<Result<_>>()?;
    Ok(Some(job))
}

#[async_trait]
impl<T: AsConnection> JobReads for T {
    async fn job(&mut self, id: &JobId) -> Result<Option<Job>> {
        let rows = sqlx::query_as::<_, JobPartRow>(
            "SELECT j.id AS job_id, j.project_id, j.kind, j.client_token, j.fingerprint,
                    j.begun_at, p.id AS part_id, p.disk_id, p.disk_name, p.size_gib, p.disk_type,
                    p.backup_id, p.snapshot_id, p.ends_with, p.status, p.failed_into, p.ended_at
             FROM jobs AS j JOIN job_parts AS p ON p.job_id = j.id
             WHERE j.id = $1 ORDER BY p.place",
        )
        .bind(id.as_str())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        joined(rows)
    }

    async fn job_of_token(&mut self, project: &ProjectId, token: &str) -> Result<Option<Job>> {
        let rows = sqlx::query_as::<_, JobPartRow>(
            "SELECT j.id AS job_id, j.project_id, j.kind, j.client_token, j.fingerprint,
                    j.begun_at, p.id AS part_id, p.disk_id, p.disk_name, p.size_gib, p.disk_type,
                    p.backup_id, p.snapshot_id, p.ends_with, p.status, p.failed_into, p.ended_at
             FROM jobs AS j JOIN job_parts AS p ON p.job_id = j.id
             WHERE j.project_id = $1 AND j.client_token = $2 ORDER BY p.place",
        )
        .bind(project.as_str())
        .bind(token)
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        joined(rows)
    }
}

impl JobWrites for Unit {
    fn insert_job(&mut self, job: &Job) {
        let request = job.request.as_ref();
        self.queue(
            Write::of_one_row(
                "insert job",
                "INSERT INTO jobs (id, project_id, kind, client_token, fingerprint, begun_at)
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(job.id.as_str())
            .bind(&job.project)
            .bind(job.kind.as_str())
            .bind(request.map(|request| request.token.as_str()))
            .bind(request.map(|request| request.fingerprint.as_str()))
            .bind(job.begun_at),
        );
        for (place, part) in (1_i64..).zip(&job.parts) {
            let into = part.end.and_then(|(end, _)| failed_into(end));
            self.queue(
                Write::of_one_row(
                    "insert job part",
                    "INSERT INTO job_parts (id, job_id, place, disk_id, disk_name, size_gib,
                                            disk_type, backup_id, snapshot_id, ends_with, status,
                                            failed_into, ended_at)
                     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )
                .bind(part.id.as_str())
                .bind(job.id.as_str())
                .bind(place)
                .bind(part.disk)
                .bind(part.disk_name.as_deref())
                .bind(part.size_gib)
                .bind(part.disk_type.as_deref())
                .bind(part.backup)
                .bind(part.snapshot)
                .bind(part.ends_with.as_str())
                .bind(part.status().as_str())
                .bind(into.map(DiskStatus::as_str))
                .bind(part.end.map(|(_, at)| at)),
            );
        }
    }

    fn delete_jobs_of(&mut self, project: &ProjectId) {
        self.queue(
            Write::of_any_rows("delete jobs of project", "DELETE FROM jobs WHERE project_id = ?")
                .bind(project),
        );
    }

    fn end_job_part(&mut self, disk: DiskId, end: PartEnd, at: Time) {
        self.queue(
            Write::of_any_rows(
                "end job part",
                "UPDATE job_parts SET status = ?, failed_into = ?, ended_at = ?
                 WHERE disk_id = ? AND status = 'running' AND ends_with = 'disk'",
            )
            .bind(status(end).as_str())
            .bind(failed_into(end).map(DiskStatus::as_str))
            .bind(at)
            .bind(disk),
        );
    }

    fn end_backup_part(&mut self, backup: BackupId, end: PartEnd, at: Time) {
        self.queue(
            Write::of_any_rows(
                "end job part of a backup",
                "UPDATE job_parts SET status = ?, failed_into = ?, ended_at = ?
                 WHERE backup_id = ? AND status = 'running' AND ends_with = 'backup'",
            )
            .bind(status(end).as_str())
            .bind(failed_into(end).map(DiskStatus::as_str))
            .bind(at)
            .bind(backup),
        );
    }
}

fn status(end: PartEnd) -> JobStatus {
    match end {
        PartEnd::Success => JobStatus::Success,
        PartEnd::Fail(_) => JobStatus::Fail,
    }
}

fn failed_into(end: PartEnd) -> Option<DiskStatus> {
    match end {
        PartEnd::Success => None,
        PartEnd::Fail(into) => into,
    }
}
