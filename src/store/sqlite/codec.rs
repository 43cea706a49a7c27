//! How values stand in SQLite: ids and times as text, flags as 0 and 1, keys and values as JSON.
//!
//! Times are fixed-width RFC 3339 in UTC, so that text order is time order. SQL never makes one:
//! what `CURRENT_TIMESTAMP` writes sorts before all of ours (space < `T`).

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat};
use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;

use crate::domain::clock::Time;
use crate::domain::disk_type::Specs;
use crate::domain::ids::{
    AccessId, AttachmentId, BackupId, BackupShareId, DiskId, DiskTypeId, EncryptionId, FaultId,
    MessageId, PolicyId, ProjectId, QosSpecsId, ServerId, SnapshotId, TransferId, UserId,
};
use crate::store::{Result, StoreError};

/// A text that no time sorts after.
pub(super) const END_OF_TIME: &str = "9999-12-31T23:59:59.999999Z";

/// A moment as `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
pub(super) fn time_to_text(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The moment that a text written by [`time_to_text`] names; nothing else is read.
pub(super) fn time_from_text(text: &str) -> Option<Time> {
    let time = DateTime::parse_from_rfc3339(text).ok()?.to_utc();
    (time_to_text(time) == text).then_some(time)
}

/// Keys and values as a JSON object of texts, in the order of the keys.
pub(super) fn values_to_text(values: &BTreeMap<String, String>) -> String {
    let members = values.iter().map(|(key, value)| (key.clone(), value.clone().into()));
    serde_json::Value::Object(members.collect()).to_string()
}

/// The keys and values of a JSON object of texts.
pub(super) fn values_from_text(text: &str) -> Option<BTreeMap<String, String>> {
    serde_json::from_str(text).ok()
}

/// The keys of a JSON object with their texts; a null is a key without a value.
pub(super) fn specs_from_text(text: &str) -> Option<Specs> {
    serde_json::from_str(text).ok()
}

/// A value to bind. It prints without its contents, which may be a hash.
#[derive(Clone)]
pub(super) enum Value {
    /// Text.
    Text(String),
    /// A number or a flag.
    Integer(i64),
    /// None.
    Null,
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(..)",
            Self::Integer(_) => "Integer(..)",
            Self::Null => "Null",
        })
    }
}

impl Value {
    /// Puts the value behind those that `arguments` has.
    pub(super) fn add_to(&self, arguments: &mut SqliteArguments) -> Result<()> {
        match self {
            Self::Text(text) => arguments.add(text.clone()),
            Self::Integer(number) => arguments.add(*number),
            Self::Null => arguments.add(None::<String>),
        }
        .map_err(|_| StoreError::Database("a value cannot be bound".to_owned()))
    }
}

macro_rules! bound_as_text {
    ($($id:ty),+) => {
        $(impl From<$id> for Value {
            fn from(id: $id) -> Self {
                Self::Text(id.to_string())
            }
        })+
    };
}

bound_as_text!(
    DiskId,
    TransferId,
    SnapshotId,
    BackupId,
    BackupShareId,
    FaultId,
    MessageId,
    PolicyId,
    DiskTypeId,
    EncryptionId,
    QosSpecsId,
    AttachmentId,
    ServerId,
    &ProjectId,
    &UserId,
    &AccessId,
    &str
);

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl From<Time> for Value {
    fn from(time: Time) -> Self {
        Self::Text(time_to_text(time))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn a_time_has_six_digits_and_a_z_and_is_read_back() {
        let time = DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_754_000_000_000_007);
        let text = time_to_text(time);
        assert_eq!(text, "2025-07-31T22:13:20.000007Z");
        assert_eq!(time_from_text(&text), Some(time));
        assert_eq!(time_to_text(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }

    #[test]
    fn a_time_in_any_other_form_is_not_read() {
        for text in [
            "2025-07-31 22:13:20",
            "2025-07-31T22:13:20Z",
            "2025-07-31T22:13:20.007Z",
            "2025-07-31T22:13:20.0000071Z",
            "2025-07-31T22:13:20.000007+00:00",
            "2025-7-31T22:13:20.000007Z",
            " 2025-07-31T22:13:20.000007Z",
            "2025-02-30T22:13:20.000007Z",
            "",
        ] {
            assert_eq!(time_from_text(text), None, "{text}");
        }
    }

    #[test]
    fn keys_and_values_are_a_json_object_of_texts() {
        let values = BTreeMap::from([
            ("b".to_owned(), "\"1\"\n".to_owned()),
            ("a".to_owned(), String::new()),
        ]);
        let text = values_to_text(&values);
        assert_eq!(text, r#"{"a":"","b":"\"1\"\n"}"#);
        assert_eq!(values_from_text(&text), Some(values));
        assert_eq!(values_from_text(r#"{"a":1}"#), None);
        assert_eq!(values_from_text("[]"), None);
    }
}
