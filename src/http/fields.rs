//! Reading request bodies member by member, with the messages of Cinder's schema checks.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ApiError;
use super::python::{repr, str};
use crate::domain::ids::is_uuid;
use crate::domain::name::{self, InvalidName};

/// The longest text of a member that is taken as it is, in characters (Cinder).
const LONGEST_WORDS: usize = 255;

/// Reads a body as JSON; nesting deeper than 128 is no JSON for us.
pub(super) fn parse(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|_| ApiError::MalformedBody)
}

/// One object of a body. Errors name the member they are about, or at the top only the rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    name: Option<&'a str>,
    members: &'a Map<String, Value>,
    /// Its values are quoted nowhere, since one of them is a secret.
    secret: bool,
}

/// What stands in a message in place of a secret.
const REDACTED: &str = "***";

impl<'a> Fields<'a> {
    /// The top of a body.
    pub(super) fn top(body: &'a Value) -> Result<Self, ApiError> {
        let members = body
            .as_object()
            .ok_or_else(|| ApiError::Schema(format!("{} is not of type 'object'", repr(body))))?;
        Ok(Self { name: None, members, secret: false })
    }

    /// The only member of a body, which must be an object: `{"transfer": {…}}`.
    pub(super) fn only(body: &'a Value, name: &'a str) -> Result<Self, ApiError> {
        let top = Self::top(body)?;
        let inner = top.required_object(name)?;
        top.no_others(&[name])?;
        Ok(inner)
    }

    /// Like [`Fields::only`], for an object whose values are quoted nowhere.
    pub(super) fn only_secret(body: &'a Value, name: &'a str) -> Result<Self, ApiError> {
        let top = Self { secret: true, ..Self::top(body)? };
        let inner = top.required_object(name)?;
        top.no_others(&[name])?;
        Ok(inner)
    }

    /// An error about this object as a whole.
    pub(super) fn wrong(&self, rule: &str) -> ApiError {
        let Some(name) = self.name else {
            return ApiError::Schema(rule.to_owned());
        };
        let value = if self.secret {
            REDACTED.to_owned()
        } else {
            str(&Value::Object(self.members.clone()))
        };
        about(name, &value, rule)
    }

    /// An error about one member's value.
    pub(super) fn wrong_value(&self, key: &str, rule: impl FnOnce(&str) -> String) -> ApiError {
        let value = self.members.get(key).unwrap_or(&Value::Null);
        if self.secret && !value.is_null() {
            about(key, REDACTED, &rule(REDACTED))
        } else {
            about(key, &str(value), &rule(&repr(value)))
        }
    }

    /// An error about the type of one member.
    pub(super) fn wrong_type(&self, key: &str, types: &str) -> ApiError {
        self.wrong_value(key, |value| format!("{value} is not of type {types}"))
    }

    /// Refuses members that are not among `known`.
    pub(super) fn no_others(&self, known: &[&str]) -> Result<(), ApiError> {
        let others: Vec<String> = self
            .members
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .map(|key| repr(&Value::String(key.clone())))
            .collect();
        match others.as_slice() {
            [] => Ok(()),
            [one] => Err(self
                .wrong(&format!("Additional properties are not allowed ({one} was unexpected)"))),
            several => Err(self.wrong(&format!(
                "Additional properties are not allowed ({} were unexpected)",
                several.join(", ")
            ))),
        }
    }

