-- Snapshots of disks. Any snapshot, whatever its status, forbids to transfer its disk, and its disk
-- cannot be removed while it is there.

CREATE TABLE snapshots (
    id          TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_id     TEXT    NOT NULL,  -- the disk it was taken of, which stays as long as this does
    project_id  TEXT    NOT NULL,  -- the project that owns it
    user_id     TEXT    NOT NULL,  -- who took it
    name        TEXT,              -- null: it has none
    description TEXT,              -- what it is for; null: nobody said
    size_gib    INTEGER NOT NULL,  -- the disk's size when it was taken, in GiB
    disk_type   TEXT    NOT NULL,  -- the type of its disk, copied so that quotas by type need no join
    status      TEXT    NOT NULL,  -- what it is doing, in the API's word
    metadata    TEXT    NOT NULL,  -- the user's own keys and values, a JSON object of texts
    created_at  TEXT    NOT NULL,  -- when it was taken
    updated_at  TEXT,              -- when it last changed; null: never
    CONSTRAINT snapshots_key PRIMARY KEY (id),
    CONSTRAINT snapshots_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT snapshots_size_is_positive CHECK (size_gib > 0),
    CONSTRAINT snapshots_status_is_known CHECK (status IN (
        'creating', 'available', 'error', 'deleting', 'error_deleting', 'rollbacking', 'backing-up')),
    CONSTRAINT snapshots_metadata_is_json CHECK (json_valid(metadata) AND json_type(metadata) = 'object'),
    CONSTRAINT snapshots_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT snapshots_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT snapshots_disk_exists FOREIGN KEY (disk_id) REFERENCES disks (id) ON DELETE RESTRICT
) STRICT;

-- Lists, of a project, of all projects and of a disk.
CREATE INDEX snapshots_by_project ON snapshots (project_id, created_at, id);
CREATE INDEX snapshots_by_age ON snapshots (created_at, id);
CREATE INDEX snapshots_by_disk ON snapshots (disk_id, created_at);
-- Usage is counted from rows: this index alone answers it.
CREATE INDEX snapshots_usage ON snapshots (project_id, disk_type, size_gib);
