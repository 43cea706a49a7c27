-- Events tell what happened, so none is changed or taken away, and their numbers have no gaps.

CREATE TRIGGER events_never_change
BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'evs: events never change, since they tell what happened');
END;

CREATE TRIGGER events_are_never_deleted
BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'evs: events are never deleted, since they tell what happened');
END;

-- A number that SQLite is to choose is -1 here.
CREATE TRIGGER events_are_not_replaced
BEFORE INSERT ON events
WHEN NEW.seq <> -1 AND EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'evs: there is an event of this number already; leave seq out, and it gets the next one');
END;

CREATE TRIGGER events_have_no_gaps
AFTER INSERT ON events
WHEN NEW.seq <> 1 AND NOT EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq - 1)
BEGIN
    SELECT RAISE(ABORT, 'evs: events are numbered without gaps; leave seq out, and it gets the next number');
END;
