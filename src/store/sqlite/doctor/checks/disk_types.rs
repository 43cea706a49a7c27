//! Disk types and what belongs to them.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "rows",
        name: "the type of a disk is there",
        // A file that no server has started on since it got the tables has no types at all.
        sql: "SELECT what || ' of disk type ' || disk_type || ', which is not there'
              FROM (SELECT 'disk ' || id || ' is' AS what, disk_type FROM disks
                    UNION ALL SELECT 'disk ' || id || ' is to be', next_type FROM disks
                    WHERE next_type IS NOT NULL
                    UNION ALL SELECT 'snapshot ' || id || ' is', disk_type FROM snapshots) AS o
              WHERE EXISTS (SELECT 1 FROM disk_types)
                AND NOT EXISTS (SELECT 1 FROM disk_types AS t WHERE t.name = o.disk_type)",
    },
    Check {
        invariant: "rows",
        name: "what belongs to a disk type or to qos specs has them",
        sql: "SELECT what || ' ' || key || ' belongs to disk type ' || disk_type_id
                     || ', which is not there'
              FROM (SELECT 'extra spec' AS what, key, disk_type_id FROM disk_type_extra_specs
                    UNION ALL SELECT 'access of project', project_id, disk_type_id
                    FROM disk_type_access
                    UNION ALL SELECT 'encryption', id, disk_type_id FROM disk_type_encryptions) AS o
              WHERE NOT EXISTS (SELECT 1 FROM disk_types AS t WHERE t.id = o.disk_type_id)
              UNION ALL
              SELECT what || ' belongs to qos specs ' || qos_specs_id || ', which are not there'
              FROM (SELECT 'qos value ' || key AS what, qos_specs_id FROM qos_spec_values
                    UNION ALL SELECT 'disk type ' || name, qos_specs_id FROM disk_types
                    WHERE qos_specs_id IS NOT NULL) AS o
              WHERE NOT EXISTS (SELECT 1 FROM qos_specs AS q WHERE q.id = o.qos_specs_id)",
    },
    Check {
        invariant: "rows",
        name: "ids of disk types and of what belongs to them are UUIDs",
        sql: "SELECT kind || ' ' || id || ' has an id that is no UUID'
              FROM (SELECT 'disk type' AS kind, id FROM disk_types
                    UNION ALL SELECT 'encryption', id FROM disk_type_encryptions
                    UNION ALL SELECT 'qos specs', id FROM qos_specs)
              WHERE length(id) <> 36 OR id GLOB '*[^0-9a-f-]*'",
    },
    Check {
        invariant: "rows",
        name: "times of disk types and of what belongs to them are written alike",
        sql: "SELECT what || ' was made at ' || made || ', which is no time'
              FROM (SELECT 'disk type ' || id AS what, created_at AS made FROM disk_types
                    UNION ALL SELECT 'access of project ' || project_id, created_at
                    FROM disk_type_access
                    UNION ALL SELECT 'encryption ' || id, created_at FROM disk_type_encryptions
                    UNION ALL SELECT 'qos specs ' || id, created_at FROM qos_specs)
              WHERE made NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT what || ' was changed at ' || changed || ', which is no time'
              FROM (SELECT 'disk type ' || id AS what, updated_at AS changed FROM disk_types
                    UNION ALL SELECT 'encryption ' || id, updated_at FROM disk_type_encryptions
                    UNION ALL SELECT 'qos specs ' || id, updated_at FROM qos_specs)
              WHERE changed NOT LIKE '____-__-__T__:__:__.______Z'",
    },
];
