//! Requests that may be sent again: the header that names them, and the answer that they get.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use serde_json::Value;

use super::error::ApiError;
use super::received::Received;
use crate::domain::idempotency::{Answer, Attempt, IdempotencyKey, RetriedAction};
use crate::service::idempotency::Answered;

/// The header that names a request, under which it may be sent again.
const KEY: &str = "Idempotency-Key";

/// What it must be.
const RULE: &str = "be 16 to 255 visible ASCII characters, such as a random UUID, and come once; a shorter \
                    one could be guessed from the data file";

/// The header of an answer that was given before.
const REPLAYED: &str = "Idempotency-Replayed";

/// What makes a call the same when it comes again, if it came with a key; `header` is what a header of our
/// own asks for besides.
pub(super) fn attempt(
    call: &Received,
    action: RetriedAction,
    header: Option<&str>,
) -> Result<Option<Attempt>, ApiError> {
    let key = call.own_header(KEY, RULE, IdempotencyKey::parse)?;
    Ok(key.map(|key| Attempt {
        key,
        action,
        path: call.path().to_owned(),
        header: header.map(str::to_owned),
        body: call.body().to_vec(),
    }))
}

/// An answer with a JSON body, or with none.
pub(super) fn answer(
    status: StatusCode,
    headers: Vec<(String, String)>,
    body: Option<&Value>,
) -> Answer {
    let body = body.map_or_else(String::new, Value::to_string);
    Answer { status: status.as_u16(), headers, body }
}

/// What the client gets.
pub(super) fn response<T>(answered: Answered<T>) -> HttpResponse {
    let (answer, replayed) = match answered {
        Answered::Done(_, answer) => (answer, false),
        Answered::Before(answer) => (answer, true),
    };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    if answer.body.is_empty() {
        response.finish()
    } else {
        response.insert_header(ContentType::json()).body(answer.body)
    }
}
