//! `/_evs/seed` and `/_evs/export`: scenarios in and out, as TOML.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::call::OwnCall;
use crate::domain::access::Action;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields;
use crate::scenario_file;
use crate::service::ServiceError;
use crate::service::scenarios::{Mode, Seeded};

/// The type of a scenario's text.
pub(in crate::http) const TOML: &str = "application/toml; charset=utf-8";

/// Applies the scenario in the body, or with `dry_run` only looks whether it could.
pub(in crate::http) async fn seed(call: OwnCall) -> Answer {
    let caller = call.may(Action::ApplyScenario)?;
    let text = std::str::from_utf8(call.body());
    let text = text.map_err(|_| ApiError::Schema("A scenario is UTF-8 text.".to_owned()))?;
    let scenario = scenario_file::parse(text).map_err(ServiceError::Scenario)?;
    let mode = match call.query("dry_run").map(|flag| (flag, fields::flag(flag))) {
        None | Some((_, Some(false))) => Mode::Apply,
        Some((_, Some(true))) => Mode::DryRun,
        Some((flag, None)) => {
            return Err(ApiError::Query(format!("Value '{flag}' for 'dry_run' is not a boolean.")));
        }
    };
    let seeded =
        call.write(move |app| async move { app.seed(&caller, &scenario, mode).await }).await?;
    Ok(HttpResponse::Ok().json(view(&seeded, mode)))
}

/// What is there, or what one project has, as a scenario.
pub(in crate::http) async fn export(call: OwnCall) -> Answer {
    call.may(Action::ExportScenario)?;
    let project = call.query("project").map(str::to_owned);
    let wanted = project.clone();
    let exported =
        call.write(move |app| async move { app.export(wanted.as_deref()).await }).await?;
    let name = project.unwrap_or_default();
    let scenario =
        exported.ok_or_else(|| ApiError::NotThere(format!("There is no project {name:?}.")))?;
    Ok(HttpResponse::Ok().content_type(TOML).body(scenario_file::render(&scenario)))
}

fn view(seeded: &Seeded, mode: Mode) -> Value {
    let counts = seeded.counts.iter().map(|(kind, count)| {
        let count = json!({
            "created": count.created, "updated": count.updated, "unchanged": count.unchanged,
        });
        ((*kind).to_owned(), count)
    });
    let transfers = seeded.transfers.iter().map(|transfer| {
        json!({
            "name": transfer.name,
            "id": transfer.id.to_string(),
            "volume_id": transfer.disk.to_string(),
            "auth_key": transfer.key.reveal(),
        })
    });
    json!({
        "dry_run": mode == Mode::DryRun,
        "counts": counts.collect::<Map<_, _>>(),
        "transfers": transfers.collect::<Vec<_>>(),
    })
}
