//! Server-sent events (WHATWG HTML, 9.2): a body that never ends by itself.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_core::Stream;
use serde_json::json;
use tracing::error;

use super::event_types::event_type;
use super::events::event_view;
use crate::domain::event::Recorded;
use crate::service::ServiceError;
use crate::service::events::{Follower, Told};
use crate::store::StoreError;

/// What comes next, and who goes on after it; none: it is over.
type Next = Pin<Box<dyn Future<Output = Option<(String, Follower)>>>>;

/// The body of a stream. Whoever reads it slowly holds nothing up: the next page is read from the table
/// when there is room for it.
pub(super) struct EventStream {
    next: Next,
    heartbeat: Duration,
}

impl EventStream {
    /// What `follower` is told, and a sign of life after every `heartbeat` without anything.
    pub(super) fn of(follower: Follower, heartbeat: Duration) -> Self {
        // At once, so that the client knows that it is let in.
        let opening =
            async move { Some((": these are the events of evs\n\n".to_owned(), follower)) };
        Self { next: Box::pin(opening), heartbeat }
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, ServiceError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some((text, follower)) = ready!(self.next.as_mut().poll(context)) else {
            self.next = Box::pin(std::future::ready(None));
            return Poll::Ready(None);
        };
        self.next = Box::pin(piece(follower, self.heartbeat));
        Poll::Ready(Some(Ok(Bytes::from(text))))
    }
}

async fn piece(mut follower: Follower, heartbeat: Duration) -> Option<(String, Follower)> {
    let told = match follower.next(heartbeat).await {
        Ok(told) => told?,
        Err(ServiceError::Store(StoreError::Closed)) => return None,
        Err(failure) => {
            // The client comes back by itself and goes on where this ended.
            error!(error.cause = %failure, "a stream of events ended: {failure}");
            return None;
        }
    };
    let text = match told {
        Told::Events(events) => events.iter().map(block).collect(),
        Told::Reset(place) => {
            let data = json!({"after": place.after, "epoch": place.epoch});
            format!("id: {}\nevent: reset\ndata: {data}\n\n", place.after)
        }
        Told::Nothing => ": nothing new\n\n".to_owned(),
    };
    Some((text, follower))
}

/// JSON has no line breaks, so one line holds it.
fn block(event: &Recorded) -> String {
    let (called, data) = (event_type(event), event_view(event));
    format!("id: {}\nevent: {called}\ndata: {data}\n\n", event.seq)
}
