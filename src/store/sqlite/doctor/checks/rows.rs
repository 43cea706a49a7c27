//! Rows that are what they say.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "rows",
        name: "a disk under a policy and the policy are there",
        sql: "SELECT 'disk ' || l.disk_id || ' is under policy ' || l.policy_id
                     || ' but there is no such disk'
              FROM policy_disks AS l
              WHERE NOT EXISTS (SELECT 1 FROM disks AS d WHERE d.id = l.disk_id)
              UNION ALL
              SELECT 'disk ' || l.disk_id || ' is under policy ' || l.policy_id
                     || ', which is not there'
              FROM policy_disks AS l
              WHERE NOT EXISTS (SELECT 1 FROM policies AS p WHERE p.id = l.policy_id)",
    },
    Check {
        invariant: "rows",
        name: "a disk has ten tags at most, and they are well formed",
        sql: "SELECT 'disk ' || disk_id || ' has ' || count(*) || ' tags' FROM disk_tags
              GROUP BY disk_id HAVING count(*) > 10
              UNION ALL
              SELECT 'disk ' || disk_id || ' has the tag ' || key || '=' || value
                     || ', which is none'
              FROM disk_tags
              WHERE length(key) NOT BETWEEN 1 AND 36 OR key GLOB '*[^A-Za-z0-9_-]*'
                 OR length(value) > 43 OR value GLOB '*[^A-Za-z0-9_-]*'",
    },
    Check {
        invariant: "rows",
        name: "a part of a job runs while something is under way on its disk or backup",
        sql: "SELECT 'part ' || p.place || ' of job ' || p.job_id || ' runs on disk ' || p.disk_id
                     || ', where nothing is under way'
              FROM job_parts AS p
              WHERE p.status = 'running' AND p.ends_with = 'disk'
                AND NOT EXISTS (SELECT 1 FROM disks AS d
                                WHERE d.id = p.disk_id AND d.next_at IS NOT NULL)
              UNION ALL
              SELECT 'part ' || p.place || ' of job ' || p.job_id || ' runs on backup '
                     || coalesce(p.backup_id, '?') || ', where nothing is under way'
              FROM job_parts AS p
              WHERE p.status = 'running' AND p.ends_with = 'backup'
                AND NOT EXISTS (SELECT 1 FROM backups AS b
                                WHERE b.id = p.backup_id AND b.next_at IS NOT NULL)",
    },
    Check {
        invariant: "rows",
        name: "a job has a part for each of its disks",
        sql: "SELECT 'job ' || id || ' to ' || kind || ' has ' || parts || ' parts'
              FROM (SELECT j.id, j.kind,
                           (SELECT count(*) FROM job_parts AS p WHERE p.job_id = j.id) AS parts
                    FROM jobs AS j)
              WHERE parts = 0 OR (kind = 'create_batch') <> (parts > 1)",
    },
    Check {
        invariant: "rows",
        name: "a snapshot's disk is there",
        sql: "SELECT 'snapshot ' || s.id || ' is of disk ' || s.disk_id || ', which is not there'
              FROM snapshots AS s
              WHERE NOT EXISTS (SELECT 1 FROM disks AS d WHERE d.id = s.disk_id)",
    },
    Check {
        invariant: "rows",
        name: "every status is known",
        sql: "SELECT 'disk ' || id || ' has the unknown status ' || status FROM disks
              WHERE status NOT IN (
                  'creating', 'downloading', 'available', 'attaching', 'in-use', 'detaching',
                  'extending', 'backing-up', 'restoring-backup', 'uploading', 'rollbacking',
                  'reverting', 'retyping', 'awaiting-transfer', 'deleting', 'error',
                  'error_extending', 'error_restoring', 'error_rollbacking', 'error_deleting',
                  'error_managing', 'error_backing-up', 'maintenance', 'reserved')
              UNION ALL
              SELECT 'snapshot ' || id || ' has the unknown status ' || status FROM snapshots
              WHERE status NOT IN ('creating', 'available', 'error', 'deleting', 'error_deleting',
                                   'rollbacking', 'restoring', 'backing-up')
              UNION ALL
              SELECT 'backup ' || id || ' has the unknown status ' || status FROM backups
              WHERE status NOT IN ('creating', 'available', 'restoring', 'deleting', 'error',
                                   'error_restoring', 'error_deleting')
              UNION ALL
              SELECT 'transfer ' || id || ' has the unknown status ' || status FROM transfers
              WHERE status NOT IN ('pending', 'accepted', 'deleted', 'expired')
              UNION ALL
              SELECT 'attachment ' || id || ' has the unknown status ' || status FROM attachments
              WHERE status NOT IN ('reserved', 'attaching', 'attached', 'error_attaching',
                                   'error_detaching')",
    },
    Check {
        invariant: "rows",
        name: "metadata is a JSON object",
        sql: "SELECT 'the metadata of disk ' || id || ' is not a JSON object' FROM disks
              WHERE NOT json_valid(metadata) OR json_type(metadata) <> 'object'
              UNION ALL
              SELECT 'the image metadata of disk ' || id || ' is not a JSON object' FROM disks
              WHERE NOT json_valid(image_metadata) OR json_type(image_metadata) <> 'object'
              UNION ALL
              SELECT 'the metadata of snapshot ' || id || ' is not a JSON object' FROM snapshots
              WHERE NOT json_valid(metadata) OR json_type(metadata) <> 'object'
              UNION ALL
              SELECT 'the metadata of backup ' || id || ' is not a JSON object' FROM backups
              WHERE NOT json_valid(metadata) OR json_type(metadata) <> 'object'",
    },
    Check {
        invariant: "rows",
        name: "ids are UUIDs",
        sql: "SELECT kind || ' ' || id || ' has an id that is no UUID'
              FROM (SELECT 'disk' AS kind, id FROM disks
                    UNION ALL SELECT 'snapshot', id FROM snapshots
                    UNION ALL SELECT 'backup', id FROM backups
                    UNION ALL SELECT 'share', id FROM backup_shares
                    UNION ALL SELECT 'policy', id FROM policies
                    UNION ALL SELECT 'transfer', id FROM transfers
                    UNION ALL SELECT 'attachment', id FROM attachments)
              WHERE length(id) <> 36 OR id GLOB '*[^0-9a-f-]*'",
    },
    Check {
        invariant: "rows",
        name: "times are written alike",
        sql: "SELECT 'disk ' || id || ' was made at ' || created_at || ', which is no time' FROM disks
              WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'snapshot ' || id || ' was made at ' || created_at || ', which is no time'
              FROM snapshots WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'backup ' || id || ' was made at ' || created_at || ', which is no time'
              FROM backups WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'transfer ' || id || ' was made at ' || created_at || ', which is no time'
              FROM transfers WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'disk ' || id || ' was changed at ' || updated_at || ', which is no time'
              FROM disks WHERE updated_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'transfer ' || id || ' was finished at ' || finished_at || ', which is no time'
              FROM transfers WHERE finished_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'attachment ' || id || ' was made at ' || created_at || ', which is no time'
              FROM attachments WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'share ' || id || ' was made at ' || created_at || ', which is no time'
              FROM backup_shares WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'event ' || seq || ' was at ' || at || ', which is no time'
              FROM events WHERE at NOT LIKE '____-__-__T__:__:__.______Z'",
    },
    Check {
        invariant: "rows",
        name: "the clock goes from a moment on at a speed",
        sql: "SELECT 'the clock goes at ' || scale_thousandths || ' thousandths from ' || moment
                     || ' since ' || since || ' (row ' || id || ', frozen ' || frozen || ')'
              FROM clock
              WHERE id <> 1 OR frozen NOT IN (0, 1)
                 OR scale_thousandths NOT BETWEEN 1 AND 100000000
                 OR moment NOT LIKE '____-__-__T__:__:__.______Z'
                 OR since NOT LIKE '____-__-__T__:__:__.______Z'",
    },
    Check {
        invariant: "rows",
        name: "the file has one past",
        sql: "SELECT 'the file says of its past ' || id || ' that it is epoch ' || epoch
              FROM lineage WHERE id <> 1 OR epoch < 1
              UNION ALL
              SELECT 'the file does not say which past it has'
              WHERE NOT EXISTS (SELECT 1 FROM lineage)",
    },
];
