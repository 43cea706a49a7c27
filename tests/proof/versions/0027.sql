-- A shared backup.

INSERT INTO backup_shares (id, backup_id, project_id, created_at) VALUES ('aaaaaaaa-0000-4000-8000-000000000008', 'bbbbbbbb-0000-4000-8000-000000000001', 'beta', '2026-03-02T08:30:00.250000Z');
