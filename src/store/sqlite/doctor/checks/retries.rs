//! Offers that end by themselves, and first answers that are kept.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[
    Check {
        invariant: "I5",
        name: "a transfer is accepted before its time is over and expires after it",
        sql: "SELECT 'transfer ' || id || ' was accepted at ' || finished_at
                     || ' although it expired at ' || expires_at
              FROM transfers WHERE status = 'accepted' AND finished_at >= expires_at
              UNION ALL
              SELECT 'transfer ' || id || ' expired at ' || finished_at || ', before '
                     || coalesce(expires_at, 'any time that was set')
              FROM transfers
              WHERE status = 'expired' AND (expires_at IS NULL OR finished_at < expires_at)",
    },
    Check {
        invariant: "rows",
        name: "a transfer that expires does so after it was made, and somebody said so",
        sql: "SELECT 'transfer ' || id || ' of ' || created_at || ' expires at ' || expires_at
                     || ', which is no later time'
              FROM transfers
              WHERE expires_at NOT LIKE '____-__-__T__:__:__.______Z' OR expires_at <= created_at
              UNION ALL
              SELECT 'transfer ' || id || ' expires at ' || coalesce(expires_at, 'no time')
                     || ' because of ' || coalesce(expiry_source, 'nothing')
              FROM transfers
              WHERE (expires_at IS NULL) <> (expiry_source IS NULL)
                 OR expiry_source NOT IN ('setting', 'header')",
    },
    Check {
        invariant: "I7",
        name: "kept answers are sealed and known by hashes alone",
        sql: "SELECT 'the answer to ' || action || ' ' || transfer_id
                     || ' is not kept under hashes'
              FROM idempotency_keys
              WHERE length(key_hash) <> 64 OR key_hash GLOB '*[^0-9a-f]*'
                 OR length(request_hash) <> 64 OR request_hash GLOB '*[^0-9a-f]*'
              UNION ALL
              SELECT 'the answer to ' || action || ' ' || transfer_id || ' is not sealed'
              FROM idempotency_keys
              WHERE length(nonce) <> 48 OR nonce GLOB '*[^0-9a-f]*'
                 OR sealed_answer = '' OR sealed_answer GLOB '*[^A-Za-z0-9+/=]*'",
    },
    Check {
        invariant: "rows",
        name: "a kept answer tells of what has become of its transfer",
        // An administrator offers and withdraws what is other projects'.
        sql: "SELECT 'an answer to ' || k.action || ' of user ' || k.user_id || ' in project '
                     || k.project_id || ' is kept, but transfer ' || k.transfer_id || ' is '
                     || coalesce(t.status, 'not there')
              FROM idempotency_keys AS k LEFT JOIN transfers AS t ON t.id = k.transfer_id
              WHERE CASE k.action
                    WHEN 'transfer.create' THEN t.source_user_id IS NOT k.user_id
                    WHEN 'transfer.accept'
                    THEN (t.status, t.destination_project_id, t.destination_user_id)
                         IS NOT ('accepted', k.project_id, k.user_id)
                    WHEN 'transfer.delete' THEN t.status IS NOT 'deleted'
                    ELSE 1 END",
    },
    Check {
        invariant: "rows",
        name: "a kept answer is a success and lasts a while",
        sql: "SELECT 'the answer to ' || action || ' ' || transfer_id || ' is kept with status '
                     || status || ' from ' || created_at || ' to ' || expires_at
              FROM idempotency_keys
              WHERE status NOT BETWEEN 200 AND 299 OR expires_at <= created_at
                 OR created_at NOT LIKE '____-__-__T__:__:__.______Z'
                 OR expires_at NOT LIKE '____-__-__T__:__:__.______Z'",
    },
];
