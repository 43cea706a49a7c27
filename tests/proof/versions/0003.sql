-- Snapshots.

INSERT INTO snapshots (id, disk_id, project_id, user_id, name, description, size_gib, disk_type, status, metadata, created_at, updated_at)
VALUES ('55555555-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000001', 'atlas', 'ann', 'before', 'the books closed', 40, 'SSD', 'available', '{"a": "b"}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z'),
       ('55555555-0000-4000-8000-000000000002', 'dddddddd-0000-4000-8000-000000000003', 'beta', 'bob', NULL, NULL, 1, 'SSD', 'error', '{}', '2026-03-01T07:00:00.000001Z', NULL);
