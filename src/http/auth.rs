//! From a request to its caller: the session of its token or signature, and the rule that its
//! project is the path's.

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest};
use secrecy::SecretString;

use super::Api;
use super::error::ApiError;
use super::received::body;
use crate::config::AuthMode;
use crate::domain::access::{Caller, Role};
use crate::domain::account::Session;
use crate::domain::ids::{ProjectId, RequestId, UserId};
use crate::domain::signature::{Authorization, Signable, SignatureRefused};
use crate::service::ServiceError;
use crate::service::signatures::SignedRequest;

/// The header with the token.
const TOKEN: &str = "x-auth-token";

/// Who an unauthenticated caller is in open mode.
pub(super) const ANYBODY: &str = "anybody";

/// The caller of a request under `/{version}/{project_id}`.
pub(super) async fn caller(
    api: &Api,
    http: &HttpRequest,
    body: Option<&Bytes>,
) -> Result<Caller, ApiError> {
    let session = session(api, http, body).await;
    let request = request_id(http);
    let path = http.match_info().get("project_id").unwrap_or_default();
    match api.mode {
        AuthMode::Token => {
            let session = session?;
            let caller = caller_of(session, request)?;
            if caller.project.as_str() == path {
                Ok(caller)
            } else {
                Err(ApiError::ProjectMismatch)
            }
        }
        AuthMode::Open => {
            if !ProjectId::is_well_formed(path) {
                return Err(ApiError::ProjectMismatch);
            }
            let (user, role) = match session {
                Ok(session) => {
                    let role = session.project().and(session.roles.iter().copied().max());
                    (session.user.id, role)
                }
                Err(ApiError::Service(
                    ServiceError::Unauthenticated | ServiceError::Signature(_),
                )) => (UserId::new(ANYBODY), None),
                Err(fault) => return Err(fault),
            };
            let role = role.unwrap_or(Role::Member).max(Role::Member);
            Ok(Caller { user, project: ProjectId::new(path), role, request })
        }
    }
}

/// The caller that a session stands for. One that acts on a domain, the system or nothing is good
/// for the identity service only: no project in a path is its own, as Cinder answers it.
fn caller_of(session: Session, request: RequestId) -> Result<Caller, ApiError> {
    let project = session.project().cloned().ok_or(ApiError::ProjectMismatch)?.id;
    let role = session.roles.into_iter().max().ok_or(ServiceError::Unauthenticated)?;
    Ok(Caller { user: session.user.id, project, role, request })
}

/// What the request's token or else its signature stands for. A signature covers the body, which
/// [`signed_body`] reads for it; none is like an empty one.
pub(super) async fn session(
    api: &Api,
    request: &HttpRequest,
    body: Option<&Bytes>,
) -> Result<Session, ApiError> {
    if is_signed(request) {
        let body = body.map_or(&[][..], |body| body.as_ref());
        let signed = signed(request, body).map_err(ServiceError::from)?;
        return Ok(api.app.signed_session(&signed).await?);
    }
    let token = request.headers().get(TOKEN).and_then(|token| token.to_str().ok());
    let token = token.ok_or(ServiceError::Unauthenticated)?;
    Ok(api.app.session(&SecretString::from(token)).await?)
}

/// The body of a signed request. That of any other is left unread until its token has been looked
/// at, so that nobody fills our memory without one.
pub(super) async fn signed_body(
    request: &HttpRequest,
    payload: &mut Payload,
) -> Result<Option<Bytes>, ApiError> {
    if is_signed(request) { body(request, payload).await.map(Some) } else { Ok(None) }
}

/// Whether a request is to be judged by a signature: it has no token.
fn is_signed(request: &HttpRequest) -> bool {
    let headers = request.headers();
    !headers.contains_key(TOKEN)
        && headers.get_all(AUTHORIZATION).any(|value| Authorization::is_meant_by(value.as_bytes()))
}

fn signed<'a>(
    request: &'a HttpRequest,
    body: &'a [u8],
) -> Result<SignedRequest<'a>, SignatureRefused> {
    let headers: Vec<(&str, &[u8])> =
        request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let authorization = once(&headers, "authorization")?.unwrap_or_default();
    let project = once(&headers, "x-project-id")?
        .map(|value| {
            let text = std::str::from_utf8(value).ok();
            text.filter(|text| ProjectId::is_well_formed(text)).ok_or(SignatureRefused::Project)
        })
        .transpose()?
        .map(ProjectId::new);
    let uri = request.uri();
    let signable = Signable {
        method: request.method().as_str(),
        path: uri.path(),
        query: uri.query().unwrap_or_default(),
        headers,
    };
    Ok(SignedRequest { authorization, signable, body, project })
}

/// The value of a header that may be missing but not come several times.
fn once<'a>(
    headers: &[(&str, &'a [u8])],
    name: &str,
) -> Result<Option<&'a [u8]>, SignatureRefused> {
    let mut values = headers.iter().filter(|(key, _)| *key == name).map(|(_, value)| *value);
    let first = values.next();
    if values.next().is_none() { Ok(first) } else { Err(SignatureRefused::Headers) }
}

/// The id that the outermost layer gave this request.
pub(super) fn request_id(http: &HttpRequest) -> RequestId {
    http.extensions().get::<RequestId>().cloned().unwrap_or_else(RequestId::random)
}
