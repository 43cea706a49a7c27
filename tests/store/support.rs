//! What the suite's tests have in common: a file of their own, and things to put into it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use evs_local::domain::access::{Caller, Role};
use evs_local::domain::account::{Domain, Project, Session, TokenScope, User};
use evs_local::domain::attachment::{AttachMode, AttachStatus, Attachment};
use evs_local::domain::backup::{Backup, BackupStatus};
use evs_local::domain::clock::Time;
use evs_local::domain::disk::{Disk, DiskStatus};
use evs_local::domain::disk_type::{ControlLocation, DiskType, Encryption};
use evs_local::domain::event::Event;
use evs_local::domain::ids::{
    AttachmentId, BackupId, DiskId, DiskTypeId, EncryptionId, PolicyId, ProjectId, QosSpecsId,
    RequestId, ServerId, SnapshotId, TransferId, UserId,
};
use evs_local::domain::policy::{Days, Hours, Policy, Retention, Schedule, Zone};
use evs_local::domain::progress::{Ending, Outcome};
use evs_local::domain::qos_spec::{Consumer, QosSpecs};
use evs_local::domain::snapshot::{Snapshot, SnapshotStatus};
use evs_local::domain::tag::Tags;
use evs_local::domain::transfer::{KeyHash, Transfer};
use evs_local::store::sqlite::{Options, SqliteStore, doctor};
use evs_local::store::{Store, WriteTx};
use evs_local::tasks::Tasks;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};
use tokio::runtime::Handle;

pub(crate) const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA";

/// A store in a directory of its own.
pub(crate) struct Bench {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) sqlite: Arc<SqliteStore>,
    pub(crate) file: PathBuf,
    pub(crate) tasks: Tasks,
    _directory: tempfile::TempDir,
}

pub(crate) fn options() -> Options {
    Options { readers: 3, group_size: 16, busy_timeout: Duration::from_millis(50) }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(&options()).await
    }

    pub(crate) async fn with(options: &Options) -> Self {
        Self::inside(tempfile::tempdir().unwrap(), options).await
    }

    pub(crate) async fn inside(directory: tempfile::TempDir, options: &Options) -> Self {
        let file = directory.path().join("evs.db");
        let tasks = Tasks::on(Handle::current());
        let sqlite = Arc::new(SqliteStore::open(&file, options, &tasks).await.unwrap());
        let store: Arc<dyn Store> = Arc::<SqliteStore>::clone(&sqlite);
        Self { store, sqlite, file, tasks, _directory: directory }
    }

    /// Another program's connection to the file.
    pub(crate) async fn other(&self) -> SqliteConnection {
        connect(&self.file).await
    }

    /// Runs SQL as another program.
    pub(crate) async fn run(&self, sql: &str) {
        once(&self.file, sql).await;
    }

    pub(crate) async fn count(&self, sql: &str) -> i64 {
        number(&self.file, sql).await
    }

    /// Commits what `queue` queues, as one unit.
    pub(crate) async fn commit(&self, queue: impl FnOnce(&mut dyn WriteTx)) {
        let mut unit = self.store.write().await.unwrap();
        queue(&mut *unit);
        unit.commit().await.unwrap();
    }

    /// Takes the guards away, for what neither a service nor a tester brings about.
    pub(crate) async fn unguard(&self) {
        drop(unguard(&self.file).await);
    }

    /// What the doctor finds.
    pub(crate) async fn sentences(&self) -> Vec<String> {
        let report = doctor::examine(&self.file).await.unwrap();
        report.violations.into_iter().map(|violation| violation.sentence).collect()
    }
}

pub(crate) async fn connect(file: &std::path::Path) -> SqliteConnection {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .foreign_keys(false)
        .busy_timeout(Duration::from_secs(5))
        .connect()
        .await
        .unwrap()
}

/// Runs SQL on a connection of its own, which is gone when this returns: one that is only dropped
/// closes some time later, and moves the log into the main file then.
pub(crate) async fn once(file: &std::path::Path, sql: &str) {
    let mut connection = connect(file).await;
    run(&mut connection, sql).await;
    connection.close().await.unwrap();
}

