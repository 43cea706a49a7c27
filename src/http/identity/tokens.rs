//! `POST /v3/auth/tokens`: a password or a token in, a token and the service catalogue out.

use actix_web::dev::Payload;
use actix_web::http::header::VARY;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use crate::domain::access::Role;
use crate::domain::account::{DomainNamedBy, NamedBy, Project, Session};
use crate::domain::ids::derived;
use crate::http::Api;
use crate::http::call::{Answer, api, base, body};
use crate::http::error::ApiError;
use crate::http::fields;
use crate::http::time::with_zone;
use crate::service::identity::{Proof, Scope};

/// What the catalogue lists, and under which path. `{P}` stands for the project: the two Python
/// clients look for `block-storage` and `volumev3`, old ones for `volumev2` and `volume`, Huawei's
/// tools for `evs` and `vbs`.
const CATALOGUE: &[(&str, &str, &str)] = &[
    ("identity", "keystone", "/identity/v3"),
    ("block-storage", "cinder", "/v3/{P}"),
    ("volumev3", "cinderv3", "/v3/{P}"),
    ("volumev2", "cinderv2", "/v2/{P}"),
    ("volume", "cinder", "/v2/{P}"),
    ("evs", "evs", "/v2/{P}"),
    ("vbs", "vbs", "/v2/{P}"),
];

/// Issues a token.
pub(in crate::http) async fn issue(request: HttpRequest, payload: web::Payload) -> Answer {
    let api = api(&request)?;
    let mut payload: Payload = payload.into_inner();
    let body = fields::parse(&body(&request, &mut payload).await?)?;
    let (proof, scope) = login(&body)?;
    let app = api.app.clone();
    let issued = api.tasks.run(async move { app.authenticate(proof, scope).await }).await??;
    let mut token = view(&issued.session);
    if issued.session.project.is_some() && !request.query_string().contains("nocatalog") {
        let catalogue = catalogue(&api, &base(&api, request.headers()), &issued.session);
        token.insert("catalog".to_owned(), catalogue);
    }
    Ok(HttpResponse::Created()
        .insert_header(("X-Subject-Token", issued.token.expose_secret()))
        .insert_header((VARY, "X-Auth-Token"))
        .json(json!({"token": token})))
}

fn login(body: &Value) -> Result<(Proof, Scope), ApiError> {
    let auth = object(body, "auth", "request body")?;
    let identity = object(auth, "identity", "auth")?;
    let methods = identity
        .get("methods")
        .and_then(Value::as_array)
        .ok_or_else(|| expected("methods", "identity"))?;
    let methods: Vec<&str> = methods.iter().filter_map(Value::as_str).collect();
    let proof = match methods.as_slice() {
        ["password"] => password(object(identity, "password", "identity")?)?,
        ["token"] => {
            let token = object(identity, "token", "identity")?;
            Proof::Token(SecretString::from(text(token, "id", "token")?))
        }
        _ => {
            return Err(ApiError::Login(
                "Attempted to authenticate with an unsupported method: identity.methods must be \
                 [\"password\"] or [\"token\"]."
                    .to_owned(),
            ));
        }
    };
    Ok((proof, scope(auth.get("scope"))?))
}

fn password(method: &Value) -> Result<Proof, ApiError> {
    let user = object(method, "user", "password")?;
    let password = SecretString::from(text(user, "password", "user")?);
    let named = named(user, "user")?;
    if let NamedBy::Name { domain: None, .. } = named {
        return Err(expected("domain", "user"));
    }
    Ok(Proof::Password { user: named, password })
}

