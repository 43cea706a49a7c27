//! Backups, what they build on, what was taken for them, and with whom they are shared.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "backups",
        name: "a backup builds on one of its own disk",
        sql: "SELECT 'backup ' || b.id || ' of disk ' || b.disk_id || ' builds on backup ' || o.id
                     || ' of disk ' || o.disk_id
              FROM backups AS b JOIN backups AS o ON o.id = b.base_id
              WHERE o.disk_id <> b.disk_id",
    },
    Check {
        invariant: "backups",
        name: "a backup that holds everything builds on nothing",
        sql: "SELECT 'backup ' || id || ' is a full one and builds on backup ' || base_id
              FROM backups WHERE incremental = 0 AND base_id IS NOT NULL",
    },
    Check {
        invariant: "backups",
        name: "no backup builds on itself, not even in the end",
        sql: "WITH RECURSIVE up (id, base_id) AS (
                  SELECT id, base_id FROM backups WHERE base_id IS NOT NULL
                  UNION
                  SELECT up.id, b.base_id FROM up JOIN backups AS b ON b.id = up.base_id
                  WHERE b.base_id IS NOT NULL)
              SELECT 'backup ' || id || ' builds on itself in the end' FROM up WHERE base_id = id",
    },
    Check {
        invariant: "backups",
        name: "a backup's own snapshot is one of its disk, and no other's",
        sql: "SELECT 'backup ' || b.id || ' of disk ' || b.disk_id || ' has snapshot ' || s.id
                     || ' of disk ' || s.disk_id || ' for its own'
              FROM backups AS b JOIN snapshots AS s ON s.id = b.snapshot_id
              WHERE b.own_snapshot = 1 AND s.disk_id <> b.disk_id
              UNION ALL
              SELECT 'snapshot ' || snapshot_id || ' is the own one of ' || count(*) || ' backups'
              FROM backups WHERE own_snapshot = 1 GROUP BY snapshot_id HAVING count(*) > 1",
    },
    Check {
        invariant: "backups",
        name: "what a policy or a snapshot of its own made is the backup service's",
        sql: "SELECT 'backup ' || id || ' was made by policy ' || policy_id
                     || ' but not by the backup service'
              FROM backups WHERE policy_id IS NOT NULL AND native = 0
              UNION ALL
              SELECT 'backup ' || id || ' has a snapshot of its own but is not by the backup service'
              FROM backups WHERE own_snapshot = 1 AND native = 0",
    },
    Check {
        invariant: "backups",
        name: "a backup is shared with others than its project",
        sql: "SELECT 'backup ' || b.id || ' is shared with its own project ' || b.project_id
              FROM backup_shares AS s JOIN backups AS b ON b.id = s.backup_id
              WHERE s.project_id = b.project_id
              UNION ALL
              SELECT 'share ' || s.id || ' is of backup ' || s.backup_id || ', which is not there'
              FROM backup_shares AS s
              WHERE NOT EXISTS (SELECT 1 FROM backups AS b WHERE b.id = s.backup_id)",
    },
    Check {
        invariant: "backups",
        name: "a job about backups names them, and no other does",
        sql: "SELECT 'part ' || p.place || ' of job ' || j.id || ' to ' || j.kind
                     || (CASE WHEN p.backup_id IS NULL THEN ' names no backup'
                              ELSE ' names backup ' || p.backup_id END)
              FROM jobs AS j JOIN job_parts AS p ON p.job_id = j.id
              WHERE (j.kind IN ('create_backup', 'delete_backup', 'restore_backup'))
                    <> (p.backup_id IS NOT NULL)",
    },
];
