-- Policies by days and by weekdays, a disk under one.

INSERT INTO policies (id, project_id, name, start_time, every_days, week_days, keep_count, keep_days, keep_first_of_month, enabled, time_zone, created_at)
VALUES ('eeeeeeee-0000-4000-8000-000000000001', 'atlas', 'nightly', '03:00', 1, NULL, 7, NULL, 0, 1, 'UTC+01:00', '2026-03-01T07:00:00.000001Z'),
       ('eeeeeeee-0000-4000-8000-000000000002', 'beta', 'weekend', '12:00,23:00', NULL, 'SAT,SUN', NULL, 30, 1, 0, 'UTC+14:30', '2026-03-01T07:00:00.000001Z');
INSERT INTO policy_disks (disk_id, policy_id, bound_at) VALUES ('dddddddd-0000-4000-8000-000000000001', 'eeeeeeee-0000-4000-8000-000000000001', '2026-03-02T08:30:00.250000Z');