/// Takes the guards away; the SQL that puts them back.
pub(crate) async fn unguard(file: &std::path::Path) -> String {
    let mut connection = connect(file).await;
    let guards: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let drops: Vec<String> =
        guards.iter().map(|(name, _)| format!("DROP TRIGGER {name}; ")).collect();
    run(&mut connection, &drops.concat()).await;
    connection.close().await.unwrap();
    guards.into_iter().map(|(_, sql)| sql + "; ").collect()
}

/// The one number that a question is answered with.
pub(crate) async fn number(file: &std::path::Path, sql: &str) -> i64 {
    let mut connection = connect(file).await;
    let number = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

pub(crate) async fn run(connection: &mut SqliteConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

/// Microseconds after a fixed moment.
pub(crate) fn at(microseconds: i64) -> Time {
    DateTime::UNIX_EPOCH + TimeDelta::microseconds(1_754_000_000_000_000 + microseconds)
}

pub(crate) fn project(name: &str) -> ProjectId {
    ProjectId::new(name)
}

pub(crate) fn caller(of: &str) -> Caller {
    Caller {
        user: UserId::new("ann"),
        project: project(of),
        role: Role::Member,
        request: RequestId::new("req-1"),
    }
}

pub(crate) fn disk(of: &str) -> Disk {
    Disk {
        id: DiskId::random(),
        project: project(of),
        user: UserId::new("ann"),
        name: Some("ledger".to_owned()),
        description: None,
        size_gib: 40,
        status: DiskStatus::Available,
        disk_type: "SSD".to_owned(),
        zone: "az-sim-1".to_owned(),
        bootable: false,
        multiattach: false,
        encrypted: false,
        dedicated_storage: None,
        metadata: BTreeMap::from([("team".to_owned(), "ops".to_owned())]),
        read_only: None,
        from_snapshot: None,
        from_disk: None,
        image_metadata: BTreeMap::new(),
        pending: None,
        transfer: None,
        policy: None,
        attachments: Vec::new(),
        created_at: at(0),
        updated_at: None,
    }
}

/// Ends so, so many microseconds after the beginning.
pub(crate) fn ending(outcome: Outcome, microseconds: i64) -> Ending {
    Ending { outcome, at: at(microseconds) }
}

pub(crate) fn snapshot(of: &Disk) -> Snapshot {
    Snapshot {
        id: SnapshotId::random(),
        disk: of.id,
        project: of.project.clone(),
        user: of.user.clone(),
        name: Some("before".to_owned()),
        description: Some("d".to_owned()),
        size_gib: of.size_gib,
        disk_type: of.disk_type.clone(),
        status: SnapshotStatus::Available,
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        progress: None,
        ending: None,
        created_at: at(10),
        updated_at: None,
    }
}

pub(crate) fn backup(of: &Disk) -> Backup {
    Backup {
        id: BackupId::random(),
        disk: of.id,
        project: of.project.clone(),
        user: of.user.clone(),
        name: Some("nightly".to_owned()),
        description: None,
        container: Some("vault".to_owned()),
        size_gib: of.size_gib,
        incremental: true,
        base: Some(BackupId::random()),
        has_dependents: false,
        snapshot: Some(SnapshotId::random()),
        own_snapshot: true,
        policy: Some(PolicyId::random()),
        native: true,
        zone: of.zone.clone(),
        status: BackupStatus::Available,
        fail_reason: None,
        metadata: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
        data_at: Some(at(19)),
        ending: None,
        created_at: at(20),
        updated_at: None,
    }
}

pub(crate) fn attachment(of: &Disk) -> Attachment {
    Attachment {
        id: AttachmentId::random(),
        disk: of.id,
        project: of.project.clone(),
        server: Some(ServerId::random()),
        host_name: None,
        mountpoint: Some("/dev/vdb".to_owned()),
        mode: Some(AttachMode::ReadWrite),
        status: AttachStatus::Attached,
        connector: None,
        attached_at: Some(at(15)),
        created_at: at(15),
        updated_at: None,
    }
}

/// Queues a new disk that is in use, with the attachment and the event that tells of it.
pub(crate) fn create_attached(unit: &mut dyn WriteTx, disk: &Disk, attachment: &Attachment) {
    let disk = Disk { status: DiskStatus::InUse, ..disk.clone() };
    create(unit, &disk);
    unit.insert_attachment(attachment);
}

pub(crate) fn policy(of: &str) -> Policy {
    Policy {
        id: PolicyId::random(),
        project: project(of),
        name: "nightly".to_owned(),
        schedule: Schedule {
            hours: Hours::parse("01:00,13:00").unwrap(),
            days: Days::Every(2),
            zone: Zone::parse("UTC+01:00").unwrap(),
            retention: Retention::Count(7),
            keep_first_of_month: true,
            enabled: true,
        },
        is_default: false,
        tags: Tags::new(),
        disks: 0,
        scheduled_since: at(30),
        next_run_at: Some(at(60)),
        created_at: at(30),
    }
}

pub(crate) fn transfer(of: &Disk) -> Transfer {
    Transfer {
        id: TransferId::random(),
        disk: of.id,
        source_project: of.project.clone(),
        source_user: of.user.clone(),
        name: Some("handover".to_owned()),
        no_snapshots: true,
        key_hash: KeyHash::from_phc(HASH.to_owned()),
        created_at: at(40),
        expiry: None,
    }
}

/// The disk while `transfer` offers it.
pub(crate) fn offered(disk: &Disk, transfer: &Transfer) -> Disk {
    Disk {
        status: DiskStatus::AwaitingTransfer,
        transfer: Some(transfer.id),
        updated_at: Some(transfer.created_at),
        ..disk.clone()
    }
}

pub(crate) fn event(action: &'static str, before: Option<&Disk>, after: Option<&Disk>) -> Event {
    let disk = after.or(before).unwrap();
    Event::of_disk(&caller("atlas"), at(0), action, &disk.id, before, after)
}

/// Queues a new disk and the event that tells of it.
pub(crate) fn create(unit: &mut dyn WriteTx, disk: &Disk) {
    unit.insert_disk(disk);
    unit.record(&event("disk.create", None, Some(disk)));
}

/// Queues the offer of a disk and the event that tells of it.
pub(crate) fn offer(unit: &mut dyn WriteTx, disk: &Disk, transfer: &Transfer) {
    let offered = offered(disk, transfer);
    unit.insert_transfer(transfer);
    unit.update_disk(&offered, disk.status);
    unit.record(&Event::of_disk(
        &caller(disk.project.as_str()),
        transfer.created_at,
        "transfer.create",
        &transfer.id,
        Some(disk),
        Some(&offered),
    ));
}

pub(crate) fn disk_type(name: &str) -> DiskType {
    DiskType {
        id: DiskTypeId::random(),
        name: name.to_owned(),
        description: None,
        is_public: true,
        qos_specs: None,
        extra_specs: [("multiattach".to_owned(), Some("<is> True".to_owned()))].into(),
        encrypted: false,
        created_at: at(0),
        updated_at: None,
    }
}

pub(crate) fn encryption(of: &DiskType) -> Encryption {
    Encryption {
        id: EncryptionId::random(),
        disk_type: of.id,
        provider: "luks".to_owned(),
        cipher: Some("aes-xts-plain64".to_owned()),
        key_size: Some(256),
        control_location: ControlLocation::FrontEnd,
        created_at: at(1),
        updated_at: None,
    }
}

pub(crate) fn qos_specs(name: &str) -> QosSpecs {
    QosSpecs {
        id: QosSpecsId::random(),
        name: name.to_owned(),
        consumer: Consumer::BackEnd,
        specs: [("total_iops_sec".to_owned(), Some("500".to_owned()))].into(),
        created_at: at(2),
        updated_at: None,
    }
}

pub(crate) fn domain() -> Domain {
    Domain { id: "default".to_owned(), name: "Default".to_owned() }
}

pub(crate) fn account(name: &str) -> (Project, User) {
    let project = Project { id: project(name), name: name.to_uppercase(), domain: domain() };
    let user = User {
        id: UserId::new(format!("u-{name}")),
        name: name.to_uppercase(),
        domain: domain(),
        password: KeyHash::from_phc(HASH.to_owned()),
    };
    (project, user)
}

pub(crate) fn session(user: &User, project: Option<&Project>, roles: &[Role]) -> Session {
    Session {
        user: user.clone(),
        scope: project.cloned().map_or(TokenScope::Unscoped, TokenScope::Project),
        roles: roles.to_vec(),
        methods: vec!["password".to_owned(), "token".to_owned()],
        audit_id: "abcdefghijklmnopqrstuv".to_owned(),
        issued_at: at(0),
        expires_at: at(1_000_000),
        credential: None,
    }
}
