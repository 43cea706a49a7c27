-- Events: how each disk came to be as it is.

INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000001',
        NULL, '{"status": "available", "project_id": "atlas"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000002', 'dddddddd-0000-4000-8000-000000000002',
        NULL, '{"status": "available", "project_id": "atlas"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'transfer.create', '77777777-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000002',
        '{"status": "available", "project_id": "atlas"}', '{"status": "awaiting-transfer", "project_id": "atlas"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000003', 'dddddddd-0000-4000-8000-000000000003',
        NULL, '{"status": "error", "project_id": "beta"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000004', 'dddddddd-0000-4000-8000-000000000004',
        NULL, '{"status": "awaiting-transfer", "project_id": "atlas"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'transfer.accept', '77777777-0000-4000-8000-000000000002', 'dddddddd-0000-4000-8000-000000000004',
        '{"status": "awaiting-transfer", "project_id": "atlas"}', '{"status": "maintenance", "project_id": "beta"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000008', 'dddddddd-0000-4000-8000-000000000008',
        NULL, '{"status": "available", "project_id": "beta"}');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.delete', 'dddddddd-0000-4000-8000-000000000008', 'dddddddd-0000-4000-8000-000000000008',
        '{"status": "available", "project_id": "beta"}', NULL);
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'policy.create', 'eeeeeeee-0000-4000-8000-000000000001', NULL,
        NULL, NULL);
