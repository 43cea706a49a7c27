-- A message.

INSERT INTO messages (id, project_id, request_id, disk_id, operation, created_at, guaranteed_until)
VALUES ('aaaaaaaa-0000-4000-8000-000000000007', 'atlas', 'req-1', 'dddddddd-0000-4000-8000-000000000006', 'retype', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z');
