//! Webhooks.

use crate::store::sqlite::doctor::Check;

/// The checks.
pub(super) const CHECKS: &[Check] = &[Check {
    invariant: "rows",
    name: "a webhook has been told of events that there are, and what failed says why and for how long",
    sql: "SELECT 'webhook ' || url || ' has been told of event ' || delivered_seq
                 || ', which is not there'
          FROM webhooks
          WHERE delivered_seq < 0 OR delivered_seq > (SELECT coalesce(max(seq), 0) FROM events)
          UNION ALL
          SELECT 'webhook ' || url || ' failed ' || failures || ' times, for ' || coalesce(last_error, '?')
                 || ', and is tried again at ' || coalesce(next_try_at, '?')
          FROM webhooks
          WHERE failures < 0 OR (failures > 0) <> (last_error IS NOT NULL)
             OR (failures > 0) <> (next_try_at IS NOT NULL)
             OR next_try_at NOT LIKE '____-__-__T__:__:__.______Z'",
}];
