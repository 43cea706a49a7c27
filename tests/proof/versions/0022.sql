-- Tags, and an enterprise project.

INSERT INTO disk_tags (disk_id, key, value) VALUES ('dddddddd-0000-4000-8000-000000000001', 'team', 'books'), ('dddddddd-0000-4000-8000-000000000001', 'empty', '');
UPDATE disks SET enterprise_project = 'ep-1' WHERE id = 'dddddddd-0000-4000-8000-000000000001';
