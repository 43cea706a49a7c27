-- Jobs about backups, too: a part then names its backup and the snapshot that this is made from, and ends with what is
-- under way on its disk or on its backup. The kinds of jobs are part of the table, so both tables are made anew. The
-- old parts go before the old jobs do: whoever drops a table deletes its rows first, and that would take along
-- the parts that refer to them.

CREATE TABLE jobs_anew (
    id           TEXT NOT NULL,  -- 32 hexadecimal digits
    project_id   TEXT NOT NULL,  -- the project that asked for it
    kind         TEXT NOT NULL,  -- what it does: create, create_batch, extend, retype, delete, create_backup, delete_backup, restore_backup
    client_token TEXT,           -- the client's name for its request, to send it again safely; null: it gave none
    fingerprint  TEXT,           -- SHA-256 of that request; null: it had no token
    begun_at     TEXT NOT NULL,  -- when it was asked for
    CONSTRAINT jobs_key PRIMARY KEY (id),
    CONSTRAINT jobs_id_is_hexadecimal CHECK (length(id) = 32),
    CONSTRAINT jobs_kind_is_known CHECK (kind IN (
        'create', 'create_batch', 'extend', 'retype', 'delete', 'create_backup', 'delete_backup',
        'restore_backup')),
    CONSTRAINT jobs_token_has_a_fingerprint CHECK ((client_token IS NULL) = (fingerprint IS NULL)),
    CONSTRAINT jobs_begun_at_is_a_time CHECK (begun_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

INSERT INTO jobs_anew (id, project_id, kind, client_token, fingerprint, begun_at)
SELECT id, project_id, kind, client_token, fingerprint, begun_at FROM jobs;

CREATE TABLE job_parts_anew (
    id          TEXT    NOT NULL,  -- 32 hexadecimal digits
    job_id      TEXT    NOT NULL,  -- the job
    place       INTEGER NOT NULL,  -- which of the job's disks, from 1
    disk_id     TEXT    NOT NULL,  -- the disk, which may be gone
    disk_name   TEXT,              -- its name then; null: it had none, or the job is about a backup
    size_gib    INTEGER NOT NULL,  -- the size in GiB that it, or the backup, has or was to have then
    disk_type   TEXT,              -- the name of the type that it has or was to have then; null: the job is about a backup
    backup_id   TEXT,              -- the backup, which may be gone; null: the job is about none
    snapshot_id TEXT,              -- the snapshot that the backup was made from, which may be gone; null: none
    ends_with   TEXT    NOT NULL,  -- on what something is under way that ends it: disk, backup
    status      TEXT    NOT NULL,  -- running, success, fail
    failed_into TEXT,              -- the status that its disk failed into; null: it did not fail, or the disk is gone
    ended_at    TEXT,              -- when it ended; null: it runs
    CONSTRAINT job_parts_key PRIMARY KEY (id),
    CONSTRAINT job_parts_id_is_hexadecimal CHECK (length(id) = 32),
    CONSTRAINT job_parts_one_per_place UNIQUE (job_id, place),
    CONSTRAINT job_parts_a_disk_has_a_type CHECK (disk_type IS NOT NULL OR backup_id IS NOT NULL),
    CONSTRAINT job_parts_ends_with_something CHECK (
        ends_with = 'disk' OR ends_with = 'backup' AND backup_id IS NOT NULL),
    CONSTRAINT job_parts_status_is_known CHECK (status IN ('running', 'success', 'fail')),
    CONSTRAINT job_parts_only_failures_fail_into CHECK (failed_into IS NULL OR status = 'fail'),
    CONSTRAINT job_parts_end_has_a_time CHECK ((status = 'running') = (ended_at IS NULL)),
    CONSTRAINT job_parts_ended_at_is_a_time CHECK (ended_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT job_parts_job_exists FOREIGN KEY (job_id) REFERENCES jobs_anew (id) ON DELETE CASCADE
) STRICT;

INSERT INTO job_parts_anew (id, job_id, place, disk_id, disk_name, size_gib, disk_type, ends_with, status,
                            failed_into, ended_at)
SELECT id, job_id, place, disk_id, disk_name, size_gib, disk_type, 'disk', status, failed_into, ended_at
FROM job_parts;

DROP TABLE job_parts;
DROP TABLE jobs;
-- The new parts refer to the new jobs by whatever these are called.
ALTER TABLE jobs_anew RENAME TO jobs;
ALTER TABLE job_parts_anew RENAME TO job_parts;

-- The same token does not make disks twice.
CREATE UNIQUE INDEX jobs_one_per_client_token ON jobs (project_id, client_token) WHERE client_token IS NOT NULL;
-- Who ends what is under way on a disk or on a backup ends its part.
CREATE INDEX job_parts_running ON job_parts (disk_id) WHERE status = 'running' AND ends_with = 'disk';
CREATE INDEX job_parts_running_on_backups ON job_parts (backup_id)
    WHERE status = 'running' AND ends_with = 'backup';
