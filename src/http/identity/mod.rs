//! Keystone's v3 API: what clients need before they reach the volume API, and the accounts.

pub(super) mod access_keys;
pub(super) mod application_credentials;
mod body;
mod call;
pub(super) mod catalog;
pub(super) mod domains;
pub(super) mod login;
pub(super) mod projects;
pub(super) mod role_assignments;
pub(super) mod tokens;
pub(super) mod users;
pub(super) mod versions;
