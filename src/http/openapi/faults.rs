//! The answers of failures: made from the very errors that the service answers with, so that shape,
//! headers and sentence cannot differ from theirs.

use serde_json::{Map, Value, json};

use super::table::{Asker, Operation, Request};
use crate::domain::access::Action;
use crate::domain::event::Line;
use crate::domain::guess::TooManyGuesses;
use crate::domain::ids::RequestId;
use crate::domain::microversion::{BadMicroversion, MAX, MIN, Microversion};
use crate::domain::signature::SignatureRefused;
use crate::http::answer::has_versions;
use crate::http::dialect::Dialect;
use crate::http::error::ApiError;
use crate::service::ServiceError;
use crate::store::{Constraint, StoreError};

/// One error of each status that operations have in common.
fn errors() -> Vec<ApiError> {
    let store = |error| ApiError::Service(ServiceError::Store(error));
    vec![
        ApiError::MalformedBody,
        ApiError::Service(ServiceError::Unauthenticated),
        ApiError::Forbidden(Action::CreateTransfer),
        ApiError::NoRoute,
        ApiError::BadMethod { allow: "GET, POST".to_owned() },
        ApiError::Microversion(BadMicroversion::Unsupported(Microversion(MAX.0, MAX.1 + 1))),
        store(StoreError::Conflict(Constraint::Reference)),
        ApiError::Service(ServiceError::EventsWentBack {
            after: 12,
            line: Line { epoch: 2, latest: 7 },
        }),
        ApiError::BodyTooSlow,
        ApiError::BodyTooLarge,
        ApiError::Service(ServiceError::IdempotencyKeyReused),
        ApiError::Service(ServiceError::Guesses(TooManyGuesses { retry_after_s: 60 })),
        ApiError::Framework(String::new()),
        store(StoreError::Closed),
        store(StoreError::Full),
    ]
}

/// The statuses of the failures that an operation at this path may end in.
pub(super) fn statuses(operation: &Operation, path: &str) -> Vec<u16> {
    let mut found = operation.fails.to_vec();
    // Of another method than those of the path; told everywhere, as it is answered everywhere.
    found.push(405);
    let known = !matches!(operation.asker, Asker::Anybody);
    if known {
        found.extend([400, 401, 403, 500, 503]);
    }
    if has_versions(path) {
        found.extend([400, 406]);
    }
    let has_body = !matches!(operation.request, Request::Nothing);
    if has_body {
        found.extend([400, 408, 413]);
    }
    // What is not there may be named in the path, in the body, or in the query: a marker, say.
    let names_something = path.replace("{project_id}", "").contains('{')
        || has_body
        || !operation.query.is_empty()
        || operation.since > MIN;
    if known && names_something {
        found.push(404);
    }
    if known && !matches!(operation.method, "get" | "head") {
        found.push(507);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The name of the answer of a failure among the components.
pub(super) fn component(dialect: Dialect, status: u16) -> String {
    format!("{dialect:?}{status}")
}

/// The answers of all failures in a dialect.
pub(super) fn components(dialect: Dialect) -> Vec<(String, Value)> {
    errors()
        .iter()
        .map(|error| {
            let status = error.status().as_u16();
            (component(dialect, status), response(error, dialect))
        })
        .collect()
}

fn response(error: &ApiError, dialect: Dialect) -> Value {
    let request = RequestId::new("req-00000000-0000-0000-0000-000000000000");
    let example = error.body(dialect, &request);
    let media = if error.status().as_u16() == 401 {
        let refused = SignatureRefused::Malformed("no Signature");
        let refused = ApiError::Service(ServiceError::Signature(refused));
        let unsigned = refused.body(dialect, &request);
        json!({
            "schema": {"oneOf": [schema(&example), schema(&unsigned)]},
            "examples": {"token": {"value": example}, "signature": {"value": unsigned}},
        })
    } else {
        json!({"schema": schema(&example), "example": example})
    };
    json!({
        "description": error.status().canonical_reason().unwrap_or_default(),
        "headers": headers(error),
        "content": {"application/json": media},
    })
}

/// The schema of what looks like this.
fn schema(example: &Value) -> Value {
    match example {
        Value::Object(members) => {
            let names: Vec<&String> = members.keys().collect();
            let properties: Map<String, Value> =
                members.iter().map(|(name, value)| (name.clone(), schema(value))).collect();
            json!({"type": "object", "required": names, "properties": properties})
        }
        Value::Number(_) => json!({"type": "integer"}),
        Value::String(_) => json!({"type": "string"}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Array(_) => json!({"type": "array"}),
        Value::Null => json!({"type": "null"}),
    }
}

fn headers(error: &ApiError) -> Value {
    let mut headers = Map::new();
    let mut add = |name: &str, says: &str| {
        headers.insert(name.to_owned(), json!({"description": says, "schema": {"type": "string"}}));
    };
    if error.retry_after().is_some() {
        add("Retry-After", "How many seconds to wait.");
    }
    if error.allowed_methods().is_some() {
        add("Allow", "The methods that the path does take.");
    }
    if error.denied_action().is_some() {
        add("X-Evs-Action", "What is not permitted, as the cloud's own permissions call it.");
    }
    if error.status().as_u16() == 401 {
        add("WWW-Authenticate", "Where to log in.");
    }
    add("X-Openstack-Request-Id", "The id of the request, as it stands in the log.");
    Value::Object(headers)
}
