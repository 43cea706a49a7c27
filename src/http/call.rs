//! One authenticated call: who asks, in which version, with which path, query and body.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::faults::{self, Around};
use super::received::{Received, api};
use super::{auth, fields};
use crate::domain::access::{Action, Caller, Role};
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::microversion::{MIN, Microversion};
use crate::service::{self, App};

/// What a handler answers.
pub(super) type Answer = Result<HttpResponse, ApiError>;

/// An authenticated call.
#[derive(Debug)]
pub(super) struct Call {
    caller: Caller,
    /// The disks that it is about, if a fault asks.
    disks: Vec<DiskId>,
    received: Received,
}

impl Deref for Call {
    type Target = Received;

    fn deref(&self) -> &Received {
        &self.received
    }
}

impl FromRequest for Call {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let api = api(&request)?;
            let signed = auth::signed_body(&request, &mut payload).await?;
            let caller = auth::caller(&api, &request, signed.as_ref()).await?;
            let received = Received::rest_of(api, request, signed, &mut payload).await?;
            let disks = faults::disks_of(&received).await?;
            Ok(Self { caller, disks, received })
        })
    }
}

impl Call {
    /// Who asks, if that may do this and no fault is in the way.
    pub(super) fn may(&self, action: Action) -> Result<Caller, ApiError> {
        if self.caller.role < action.needs() {
            return Err(ApiError::Forbidden(action));
        }
        faults::meet(&self.received, &self.caller, &self.disks, action)?;
        Ok(self.caller.clone())
    }

    /// Runs a writing use case to its end, even if the client goes away meanwhile, and with what faults
    /// want around it.
    pub(super) async fn write<T, F>(&self, use_case: impl FnOnce(App) -> F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = service::Result<T>> + Send + 'static,
    {
        match Around::of(self.request()) {
            None => self.received.write_here(use_case).await,
            Some(around) => {
                let armed = around.clone();
                // A rule is rare: its future is no part of every other call's.
                let work = Box::pin(self.received.write_here(|app| armed.work(use_case(app))));
                around.answer(self.request(), work).await
            }
        }
    }

    /// A query parameter that is a flag; false if there is none.
    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        let Some(text) = self.query(name) else { return Ok(false) };
        fields::flag(text).ok_or_else(|| {
            ApiError::Query(format!("Value '{text}' for '{name}' is not a boolean."))
        })
    }

    /// Whether an admin asks for the things of all projects; who is none is not heard.
    pub(super) fn everywhere(&self) -> Result<bool, ApiError> {
        if self.is_admin() { self.flag("all_tenants") } else { Ok(false) }
    }

    /// Whether an admin asks.
    pub(super) fn is_admin(&self) -> bool {
        self.caller.role == Role::Admin
    }

    /// The microversion; under `/v2` there is none, which is like 3.0.
    pub(super) fn version(&self) -> Microversion {
        self.request().extensions().get::<Microversion>().copied().unwrap_or(MIN)
    }

    /// The two links of a thing.
    pub(super) fn links(&self, collection: &str, id: &str) -> Value {
        self.linker().links(collection, id)
    }

    /// What makes the links in an answer to this call, wherever the answer is made.
    pub(super) fn linker(&self) -> Linker {
        let version = match self.path().split('/').nth(1).unwrap_or_default() {
            "v2.1" => "v2",
            version => version,
        };
        let (base, project) = (self.base().to_owned(), self.caller.project.clone());
        Linker { base, version: version.to_owned(), project }
    }
}

/// A link of a thing.
#[derive(Debug, Serialize)]
pub(super) struct Link {
    rel: &'static str,
    href: String,
}

/// Makes links of things of one project.
#[derive(Debug, Clone)]
pub(super) struct Linker {
    base: String,
    version: String,
    project: ProjectId,
}

impl Linker {
    /// The two links of a thing: with the version of the request, and without one. What 2.1 makes is
    /// shown by 2.
    pub(super) fn pair(&self, collection: &str, id: &str) -> [Link; 2] {
        let Self { base, version, project } = self;
        [
            Link { rel: "self", href: format!("{base}/{version}/{project}/{collection}/{id}") },
            Link { rel: "bookmark", href: format!("{base}/{project}/{collection}/{id}") },
        ]
    }

    /// The same as JSON.
    pub(super) fn links(&self, collection: &str, id: &str) -> Value {
        json!(self.pair(collection, id))
    }
}
