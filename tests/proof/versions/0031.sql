-- An event that says why.

INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'database.edit', 'database', NULL,
        NULL, NULL);
UPDATE events SET reason = 'another process wrote to the data file' WHERE action = 'database.edit';
