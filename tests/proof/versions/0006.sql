-- Transfers: pending, accepted and deleted.

INSERT INTO transfers (id, disk_id, source_project_id, source_user_id, name, no_snapshots, key_hash, status, destination_project_id, destination_user_id, created_at, finished_at)
VALUES ('77777777-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000002', 'atlas', 'ann', 'offer', 1, '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 'pending', NULL, NULL, '2026-03-01T07:00:00.000001Z', NULL),
       ('77777777-0000-4000-8000-000000000002', 'dddddddd-0000-4000-8000-000000000004', 'atlas', 'ann', NULL, 0, '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 'accepted', 'beta', 'bob', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z'),
       ('77777777-0000-4000-8000-000000000003', 'dddddddd-0000-4000-8000-000000000002', 'atlas', 'ann', NULL, 0, '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaA', 'deleted', NULL, NULL, '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
UPDATE disks SET status = 'awaiting-transfer', transfer_id = '77777777-0000-4000-8000-000000000001' WHERE id = 'dddddddd-0000-4000-8000-000000000002';
