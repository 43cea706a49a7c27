//! `/_evs/webhooks`: how far each webhook has been told of events.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::call::OwnCall;
use crate::domain::access::Action;
use crate::http::call::Answer;
use crate::http::time;
use crate::service::webhooks::WebhookState;

/// Lists the webhooks.
pub(in crate::http) async fn list(call: OwnCall) -> Answer {
    call.may(Action::ListWebhooks)?;
    let webhooks = call.app().webhooks().await?;
    let webhooks: Vec<Value> = webhooks.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"webhooks": webhooks})))
}

fn view(state: &WebhookState) -> Value {
    let (webhook, trouble) = (&state.webhook, state.webhook.trouble.as_ref());
    json!({
        "url": webhook.url,
        "active": state.active,
        "delivered_seq": webhook.delivered,
        "pending": state.pending,
        "failures": trouble.map_or(0, |trouble| trouble.failures),
        "next_try_at": trouble.map(|trouble| time::with_zone(trouble.next_try_at)),
        "last_error": trouble.map(|trouble| trouble.error.as_str()),
    })
}
