-- Who there is: domains, projects, users, what a user may do in a project, and the tokens that
-- stand for a login. Passwords and tokens are kept as hashes only, so that reading the file gives
-- nobody a way in.

CREATE TABLE domains (
    id   TEXT NOT NULL,  -- 'default' for the one that the first start makes
    name TEXT NOT NULL,  -- what people call it
    CONSTRAINT domains_key PRIMARY KEY (id),
    CONSTRAINT domains_name_is_unique UNIQUE (name)
) STRICT;

CREATE TABLE projects (
    id        TEXT NOT NULL,  -- opaque; 32 hexadecimal digits, derived from the name, when made here
    name      TEXT NOT NULL,  -- what people call it; unique in its domain
    domain_id TEXT NOT NULL,  -- the domain it belongs to
    CONSTRAINT projects_key PRIMARY KEY (id),
    CONSTRAINT projects_name_is_unique UNIQUE (domain_id, name),
    CONSTRAINT projects_domain_exists FOREIGN KEY (domain_id) REFERENCES domains (id) ON DELETE RESTRICT
) STRICT;

CREATE TABLE users (
    id            TEXT NOT NULL,  -- opaque; 32 hexadecimal digits, derived from the name, when made here
    name          TEXT NOT NULL,  -- what people call it; unique in its domain
    domain_id     TEXT NOT NULL,  -- the domain it belongs to
    password_hash TEXT NOT NULL,  -- argon2id of the password, as a PHC string
    CONSTRAINT users_key PRIMARY KEY (id),
    CONSTRAINT users_name_is_unique UNIQUE (domain_id, name),
    CONSTRAINT users_password_is_hashed CHECK (password_hash LIKE '$argon2id$%'),
    CONSTRAINT users_domain_exists FOREIGN KEY (domain_id) REFERENCES domains (id) ON DELETE RESTRICT
) STRICT;

CREATE TABLE role_assignments (
    user_id    TEXT NOT NULL,  -- who
    project_id TEXT NOT NULL,  -- where
    role       TEXT NOT NULL,  -- may do what: reader looks, member changes, admin sees every project
    CONSTRAINT role_assignments_key PRIMARY KEY (user_id, project_id, role),
    CONSTRAINT role_assignments_role_is_known CHECK (role IN ('reader', 'member', 'admin')),
    CONSTRAINT role_assignments_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT role_assignments_project_exists FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX role_assignments_by_project ON role_assignments (project_id);

CREATE TABLE tokens (
    hash       TEXT NOT NULL,  -- SHA-256 of the token, 64 lower-case hexadecimal digits
    user_id    TEXT NOT NULL,  -- who logged in
    project_id TEXT,           -- the project it acts on; null: an unscoped token
    methods    TEXT NOT NULL,  -- how the user logged in, separated by commas: password, token
    audit_id   TEXT NOT NULL,  -- names the token in audits without giving it away
    issued_at  TEXT NOT NULL,  -- from when it counts
    expires_at TEXT NOT NULL,  -- from when it counts no more
    CONSTRAINT tokens_key PRIMARY KEY (hash),
    CONSTRAINT tokens_hash_is_a_hash CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT tokens_issued_at_is_a_time CHECK (issued_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT tokens_expires_at_is_a_time CHECK (expires_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT tokens_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT tokens_project_exists FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX tokens_by_expiry ON tokens (expires_at);
CREATE INDEX tokens_by_user ON tokens (user_id);
CREATE INDEX tokens_by_project ON tokens (project_id);
