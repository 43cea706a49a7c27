//! Webhooks in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::webhook::Webhook;

/// Questions about webhooks.
#[async_trait]
pub trait WebhookReads {
    /// How far the webhook with this URL has been told; none: it never was there.
    async fn webhook(&mut self, url: &str) -> Result<Option<Webhook>>;

    /// Every webhook that ever was there, by URL.
    async fn webhooks(&mut self) -> Result<Vec<Webhook>>;
}

/// Changes of webhooks.
pub trait WebhookWrites {
    /// Sets how far a webhook has been told, whether it was there before or not.
    fn set_webhook(&mut self, webhook: &Webhook);
}
