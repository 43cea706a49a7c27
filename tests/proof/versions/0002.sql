-- Disks: one of each kind that could be made, in several statuses.

INSERT INTO disks (id, project_id, user_id, name, description, size_gib, status, disk_type, zone, bootable, multiattach,
                   encrypted, dedicated_storage, metadata, created_at, updated_at)
VALUES ('dddddddd-0000-4000-8000-000000000001', 'atlas', 'ann', 'ledger', 'the books', 40, 'available', 'SSD', 'az-sim-1', 0, 1, 0, NULL, '{"k": "v"}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z'),
       ('dddddddd-0000-4000-8000-000000000002', 'atlas', 'ann', NULL, NULL, 10, 'available', 'SSD', 'az-sim-2', 0, 0, 0, NULL, '{}', '2026-03-01T07:00:00.000001Z', NULL),
       ('dddddddd-0000-4000-8000-000000000003', 'beta', 'bob', 'broken', '', 1, 'error', 'SSD', 'az-sim-1', 1, 0, 1, 'dss-1', '{"__system__encrypted": "1"}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z'),
       ('dddddddd-0000-4000-8000-000000000004', 'beta', 'bob', 'ünïcode ''quoted''', NULL, 32768, 'maintenance', 'SSD', 'az-sim-1', 0, 0, 0, NULL, '{}', '2026-03-01T07:00:00.000001Z', NULL);
