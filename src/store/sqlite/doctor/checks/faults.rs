//! Faults that can be.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "rows",
        name: "a fault has an effect that there is",
        sql: "SELECT 'fault ' || id || ' has the effect ' || effect || ' ' || detail
                     || ', which there is not'
              FROM faults
              WHERE NOT CASE effect
                  WHEN 'error' THEN detail IN (
                      'bad_request', 'unauthorized', 'forbidden', 'not_found', 'conflict', 'quota',
                      'too_many_requests', 'internal', 'busy', 'full')
                  WHEN 'delay' THEN detail NOT GLOB '*[^0-9]*' AND length(detail) BETWEEN 1 AND 7
                      AND CAST(detail AS INTEGER) BETWEEN 1 AND 3600000
                  WHEN 'drop' THEN detail IN (
                      'before', 'after', 'before_unit', 'before_writes', 'before_commit',
                      'after_commit', 'before_answer')
                  WHEN 'fail_step' THEN detail IN (
                      'create', 'download', 'restore', 'extend', 'retype', 'upload', 'revert',
                      'rollback', 'backup', 'delete', 'snapshot', 'delete_snapshot',
                      'delete_backup', '*')
                  ELSE effect IN ('crash', 'panic', 'fail') AND detail IN (
                      'before_unit', 'before_writes', 'before_commit', 'after_commit',
                      'before_answer', 'before_step', 'after_step') END",
    },
    Check {
        invariant: "rows",
        name: "a fault is about calls, or about a step or work that is due",
        sql: "SELECT 'fault ' || id || ' to ' || effect || ' ' || detail || ' is about '
                     || coalesce('the calls ' || operation, 'no calls')
              FROM faults
              WHERE (operation IS NULL)
                    <> (effect = 'fail_step' OR detail IN ('before_step', 'after_step'))",
    },
    Check {
        invariant: "rows",
        name: "a fault has an id, a time and counts",
        sql: "SELECT 'fault ' || id || ' has an id that is no UUID' FROM faults
              WHERE length(id) <> 36 OR id GLOB '*[^0-9a-f-]*'
              UNION ALL
              SELECT 'fault ' || id || ' is about disk ' || disk_id || ', which is no UUID'
              FROM faults WHERE length(disk_id) <> 36 OR disk_id GLOB '*[^0-9a-f-]*'
              UNION ALL
              SELECT 'fault ' || id || ' was made at ' || created_at || ', which is no time'
              FROM faults WHERE created_at NOT LIKE '____-__-__T__:__:__.______Z'
              UNION ALL
              SELECT 'fault ' || id || ' meets no call: it skips ' || skip || ', meets '
                     || coalesce(times, 'any') || ' by ' || probability_ppm || ' ppm'
              FROM faults
              WHERE skip < 0 OR times < 1 OR probability_ppm NOT BETWEEN 1 AND 1000000",
    },
];
