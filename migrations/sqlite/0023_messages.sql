-- What a user is told about work that failed after its request was answered (Cinder's messages).

CREATE TABLE messages (
    id               TEXT NOT NULL,  -- UUID, lower case with dashes
    project_id       TEXT NOT NULL,  -- the project that is told
    request_id       TEXT NOT NULL,  -- the request whose work failed
    disk_id          TEXT NOT NULL,  -- the disk it is about, which may be gone
    operation        TEXT NOT NULL,  -- what failed
    created_at       TEXT NOT NULL,  -- when it failed
    guaranteed_until TEXT NOT NULL,  -- until then the message is kept unless somebody deletes it
    CONSTRAINT messages_key PRIMARY KEY (id),
    CONSTRAINT messages_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT messages_operation_is_known CHECK (operation IN (
        'create', 'download', 'restore', 'extend', 'retype', 'upload', 'revert', 'rollback',
        'backup', 'delete')),
    CONSTRAINT messages_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT messages_guaranteed_until_is_a_time
        CHECK (guaranteed_until LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE INDEX messages_by_project ON messages (project_id, created_at, id);
CREATE INDEX messages_by_age ON messages (created_at, id);
CREATE INDEX messages_by_end ON messages (guaranteed_until);
