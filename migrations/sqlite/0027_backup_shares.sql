-- Backups that are shared: another project may make disks from one, and may do nothing else to it. A share goes with
-- its backup. Who shares is the project that has the backup.

CREATE TABLE backup_shares (
    id         TEXT NOT NULL,  -- UUID, lower case with dashes
    backup_id  TEXT NOT NULL,  -- the backup
    project_id TEXT NOT NULL,  -- the project that it is shared with
    created_at TEXT NOT NULL,  -- since when
    CONSTRAINT backup_shares_key PRIMARY KEY (id),
    CONSTRAINT backup_shares_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT backup_shares_one_per_project UNIQUE (backup_id, project_id),
    CONSTRAINT backup_shares_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT backup_shares_backup_exists FOREIGN KEY (backup_id) REFERENCES backups (id) ON DELETE CASCADE
) STRICT;

-- What is shared with a project.
CREATE INDEX backup_shares_by_project ON backup_shares (project_id, created_at, id);
