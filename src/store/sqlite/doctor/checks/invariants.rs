//! The invariants of disks, transfers, usage and events, and of the file itself.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "file",
        // CHECK constraints are passed over: a connection that cannot write knows of none, and to an older
        // SQLite, which may ask this by the view, NULL is no valid JSON. Those that matter are asked again below.
        name: "SQLite finds the file intact",
        sql: "SELECT 'SQLite: ' || integrity_check FROM pragma_integrity_check
              WHERE integrity_check <> 'ok'
                AND integrity_check NOT LIKE 'CHECK constraint failed in %'",
    },
    Check {
        invariant: "file",
        name: "every reference leads to a row",
        sql: r#"SELECT 'row ' || coalesce(rowid, '?') || ' of ' || "table" || ' refers to a row of '
                       || parent || ' that is not there'
              FROM pragma_foreign_key_check"#,
    },
    Check {
        invariant: "I1",
        name: "a disk changes its project by an accepted transfer only",
        sql: "SELECT 'event ' || seq || ' (' || action || ') moves disk ' || disk_id
                     || ' from project ' || old || ' to ' || new || ' without an accepted transfer'
              FROM (SELECT seq, action, disk_id, resource_id,
                           CASE WHEN json_valid(before) THEN before ->> '$.project_id' END AS old,
                           CASE WHEN json_valid(after) THEN after ->> '$.project_id' END AS new
                    FROM events WHERE disk_id IS NOT NULL) AS e
              WHERE old <> new
                AND NOT (action = 'transfer.accept'
                         AND EXISTS (SELECT 1 FROM transfers AS t
                                     WHERE t.id = e.resource_id AND t.disk_id = e.disk_id
                                       AND t.status = 'accepted'
                                       AND t.source_project_id = old
                                       AND t.destination_project_id = new))",
    },
    Check {
        invariant: "I1",
        name: "a disk is between two events as the first left it",
        sql: "SELECT 'disk ' || disk_id || ' was ' || left_as || ' after event ' || earlier
                     || ' and ' || found_as || ' before event ' || seq
              FROM (SELECT seq, disk_id,
                           lag(seq) OVER of_disk AS earlier,
                           CASE WHEN json_valid(lag(after) OVER of_disk)
                                THEN (lag(after) OVER of_disk ->> '$.status') || ' in project '
                                     || (lag(after) OVER of_disk ->> '$.project_id')
                                ELSE 'gone' END AS left_as,
                           CASE WHEN json_valid(before)
                                THEN (before ->> '$.status') || ' in project '
                                     || (before ->> '$.project_id')
                                ELSE 'gone' END AS found_as
                    FROM events WHERE disk_id IS NOT NULL
                    WINDOW of_disk AS (PARTITION BY disk_id ORDER BY seq))
              WHERE earlier IS NOT NULL AND left_as <> found_as",
    },
    Check {
        invariant: "I1",
        name: "a pending transfer offers a disk of the project that made it",
        sql: "SELECT 'pending transfer ' || t.id || ' of project ' || t.source_project_id
                     || ' offers disk ' || t.disk_id || ', which belongs to project ' || d.project_id
              FROM transfers AS t JOIN disks AS d ON d.id = t.disk_id
              WHERE t.status = 'pending' AND d.project_id <> t.source_project_id",
    },
    Check {
        invariant: "I2",
        name: "a disk has one pending transfer at most",
        sql: "SELECT 'disk ' || disk_id || ' has ' || count(*) || ' pending transfers'
              FROM transfers NOT INDEXED WHERE status = 'pending'
              GROUP BY disk_id HAVING count(*) > 1",
    },
    Check {
        invariant: "I3",
        name: "a disk that awaits transfer has a pending one",
        sql: "SELECT 'disk ' || d.id || ' is awaiting-transfer without a pending transfer'
              FROM disks AS d
              WHERE d.status = 'awaiting-transfer'
                AND NOT EXISTS (SELECT 1 FROM transfers AS t
                                WHERE t.disk_id = d.id AND t.status = 'pending')",
    },
    Check {
        invariant: "I3",
        name: "a disk with a pending transfer awaits it",
        sql: "SELECT 'disk ' || d.id || ' is ' || d.status || ' although transfer ' || t.id
                     || ' is pending'
              FROM transfers AS t JOIN disks AS d ON d.id = t.disk_id
              WHERE t.status = 'pending' AND d.status <> 'awaiting-transfer'",
    },
    Check {
        invariant: "I3",
        name: "a disk names its pending transfer and no other",
        sql: "SELECT 'disk ' || d.id || ' names transfer ' || d.transfer_id
                     || ', which is not its pending one'
              FROM disks AS d
              WHERE d.transfer_id IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM transfers AS t
                                WHERE t.id = d.transfer_id AND t.disk_id = d.id
                                  AND t.status = 'pending')
              UNION ALL
              SELECT 'disk ' || d.id || ' does not name its pending transfer ' || t.id
              FROM transfers AS t JOIN disks AS d ON d.id = t.disk_id
              WHERE t.status = 'pending' AND d.transfer_id IS NULL",
    },
    Check {
        invariant: "I3",
        name: "a pending transfer offers a disk that is there",
        sql: "SELECT 'pending transfer ' || t.id || ' offers disk ' || t.disk_id
                     || ', which is not there'
              FROM transfers AS t
              WHERE t.status = 'pending'
                AND NOT EXISTS (SELECT 1 FROM disks AS d WHERE d.id = t.disk_id)",
    },
    Check {
        invariant: "I4",
        name: "sizes, which usage is counted from, are positive",
        sql: "SELECT 'disk ' || id || ' has a size of ' || size_gib || ' GiB'
              FROM disks WHERE size_gib <= 0
              UNION ALL
              SELECT 'snapshot ' || id || ' has a size of ' || size_gib || ' GiB'
              FROM snapshots WHERE size_gib <= 0
              UNION ALL
              SELECT 'backup ' || id || ' has a size of ' || size_gib || ' GiB'
              FROM backups WHERE size_gib <= 0",
    },
    Check {
        invariant: "I5",
        name: "a finished transfer has its time and a pending one has none",
        sql: "SELECT 'transfer ' || id || ' is ' || status || ' without a time'
              FROM transfers WHERE status <> 'pending' AND finished_at IS NULL
              UNION ALL
              SELECT 'transfer ' || id || ' is pending and finished at ' || finished_at
              FROM transfers WHERE status = 'pending' AND finished_at IS NOT NULL",
    },
    Check {
        invariant: "I5",
        name: "an accepted transfer, and no other, says who took the disk",
        sql: "SELECT 'transfer ' || id || ' is accepted without a destination project and user'
              FROM transfers
              WHERE status = 'accepted'
                AND (destination_project_id IS NULL OR destination_user_id IS NULL)
              UNION ALL
              SELECT 'transfer ' || id || ' is ' || status || ' but has a destination'
              FROM transfers
              WHERE status <> 'accepted'
                AND (destination_project_id IS NOT NULL OR destination_user_id IS NOT NULL)",
    },
    Check {
        invariant: "I7",
        name: "keys, passwords and tokens are hashes",
        // The secrets of access keys are not: a signature is verified with the secret itself.
        sql: "SELECT 'the key of transfer ' || id || ' is not an argon2id hash'
              FROM transfers WHERE key_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
              UNION ALL
              SELECT 'the password of user ' || id || ' is not an argon2id hash'
              FROM users WHERE password_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
              UNION ALL
              SELECT 'the secret of application credential ' || id || ' is not an argon2id hash'
              FROM application_credentials WHERE secret_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
              UNION ALL
              SELECT 'token ' || audit_id || ' is not stored as a hash'
              FROM tokens WHERE length(hash) <> 64 OR hash GLOB '*[^0-9a-f]*'",
    },
    Check {
        invariant: "I8",
        name: "events are numbered from 1 without gaps",
        sql: "SELECT 'events begin at ' || min(seq) || ', not at 1'
              FROM events HAVING min(seq) <> 1
              UNION ALL
              SELECT 'events ' || (earlier + 1) || ' to ' || (seq - 1) || ' are missing'
              FROM (SELECT seq, lag(seq) OVER (ORDER BY seq) AS earlier FROM events)
              WHERE seq <> earlier + 1",
    },
    Check {
        invariant: "I8",
        name: "a disk is as its last event left it",
        sql: "SELECT CASE
                       WHEN e.seq IS NULL THEN 'disk ' || d.id || ' has no event'
                       WHEN e.after IS NULL
                       THEN 'disk ' || d.id || ' is there although event ' || e.seq || ' ('
                            || e.action || ') says it is gone'
                       ELSE 'disk ' || d.id || ' is ' || d.status || ' in project ' || d.project_id
                            || ' but event ' || e.seq || ' (' || e.action || ') left it '
                            || (CASE WHEN json_valid(e.after) THEN
                                    (e.after ->> '$.status') || ' in project '
                                    || (e.after ->> '$.project_id')
                                ELSE 'unreadable' END)
                     END
              FROM disks AS d
              LEFT JOIN events AS e
                ON e.seq = (SELECT max(l.seq) FROM events AS l WHERE l.disk_id = d.id)
              WHERE e.seq IS NULL OR e.after IS NULL OR NOT json_valid(e.after)
                 OR (CASE WHEN json_valid(e.after) THEN
                        (e.after ->> '$.status', e.after ->> '$.project_id')
                        IS NOT (d.status, d.project_id) END)",
    },
    Check {
        invariant: "I8",
        name: "a disk that is gone has an event that says so",
        sql: "SELECT 'disk ' || e.disk_id || ' is gone although event ' || e.seq || ' ('
                     || e.action || ') left it there'
              FROM events AS e
              WHERE e.disk_id IS NOT NULL AND e.after IS NOT NULL
                AND e.seq = (SELECT max(l.seq) FROM events AS l WHERE l.disk_id = e.disk_id)
                AND NOT EXISTS (SELECT 1 FROM disks AS d WHERE d.id = e.disk_id)",
    },
    Check {
        invariant: "attachments",
        name: "a disk that is available or offered is attached to nothing",
        sql: "SELECT 'disk ' || d.id || ' is ' || d.status || ' although it has attachment ' || a.id
              FROM attachments AS a JOIN disks AS d ON d.id = a.disk_id
              WHERE d.status IN ('available', 'awaiting-transfer')",
    },
    Check {
        invariant: "attachments",
        // What is being detached need not have any: an administrator can say that it is.
        name: "a disk in use has an attachment",
        sql: "SELECT 'disk ' || d.id || ' is in-use without an attachment'
              FROM disks AS d
              WHERE d.status = 'in-use'
                AND NOT EXISTS (SELECT 1 FROM attachments AS a WHERE a.disk_id = d.id)",
    },
    Check {
        invariant: "attachments",
        name: "an attachment belongs to its disk's project",
        sql: "SELECT 'attachment ' || a.id || ' belongs to project ' || a.project_id || ' but disk '
                     || d.id || ' to project ' || d.project_id
              FROM attachments AS a JOIN disks AS d ON d.id = a.disk_id
              WHERE a.project_id <> d.project_id
              UNION ALL
              SELECT 'attachment ' || a.id || ' is of disk ' || a.disk_id || ', which is not there'
              FROM attachments AS a
              WHERE NOT EXISTS (SELECT 1 FROM disks AS d WHERE d.id = a.disk_id)",
    },
    Check {
        invariant: "attachments",
        name: "what is attached has its time, and a connector is a JSON object",
        sql: "SELECT 'attachment ' || id || ' is attached without a time' FROM attachments
              WHERE status = 'attached' AND attached_at IS NULL
              UNION ALL
              SELECT 'the connector of attachment ' || id || ' is not a JSON object'
              FROM attachments
              WHERE connector IS NOT NULL
                AND (NOT json_valid(connector) OR json_type(connector) <> 'object')",
    },
];
