-- A snapshot under way.

INSERT INTO snapshots (id, disk_id, project_id, user_id, size_gib, disk_type, status, metadata, next_at, next_outcome, created_at)
VALUES ('55555555-0000-4000-8000-000000000003', 'dddddddd-0000-4000-8000-000000000001', 'atlas', 'ann', 40, 'SSD', 'creating', '{}', '2099-01-01T00:00:00.000000Z', 'done', '2026-03-01T07:00:00.000001Z');
