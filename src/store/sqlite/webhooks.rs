//! Webhooks in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::webhook::{Trouble, Webhook};
use crate::store::{Result, StoreError, WebhookReads, WebhookWrites};

#[derive(Debug, FromRow)]
struct WebhookRow {
    url: String,
    delivered_seq: i64,
    failures: i64,
    next_try_at: Option<String>,
    last_error: Option<String>,
}

impl TryFrom<WebhookRow> for Webhook {
    type Error = StoreError;

    fn try_from(found: WebhookRow) -> Result<Self> {
        let row = Row { table: "webhooks", id: &found.url };
        let trouble = match (found.failures, &found.next_try_at, found.last_error) {
            (0, ..) => None,
            (failures, next_try_at, error) => Some(Trouble {
                failures: row.need("failures", "number", u32::try_from(failures).ok())?,
                next_try_at: row.time("next_try_at", next_try_at.as_deref().unwrap_or_default())?,
                error: error.unwrap_or_default(),
            }),
        };
        Ok(Self { delivered: found.delivered_seq, trouble, url: found.url })
    }
}

#[async_trait]
impl<T: AsConnection> WebhookReads for T {
    async fn webhook(&mut self, url: &str) -> Result<Option<Webhook>> {
        sqlx::query_as::<_, WebhookRow>(
            "SELECT url, delivered_seq, failures, next_try_at, last_error FROM webhooks
             WHERE url = $1",
        )
        .bind(url.to_owned())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Webhook::try_from)
        .transpose()
    }

    async fn webhooks(&mut self) -> Result<Vec<Webhook>> {
        sqlx::query_as::<_, WebhookRow>(
            "SELECT url, delivered_seq, failures, next_try_at, last_error FROM webhooks
             ORDER BY url",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Webhook::try_from)
        .collect()
    }
}

impl WebhookWrites for Unit {
    fn set_webhook(&mut self, webhook: &Webhook) {
        let trouble = webhook.trouble.as_ref();
        self.queue(
            Write::of_one_row(
                "set webhook",
                "INSERT INTO webhooks (url, delivered_seq, failures, next_try_at, last_error)
                 VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT (url) DO UPDATE
                 SET delivered_seq = excluded.delivered_seq, failures = excluded.failures,
                     next_try_at = excluded.next_try_at, last_error = excluded.last_error",
            )
            .bind(webhook.url.as_str())
            .bind(webhook.delivered)
            .bind(trouble.map_or(0, |trouble| i64::from(trouble.failures)))
            .bind(trouble.map(|trouble| trouble.next_try_at))
            .bind(trouble.map(|trouble| trouble.error.as_str())),
        );
    }
}
