//! `/v3/users/{user}/application_credentials`.

use actix_web::HttpResponse;
use chrono::{DateTime, NaiveDateTime, SubsecRound};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::body::{Body, wrong};
use super::call::IdentityCall;
use crate::domain::application_credential::ApplicationCredential;
use crate::domain::clock::Time;
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ApplicationCredentialId, UserId};
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::time::with_zone;
use crate::service::App;
use crate::service::identity::application_credentials::NewCredential;
use crate::service::identity::role_assignments::role_id;

/// The longest name of an application credential (Keystone v3 API, Application Credentials).
const LONGEST_NAME: usize = 255;

/// Those of a user.
pub(in crate::http) async fn list(call: IdentityCall) -> Answer {
    let user = user(&call);
    let name = call.query("name");
    let found = call.app().list_application_credentials(call.asker(), &user, name).await?;
    let views: Vec<Value> = found.iter().map(|credential| view(&call, credential, None)).collect();
    Ok(call.list("application_credentials", &views))
}

/// One of a user's.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let (user, id) = (user(&call), id(&call));
    let found = call.app().show_application_credential(call.asker(), &user, &id).await?;
    Ok(HttpResponse::Ok().json(json!({"application_credential": view(&call, &found, None)})))
}

/// Makes one; this answer alone shows its secret.
pub(in crate::http) async fn create(call: IdentityCall) -> Answer {
    let user = user(&call);
    call.asker().must(IdentityAction::CreateApplicationCredential, Some(&user))?;
    let json = call.json()?;
    let new = new_credential(Body::of(&json, "application_credential")?)?;
    let (made, secret) = call
        .write(|app: App, asker| async move {
            app.create_application_credential(&asker, &user, new).await
        })
        .await?;
    let view = view(&call, &made, Some(&secret));
    Ok(HttpResponse::Created().json(json!({"application_credential": view})))
}

/// Removes one.
pub(in crate::http) async fn delete(call: IdentityCall) -> Answer {
    let (user, id) = (user(&call), id(&call));
    call.write(|app: App, asker| async move {
        app.delete_application_credential(&asker, &user, &id).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn user(call: &IdentityCall) -> UserId {
    UserId::new(call.part("user"))
}

fn id(call: &IdentityCall) -> ApplicationCredentialId {
    ApplicationCredentialId::new(call.part("id"))
}

fn new_credential(body: Body<'_>) -> Result<NewCredential, ApiError> {
    Ok(NewCredential {
        name: body.required_name("name", LONGEST_NAME)?,
        description: body.text("description")?.flatten(),
        roles: roles(body)?,
        secret: body.text("secret")?.flatten().map(SecretString::from),
        unrestricted: body.flag("unrestricted")?.unwrap_or(false),
        expires_at: body.text("expires_at")?.flatten().map(|text| time(&text)).transpose()?,
    })
}

/// The roles' ids or names.
fn roles(body: Body<'_>) -> Result<Option<Vec<String>>, ApiError> {
    let roles = match body.get("roles") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(roles)) => roles,
        Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            return Err(wrong("roles", "it is not of type 'array'"));
        }
    };
    let named = |role: &Value| {
        let name = role.get("id").or_else(|| role.get("name")).and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| wrong("roles", "an item has neither id nor name"))
    };
    roles.iter().map(named).collect::<Result<Vec<_>, _>>().map(Some)
}

/// ISO 8601 with or without a zone; none means UTC.
fn time(text: &str) -> Result<Time, ApiError> {
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let plain = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f");
    zoned
        .or_else(|_| plain().map(|time| time.and_utc()))
        .map(|time| time.trunc_subsecs(6))
        .map_err(|_| wrong("expires_at", "it is not a 'date-time'"))
}

fn view(
    call: &IdentityCall,
    credential: &ApplicationCredential,
    secret: Option<&SecretString>,
) -> Value {
    let ApplicationCredential { id, user, .. } = credential;
    let roles: Vec<Value> = credential
        .roles
        .iter()
        .map(|role| json!({"id": role_id(*role), "name": role.as_str(), "domain_id": null}))
        .collect();
    let mut view = json!({
        "id": id.as_str(),
        "name": credential.name,
        "description": credential.description,
        "project_id": credential.project.as_str(),
        "roles": roles,
        "unrestricted": credential.unrestricted,
        "expires_at": credential.expires_at.map(with_zone),
        "links": {"self": call.link(&format!("users/{user}/application_credentials/{id}"))},
    });
    if let (Some(secret), Some(members)) = (secret, view.as_object_mut()) {
        members.insert("secret".to_owned(), secret.expose_secret().into());
    }
    view
}
