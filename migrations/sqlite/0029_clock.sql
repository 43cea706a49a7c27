-- How the clock goes that people steer. No row: it shows what the machine's shows. The server reads it
-- when it starts and goes on from there: a frozen clock stays where it is, a running one has gone on
-- meanwhile. A later change by hand counts from the next start on.

CREATE TABLE clock (
    id                INTEGER NOT NULL,  -- always 1: there is one clock
    moment            TEXT    NOT NULL,  -- what it showed ...
    since             TEXT    NOT NULL,  -- ... when the machine's clock showed this
    scale_thousandths INTEGER NOT NULL,  -- how fast it goes; 1000: as the machine's
    frozen            INTEGER NOT NULL,  -- 1: it stands still at moment
    CONSTRAINT clock_key PRIMARY KEY (id),
    CONSTRAINT clock_is_one CHECK (id = 1),
    CONSTRAINT clock_moment_is_a_time CHECK (moment LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT clock_since_is_a_time CHECK (since LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT clock_scale_is_in_range CHECK (scale_thousandths BETWEEN 1 AND 100000000),
    CONSTRAINT clock_frozen_is_a_flag CHECK (frozen IN (0, 1))
) STRICT;
