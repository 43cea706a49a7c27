//! Webhooks: each URL is told of every event, in order and at least once, from the table.
//!
//! How far each has been told stands in its row, so that a restart goes on there. What was taken but
//! not written down before the process was killed is told again; nothing is ever left out. Times are
//! the machine's: a simulated clock that stands still holds no receiver up.

use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::identity::tokens::hex;
use super::{App, Result, ServiceError, settle};
use crate::domain::event::{EventFilter, Line, Recorded, Span};
use crate::domain::webhook::{Backoff, Trouble, Webhook};
use crate::store::{StoreError, WriteTx};

/// How many events are told before how far it went is written down.
const PAGE: u32 = 20;

/// How long to wait when the database failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Where a new webhook begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With what comes from now on.
    Now,
    /// With the first event of all.
    Start,
}

/// One webhook as the settings want it.
#[derive(Debug, Clone)]
pub struct Hook {
    /// Where to post.
    pub url: String,
    /// How long it may take to take an event.
    pub timeout: Duration,
    /// What signs the bodies, if they are signed.
    pub secret: Option<SecretString>,
    /// Where it begins if it is new.
    pub beginning: Beginning,
    /// How long to wait after failures.
    pub backoff: Backoff,
}

/// What is posted for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What the event is called.
    pub called: String,
    /// All of it, as JSON.
    pub body: String,
}

/// How far a webhook has been told, and whether it is told at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookState {
    /// How far.
    pub webhook: Webhook,
    /// Whether the settings name it.
    pub active: bool,
    /// How many events it has not taken yet.
    pub pending: i64,
}

/// How telling went.
enum Turn {
    /// There may be more.
    More,
    /// It has been told of everything.
    Done,
    /// It is tried again after this.
    Later(Duration),
}

/// How posting one event went.
enum Posted {
    Taken,
    Stopped,
    Refused(String),
}

impl App {
    /// Every webhook that ever was, and how far it has been told.
    pub async fn webhooks(&self) -> Result<Vec<WebhookState>> {
        let mut view = self.read().await?;
        let line = view.line().await?;
        let state = |webhook: Webhook| WebhookState {
            active: self.rules.webhooks.contains(&webhook.url),
            pending: (line.latest - webhook.delivered).max(0),
            webhook,
        };
        Ok(view.webhooks().await?.into_iter().map(state).collect())
    }
}

/// Tells one webhook of events until `stop`; `message` makes what is posted.
pub async fn run(app: App, hook: Hook, message: fn(&Recorded) -> Message, stop: CancellationToken) {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(hook.timeout)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(why) => {
            error!(webhook.url = %hook.url, error.cause = %why, "no webhook is told: {why}");
            return;
        }
    };
    app.metrics().begin_deliveries(&hook.url);
    let teller = Teller { app, hook, message, client, stop, epoch: None, waited: false };
    teller.tell_all().await;
}

struct Teller {
    app: App,
    hook: Hook,
    message: fn(&Recorded) -> Message,
    client: reqwest::Client,
    stop: CancellationToken,
    /// The past that it told of last. What the data file says of the webhook after another one took its
    /// place is how things were when that was saved.
    epoch: Option<i64>,
    /// Whoever has waited once tries, whatever the machine's clock did meanwhile.
    waited: bool,
}

impl Teller {
    async fn tell_all(mut self) {
        let mut changes = self.app.store.changes();
        while !self.stop.is_cancelled() {
            changes.mark_unchanged();
            let wait = match self.turn().await {
                Ok(Turn::More) => continue,
                Ok(Turn::Done) => {
                    tokio::select! {
                        () = self.stop.cancelled() => return,
                        written = changes.changed() => if written.is_err() { return },
                    }
                    continue;
                }
                Ok(Turn::Later(wait)) => wait,
                Err(ServiceError::Store(StoreError::Closed)) => return,
                Err(why) => {
                    error!(webhook.url = %self.hook.url, error.cause = %why,
                        "how far a webhook has been told is not known: {why}");
                    PAUSE
                }
            };
            let _ = self.stop.run_until_cancelled(tokio::time::sleep(wait)).await;
            self.waited = true;
        }
    }

