//! The outermost layer: request ids, microversions, the shape of every error, one log line each.

use std::error::Error as _;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, VARY};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, HttpResponseBuilder};
use tracing::{Instrument as _, debug, error, info_span};

use super::Api;
use super::auth::request_id;
use super::dialect::Dialect;
use super::error::ApiError;
use super::faults;
use super::received::base;
use crate::domain::ids::RequestId;
use crate::domain::microversion::Microversion;

/// The header that names a microversion.
const VERSION_HEADER: &str = "openstack-api-version";

/// The headers that carry the request id: for OpenStack's SDK, for cinderclient, for Huawei's SDK.
const REQUEST_ID_HEADERS: [&str; 3] =
    ["x-openstack-request-id", "x-compute-request-id", "x-request-id"];

/// The header of a refusal that names the action of the cloud's own permissions.
const DENIED_ACTION_HEADER: &str = "x-evs-action";

/// Answers one request.
pub async fn answer(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let id = RequestId::random();
    let span = info_span!("request", request.id = %id);
    request.extensions_mut().insert(id.clone());
    async move {
        let (method, path) = (request.method().clone(), request.path().to_owned());
        let version = has_versions(&path).then(|| asked_version(&request)).transpose();
        let mut response = match version {
            Err(bad) => render(request.error_response(bad)),
            Ok(None) => render(next.call(request).await?.map_into_boxed_body()),
            Ok(Some(version)) => {
                request.extensions_mut().insert(version);
                let mut response = render(next.call(request).await?.map_into_boxed_body());
                set_version(&mut response, version);
                response
            }
        };
        if let Ok(value) = HeaderValue::from_str(id.as_str()) {
            for name in REQUEST_ID_HEADERS {
                response.headers_mut().insert(HeaderName::from_static(name), value.clone());
            }
        }
        debug!(http.method = %method, http.path = %path, http.status = response.status().as_u16(),
            "{method} {path} {}", response.status().as_u16());
        Ok(faults::let_go(response).await)
    }
    .instrument(span)
    .await
}

/// Only the volume API's v3 has microversions, though identity answers under `/v3/auth` too.
pub(super) fn has_versions(path: &str) -> bool {
    let v3 = path == "/v3" || path.starts_with("/v3/");
    v3 && Dialect::of(path) != Dialect::Keystone
}

fn asked_version(request: &ServiceRequest) -> Result<Microversion, ApiError> {
    let header = request.headers().get(VERSION_HEADER);
    let text = header.map_or("", |value| value.to_str().unwrap_or("volume ?"));
    Microversion::from_header(text).map_err(ApiError::Microversion)
}

fn set_version(response: &mut ServiceResponse, version: Microversion) {
    if let Ok(value) = HeaderValue::from_str(&format!("volume {version}")) {
        response.headers_mut().insert(HeaderName::from_static(VERSION_HEADER), value);
        response.headers_mut().insert(VARY, HeaderValue::from_static("OpenStack-API-Version"));
    }
}

/// Gives an error the shape of its dialect, and logs it if it is ours.
fn render(response: ServiceResponse) -> ServiceResponse {
    let Some(failure) = response.response().error() else {
        return response;
    };
    // Every extractor and handler of ours fails with an `ApiError`; what the framework finds wrong by
    // itself is the request, unless it says otherwise.
    let foreign = if response.status().is_server_error() {
        ApiError::Framework(failure.to_string())
    } else {
        ApiError::MalformedBody
    };
    let fault = failure.as_error::<ApiError>().unwrap_or(&foreign);
    let dialect = Dialect::of(response.request().path());
    let request = request_id(response.request());
    let status = fault.status();
    if status.is_server_error() {
        let mut cause = fault.to_string();
        let mut source = fault.source();
        while let Some(inner) = source {
            cause = format!("{cause}: {inner}");
            source = inner.source();
        }
        error!(http.status = status.as_u16(), error.cause = %cause, "answered {status}: {cause}");
    }
    let mut body = HttpResponseBuilder::new(status);
    body.insert_header((CONTENT_TYPE, "application/json"));
    if let Some(seconds) = fault.retry_after() {
        body.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(methods) = fault.allowed_methods() {
        body.insert_header((ALLOW, methods));
    }
    if let Some(action) = fault.denied_action() {
        body.insert_header((DENIED_ACTION_HEADER, action));
    }
    let api = response.request().app_data::<actix_web::web::Data<Api>>();
    if let Some(api) = api {
        if status == StatusCode::INSUFFICIENT_STORAGE {
            api.app.metrics().count_no_space();
        }
        if status == StatusCode::UNAUTHORIZED {
            let url = base(api, response.request().headers());
            body.insert_header((
                actix_web::http::header::WWW_AUTHENTICATE,
                format!("Keystone uri=\"{url}/identity\""),
            ));
        }
    }
    let rendered: HttpResponse = body.body(fault.body(dialect, &request).to_string());
    response.into_response(rendered)
}
