-- What this file is and how to look at it, for whoever opens it with a shell of SQLite: its name comes first in the
-- list of tables. The rows are brought up to date by each start of the server, as are the views (v_*) and the guards,
-- the triggers that refuse edits which would break something; what is written here by hand is lost then.

CREATE TABLE README (
    place INTEGER NOT NULL,  -- in which order to read
    topic TEXT    NOT NULL,  -- what it is about
    text  TEXT    NOT NULL,  -- what there is to know
    CONSTRAINT README_key PRIMARY KEY (place)
) STRICT;
