//! What every store must do, tried on the one that there is, opened as the server opens it.

#![cfg(test)]

mod access_keys;
mod accounts;
mod application_credentials;
mod attachments;
mod backups;
mod busy;
mod changes;
mod clock;
mod cloud_disks;
mod cost;
mod cut_off;
mod disk_types;
mod disks;
mod doctor;
mod events;
mod faults;
mod full;
mod group_commit;
mod guesses;
mod idempotency;
mod jobs;
mod messages;
mod migrations;
mod objects;
mod opening;
mod paging;
mod plans;
mod points;
mod policies;
mod policy_tasks;
mod progress;
mod projects;
mod qos_specs;
mod quotas;
mod readers;
mod role_assignments;
mod scenarios;
mod snapshots;
mod state;
#[path = "../statements/mod.rs"]
mod statements;
mod support;
mod transfers;
mod users;
mod webhooks;
