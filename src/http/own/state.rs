//! `/_evs/state`: states by name.

use actix_web::HttpResponse;

use super::call::OwnCall;
use super::state_view as view;
use crate::domain::access::Action;
use crate::domain::state::{Detail, Overwrite, Side, StateName};
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, flag};
use crate::service::ServiceError;

/// Every saved state.
pub(in crate::http) async fn list(call: OwnCall) -> Answer {
    call.may(Action::ListStates)?;
    let states = call.app().saved_states().await?;
    Ok(HttpResponse::Ok().json(view::list(&states)))
}

/// Saves the present state; over another one of that name only with `overwrite`.
pub(in crate::http) async fn save(call: OwnCall) -> Answer {
    call.may(Action::SaveState)?;
    let (name, overwrite) = (name(&call)?, overwrite(&call)?);
    let saved =
        call.write(move |app| async move { app.save_state(&name, overwrite).await }).await?;
    Ok(HttpResponse::Created().json(view::saved(&saved)))
}

/// Puts a saved state in place of the present one.
pub(in crate::http) async fn load(call: OwnCall) -> Answer {
    let caller = call.may(Action::LoadState)?;
    let (wanted, named) = (name(&call)?, name(&call)?);
    let loaded =
        call.write(move |app| async move { app.load_state(&caller, &wanted).await }).await?;
    Ok(HttpResponse::Ok().json(view::loaded(&named, &loaded)))
}

/// Removes a saved state.
pub(in crate::http) async fn delete(call: OwnCall) -> Answer {
    call.may(Action::DeleteState)?;
    let name = name(&call)?;
    call.write(move |app| async move { app.delete_state(&name).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How two states differ; `now` is the present one.
pub(in crate::http) async fn compare(call: OwnCall) -> Answer {
    call.may(Action::CompareStates)?;
    let (from, to) = (side(&call, "from")?, side(&call, "to")?);
    let all = call.query("all").is_some_and(|text| flag(text) == Some(true));
    let detail = if all { Detail::All } else { Detail::Usual };
    let difference = call.app().compare_states(&from, &to, detail).await?;
    Ok(HttpResponse::Ok().json(view::difference(&from, &to, &difference)))
}

/// Takes everything, or one project, back to its beginning.
pub(in crate::http) async fn reset(call: OwnCall) -> Answer {
    let caller = call.may(Action::ResetState)?;
    if let Some(named) = project(&call)? {
        let reset =
            call.write(move |app| async move { app.reset_project(&caller, &named).await }).await?;
        return Ok(HttpResponse::Ok().json(view::emptied(&reset.0, &reset.1)));
    }
    let reset = call.write(move |app| async move { app.reset_everything(&caller).await });
    Ok(HttpResponse::Ok().json(view::begun_anew(&reset.await?)))
}

fn name(call: &OwnCall) -> Result<StateName, ApiError> {
    Ok(StateName::parse(&call.decoded_part("state")).map_err(ServiceError::from)?)
}

fn overwrite(call: &OwnCall) -> Result<Overwrite, ApiError> {
    if !call.has_body() {
        return Ok(Overwrite::No);
    }
    let body = call.any_json()?;
    let wanted = Fields::top(&body)?;
    wanted.no_others(&["overwrite"])?;
    Ok(if wanted.boolean("overwrite")? { Overwrite::Yes } else { Overwrite::No })
}

fn side(call: &OwnCall, parameter: &str) -> Result<Side, ApiError> {
    let text = call.query(parameter).ok_or_else(|| {
        ApiError::Query(format!("The parameter {parameter} is required: a state, or now."))
    })?;
    Ok(Side::parse(text).map_err(ServiceError::from)?)
}

/// The project to reset; none: everything, which must be said in so many words.
fn project(call: &OwnCall) -> Result<Option<String>, ApiError> {
    let body = call.any_json()?;
    let wanted = Fields::top(&body)?;
    wanted.no_others(&["project_id", "everything"])?;
    match (wanted.text("project_id")?, wanted.boolean("everything")?) {
        (Some(project), false) => Ok(Some(project.to_owned())),
        (None, true) => Ok(None),
        (Some(_), true) | (None, false) => {
            Err(wanted.wrong("exactly one of project_id, everything is required"))
        }
    }
}
