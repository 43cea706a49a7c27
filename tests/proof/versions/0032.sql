-- An offer that ends, one that did, and a kept answer.

UPDATE transfers SET expires_at = '2099-01-01T00:00:00.000000Z', expiry_source = 'header' WHERE id = '77777777-0000-4000-8000-000000000001';
INSERT INTO idempotency_keys (key_hash, request_hash, project_id, user_id, action, transfer_id, status, nonce, sealed_answer, created_at, expires_at)
VALUES ('6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f', '7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f', 'atlas', 'ann', 'transfer.create', '77777777-0000-4000-8000-000000000001', 202, '8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f8f', 'c2VhbGVk', '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z');
INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, name, no_snapshots, key_hash, status, created_at, finished_at, expires_at, expiry_source)
VALUES ('77777777-0000-4000-8000-000000000004', 'dddddddd-0000-4000-8000-000000000008', 'beta', 'bob', 'late', 0, '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 'expired', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z', '2026-03-02T08:30:00.000000Z', 'setting');
