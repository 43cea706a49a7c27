//! Black box over HTTP: a real server, a real file, raw JSON in and out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a helper of tests fails like a test"
)]

#[path = "../chance/mod.rs"]
mod chance;
mod keystone_credentials;
mod keystone_malformed;
mod keystone_projects;
mod keystone_tokens;
mod keystone_users;
mod races;
#[path = "../statements/mod.rs"]
mod statements;
mod support;
#[path = "../survived/mod.rs"]
mod survived;

mod access;
mod access_keys;
mod attachments;
mod backups;
mod clock;
mod cloud_disks;
mod cloud_snapshots;
mod corpus;
mod disks;
mod edits;
mod events;
mod faults;
mod grid;
mod guesses;
mod identity;
mod identity_access;
mod isolation;
mod limits;
mod messages;
mod metrics;
mod model;
mod node;
mod openapi;
mod policies;
mod progress;
mod protocol;
mod purge;
mod quotas;
mod random;
mod replay;
mod routes;
mod scenarios;
mod signatures;
mod snapshots;
mod state;
mod transfers;
mod types;
mod webhooks;
