-- The offers of disks to other projects. Finished ones stay, for people who look back; the API shows
-- pending ones only. A finished transfer outlives its disk, so disk_id is no foreign key.

CREATE TABLE transfers (
    id                     TEXT    NOT NULL,  -- UUID, lower case with dashes
    disk_id                TEXT    NOT NULL,  -- the disk that is or was offered; it may be gone once the transfer is finished
    source_project_id      TEXT    NOT NULL,  -- the project that offers it
    source_user_id         TEXT    NOT NULL,  -- who offered it
    name                   TEXT,              -- null: it has none
    no_snapshots           INTEGER NOT NULL,  -- 1: the disk's snapshots were asked to stay behind
    key_hash               TEXT    NOT NULL,  -- argon2id of the auth key, as a PHC string; the key itself is nowhere
    status                 TEXT    NOT NULL,  -- pending, then accepted, deleted or expired for ever
    destination_project_id TEXT,              -- the project that took the disk; null: nobody did
    destination_user_id    TEXT,              -- who took it; null: nobody did
    created_at             TEXT    NOT NULL,  -- when it was offered
    finished_at            TEXT,              -- when it was accepted, deleted or expired; null: it is pending
    CONSTRAINT transfers_key PRIMARY KEY (id),
    CONSTRAINT transfers_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT transfers_no_snapshots_is_0_or_1 CHECK (no_snapshots IN (0, 1)),
    CONSTRAINT transfers_key_is_hashed CHECK (key_hash LIKE '$argon2id$%'),
    CONSTRAINT transfers_status_is_known CHECK (status IN ('pending', 'accepted', 'deleted', 'expired')),
    CONSTRAINT transfers_finished_has_a_time CHECK ((status = 'pending') = (finished_at IS NULL)),
    CONSTRAINT transfers_accepted_has_a_project
        CHECK ((status = 'accepted') = (destination_project_id IS NOT NULL)),
    CONSTRAINT transfers_accepted_has_a_user
        CHECK ((status = 'accepted') = (destination_user_id IS NOT NULL)),
    CONSTRAINT transfers_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT transfers_finished_at_is_a_time CHECK (finished_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

-- Two offers of one disk at the same moment: the second breaks this, whatever the code believed.
CREATE UNIQUE INDEX transfers_one_pending_per_disk ON transfers (disk_id) WHERE status = 'pending';
-- Lists of pending ones, of a project and of all projects.
CREATE INDEX transfers_pending_by_project ON transfers (source_project_id, created_at, id) WHERE status = 'pending';
CREATE INDEX transfers_pending_by_age ON transfers (created_at, id) WHERE status = 'pending';
CREATE INDEX transfers_by_disk ON transfers (disk_id, created_at);

CREATE TRIGGER transfers_finished_never_change
BEFORE UPDATE ON transfers
WHEN OLD.status <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'a finished transfer never changes');
END;
