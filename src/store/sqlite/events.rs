//! Events in SQLite.

use super::unit::{Unit, Write};
use crate::domain::event::{Event, State};
use crate::store::EventWrites;

impl EventWrites for Unit {
    fn record(&mut self, event: &Event) {
        // Its number is the largest one plus one: the writer is alone, and a unit that is undone
        // gives its numbers back, so there are no gaps.
        self.queue(
            Write::of_one_row(
                "record event",
                "INSERT INTO events (at, request_id, user_id, project_id, action, resource_id,
                                     disk_id, before, after, reason)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(event.at)
            .bind(event.request.as_str())
            .bind(&event.user)
            .bind(&event.project)
            .bind(event.action)
            .bind(event.resource.as_str())
            .bind(event.disk)
            .bind(event.before.as_ref().map(json))
            .bind(event.after.as_ref().map(json))
            .bind(event.reason.as_deref()),
        );
    }
}

/// A state has only text, numbers and flags, with text as keys: there is JSON for it.
fn json(state: &State) -> String {
    serde_json::to_string(state).unwrap_or_default()
}
