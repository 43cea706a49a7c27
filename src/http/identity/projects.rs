//! `/v3/projects` and `/v3/auth/projects`.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::body::Body;
use super::call::IdentityCall;
use crate::domain::account::{ProjectFilter, ProjectProfile};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ProjectId, UserId};
use crate::http::call::Answer;
use crate::service::App;
use crate::service::identity::projects::{NewProject, ProjectChange};

/// The longest name of a project (Keystone v3 API, Projects).
const LONGEST_NAME: usize = 64;

/// The projects that the asker sees.
pub(in crate::http) async fn list(call: IdentityCall) -> Answer {
    let filter = ProjectFilter {
        name: call.filter("name"),
        // Every project lies right under its domain.
        domain: call.filter("domain_id").or_else(|| call.filter("parent_id")),
        enabled: call.flag("enabled"),
        member: call.query("user_id").map(UserId::new),
        marker: call.query("marker").map(ProjectId::new),
        limit: call.limit()?,
    };
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let mut projects = call.app().list_projects(call.asker(), filter).await?;
    let parent = call.query("parent_id");
    projects.retain(|profile| parent.is_none_or(|parent| parent == profile.project.domain.id));
    if call.flag("is_domain") == Some(true) {
        projects.clear();
    }
    // Huawei's SDK looks for its project under the region's name, and wants exactly one.
    let of_region = call.query("name") == Some(call.api().region.as_str());
    if projects.is_empty() && of_region && call.query("marker").is_none() {
        projects.extend(call.app().home_project(call.asker()).await?);
    }
    let last = projects.last().map(|last| last.project.id.clone());
    let next = last.as_ref().filter(|_| projects.len() == limit).map(ProjectId::as_str);
    Ok(call.page("projects", &views(&call, &projects), next))
}

/// The projects that the asker can get a token for.
pub(in crate::http) async fn own(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListOwnScopes, None)?;
    let projects = call.app().projects_of(&call.asker().session.user.id).await?;
    Ok(call.list("projects", &views(&call, &projects)))
}

/// The projects of a user.
pub(in crate::http) async fn of_user(call: IdentityCall) -> Answer {
    let user = UserId::new(call.part("user"));
    let projects = call.app().user_projects(call.asker(), &user).await?;
    Ok(call.list("projects", &views(&call, &projects)))
}

/// One project.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let id = ProjectId::new(call.part("project"));
    let profile = call.app().show_project(call.asker(), &id).await?;
    Ok(HttpResponse::Ok().json(json!({"project": view(&call, &profile)})))
}

/// Makes a project.
pub(in crate::http) async fn create(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::CreateProject, None)?;
    let json = call.json()?;
    let body = Body::of(&json, "project")?;
    let new = NewProject {
        name: body.required_name("name", LONGEST_NAME)?,
        domain: body.text("domain_id")?.flatten().or(body.text("parent_id")?.flatten()),
        description: body.text("description")?.flatten().unwrap_or_default(),
        enabled: body.flag("enabled")?.unwrap_or(true),
    };
    let made =
        call.write(|app: App, asker| async move { app.create_project(&asker, new).await }).await?;
    Ok(HttpResponse::Created().json(json!({"project": view(&call, &made)})))
}

/// Changes a project.
pub(in crate::http) async fn update(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::UpdateProject, None)?;
    let json = call.json()?;
    let body = Body::of(&json, "project")?;
    let change = ProjectChange {
        name: body.name("name", LONGEST_NAME)?,
        domain: body.plain_text("domain_id")?,
        description: body.text("description")?.map(Option::unwrap_or_default),
        enabled: body.flag("enabled")?,
    };
    let id = ProjectId::new(call.part("project"));
    let changed = call
        .write(|app: App, asker| async move { app.update_project(&asker, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"project": view(&call, &changed)})))
}

/// Removes a project.
pub(in crate::http) async fn delete(call: IdentityCall) -> Answer {
    let id = ProjectId::new(call.part("project"));
    call.write(|app: App, asker| async move { app.delete_project(&asker, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn views(call: &IdentityCall, profiles: &[ProjectProfile]) -> Vec<Value> {
    profiles.iter().map(|profile| view(call, profile)).collect()
}

fn view(call: &IdentityCall, profile: &ProjectProfile) -> Value {
    let project = &profile.project;
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "domain_id": project.domain.id,
        "description": profile.description,
        "enabled": profile.enabled,
        "parent_id": project.domain.id,
        "is_domain": false,
        "tags": [],
        "options": {},
        "links": {"self": call.link(&format!("projects/{}", project.id))},
    })
}
