//! One authenticated call of our own API: who asks, with which path, query and body.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use crate::config::AuthMode;
use crate::domain::access::{Action, Caller, Role};
use crate::domain::clock::Time;
use crate::domain::ids::{ProjectId, UserId};
use crate::http::auth::{ANYBODY, request_id, session, signed_body};
use crate::http::error::ApiError;
use crate::http::received::{Received, api};
use crate::http::{Api, fields};

/// An authenticated call. In open mode anybody is an administrator of no project.
#[derive(Debug)]
pub(in crate::http) struct OwnCall {
    caller: Caller,
    /// The strongest of the session's roles; none: it acts on nothing.
    role: Option<Role>,
    /// From when the session counts no more; none: there is none.
    expires_at: Option<Time>,
    received: Received,
}

impl Deref for OwnCall {
    type Target = Received;

    fn deref(&self) -> &Received {
        &self.received
    }
}

impl FromRequest for OwnCall {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = api(&request)?;
            let signed = signed_body(&request, &mut payload).await?;
            let (caller, role, expires_at) = caller(&api, &request, signed.as_ref()).await?;
            let received = Received::rest_of(api, request, signed, &mut payload).await?;
            Ok(Self { caller, role, expires_at, received })
        })
    }
}

/// Who asks, whatever the session acts on: a project, or nothing, which no project's id is.
async fn caller(
    api: &Api,
    request: &HttpRequest,
    signed: Option<&Bytes>,
) -> Result<(Caller, Option<Role>, Option<Time>), ApiError> {
    let (id, nothing) = (request_id(request), || ProjectId::new(""));
    let caller = |user, project, role| Caller { user, project, role, request: id };
    if api.mode == AuthMode::Open {
        let anybody = caller(UserId::new(ANYBODY), nothing(), Role::Admin);
        return Ok((anybody, Some(Role::Admin), None));
    }
    let session = session(api, request, signed).await?;
    let project = session.project().map_or_else(nothing, |project| project.id.clone());
    let role = session.roles.iter().copied().max();
    let caller = caller(session.user.id, project, role.unwrap_or(Role::Reader));
    Ok((caller, role, Some(session.expires_at)))
}

impl OwnCall {
    /// Who asks, if that may do this.
    pub(super) fn may(&self, action: Action) -> Result<Caller, ApiError> {
        if self.role.is_some_and(|role| role >= action.needs()) {
            Ok(self.caller.clone())
        } else {
            Err(ApiError::Forbidden(action))
        }
    }

    /// From when the caller's session counts no more; none: there is none in open mode.
    pub(super) fn expires_at(&self) -> Option<Time> {
        self.expires_at
    }

    /// The body as JSON, whatever it says that it is.
    pub(super) fn any_json(&self) -> Result<Value, ApiError> {
        fields::parse(self.body())
    }
}
