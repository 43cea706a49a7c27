-- What people say of accounts.

UPDATE projects SET description = 'the second', enabled = 0 WHERE id = 'beta';
UPDATE users SET description = 'of the books', email = 'ann@example.org', default_project_id = 'atlas' WHERE id = 'ann';
UPDATE users SET enabled = 0 WHERE id = 'bob';
