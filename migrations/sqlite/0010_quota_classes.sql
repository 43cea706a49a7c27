-- The limits that an administrator set for every project at once: they stand over the defaults of the
-- settings and under a project's own. Cinder knows one class in practice, `default`.

CREATE TABLE quota_classes (
    class      TEXT    NOT NULL,  -- the class: default
    key        TEXT    NOT NULL,  -- what is limited: volumes, gigabytes, gigabytes_SSD, …
    hard_limit INTEGER NOT NULL,  -- how much at most; -1: no limit
    CONSTRAINT quota_classes_key PRIMARY KEY (class, key),
    CONSTRAINT quota_classes_limit_is_at_least_minus_one CHECK (hard_limit >= -1)
) STRICT;
