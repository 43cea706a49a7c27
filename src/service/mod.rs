//! The use cases: who asks, what is looked up, which rule decides, what is written.
//!
//! Must not know: SQL, HTTP, settings files. Times come from the clock, secrets go to the hasher,
//! and nothing slow happens while a unit of work is open.

pub mod access_keys;
pub mod attachments;
pub mod backups;
pub mod clock;
pub mod cloud_disks;
pub mod disk_types;
pub mod disks;
pub mod edits;
pub mod events;
pub mod faults;
mod guesses;
pub mod hasher;
mod hosts;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod messages;
pub mod policies;
pub mod progress;
pub mod purge;
pub mod qos_specs;
pub mod quotas;
pub mod scenarios;
pub mod signatures;
pub mod snapshots;
pub mod state;
pub mod transfers;
pub mod webhooks;

use std::sync::Arc;

use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use thiserror::Error;
use tokio::sync::{Mutex, Notify};
use tokio_util::sync::CancellationToken;

use crate::domain::account::DomainNamedBy;
use crate::domain::attachment::AttachRefused;
use crate::domain::backup::BackupRefused;
use crate::domain::clock::{Clock as _, ClockRefused, SimulatedClock, Time};
use crate::domain::disk::{SourceRefused, WrongStatus};
use crate::domain::event::Line;
use crate::domain::fault::FaultRefused;
use crate::domain::guess::{GuessLimit, TooManyGuesses};
use crate::domain::ids::{DiskId, SnapshotId, TransferId};
use crate::domain::policy::MissedRule;
use crate::domain::quota::{Limits, QuotaExceeded};
use crate::domain::scenario::{Complaints, Scenario};
use crate::domain::signature::SignatureRefused;
use crate::domain::snapshot::SnapshotRefused;
use crate::domain::state::StateRefused;
use crate::domain::transfer::{Lifetime, OptionalRules, TransferRefused};
use crate::metrics::Metrics;
use crate::store::{ReadTx, Store, StoreError, WriteTx};
use crate::tasks::Panicked;
use disk_types::FirstDiskType;
use faults::Faults;
use hasher::{Hasher, HasherError};
use identity::FirstAccount;
use progress::Simulation;

/// Everything that the use cases work with.
#[derive(Clone)]
pub struct App {
    store: Arc<dyn Store>,
    clock: Arc<SimulatedClock>,
    hasher: Hasher,
    rules: Arc<Rules>,
    faults: Arc<Faults>,
    /// Told when something has begun that takes time.
    woken: Arc<Notify>,
    /// Whoever has it ends what is due, and nobody else meanwhile.
    turn: Arc<Mutex<()>>,
    /// The server stops.
    stopping: CancellationToken,
    metrics: Arc<Metrics>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// What the settings decide about the use cases.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Which optional rules of transfers are in force.
    pub transfers: OptionalRules,
    /// How long a transfer lasts whose creation says nothing about it.
    pub transfers_last: Lifetime,
    /// For how long a request that is sent again gets its first answer.
    pub answers_kept: TimeDelta,
    /// The name of the type of a disk that names none.
    pub default_type: String,
    /// Every availability zone there is; the first is that of a disk that names none.
    pub zones: Vec<String>,
    /// The largest disk, in GiB.
    pub max_size_gib: i64,
    /// What becomes of policies' runs that were missed.
    pub missed_runs: MissedRule,
    /// How time passes for what takes time.
    pub simulation: Simulation,
    /// The limits of a project that has none of its own.
    pub quotas: Limits,
    /// How long a token counts.
    pub token_lifetime: TimeDelta,
    /// How far the date of a signed request may be from the present time.
    pub signature_skew: TimeDelta,
    /// How often one may be wrong about a transfer's key.
    pub key_guesses: GuessLimit,
    /// How often one may be wrong about an account's password.
    pub password_guesses: GuessLimit,
    /// Whether faults may kill the process.
    pub allow_crash: bool,
    /// The URLs that are told of events.
    pub webhooks: Vec<String>,
    /// What a data file begins with.
    pub first: FirstThings,
    /// Whether others than this machine's users reach the service although nobody said that they may if
    /// everybody knows a password.
    pub exposed: bool,
}

/// What the first start makes in a data file that has none of it.
#[derive(Debug, Clone)]
pub struct FirstThings {
    /// The name of the domain.
    pub domain: String,
    /// The accounts.
    pub accounts: Vec<FirstAccount>,
    /// The password of each of them.
    pub password: SecretString,
    /// The disk types.
    pub disk_types: Vec<FirstDiskType>,
    /// What else there is, if anything.
    pub scenario: Option<Scenario>,
}

