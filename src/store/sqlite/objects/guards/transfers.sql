-- Transfers. That one is over while its disk still awaits it cannot be refused: so it is for a moment in our own
-- transactions, and SQLite has no triggers that wait for the COMMIT. The doctor tells.

CREATE TRIGGER transfers_finished_never_change
BEFORE UPDATE ON transfers
WHEN OLD.status <> 'pending'
BEGIN
    SELECT RAISE(ABORT, 'evs: a finished transfer never changes');
END;

CREATE TRIGGER transfers_are_never_deleted
BEFORE DELETE ON transfers
BEGIN
    SELECT RAISE(ABORT, 'evs: transfers are never deleted from the file, since finished ones tell what happened; delete a pending one through the API');
END;

CREATE TRIGGER transfers_are_not_replaced
BEFORE INSERT ON transfers
WHEN EXISTS (SELECT 1 FROM transfers WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'evs: there is a transfer of this id already; choose another one');
END;

CREATE TRIGGER transfers_keep_to_what_they_offer
BEFORE UPDATE OF id, disk_id, source_project_id ON transfers
WHEN NEW.id IS NOT OLD.id OR NEW.disk_id IS NOT OLD.disk_id OR NEW.source_project_id IS NOT OLD.source_project_id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a transfer, its disk and the project that offers it never change: make another transfer');
END;

CREATE TRIGGER transfers_offer_what_is_available
BEFORE INSERT ON transfers
WHEN NEW.status = 'pending'
     AND NOT EXISTS (SELECT 1 FROM disks AS d
                     WHERE d.id = NEW.disk_id AND d.project_id = NEW.source_project_id AND d.status = 'available')
BEGIN
    SELECT RAISE(ABORT, 'evs: a transfer offers a disk that is there, available, and of the project that offers it');
END;

CREATE TRIGGER transfers_key_is_hashed_when_made
BEFORE INSERT ON transfers
WHEN NEW.key_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: the key of a transfer stands here as an argon2id hash only: offer the disk through the API');
END;

CREATE TRIGGER transfers_key_is_hashed
BEFORE UPDATE OF key_hash ON transfers
WHEN NEW.key_hash NOT GLOB '$argon2id$v=*$m=*$*$*'
BEGIN
    SELECT RAISE(ABORT, 'evs: the key of a transfer stands here as an argon2id hash only: offer the disk through the API');
END;
