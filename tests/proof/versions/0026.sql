-- A job about a backup.

INSERT INTO jobs (id, project_id, kind, begun_at) VALUES ('00000000000000000000000000000005', 'atlas', 'create_backup', '2026-03-01T07:00:00.000001Z');
INSERT INTO job_parts (id, job_id, place, disk_id, disk_name, size_gib, disk_type, backup_id, snapshot_id, ends_with, status)
VALUES ('00000000000000000000000000000006', '00000000000000000000000000000005', 0, 'dddddddd-0000-4000-8000-000000000001', 'ledger', 40, NULL, 'bbbbbbbb-0000-4000-8000-000000000003', '55555555-0000-4000-8000-000000000003', 'backup', 'running');
