-- Disks. The order of our own writes lets each of these see what it asks for: a transfer is pending before its disk
-- names it and over before its disk goes, attachments come and go before their disk's status does.

CREATE TRIGGER disks_id_never_changes
BEFORE UPDATE OF id ON disks
WHEN NEW.id IS NOT OLD.id
BEGIN
    SELECT RAISE(ABORT, 'evs: the id of a disk never changes, since transfers, backups and events go by it');
END;

-- INSERT OR REPLACE would take the row that is there away without asking the guards of its removal.
CREATE TRIGGER disks_are_not_replaced
BEFORE INSERT ON disks
WHEN EXISTS (SELECT 1 FROM disks WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'evs: there is a disk of this id already; UPDATE it, or choose another id');
END;

CREATE TRIGGER disks_are_not_made_offered
BEFORE INSERT ON disks
WHEN NEW.transfer_id IS NOT NULL OR NEW.status = 'awaiting-transfer'
BEGIN
    SELECT RAISE(ABORT, 'evs: a disk is not made awaiting-transfer: make it available, then offer it with a transfer');
END;

CREATE TRIGGER disks_change_hands_by_a_transfer
BEFORE UPDATE OF project_id ON disks
WHEN NEW.project_id IS NOT OLD.project_id
     AND NOT EXISTS (SELECT 1 FROM transfers AS t
                     WHERE t.id = OLD.transfer_id AND t.disk_id = OLD.id AND t.status = 'accepted'
                       AND t.source_project_id = OLD.project_id
                       AND t.destination_project_id = NEW.project_id)
BEGIN
    SELECT RAISE(ABORT, 'evs: a disk changes its project by an accepted transfer only: offer it and accept it through the API');
END;

CREATE TRIGGER disks_await_a_pending_transfer
BEFORE UPDATE OF status, transfer_id ON disks
WHEN (NEW.status = 'awaiting-transfer' OR NEW.transfer_id IS NOT NULL)
     AND (NEW.status <> OLD.status OR NEW.transfer_id IS NOT OLD.transfer_id)
     AND NOT EXISTS (SELECT 1 FROM transfers AS t
                     WHERE t.id = NEW.transfer_id AND t.disk_id = NEW.id AND t.status = 'pending')
BEGIN
    SELECT RAISE(ABORT, 'evs: a disk is awaiting-transfer only with a pending transfer of it, which transfer_id names: offer it through the API');
END;

CREATE TRIGGER disks_stay_while_they_are_offered
BEFORE UPDATE OF status, transfer_id ON disks
WHEN OLD.transfer_id IS NOT NULL
     AND (NEW.status <> 'awaiting-transfer' OR NEW.transfer_id IS NOT OLD.transfer_id)
     AND EXISTS (SELECT 1 FROM transfers AS t WHERE t.id = OLD.transfer_id AND t.status = 'pending')
BEGIN
    SELECT RAISE(ABORT, 'evs: this disk is offered: it stays awaiting-transfer until its transfer is over; delete or accept that through the API');
END;

CREATE TRIGGER disks_are_not_deleted_while_they_are_offered
BEFORE DELETE ON disks
WHEN EXISTS (SELECT 1 FROM transfers AS t WHERE t.disk_id = OLD.id AND t.status = 'pending')
BEGIN
    SELECT RAISE(ABORT, 'evs: this disk is offered and is not deleted: delete its pending transfer through the API first');
END;

-- The foreign key says so too, but a shell of SQLite does not ask foreign keys unless it is told to.
CREATE TRIGGER disks_with_snapshots_are_not_deleted
BEFORE DELETE ON disks
WHEN EXISTS (SELECT 1 FROM snapshots AS s WHERE s.disk_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'evs: this disk has snapshots and is not deleted: delete those first');
END;

CREATE TRIGGER disks_with_attachments_are_in_use
BEFORE UPDATE OF status ON disks
WHEN NEW.status IN ('available', 'awaiting-transfer') AND NEW.status <> OLD.status
     AND EXISTS (SELECT 1 FROM attachments AS a WHERE a.disk_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'evs: this disk has attachments and is not available: delete those first');
END;

CREATE TRIGGER disks_in_use_have_attachments
BEFORE UPDATE OF status ON disks
WHEN NEW.status = 'in-use' AND OLD.status <> 'in-use'
     AND NOT EXISTS (SELECT 1 FROM attachments AS a WHERE a.disk_id = OLD.id)
BEGIN
    SELECT RAISE(ABORT, 'evs: a disk in use has an attachment: insert that first, or attach the disk through the API');
END;
