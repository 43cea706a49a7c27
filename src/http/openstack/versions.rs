//! Which versions of the API there are; nobody needs a token to ask.

use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use crate::domain::microversion::{MAX, MIN};
use crate::http::call::Answer;
use crate::http::received::{api, base};

/// Every version, with status 300: choose one.
pub(in crate::http) async fn all(request: HttpRequest) -> Answer {
    let base = base(&*api(&request)?, request.headers());
    let versions =
        json!({"versions": [v1_document(&base), v2_document(&base), v3_document(&base)]});
    Ok(HttpResponse::MultipleChoices().json(versions))
}

pub(in crate::http) async fn v1(request: HttpRequest) -> Answer {
    one(&request, v1_document)
}

pub(in crate::http) async fn v2(request: HttpRequest) -> Answer {
    one(&request, v2_document)
}

pub(in crate::http) async fn v3(request: HttpRequest) -> Answer {
    one(&request, v3_document)
}

fn one(request: &HttpRequest, document: fn(&str) -> Value) -> Answer {
    let base = base(&*api(request)?, request.headers());
    Ok(HttpResponse::Ok().json(json!({"versions": [document(&base)]})))
}

/// `version` is empty where there are no microversions, never missing: cinderclient reads it blindly.
fn document(id: &str, status: &str, (least, most): (&str, &str), href: &str) -> Value {
    let major = id.trim_start_matches('v').trim_end_matches(".0");
    json!({
        "id": id,
        "status": status,
        "version": most,
        "min_version": least,
        "updated": "2023-08-31T00:00:00Z",
        "links": [
            {"rel": "describedby", "type": "text/html", "href": "https://docs.openstack.org/"},
            {"rel": "self", "href": href},
        ],
        "media-types": [{
            "base": "application/json",
            "type": format!("application/vnd.openstack.volume+json;version={major}"),
        }],
    })
}

fn v1_document(base: &str) -> Value {
    document("v1.0", "SUPPORTED", ("", ""), &format!("{base}/v1"))
}

fn v2_document(base: &str) -> Value {
    document("v2.0", "SUPPORTED", ("", ""), &format!("{base}/v2/"))
}

fn v3_document(base: &str) -> Value {
    document("v3.0", "CURRENT", (&MIN.to_string(), &MAX.to_string()), &format!("{base}/v3/"))
}
