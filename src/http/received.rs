//! What came in, once it is known who asks: path, query, headers and body, for every kind of call.

use std::fmt;
use std::future::Future;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_TYPE, HOST, HeaderMap};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use super::error::ApiError;
use super::{Api, fields};
use crate::service::{self, App};

/// What came in.
pub(super) struct Received {
    api: Data<Api>,
    request: HttpRequest,
    base: String,
    query: Vec<(String, String)>,
    body: Bytes,
}

/// Without headers and body, which may hold keys.
impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received").field("path", &self.request.path()).finish_non_exhaustive()
    }
}

impl Received {
    /// Takes in what is left of a request whose caller is known; a signature may have had to be checked
    /// against the body already.
    pub(super) async fn rest_of(
        api: Data<Api>,
        request: HttpRequest,
        signed: Option<Bytes>,
        payload: &mut Payload,
    ) -> Result<Self, ApiError> {
        let body = match signed {
            Some(body) => body,
            None => body(&request, payload).await?,
        };
        let query = query(&request)?;
        let base = base(&api, request.headers());
        Ok(Self { api, request, base, query, body })
    }

    /// What every handler works with.
    pub(super) fn api(&self) -> &Api {
        &self.api
    }

    /// The use cases, for reading.
    pub(super) fn app(&self) -> &App {
        &self.api.app
    }

    /// Runs a writing use case to its end, even if the client goes away meanwhile.
    pub(super) async fn write<T, F>(&self, use_case: impl FnOnce(App) -> F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = service::Result<T>> + Send + 'static,
    {
        Ok(self.api.tasks.run(use_case(self.api.app.clone())).await??)
    }

    /// The same for a use case that is short, on the thread of the request.
    pub(super) async fn write_here<T, F>(
        &self,
        use_case: impl FnOnce(App) -> F,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = service::Result<T>> + Send + 'static,
    {
        Ok(self.api.tasks.run_here(use_case(self.api.app.clone())).await??)
    }

    /// The request itself.
    pub(super) fn request(&self) -> &HttpRequest {
        &self.request
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, ApiError> {
        if is_json(&self.request) {
            fields::parse(&self.body)
        } else {
            Err(ApiError::UnsupportedType)
        }
    }

    /// The body.
    pub(super) fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether there is a body at all.
    pub(super) fn has_body(&self) -> bool {
        !self.body.is_empty()
    }

    /// A part of the path; empty if the route has no such part.
    pub(super) fn part(&self, name: &str) -> &str {
        self.request.match_info().get(name).unwrap_or_default()
    }

    /// The same with what the router leaves encoded, for parts that may hold any character.
    pub(super) fn decoded_part(&self, name: &str) -> String {
        decode(self.part(name))
    }

    /// The first value of a query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter as a text to compare with.
    pub(super) fn filter(&self, name: &str) -> Option<String> {
        self.query(name).map(str::to_owned)
    }

    /// The values of a header, as far as they are text.
    pub(super) fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.request.headers().get_all(name).filter_map(|value| value.to_str().ok())
    }

    /// A header that is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// What a header of our own says, that may be missing but not come twice; `rule` says what it must be.
    pub(super) fn own_header<T>(
        &self,
        name: &str,
        rule: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let mut values = self.request.headers().get_all(name);
        let Some(first) = values.next() else { return Ok(None) };
        let parsed = first.to_str().ok().filter(|_| values.next().is_none()).and_then(parse);
        parsed.map(Some).ok_or_else(|| ApiError::Header(format!("The header {name} must {rule}.")))
    }

    /// All query parameters in the order they came in.
    pub(super) fn query_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Scheme and host, as they begin every link.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The path as it was asked for.
    pub(super) fn path(&self) -> &str {
        self.request.path()
    }
}

/// What every handler works with.
pub(super) fn api(request: &HttpRequest) -> Result<Data<Api>, ApiError> {
    request.app_data::<Data<Api>>().cloned().ok_or(ApiError::NoRoute)
}

/// The body, if it is not too large and does not keep us waiting: whoever sends a byte now and then, or
/// none any more, would otherwise hold a connection for ever.
pub(super) async fn body(request: &HttpRequest, payload: &mut Payload) -> Result<Bytes, ApiError> {
    let patience = api(request)?.request_timeout;
    let body = tokio::time::timeout(patience, Bytes::from_request(request, payload)).await;
    body.map_err(|_| ApiError::BodyTooSlow)?.map_err(|why| {
        if why.as_response_error().status_code() == actix_web::http::StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::BodyTooLarge
        } else {
            ApiError::MalformedBody
        }
    })
}

/// Replaces `%XX` by the byte that it means, if the result is text.
fn decode(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = if let (Some(byte), Some(behind)) = (byte, after.get(2..)) {
            bytes.push(byte);
            behind
        } else {
            bytes.push(b'%');
            after
        };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
}

/// Whether the body says that it is JSON, or says nothing.
pub(super) fn is_json(request: &HttpRequest) -> bool {
    request.headers().get(CONTENT_TYPE).is_none_or(|kind| {
        let kind = kind.to_str().unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

/// Every query parameter in the order they came in.
pub(super) fn query(request: &HttpRequest) -> Result<Vec<(String, String)>, ApiError> {
    pairs(request.query_string())
}

/// The pairs of a query as it stood in the request line.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    Query::<Vec<(String, String)>>::from_query(query)
        .map(Query::into_inner)
        .map_err(|_| ApiError::Query("Malformed request url".to_owned()))
}

/// The configured public URL, or the scheme and host that the client used; behind proxies, the last
/// element of `X-Forwarded-Host` (as Cinder reads it).
pub(super) fn base(api: &Api, headers: &HeaderMap) -> String {
    if let Some(url) = &api.public_url {
        return url.clone();
    }
    let last = |name: &str| {
        let value = headers.get(name)?.to_str().ok()?;
        value.rsplit(',').next().map(|element| element.trim().to_owned())
    };
    let scheme = last("x-forwarded-proto").filter(|scheme| scheme == "https");
    let host = last("x-forwarded-host")
        .or_else(|| headers.get(HOST).and_then(|host| host.to_str().ok()).map(str::to_owned));
    format!(
        "{}://{}",
        scheme.as_deref().unwrap_or("http"),
        host.as_deref().filter(|host| !host.is_empty()).unwrap_or("127.0.0.1")
    )
}
