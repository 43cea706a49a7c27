-- Which of several pasts the file's present one is. Whoever loads a saved state, or takes everything back to
-- the first start, lets the numbers of events go back: the epoch, which only ever rises, tells those who read
-- events that they are not the ones they knew. A saved state also says when it was saved, so that its clock
-- goes on from what it showed then.

CREATE TABLE lineage (
    id       INTEGER NOT NULL,  -- always 1: a file has one past
    epoch    INTEGER NOT NULL,  -- 1 at first, one more with each load and each reset of everything
    loaded   TEXT,              -- the name of the state that was loaded last; null: none was since the first start
    saved_at TEXT,              -- when this file was saved as a state, by the machine's clock; null: it is no saved state
    CONSTRAINT lineage_key PRIMARY KEY (id),
    CONSTRAINT lineage_is_one CHECK (id = 1),
    CONSTRAINT lineage_epoch_is_positive CHECK (epoch >= 1),
    CONSTRAINT lineage_saved_at_is_a_time CHECK (saved_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

INSERT INTO lineage (id, epoch) VALUES (1, 1);
