//! `GET /v3/projects?name=`: how Huawei's SDKs find the project of an access key.
//!
//! They ask for the project that is named like the region, and need exactly one. The region's name
//! therefore means the caller's own project, whatever that is called.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use crate::domain::account::Project;
use crate::http::auth;
use crate::http::call::{Answer, api, base, query};

/// The caller's project, if it has the name asked for or that is the region's.
pub(in crate::http) async fn list(request: HttpRequest, payload: web::Payload) -> Answer {
    let api = api(&request)?;
    let body = auth::signed_body(&request, &mut payload.into_inner()).await?;
    let session = auth::session(&api, &request, body.as_ref()).await?;
    let query = query(&request)?;
    let name = query.iter().find(|(key, _)| key == "name").map(|(_, name)| name.as_str());
    let base = format!("{}/v3/projects", base(&api, request.headers()));
    let projects: Vec<Value> = session
        .project
        .iter()
        .filter(|project| name.is_none_or(|name| name == api.region || name == project.name))
        .map(|project| view(project, &base))
        .collect();
    let links = json!({"self": base, "previous": null, "next": null});
    Ok(HttpResponse::Ok().json(json!({"projects": projects, "links": links})))
}

fn view(project: &Project, base: &str) -> Value {
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "domain_id": project.domain.id,
        "parent_id": project.domain.id,
        "description": "",
        "enabled": true,
        "is_domain": false,
        "tags": [],
        "options": {},
        "links": {"self": format!("{base}/{}", project.id)},
    })
}
