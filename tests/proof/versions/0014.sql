-- An application credential, and a token of it.

INSERT INTO application_credentials (id, name, description, user_id, project_id, roles, secret_hash, unrestricted, created_at, expires_at)
VALUES ('cccccccccccccccccccccccccccccccc', 'robot', 'at night', 'ann', 'atlas', 'member', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 0, '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z');
INSERT INTO tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at, application_credential_id)
VALUES ('5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f5f', 'ann', 'atlas', 'application_credential', 'audit-5', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z', 'cccccccccccccccccccccccccccccccc');
