//! One authenticated call of the identity service: who asks, with which path, query and body.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::domain::page::LARGEST_PAGE;
use crate::http::error::ApiError;
use crate::http::page::encode;
use crate::http::received::{Received, api, is_json};
use crate::http::{auth, fields};
use crate::service::identity::Asker;
use crate::service::{self, App};

/// An authenticated call.
#[derive(Debug)]
pub(in crate::http) struct IdentityCall {
    asker: Asker,
    received: Received,
}

impl Deref for IdentityCall {
    type Target = Received;

    fn deref(&self) -> &Received {
        &self.received
    }
}

impl FromRequest for IdentityCall {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = api(&request)?;
            let signed = auth::signed_body(&request, &mut payload).await?;
            let session = auth::session(&api, &request, signed.as_ref()).await?;
            let asker = Asker { session, request: auth::request_id(&request) };
            let received = Received::rest_of(api, request, signed, &mut payload).await?;
            Ok(Self { asker, received })
        })
    }
}

impl IdentityCall {
    /// Who asks.
    pub(super) fn asker(&self) -> &Asker {
        &self.asker
    }

    /// Runs a writing use case to its end, even if the client goes away meanwhile.
    pub(super) async fn write<T, F>(
        &self,
        use_case: impl FnOnce(App, Asker) -> F,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = service::Result<T>> + Send + 'static,
    {
        self.received.write(|app| use_case(app, self.asker.clone())).await
    }

    /// The body as JSON.
    pub(super) fn json(&self) -> Result<Value, ApiError> {
        if is_json(self.request()) {
            fields::parse(self.body())
        } else {
            Err(ApiError::Login(
                "Expecting to find application/json in Content-Type header. The server could not \
                 comply with the request since it is either malformed or otherwise incorrect. The \
                 client is assumed to be in error."
                    .to_owned(),
            ))
        }
    }

    /// A query parameter as a flag; every text but these few means that it is set, as in Keystone.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let unset = |text: &str| {
            ["false", "0", "no", "off", "f", "n"].iter().any(|word| text.eq_ignore_ascii_case(word))
        };
        self.query(name).map(|text| !unset(text))
    }

    /// How many to list at most.
    pub(super) fn limit(&self) -> Result<u32, ApiError> {
        let Some(text) = self.query("limit") else { return Ok(LARGEST_PAGE) };
        match text.parse::<u32>() {
            Ok(limit) if limit > 0 => Ok(limit.min(LARGEST_PAGE)),
            Ok(_) | Err(_) => Err(ApiError::Query(
                "Invalid input for field 'limit': it is not a positive integer".to_owned(),
            )),
        }
    }

    /// The link to something of ours, under the root that was asked.
    pub(super) fn link(&self, path: &str) -> String {
        let root =
            if self.request().path().starts_with("/identity") { "/identity/v3" } else { "/v3" };
        format!("{}{root}/{path}", self.base())
    }

    /// A whole list.
    pub(super) fn list(&self, collection: &str, items: &[Value]) -> HttpResponse {
        self.page(collection, items, None)
    }

    /// One page of a list; `next` is the id of its last item, if there may be more behind it.
    pub(super) fn page(
        &self,
        collection: &str,
        items: &[Value],
        next: Option<&str>,
    ) -> HttpResponse {
        let url = format!("{}{}", self.base(), self.request().path());
        let asked = match self.request().query_string() {
            "" => url.clone(),
            query => format!("{url}?{query}"),
        };
        let next = next.map(|last| {
            let mut query: Vec<String> = self
                .query_pairs()
                .filter(|(key, _)| *key != "marker")
                .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
                .collect();
            query.push(format!("marker={}", encode(last)));
            format!("{url}?{}", query.join("&"))
        });
        HttpResponse::Ok().json(json!({
            collection: items,
            "links": {"next": next, "self": asked, "previous": null},
        }))
    }
}
