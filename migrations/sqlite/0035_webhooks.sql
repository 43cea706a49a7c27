-- How far each webhook has been told of events. Each is told of every event at least once and in order, so how far it
-- has come must outlive the server. No row: the webhook is new, and begins where events.webhook_from says.

CREATE TABLE webhooks (
    url           TEXT    NOT NULL,  -- where events are posted to
    delivered_seq INTEGER NOT NULL,  -- the number of the last event that it took; the next one is posted next
    failures      INTEGER NOT NULL,  -- how often in a row the next one was not taken
    next_try_at   TEXT,              -- when it is tried again, by the machine's clock; null: nothing failed
    last_error    TEXT,              -- why it was not taken last; null: nothing failed
    CONSTRAINT webhooks_key PRIMARY KEY (url),
    CONSTRAINT webhooks_delivered_seq_is_a_number CHECK (delivered_seq >= 0),
    CONSTRAINT webhooks_failures_is_a_number CHECK (failures >= 0),
    CONSTRAINT webhooks_next_try_at_is_a_time CHECK (next_try_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT webhooks_failure_is_told CHECK ((failures > 0) = (last_error IS NOT NULL)),
    CONSTRAINT webhooks_failure_is_tried_again CHECK ((failures > 0) = (next_try_at IS NOT NULL))
) STRICT;
