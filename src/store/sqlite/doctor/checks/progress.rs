//! What takes time comes to its end.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "progress",
        name: "a status that takes time has an end, unless an administrator set it",
        sql: "SELECT 'disk ' || d.id || ' is ' || d.status || ' and nothing will end it'
              FROM disks AS d
              WHERE d.next_at IS NULL
                AND d.status IN ('creating', 'downloading', 'restoring-backup', 'extending',
                                 'retyping', 'uploading', 'reverting', 'rollbacking',
                                 'backing-up', 'deleting')
                AND NOT EXISTS (SELECT 1 FROM events AS e
                                WHERE e.disk_id = d.id AND e.action = 'disk.reset_status')
              UNION ALL
              SELECT 'snapshot ' || s.id || ' is ' || s.status || ' and nothing will end it'
              FROM snapshots AS s
              WHERE s.next_at IS NULL
                AND s.status IN ('creating', 'deleting', 'rollbacking', 'restoring', 'backing-up')
                AND NOT EXISTS (SELECT 1 FROM events AS e
                                WHERE e.resource_id = s.id AND e.action = 'snapshot.reset_status')
              UNION ALL
              SELECT 'backup ' || b.id || ' is ' || b.status || ' and nothing will end it'
              FROM backups AS b
              WHERE b.next_at IS NULL AND b.status IN ('creating', 'restoring', 'deleting')
                AND NOT EXISTS (SELECT 1 FROM events AS e
                                WHERE e.resource_id = b.id AND e.action = 'backup.reset_status')",
    },
    Check {
        invariant: "progress",
        name: "what will end is in a status that takes time",
        sql: "SELECT 'disk ' || id || ' is ' || status || ' although something ends at ' || next_at
              FROM disks
              WHERE next_at IS NOT NULL
                AND status NOT IN ('creating', 'downloading', 'restoring-backup', 'extending',
                                   'retyping', 'uploading', 'reverting', 'rollbacking',
                                   'backing-up', 'deleting')
              UNION ALL
              SELECT 'snapshot ' || id || ' is ' || status || ' although something ends at '
                     || next_at
              FROM snapshots
              WHERE next_at IS NOT NULL
                AND status NOT IN ('creating', 'deleting', 'rollbacking', 'restoring', 'backing-up')
              UNION ALL
              SELECT 'backup ' || id || ' is ' || status || ' although something ends at ' || next_at
              FROM backups
              WHERE next_at IS NOT NULL AND status NOT IN ('creating', 'restoring', 'deleting')
              UNION ALL
              SELECT 'disk ' || id || ' will have a size of ' || next_size_gib || ' GiB'
              FROM disks WHERE next_size_gib <= 0
              UNION ALL
              SELECT 'disk ' || id || ' ends something without an outcome'
              FROM disks WHERE (next_at IS NULL) <> (next_outcome IS NULL)
              UNION ALL
              SELECT 'snapshot ' || id || ' ends something without an outcome'
              FROM snapshots WHERE (next_at IS NULL) <> (next_outcome IS NULL)
              UNION ALL
              SELECT 'backup ' || id || ' ends something without an outcome'
              FROM backups WHERE (next_at IS NULL) <> (next_outcome IS NULL)",
    },
];
