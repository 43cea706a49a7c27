//! What is true of backup policies, their tags, the disks under them and their tasks.

use super::super::Check;

pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "policies",
        name: "a policy has disks of its own project only",
        sql: "SELECT 'disk ' || d.id || ' of project ' || d.project_id || ' is under policy ' || p.id
                     || ' of project ' || p.project_id
              FROM policy_disks AS l JOIN disks AS d ON d.id = l.disk_id
                   JOIN policies AS p ON p.id = l.policy_id
              WHERE d.project_id <> p.project_id",
    },
    Check {
        invariant: "policies",
        name: "a project has one default policy and 31 others at most",
        sql: "SELECT 'project ' || project_id || ' has ' || sum(is_default) || ' default policies'
              FROM policies NOT INDEXED GROUP BY project_id HAVING sum(is_default) > 1
              UNION ALL
              SELECT 'project ' || project_id || ' has ' || sum(1 - is_default) || ' policies of its own'
              FROM policies NOT INDEXED GROUP BY project_id HAVING sum(1 - is_default) > 31",
    },
    Check {
        invariant: "policies",
        name: "a policy that runs, and no other, knows when it does next",
        sql: "SELECT 'policy ' || id || ' is ON and does not know when it runs'
              FROM policies WHERE enabled = 1 AND next_run_at IS NULL
              UNION ALL
              SELECT 'policy ' || id || ' is OFF and runs at ' || next_run_at
              FROM policies WHERE enabled = 0 AND next_run_at IS NOT NULL",
    },
    Check {
        invariant: "rows",
        name: "a policy that is there has ten tags at most, and they are well formed",
        sql: "SELECT 'policy ' || policy_id || ' has ' || count(*) || ' tags' FROM policy_tags
              GROUP BY policy_id HAVING count(*) > 10
              UNION ALL
              SELECT 'policy ' || policy_id || ' has the tag ' || key || '=' || value
                     || ', which is none'
              FROM policy_tags
              WHERE length(key) NOT BETWEEN 1 AND 36 OR key GLOB '*[^A-Za-z0-9_-]*'
                 OR length(value) > 43 OR value GLOB '*[^A-Za-z0-9_-]*'
              UNION ALL
              SELECT 'policy ' || policy_id || ' has a tag but is not there' FROM policy_tags AS t
              WHERE NOT EXISTS (SELECT 1 FROM policies AS p WHERE p.id = t.policy_id)",
    },
    Check {
        invariant: "policies",
        name: "a schedule makes one task for a disk and an hour",
        sql: "SELECT 'policy ' || policy_id || ' has ' || count(*) || ' tasks for disk ' || disk_id
                     || ' at ' || due_at
              FROM policy_tasks NOT INDEXED WHERE scheduled = 1
              GROUP BY policy_id, disk_id, due_at HAVING count(*) > 1",
    },
    Check {
        invariant: "rows",
        name: "a task stands in one way, belongs to a policy and has its times",
        sql: "SELECT 'task ' || id || ' has the status ' || status || ', which there is not'
              FROM policy_tasks
              WHERE status NOT IN ('waiting', 'running', 'success', 'fail', 'timeout', 'skip')
              UNION ALL
              SELECT 'task ' || id || ' is of policy ' || policy_id || ', which is not there'
              FROM policy_tasks AS t
              WHERE NOT EXISTS (SELECT 1 FROM policies AS p WHERE p.id = t.policy_id)
              UNION ALL
              SELECT 'task ' || id || ' is ' || status || ' and ended at '
                     || coalesce(finished_at, 'no time')
              FROM policy_tasks WHERE (status IN ('waiting', 'running')) <> (finished_at IS NULL)
              UNION ALL
              SELECT 'task ' || id || ' has the time ' || at || ', which is none'
              FROM (SELECT id, due_at AS at FROM policy_tasks
                    UNION ALL SELECT id, created_at FROM policy_tasks
                    UNION ALL SELECT id, finished_at FROM policy_tasks)
              WHERE at NOT LIKE '____-__-__T__:__:__.______Z'",
    },
    Check {
        invariant: "policies",
        name: "a running task makes a backup of its disk, one at a time",
        sql: "SELECT 'task ' || t.id || ' is running although backup ' || coalesce(t.backup_id, '?')
                     || ' of disk ' || t.disk_id || ' is ' || coalesce(b.status, 'gone')
              FROM policy_tasks AS t
                   LEFT JOIN backups AS b ON b.id = t.backup_id AND b.disk_id = t.disk_id
              WHERE t.status = 'running' AND b.status IS NOT 'creating'
              UNION ALL
              SELECT 'disk ' || disk_id || ' has ' || count(*) || ' running tasks'
              FROM policy_tasks NOT INDEXED WHERE status = 'running'
              GROUP BY disk_id HAVING count(*) > 1",
    },
];
