-- Backup policies run: when each is next due stands in its row, and each run leaves a task for each disk, so that
-- a restart goes on where it was. Policies have tags, and each project has one policy from the start; that has a
-- row once somebody has written it.

ALTER TABLE policies ADD COLUMN is_default INTEGER NOT NULL DEFAULT 0 /* 1: the one that its project has from the start */ CONSTRAINT policies_is_default_is_0_or_1 CHECK (is_default IN (0, 1));
ALTER TABLE policies ADD COLUMN scheduled_since TEXT NOT NULL DEFAULT '1970-01-01T00:00:00.000000Z' /* since when it has its schedule; every so many days is counted from the first run after it */ CONSTRAINT policies_scheduled_since_is_a_time CHECK (scheduled_since LIKE '____-__-__T__:__:__.______Z');
ALTER TABLE policies ADD COLUMN next_run_at TEXT /* when it runs next; null: it rests (OFF) */ CONSTRAINT policies_next_run_at_is_a_time CHECK (next_run_at LIKE '____-__-__T__:__:__.______Z');

-- What is no hour of the schedule, as these moments are not, is no run: the first look only finds the next one.
UPDATE policies SET scheduled_since = created_at, next_run_at = CASE WHEN enabled = 1 THEN created_at END;
-- Minutes used to be taken beyond 14 hours.
UPDATE policies SET time_zone = substr(time_zone, 1, 6) || ':00' WHERE substr(time_zone, 5, 2) = '14';

CREATE UNIQUE INDEX policies_one_default ON policies (project_id) WHERE is_default = 1;
CREATE INDEX policies_due ON policies (next_run_at, id) WHERE next_run_at IS NOT NULL;

-- The disks of a policy, in the order in which they are asked for.
DROP INDEX policy_disks_by_policy;
CREATE INDEX policy_disks_by_policy ON policy_disks (policy_id, disk_id);

CREATE TABLE policy_tags (
    policy_id TEXT NOT NULL,  -- the policy
    key       TEXT NOT NULL,  -- 1 to 36 letters, digits, _ and -
    value     TEXT NOT NULL,  -- up to 43 of the same
    CONSTRAINT policy_tags_one_value_per_key PRIMARY KEY (policy_id, key),
    CONSTRAINT policy_tags_key_is_well_formed CHECK (length(key) BETWEEN 1 AND 36 AND key NOT GLOB '*[^A-Za-z0-9_-]*'),
    CONSTRAINT policy_tags_value_is_well_formed CHECK (length(value) <= 43 AND value NOT GLOB '*[^A-Za-z0-9_-]*'),
    CONSTRAINT policy_tags_policy_exists FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE policy_tasks (
    id          TEXT    NOT NULL,  -- 32 hexadecimal digits
    policy_id   TEXT    NOT NULL,  -- the policy that runs
    disk_id     TEXT    NOT NULL,  -- the disk, which may be gone
    due_at      TEXT    NOT NULL,  -- when the run was due
    scheduled   INTEGER NOT NULL,  -- 1: the schedule made it run; 0: somebody did
    status      TEXT    NOT NULL,  -- waiting, running, success, fail, timeout, skip
    backup_id   TEXT,              -- the backup that it makes or made, which may be gone; null: it came to none
    backup_name TEXT,              -- the name of that; null: it came to none
    code        TEXT,              -- what went wrong, as the API's code; null: nothing did
    message     TEXT,              -- what went wrong, as a sentence; null: nothing did
    created_at  TEXT    NOT NULL,  -- when it was made
    finished_at TEXT,              -- when it ended; null: it has not
    CONSTRAINT policy_tasks_key PRIMARY KEY (id),
    CONSTRAINT policy_tasks_id_is_hexadecimal CHECK (length(id) = 32),
    CONSTRAINT policy_tasks_scheduled_is_0_or_1 CHECK (scheduled IN (0, 1)),
    CONSTRAINT policy_tasks_status_is_known
        CHECK (status IN ('waiting', 'running', 'success', 'fail', 'timeout', 'skip')),
    CONSTRAINT policy_tasks_backup_has_a_name CHECK ((backup_id IS NULL) = (backup_name IS NULL)),
    CONSTRAINT policy_tasks_running_makes_a_backup
        CHECK (status NOT IN ('running', 'success') OR backup_id IS NOT NULL),
    CONSTRAINT policy_tasks_code_has_a_message CHECK ((code IS NULL) = (message IS NULL)),
    CONSTRAINT policy_tasks_end_has_a_time
        CHECK ((status IN ('waiting', 'running')) = (finished_at IS NULL)),
    CONSTRAINT policy_tasks_due_at_is_a_time CHECK (due_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT policy_tasks_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT policy_tasks_finished_at_is_a_time CHECK (finished_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT policy_tasks_policy_exists FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE
) STRICT;

-- No disk is backed up twice for one hour of a schedule, whatever the clock does.
CREATE UNIQUE INDEX policy_tasks_one_per_due_time ON policy_tasks (policy_id, disk_id, due_at) WHERE scheduled = 1;
-- Those whose turn comes, and the one that has a disk for itself meanwhile.
CREATE INDEX policy_tasks_waiting ON policy_tasks (due_at, id) WHERE status = 'waiting';
CREATE UNIQUE INDEX policy_tasks_running ON policy_tasks (disk_id) WHERE status = 'running';
-- Lists, and whether a policy has any that is not over.
CREATE INDEX policy_tasks_by_policy ON policy_tasks (policy_id, created_at, id);
CREATE INDEX policy_tasks_unfinished ON policy_tasks (policy_id) WHERE finished_at IS NULL;
