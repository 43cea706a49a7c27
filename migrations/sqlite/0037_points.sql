-- More goes wrong at the points of the work than the end of the process: the work panics or fails there. The list of
-- effects is part of the table, so it is made anew; the rules stay in their order.

CREATE TABLE faults_anew (
    id               TEXT    NOT NULL,  -- UUID, lower case with dashes
    note             TEXT,              -- what people say about it; null: nothing
    operation        TEXT,              -- the calls it is about: transfer.accept, transfer.*, or *; null: it is about no calls but about a step or due work
    project_id       TEXT,              -- only this project's; null: every project's
    disk_id          TEXT,              -- only what is about this disk; null: about any or none
    skip             INTEGER NOT NULL,  -- so many are let through first, counted from each start of the server
    times            INTEGER,           -- at most so many are met, counted likewise; null: any number
    probability_ppm  INTEGER NOT NULL,  -- how likely each of the others is met, in millionths
    seed             INTEGER NOT NULL,  -- what the dice begin with
    effect           TEXT    NOT NULL,  -- error, delay, drop, fail_step, crash, panic or fail
    detail           TEXT    NOT NULL,  -- which error, how many milliseconds, before, after or at which point, which step, which point
    created_at       TEXT    NOT NULL,  -- when it was made
    CONSTRAINT faults_key PRIMARY KEY (id),
    CONSTRAINT faults_id_is_a_uuid CHECK (length(id) = 36),
    CONSTRAINT faults_disk_id_is_a_uuid CHECK (length(disk_id) = 36),
    CONSTRAINT faults_skip_is_a_count CHECK (skip BETWEEN 0 AND 4294967295),
    CONSTRAINT faults_times_is_a_count CHECK (times BETWEEN 1 AND 4294967295),
    CONSTRAINT faults_probability_is_one CHECK (probability_ppm BETWEEN 1 AND 1000000),
    CONSTRAINT faults_seed_is_one CHECK (seed BETWEEN 0 AND 4294967295),
    CONSTRAINT faults_effect_is_known CHECK (effect IN ('error', 'delay', 'drop', 'fail_step', 'crash', 'panic', 'fail')),
    CONSTRAINT faults_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

INSERT INTO faults_anew (id, note, operation, project_id, disk_id, skip, times, probability_ppm, seed, effect, detail,
                         created_at)
SELECT id, note, operation, project_id, disk_id, skip, times, probability_ppm, seed, effect, detail, created_at
FROM faults ORDER BY rowid;

DROP TABLE faults;
ALTER TABLE faults_anew RENAME TO faults;
