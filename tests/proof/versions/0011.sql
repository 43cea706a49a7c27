-- Access keys.

INSERT INTO access_keys (access, secret, user_id, project_id, description, enabled, created_at)
VALUES ('ACCESS1', 'a-secret-of-the-proof-1', 'ann', 'atlas', 'for scripts', 1, '2026-03-01T07:00:00.000001Z'), ('ACCESS2', 'a-secret-of-the-proof-2', 'bob', 'beta', '', 0, '2026-03-01T07:00:00.000001Z');
