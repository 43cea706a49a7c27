//! Work that runs to its end even when whoever asked for it goes away. The only place that spawns.

use std::future::Future;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// Spawns work and keeps track of it, so that a stop can wait for it.
#[derive(Debug, Clone)]
pub struct Tasks {
    tracker: TaskTracker,
    runtime: Handle,
}

/// The work ended without a result: it panicked, or its runtime was shut down.
#[derive(Debug, Clone, Error)]
#[error("the work ended without a result: {0}")]
pub struct Gone(String);

impl Tasks {
    /// Runs work on `runtime`, which must outlive it.
    pub fn on(runtime: Handle) -> Self {
        Self { tracker: TaskTracker::new(), runtime }
    }

    /// Runs `work` to its end even if the caller goes away; [`Tasks::finish`] waits for it.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Gone> {
        self.tracker
            .spawn_on(work.in_current_span(), &self.runtime)
            .await
            .map_err(|why| Gone(why.to_string()))
    }

    /// Does work that keeps its thread waiting, such as flushing a large file, where that holds nobody
    /// up; runs to its end like [`Tasks::run`].
    pub async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Gone> {
        let span = tracing::Span::current();
        self.tracker
            .spawn_blocking_on(move || span.in_scope(work), &self.runtime)
            .await
            .map_err(|why| Gone(why.to_string()))
    }

    /// Starts `work`, which ends by itself; [`Tasks::finish`] waits for it.
    pub fn start(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn_on(work, &self.runtime);
    }

    /// Takes no more work and waits for what is under way.
    pub async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
