//! Quotas in SQLite: limits are rows, usage is counted from rows.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::ids::ProjectId;
use crate::domain::quota::{TypeUsage, Usage};
use crate::store::{QuotaReads, QuotaWrites, Result};

#[async_trait]
impl<T: AsConnection> QuotaReads for T {
    async fn class_limits(&mut self) -> Result<BTreeMap<String, i64>> {
        let rows = sqlx::query_as::<_, (String, i64)>(
            "SELECT key, hard_limit FROM quota_classes WHERE class = 'default'",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(rows.into_iter().collect())
    }

    async fn limits(&mut self, project: &ProjectId) -> Result<BTreeMap<String, i64>> {
        let rows = sqlx::query_as::<_, (String, i64)>(
            "SELECT key, hard_limit FROM quotas WHERE project_id = $1
             UNION ALL
             SELECT key, hard_limit FROM quota_classes AS c
             WHERE class = 'default'
               AND NOT EXISTS (SELECT 1 FROM quotas AS q
                               WHERE q.project_id = $1 AND q.key = c.key)",
        )
        .bind(project.as_str())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(rows.into_iter().collect())
    }

    async fn quota(&mut self, project: &ProjectId) -> Result<(BTreeMap<String, i64>, Usage)> {
        // One statement, so that the limits and every count are of one moment.
        let rows = sqlx::query_as::<_, (String, String, i64, i64)>(
            "SELECT 'limit', key, hard_limit, 0 FROM quotas WHERE project_id = $1
             UNION ALL
             SELECT 'limit', key, hard_limit, 0 FROM quota_classes AS c
             WHERE class = 'default'
               AND NOT EXISTS (SELECT 1 FROM quotas AS q
                               WHERE q.project_id = $1 AND q.key = c.key)
             UNION ALL
             SELECT 'disks', coalesce(next_type, disk_type), count(*),
                    sum(coalesce(next_size_gib, size_gib))
             FROM disks WHERE project_id = $1 GROUP BY coalesce(next_type, disk_type)
             UNION ALL
             SELECT 'snapshots', disk_type, count(*), sum(size_gib)
             FROM snapshots WHERE project_id = $1 GROUP BY disk_type
             UNION ALL
             SELECT 'backups', '', count(*), coalesce(sum(size_gib), 0)
             FROM backups WHERE project_id = $1",
        )
        .bind(project.as_str())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;

        let mut limits = BTreeMap::new();
        let mut usage = Usage::default();
        for (what, key, count, gib) in rows {
            match what.as_str() {
                "limit" => {
                    limits.insert(key, count);
                }
                "disks" => {
                    let of_type = usage.by_type.entry(key).or_default();
                    (of_type.disks, of_type.disk_gib) = (count, gib);
                }
                "snapshots" => {
                    let of_type = usage.by_type.entry(key).or_default();
                    (of_type.snapshots, of_type.snapshot_gib) = (count, gib);
                }
                "backups" => (usage.backups, usage.backup_gib) = (count, gib),
                other => {
                    let row = Row { table: "quotas", id: project.as_str() };
                    return Err(row.corrupt(format!("{other} is counted by nobody")));
                }
            }
        }
        Ok((limits, usage))
    }

    async fn usage_of_all(&mut self) -> Result<Vec<(ProjectId, String, TypeUsage)>> {
        // Indexes alone answer it, but whole ones: only an administrator asks how full hosts are.
        let rows = sqlx::query_as::<_, (String, String, i64, i64, i64, i64)>(
            "SELECT project_id, disk_type, sum(disks), sum(disk_gib), sum(snapshots),
                    sum(snapshot_gib)
             FROM (SELECT project_id, coalesce(next_type, disk_type) AS disk_type,
                          count(*) AS disks, sum(coalesce(next_size_gib, size_gib)) AS disk_gib,
                          0 AS snapshots, 0 AS snapshot_gib
                   FROM disks GROUP BY project_id, coalesce(next_type, disk_type)
                   UNION ALL
                   SELECT project_id, disk_type, 0, 0, count(*), sum(size_gib)
                   FROM snapshots GROUP BY project_id, disk_type)
             GROUP BY project_id, disk_type ORDER BY project_id, disk_type",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let usage =
            rows.into_iter().map(|(project, disk_type, disks, disk_gib, snapshots, gib)| {
                let usage = TypeUsage { disks, disk_gib, snapshots, snapshot_gib: gib };
                (ProjectId::new(project), disk_type, usage)
            });
        Ok(usage.collect())
    }
}

impl QuotaWrites for Unit {
    fn set_limit(&mut self, project: &ProjectId, key: &str, limit: i64) {
        self.queue(
            Write::of_one_row(
                "set limit",
                "INSERT INTO quotas (project_id, key, hard_limit) VALUES (?, ?, ?)
                 ON CONFLICT (project_id, key) DO UPDATE SET hard_limit = excluded.hard_limit",
            )
            .bind(project)
            .bind(key)
            .bind(limit),
        );
    }

    fn delete_limits(&mut self, project: &ProjectId) {
        self.queue(
            Write::of_any_rows("delete limits", "DELETE FROM quotas WHERE project_id = ?")
                .bind(project),
        );
    }

    fn set_class_limit(&mut self, key: &str, limit: i64) {
        self.queue(
            Write::of_one_row(
                "set class limit",
                "INSERT INTO quota_classes (class, key, hard_limit) VALUES ('default', ?, ?)
                 ON CONFLICT (class, key) DO UPDATE SET hard_limit = excluded.hard_limit",
            )
            .bind(key)
            .bind(limit),
        );
    }
}
