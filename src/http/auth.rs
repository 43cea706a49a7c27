//! From a request to its caller: the token's session, and the rule that its project is the path's.

use actix_web::{HttpMessage, HttpRequest};
use secrecy::SecretString;

use super::Api;
use super::error::ApiError;
use crate::config::AuthMode;
use crate::domain::access::{Caller, Role};
use crate::domain::account::Session;
use crate::domain::ids::{ProjectId, RequestId, UserId};
use crate::service::ServiceError;

/// Who an unauthenticated caller is in open mode.
const ANYBODY: &str = "anybody";

/// The caller of a request under `/{version}/{project_id}`.
pub(super) async fn caller(api: &Api, http: &HttpRequest) -> Result<Caller, ApiError> {
    let session = session(api, http).await;
    let request = request_id(http);
    let path = http.match_info().get("project_id").unwrap_or_default();
    match api.mode {
        AuthMode::Token => {
            let session = session?;
            let project = session.project.ok_or(ServiceError::Unauthenticated)?;
            if project.id.as_str() != path {
                return Err(ApiError::ProjectMismatch);
            }
            let role = session.roles.into_iter().max().ok_or(ServiceError::Unauthenticated)?;
            Ok(Caller { user: session.user.id, project: project.id, role, request })
        }
        AuthMode::Open => {
            if !ProjectId::is_well_formed(path) {
                return Err(ApiError::ProjectMismatch);
            }
            let (user, role) = match session {
                Ok(session) => (session.user.id, session.roles.into_iter().max()),
                Err(ApiError::Service(ServiceError::Unauthenticated)) => {
                    (UserId::new(ANYBODY), None)
                }
                Err(fault) => return Err(fault),
            };
            let role = role.unwrap_or(Role::Member).max(Role::Member);
            Ok(Caller { user, project: ProjectId::new(path), role, request })
        }
    }
}

async fn session(api: &Api, http: &HttpRequest) -> Result<Session, ApiError> {
    let token = http.headers().get("x-auth-token").and_then(|token| token.to_str().ok());
    let token = token.ok_or(ServiceError::Unauthenticated)?;
    Ok(api.app.session(&SecretString::from(token)).await?)
}

/// The id that the outermost layer gave this request.
pub(super) fn request_id(http: &HttpRequest) -> RequestId {
    http.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random)
}