    /// Tells of the next few events, and writes down how far that went.
    async fn turn(&mut self) -> Result<Turn> {
        let waited = std::mem::take(&mut self.waited);
        let mut view = self.app.read().await?;
        let line = view.line().await?;
        let found = view.webhook(&self.hook.url).await?;
        let other = self.epoch.is_some_and(|epoch| epoch != line.epoch);
        if other || found.as_ref().is_some_and(|found| found.delivered > line.latest) {
            drop(view);
            let delivered = self.app.beginning().await?.after;
            let url = self.hook.url.clone();
            warn!(webhook.url = %url, "the numbers of events went back: it goes on after {delivered}");
            let turn = self.save(&Webhook { url, delivered, trouble: None }).await?;
            self.epoch = Some(line.epoch);
            return Ok(turn);
        }
        self.epoch = Some(line.epoch);
        let Some(before) = found else {
            drop(view);
            let delivered = match self.hook.beginning {
                Beginning::Now => line.latest,
                Beginning::Start => 0,
            };
            let url = self.hook.url.clone();
            return self.save(&Webhook { url, delivered, trouble: None }).await;
        };
        let trouble = before.trouble.as_ref().filter(|_| !waited);
        if let Some(wait) = self.left_to_wait(trouble) {
            return Ok(Turn::Later(wait));
        }
        let span = Span { after: before.delivered, up_to: line.latest, limit: PAGE };
        let events = view.events(&EventFilter::default(), span).await?;
        drop(view);
        let mut after = before.clone();
        for event in &events {
            match self.post(event, line).await {
                Posted::Taken => {
                    if after.trouble.is_some() {
                        info!(webhook.url = %self.hook.url, event.seq, "events are taken again");
                    }
                    after = Webhook { delivered: event.seq, trouble: None, ..after };
                    self.app.metrics().count_delivery(&self.hook.url);
                }
                Posted::Stopped => break,
                Posted::Refused(why) => {
                    after.trouble = Some(self.trouble(event, after.trouble.as_ref(), why));
                    self.app.metrics().count_failed_delivery(&self.hook.url);
                    break;
                }
            }
        }
        if after == before { Ok(Turn::Done) } else { self.save(&after).await }
    }

    async fn save(&self, webhook: &Webhook) -> Result<Turn> {
        let mut unit: Box<dyn WriteTx> = self.app.write().await?;
        unit.set_webhook(webhook);
        settle(unit, Ok(Turn::More)).await
    }

    /// How long it is still waited for after a failure; none: it is its turn.
    fn left_to_wait(&self, trouble: Option<&Trouble>) -> Option<Duration> {
        let left = trouble?.next_try_at - self.app.clock.machine_now();
        let left = left.to_std().ok().filter(|left| !left.is_zero())?;
        Some(left.min(self.hook.backoff.longest))
    }

    fn trouble(&self, event: &Recorded, before: Option<&Trouble>, error: String) -> Trouble {
        let failures = before.map_or(0, |trouble| trouble.failures).saturating_add(1);
        let wait = self.hook.backoff.after(failures);
        warn!(webhook.url = %self.hook.url, event.seq, webhook.failures = failures,
            "event {} was not taken: {error}", event.seq);
        Trouble { failures, next_try_at: self.app.clock.machine_now() + wait, error }
    }

    async fn post(&self, event: &Recorded, line: Line) -> Posted {
        let Message { called, body } = (self.message)(event);
        let mut request = self
            .client
            .post(&self.hook.url)
            .header(CONTENT_TYPE, "application/json")
            .header("x-evs-event", called)
            .header("x-evs-sequence", event.seq)
            .header("x-evs-epoch", line.epoch);
        if let Some(signature) = self.hook.secret.as_ref().and_then(|key| signature(key, &body)) {
            request = request.header("x-evs-signature", format!("sha256={signature}"));
        }
        match self.stop.run_until_cancelled(request.body(body).send()).await {
            None => Posted::Stopped,
            Some(Ok(answer)) if answer.status().is_success() => {
                debug!(webhook.url = %self.hook.url, event.seq, "event {} was taken", event.seq);
                Posted::Taken
            }
            Some(Ok(answer)) => Posted::Refused(format!("it answered {}", answer.status())),
            Some(Err(why)) => Posted::Refused(sentence(&why)),
        }
    }
}

/// The HMAC of a body; none: never, since keys of any length are taken, but the type cannot say so.
fn signature(key: &SecretString, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).ok()?;
    mac.update(body.as_bytes());
    Some(hex(&mac.finalize().into_bytes()))
}

/// Why nothing was answered, from the outside to the cause.
fn sentence(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it did not answer in time".to_owned();
    }
    let mut source = std::error::Error::source(error);
    let mut last = error.to_string();
    while let Some(inner) = source {
        last = inner.to_string();
        source = inner.source();
    }
    format!("it cannot be reached: {last}")
}
