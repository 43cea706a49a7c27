//! Discovery of the identity service; nobody needs a token to ask.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::http::call::Answer;
use crate::http::received::{api, base};

/// An object with `values`, unlike the volume API's array.
pub(in crate::http) async fn all(request: HttpRequest) -> Answer {
    let versions = json!({"versions": {"values": [document(&request)?]}});
    Ok(HttpResponse::MultipleChoices().json(versions))
}

pub(in crate::http) async fn v3(request: HttpRequest) -> Answer {
    Ok(HttpResponse::Ok().json(json!({"version": document(&request)?})))
}

/// keystoneauth and gophercloud go on with this `self` link.
fn document(request: &HttpRequest) -> Result<Value, crate::http::error::ApiError> {
    let base = base(&*api(request)?, request.headers());
    Ok(json!({
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": format!("{base}/identity/v3/")}],
        "media-types": [{
            "base": "application/json",
            "type": "application/vnd.openstack.identity-v3+json",
        }],
    }))
}
