//! The part of Keystone's v3 API that clients need before they reach the volume API.

pub(super) mod access_keys;
pub(super) mod region_project;
pub(super) mod tokens;
pub(super) mod versions;
