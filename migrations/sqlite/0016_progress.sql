-- What takes time stands in the disk's row: what it is doing, until when, how it will end and what it will be
-- then. A restart goes on where it was, and a tester sees in the file what is under way. Sources of disks and
-- what is known of their images come along.

ALTER TABLE disks ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0 /* 1: servers may only read it */ CONSTRAINT disks_read_only_is_0_or_1 CHECK (read_only IN (0, 1));
ALTER TABLE disks ADD COLUMN from_snapshot_id TEXT /* the snapshot it was made from, which may be gone; null: from none */;
ALTER TABLE disks ADD COLUMN from_disk_id TEXT /* the disk it was made from, which may be gone; null: from none */;
ALTER TABLE disks ADD COLUMN image_metadata TEXT NOT NULL DEFAULT '{}' /* what is known of its image, a JSON object of texts */ CONSTRAINT disks_image_metadata_is_json CHECK (json_valid(image_metadata) AND json_type(image_metadata) = 'object');
ALTER TABLE disks ADD COLUMN previous_status TEXT /* the status before what is under way; null: it is new, or nothing is */;
ALTER TABLE disks ADD COLUMN next_at TEXT /* when what is under way ends; null: nothing is */ CONSTRAINT disks_next_at_is_a_time CHECK (next_at LIKE '____-__-__T__:__:__.______Z') CONSTRAINT disks_what_is_under_way_has_a_status CHECK (next_at IS NULL OR status IN ('creating', 'downloading', 'restoring-backup', 'extending', 'retyping', 'uploading', 'reverting', 'rollbacking', 'backing-up', 'deleting'));
ALTER TABLE disks ADD COLUMN next_outcome TEXT /* how it ends, done or failed; null: nothing is under way */ CONSTRAINT disks_next_outcome_is_known CHECK (next_outcome IN ('done', 'failed')) CONSTRAINT disks_what_is_under_way_has_an_outcome CHECK ((next_at IS NULL) = (next_outcome IS NULL));
ALTER TABLE disks ADD COLUMN next_size_gib INTEGER /* its size in GiB after it; null: as now */ CONSTRAINT disks_next_size_is_under_way CHECK (next_size_gib IS NULL OR next_at IS NOT NULL);
ALTER TABLE disks ADD COLUMN next_type TEXT /* the name of its type after it; null: as now */ CONSTRAINT disks_next_type_is_under_way CHECK (next_type IS NULL OR next_at IS NOT NULL);

CREATE INDEX disks_due ON disks (next_at, id) WHERE next_at IS NOT NULL;

-- Usage counts what a disk will be: what was granted is not granted twice.
DROP INDEX disks_usage;
CREATE INDEX disks_usage ON disks (project_id, coalesce(next_type, disk_type), coalesce(next_size_gib, size_gib));
