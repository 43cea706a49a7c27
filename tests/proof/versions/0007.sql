-- Quotas of a project.

INSERT INTO quotas (project_id, key, hard_limit) VALUES ('atlas', 'volumes', 500), ('atlas', 'gigabytes', -1);
