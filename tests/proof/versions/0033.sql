-- A fault.

INSERT INTO faults (id, note, operation, project_id, disk_id, skip, times, probability_ppm, seed, effect, detail, created_at)
VALUES ('aaaaaaaa-0000-4000-8000-000000000009', 'for the proof', 'disk.create', 'atlas', 'dddddddd-0000-4000-8000-000000000001', 1000, 1, 1000000, 7, 'delay', '1', '2026-03-01T07:00:00.000001Z');
