//! Work that runs to its end even when whoever asked for it goes away. The only place that spawns.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument as _, error};

/// How long after a panic a loop begins anew.
const PAUSE: Duration = Duration::from_secs(1);

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

/// Work that panicked: a bug.
#[derive(Debug, Clone, Error)]
#[error("a panic: {0}")]
pub struct Panicked(String);

/// Does `work`, and lives on if it panics. Whoever asks for this answers for what `work` leaves behind.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Err(why) => Poll::Ready(Err(Panicked(said(&*why)))),
    })
    .await
}

/// Work that tells its result elsewhere. So there is one kind of task for all kinds of work: what a task
/// brings along is much code, once for each kind.
fn told<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> (Pin<Box<dyn Future<Output = ()> + Send>>, oneshot::Receiver<T>) {
    let (sender, done) = oneshot::channel();
    let work = Box::pin(async move {
        // Whoever wanted it may be gone.
        drop(sender.send(work.await));
    });
    (work, done)
}

/// What work told that has ended.
fn outcome<T>(ended: Result<(), JoinError>, mut done: oneshot::Receiver<T>) -> Result<T, Gone> {
    ended.map_err(|why| Gone(why.to_string()))?;
    done.try_recv().map_err(|why| Gone(why.to_string()))
}

/// What a panic said.
fn said(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| why.downcast_ref::<&str>().copied()).unwrap_or("it said nothing").to_owned()
}

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
        let (work, done) = told(work);
        let ended = self.tracker.spawn_on(work.in_current_span(), &self.runtime).await;
        outcome(ended, done)
    }

    /// The same on the thread that asks, which spares short work the way to another one and back. The
    /// asker must run on tokio's runtime for one thread, as whoever answers a request does.
    pub async fn run_here<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Gone> {
        let (work, done) = told(work);
        let ended = self.tracker.spawn_local(work.in_current_span()).await;
        outcome(ended, done)
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

    /// Starts a loop that goes on until `stop`, and anew should it panic: nobody would miss a loop that
    /// is gone until what it does is not done.
    pub fn keep<F>(&self, stop: CancellationToken, mut round: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.start(async move {
            while let Err(why) = caught(round()).await {
                error!(error.cause = %why, "a loop begins anew: {why}");
                if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
                    return;
                }
            }
        });
    }

    /// Takes no more work and waits for what is under way.
    pub async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
