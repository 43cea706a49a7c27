-- Which servers and hosts disks are attached to, or kept for. A row goes when its attachment ends, and with its
-- disk; the events tell of both. A disk that is available or offered to another project has none.

CREATE TABLE attachments (
    id          TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_id     TEXT    NOT NULL,  -- the disk
    project_id  TEXT    NOT NULL,  -- the project that owns the disk
    server_id   TEXT,              -- UUID of the server; null: a host without one
    host_name   TEXT,              -- the host it is attached to; null: nobody said
    mountpoint  TEXT,              -- where the server sees it, as in /dev/vdb; null: nobody said
    mode        TEXT,              -- rw or ro; null: nobody said
    status      TEXT    NOT NULL,  -- how far it has come, in the API's word
    connector   TEXT,              -- what the host says of itself, a JSON object; null: nothing yet
    attached_at TEXT,              -- when the host was connected; null: not yet
    created_at  TEXT    NOT NULL,  -- when it was made
    updated_at  TEXT,              -- when it last changed; null: never
    CONSTRAINT attachments_key PRIMARY KEY (id),
    CONSTRAINT attachments_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT attachments_server_id_is_a_uuid CHECK (length(server_id) = 36),
    CONSTRAINT attachments_mode_is_known CHECK (mode IN ('rw', 'ro')),
    CONSTRAINT attachments_status_is_known CHECK (status IN (
        'reserved', 'attaching', 'attached', 'error_attaching', 'error_detaching')),
    CONSTRAINT attachments_attached_has_a_time CHECK (status <> 'attached' OR attached_at IS NOT NULL),
    CONSTRAINT attachments_connector_is_json
        CHECK (json_valid(connector) AND json_type(connector) = 'object'),
    CONSTRAINT attachments_attached_at_is_a_time CHECK (attached_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT attachments_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT attachments_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT attachments_disk_exists FOREIGN KEY (disk_id) REFERENCES disks (id) ON DELETE CASCADE
) STRICT;

-- Those of a disk, which are read with it.
CREATE INDEX attachments_by_disk ON attachments (disk_id, created_at, id);
-- Lists, of a project and of all projects.
CREATE INDEX attachments_by_project ON attachments (project_id, created_at, id);
CREATE INDEX attachments_by_age ON attachments (created_at, id);

-- That a disk is writable is told only once somebody has said so.
ALTER TABLE disks ADD COLUMN read_only_told INTEGER NOT NULL DEFAULT 0 /* 1: somebody said whether servers may only read it */ CONSTRAINT disks_read_only_told_is_0_or_1 CHECK (read_only_told IN (0, 1));
UPDATE disks SET read_only_told = 1 WHERE read_only = 1;
