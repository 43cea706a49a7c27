//! `/_evs/faults`: the rules by which something goes wrong on purpose.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::call::OwnCall;
use crate::domain::access::Action;
use crate::domain::fault::{Armed, EffectWord, FaultDraft, Keeping, Operations};
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::time;

/// Every rule, in the order in which they are asked.
pub(in crate::http) async fn list(call: OwnCall) -> Answer {
    call.may(Action::ListFaults)?;
    let faults = call.app().faults();
    Ok(HttpResponse::Ok().json(json!({"faults": views(&faults)})))
}

/// One rule.
pub(in crate::http) async fn show(call: OwnCall) -> Answer {
    call.may(Action::ShowFault)?;
    let fault = call.app().fault(call.part("id"))?;
    Ok(HttpResponse::Ok().json(view(&fault)))
}

/// Adds one rule, or under `faults` several, all or none.
pub(in crate::http) async fn create(call: OwnCall) -> Answer {
    let caller = call.may(Action::CreateFaults)?;
    let (drafts, several) = drafts(call.any_json()?)?;
    let added =
        call.write(move |app| async move { app.add_faults(&caller, &drafts).await }).await?;
    let body = match added.first().filter(|_| !several) {
        Some(fault) => view(fault),
        None => json!({"faults": views(&added)}),
    };
    Ok(HttpResponse::Created().json(body))
}

/// Removes a rule.
pub(in crate::http) async fn delete(call: OwnCall) -> Answer {
    let caller = call.may(Action::DeleteFaults)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.remove_fault(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Removes every rule.
pub(in crate::http) async fn clear(call: OwnCall) -> Answer {
    let caller = call.may(Action::DeleteFaults)?;
    let removed = call.write(move |app| async move { app.remove_faults(&caller).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"removed": removed})))
}

pub(in crate::http) fn drafts(mut body: Value) -> Result<(Vec<FaultDraft>, bool), ApiError> {
    let listed = body.as_object_mut().filter(|members| members.len() == 1);
    match listed.and_then(|members| members.remove("faults")) {
        Some(Value::Array(list)) => {
            Ok((list.into_iter().map(draft).collect::<Result<_, _>>()?, true))
        }
        Some(_) => Err(wrong("faults is a list of them")),
        None => Ok((vec![draft(body)?], false)),
    }
}

fn draft(value: Value) -> Result<FaultDraft, ApiError> {
    if !value.is_object() {
        return Err(wrong("it is an object"));
    }
    serde_json::from_value(value).map_err(wrong)
}

fn wrong(why: impl std::fmt::Display) -> ApiError {
    ApiError::Schema(format!("Invalid fault: {why}."))
}

fn views(faults: &[Armed]) -> Value {
    faults.iter().map(view).collect()
}

/// A rule as it could be added again, and what it has done.
fn view(armed: &Armed) -> Value {
    let Armed { fault, allowed, matched, fired } = armed;
    let effect = &fault.effect;
    let (name, detail) = match effect.word() {
        EffectWord::Delay => {
            ("delay_ms", effect.detail().parse::<u32>().map_or(Value::Null, Value::from))
        }
        EffectWord::Error => ("error", effect.detail().into()),
        EffectWord::Drop => ("drop", effect.detail().into()),
        EffectWord::FailStep => ("fail_step", effect.detail().into()),
        EffectWord::Crash => ("crash", effect.detail().into()),
        EffectWord::Panic => ("panic", effect.detail().into()),
        EffectWord::Fail => ("fail", effect.detail().into()),
    };
    let members = [
        ("id", json!(fault.id.to_string())),
        ("note", json!(fault.note)),
        ("operation", json!(effect.operations().map(Operations::as_str))),
        ("project", json!(fault.project.as_ref().map(ToString::to_string))),
        ("disk", json!(fault.disk.map(|disk| disk.to_string()))),
        ("skip", json!(fault.chance.skip)),
        ("times", json!(fault.chance.times)),
        ("probability", json!(fault.chance.probability.fraction())),
        ("seed", json!(fault.chance.seed)),
        (name, detail),
        ("persist", json!(fault.keeping == Keeping::Persisted)),
        ("created_at", json!(time::with_zone(fault.created_at))),
        ("armed", json!(allowed)),
        ("matched", json!(matched)),
        ("fired", json!(fired)),
    ];
    Value::Object(Map::from_iter(members.map(|(name, value)| (name.to_owned(), value))))
}
