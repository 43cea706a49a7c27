-- Accounts: two projects, two users, what they may do and a token.

INSERT INTO domains (id, name) VALUES ('default', 'Default');
INSERT INTO projects (id, name, domain_id) VALUES ('atlas', 'Atlas', 'default'), ('beta', 'Beta', 'default');
INSERT INTO users (id, name, domain_id, password_hash) VALUES ('ann', 'Ann', 'default', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA'), ('bob', 'Bob', 'default', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA');
INSERT INTO role_assignments (user_id, project_id, role) VALUES ('ann', 'atlas', 'admin'), ('bob', 'beta', 'reader');
INSERT INTO tokens (hash, user_id, project_id, methods, audit_id, issued_at, expires_at)
VALUES ('1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f', 'ann', 'atlas', 'password', 'audit-1', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z'), ('2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f', 'bob', NULL, 'password,token', 'audit-2', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z');
