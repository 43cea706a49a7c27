-- Snapshots in full: how far one has come, as an administrator may say, and messages about what failed on snapshots
-- and backups and not on disks alone. The list of operations is part of the table of messages, so it is made anew.

ALTER TABLE snapshots ADD COLUMN progress INTEGER /* how far it has come in percent, if somebody said so; null: its status says it */ CONSTRAINT snapshots_progress_is_a_percentage CHECK (progress BETWEEN 0 AND 100);

CREATE TABLE messages_anew (
    id               TEXT NOT NULL,  -- UUID, lower case with dashes
    project_id       TEXT NOT NULL,  -- the project that is told
    request_id       TEXT NOT NULL,  -- the request whose work failed
    thing            TEXT NOT NULL,  -- what it is about: a disk, a snapshot or a backup
    thing_id         TEXT NOT NULL,  -- the id of that, which may be gone
    operation        TEXT NOT NULL,  -- what failed
    created_at       TEXT NOT NULL,  -- when it failed
    guaranteed_until TEXT NOT NULL,  -- until then the message is kept unless somebody deletes it
    CONSTRAINT messages_key PRIMARY KEY (id),
    CONSTRAINT messages_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT messages_thing_is_known CHECK (thing IN ('disk', 'snapshot', 'backup')),
    CONSTRAINT messages_thing_id_is_a_uuid CHECK (length(thing_id) = 36),
    CONSTRAINT messages_operation_is_known CHECK (operation IN (
        'create', 'download', 'restore', 'extend', 'retype', 'upload', 'revert', 'rollback',
        'backup', 'delete', 'snapshot', 'delete_snapshot', 'delete_backup')),
    CONSTRAINT messages_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT messages_guaranteed_until_is_a_time
        CHECK (guaranteed_until LIKE '____-__-__T__:__:__.______Z')
) STRICT;

INSERT INTO messages_anew (id, project_id, request_id, thing, thing_id, operation, created_at,
                           guaranteed_until)
SELECT id, project_id, request_id, 'disk', disk_id, operation, created_at, guaranteed_until
FROM messages;

DROP TABLE messages;
ALTER TABLE messages_anew RENAME TO messages;

CREATE INDEX messages_by_project ON messages (project_id, created_at, id);
CREATE INDEX messages_by_age ON messages (created_at, id);
CREATE INDEX messages_by_end ON messages (guaranteed_until);

-- Which request began what failed on a snapshot or a backup; those of disks are found by their disk.
CREATE INDEX events_of_beginnings ON events (resource_id, seq)
    WHERE action IN ('snapshot.create', 'snapshot.delete', 'backup.create', 'backup.delete');
