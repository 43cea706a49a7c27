-- Access keys, with which requests are signed in place of carrying a token. The secret stands here
-- in clear, the one exception in this file: a signature is an HMAC, and whoever verifies one needs
-- the very key that it was made with; of a hash of it no use could be made.

CREATE TABLE access_keys (
    access      TEXT    NOT NULL,  -- the public half, which every signed request names
    secret      TEXT    NOT NULL,  -- the secret half, in clear: see above; told once by the API, when it is made
    user_id     TEXT    NOT NULL,  -- whom it lets in
    project_id  TEXT    NOT NULL,  -- the project of a request that names none
    description TEXT    NOT NULL,  -- what people note about it; may be empty
    enabled     INTEGER NOT NULL,  -- 0: it lets nobody in until it is enabled again
    created_at  TEXT    NOT NULL,  -- when it was made
    CONSTRAINT access_keys_key PRIMARY KEY (access),
    CONSTRAINT access_keys_secret_is_long CHECK (length(secret) >= 16),
    CONSTRAINT access_keys_enabled_is_0_or_1 CHECK (enabled IN (0, 1)),
    CONSTRAINT access_keys_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT access_keys_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT access_keys_project_exists FOREIGN KEY (project_id) REFERENCES projects (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX access_keys_by_user ON access_keys (user_id, created_at, access);
CREATE INDEX access_keys_by_project ON access_keys (project_id);
