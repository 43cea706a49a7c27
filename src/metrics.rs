//! What a server counts. A new metric is added here and nowhere else: a field, its name, and the
//! method that counts.
//!
//! A value, one a server: two servers in one process do not add up. What is counted is what was
//! committed, so whoever counts does so after the commit. Must not know who counts, or who reads.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::domain::guess::Secret;

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type BySecret = Family<[(&'static str, &'static str); 1], Counter>;
type ByUrl = Family<[(&'static str, String); 1], Counter>;

/// The metrics of one server.
pub struct Metrics {
    registry: Registry,
    wrong_guesses: BySecret,
    refused_guesses: BySecret,
    deliveries: ByUrl,
    failed_deliveries: ByUrl,
    edits: Counter,
    no_space: Counter,
    log_bytes: Gauge<i64>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics(..)")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("evs");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs here", build);
        let wrong_guesses = by_secret();
        registry.register(
            "wrong_guesses",
            "Wrong auth keys of transfers and wrong passwords that were written down",
            wrong_guesses.clone(),
        );
        let refused_guesses = by_secret();
        registry.register(
            "refused_guesses",
            "Guesses that were refused, right or wrong, after too many wrong ones",
            refused_guesses.clone(),
        );
        let deliveries = ByUrl::default();
        registry.register("webhook_deliveries", "Events that a webhook took", deliveries.clone());
        let failed_deliveries = ByUrl::default();
        registry.register(
            "webhook_failures",
            "Times that a webhook did not take an event",
            failed_deliveries.clone(),
        );
        let edits = Counter::default();
        registry.register(
            "database_edits",
            "Bursts of writes to the data file by other processes",
            edits.clone(),
        );
        let no_space = Counter::default();
        registry.register(
            "no_space_answers",
            "Requests that were answered 507, since no space was left for the data file",
            no_space.clone(),
        );
        let log_bytes = Gauge::default();
        registry.register(
            "database_log_bytes",
            "The size of the write-ahead log beside the data file (evs.db-wal)",
            log_bytes.clone(),
        );
        Self {
            registry,
            wrong_guesses,
            refused_guesses,
            deliveries,
            failed_deliveries,
            edits,
            no_space,
            log_bytes,
        }
    }
}

impl Metrics {
    /// Somebody was wrong about a secret.
    pub fn count_wrong_guess(&self, secret: Secret) {
        self.wrong_guesses.get_or_create(&of(secret)).inc();
    }

    /// A guess was refused because of those before it.
    pub fn count_refused_guess(&self, secret: Secret) {
        self.refused_guesses.get_or_create(&of(secret)).inc();
    }

    /// A webhook is told from now on; counted from 0 on.
    pub fn begin_deliveries(&self, url: &str) {
        drop(self.deliveries.get_or_create(&to(url)));
        drop(self.failed_deliveries.get_or_create(&to(url)));
    }

    /// A webhook took an event.
    pub fn count_delivery(&self, url: &str) {
        self.deliveries.get_or_create(&to(url)).inc();
    }

    /// A webhook did not take an event.
    pub fn count_failed_delivery(&self, url: &str) {
        self.failed_deliveries.get_or_create(&to(url)).inc();
    }

    /// Another process wrote to the data file.
    pub fn count_edit(&self) {
        self.edits.inc();
    }

    /// A request was answered that no space is left.
    pub fn count_no_space(&self) {
        self.no_space.inc();
    }

    /// So large is the log of the database now.
    pub fn measure_log(&self, bytes: u64) {
        self.log_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// All of them in the text format of Prometheus (`OpenMetrics` 1.0).
    pub fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Counts from 0 on: a counter that appears with its first event hides that event from `rate()`.
fn by_secret() -> BySecret {
    let family = BySecret::default();
    for secret in [Secret::AuthKey, Secret::Password] {
        drop(family.get_or_create(&of(secret)));
    }
    family
}

fn of(secret: Secret) -> [(&'static str, &'static str); 1] {
    [("secret", secret.as_str())]
}

fn to(url: &str) -> [(&'static str, String); 1] {
    [("url", url.to_owned())]
}
