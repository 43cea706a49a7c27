//! Section `[events]`: its values and their checks.

use std::collections::BTreeSet;
use std::time::Duration;

use secrecy::SecretString;

use super::ConfigError;
use super::checks::{Checks, ONE_DAY_MS};

/// Section `[events]`.
#[derive(Debug, Clone)]
pub struct Events {
    /// How long a stream is silent at most.
    pub stream_heartbeat: Duration,
    /// Where every event is posted to.
    pub webhooks: Vec<String>,
    /// How long a receiver may take.
    pub webhook_timeout: Duration,
    /// What signs the bodies; none: nothing does.
    pub webhook_secret: Option<SecretString>,
    /// Where a webhook begins that is new.
    pub webhook_from: WebhookFrom,
    /// How long to wait after a first failure.
    pub webhook_first_retry: Duration,
    /// How long to wait after many.
    pub webhook_longest_retry: Duration,
}

/// Where a new webhook begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFrom {
    /// With what comes from now on.
    Now,
    /// With the first event of all.
    Start,
}

pub(super) fn check(checks: &Checks<'_>) -> Result<Events, ConfigError> {
    let time = |key, least| checks.whole(key, least..=ONE_DAY_MS).map(Duration::from_millis);
    let secret = checks.text("events.webhook_secret")?;
    Ok(Events {
        stream_heartbeat: time("events.stream_heartbeat_ms", 1)?,
        webhooks: webhooks(checks)?,
        webhook_timeout: time("events.webhook_timeout_ms", 1)?,
        webhook_secret: (!secret.is_empty()).then(|| secret.into()),
        webhook_from: checks.one_of(
            "events.webhook_from",
            &[("now", WebhookFrom::Now), ("start", WebhookFrom::Start)],
        )?,
        webhook_first_retry: time("events.webhook_first_retry_ms", 1)?,
        webhook_longest_retry: time("events.webhook_longest_retry_ms", 1)?,
    })
}

/// A password in a URL would stand in the data file and in the log.
fn webhooks(checks: &Checks<'_>) -> Result<Vec<String>, ConfigError> {
    let (key, mut unique) = ("events.webhooks", BTreeSet::new());
    let urls = checks.list(key)?;
    for url in urls {
        if url.starts_with("https://") {
            let rule = "a list of URLs that begin with http:// (evs posts without TLS; let a proxy on \
                        this machine speak it)";
            return Err(checks.broken(key, rule));
        }
        let rest = url.strip_prefix("http://").unwrap_or_default();
        let host = rest.split('/').next().unwrap_or_default();
        if host.contains('@') {
            let rule = "a list of URLs without a user or a password in them (events.webhook_secret \
                        signs what is posted)";
            return Err(checks.broken_secretly(key, rule));
        }
        let fits = |c: char| c.is_ascii_graphic() && !"\"'<>\\#".contains(c);
        if host.is_empty() || !rest.chars().all(fits) || !unique.insert(url) {
            return Err(checks.broken(key, "a list of different URLs that begin with http://"));
        }
    }
    Ok(urls.to_vec())
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, load_with};

    fn with(key: &str, value: &str) -> Result<Vec<String>, String> {
        let name = format!("EVS__EVENTS__{}", key.to_uppercase());
        let environment = [(name, value.to_owned())].into_iter();
        let loaded =
            load_with(&Flags::default(), environment).map_err(|error| error.to_string())?;
        Ok(loaded.settings.events.webhooks)
    }

    #[test]
    fn webhooks_are_urls_without_tls_and_without_a_password() {
        let urls = "http://127.0.0.1:9000/hook?a=b,http://receiver";
        let expected = ["http://127.0.0.1:9000/hook?a=b", "http://receiver"];
        assert_eq!(with("webhooks", urls).unwrap(), expected);
        for (wrong, told) in [
            ("https://127.0.0.1/", "posts without TLS"),
            ("127.0.0.1:9000", "that begin with http://"),
            ("http://", "that begin with http://"),
            ("http:///hook", "that begin with http://"),
            ("http://a b/", "that begin with http://"),
            ("http://a/,http://a/", "a list of different URLs"),
            ("http://me:hush@a/", "without a user or a password"),
        ] {
            let error = with("webhooks", wrong).unwrap_err();
            assert!(error.contains("events.webhooks") && error.contains(told), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
        assert!(with("webhook_from", "yesterday").unwrap_err().contains("one of now, start"));
        assert!(with("webhook_timeout_ms", "0").unwrap_err().contains("a whole number from 1"));
    }
}
