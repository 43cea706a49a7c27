//! What the answers to cut requests tell.

use serde_json::Value;

use super::wire::{Raw, Silence};

/// What a write under a name came to, as its client knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Answered with 202: it is there.
    Done,
    /// Refused, or never wholly sent: it is not there.
    Refused,
    /// Whole or absent.
    Unknown,
}

/// What is known, if it is that.
pub(crate) fn is(found: Known, expected: Known) -> Result<Known, String> {
    if found == expected { Ok(found) } else { Err(format!("{found:?}, not {expected:?}")) }
}

/// What the answer to a creation tells of it; wrong if it is about another one, or fails.
pub(crate) fn created(answer: &Result<Raw, Silence>, name: &str) -> Result<Known, String> {
    match answer {
        Ok(Raw { status: 202, body, .. }) => {
            let body: Value = serde_json::from_str(body).map_err(|why| format!("{why}: {body}"))?;
            if body["volume"]["name"] == name {
                Ok(Known::Done)
            } else {
                Err(format!("the answer to {name} is {body}"))
            }
        }
        Ok(Raw { status: 400..500, .. }) => Ok(Known::Refused),
        Err(Silence::Closed | Silence::Torn(_)) => Ok(Known::Unknown),
        other => Err(format!("{name}: {other:?}")),
    }
}

/// An answer to a list, or to one that was cut.
pub(crate) fn listed(answer: &Result<Raw, Silence>) -> Result<(), String> {
    match answer {
        Ok(Raw { status: 200, body, .. }) if body.starts_with("{\"volumes\":[") => Ok(()),
        // What is cut off, or comes after that.
        Ok(Raw { status: 400 | 408, .. }) | Err(Silence::Closed) => Ok(()),
        other => Err(format!("a list: {other:?}")),
    }
}

/// Anything but a success and a failure of ours.
pub(crate) fn refused(answer: &Result<Raw, Silence>) -> Result<(), String> {
    match answer {
        // The end may come before its reason could be read.
        Ok(Raw { status: 400..500, .. }) | Err(Silence::Closed | Silence::Torn(_)) => Ok(()),
        other => Err(format!("not refused: {other:?}")),
    }
}
