//! `types/{id}/os-volume-type-access` and the actions on it (reference: Cinder
//! `volume_type_access`).

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::one_action;
use crate::domain::access::Action;
use crate::domain::ids::ProjectId;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::Fields;

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListTypeAccess)?;
    let (disk_type, projects) = call.app().disk_type_access(&caller, call.part("id")).await?;
    let id = disk_type.id.to_string();
    let access: Vec<Value> = projects
        .iter()
        .map(|project| json!({"volume_type_id": id, "project_id": project.as_str()}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({"volume_type_access": access})))
}

/// Gives a project access to a private type, or takes it; exactly one action stands in the body.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let body = call.json()?;
    let (name, top) = one_action(&body)?;
    let id = call.part("id").to_owned();
    match name {
        "addProjectAccess" => {
            let caller = call.may(Action::AddTypeAccess)?;
            let to = project(&top, name)?;
            call.write(move |app| async move { app.add_disk_type_access(&caller, &id, to).await })
                .await?;
        }
        "removeProjectAccess" => {
            let caller = call.may(Action::RemoveTypeAccess)?;
            let of = project(&top, name)?;
            call.write(
                move |app| async move { app.remove_disk_type_access(&caller, &id, of).await },
            )
            .await?;
        }
        other => return Err(ApiError::NoSuchAction(other.to_owned())),
    }
    Ok(HttpResponse::Accepted().finish())
}

fn project<'a>(top: &Fields<'a>, action: &'a str) -> Result<ProjectId, ApiError> {
    let access = top.required_object(action)?;
    let project = access.required_text("project")?;
    access.no_others(&["project"])?;
    if project.is_empty() {
        return Err(access.wrong_value("project", |value| format!("{value} should be non-empty")));
    }
    Ok(ProjectId::new(super::short(&access, "project", project)?))
}
