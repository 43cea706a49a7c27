-- Tokens and roles beyond projects.

INSERT INTO domain_role_assignments (user_id, domain_id, role) VALUES ('ann', 'default', 'admin');
INSERT INTO tokens (hash, user_id, methods, audit_id, issued_at, expires_at, domain_id, system)
VALUES ('3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f', 'ann', 'password', 'audit-3', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z', 'default', 0), ('4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f', 'ann', 'password', 'audit-4', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z', NULL, 1);
