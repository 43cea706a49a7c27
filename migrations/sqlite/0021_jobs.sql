-- Jobs: what the cloud's own API answers with in place of the result, for clients to ask after. A job is about
-- one disk or several, each with its part; how the job stands is counted from its parts. Parts outlive their
-- disks, and nothing keeps a running one but what is under way on its disk.

CREATE TABLE jobs (
    id           TEXT NOT NULL,  -- 32 hexadecimal digits
    project_id   TEXT NOT NULL,  -- the project that asked for it
    kind         TEXT NOT NULL,  -- what it does: create, create_batch, extend, retype, delete
    client_token TEXT,           -- the client's name for its request, to send it again safely; null: it gave none
    fingerprint  TEXT,           -- SHA-256 of that request; null: it had no token
    begun_at     TEXT NOT NULL,  -- when it was asked for
    CONSTRAINT jobs_key PRIMARY KEY (id),
    CONSTRAINT jobs_id_is_hexadecimal CHECK (length(id) = 32),
    CONSTRAINT jobs_kind_is_known CHECK (kind IN ('create', 'create_batch', 'extend', 'retype', 'delete')),
    CONSTRAINT jobs_token_has_a_fingerprint CHECK ((client_token IS NULL) = (fingerprint IS NULL)),
    CONSTRAINT jobs_begun_at_is_a_time CHECK (begun_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

-- The same token does not make disks twice.
CREATE UNIQUE INDEX jobs_one_per_client_token ON jobs (project_id, client_token) WHERE client_token IS NOT NULL;

CREATE TABLE job_parts (
    id          TEXT    NOT NULL,  -- 32 hexadecimal digits
    job_id      TEXT    NOT NULL,  -- the job
    place       INTEGER NOT NULL,  -- which of the job's disks, from 1
    disk_id     TEXT    NOT NULL,  -- the disk, which may be gone
    disk_name   TEXT,              -- its name then; null: it had none
    size_gib    INTEGER NOT NULL,  -- the size in GiB that it has or was to have then
    disk_type   TEXT    NOT NULL,  -- the name of the type that it has or was to have then
    status      TEXT    NOT NULL,  -- running, success, fail
    failed_into TEXT,              -- the status that its disk failed into; null: it did not fail, or the disk is gone
    ended_at    TEXT,              -- when it ended; null: it runs
    CONSTRAINT job_parts_key PRIMARY KEY (id),
    CONSTRAINT job_parts_id_is_hexadecimal CHECK (length(id) = 32),
    CONSTRAINT job_parts_one_per_place UNIQUE (job_id, place),
    CONSTRAINT job_parts_status_is_known CHECK (status IN ('running', 'success', 'fail')),
    CONSTRAINT job_parts_only_failures_fail_into CHECK (failed_into IS NULL OR status = 'fail'),
    CONSTRAINT job_parts_end_has_a_time CHECK ((status = 'running') = (ended_at IS NULL)),
    CONSTRAINT job_parts_ended_at_is_a_time CHECK (ended_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT job_parts_job_exists FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE
) STRICT;

-- Who ends what is under way on a disk ends its part.
CREATE INDEX job_parts_running ON job_parts (disk_id) WHERE status = 'running';
