-- What people set on projects and users. What is disabled counts nowhere: nobody logs in with it,
-- and its tokens open nothing while it lasts.

ALTER TABLE projects ADD COLUMN description TEXT NOT NULL DEFAULT '' /* what people say of it */;
ALTER TABLE projects ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1 /* 0 disables its tokens */ CONSTRAINT projects_enabled_is_a_flag CHECK (enabled IN (0, 1));

ALTER TABLE users ADD COLUMN description TEXT /* what people say of it; null: nothing */;
ALTER TABLE users ADD COLUMN email TEXT /* where to write to; null: not known */;
ALTER TABLE users ADD COLUMN enabled INTEGER NOT NULL DEFAULT 1 /* 0 disables its tokens */ CONSTRAINT users_enabled_is_a_flag CHECK (enabled IN (0, 1));
ALTER TABLE users ADD COLUMN default_project_id TEXT /* what a login without a scope acts on; null: nothing */ CONSTRAINT users_default_project_exists REFERENCES projects (id) ON DELETE SET NULL;

CREATE INDEX users_by_default_project ON users (default_project_id);
