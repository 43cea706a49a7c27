//! Reading the bodies of the identity service, with Keystone's sentences. None repeats a value,
//! which may be a password.

use serde_json::{Map, Value};

use crate::http::error::ApiError;

/// The object under the one member of a body: `{"project": {…}}`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a>(&'a Map<String, Value>);

/// The text that a body gives for a member: none if it is missing, an inner none if it is `null`.
pub(super) type Given = Option<Option<String>>;

impl<'a> Body<'a> {
    /// The object under `member`.
    pub(super) fn of(body: &'a Value, member: &str) -> Result<Self, ApiError> {
        let inner = body.get(member).ok_or_else(|| {
            ApiError::Schema(format!(
                "Expecting to find {member} in request body. The server could not comply with the \
                 request since it is either malformed or otherwise incorrect. The client is \
                 assumed to be in error."
            ))
        })?;
        inner.as_object().map(Self).ok_or_else(|| wrong(member, "it is not of type 'object'"))
    }

    /// A member as it is.
    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        self.0.get(key)
    }

    /// A text of any length, or `null`.
    pub(super) fn text(self, key: &str) -> Result<Given, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Null) => Ok(Some(None)),
            Some(Value::String(text)) if text.contains('\0') => {
                Err(wrong(key, "it contains the null character"))
            }
            Some(Value::String(text)) => Ok(Some(Some(text.clone()))),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(wrong(key, "it is not of type 'string'"))
            }
        }
    }

    /// A text that is given and not `null`, or not given.
    pub(super) fn plain_text(self, key: &str) -> Result<Option<String>, ApiError> {
        match self.text(key)? {
            None => Ok(None),
            Some(None) => Err(wrong(key, "None is not of type 'string'")),
            Some(Some(text)) => Ok(Some(text)),
        }
    }

    /// A name of 1 to `longest` characters that are not all white space.
    pub(super) fn name(self, key: &str, longest: usize) -> Result<Option<String>, ApiError> {
        match self.plain_text(key)? {
            Some(name) if name.trim().is_empty() => Err(wrong(key, "it should be non-empty")),
            Some(name) if name.chars().count() > longest => Err(wrong(key, "it is too long")),
            name => Ok(name),
        }
    }

    /// A name that must be given.
    pub(super) fn required_name(self, key: &str, longest: usize) -> Result<String, ApiError> {
        self.name(key, longest)?.ok_or_else(|| required(key))
    }

    /// A text that must be given.
    pub(super) fn required_text(self, key: &str) -> Result<String, ApiError> {
        self.plain_text(key)?.ok_or_else(|| required(key))
    }

    /// A flag.
    pub(super) fn flag(self, key: &str) -> Result<Option<bool>, ApiError> {
        match self.0.get(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(
                Value::Null
                | Value::String(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_),
            ) => Err(wrong(key, "it is not of type 'boolean'")),
        }
    }
}

/// An error about one member.
pub(super) fn wrong(key: &str, rule: &str) -> ApiError {
    ApiError::Schema(format!("Invalid input for field '{key}': {rule}"))
}

fn required(key: &str) -> ApiError {
    ApiError::Schema(format!("'{key}' is a required property"))
}
