-- Backups of disks. A backup outlives its disk, so disk_id is no foreign key. While the disk is
-- there, any backup of it, whatever its status, forbids to transfer it.

CREATE TABLE backups (
    id          TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_id     TEXT    NOT NULL,  -- the disk it was made of, which may be gone
    project_id  TEXT    NOT NULL,  -- the project that owns it
    user_id     TEXT    NOT NULL,  -- who made it
    name        TEXT,              -- null: it has none
    description TEXT,              -- what it is for; null: nobody said
    container   TEXT,              -- where it is kept; null: the default place
    size_gib    INTEGER NOT NULL,  -- the disk's size when it was made, in GiB
    incremental INTEGER NOT NULL,  -- 1: holds only what changed since the backup before it
    zone        TEXT    NOT NULL,  -- the disk's availability zone when it was made
    status      TEXT    NOT NULL,  -- what it is doing, in the API's word
    created_at  TEXT    NOT NULL,  -- when it was made
    updated_at  TEXT,              -- when it last changed; null: never
    CONSTRAINT backups_key PRIMARY KEY (id),
    CONSTRAINT backups_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT backups_size_is_positive CHECK (size_gib > 0),
    CONSTRAINT backups_incremental_is_0_or_1 CHECK (incremental IN (0, 1)),
    CONSTRAINT backups_status_is_known CHECK (status IN (
        'creating', 'available', 'restoring', 'deleting', 'error', 'error_restoring',
        'error_deleting')),
    CONSTRAINT backups_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT backups_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

-- Lists, of a project, of all projects and of a disk.
CREATE INDEX backups_by_project ON backups (project_id, created_at, id);
CREATE INDEX backups_by_age ON backups (created_at, id);
CREATE INDEX backups_by_disk ON backups (disk_id, created_at);
-- Usage is counted from rows: this index alone answers it.
CREATE INDEX backups_usage ON backups (project_id, size_gib);
