//! Reading native bodies: a member of the wrong type has one code, whatever it is.

use serde_json::{Map, Value};

use super::codes;
use crate::http::call::Call;
use crate::http::error::{ApiError, NativeFault};

type Read<T> = Result<T, NativeFault>;

/// The body as JSON.
pub(super) fn body(call: &Call) -> Result<Value, ApiError> {
    match call.json() {
        Err(ApiError::MalformedBody) => Err(codes::NOT_JSON.into()),
        other => other,
    }
}

/// An object of a body. A member that is `null` is like none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    /// Of a value that must be an object; `fault` if it is none.
    pub(super) fn of(value: &'a Value, fault: NativeFault) -> Read<Self> {
        value.as_object().map(Self).ok_or(fault)
    }

    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn iter(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        self.0.iter()
    }

    pub(super) fn object(self, key: &str) -> Read<Option<Self>> {
        self.get(key).map(|value| Self::of(value, codes::WRONG_TYPE)).transpose()
    }

    pub(super) fn text(self, key: &str) -> Read<Option<&'a str>> {
        self.get(key).map(|value| value.as_str().ok_or(codes::WRONG_TYPE)).transpose()
    }

    /// A text; an empty one is like none.
    pub(super) fn filled(self, key: &str) -> Read<Option<&'a str>> {
        Ok(self.text(key)?.filter(|text| !text.is_empty()))
    }

    /// A whole number or its digits; decimals are dropped.
    pub(super) fn whole(self, key: &str) -> Read<Option<i64>> {
        self.get(key).map(|value| whole(value).ok_or(codes::WRONG_TYPE)).transpose()
    }

    pub(super) fn flag(self, key: &str) -> Read<Option<bool>> {
        let flag = |value: &Value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => flag(text),
            Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        };
        self.get(key).map(|value| flag(value).ok_or(codes::WRONG_TYPE)).transpose()
    }

    /// A list; none is like an empty one.
    pub(super) fn list(self, key: &str) -> Read<&'a [Value]> {
        match self.get(key) {
            None => Ok(&[]),
            Some(value) => value.as_array().map(Vec::as_slice).ok_or(codes::WRONG_TYPE),
        }
    }
}

/// `true` or `false`, in any letter case.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A whole number or its digits; decimals are dropped.
pub(super) fn whole(value: &Value) -> Option<i64> {
    let digits = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((&digits, ""));
    let plain = decimals.bytes().all(|b| b.is_ascii_digit());
    if plain { whole.parse().ok() } else { None }
}

/// An object in a query, as JSON or with single quotes in place of double ones.
pub(super) fn dictionary(text: &str) -> Option<Map<String, Value>> {
    let read = |text: &str| serde_json::from_str::<Map<String, Value>>(text).ok();
    read(text).or_else(|| read(&text.replace('\'', "\"")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_whole_number_may_come_as_digits_and_loses_its_decimals() {
        for (value, number) in [
            (json!(40), Some(40)),
            (json!("40"), Some(40)),
            (json!(40.9), Some(40)),
            (json!("40.9"), Some(40)),
            (json!(-1), Some(-1)),
            (json!(1e300), None),
            (json!("4x"), None),
            (json!("4.x"), None),
            (json!(""), None),
            (json!(true), None),
        ] {
            assert_eq!(whole(&value), number, "{value}");
        }
    }

    #[test]
    fn a_dictionary_may_have_either_quotes() {
        let expected = json!({"a": ["b"]}).as_object().cloned();
        assert_eq!(dictionary(r#"{"a": ["b"]}"#), expected);
        assert_eq!(dictionary("{'a': ['b']}"), expected);
        assert_eq!(dictionary("a=b"), None);
    }
}
