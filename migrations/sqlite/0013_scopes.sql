-- Roles in a domain, and tokens that act on a domain or on the whole system. Nobody is given a role
-- in the system: who is admin of any enabled project has it.

CREATE TABLE domain_role_assignments (
    user_id   TEXT NOT NULL,  -- who
    domain_id TEXT NOT NULL,  -- where
    role      TEXT NOT NULL,  -- may do what, as in role_assignments
    CONSTRAINT domain_role_assignments_key PRIMARY KEY (user_id, domain_id, role),
    CONSTRAINT domain_role_assignments_role_is_known CHECK (role IN ('reader', 'member', 'admin')),
    CONSTRAINT domain_role_assignments_user_exists FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT domain_role_assignments_domain_exists FOREIGN KEY (domain_id) REFERENCES domains (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX domain_role_assignments_by_domain ON domain_role_assignments (domain_id);

ALTER TABLE tokens ADD COLUMN domain_id TEXT /* the domain it acts on; null: none */ CONSTRAINT tokens_domain_exists REFERENCES domains (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN system INTEGER NOT NULL DEFAULT 0 /* 1: it acts on the whole system */ CONSTRAINT tokens_scope_is_one CHECK (system IN (0, 1) AND (project_id IS NOT NULL) + (domain_id IS NOT NULL) + system <= 1);

CREATE INDEX tokens_by_domain ON tokens (domain_id);
