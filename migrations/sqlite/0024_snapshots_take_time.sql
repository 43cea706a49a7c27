-- What takes time stands in the snapshot's row too: until when, and how it will end; its status says what it is.
-- A snapshot that its disk is taken back to by Cinder's way is `restoring`. The list of statuses is part of the
-- table, so the table is made anew; the views that read it go before and come back after.

DROP VIEW v_usage;
DROP VIEW v_why_not_transferable;

CREATE TABLE snapshots_anew (
    id           TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_id      TEXT    NOT NULL,  -- the disk it was taken of, which stays as long as this does
    project_id   TEXT    NOT NULL,  -- the project that owns it
    user_id      TEXT    NOT NULL,  -- who took it
    name         TEXT,              -- null: it has none
    description  TEXT,              -- what it is for; null: nobody said
    size_gib     INTEGER NOT NULL,  -- the disk's size when it was taken, in GiB
    disk_type    TEXT    NOT NULL,  -- the type of its disk, copied so that quotas by type need no join
    status       TEXT    NOT NULL,  -- what it is doing, in the API's word
    metadata     TEXT    NOT NULL,  -- the user's own keys and values, a JSON object of texts
    next_at      TEXT,              -- when what is under way ends; null: nothing is
    next_outcome TEXT,              -- how it ends, done or failed; null: nothing is under way
    created_at   TEXT    NOT NULL,  -- when it was taken
    updated_at   TEXT,              -- when it last changed; null: never
    CONSTRAINT snapshots_key PRIMARY KEY (id),
    CONSTRAINT snapshots_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT snapshots_size_is_positive CHECK (size_gib > 0),
    CONSTRAINT snapshots_status_is_known CHECK (status IN (
        'creating', 'available', 'error', 'deleting', 'error_deleting', 'rollbacking', 'restoring',
        'backing-up')),
    CONSTRAINT snapshots_metadata_is_json CHECK (json_valid(metadata) AND json_type(metadata) = 'object'),
    CONSTRAINT snapshots_what_is_under_way_has_a_status CHECK (
        next_at IS NULL OR status IN ('creating', 'deleting', 'rollbacking', 'restoring', 'backing-up')),
    CONSTRAINT snapshots_next_outcome_is_known CHECK (next_outcome IN ('done', 'failed')),
    CONSTRAINT snapshots_what_is_under_way_has_an_outcome
        CHECK ((next_at IS NULL) = (next_outcome IS NULL)),
    CONSTRAINT snapshots_next_at_is_a_time CHECK (next_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT snapshots_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT snapshots_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT snapshots_disk_exists FOREIGN KEY (disk_id) REFERENCES disks (id) ON DELETE RESTRICT
) STRICT;

INSERT INTO snapshots_anew (id, disk_id, project_id, user_id, name, description, size_gib, disk_type,
                            status, metadata, created_at, updated_at)
SELECT id, disk_id, project_id, user_id, name, description, size_gib, disk_type, status, metadata,
       created_at, updated_at
FROM snapshots;

DROP TABLE snapshots;
ALTER TABLE snapshots_anew RENAME TO snapshots;

-- Lists, of a project, of all projects and of a disk.
CREATE INDEX snapshots_by_project ON snapshots (project_id, created_at, id);
CREATE INDEX snapshots_by_age ON snapshots (created_at, id);
CREATE INDEX snapshots_by_disk ON snapshots (disk_id, created_at);
-- Usage is counted from rows: this index alone answers it.
CREATE INDEX snapshots_usage ON snapshots (project_id, disk_type, size_gib);
-- What is due.
CREATE INDEX snapshots_due ON snapshots (next_at, disk_id) WHERE next_at IS NOT NULL;

-- What each project has, counted from rows as the quotas are.
CREATE VIEW v_usage AS
SELECT o.project_id,
       p.name AS project,
       (SELECT count(*) FROM disks WHERE disks.project_id = o.project_id) AS disks,
       (SELECT coalesce(sum(size_gib), 0) FROM disks WHERE disks.project_id = o.project_id)
       + (SELECT coalesce(sum(size_gib), 0) FROM snapshots WHERE snapshots.project_id = o.project_id)
           AS gib,
       (SELECT count(*) FROM snapshots WHERE snapshots.project_id = o.project_id) AS snapshots,
       (SELECT count(*) FROM backups WHERE backups.project_id = o.project_id) AS backups
FROM (SELECT id AS project_id FROM projects
      UNION SELECT project_id FROM disks
      UNION SELECT project_id FROM snapshots
      UNION SELECT project_id FROM backups) AS o
LEFT JOIN projects AS p ON p.id = o.project_id;

-- Why a disk cannot be offered: one row for each obstacle, none for a disk without any.
CREATE VIEW v_why_not_transferable AS
SELECT id AS disk_id, 'its status is ' || status || ', not available' AS obstacle
FROM disks WHERE status <> 'available'
UNION ALL
SELECT d.id, 'it has ' || count(*) || ' snapshot(s)'
FROM disks AS d JOIN snapshots AS s ON s.disk_id = d.id GROUP BY d.id
UNION ALL
SELECT d.id, 'it has ' || count(*) || ' backup(s)'
FROM disks AS d JOIN backups AS b ON b.disk_id = d.id GROUP BY d.id
UNION ALL
SELECT b.disk_id, 'it is under the backup policy ' || p.name
FROM policy_disks AS b JOIN policies AS p ON p.id = b.policy_id
UNION ALL
SELECT id, 'it is a system disk' FROM disks WHERE bootable = 1
UNION ALL
SELECT id, 'it is encrypted'
FROM disks WHERE encrypted = 1 OR json_extract(metadata, '$.__system__encrypted') = '1'
UNION ALL
SELECT id, 'it is paid for by the year or the month'
FROM disks WHERE coalesce(json_extract(metadata, '$.orderID'), '') <> ''
UNION ALL
SELECT id, 'it lies on the dedicated storage ' || dedicated_storage
FROM disks WHERE dedicated_storage IS NOT NULL;
