//! `/v3/auth/tokens`: a proof in, a token and the service catalogue out; and what becomes of it.

use actix_web::dev::Payload;
use actix_web::http::header::VARY;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::call::IdentityCall;
use super::catalog;
use super::login::login;
use crate::domain::access::Role;
use crate::domain::account::{Domain, Project, Session, TokenScope};
use crate::http::Api;
use crate::http::auth::request_id;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields;
use crate::http::received::{api, base, body, query};
use crate::http::time::with_zone;
use crate::service::identity::IdentityError;
use crate::service::identity::role_assignments::role_id;
use crate::service::{App, ServiceError};

/// Issues a token.
pub(in crate::http) async fn issue(request: HttpRequest, payload: web::Payload) -> Answer {
    let api = api(&request)?;
    let mut payload: Payload = payload.into_inner();
    let body = fields::parse(&body(&request, &mut payload).await?)?;
    let (proof, scope) = login(&body)?;
    let with_catalog = !query(&request)?.iter().any(|(key, _)| key == "nocatalog");
    let app = api.app.clone();
    let id = request_id(&request);
    let issued = api.tasks.run(async move { app.authenticate(proof, scope, &id).await }).await??;
    let base = base(&api, request.headers());
    Ok(HttpResponse::Created()
        .insert_header(("X-Subject-Token", issued.token.expose_secret()))
        .insert_header((VARY, "X-Auth-Token"))
        .json(view(&api, &base, &issued.session, with_catalog)))
}

/// What a token stands for.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let (token, session) = subject(&call).await?;
    let with_catalog = call.query("nocatalog").is_none();
    Ok(HttpResponse::Ok()
        .insert_header(("X-Subject-Token", token.expose_secret()))
        .insert_header((VARY, "X-Auth-Token"))
        .json(view(call.api(), call.base(), &session, with_catalog)))
}

/// Whether a token counts.
pub(in crate::http) async fn check(call: IdentityCall) -> Answer {
    let (token, _) = subject(&call).await?;
    Ok(HttpResponse::Ok()
        .insert_header(("X-Subject-Token", token.expose_secret()))
        .insert_header((VARY, "X-Auth-Token"))
        .finish())
}

/// Makes a token worthless.
pub(in crate::http) async fn revoke(call: IdentityCall) -> Answer {
    let token = subject_token(&call)?;
    call.write(|app: App, asker| async move { app.revoke_token(&asker, &token).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

async fn subject(call: &IdentityCall) -> Result<(SecretString, Session), ApiError> {
    let token = subject_token(call)?;
    let session = call.app().subject(call.asker(), &token).await?;
    Ok((token, session))
}

fn subject_token(call: &IdentityCall) -> Result<SecretString, ApiError> {
    match call.header("x-subject-token") {
        None | Some("") => Err(ServiceError::from(IdentityError::NoToken).into()),
        Some(token) => Ok(SecretString::from(token)),
    }
}

fn view(api: &Api, base: &str, session: &Session, with_catalog: bool) -> Value {
    let user = &session.user;
    let mut token = Map::new();
    let mut add = |name: &str, value: Value| token.insert(name.to_owned(), value);
    add("methods", json!(session.methods));
    add(
        "user",
        json!({
            "id": user.id.as_str(),
            "name": user.name,
            "domain": domain_view(&user.domain),
            "password_expires_at": null,
        }),
    );
    match &session.scope {
        TokenScope::Unscoped => {}
        TokenScope::Project(project) => {
            add("project", project_view(project));
            add("is_domain", false.into());
        }
        TokenScope::Domain(domain) => {
            add("domain", domain_view(domain));
        }
        TokenScope::System => {
            add("system", json!({"all": true}));
        }
    }
    if session.scope != TokenScope::Unscoped {
        let role_view = |role: &Role| json!({"id": role_id(*role), "name": role.as_str()});
        add("roles", session.roles.iter().map(role_view).collect());
    }
    add("audit_ids", json!([session.audit_id]));
    add("issued_at", with_zone(session.issued_at).into());
    add("expires_at", with_zone(session.expires_at).into());
    if let Some(credential) = &session.credential {
        let restricted = !credential.unrestricted;
        let (id, name) = (credential.id.as_str(), &credential.name);
        add("application_credential", json!({"id": id, "name": name, "restricted": restricted}));
    }
    if with_catalog && session.scope != TokenScope::Unscoped {
        add("catalog", catalog::of(api, base, session));
    }
    json!({ "token": token })
}

fn project_view(project: &Project) -> Value {
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "domain": domain_view(&project.domain),
    })
}

fn domain_view(domain: &Domain) -> Value {
    json!({"id": domain.id, "name": domain.name})
}
