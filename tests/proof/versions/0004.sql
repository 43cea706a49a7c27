-- Backups, one of a disk that is gone.

INSERT INTO backups (id, disk_id, project_id, user_id, name, description, container, size_gib, incremental, zone, status, created_at, updated_at)
VALUES ('bbbbbbbb-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000001', 'atlas', 'ann', 'weekly', 'the books', 'vault', 40, 0, 'az-sim-1', 'available', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z'),
       ('bbbbbbbb-0000-4000-8000-000000000002', 'dddddddd-0000-4000-8000-000000000008', 'beta', 'bob', NULL, NULL, NULL, 3, 0, 'az-sim-2', 'error', '2026-03-01T07:00:00.000001Z', NULL);
