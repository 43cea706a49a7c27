//! Backup policies, their tags and the disks under them in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::rows::{BindingRow, Row};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, PolicyId, ProjectId};
use crate::domain::policy::{
    Binding, Days, Hours, LONGEST_INTERVAL, Policy, Retention, Schedule, Week, Zone,
};
use crate::store::{PolicyReads, PolicyWrites, Result, StoreError};

/// The columns that a [`PolicyRow`] is read from.
macro_rules! policy_columns {
    () => {
        "id, project_id, name, start_time, every_days, week_days, keep_count, keep_days,
         keep_first_of_month, enabled, time_zone, is_default, scheduled_since, next_run_at,
         created_at,
         (SELECT json_group_object(t.key, t.value) FROM policy_tags AS t
          WHERE t.policy_id = policies.id) AS tags,
         (SELECT count(*) FROM policy_disks AS l WHERE l.policy_id = policies.id) AS disks"
    };
}

#[derive(Debug, FromRow)]
struct PolicyRow {
    id: String,
    project_id: String,
    name: String,
    start_time: String,
    every_days: Option<i64>,
    week_days: Option<String>,
    keep_count: Option<i64>,
    keep_days: Option<i64>,
    keep_first_of_month: bool,
    enabled: bool,
    time_zone: String,
    is_default: bool,
    scheduled_since: String,
    next_run_at: Option<String>,
    created_at: String,
    tags: String,
    disks: i64,
}

impl PolicyRow {
    fn schedule(&self) -> Result<Schedule> {
        let row = Row { table: "policies", id: &self.id };
        let days = match (self.every_days, self.week_days.as_deref()) {
            (Some(days), None) if (1..=LONGEST_INTERVAL).contains(&days) => Days::Every(days),
            (None, Some(days)) => {
                Days::Week(row.need("week_days", "list of days", Week::parse(days))?)
            }
            _ => return Err(row.corrupt("its days are not given once")),
        };
        let retention = match (self.keep_count, self.keep_days) {
            (Some(count), None) => Retention::Count(count),
            (None, Some(days)) => Retention::Days(days),
            _ => return Err(row.corrupt("its retention is not given once")),
        };
        Ok(Schedule {
            hours: row.need("start_time", "list of hours", Hours::parse(&self.start_time))?,
            days,
            zone: row.need("time_zone", "zone", Zone::parse(&self.time_zone))?,
            retention,
            keep_first_of_month: self.keep_first_of_month,
            enabled: self.enabled,
        })
    }
}

impl TryFrom<PolicyRow> for Policy {
    type Error = StoreError;

    fn try_from(policy: PolicyRow) -> Result<Self> {
        let row = Row { table: "policies", id: &policy.id };
        let tags = codec::values_from_text(&policy.tags);
        Ok(Self {
            id: row.need("id", "UUID", PolicyId::parse(&policy.id))?,
            schedule: policy.schedule()?,
            tags: row.need("tags", "JSON object of texts", tags)?,
            scheduled_since: row.time("scheduled_since", &policy.scheduled_since)?,
            next_run_at: row.time_if_any("next_run_at", policy.next_run_at.as_deref())?,
            created_at: row.time("created_at", &policy.created_at)?,
            project: ProjectId::new(policy.project_id),
            name: policy.name,
            is_default: policy.is_default,
            disks: policy.disks,
        })
    }
}

#[async_trait]
impl<T: AsConnection> PolicyReads for T {
    async fn policy(&mut self, id: PolicyId) -> Result<Option<Policy>> {
        sqlx::query_as::<_, PolicyRow>(concat!(
            "SELECT ",
            policy_columns!(),
            " FROM policies WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Policy::try_from)
        .transpose()
    }

    async fn policies(&mut self, project: &ProjectId) -> Result<Vec<Policy>> {
        sqlx::query_as::<_, PolicyRow>(concat!(
            "SELECT ",
            policy_columns!(),
            " FROM policies WHERE project_id = $1 ORDER BY is_default DESC, created_at, id"
        ))
        .bind(project.as_str())
        .fetch_all(self.connection().await?)
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
        .fetch_optional(self.connection().await?)
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
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .iter()
        .map(|id| Row { table: "policy_disks", id }.need("disk_id", "UUID", DiskId::parse(id)))
        .collect()
    }
}

/// Binds what a schedule says, in the order of the columns.
fn scheduled(write: Write, policy: &Policy) -> Write {
    let schedule = &policy.schedule;
    let (every_days, week_days) = match &schedule.days {
        Days::Every(days) => (Some(*days), None),
        Days::Week(days) => (None, Some(days.to_string())),
    };
    let (keep_count, keep_days) = match schedule.retention {
        Retention::Count(count) => (Some(count), None),
        Retention::Days(days) => (None, Some(days)),
    };
    write
        .bind(policy.name.as_str())
        .bind(schedule.hours.to_string())
        .bind(every_days)
        .bind(week_days)
        .bind(keep_count)
        .bind(keep_days)
        .bind(schedule.keep_first_of_month)
        .bind(schedule.enabled)
        .bind(schedule.zone.to_string())
        .bind(policy.scheduled_since)
        .bind(policy.next_run_at)
}

impl PolicyWrites for Unit {
    fn insert_policy(&mut self, policy: &Policy) {
        let write = Write::of_one_row(
            "insert policy",
            "INSERT INTO policies (name, start_time, every_days, week_days, keep_count, keep_days,
                                   keep_first_of_month, enabled, time_zone, scheduled_since,
                                   next_run_at, id, project_id, is_default, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        );
        let write = scheduled(write, policy).bind(policy.id).bind(&policy.project);
        self.queue(write.bind(policy.is_default).bind(policy.created_at));
        for (key, value) in &policy.tags {
            self.set_policy_tag(policy.id, key, value);
        }
    }

    fn update_policy(&mut self, policy: &Policy) {
        let write = Write::of_one_row(
            "update policy",
            "UPDATE policies SET name = ?, start_time = ?, every_days = ?, week_days = ?,
                                 keep_count = ?, keep_days = ?, keep_first_of_month = ?,
                                 enabled = ?, time_zone = ?, scheduled_since = ?, next_run_at = ?
             WHERE id = ?",
        );
        self.queue(scheduled(write, policy).bind(policy.id));
    }

    fn set_next_run(&mut self, policy: PolicyId, from: Time, to: Time) {
        self.queue(
            Write::of_one_row(
                "set next run",
                "UPDATE policies SET next_run_at = ? WHERE id = ? AND next_run_at = ?",
            )
            .bind(to)
            .bind(policy)
            .bind(from),
        );
    }

    fn delete_policy(&mut self, id: PolicyId) {
        self.queue(
            Write::of_one_row("delete policy", "DELETE FROM policies WHERE id = ?").bind(id),
        );
    }

    fn set_policy_tag(&mut self, policy: PolicyId, key: &str, value: &str) {
        self.queue(
            Write::of_one_row(
                "set policy tag",
                "INSERT INTO policy_tags (policy_id, key, value) VALUES (?, ?, ?)
                 ON CONFLICT (policy_id, key) DO UPDATE SET value = excluded.value",
            )
            .bind(policy)
            .bind(key)
            .bind(value),
        );
    }

    fn delete_policy_tag(&mut self, policy: PolicyId, key: &str) {
        self.queue(
            Write::of_one_row(
                "delete policy tag",
                "DELETE FROM policy_tags WHERE policy_id = ? AND key = ?",
            )
            .bind(policy)
            .bind(key),
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
