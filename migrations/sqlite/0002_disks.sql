-- The disks. A disk has exactly one owning project at any time; only an accepted transfer changes it.
-- Projects and users are not foreign keys: in open mode any project may appear in a path.

CREATE TABLE disks (
    id                TEXT    NOT NULL,  -- UUID, lower case with dashes
    project_id        TEXT    NOT NULL,  -- the one project that owns it
    user_id           TEXT    NOT NULL,  -- who made it, or who accepted it last
    name              TEXT,              -- null: it has none; many disks may have the same
    description       TEXT,              -- what it is for; null: nobody said
    size_gib          INTEGER NOT NULL,  -- in GiB; it only grows
    status            TEXT    NOT NULL,  -- what it is doing, in the API's word
    disk_type         TEXT    NOT NULL,  -- the name of its type: SATA, SAS, GPSSD, SSD, ESSD, …
    zone              TEXT    NOT NULL,  -- the name of its availability zone
    bootable          INTEGER NOT NULL,  -- 1: a system disk, which is never transferred
    multiattach       INTEGER NOT NULL,  -- 1: may be attached to several servers
    encrypted         INTEGER NOT NULL,  -- 1: its type encrypts, or its metadata says so
    dedicated_storage TEXT,              -- the id of the dedicated storage it lies on; null: shared storage
    metadata          TEXT    NOT NULL,  -- the user's own keys and values, a JSON object of texts
    transfer_id       TEXT,              -- the pending transfer that offers it; null: it is not offered
    created_at        TEXT    NOT NULL,  -- when it was made
    updated_at        TEXT,              -- when it last changed; null: never
    CONSTRAINT disks_key PRIMARY KEY (id),
    CONSTRAINT disks_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT disks_size_is_positive CHECK (size_gib > 0),
    CONSTRAINT disks_status_is_known CHECK (status IN (
        'creating', 'downloading', 'available', 'attaching', 'in-use', 'detaching', 'extending',
        'backing-up', 'restoring-backup', 'uploading', 'rollbacking', 'reverting', 'retyping',
        'awaiting-transfer', 'deleting', 'error', 'error_extending', 'error_restoring',
        'error_rollbacking', 'error_deleting', 'error_managing', 'error_backing-up',
        'maintenance', 'reserved')),
    CONSTRAINT disks_bootable_is_0_or_1 CHECK (bootable IN (0, 1)),
    CONSTRAINT disks_multiattach_is_0_or_1 CHECK (multiattach IN (0, 1)),
    CONSTRAINT disks_encrypted_is_0_or_1 CHECK (encrypted IN (0, 1)),
    CONSTRAINT disks_metadata_is_json CHECK (json_valid(metadata) AND json_type(metadata) = 'object'),
    CONSTRAINT disks_awaiting_transfer_has_a_transfer
        CHECK ((status = 'awaiting-transfer') = (transfer_id IS NOT NULL)),
    CONSTRAINT disks_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disks_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disks_transfer_exists FOREIGN KEY (transfer_id) REFERENCES transfers (id) ON DELETE RESTRICT
) STRICT;

-- Lists, of a project and of all projects.
CREATE INDEX disks_by_project ON disks (project_id, created_at, id);
CREATE INDEX disks_by_age ON disks (created_at, id);
CREATE INDEX disks_by_name ON disks (project_id, name);
-- Usage is counted from rows: this index alone answers it.
CREATE INDEX disks_usage ON disks (project_id, disk_type, size_gib);
CREATE INDEX disks_by_transfer ON disks (transfer_id) WHERE transfer_id IS NOT NULL;
