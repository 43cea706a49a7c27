//! A local Elastic Volume Service: one binary, one SQLite file, disk transfers at its core.
//!
//! # Map
//!
//! | Where | What | Knows |
//! |---|---|---|
//! | [`domain`] | disks, transfers, quotas …: plain data, rules and status machines as tables | nothing |
//! | [`store`] | what the service needs from a database: traits and their errors | `domain`, `crash` |
//! | [`store::sqlite`] | the one database: group commit, readers, migrations, doctor | `domain`, `store`, `tasks`, `crash` |
//! | [`service`] | the use cases, and argon2 on threads of its own | `domain`, `store`, `metrics`, `tasks`, `crash` |
//! | [`http`] | the route table, the dialects of errors, one file a resource | `domain`, `service`, `tasks` |
//! | [`config`] | settings in layers; the only place that reads the environment | |
//! | [`data_dir`] | the data directory: permissions, lock, where it may lie | |
//! | [`crash`] | what goes wrong on purpose at a point of the process's own work | `domain` |
//! | [`fault_file`] | a file of faults, and what is wrong with it | `domain` |
//! | [`tasks`] | work that outlives its caller, or a panic; the only place that spawns | |
//! | [`scenario_file`] | scenarios as TOML, read and written | `domain` |
//! | [`metrics`] | what is counted; the only place that names a metric | `domain` |
//! | [`telemetry`] | the log | `config` |
//! | [`server`] | a server as a value: wires all of it, starts and stops | everything |
//! | [`offline`] | the use cases on a data file that no server serves | `server`, `service` |
//!
//! The binary parses the command line (`main.rs`, `cli.rs`); each command is a file of `commands/` that
//! calls [`server`], [`config`], [`offline`] and the doctor, or asks a running server through
//! `client.rs`. A noun has the same file name in every layer: a transfer is in `domain/transfer/`,
//! `store/transfers.rs`, `store/sqlite/transfers.rs`, `service/transfers/` and
//! `http/openstack/transfers.rs`. What has grown is a directory of that name, such as `transfer/` and
//! `transfers/`; what the cloud's own API has of it is under its name there,
//! `http/evs/cloudsnapshots/`. What is of neither API but ours, below `/_evs`, is in `http/own/`.
//!
//! # One transfer creation
//!
//! 1. `http/mod.rs` routes `POST /v2/{project_id}/os-volume-transfer` to
//!    `http/openstack/transfers.rs`; its `Call` argument is the authenticated request: token to
//!    session to project, which must be the path's (`http/auth.rs`).
//! 2. The handler reads the body member by member (`http/fields.rs`) and runs the use case as a
//!    task, so that a client that goes away does not cut it.
//! 3. `service/transfers/offer.rs` looks at the disk and its facts on a reader: a refused request pays
//!    for nothing more. Requests that look at the same time look together (`store/sqlite/readers.rs`).
//!    `domain/transfer/rules.rs` has the rules.
//! 4. `service/hasher.rs` makes the key and its hash on a hash thread. No transaction is open.
//! 5. A unit of work opens: the writer (`store/sqlite/writer.rs`) lends its connection inside a
//!    `BEGIN IMMEDIATE`. The disk and its facts are read again in one statement; the rules and the
//!    status machine (`domain/disk.rs`) decide again, and this time it counts.
//! 6. The transfer, the disk and the event are queued and leave in one call when the unit is
//!    committed. Units that wait together share the commit; each is answered after it.
//! 7. Only then does the key leave the process, in the one answer that ever carries it.
//!
//! # A request that is sent again
//!
//! A client that names its request with an `Idempotency-Key` may send it again. What is asked and how the
//! answer looks go into the use case together (`service/idempotency.rs`), so that the answer is kept,
//! sealed, in the unit of work of the change; whoever asks again gets it once more.
//!
//! # What happens later
//!
//! What takes time stands in the row of what it happens to, a disk, a snapshot or a backup: when it
//! ends and how, and for a disk what it will be then (`domain/progress.rs`, `domain/disk/progress.rs`).
//! A disk that goes back to a snapshot (`service/disks/back.rs`) has its end and the snapshot its own.
//! `service/progress.rs` ends each when it is due, whether that is a moment later, after a restart or
//! when somebody steps with `POST /_evs/progress`: one path. An offer that ends by itself is due in the
//! same way (`service/transfers/expire.rs`), and counts as gone from its moment on. Backup policies
//! are due in the same way: when each runs next stands in its row, and its tasks in theirs
//! (`service/policies/runs.rs`).
//! `service/purge.rs` removes what has expired. All of these are loops that `server.rs` starts and stops.
//! The time is that of a clock that people steer, over the machine's (`service/clock.rs`).
//!
//! # What people steer and look at
//!
//! - What goes wrong on purpose follows rules (`domain/fault`), which meet a call where it is known what is
//!   asked for (`http/faults.rs`), a step where it begins, and the work at a point of it (`crash.rs`).
//! - Whole states are files, and one is loaded by a single transaction of the file in use
//!   (`service/state/`, `store/sqlite/state/`). Scenarios are decided in memory and written in one unit
//!   of work (`service/scenarios/`, read by `scenario_file/`).
//! - Events are read back from their table, by whoever lists or follows them (`service/events.rs`) and by
//!   the loop of each webhook (`service/webhooks.rs`).
//! - What people write into the file beside the server is noticed and noted (`service/edits.rs`). What
//!   they look at there, the views, and what refuses edits that would break something, the guards, is code
//!   too and stands in `store/sqlite/objects/`.

pub mod config;
pub mod crash;
pub mod data_dir;
pub mod domain;
pub mod fault_file;
pub mod http;
pub mod metrics;
pub mod offline;
pub mod scenario_file;
pub mod server;
pub mod service;
pub mod store;
pub mod tasks;
pub mod telemetry;
