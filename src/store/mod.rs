//! What the service needs from a database: traits, one pair a table, and the errors they share.
//!
//! A lookup answers one question with one statement. A write is queued in its unit and leaves with
//! the others when the unit is committed; it says how many rows it must touch. No method holds a
//! rule of the service, none begins a transaction. Must not know: the service, HTTP.

pub mod access_keys;
pub mod accounts;
pub mod application_credentials;
pub mod attachments;
pub mod backup_shares;
pub mod backups;
pub mod clock;
pub mod cloud_disks;
pub mod disk_types;
pub mod disks;
pub mod events;
pub mod faults;
pub mod guesses;
pub mod idempotency;
pub mod jobs;
pub mod messages;
pub mod policies;
pub mod policy_tasks;
pub mod progress;
pub mod projects;
pub mod qos_specs;
pub mod quotas;
pub mod role_assignments;
pub mod scenarios;
pub mod snapshots;
pub mod sqlite;
pub mod state;
pub mod transfers;
pub mod users;
pub mod webhooks;

use std::path::PathBuf;

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::watch;

use crate::crash;

pub use access_keys::{AccessKeyReads, AccessKeyWrites};
pub use accounts::{AccountReads, AccountWrites};
pub use application_credentials::{ApplicationCredentialReads, ApplicationCredentialWrites};
pub use attachments::{AttachmentReads, AttachmentWrites};
pub use backup_shares::{BackupShareReads, BackupShareWrites};
pub use backups::{BackupReads, BackupWrites};
pub use clock::{ClockReads, ClockWrites};
pub use cloud_disks::{CloudDiskReads, CloudDiskWrites};
pub use disk_types::{DiskTypeReads, DiskTypeWrites};
pub use disks::{DiskReads, DiskWrites};
pub use events::{EventReads, EventWrites};
pub use faults::{FaultReads, FaultWrites};
pub use guesses::{GuessReads, GuessWrites};
pub use idempotency::{IdempotencyReads, IdempotencyWrites};
pub use jobs::{JobReads, JobWrites};
pub use messages::{MessageReads, MessageWrites};
pub use policies::{PolicyReads, PolicyWrites};
pub use policy_tasks::{PolicyTaskReads, PolicyTaskWrites};
pub use progress::ProgressReads;
pub use projects::{ProjectReads, ProjectWrites};
pub use qos_specs::{QosReads, QosWrites};
pub use quotas::{QuotaReads, QuotaWrites};
pub use role_assignments::{RoleAssignmentReads, RoleAssignmentWrites};
pub use scenarios::ScenarioReads;
pub use snapshots::{SnapshotReads, SnapshotWrites};
pub use state::{LineageReads, States};
pub use transfers::{TransferReads, TransferWrites};
pub use users::{UserReads, UserWrites};
pub use webhooks::{WebhookReads, WebhookWrites};

/// What a store call comes to.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A database that keeps everything.
#[async_trait]
pub trait Store: States + Send + Sync + 'static {
    /// Questions only; each is one statement and so one consistent view. Takes no write lock.
    async fn read(&self) -> Result<Box<dyn ReadTx>>;

    /// A unit of work: it alone reads and writes until it is settled, and reads what every unit
    /// before it wrote.
    async fn write(&self) -> Result<Box<dyn WriteTx>>;

    /// What there is to know about the database itself.
    fn info(&self) -> &StoreInfo;

    /// How often the database was written; whoever has it is told of each further time.
    fn changes(&self) -> watch::Receiver<Changes>;

    /// How many bytes wait beside the main file to be moved into it: more than a few mebibytes when somebody reads
    /// for long.
    fn log_bytes(&self) -> u64;

    /// Writes what is left into the main file and lets go of it. Nothing works afterwards.
    async fn close(&self);
}

/// How often a database was written since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changes {
    /// Our transactions with writes: fewer than units of work when units shared some.
    pub ours: u64,
    /// How often the writer found that another process had written, once or several times: noticed by
    /// the next unit of work, or within a second.
    pub others: u64,
}

/// What there is to know about a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreInfo {
    /// The file.
    pub file: PathBuf,
    /// The number of the newest migration applied to it.
    pub schema: i64,
    /// The version of the database library.
    pub library: String,
    /// Whether a commit is on disk when it returns.
    pub durable: bool,
}

