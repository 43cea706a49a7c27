-- An incremental backup of a policy, under way, and one that failed.

INSERT INTO backups (id, disk_id, project_id, user_id, size_gib, incremental, zone, status, created_at, snapshot_id, own_snapshot,
                     base_id, policy_id, native, metadata, data_at, next_at, next_outcome)
VALUES ('bbbbbbbb-0000-4000-8000-000000000003', 'dddddddd-0000-4000-8000-000000000001', 'atlas', 'ann', 40, 1, 'az-sim-1', 'creating', '2026-03-01T07:00:00.000001Z', '55555555-0000-4000-8000-000000000003', 1, 'bbbbbbbb-0000-4000-8000-000000000001', 'eeeeeeee-0000-4000-8000-000000000001', 1, '{"m": "n"}', '2026-03-02T08:30:00.250000Z', '2099-01-01T00:00:00.000000Z', 'done');
UPDATE backups SET fail_reason = 'no room in the vault' WHERE id = 'bbbbbbbb-0000-4000-8000-000000000002';
