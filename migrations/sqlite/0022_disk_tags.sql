-- What only the cloud's own API tells of a disk: its tags, at most ten, and the enterprise project it is billed to.
-- Both belong to the disk and go with it when it changes hands.

CREATE TABLE disk_tags (
    disk_id TEXT NOT NULL,  -- the disk
    key     TEXT NOT NULL,  -- 1 to 36 letters, digits, _ and -
    value   TEXT NOT NULL,  -- up to 43 of the same
    CONSTRAINT disk_tags_one_value_per_key PRIMARY KEY (disk_id, key),
    CONSTRAINT disk_tags_key_is_well_formed CHECK (length(key) BETWEEN 1 AND 36 AND key NOT GLOB '*[^A-Za-z0-9_-]*'),
    CONSTRAINT disk_tags_value_is_well_formed CHECK (length(value) <= 43 AND value NOT GLOB '*[^A-Za-z0-9_-]*'),
    CONSTRAINT disk_tags_disk_exists FOREIGN KEY (disk_id) REFERENCES disks (id) ON DELETE CASCADE
) STRICT;

-- Disks are looked up by their tags.
CREATE INDEX disk_tags_by_key ON disk_tags (key, value, disk_id);

ALTER TABLE disks ADD COLUMN enterprise_project TEXT NOT NULL DEFAULT '0' /* the id of the enterprise project it is billed to; 0 is the default one */;
