-- Disk types with all that belongs to them.

INSERT INTO qos_specs (id, name, consumer, created_at, updated_at) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'fast', 'both', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
INSERT INTO qos_spec_values (qos_specs_id, key, value) VALUES ('aaaaaaaa-0000-4000-8000-000000000001', 'iops', '100');
INSERT INTO disk_types (id, name, description, is_public, qos_specs_id, created_at, updated_at)
VALUES ('aaaaaaaa-0000-4000-8000-000000000002', 'SSD', 'the usual one', 1, NULL, '2026-03-01T07:00:00.000001Z', NULL), ('aaaaaaaa-0000-4000-8000-000000000003', 'gold', 'for few', 0, 'aaaaaaaa-0000-4000-8000-000000000001', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
INSERT INTO disk_type_extra_specs (disk_type_id, key, value) VALUES ('aaaaaaaa-0000-4000-8000-000000000003', 'tier', 'one');
INSERT INTO disk_type_access (disk_type_id, project_id, created_at) VALUES ('aaaaaaaa-0000-4000-8000-000000000003', 'atlas', '2026-03-02T08:30:00.250000Z');
INSERT INTO disk_type_encryptions (id, disk_type_id, provider, cipher, key_size, control_location, created_at, updated_at)
VALUES ('aaaaaaaa-0000-4000-8000-000000000004', 'aaaaaaaa-0000-4000-8000-000000000003', 'luks', 'aes-xts-plain64', 256, 'front-end', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