    /// A member as it is; an explicit `null` is there.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key)
    }

    /// The names of all members.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a String> {
        self.members.keys()
    }

    /// A member that must be there.
    pub(super) fn required(&self, key: &str) -> Result<&'a Value, ApiError> {
        self.members.get(key).ok_or_else(|| self.wrong(&format!("'{key}' is a required property")))
    }

    /// A member that must be there and be an object.
    pub(super) fn required_object(&self, key: &'a str) -> Result<Self, ApiError> {
        let members =
            self.required(key)?.as_object().ok_or_else(|| self.wrong_type(key, "'object'"))?;
        Ok(Self { name: Some(key), members, secret: self.secret })
    }

    /// A member that must be there and be a text.
    pub(super) fn required_text(&self, key: &str) -> Result<&'a str, ApiError> {
        self.required(key)?.as_str().ok_or_else(|| self.wrong_type(key, "'string'"))
    }

    /// A text that may be missing or `null`.
    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, ApiError> {
        match self.members.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(self.wrong_type(key, "'string', 'null'"))
            }
        }
    }

    /// The id of something of ours, which must be there.
    pub(super) fn required_id<I>(
        &self,
        key: &str,
        parse: fn(&str) -> Option<I>,
    ) -> Result<I, ApiError> {
        let text = self.required_text(key)?;
        parse(text).ok_or_else(|| self.wrong_value(key, |value| format!("{value} is not a 'uuid'")))
    }

    /// What `read` makes of a member, if that is there.
    pub(super) fn given<T>(
        &self,
        key: &str,
        read: impl FnOnce(&str) -> Result<T, ApiError>,
    ) -> Result<Option<T>, ApiError> {
        if self.members.contains_key(key) { read(key).map(Some) } else { Ok(None) }
    }

    /// A text of `least` to 255 characters, which must be there and is taken as it is.
    pub(super) fn required_words(&self, key: &str, least: usize) -> Result<String, ApiError> {
        let text = self.required_text(key)?;
        let length = text.chars().count();
        if length < least || length > LONGEST_WORDS {
            let rule = if length < least { "is too short" } else { "is too long" };
            return Err(self.wrong_value(key, |value| format!("{value} {rule}")));
        }
        if text.contains('\0') {
            return Err(invalid_name(key, InvalidName::Null));
        }
        Ok(text.to_owned())
    }

    /// A UUID as a text, which may be missing or `null`.
    pub(super) fn id_or_null(&self, key: &str) -> Result<Option<String>, ApiError> {
        match self.members.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_uuid(text) => Ok(Some(text.clone())),
            Some(
                Value::String(_)
                | Value::Bool(_)
                | Value::Number(_)
                | Value::Array(_)
                | Value::Object(_),
            ) => Err(self.wrong_value(key, |value| {
                format!("{value} is not valid under any of the given schemas")
            })),
        }
    }

    /// An error about this object as a whole: it is none of several shapes.
    pub(super) fn none_of_the_schemas(&self) -> ApiError {
        let value = str(&Value::Object(self.members.clone()));
        self.wrong(&format!("{value} is not valid under any of the given schemas"))
    }

    /// A name that may be missing or `null` but not empty.
    pub(super) fn name(&self, key: &str) -> Result<Option<String>, ApiError> {
        self.text(key)?.map(name::non_empty).transpose().map_err(|rule| invalid_name(key, rule))
    }

    /// A name or description that may be missing, `null` or empty.
    pub(super) fn label(&self, key: &str) -> Result<Option<String>, ApiError> {
        self.text(key)?
            .map(name::possibly_empty)
            .transpose()
            .map_err(|rule| invalid_name(key, rule))
    }

    /// A boolean or a text that Cinder takes for one; missing means `false`.
    pub(super) fn boolean(&self, key: &str) -> Result<bool, ApiError> {
        match self.members.get(key) {
            None => Ok(false),
            Some(Value::Bool(truth)) => Ok(*truth),
            Some(Value::String(text)) => truth(text).ok_or_else(|| self.no_boolean(key)),
            Some(Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                Err(self.no_boolean(key))
            }
        }
    }

    fn no_boolean(&self, key: &str) -> ApiError {
        self.wrong_type(
            key,
            "'boolean' (true, false, or one of 1, 0, on, off, yes, no, y, n, t, f)",
        )
    }

    /// A whole number or its digits, at least `least`, which must be there.
    pub(super) fn required_number(&self, key: &str, least: i64) -> Result<i64, ApiError> {
        let number = match self.required(key)? {
            Value::Number(number) => {
                number.as_i64().ok_or_else(|| self.wrong_type(key, "'integer', 'string'"))?
            }
            Value::String(digits) => {
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                let parsed = if plain { digits.parse().ok() } else { None };
                parsed.ok_or_else(|| {
                    self.wrong_value(key, |value| format!("{value} does not match '^[0-9]+$'"))
                })?
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(self.wrong_type(key, "'integer', 'string'"));
            }
        };
        if number < least {
            return Err(self
                .wrong_value(key, |value| format!("{value} is less than the minimum of {least}")));
        }
        Ok(number)
    }

    /// Keys and values of 1 to 255 and at most 255 characters; missing or `null` means none.
    pub(super) fn metadata(&self, key: &str) -> Result<BTreeMap<String, String>, ApiError> {
        let members = match self.members.get(key) {
            None | Some(Value::Null) => return Ok(BTreeMap::new()),
            Some(Value::Object(members)) => members,
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
                return Err(self.wrong_type(key, "'object'"));
            }
        };
        let mut metadata = BTreeMap::new();
        for name in members.keys() {
            if !(1..=255).contains(&name.chars().count()) {
                return Err(self.wrong_value(key, |_| {
                    format!(
                        "the key {} must have 1 to 255 characters",
                        repr(&Value::String(name.clone()))
                    )
                }));
            }
            let inner = Fields { name: Some(key), members, secret: self.secret };
            let text = inner.required_text(name)?;
            if text.chars().count() > 255 {
                return Err(inner.wrong_value(name, |value| format!("{value} is too long")));
            }
            if name.contains('\0') || text.contains('\0') {
                return Err(self.wrong_value(key, |_| {
                    "keys and values can not contain the null character".to_owned()
                }));
            }
            metadata.insert(name.clone(), text.to_owned());
        }
        Ok(metadata)
    }
}

/// The texts that Cinder takes for booleans: whole words in three letter cases, letters in one.
pub(super) fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" | "t" | "1" | "on" | "On" | "ON" | "yes" | "Yes" | "YES" | "y" => {
            Some(true)
        }
        "false" | "False" | "FALSE" | "f" | "0" | "off" | "Off" | "OFF" | "no" | "No" | "NO"
        | "n" => Some(false),
        _ => None,
    }
}

/// The texts that stand for booleans in queries, in any letter case.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "t" | "true" | "on" | "y" | "yes" => Some(true),
        "0" | "f" | "false" | "off" | "n" | "no" => Some(false),
        _ => None,
    }
}

fn about(name: &str, value: &str, rule: &str) -> ApiError {
    ApiError::Schema(format!("Invalid input for field/attribute {name}. Value: {value}. {rule}"))
}

fn invalid_name(key: &str, rule: InvalidName) -> ApiError {
    ApiError::Schema(format!("An invalid '{key}' value was provided. The '{key}' {rule}."))
}
