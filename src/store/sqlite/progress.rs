//! What is due, in SQLite.

use async_trait::async_trait;

use super::rows::Row;
use super::unit::AsConnection;
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::ids::DiskId;
use crate::store::Result;
use crate::store::progress::{DueWork, ProgressReads};

#[async_trait]
impl<T: AsConnection> ProgressReads for T {
    async fn due(&mut self, until: Option<Time>, limit: u32) -> Result<Vec<DueWork>> {
        let ids = sqlx::query_scalar::<_, String>(
            "SELECT disk_id
             FROM (SELECT * FROM (SELECT id AS disk_id, next_at
                                  FROM disks INDEXED BY disks_due
                                  WHERE next_at IS NOT NULL AND next_at <= $1
                                  ORDER BY next_at LIMIT $2)
                   UNION ALL
                   SELECT * FROM (SELECT disk_id, next_at
                                  FROM snapshots INDEXED BY snapshots_due
                                  WHERE next_at IS NOT NULL AND next_at <= $1
                                  ORDER BY next_at LIMIT $2)
                   UNION ALL
                   SELECT * FROM (SELECT disk_id, next_at
                                  FROM backups INDEXED BY backups_due
                                  WHERE next_at IS NOT NULL AND next_at <= $1
                                  ORDER BY next_at LIMIT $2))
             GROUP BY disk_id ORDER BY min(next_at), disk_id LIMIT $2",
        )
        .bind(until.map_or_else(|| codec::END_OF_TIME.to_owned(), codec::time_to_text))
        .bind(i64::from(limit))
        .fetch_all(self.connection()?)
        .await
        .map_err(errors::of_statement)?;
        ids.iter()
            .map(|id| Row { table: "disks", id }.need("id", "UUID", DiskId::parse(id)))
            .map(|id| id.map(DueWork::OnDisk))
            .collect()
    }

    async fn next_due(&mut self, after: Option<Time>) -> Result<Option<Time>> {
        let row = Row { table: "disks, snapshots or backups", id: "of the next change" };
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
                           ORDER BY next_at LIMIT 1))",
        )
        // No time sorts before the empty text.
        .bind(after.map_or_else(String::new, codec::time_to_text))
        .fetch_one(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(|at| row.time("next_at", &at))
        .transpose()
    }
}
