-- A disk in use, with its attachment.

INSERT INTO disks (id, project_id, user_id, name, description, size_gib, status, disk_type, zone, bootable, multiattach,
                   encrypted, dedicated_storage, metadata, created_at, updated_at, read_only_told)
VALUES ('dddddddd-0000-4000-8000-000000000007', 'atlas', 'ann', 'used', NULL, 5, 'in-use', 'SSD', 'az-sim-1', 0, 0, 0, NULL, '{}', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z', 1);
INSERT INTO attachments (id, disk_id, project_id, server_id, host_name, mountpoint, mode, status, connector, attached_at, created_at, updated_at)
VALUES ('aaaaaaaa-0000-4000-8000-000000000005', 'dddddddd-0000-4000-8000-000000000007', 'atlas', 'aaaaaaaa-0000-4000-8000-000000000006', 'host-1', '/dev/vdb', 'rw', 'attached', '{"ip": "127.0.0.1"}', '2026-03-02T08:30:00.250000Z', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
INSERT INTO events (seq, at, request_id, user_id, project_id, action, resource_id, disk_id, before, after)
VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM events), '2026-03-02T08:30:00.250000Z', 'req-1', 'ann', 'atlas', 'disk.create', 'dddddddd-0000-4000-8000-000000000007', 'dddddddd-0000-4000-8000-000000000007',
        NULL, '{"status": "in-use", "project_id": "atlas"}');
