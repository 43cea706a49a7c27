//! What the node says of itself: whether it answers, what it is, what it counted, what it can be asked.

use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::openapi::text;
use crate::http::received::api;
use crate::metrics::CONTENT_TYPE;

/// The process answers.
pub(in crate::http) async fn health() -> Answer {
    Ok(HttpResponse::Ok().json(json!({"status": "alive"})))
}

/// The database answers too.
pub(in crate::http) async fn ready(request: HttpRequest) -> Answer {
    api(&request)?.app.check_ready().await?;
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}

/// What runs here and where its data are.
pub(in crate::http) async fn info(request: HttpRequest) -> Answer {
    let api = api(&request)?;
    let store = api.app.store().info();
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "data_file": store.file.to_string_lossy(),
        "schema": store.schema,
        "sqlite_version": store.library,
        "durable": store.durable,
    })))
}

/// What was counted since the start.
pub(in crate::http) async fn metrics(request: HttpRequest) -> Answer {
    let app = &api(&request)?.app;
    app.metrics().measure_log(app.store().log_bytes());
    let text = app.metrics().render();
    let text = text.map_err(|why| ApiError::Framework(why.to_string()))?;
    Ok(HttpResponse::Ok().content_type(CONTENT_TYPE).body(text))
}

/// What there is to ask, for machines.
pub(in crate::http) async fn openapi() -> Answer {
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(text()))
}
