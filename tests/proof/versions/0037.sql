-- A fault that panics, and one that fails, at a point.

INSERT INTO faults (id, note, operation, project_id, disk_id, skip, times, probability_ppm, seed, effect, detail, created_at)
VALUES ('aaaaaaaa-0000-4000-8000-000000000010', NULL, 'disk.create', NULL, NULL, 1000, NULL, 1000000, 7, 'panic', 'before_commit', '2026-03-01T07:00:00.000001Z'),
       ('aaaaaaaa-0000-4000-8000-000000000011', NULL, 'disk.delete', NULL, NULL, 1000, NULL, 1000000, 7, 'fail', 'before_writes', '2026-03-01T07:00:00.000001Z');
