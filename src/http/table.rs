//! A row of the route table: a path with its methods, and the 405 that names them.

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::Method;
use actix_web::web;
use actix_web::{FromRequest, Handler, Resource, Responder, Route};

use super::error::ApiError;

/// A path and its methods.
pub(super) struct Row {
    resource: Resource,
    methods: Vec<Method>,
}

/// A path that answers methods without a route with 405 and `Allow` (RFC 9110, 15.5.6): a bare
/// `Scope::route` would say 404, a bare resource would not say which methods there are.
pub(super) fn resource(path: &str) -> Row {
    Row { resource: web::resource(path), methods: Vec::new() }
}

impl Row {
    /// Adds a method with its handler.
    pub(super) fn route(mut self, (method, route): (Method, Route)) -> Self {
        self.methods.push(method);
        Self { resource: self.resource.route(route), methods: self.methods }
    }
}

impl HttpServiceFactory for Row {
    fn register(self, config: &mut AppService) {
        let methods: Vec<&str> = self.methods.iter().map(Method::as_str).collect();
        let allow = methods.join(", ");
        let refuse = move || {
            let allow = allow.clone();
            async move { Err::<String, _>(ApiError::BadMethod { allow }) }
        };
        self.resource.default_service(web::to(refuse)).register(config);
    }
}

/// A method that waits for its handler.
pub(super) struct On(Method);

impl On {
    /// The handler.
    pub(super) fn to<F, Args>(self, handler: F) -> (Method, Route)
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let route = web::method(self.0.clone()).to(handler);
        (self.0, route)
    }
}

pub(super) fn get() -> On {
    On(Method::GET)
}

pub(super) fn head() -> On {
    On(Method::HEAD)
}

pub(super) fn post() -> On {
    On(Method::POST)
}

pub(super) fn put() -> On {
    On(Method::PUT)
}

pub(super) fn patch() -> On {
    On(Method::PATCH)
}

pub(super) fn delete() -> On {
    On(Method::DELETE)
}
