-- A quota class.

INSERT INTO quota_classes (class, key, hard_limit) VALUES ('default', 'volumes', 77);
