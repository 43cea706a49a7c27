//! Events as they are asked for: who sees which, a page of them, and waiting for the next.
//!
//! Everybody reads the table itself, from a number on: whoever is slow costs nothing but the pages
//! that it reads, and nothing is lost between two of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::{App, Result, ServiceError};
use crate::domain::clock::Time;
use crate::domain::event::{EventFilter, Line, Recorded, Span, Words};
use crate::store::Changes;

/// So many numbers one page looks through when it is not for one disk: what comes later is for the
/// next page. Only disks have an index; another one would cost every change.
pub const WINDOW: i64 = 100_000;

/// The first new event after a saved state was loaded.
const LOADED: &str = "state.load";

/// What is told when everything begins anew, and what is taken back then; a reset of less leaves the
/// numbers as they are.
const RESET: (&str, &str) = ("state.reset", "everything");

/// What is looked for.
#[derive(Clone)]
pub struct EventSearch {
    /// Which events, as far as the database can tell.
    pub filter: EventFilter,
    /// Which of these.
    pub fits: Arc<dyn Fn(&Recorded) -> bool + Send + Sync>,
    /// How many on a page, at least one.
    pub limit: u32,
}

impl fmt::Debug for EventSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSearch").field("filter", &self.filter).finish_non_exhaustive()
    }
}

impl EventSearch {
    /// For all events.
    pub fn all(limit: u32) -> Self {
        Self { filter: EventFilter::default(), fits: Arc::new(|_| true), limit }
    }
}

/// A place among the events: behind a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Behind this number.
    pub after: i64,
    /// In this past; none: in the present one, whichever that is.
    pub epoch: Option<i64>,
}

/// One page of events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, in the order of their numbers.
    pub events: Vec<Recorded>,
    /// The number to go on after; nothing that was looked for is between the last event and it.
    pub next: i64,
    /// Where all events end.
    pub line: Line,
}

impl EventPage {
    /// Whether there is nothing more to look through.
    pub fn is_last(&self) -> bool {
        self.next >= self.line.latest
    }
}

impl App {
    /// One page of events behind a place. A place that is not there, since the numbers went back, is an
    /// error of its own.
    pub async fn events(&self, search: &EventSearch, place: Place) -> Result<EventPage> {
        let mut view = self.read().await?;
        let line = view.line().await?;
        let Place { after, epoch } = place;
        if after > line.latest || epoch.is_some_and(|epoch| epoch != line.epoch) {
            return Err(ServiceError::EventsWentBack { after, line });
        }
        let end = after.saturating_add(WINDOW).min(line.latest);
        let up_to = if search.filter.disk.is_some() { line.latest } else { end };
        let (mut events, mut next) = (Vec::new(), after);
        while next < up_to {
            let span = Span { after: next, up_to, limit: search.limit };
            let found = view.events(&search.filter, span).await?;
            let whole = usize::try_from(search.limit).is_ok_and(|limit| found.len() < limit);
            next = found.last().filter(|_| !whole).map_or(up_to, |last| last.seq);
            for event in found.into_iter().filter(|event| (search.fits)(event)) {
                let seq = event.seq;
                events.push(event);
                if u32::try_from(events.len()).is_ok_and(|count| count >= search.limit) {
                    return Ok(EventPage { events, next: seq, line });
                }
            }
        }
        Ok(EventPage { events, next, line })
    }

    /// The same, but where there is none yet, it is waited for.
    pub async fn next_events(
        &self,
        search: &EventSearch,
        mut place: Place,
        patience: Duration,
    ) -> Result<EventPage> {
        let (deadline, mut changes) = (Instant::now() + patience, self.store.changes());
        loop {
            changes.mark_unchanged();
            let page = self.events(search, place).await?;
            if !page.events.is_empty() || !page.is_last() {
                return Ok(page);
            }
            place.after = page.next;
            if !self.changed(&mut changes, deadline).await {
                return Ok(page);
            }
        }
    }

    /// Where the events end.
    pub async fn event_line(&self) -> Result<Line> {
        Ok(self.read().await?.line().await?)
    }

    /// Where the new ones begin after the numbers went back: behind what a saved state had, or at the
    /// beginning.
    pub(super) async fn beginning(&self) -> Result<Place> {
        let mut view = self.read().await?;
        let line = view.line().await?;
        let of = |action: &str| Some(Words::One(action.to_owned()));
        let load = EventFilter { action: of(LOADED), ..EventFilter::default() };
        let reset = EventFilter {
            action: of(RESET.0),
            resource: Some(RESET.1.to_owned()),
            ..EventFilter::default()
        };
        let earliest = line.latest - WINDOW;
        let load = view.last_event(&load, earliest).await?;
        let reset = view.last_event(&reset, earliest).await?;
        let after = load.filter(|_| load > reset).map_or(0, |load| load - 1);
        Ok(Place { after, epoch: Some(line.epoch) })
    }

    /// Waits until the database was written or the time is over; false: it is over, or the server
    /// stops.
    async fn changed(&self, changes: &mut watch::Receiver<Changes>, deadline: Instant) -> bool {
        tokio::select! {
            written = changes.changed() => written.is_ok(),
            () = self.stopping.cancelled() => false,
            () = tokio::time::sleep_until(deadline) => false,
        }
    }

    /// Follows events from a place on; until then, if any, it may.
    pub fn follow(&self, search: EventSearch, place: Place, until: Option<Time>) -> Follower {
        let mut changes = self.store.changes();
        changes.mark_changed();
        Follower { app: self.clone(), search, place, until, changes }
    }
}

/// What a follower is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// The next events.
    Events(Vec<Recorded>),
    /// The numbers went back: it goes on behind this place.
    Reset(Place),
    /// There is none yet.
    Nothing,
}

/// Reads every event as it comes, once and in order.
#[derive(Debug)]
pub struct Follower {
    app: App,
    search: EventSearch,
    place: Place,
    until: Option<Time>,
    changes: watch::Receiver<Changes>,
}

impl Follower {
    /// What comes next, after `patience` at the latest; none: it is over, since the server stops or
    /// whoever follows may no longer.
    pub async fn next(&mut self, patience: Duration) -> Result<Option<Told>> {
        let deadline = Instant::now() + self.app.no_longer_than(self.until, patience);
        loop {
            if self.is_over() {
                return Ok(None);
            }
            self.changes.mark_unchanged();
            match self.app.events(&self.search, self.place).await {
                Ok(page) => {
                    self.place = Place { after: page.next, epoch: Some(page.line.epoch) };
                    if !page.events.is_empty() {
                        return Ok(Some(Told::Events(page.events)));
                    }
                    if page.is_last() && !self.app.changed(&mut self.changes, deadline).await {
                        return Ok((!self.is_over()).then_some(Told::Nothing));
                    }
                }
                Err(ServiceError::EventsWentBack { .. }) => {
                    self.place = self.app.beginning().await?;
                    return Ok(Some(Told::Reset(self.place)));
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    fn is_over(&self) -> bool {
        let over = self.until.is_some_and(|until| self.app.now() >= until);
        over || self.app.stopping.is_cancelled()
    }
}

impl App {
    /// `patience`, but not beyond a moment.
    fn no_longer_than(&self, until: Option<Time>, patience: Duration) -> Duration {
        let left = until.and_then(|until| self.clock.real_time_until(until));
        left.and_then(|left| left.to_std().ok()).map_or(patience, |left| left.min(patience))
    }
}
