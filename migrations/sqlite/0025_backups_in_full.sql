-- Backups in full: what each was made from, what it builds on, what became of it, and what takes time. As with disks
-- and snapshots, what is under way stands in the row and its status says what it is.

ALTER TABLE backups ADD COLUMN snapshot_id TEXT /* the snapshot it was made from, which may be gone; null: from the disk itself */;
ALTER TABLE backups ADD COLUMN own_snapshot INTEGER NOT NULL DEFAULT 0 /* 1: that snapshot was taken for it and goes with it */ CONSTRAINT backups_own_snapshot_is_0_or_1 CHECK (own_snapshot IN (0, 1)) CONSTRAINT backups_own_snapshot_is_known CHECK (own_snapshot = 0 OR snapshot_id IS NOT NULL);
ALTER TABLE backups ADD COLUMN base_id TEXT /* the backup that an incremental one builds on, which may be gone; null: it is a full one */;
ALTER TABLE backups ADD COLUMN policy_id TEXT /* the backup policy that made it, which may be gone; null: somebody made it by hand */;
ALTER TABLE backups ADD COLUMN native INTEGER NOT NULL DEFAULT 0 /* 1: made by the backup service's own API or by a policy; 0: by Cinder's */ CONSTRAINT backups_native_is_0_or_1 CHECK (native IN (0, 1));
ALTER TABLE backups ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}' /* the user's own keys and values, a JSON object of texts */ CONSTRAINT backups_metadata_is_json CHECK (json_valid(metadata) AND json_type(metadata) = 'object');
ALTER TABLE backups ADD COLUMN fail_reason TEXT /* why it failed; null: it did not */;
ALTER TABLE backups ADD COLUMN data_at TEXT /* of when its data are; null: as created_at */ CONSTRAINT backups_data_at_is_a_time CHECK (data_at LIKE '____-__-__T__:__:__.______Z');
ALTER TABLE backups ADD COLUMN next_at TEXT /* when what is under way ends; null: nothing is */ CONSTRAINT backups_next_at_is_a_time CHECK (next_at LIKE '____-__-__T__:__:__.______Z') CONSTRAINT backups_what_is_under_way_has_a_status CHECK (next_at IS NULL OR status IN ('creating', 'restoring', 'deleting'));
ALTER TABLE backups ADD COLUMN next_outcome TEXT /* how it ends, done or failed; null: nothing is under way */ CONSTRAINT backups_next_outcome_is_known CHECK (next_outcome IN ('done', 'failed')) CONSTRAINT backups_what_is_under_way_has_an_outcome CHECK ((next_at IS NULL) = (next_outcome IS NULL));

-- What is due.
CREATE INDEX backups_due ON backups (next_at, disk_id) WHERE next_at IS NOT NULL;
-- Whether others build on a backup.
CREATE INDEX backups_by_base ON backups (base_id) WHERE base_id IS NOT NULL;
-- What a policy has made of a disk.
CREATE INDEX backups_by_policy ON backups (policy_id, disk_id, created_at) WHERE policy_id IS NOT NULL;