impl FirstThings {
    /// Whether everybody knows the password.
    pub fn has_default_password(&self) -> bool {
        self.password.expose_secret() == identity::DEFAULT_PASSWORD
    }
}

/// A kind of thing that may not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// A disk.
    Disk,
    /// A transfer.
    Transfer,
    /// A snapshot.
    Snapshot,
    /// A backup.
    Backup,
    /// A share of a backup.
    BackupShare,
    /// A message.
    Message,
    /// An attachment.
    Attachment,
    /// A backup policy.
    Policy,
    /// A task of a backup policy.
    PolicyTask,
    /// A disk type, by its id.
    DiskType,
    /// A disk type, by its name.
    DiskTypeName,
    /// A quality of service.
    QosSpecs,
    /// A user.
    User,
    /// An access key.
    AccessKey,
    /// A job.
    Job,
    /// A fault.
    Fault,
}

/// Why a use case came to nothing.
#[derive(Debug, Clone, Error)]
pub enum ServiceError {
    /// It is not there, or it is not the caller's: told apart nowhere.
    #[error("{0:?} {1} does not exist for the caller")]
    NotFound(Resource, String),
    /// The metadata of a disk or a snapshot has no such key.
    #[error("{of:?} {id} has no metadata with key {key}")]
    NoMetadata {
        /// What has the metadata.
        of: Resource,
        /// Its id.
        id: String,
        /// The key.
        key: String,
    },
    /// The disk's metadata is not what the caller expects it to be.
    #[error("the metadata of disk {0} has changed")]
    MetadataChanged(DiskId),
    /// A rule forbids the transfer.
    #[error(transparent)]
    Transfer(#[from] TransferRefused),
    /// The key does not open the transfer.
    #[error("wrong key for transfer {0}")]
    WrongKey(TransferId),
    /// The disk's status forbids it.
    #[error(transparent)]
    Status(#[from] WrongStatus),
    /// The status of a snapshot or backup forbids its removal.
    #[error("{0:?} {1} may not be deleted in its status")]
    NotDeletable(Resource, String),
    /// The disk has snapshots, which forbid its removal.
    #[error("disk {0} has snapshots")]
    HasSnapshots(DiskId),
    /// A snapshot of the disk cannot be removed with it.
    #[error("a snapshot of disk {0} forbids its removal")]
    SnapshotForbidsCascade(DiskId),
    /// The disk is not made from its source.
    #[error(transparent)]
    Source(#[from] SourceRefused),
    /// A disk goes back to its latest snapshot only.
    #[error("snapshot {1} is not the latest of disk {0}")]
    NotLatestSnapshot(DiskId, SnapshotId),
    /// A disk goes back to a snapshot of its own size only.
    #[error("snapshot {1} has another size than disk {0}")]
    SnapshotOfOtherSize(DiskId, SnapshotId),
    /// Something is not done with a snapshot.
    #[error(transparent)]
    Snapshot(#[from] SnapshotRefused),
    /// The backup is not made, restored, changed or removed.
    #[error(transparent)]
    Backup(#[from] BackupRefused),
    /// There is no such type to change to.
    #[error("there is no disk type '{0}' to change to")]
    UnknownNewType(String),
    /// Disks that lie on solid state do not move to a type that does not.
    #[error("the disk's type is not below its present one, as {0} is")]
    LowerType(String),
    /// The disk has no such tag.
    #[error("disk {0} has no such tag")]
    NoTag(DiskId),
    /// The disk would have too many tags.
    #[error("a disk has at most {0} tags")]
    TooManyTags(usize),
    /// The client gave another request the same name.
    #[error("the client's token belongs to another request")]
    TokenReused,
    /// The client sent another request under a key that it had used.
    #[error("the idempotency key belongs to another request")]
    IdempotencyKeyReused,
    /// An answer could not be sealed.
    #[error(transparent)]
    Sealing(#[from] idempotency::SealingFailed),
    /// The disk has no such image metadata.
    #[error("the disk has no image metadata of that key")]
    NoImageMetadata,
    /// An offered disk's status is reset by ending its transfer, never the other way round.
    #[error("a status is not reset to awaiting-transfer")]
    ResetToAwaitingTransfer,
    /// The disk is not attached, detached or connected to.
    #[error(transparent)]
    Attachment(#[from] AttachRefused),
    /// A disk without attachments is not in use.
    #[error("a disk without attachments is not in-use")]
    ResetToInUse,
    /// The disk would not grow.
    #[error("the new size {extended} is not greater than {current}")]
    NotLarger {
        /// The present size in GiB.
        current: i64,
        /// The size asked for in GiB.
        extended: i64,
    },
    /// The disk would be larger than the settings allow any disk to be.
    #[error("a disk holds at most {0} GiB")]
    TooLarge(i64),
    /// There is no such availability zone.
    #[error("availability zone '{0}' is invalid")]
    UnknownZone(String),
    /// A rule about disk types forbids it.
    #[error(transparent)]
    DiskType(#[from] disk_types::DiskTypeRefused),
    /// A rule about qualities of service forbids it.
    #[error(transparent)]
    Qos(#[from] qos_specs::QosRefused),
    /// A rule about backup policies forbids it.
    #[error(transparent)]
    Policy(#[from] policies::PolicyRefused),
    /// The user has too many access keys.
    #[error("a user has at most {0} access keys")]
    TooManyAccessKeys(usize),
    /// A limit of the project would be broken.
    #[error(transparent)]
    Quota(#[from] QuotaExceeded),
    /// A limit of the recipient would be broken by taking the disk.
    #[error("the recipient's quota: {0}")]
    RecipientQuota(QuotaExceeded),
    /// A limit of the project would be broken by the new disk that a backup is restored into.
    #[error(transparent)]
    RestoreQuota(QuotaExceeded),
    /// Wrong name, password, token or project.
    #[error("not authenticated")]
    Unauthenticated,
    /// The request's signature does not let anybody in.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// The identity service refuses.
    #[error(transparent)]
    Identity(#[from] identity::IdentityError),
    /// Somebody was wrong about a secret too often.
    #[error(transparent)]
    Guesses(#[from] TooManyGuesses),
    /// What follows a number is asked for, but the numbers of events went back.
    #[error(
        "There is no event {after} to go on after: events end at {} in epoch {}. Their numbers go \
         back when a saved state is loaded; begin again with after=0 or after=latest.",
        line.latest,
        line.epoch
    )]
    EventsWentBack {
        /// The number.
        after: i64,
        /// Where they end.
        line: Line,
    },
    /// The clock is not set so.
    #[error(transparent)]
    Clock(#[from] ClockRefused),
    /// There is no such fault to be had.
    #[error(transparent)]
    Fault(#[from] FaultRefused),
    /// Something is not done with a saved state.
    #[error(transparent)]
    State(#[from] StateRefused),
    /// A scenario cannot be as it says.
    #[error("the scenario cannot be so: {0}")]
    Scenario(Complaints),
    /// The hash threads are gone or failed.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The work met a bug.
    #[error(transparent)]
    Panicked(#[from] Panicked),
    /// The database refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a use case comes to.
pub type Result<T> = std::result::Result<T, ServiceError>;

impl App {
    /// Joins the parts.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<SimulatedClock>,
        hasher: Hasher,
        rules: Rules,
    ) -> Self {
        Self {
            store,
            clock,
            hasher,
            rules: Arc::new(rules),
            faults: Arc::default(),
            woken: Arc::default(),
            turn: Arc::default(),
            stopping: CancellationToken::new(),
            metrics: Arc::default(),
        }
    }

    /// What the settings decide.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What was counted since the start.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The database.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// The present moment.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Asks the database something small, to see that it answers.
    pub async fn check_ready(&self) -> Result<()> {
        let named = DomainNamedBy::Id(identity::DOMAIN_ID.to_owned());
        self.read().await?.domain(&named).await?;
        Ok(())
    }

    async fn read(&self) -> Result<Box<dyn ReadTx>> {
        Ok(self.store.read().await?)
    }

    async fn write(&self) -> Result<Box<dyn WriteTx>> {
        Ok(self.store.write().await?)
    }
}

/// Ends a unit of work as its outcome demands: commits what succeeded, and lets a refusal out only
/// when everything that it may rest on is on disk.
async fn settle<T>(unit: Box<dyn WriteTx>, outcome: Result<T>) -> Result<T> {
    match outcome {
        Ok(done) => {
            unit.commit().await?;
            Ok(done)
        }
        Err(refusal) => {
            unit.refuse().await?;
            Err(refusal)
        }
    }
}
