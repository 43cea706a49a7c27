//! Plain data and pure functions: what the service is about, with no I/O and no async.
//!
//! Must not know: SQL, HTTP, the network, the clock of the machine.

pub mod access;
pub mod access_key;
pub mod account;
pub mod application_credential;
pub mod attachment;
pub mod backup;
pub mod clock;
pub mod cloud_disk;
pub mod disk;
pub mod disk_type;
pub mod event;
pub mod fault;
pub mod guess;
pub mod host;
pub mod idempotency;
pub mod identity;
pub mod ids;
pub mod job;
pub mod message;
pub mod metadata;
pub mod microversion;
pub mod name;
pub mod page;
pub mod policy;
pub mod progress;
pub mod qos_spec;
pub mod quota;
pub mod role_assignment;
pub mod scenario;
pub mod signature;
pub mod snapshot;
pub mod state;
mod status;
pub mod tag;
pub mod transfer;
pub mod webhook;
