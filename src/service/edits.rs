//! What people write into the file beside the server: noticed, noted down, and served.
//!
//! Rows need nothing to be served, since nothing of them is kept in memory. What is kept is read anew, who waits
//! for something to end looks again, and a burst of edits is one event. Guards in the file have refused before
//! what would break something; the doctor tells of what they cannot see.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::progress::nobody;
use super::{App, Result, ServiceError, settle};
use crate::domain::event::Event;
use crate::domain::ids::ProjectId;
use crate::store::StoreError;

/// Edits with less time between them are one burst. Longer than an idle writer takes to notice the next one.
const QUIET: Duration = Duration::from_millis(2500);

/// A burst that does not end is noted again after so long.
const LONGEST_BURST: Duration = Duration::from_mins(1);

/// How long after a failure the next try is.
const RETRY: Duration = Duration::from_secs(1);

impl App {
    /// Notes that another process wrote to the data file.
    pub async fn note_edit(&self) -> Result<()> {
        let caller = nobody(&ProjectId::new("evs"));
        let event = Event::of(&caller, self.now(), "database.edit", &"database", None, None);
        let mut unit = self.write().await?;
        unit.record(&event.because("another process wrote to the data file"));
        settle(unit, Ok(())).await?;
        self.metrics().count_edit();
        info!("another process wrote to the data file: noted as event database.edit");
        Ok(())
    }

    /// Serves what is in the file now.
    async fn serve_edit(&self) -> Result<()> {
        let _turn = self.turn().await;
        self.read_again().await
    }
}

/// Waits for edits until `stop`.
pub async fn run(app: App, stop: CancellationToken) {
    let mut changes = app.store().changes();
    let mut seen = changes.borrow_and_update().others;
    let mut burst: Option<(Instant, Instant)> = None;
    while let Some(Ok(())) = stop.run_until_cancelled(changes.changed()).await {
        let others = changes.borrow_and_update().others;
        if others == seen {
            continue;
        }
        seen = others;
        let now = Instant::now();
        let goes_on =
            burst.filter(|(noted, last)| now - *last < QUIET && now - *noted < LONGEST_BURST);
        burst = Some(goes_on.map_or((now, now), |(noted, _)| (noted, now)));
        if let Err(why) = app.serve_edit().await {
            error!(error.cause = %why, "what is kept in memory was not read anew: {why}");
        }
        if goes_on.is_none() {
            note(&app, &stop).await;
        }
    }
}

/// Notes it even if whoever edits holds the lock for a while.
async fn note(app: &App, stop: &CancellationToken) {
    while let Err(why) = app.note_edit().await {
        if matches!(why, ServiceError::Store(StoreError::Closed)) {
            return;
        }
        error!(error.cause = %why, "an edit of the data file is not noted yet: {why}");
        if stop.run_until_cancelled(tokio::time::sleep(RETRY)).await.is_none() {
            return;
        }
    }
}
