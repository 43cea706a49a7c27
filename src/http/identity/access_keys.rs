//! `/v3.0/OS-CREDENTIAL/credentials`: access keys (Huawei Cloud IAM API Reference, "Access Key
//! Management").
//!
//! Users manage their own, admins everybody's. The secret stands in the answer of create only.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::domain::access::{Action, Caller};
use crate::domain::access_key::{AccessKey, KeyStatus};
use crate::domain::ids::{AccessId, UserId};
use crate::http::auth;
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields::{self, Fields};
use crate::http::received::{Received, api};
use crate::http::time::with_zone;
use crate::service::access_keys::KeyChange;
use crate::service::identity::{Asker, IdentityError};
use crate::service::{App, ServiceError};

/// A call of somebody who is let in; no project stands in the path.
#[derive(Debug)]
pub(in crate::http) struct Personal {
    asker: Asker,
    caller: Caller,
    received: Received,
}

impl Deref for Personal {
    type Target = Received;

    fn deref(&self) -> &Received {
        &self.received
    }
}

impl FromRequest for Personal {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = api(&request)?;
            let signed = auth::signed_body(&request, &mut payload).await?;
            let session = auth::session(&api, &request, signed.as_ref()).await?;
            let asker = Asker { session, request: auth::request_id(&request) };
            let caller = asker.caller();
            let received = Received::rest_of(api, request, signed, &mut payload).await?;
            Ok(Self { asker, caller, received })
        })
    }
}

impl Personal {
    fn access(&self) -> AccessId {
        AccessId::new(self.part("access"))
    }

    /// A key carries every role of its user, so no application credential is widened to one.
    fn may_change(&self) -> Result<(), ApiError> {
        match &self.asker.session.credential {
            Some(_) => Err(ServiceError::from(IdentityError::Restricted).into()),
            None => Ok(()),
        }
    }

    fn may_touch(&self, user: &str, action: Action) -> Result<(), ApiError> {
        let own = self.caller.user.as_str() == user;
        if own || self.caller.role >= action.needs() {
            Ok(())
        } else {
            Err(ApiError::Forbidden(action))
        }
    }
}

pub(in crate::http) async fn create(call: Personal) -> Answer {
    let parsed = fields::parse(call.body())?;
    let wanted = Fields::only(&parsed, "credential")?;
    wanted.no_others(&["user_id", "description"])?;
    let user = wanted.required_text("user_id")?.to_owned();
    let description = wanted.label("description")?.unwrap_or_default();
    call.may_touch(&user, Action::CreateOthersAccessKey)?;
    call.may_change()?;
    let caller = call.caller.clone();
    let made = |app: App| async move { app.create_access_key(&caller, &user, description).await };
    let new = call.write(made).await?;
    let mut credential = view(&new.key);
    if let Some(members) = credential.as_object_mut() {
        members.insert("secret".to_owned(), new.secret.reveal().into());
    }
    Ok(HttpResponse::Created().json(json!({"credential": credential})))
}

/// The caller's own, or those of `?user_id=`.
pub(in crate::http) async fn list(call: Personal) -> Answer {
    let user = call.query("user_id").unwrap_or(call.caller.user.as_str());
    call.may_touch(user, Action::ListOthersAccessKeys)?;
    let keys = call.app().access_keys(Some(&UserId::new(user))).await?;
    let keys: Vec<Value> = keys.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"credentials": keys})))
}

pub(in crate::http) async fn show(call: Personal) -> Answer {
    let key = call.app().access_key(&call.caller, &call.access()).await?;
    Ok(HttpResponse::Ok().json(json!({"credential": view(&key)})))
}

pub(in crate::http) async fn update(call: Personal) -> Answer {
    let parsed = fields::parse(call.body())?;
    let wanted = Fields::only(&parsed, "credential")?;
    wanted.no_others(&["status", "description"])?;
    let status = wanted.text("status")?.map(|word| {
        KeyStatus::parse(word).ok_or_else(|| {
            wanted.wrong_value("status", |value| {
                format!("{value} is not one of ['active', 'inactive']")
            })
        })
    });
    let change =
        KeyChange { status: status.transpose()?, description: wanted.label("description")? };
    call.may_change()?;
    let access = call.access();
    let caller = call.caller.clone();
    let changed = |app: App| async move { app.update_access_key(&caller, &access, change).await };
    let key = call.write(changed).await?;
    Ok(HttpResponse::Ok().json(json!({"credential": view(&key)})))
}

pub(in crate::http) async fn delete(call: Personal) -> Answer {
    call.may_change()?;
    let access = call.access();
    let caller = call.caller.clone();
    let removed = |app: App| async move { app.delete_access_key(&caller, &access).await };
    call.write(removed).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn view(key: &AccessKey) -> Value {
    json!({
        "access": key.access.as_str(),
        "user_id": key.user.as_str(),
        "description": key.description,
        "status": key.status.as_str(),
        "create_time": with_zone(key.created_at),
    })
}
