-- Wrong guesses of secrets, so that guessing can be slowed down: counted from rows over a window of
-- time, across restarts. Rows older than the window go when the next one comes.

CREATE TABLE wrong_guesses (
    what      TEXT NOT NULL,  -- what was guessed: auth_key, password
    subject   TEXT NOT NULL,  -- whose: a transfer's id, a user's, or what stands for a user who is none
    failed_at TEXT NOT NULL,  -- when
    CONSTRAINT wrong_guesses_what_is_known CHECK (what IN ('auth_key', 'password')),
    CONSTRAINT wrong_guesses_failed_at_is_a_time CHECK (failed_at LIKE '____-__-__T__:__:__.______Z')
) STRICT;

CREATE INDEX wrong_guesses_by_subject ON wrong_guesses (what, subject, failed_at);
CREATE INDEX wrong_guesses_by_age ON wrong_guesses (failed_at);
