-- One row for each change, written in the change's own transaction: who, in which request, what,
-- before and after. Numbers have no gaps: each is the one before it plus one, and a change that is
-- undone takes its number back. Nothing is a foreign key, since events outlive what they tell of.

CREATE TABLE events (
    seq         INTEGER NOT NULL,  -- 1, 2, 3, … without gaps, in the order of the commits
    at          TEXT    NOT NULL,  -- when
    request_id  TEXT    NOT NULL,  -- in which request
    user_id     TEXT    NOT NULL,  -- who
    project_id  TEXT    NOT NULL,  -- on behalf of which project
    action      TEXT    NOT NULL,  -- what: disk.create, transfer.accept, …
    resource_id TEXT    NOT NULL,  -- the resource that the action names
    disk_id     TEXT,              -- the disk whose state before and after are; null: they are not a disk's
    before      TEXT,              -- the state before, as JSON; null: it is new
    after       TEXT,              -- the state after, as JSON; null: it is gone
    CONSTRAINT events_key PRIMARY KEY (seq),
    CONSTRAINT events_at_is_a_time CHECK (at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT events_before_is_json CHECK (json_valid(before)),
    CONSTRAINT events_after_is_json CHECK (json_valid(after))
) STRICT;

CREATE INDEX events_by_disk ON events (disk_id, seq);
