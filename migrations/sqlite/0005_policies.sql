-- Backup policies and the disks under them. A disk is under at most one policy, and is not
-- transferred while it is under one, running or not.

CREATE TABLE policies (
    id                  TEXT    NOT NULL,  -- UUID, lower case with dashes
    project_id          TEXT    NOT NULL,  -- the project that owns it
    name                TEXT    NOT NULL,  -- what people call it
    start_time          TEXT    NOT NULL,  -- full hours HH:00, ascending, separated by commas
    every_days          INTEGER,           -- runs every so many days; null: on days of the week
    week_days           TEXT,              -- runs on these days, SUN to SAT, separated by commas; null: every so many days
    keep_count          INTEGER,           -- keeps so many backups; null: keeps by age
    keep_days           INTEGER,           -- keeps backups for so many days; null: keeps by number
    keep_first_of_month INTEGER NOT NULL,  -- 1: the first backup of each month is kept for ever
    enabled             INTEGER NOT NULL,  -- 1: it runs (ON); 0: it rests (OFF)
    time_zone           TEXT    NOT NULL,  -- the zone of the hours, UTC+hh:mm or UTC-hh:mm
    created_at          TEXT    NOT NULL,  -- when it was made
    CONSTRAINT policies_key PRIMARY KEY (id),
    CONSTRAINT policies_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT policies_days_are_given_once CHECK ((every_days IS NULL) <> (week_days IS NULL)),
    CONSTRAINT policies_retention_is_given_once CHECK ((keep_count IS NULL) <> (keep_days IS NULL)),
    CONSTRAINT policies_keep_first_of_month_is_0_or_1 CHECK (keep_first_of_month IN (0, 1)),
    CONSTRAINT policies_enabled_is_0_or_1 CHECK (enabled IN (0, 1)),
    CONSTRAINT policies_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE INDEX policies_by_project ON policies (project_id, created_at, id);

CREATE TABLE policy_disks (
    disk_id   TEXT NOT NULL,  -- the disk; being the key, it says that a disk has one policy at most
    policy_id TEXT NOT NULL,  -- the policy it is under
    bound_at  TEXT NOT NULL,  -- since when
    CONSTRAINT policy_disks_one_policy_per_disk PRIMARY KEY (disk_id),
    CONSTRAINT policy_disks_bound_at_is_a_time CHECK (bound_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT policy_disks_disk_exists FOREIGN KEY (disk_id) REFERENCES disks (id) ON DELETE CASCADE,
    CONSTRAINT policy_disks_policy_exists FOREIGN KEY (policy_id) REFERENCES policies (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX policy_disks_by_policy ON policy_disks (policy_id);