/// Every question that can be asked.
pub trait ReadTx:
    AccessKeyReads
    + AccountReads
    + ApplicationCredentialReads
    + AttachmentReads
    + BackupReads
    + BackupShareReads
    + ClockReads
    + CloudDiskReads
    + DiskReads
    + DiskTypeReads
    + FaultReads
    + EventReads
    + GuessReads
    + IdempotencyReads
    + JobReads
    + LineageReads
    + MessageReads
    + PolicyReads
    + PolicyTaskReads
    + ProgressReads
    + ProjectReads
    + QosReads
    + QuotaReads
    + RoleAssignmentReads
    + ScenarioReads
    + SnapshotReads
    + TransferReads
    + UserReads
    + WebhookReads
    + Send
{
}

impl<T> ReadTx for T where
    T: AccessKeyReads
        + AccountReads
        + ApplicationCredentialReads
        + AttachmentReads
        + BackupReads
        + BackupShareReads
        + ClockReads
        + CloudDiskReads
        + DiskReads
        + DiskTypeReads
        + FaultReads
        + EventReads
        + GuessReads
        + IdempotencyReads
        + JobReads
        + LineageReads
        + MessageReads
        + PolicyReads
        + PolicyTaskReads
        + ProgressReads
        + ProjectReads
        + QosReads
        + QuotaReads
        + RoleAssignmentReads
        + ScenarioReads
        + SnapshotReads
        + TransferReads
        + UserReads
        + WebhookReads
        + Send
        + ?Sized
{
}

/// A unit of work: questions, and writes that are queued until the unit is committed.
#[async_trait]
pub trait WriteTx:
    ReadTx
    + AccessKeyWrites
    + AccountWrites
    + ApplicationCredentialWrites
    + AttachmentWrites
    + BackupShareWrites
    + BackupWrites
    + ClockWrites
    + CloudDiskWrites
    + DiskTypeWrites
    + DiskWrites
    + EventWrites
    + FaultWrites
    + GuessWrites
    + IdempotencyWrites
    + JobWrites
    + MessageWrites
    + PolicyWrites
    + PolicyTaskWrites
    + ProjectWrites
    + QosWrites
    + QuotaWrites
    + RoleAssignmentWrites
    + SnapshotWrites
    + TransferWrites
    + UserWrites
    + WebhookWrites
{
    /// Sends the queued writes and returns when they are on disk. All or nothing: a write that
    /// touches another number of rows than it must undoes the whole unit.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// Ends the unit without a write, and returns when all that it may have read is on disk: a
    /// refusal must not rest on a neighbour's write that is lost after all. Dropping the unit ends
    /// it too, without that promise.
    async fn refuse(self: Box<Self>) -> Result<()>;
}

/// What can go wrong in a store.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// Another process holds the database; try again.
    #[error("the database is locked by another process{}", .0.as_ref().map(|who| format!(": {who}")).unwrap_or_default())]
    Busy(Option<String>),
    /// There is no room for a write.
    #[error("no space is left for the database")]
    Full,
    /// The files that are open are not those that carry the names any more: what is written would be lost.
    #[error("{0}")]
    Displaced(String),
    /// A row broke a named constraint: another unit was faster.
    #[error("a row breaks the constraint {0:?}")]
    Conflict(Constraint),
    /// A row cannot be what it says; somebody edited it, or we have a bug.
    #[error("{table} {id}: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row.
        id: String,
        /// What is wrong with it.
        what: String,
    },
    /// A write touched another number of rows than it must.
    #[error("`{write}` touched {touched} rows, not {expected}")]
    RowsAffected {
        /// The name of the write.
        write: &'static str,
        /// How many rows it touched.
        touched: u64,
        /// How many it must touch.
        expected: u64,
    },
    /// The unit's neighbours were lost, and it with them.
    #[error("the transaction was lost: {0}")]
    Lost(String),
    /// The store is closed.
    #[error("the database is closed")]
    Closed,
    /// Anything else the database says.
    #[error("the database failed: {0}")]
    Database(String),
}

/// What a rule lets fail, fails as the database does.
impl From<crash::Failed> for StoreError {
    fn from(failed: crash::Failed) -> Self {
        Self::Database(failed.to_string())
    }
}

/// The constraints that a race may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constraint {
    /// A disk has at most one pending transfer.
    OnePendingTransfer,
    /// A disk is under at most one policy.
    OnePolicyPerDisk,
    /// What is referred to exists, and what is referred to stays.
    Reference,
}