fn scope(scope: Option<&Value>) -> Result<Scope, ApiError> {
    let members = match scope {
        None | Some(Value::Null) => return Ok(Scope::Unscoped),
        Some(Value::String(word)) if word == "unscoped" => return Ok(Scope::Unscoped),
        Some(Value::Object(members)) => members,
        Some(Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
            return Err(expected("project", "scope"));
        }
    };
    let mut kinds = members.keys().map(String::as_str);
    match (kinds.next(), kinds.next()) {
        (Some("project"), None) => {
            let scope = Value::Object(members.clone());
            Ok(Scope::Project(named(object(&scope, "project", "scope")?, "project")?))
        }
        (Some("domain" | "system"), None) => Ok(Scope::Elsewhere),
        (Some(_), Some(_)) => {
            Err(ApiError::Login("Expecting one scope in scope: it names several.".to_owned()))
        }
        _ => Err(expected("project", "scope")),
    }
}

/// By id, or by name and perhaps a domain, which is itself named by id or by name.
fn named(thing: &Value, kind: &str) -> Result<NamedBy, ApiError> {
    if thing.get("id").is_some() {
        return Ok(NamedBy::Id(text(thing, "id", kind)?));
    }
    let name = text(thing, "name", kind)?;
    if thing.get("domain").is_none() {
        return Ok(NamedBy::Name { name, domain: None });
    }
    let domain = object(thing, "domain", kind)?;
    let domain = if domain.get("id").is_some() {
        DomainNamedBy::Id(text(domain, "id", "domain")?)
    } else {
        DomainNamedBy::Name(text(domain, "name", "domain")?)
    };
    Ok(NamedBy::Name { name, domain: Some(domain) })
}

fn object<'a>(parent: &'a Value, key: &str, place: &str) -> Result<&'a Value, ApiError> {
    parent.get(key).filter(|value| value.is_object()).ok_or_else(|| expected(key, place))
}

fn text(parent: &Value, key: &str, place: &str) -> Result<String, ApiError> {
    parent.get(key).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| expected(key, place))
}

/// Keystone's sentence; it never quotes what was sent, which may be a password.
fn expected(key: &str, place: &str) -> ApiError {
    ApiError::Login(format!(
        "Expecting to find {key} in {place}. The server could not comply with the request since \
         it is either malformed or otherwise incorrect. The client is assumed to be in error."
    ))
}

fn view(session: &Session) -> Map<String, Value> {
    let user = &session.user;
    let mut token = Map::new();
    let mut add = |name: &str, value: Value| token.insert(name.to_owned(), value);
    add("methods", json!(session.methods));
    add(
        "user",
        json!({
            "id": user.id.as_str(),
            "name": user.name,
            "domain": {"id": user.domain.id, "name": user.domain.name},
            "password_expires_at": null,
        }),
    );
    if let Some(project) = &session.project {
        add("project", project_view(project));
        add("is_domain", false.into());
        add("roles", session.roles.iter().map(|role| role_view(*role)).collect());
    }
    add("audit_ids", json!([session.audit_id]));
    add("issued_at", with_zone(session.issued_at).into());
    add("expires_at", with_zone(session.expires_at).into());
    token
}

fn project_view(project: &Project) -> Value {
    json!({
        "id": project.id.as_str(),
        "name": project.name,
        "domain": {"id": project.domain.id, "name": project.domain.name},
    })
}

fn role_view(role: Role) -> Value {
    json!({"id": derived("role", role.as_str()), "name": role.as_str()})
}

fn catalogue(api: &Api, base: &str, session: &Session) -> Value {
    let project = session.project.as_ref().map_or("", |project| project.id.as_str());
    let entry = |(kind, name, path): &(&str, &str, &str)| {
        let url = format!("{base}{}", path.replace("{P}", project));
        let endpoints: Vec<Value> = ["public", "internal", "admin"]
            .iter()
            .map(|interface| {
                json!({
                    "id": derived("endpoint", &format!("{kind}:{interface}")),
                    "interface": interface,
                    "region": api.region,
                    "region_id": api.region,
                    "url": url,
                })
            })
            .collect();
        json!({"type": kind, "name": name, "id": derived("service", kind), "endpoints": endpoints})
    };
    CATALOGUE.iter().map(entry).collect()
}
