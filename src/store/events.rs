//! Events in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::event::{Event, EventFilter, Line, Recorded, Span};

/// Questions about events.
#[async_trait]
pub trait EventReads {
    /// Where the events end.
    async fn line(&mut self) -> Result<Line>;

    /// The largest number of an event that a filter lets through, if one is larger than `after`.
    async fn last_event(&mut self, filter: &EventFilter, after: i64) -> Result<Option<i64>>;

    /// The events in a span of numbers that a filter lets through, in the order of their numbers.
    async fn events(&mut self, filter: &EventFilter, span: Span) -> Result<Vec<Recorded>>;
}

/// The one change of events: another one.
pub trait EventWrites {
    /// Writes down a change, in the change's own unit; its number is the next one.
    fn record(&mut self, event: &Event);
}
