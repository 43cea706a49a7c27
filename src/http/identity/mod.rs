//! The part of Keystone's v3 API that clients need before they reach the volume API.

pub(super) mod tokens;
pub(super) mod versions;
