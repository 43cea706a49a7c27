//! Backup policies and the disks under them in SQLite.

use async_trait::async_trait;

use super::errors;
use super::rows::{BindingRow, PolicyRow, Row};
use super::unit::{AsConnection, Unit, Write};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, PolicyId, ProjectId};
use crate::domain::policy::{Binding, Days, Policy, Retention};
use crate::store::{PolicyReads, PolicyWrites, Result};

#[async_trait]
impl<T: AsConnection> PolicyReads for T {
    async fn policy(&mut self, id: PolicyId) -> Result<Option<Policy>> {
        sqlx::query_as::<_, PolicyRow>(
            "SELECT id, project_id, name, start_time, every_days, week_days, keep_count, keep_days,
                    keep_first_of_month, enabled, time_zone, created_at,
                    (SELECT count(*) FROM policy_disks AS l WHERE l.policy_id = policies.id)
                        AS disks
             FROM policies WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(Policy::try_from)
        .transpose()
    }

    async fn policies(&mut self, project: &ProjectId) -> Result<Vec<Policy>> {
        sqlx::query_as::<_, PolicyRow>(
            "SELECT id, project_id, name, start_time, every_days, week_days, keep_count, keep_days,
                    keep_first_of_month, enabled, time_zone, created_at,
                    (SELECT count(*) FROM policy_disks AS l WHERE l.policy_id = policies.id)
                        AS disks
             FROM policies WHERE project_id = $1 ORDER BY created_at, id",
        )
        .bind(project.as_str())
        .fetch_all(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Policy::try_from)
        .collect()
    }

    async fn binding(&mut self, disk: DiskId) -> Result<Option<Binding>> {
        sqlx::query_as::<_, BindingRow>(
            "SELECT l.disk_id, l.policy_id, p.name AS policy_name
             FROM policy_disks AS l JOIN policies AS p ON p.id = l.policy_id
             WHERE l.disk_id = $1",
        )
        .bind(disk.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(Binding::try_from)
        .transpose()
    }

    async fn bound_disks(&mut self, policy: PolicyId) -> Result<Vec<DiskId>> {
        sqlx::query_scalar::<_, String>(
            "SELECT disk_id FROM policy_disks WHERE policy_id = $1 ORDER BY disk_id",
        )
        .bind(policy.to_string())
        .fetch_all(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .iter()
        .map(|id| Row { table: "policy_disks", id }.need("disk_id", "UUID", DiskId::parse(id)))
        .collect()
    }
}

impl PolicyWrites for Unit {
    fn insert_policy(&mut self, policy: &Policy) {
        let (every_days, week_days) = match &policy.schedule.days {
            Days::Every(days) => (Some(*days), None),
            Days::Week(days) => (None, Some(days.as_str())),
        };
        let (keep_count, keep_days) = match policy.schedule.retention {
            Retention::Count(count) => (Some(count), None),
            Retention::Days(days) => (None, Some(days)),
        };
        self.queue(
            Write::of_one_row(
                "insert policy",
                "INSERT INTO policies (id, project_id, name, start_time, every_days, week_days,
                                       keep_count, keep_days, keep_first_of_month, enabled,
                                       time_zone, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(policy.id)
            .bind(&policy.project)
            .bind(policy.name.as_str())
            .bind(policy.schedule.start_time.as_str())
            .bind(every_days)
            .bind(week_days)
            .bind(keep_count)
            .bind(keep_days)
            .bind(policy.schedule.keep_first_of_month)
            .bind(policy.schedule.enabled)
            .bind(policy.time_zone.as_str())
            .bind(policy.created_at),
        );
    }

    fn delete_policy(&mut self, id: PolicyId) {
        self.queue(
            Write::of_one_row("delete policy", "DELETE FROM policies WHERE id = ?").bind(id),
        );
    }

    fn bind_disk(&mut self, disk: DiskId, policy: PolicyId, at: Time) {
        self.queue(
            Write::of_one_row(
                "bind disk",
                "INSERT INTO policy_disks (disk_id, policy_id, bound_at) VALUES (?, ?, ?)",
            )
            .bind(disk)
            .bind(policy)
            .bind(at),
        );
    }

    fn unbind_disk(&mut self, disk: DiskId, policy: PolicyId) {
        self.queue(
            Write::of_one_row(
                "unbind disk",
                "DELETE FROM policy_disks WHERE disk_id = ? AND policy_id = ?",
            )
            .bind(disk)
            .bind(policy),
        );
    }
}
