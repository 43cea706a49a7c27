-- The limits that an administrator set for a project; a key without a row has the default of the
-- settings. There is no usage here: it is counted from the rows of disks, snapshots and backups, so
-- that it cannot drift.

CREATE TABLE quotas (
    project_id TEXT    NOT NULL,  -- the project
    key        TEXT    NOT NULL,  -- what is limited: volumes, gigabytes, gigabytes_SSD, …
    hard_limit INTEGER NOT NULL,  -- how much at most; -1: no limit
    CONSTRAINT quotas_key PRIMARY KEY (project_id, key),
    CONSTRAINT quotas_limit_is_at_least_minus_one CHECK (hard_limit >= -1)
) STRICT;
