-- Faults: rules by which something goes wrong on purpose and that outlive a restart. Those for a session stand in no
-- table. What they have done is counted in memory, since a rule must not turn a read into a write.

CREATE TABLE faults (
    id               TEXT    NOT NULL,  -- UUID, lower case with dashes
    note             TEXT,              -- what people say about it; null: nothing
    operation        TEXT,              -- the calls it is about: transfer.accept, transfer.*, or *; null: it is about no calls but about a step or due work
    project_id       TEXT,              -- only this project's; null: every project's
    disk_id          TEXT,              -- only what is about this disk; null: about any or none
    skip             INTEGER NOT NULL,  -- so many are let through first, counted from each start of the server
    times            INTEGER,           -- at most so many are met, counted likewise; null: any number
    probability_ppm  INTEGER NOT NULL,  -- how likely each of the others is met, in millionths
    seed             INTEGER NOT NULL,  -- what the dice begin with
    effect           TEXT    NOT NULL,  -- error, delay, drop, fail_step or crash
    detail           TEXT    NOT NULL,  -- which error, how many milliseconds, before or after, which step, which point
    created_at       TEXT    NOT NULL,  -- when it was made
    CONSTRAINT faults_key PRIMARY KEY (id),
    CONSTRAINT faults_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT faults_disk_id_is_a_uuid CHECK (length(disk_id) = 36),
    CONSTRAINT faults_skip_is_a_count CHECK (skip BETWEEN 0 AND 4294967295),
    CONSTRAINT faults_times_is_a_count CHECK (times BETWEEN 1 AND 4294967295),
    CONSTRAINT faults_probability_is_one CHECK (probability_ppm BETWEEN 1 AND 1000000),
    CONSTRAINT faults_seed_is_one CHECK (seed BETWEEN 0 AND 4294967295),
    CONSTRAINT faults_effect_is_known CHECK (effect IN ('error', 'delay', 'drop', 'fail_step', 'crash')),
    CONSTRAINT faults_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;
