-- Application credentials: secrets of a user that open one project with some of the user's roles
-- there. They go with the user, with the project, and with any role taken from the user there; their
-- tokens go with them.

CREATE TABLE application_credentials (
    id           TEXT    NOT NULL,  -- 32 hexadecimal digits
    name         TEXT    NOT NULL,  -- what people call it; unique among its user's
    description  TEXT,              -- what people say of it; null: nothing
    user_id      TEXT    NOT NULL,  -- whose it is
    project_id   TEXT    NOT NULL,  -- the project that it opens
    roles        TEXT    NOT NULL,  -- the roles that it gives, separated by commas
    secret_hash  TEXT    NOT NULL,  -- argon2id of the secret, as a PHC string
    unrestricted INTEGER NOT NULL,  -- 1: its tokens may make and delete application credentials
    created_at   TEXT    NOT NULL,  -- when it was made
    expires_at   TEXT,              -- from when it counts no more; null: never
    CONSTRAINT application_credentials_key PRIMARY KEY (id),
    CONSTRAINT application_credentials_name_is_unique UNIQUE (user_id, name),
    CONSTRAINT application_credentials_secret_is_hashed CHECK (secret_hash LIKE '$argon2id$%'),
    CONSTRAINT application_credentials_unrestricted_is_a_flag CHECK (unrestricted IN (0, 1)),
    CONSTRAINT application_credentials_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT application_credentials_expires_at_is_a_time CHECK (expires_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT application_credentials_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT application_credentials_project_exists FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX application_credentials_by_project ON application_credentials (project_id);

ALTER TABLE tokens ADD COLUMN application_credential_id TEXT /* what it was issued for; null: a login of another kind */ CONSTRAINT tokens_application_credential_exists REFERENCES application_credentials (id) ON DELETE CASCADE;

CREATE INDEX tokens_by_application_credential ON tokens (application_credential_id);
