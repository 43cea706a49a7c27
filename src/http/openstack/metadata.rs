//! The bodies of `metadata`, alike for disks and snapshots: the keys and values that people give them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::python::str;

/// The most characters of a key or a value.
const LONGEST: usize = 255;

/// The keys and values of a body that names all of them.
pub(super) fn whole(call: &Call, body: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let top = Fields::top(body)?;
    top.required_object("metadata")?;
    top.no_others(&["metadata"])?;
    values(call, &top, "metadata")
}

/// The one item of a body, whose key is the path's.
pub(super) fn one(call: &Call, body: &Value) -> Result<BTreeMap<String, String>, ApiError> {
    let top = Fields::top(body)?;
    let meta = top.required_object("meta")?;
    top.no_others(&["meta"])?;
    if meta.get(&call.decoded_part("key")).is_none() {
        return Err(ApiError::Schema("Request body and URI mismatch".to_owned()));
    }
    if meta.keys().count() > 1 {
        return Err(ApiError::Schema("Request body contains too many items".to_owned()));
    }
    values(call, &top, "meta")
}

fn values(
    call: &Call,
    top: &Fields<'_>,
    member: &str,
) -> Result<BTreeMap<String, String>, ApiError> {
    // `/v3` checks lengths with the rest of the body; `/v2` knows no such checks, and its size errors
    // are 413.
    if call.path().starts_with("/v2/")
        && let Some(members) = top.get(member).and_then(Value::as_object)
    {
        for (key, value) in members {
            let too_long = |text: &str| text.chars().nth(LONGEST).is_some();
            let what = match value.as_str() {
                _ if too_long(key) => "greater than 255 characters.",
                Some(value) if too_long(value) => "value greater than 255 characters.",
                _ => continue,
            };
            let key = str(&Value::String(key.clone()));
            return Err(ApiError::TooLong(format!(
                "Invalid metadata size: Metadata property key {key} {what}"
            )));
        }
    }
    top.metadata(member)
}
