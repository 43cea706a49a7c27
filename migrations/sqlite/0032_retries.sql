-- What Cinder never got. An offer may end by itself: when, stands in its row, so that a restart goes on with it.
-- And whoever sends a request again, because the answer was lost, gets the first answer: it is kept for a while,
-- sealed under the Idempotency-Key of the request. That key is nowhere in this file, so the file alone never yields
-- the auth key in such an answer.

ALTER TABLE transfers ADD COLUMN expires_at TEXT /* when it ends by itself unless it is finished before; null: never (as in Cinder) */ CONSTRAINT transfers_expires_at_is_a_time CHECK (expires_at LIKE '____-__-__T__:__:__.______Z') CONSTRAINT transfers_expire_after_they_are_made CHECK (expires_at > created_at) CONSTRAINT transfers_are_accepted_in_time CHECK (status <> 'accepted' OR expires_at IS NULL OR finished_at < expires_at) CONSTRAINT transfers_expire_in_time CHECK (status <> 'expired' OR expires_at IS NULL OR finished_at >= expires_at);
ALTER TABLE transfers ADD COLUMN expiry_source TEXT /* who said when it ends: setting, header; null: it never does */ CONSTRAINT transfers_expiry_source_is_known CHECK (expiry_source IN ('setting', 'header')) CONSTRAINT transfers_expiry_has_a_source CHECK ((expires_at IS NULL) = (expiry_source IS NULL));

CREATE INDEX transfers_due ON transfers (expires_at, id) WHERE status = 'pending' AND expires_at IS NOT NULL;

CREATE TABLE idempotency_keys (
    key_hash      TEXT    NOT NULL,  -- 64 hexadecimal digits: HMAC-SHA256 of project and user under the Idempotency-Key
    request_hash  TEXT    NOT NULL,  -- 64 hexadecimal digits: HMAC-SHA256 of the request under the Idempotency-Key; with another one it is another request
    project_id    TEXT    NOT NULL,  -- whose request it was
    user_id       TEXT    NOT NULL,  -- who sent it
    action        TEXT    NOT NULL,  -- what was asked for: transfer.create, transfer.accept, transfer.delete
    transfer_id   TEXT    NOT NULL,  -- the transfer that was made, accepted or deleted
    status        INTEGER NOT NULL,  -- the status of the answer; only successes are kept
    nonce         TEXT    NOT NULL,  -- 48 hexadecimal digits, random, for sealing this one answer
    sealed_answer TEXT    NOT NULL,  -- headers and body as base64, XChaCha20-Poly1305 under a key derived from the Idempotency-Key
    created_at    TEXT    NOT NULL,  -- when it was answered
    expires_at    TEXT    NOT NULL,  -- from when on the key is unknown again
    CONSTRAINT idempotency_keys_key PRIMARY KEY (key_hash),
    CONSTRAINT idempotency_keys_key_is_hashed CHECK (length(key_hash) = 64 AND key_hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT idempotency_keys_request_is_hashed
        CHECK (length(request_hash) = 64 AND request_hash NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT idempotency_keys_action_is_known
        CHECK (action IN ('transfer.create', 'transfer.accept', 'transfer.delete')),
    CONSTRAINT idempotency_keys_transfer_is_a_uuid CHECK (length(transfer_id) = 36),
    CONSTRAINT idempotency_keys_status_is_a_success CHECK (status BETWEEN 200 AND 299),
    CONSTRAINT idempotency_keys_nonce_is_hexadecimal CHECK (length(nonce) = 48 AND nonce NOT GLOB '*[^0-9a-f]*'),
    CONSTRAINT idempotency_keys_answer_is_sealed CHECK (sealed_answer <> '' AND sealed_answer NOT GLOB '*[^A-Za-z0-9+/=]*'),
    CONSTRAINT idempotency_keys_created_at_is_a_time CHECK (created_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT idempotency_keys_expires_at_is_a_time CHECK (expires_at LIKE '____-__-__T__:__:__.______Z'),
    CONSTRAINT idempotency_keys_last_a_while CHECK (expires_at > created_at)
) STRICT;

-- Those whose time is over.
CREATE INDEX idempotency_keys_by_end ON idempotency_keys (expires_at);
