//! `/_evs`: what the service says of itself.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::call::{Answer, api};

/// The process answers.
pub(super) async fn health() -> Answer {
    Ok(HttpResponse::Ok().json(json!({"status": "alive"})))
}

/// The database answers too.
pub(super) async fn ready(request: HttpRequest) -> Answer {
    api(&request)?.app.check_ready().await?;
    Ok(HttpResponse::Ok().json(json!({"status": "ready"})))
}

/// What runs here and where its data are.
pub(super) async fn info(request: HttpRequest) -> Answer {
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
