//! Snapshots and the messages about what failed.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "rows",
        name: "a snapshot has come somewhere between its beginning and its end",
        sql: "SELECT 'snapshot ' || id || ' has come to ' || progress || ' percent' FROM snapshots
              WHERE progress NOT BETWEEN 0 AND 100",
    },
    Check {
        invariant: "rows",
        name: "a message is about a disk, a snapshot or a backup and what can fail",
        sql: "SELECT 'message ' || id || ' is about the ' || thing || ' ' || thing_id
                     || ', which is none'
              FROM messages
              WHERE thing NOT IN ('disk', 'snapshot', 'backup')
                 OR length(thing_id) <> 36 OR thing_id GLOB '*[^0-9a-f-]*'
              UNION ALL
              SELECT 'message ' || id || ' says that ' || operation || ' failed, which is unknown'
              FROM messages
              WHERE operation NOT IN (
                  'create', 'download', 'restore', 'extend', 'retype', 'upload', 'revert',
                  'rollback', 'backup', 'delete', 'snapshot', 'delete_snapshot', 'delete_backup')",
    },
];
