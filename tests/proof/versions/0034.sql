-- A state that was loaded.

UPDATE lineage SET epoch = 2, loaded = 'monday', saved_at = '2026-03-02T08:30:00.250000Z' WHERE id = 1;
