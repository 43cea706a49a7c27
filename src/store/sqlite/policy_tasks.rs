//! Tasks of backup policies in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::page::List;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::ids::{BackupId, DiskId, JobId, PolicyId};
use crate::domain::policy::{Task, TaskQuery, TaskSort, TaskStatus, Trigger};
use crate::store::{PolicyTaskReads, PolicyTaskWrites, Result, StoreError};

/// The columns that a [`TaskRow`] is read from.
macro_rules! task_columns {
    () => {
        "id, policy_id, disk_id, due_at, scheduled, status, backup_id, backup_name, code, message,
         created_at, finished_at"
    };
}

#[derive(Debug, FromRow)]
struct TaskRow {
    id: String,
    policy_id: String,
    disk_id: String,
    due_at: String,
    scheduled: bool,
    status: String,
    backup_id: Option<String>,
    backup_name: Option<String>,
    code: Option<String>,
    message: Option<String>,
    created_at: String,
    finished_at: Option<String>,
}

impl TryFrom<TaskRow> for Task {
    type Error = StoreError;

    fn try_from(task: TaskRow) -> Result<Self> {
        let row = Row { table: "policy_tasks", id: &task.id };
        let backup = match (task.backup_id, task.backup_name) {
            (Some(id), Some(name)) => {
                Some((row.need("backup_id", "UUID", BackupId::parse(&id))?, name))
            }
            _ => None,
        };
        Ok(Self {
            policy: row.need("policy_id", "UUID", PolicyId::parse(&task.policy_id))?,
            disk: row.need("disk_id", "UUID", DiskId::parse(&task.disk_id))?,
            due_at: row.time("due_at", &task.due_at)?,
            trigger: if task.scheduled { Trigger::Schedule } else { Trigger::Hand },
            status: row.need("status", "status of a task", TaskStatus::parse(&task.status))?,
            backup,
            failure: task.code.zip(task.message),
            created_at: row.time("created_at", &task.created_at)?,
            finished_at: row.time_if_any("finished_at", task.finished_at.as_deref())?,
            id: JobId::new(task.id),
        })
    }
}

#[async_trait]
impl<T: AsConnection> PolicyTaskReads for T {
    async fn policy_task(&mut self, id: &JobId) -> Result<Option<Task>> {
        sqlx::query_as::<_, TaskRow>(concat!(
            "SELECT ",
            task_columns!(),
            " FROM policy_tasks WHERE id = $1"
        ))
        .bind(id.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Task::try_from)
        .transpose()
    }

    async fn policy_tasks(&mut self, query: &TaskQuery) -> Result<Vec<Task>> {
        let list = List::new(
            concat!("SELECT ", task_columns!(), " FROM policy_tasks WHERE TRUE"),
            "policy_tasks",
        );
        narrowed(list, query)
            .page(&query.page, TaskSort::Id, |sort| match sort {
                TaskSort::CreatedAt => "created_at",
                TaskSort::Id => "id",
            })
            .build_query_as::<TaskRow>()
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(Task::try_from)
            .collect()
    }

    async fn count_policy_tasks(&mut self, query: &TaskQuery) -> Result<i64> {
        let list = List::new("SELECT count(*) FROM policy_tasks WHERE TRUE", "policy_tasks");
        let (count,) = narrowed(list, query)
            .whole()
            .build_query_as::<(i64,)>()
            .fetch_one(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        Ok(count)
    }

    async fn unfinished_tasks(&mut self, policy: PolicyId) -> Result<i64> {
        sqlx::query_scalar::<_, i64>(
            "SELECT count(*) FROM policy_tasks WHERE policy_id = $1 AND finished_at IS NULL",
        )
        .bind(policy.to_string())
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }

    async fn running_task(&mut self, disk: DiskId) -> Result<Option<Task>> {
        sqlx::query_as::<_, TaskRow>(concat!(
            "SELECT ",
            task_columns!(),
            " FROM policy_tasks INDEXED BY policy_tasks_running
              WHERE disk_id = $1 AND status = 'running'"
        ))
        .bind(disk.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Task::try_from)
        .transpose()
    }
}

fn narrowed(list: List, query: &TaskQuery) -> List {
    list.only(" AND policy_id = ", Some(query.policy))
        .only(" AND id = ", query.id.as_ref())
        .only(" AND status = ", query.status)
}

impl PolicyTaskWrites for Unit {
    fn insert_policy_task(&mut self, task: &Task) {
        let (backup, name) = task.backup.clone().unzip();
        let (code, message) = task.failure.clone().unzip();
        self.queue(
            Write::of_any_rows(
                "insert policy task",
                "INSERT INTO policy_tasks (id, policy_id, disk_id, due_at, scheduled, status,
                                           backup_id, backup_name, code, message, created_at,
                                           finished_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (policy_id, disk_id, due_at) WHERE scheduled = 1 DO NOTHING",
            )
            .bind(task.id.as_str())
            .bind(task.policy)
            .bind(task.disk)
            .bind(task.due_at)
            .bind(task.trigger == Trigger::Schedule)
            .bind(task.status.as_str())
            .bind(backup)
            .bind(name)
            .bind(code)
            .bind(message)
            .bind(task.created_at)
            .bind(task.finished_at),
        );
    }

    fn update_policy_task(&mut self, from: TaskStatus, task: &Task) {
        let (backup, name) = task.backup.clone().unzip();
        let (code, message) = task.failure.clone().unzip();
        self.queue(
            Write::of_one_row(
                "update policy task",
                "UPDATE policy_tasks SET status = ?, backup_id = ?, backup_name = ?, code = ?,
                                         message = ?, finished_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(task.status.as_str())
            .bind(backup)
            .bind(name)
            .bind(code)
            .bind(message)
            .bind(task.finished_at)
            .bind(task.id.as_str())
            .bind(from.as_str()),
        );
    }
}
