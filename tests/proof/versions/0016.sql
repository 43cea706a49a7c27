-- A disk that grows and one that changes its type.

INSERT INTO disks (id, project_id, user_id, name, description, size_gib, status, disk_type, zone, bootable, multiattach,
                   encrypted, dedicated_storage, metadata, created_at, updated_at,
                   read_only, from_snapshot_id, from_disk_id, image_metadata, previous_status, next_at, next_outcome, next_size_gib, next_type)
VALUES ('dddddddd-0000-4000-8000-000000000005', 'atlas', 'ann', 'grows', NULL, 5, 'extending', 'SSD', 'az-sim-1', 0, 0, 0, NULL, '{}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z',
        1, '55555555-0000-4000-8000-000000000001', NULL, '{"os": "linux"}', 'available', '2099-01-01T00:00:00.000000Z', 'done', 9, NULL),
       ('dddddddd-0000-4000-8000-000000000006', 'atlas', 'ann', 'changes', NULL, 5, 'retyping', 'SSD', 'az-sim-1', 0, 0, 0, NULL, '{}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z',
        0, NULL, 'dddddddd-0000-4000-8000-000000000001', '{}', 'available', '2099-01-01T00:00:00.000000Z', 'failed', NULL, 'gold');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.extend', 'dddddddd-0000-4000-8000-000000000005', 'dddddddd-0000-4000-8000-000000000005',
        NULL, '{"status": "extending", "project_id": "atlas"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.retype', 'dddddddd-0000-4000-8000-000000000006', 'dddddddd-0000-4000-8000-000000000006',
        NULL, '{"status": "retyping", "project_id": "atlas"}');
