//! `/v3/users`, and `/v3/groups`, of which there are none.

use actix_web::HttpResponse;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::body::Body;
use super::call::IdentityCall;
use crate::domain::account::{UserFilter, UserProfile};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ProjectId, UserId};
use crate::http::call::Answer;
use crate::service::App;
use crate::service::identity::users::{NewUser, UserChange};

/// The longest name of a user (Keystone v3 API, Users).
const LONGEST_NAME: usize = 255;

/// Every user that passes the filters.
pub(in crate::http) async fn list(call: IdentityCall) -> Answer {
    let filter = UserFilter {
        name: call.filter("name"),
        domain: call.filter("domain_id"),
        enabled: call.flag("enabled"),
        marker: call.query("marker").map(UserId::new),
        limit: call.limit()?,
    };
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let users = call.app().list_users(call.asker(), filter).await?;
    let next = users.last().filter(|_| users.len() == limit).map(|last| last.user.id.as_str());
    let views: Vec<Value> = users.iter().map(|profile| view(&call, profile)).collect();
    Ok(call.page("users", &views, next))
}

/// One user.
pub(in crate::http) async fn show(call: IdentityCall) -> Answer {
    let id = UserId::new(call.part("user"));
    let profile = call.app().show_user(call.asker(), &id).await?;
    Ok(HttpResponse::Ok().json(json!({"user": view(&call, &profile)})))
}

/// Makes a user.
pub(in crate::http) async fn create(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::CreateUser, None)?;
    let json = call.json()?;
    let body = Body::of(&json, "user")?;
    let new = NewUser {
        name: body.required_name("name", LONGEST_NAME)?,
        domain: body.text("domain_id")?.flatten(),
        password: body.text("password")?.flatten().map(SecretString::from),
        description: body.text("description")?.flatten(),
        email: body.text("email")?.flatten(),
        enabled: body.flag("enabled")?.unwrap_or(true),
        default_project: body.text("default_project_id")?.flatten().map(ProjectId::new),
    };
    let made =
        call.write(|app: App, asker| async move { app.create_user(&asker, new).await }).await?;
    Ok(HttpResponse::Created().json(json!({"user": view(&call, &made)})))
}

/// Changes a user.
pub(in crate::http) async fn update(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::UpdateUser, None)?;
    let json = call.json()?;
    let body = Body::of(&json, "user")?;
    let change = UserChange {
        name: body.name("name", LONGEST_NAME)?,
        domain: body.plain_text("domain_id")?,
        password: body.plain_text("password")?.map(SecretString::from),
        description: body.text("description")?,
        email: body.text("email")?,
        enabled: body.flag("enabled")?,
        default_project: body.text("default_project_id")?.map(|id| id.map(ProjectId::new)),
    };
    let id = UserId::new(call.part("user"));
    let changed = call
        .write(|app: App, asker| async move { app.update_user(&asker, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"user": view(&call, &changed)})))
}

/// Gives the asker another password.
pub(in crate::http) async fn change_password(call: IdentityCall) -> Answer {
    let json = call.json()?;
    let body = Body::of(&json, "user")?;
    let original = SecretString::from(body.required_text("original_password")?);
    let password = SecretString::from(body.required_text("password")?);
    let id = UserId::new(call.part("user"));
    call.write(|app: App, asker| async move {
        app.change_password(&asker, &id, original, password).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Removes a user.
pub(in crate::http) async fn delete(call: IdentityCall) -> Answer {
    let id = UserId::new(call.part("user"));
    call.write(|app: App, asker| async move { app.delete_user(&asker, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The groups: none.
pub(in crate::http) async fn groups(call: IdentityCall) -> Answer {
    call.asker().must(IdentityAction::ListGroups, None)?;
    Ok(call.list("groups", &[]))
}

fn view(call: &IdentityCall, profile: &UserProfile) -> Value {
    let user = &profile.user;
    json!({
        "id": user.id.as_str(),
        "name": user.name,
        "domain_id": user.domain.id,
        "enabled": profile.enabled,
        "email": profile.email,
        "description": profile.description,
        "default_project_id": profile.default_project.as_ref().map(ProjectId::as_str),
        "options": {},
        "password_expires_at": null,
        "links": {"self": call.link(&format!("users/{}", user.id))},
    })
}
