//! `/_evs/disks/{id}/transferable`: whether a disk may be offered, rule by rule.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::call::OwnCall;
use crate::domain::access::Action;
use crate::domain::transfer::Verdict;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::time::with_zone;
use crate::service::ServiceError;
use crate::service::transfers::Transferability;

/// What each rule says of offering a disk that the caller sees, what breaks it, and the whole verdict.
pub(in crate::http) async fn show(call: OwnCall) -> Answer {
    let caller = call.may(Action::ShowTransferable)?;
    let found = call.app().transferable(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(view(&found)))
}

fn view(found: &Transferability) -> Value {
    let rules: Vec<Value> =
        found.verdicts.iter().map(|(name, verdict)| rule_view(name, verdict)).collect();
    let transfer = found.transfer.as_ref().map(|transfer| {
        json!({
            "id": transfer.id.to_string(),
            "expires_at": transfer.expiry.map(|expiry| with_zone(expiry.at)),
            "expired": found.expired,
        })
    });
    json!({
        "disk_id": found.disk.id.to_string(),
        "status": found.disk.status.as_str(),
        "transferable": found.holds(),
        "rules": rules,
        "transfer": transfer,
    })
}

/// What breaks a rule is told by the very sentence of the refusal.
fn rule_view(name: &str, verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Holds => json!({"rule": name, "verdict": "holds"}),
        Verdict::Off => json!({"rule": name, "verdict": "off"}),
        Verdict::Broken(refused) => {
            let refusal = ApiError::Service(ServiceError::Transfer(refused.clone()));
            json!({"rule": name, "verdict": "broken", "why": refusal.message()})
        }
    }
}
