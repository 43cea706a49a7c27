-- Disk types, what else is known of them, and qualities of service. Disks and snapshots keep the name
-- of their type, which is what every answer shows: a type that is renamed is renamed there too. The
-- first start on a file without types fills these tables from the settings; from then on the rows
-- rule.

CREATE TABLE qos_specs (
    id         TEXT NOT NULL,  -- UUID, lower case with dashes
    name       TEXT NOT NULL,  -- what people call it
    consumer   TEXT NOT NULL,  -- who applies it: front-end, back-end or both
    created_at TEXT NOT NULL,  -- when it was made
    updated_at TEXT,           -- when it last changed; null: never
    CONSTRAINT qos_specs_key PRIMARY KEY (id),
    CONSTRAINT qos_specs_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT qos_specs_name_is_unique UNIQUE (name),
    CONSTRAINT qos_specs_consumer_is_known CHECK (consumer IN ('front-end', 'back-end', 'both')),
    CONSTRAINT qos_specs_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT qos_specs_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE INDEX qos_specs_by_age ON qos_specs (created_at, id);

CREATE TABLE qos_spec_values (
    qos_specs_id TEXT NOT NULL,  -- whose key it is
    key          TEXT NOT NULL,  -- total_iops_sec, read_bytes_sec, …
    value        TEXT,           -- what is set; null: the key without a value
    CONSTRAINT qos_spec_values_key PRIMARY KEY (qos_specs_id, key),
    CONSTRAINT qos_spec_values_specs_exist FOREIGN KEY (qos_specs_id) REFERENCES qos_specs (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE disk_types (
    id           TEXT    NOT NULL,  -- UUID, lower case with dashes
    name         TEXT    NOT NULL,  -- what disks, snapshots and quota keys call it
    description  TEXT,              -- what people say of it; null: nothing
    is_public    INTEGER NOT NULL,  -- 0: only the projects of disk_type_access see and use it
    qos_specs_id TEXT,              -- the quality of its service; null: none is set
    created_at   TEXT    NOT NULL,  -- when it was made
    updated_at   TEXT,              -- when it last changed; null: never
    CONSTRAINT disk_types_key PRIMARY KEY (id),
    CONSTRAINT disk_types_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT disk_types_name_is_unique UNIQUE (name),
    CONSTRAINT disk_types_name_is_not_empty CHECK (name <> ''),
    CONSTRAINT disk_types_is_public_is_a_flag CHECK (is_public IN (0, 1)),
    CONSTRAINT disk_types_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disk_types_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disk_types_qos_specs_exist FOREIGN KEY (qos_specs_id) REFERENCES qos_specs (id) ON DELETE RESTRICT
) STRICT;

CREATE INDEX disk_types_by_age ON disk_types (created_at, id);
CREATE INDEX disk_types_by_qos_specs ON disk_types (qos_specs_id) WHERE qos_specs_id IS NOT NULL;

CREATE TABLE disk_type_extra_specs (
    disk_type_id TEXT NOT NULL,  -- whose key it is
    key          TEXT NOT NULL,  -- RESKEY:availability_zones, multiattach, …
    value        TEXT,           -- what is set; null: the key without a value
    CONSTRAINT disk_type_extra_specs_key PRIMARY KEY (disk_type_id, key),
    CONSTRAINT disk_type_extra_specs_type_exists FOREIGN KEY (disk_type_id) REFERENCES disk_types (id) ON DELETE CASCADE
) STRICT;

-- Projects are not foreign keys: in open mode any project may appear in a path.
CREATE TABLE disk_type_access (
    disk_type_id TEXT NOT NULL,  -- the private type
    project_id   TEXT NOT NULL,  -- a project that sees and uses it all the same
    created_at   TEXT NOT NULL,  -- since when
    CONSTRAINT disk_type_access_key PRIMARY KEY (disk_type_id, project_id),
    CONSTRAINT disk_type_access_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disk_type_access_type_exists FOREIGN KEY (disk_type_id) REFERENCES disk_types (id) ON DELETE CASCADE
) STRICT;

CREATE TABLE disk_type_encryptions (
    id               TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_type_id     TEXT    NOT NULL,  -- the type whose new disks are encrypted
    provider         TEXT    NOT NULL,  -- what encrypts: luks, …
    cipher           TEXT,              -- with which algorithm; null: the provider's own
    key_size         INTEGER,           -- in bits; null: the provider's own
    control_location TEXT    NOT NULL,  -- where it happens: front-end or back-end
    created_at       TEXT    NOT NULL,  -- when it was made
    updated_at       TEXT,              -- when it last changed; null: never
    CONSTRAINT disk_type_encryptions_key PRIMARY KEY (id),
    CONSTRAINT disk_type_encryptions_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT disk_type_encryptions_one_per_type UNIQUE (disk_type_id),
    CONSTRAINT disk_type_encryptions_key_size_is_not_negative CHECK (key_size >= 0),
    CONSTRAINT disk_type_encryptions_location_is_known CHECK (control_location IN ('front-end', 'back-end')),
    CONSTRAINT disk_type_encryptions_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disk_type_encryptions_updated_at_is_a_time CHECK (updated_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT disk_type_encryptions_type_exists FOREIGN KEY (disk_type_id) REFERENCES disk_types (id) ON DELETE CASCADE
) STRICT;
