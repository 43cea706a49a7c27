//! What is due, in SQLite.

use async_trait::async_trait;

use super::rows::Row;
use super::unit::AsConnection;
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, JobId, PolicyId, TransferId};
use crate::store::Result;
use crate::store::progress::{DueWork, ProgressReads};

#[async_trait]
impl<T: AsConnection> ProgressReads for T {
    async fn due(&mut self, ends: Option<Time>, begins: Time, limit: u32) -> Result<Vec<DueWork>> {
        sqlx::query_as::<_, (String, String)>(
            "SELECT kind, id
             FROM (SELECT 'disk' AS kind, disk_id AS id, min(next_at) AS at
                   FROM (SELECT * FROM (SELECT id AS disk_id, next_at
                                        FROM disks INDEXED BY disks_due
                                        WHERE next_at IS NOT NULL AND next_at <= $1
                                        ORDER BY next_at LIMIT $3)
                         UNION ALL
                         SELECT * FROM (SELECT disk_id, next_at
                                        FROM snapshots INDEXED BY snapshots_due
                                        WHERE next_at IS NOT NULL AND next_at <= $1
                                        ORDER BY next_at LIMIT $3)
                         UNION ALL
                         SELECT * FROM (SELECT disk_id, next_at
                                        FROM backups INDEXED BY backups_due
                                        WHERE next_at IS NOT NULL AND next_at <= $1
                                        ORDER BY next_at LIMIT $3))
                   GROUP BY disk_id
                   UNION ALL
                   SELECT * FROM (SELECT 'transfer', id, expires_at
                                  FROM transfers INDEXED BY transfers_due
                                  WHERE status = 'pending' AND expires_at IS NOT NULL
                                    AND expires_at <= $1
                                  ORDER BY expires_at LIMIT $3)
                   UNION ALL
                   SELECT * FROM (SELECT 'policy', id, next_run_at
                                  FROM policies INDEXED BY policies_due
                                  WHERE next_run_at IS NOT NULL AND next_run_at <= $2
                                  ORDER BY next_run_at LIMIT $3)
                   UNION ALL
                   SELECT * FROM (SELECT 'task', t.id, t.due_at
                                  FROM policy_tasks AS t INDEXED BY policy_tasks_waiting
                                  WHERE t.status = 'waiting' AND t.due_at <= $2
                                    AND NOT EXISTS (
                                        SELECT 1
                                        FROM policy_tasks AS r INDEXED BY policy_tasks_running
                                        WHERE r.disk_id = t.disk_id AND r.status = 'running')
                                  ORDER BY t.due_at LIMIT $3))
             ORDER BY at, kind, id LIMIT $3",
        )
        .bind(ends.map_or_else(|| codec::END_OF_TIME.to_owned(), codec::time_to_text))
        .bind(codec::time_to_text(begins))
        .bind(i64::from(limit))
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(|(kind, id)| work(&kind, id))
        .collect()
    }

    async fn next_due(&mut self, after: Option<Time>) -> Result<Option<Time>> {
        let row = Row { table: "what is due", id: "of the next change" };
        sqlx::query_scalar::<_, Option<String>>(
            "SELECT min(next_at)
             FROM (SELECT (SELECT next_at FROM disks INDEXED BY disks_due
                           WHERE next_at IS NOT NULL AND next_at > $1
                           ORDER BY next_at LIMIT 1) AS next_at
                   UNION ALL
                   SELECT (SELECT next_at FROM snapshots INDEXED BY snapshots_due
                           WHERE next_at IS NOT NULL AND next_at > $1
                           ORDER BY next_at LIMIT 1)
                   UNION ALL
                   SELECT (SELECT next_at FROM backups INDEXED BY backups_due
                           WHERE next_at IS NOT NULL AND next_at > $1
                           ORDER BY next_at LIMIT 1)
                   UNION ALL
                   SELECT (SELECT expires_at FROM transfers INDEXED BY transfers_due
                           WHERE status = 'pending' AND expires_at IS NOT NULL
                             AND expires_at > $1
                           ORDER BY expires_at LIMIT 1)
                   UNION ALL
                   SELECT (SELECT next_run_at FROM policies INDEXED BY policies_due
                           WHERE next_run_at IS NOT NULL AND next_run_at > $1
                           ORDER BY next_run_at LIMIT 1)
                   UNION ALL
                   SELECT (SELECT t.due_at FROM policy_tasks AS t INDEXED BY policy_tasks_waiting
                           WHERE t.status = 'waiting' AND t.due_at > $1
                             AND NOT EXISTS (
                                 SELECT 1 FROM policy_tasks AS r INDEXED BY policy_tasks_running
                                 WHERE r.disk_id = t.disk_id AND r.status = 'running')
                           ORDER BY t.due_at LIMIT 1))",
        )
        // No time sorts before the empty text.
        .bind(after.map_or_else(String::new, codec::time_to_text))
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(|at| row.time("next_at", &at))
        .transpose()
    }
}

fn work(kind: &str, id: String) -> Result<DueWork> {
    match kind {
        "transfer" => {
            let row = Row { table: "transfers", id: &id };
            row.need("id", "UUID", TransferId::parse(&id)).map(DueWork::Transfer)
        }
        "policy" => {
            let row = Row { table: "policies", id: &id };
            row.need("id", "UUID", PolicyId::parse(&id)).map(DueWork::Policy)
        }
        "task" => Ok(DueWork::Task(JobId::new(id))),
        _ => {
            let row = Row { table: "disks", id: &id };
            row.need("id", "UUID", DiskId::parse(&id)).map(DueWork::OnDisk)
        }
    }
}
