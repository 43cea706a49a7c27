-- A default policy, its tags, and tasks.

INSERT INTO policies (id, project_id, name, start_time, every_days, keep_count, keep_first_of_month, enabled, time_zone, created_at,
                      is_default, scheduled_since, next_run_at)
VALUES ('eeeeeeee-0000-4000-8000-000000000003', 'atlas', 'defaultPolicy', '12:00', 1, 10, 0, 1, 'UTC+00:00', '2026-03-01T07:00:00.000001Z', 1, '2026-03-01T07:00:00.000001Z', '2099-01-01T00:00:00.000000Z');
INSERT INTO policy_tags (policy_id, key, value) VALUES ('eeeeeeee-0000-4000-8000-000000000001', 'team', 'books');
INSERT INTO policy_tasks (id, policy_id, disk_id, due_at, scheduled, status, backup_id, backup_name, code, message, created_at, finished_at)
VALUES ('00000000000000000000000000000007', 'eeeeeeee-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000001', '2026-03-01T07:00:00.000001Z', 1, 'running', 'bbbbbbbb-0000-4000-8000-000000000003', 'autobk_1', NULL, NULL, '2026-03-01T07:00:00.000001Z', NULL),
       ('00000000000000000000000000000008', 'eeeeeeee-0000-4000-8000-000000000001', 'dddddddd-0000-4000-8000-000000000001', '2026-03-02T08:30:00.250000Z', 1, 'fail', NULL, NULL, 'EVS.1', 'it failed', '2026-03-01T07:00:00.000001Z', '2026-03-02T08:30:00.250000Z');
