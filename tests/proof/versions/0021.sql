-- Jobs, under way and over.

INSERT INTO jobs (id, project_id, kind, client_token, fingerprint, begun_at)
VALUES ('00000000000000000000000000000001', 'atlas', 'extend', 'token-1', 'fingerprint-1', '2026-03-01T07:00:00.000001Z'), ('00000000000000000000000000000002', 'atlas', 'delete', NULL, NULL, '2026-03-01T07:00:00.000001Z');
INSERT INTO job_parts (id, job_id, place, disk_id, disk_name, size_gib, disk_type, status, failed_into, ended_at)
VALUES ('00000000000000000000000000000003', '00000000000000000000000000000001', 0, 'dddddddd-0000-4000-8000-000000000005', 'grows', 9, 'SSD', 'running', NULL, NULL), ('00000000000000000000000000000004', '00000000000000000000000000000002', 0, 'dddddddd-0000-4000-8000-000000000008', NULL, 3, 'SSD', 'fail', 'error_deleting', '2026-03-02T08:30:00.250000Z');
