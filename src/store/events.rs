//! Events in the store.

use crate::domain::event::Event;

/// The one change of events: another one.
pub trait EventWrites {
    /// Writes down a change, in the change's own unit; its number is the next one.
    fn record(&mut self, event: &Event);
}
