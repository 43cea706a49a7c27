//! The server as a value: started from settings and a clock, stopped by a call. Wires the layers.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, PayloadConfig};
use actix_web::{App as HttpApp, HttpServer};
use argon2::Params;
use thiserror::Error;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::config::{self, AuthMode, Guesses, HashCost, Quotas, Settings, WebhookFrom};
use crate::data_dir::{DataDir, DataDirError};
use crate::domain::access::Role;
use crate::domain::clock::{Clock, SimulatedClock};
use crate::domain::guess::GuessLimit;
use crate::domain::policy::{MissedRule, MissedRuns};
use crate::domain::progress::Operation;
use crate::domain::quota::Limits;
use crate::domain::scenario::{Complaints, Scenario};
use crate::domain::transfer::{Lifetime, OptionalRules};
use crate::domain::webhook::Backoff;
use crate::fault_file;
use crate::http::{self, Api};
use crate::scenario_file;
use crate::service::disk_types::{DiskTypeRefused, FirstDiskType};
use crate::service::hasher::{Hasher, HasherError};
use crate::service::identity::FirstAccount;
use crate::service::progress::Simulation;
use crate::service::webhooks::{self, Beginning, Hook};
use crate::service::{self, App, FirstThings, Rules, ServiceError};
use crate::service::{edits, purge};
use crate::store::sqlite::{self, OpenError, SqliteStore};
use crate::store::{Store, StoreError};
use crate::tasks::Tasks;

/// Starts servers.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// A server that accepts connections.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    url: String,
    http: ServerHandle,
    store: Arc<SqliteStore>,
    writes: Tasks,
    background: Tasks,
    app: App,
    stop: CancellationToken,
    /// Held for its lock; let go last.
    data_dir: DataDir,
}

/// Why a server does not start: one sentence each.
#[derive(Debug, Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The data file.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// What the clock shows.
    #[error("how the clock goes cannot be read; `evs doctor` tells more")]
    Clock(#[source] StoreError),
    /// The hash threads.
    #[error(transparent)]
    Hasher(#[from] HasherError),
    /// The first accounts.
    #[error("the first accounts cannot be made")]
    FirstAccounts(#[source] ServiceError),
    /// The first disk types.
    #[error("the first disk types cannot be made")]
    FirstDiskTypes(#[source] ServiceError),
    /// The file of the first scenario cannot be read.
    #[error("bootstrap.scenario: {} cannot be read", .0.display())]
    NoScenario(PathBuf, #[source] std::io::Error),
    /// The first scenario cannot be so.
    #[error("bootstrap.scenario cannot be applied:\n{0}")]
    Scenario(String),
    /// The first scenario could not be applied.
    #[error("bootstrap.scenario was not applied")]
    ScenarioFailed(#[source] ServiceError),
    /// A new data file would have no default type.
    #[error("disks.default_type is \"{0}\", which is none of disks.types")]
    DefaultType(String),
    /// The faults that it holds.
    #[error("the faults in the data file cannot be read; remove the one that is named, or mend it")]
    Faults(#[source] ServiceError),
    /// The faults of the settings.
    #[error("the faults of {} cannot be used: {why}", file.display())]
    FaultFile {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Everybody could come in.
    #[error(
        "refusing to listen on {0}, which is beyond loopback, {1}, or allow it with --allow-remote"
    )]
    Exposed(SocketAddr, &'static str),
    /// Another process listens there.
    #[error(
        "cannot listen on {0}: another process has taken the port; stop it or choose another one \
         with --listen"
    )]
    PortTaken(SocketAddr),
    /// The address.
    #[error("cannot listen on {address} (choose another with --listen)")]
    Listen {
        /// Where it should listen.
        address: SocketAddr,
        /// Why it cannot.
        source: std::io::Error,
    },
}

const IN_OPEN_MODE: &str = "in open mode: set auth.mode to \"token\"";
const WITH_DEFAULT_PASSWORD: &str =
    "with the default password: set bootstrap.password and begin a new data directory";

impl Server {
    /// Starts a server: everything that can fail is done before the port is bound, and the port is
    /// bound only when requests can be answered. Must run on a tokio runtime, which must outlive
    /// the server.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Running, StartError> {
        let data_dir = DataDir::open(&settings.data.dir, settings.data.allow_network_file_system)?;
        let (writes, background) = (Tasks::on(Handle::current()), Tasks::on(Handle::current()));
        let stop = CancellationToken::new();
        let options = store_options(&settings);
        let database = data_dir.database();
        let store = Arc::new(SqliteStore::open(&database, &options, &background).await?);

        let started = bring_up(&settings, clock, &store, &writes, &background, &stop).await;
        let (addr, http, app) = match started {
            Ok(started) => started,
            Err(failure) => {
                stop.cancel();
                store.close().await;
                return Err(failure);
            }
        };
        let url = settings.server.public_url.clone().unwrap_or_else(|| format!("http://{addr}"));
        data_dir.announce(&url)?;
        info!(server.url = %url, data.file = %database.display(), "serving {url}");
        Ok(Running { addr, url, http, store, writes, background, app, stop, data_dir })
    }
}

async fn bring_up(
    settings: &Settings,
    clock: Arc<dyn Clock>,
    store: &Arc<SqliteStore>,
    writes: &Tasks,
    background: &Tasks,
    stop: &CancellationToken,
) -> Result<(SocketAddr, ServerHandle, App), StartError> {
    let app = app(settings, clock, Arc::clone(store) as _).await?;
    refuse_exposure(settings, &app).await?;
    make_first(settings, &app).await?;

    arm_faults(settings, &app).await?;

    let address = settings.server.listen;
    let cannot_listen = |source: std::io::Error| {
        if source.kind() == ErrorKind::AddrInUse {
            StartError::PortTaken(address)
        } else {
            StartError::Listen { address, source }
        }
    };
    let listener = TcpListener::bind(address).map_err(cannot_listen)?;
    let addr = listener.local_addr().map_err(cannot_listen)?;
    if !settings.simulation.explicit {
        keep(background, &app, stop, App::keep_going);
    }
    keep(background, &app, stop, edits::run);
    let every = settings.auth.purge_interval;
    keep(background, &app, stop, move |app, stop| purge::run(app, every, stop));
    for hook in hooks(&settings.events) {
        // Among the writes: each writes down how far it came before the store is closed.
        keep(writes, &app, stop, move |app, stop| {
            webhooks::run(app, hook.clone(), http::message, stop)
        });
    }
    let api = Data::new(Api {
        app: app.clone(),
        tasks: writes.clone(),
        mode: settings.auth.mode,
        public_url: settings.server.public_url.clone(),
        region: settings.cloud.region.clone(),
        request_timeout: settings.server.request_timeout,
        heartbeat: settings.events.stream_heartbeat,
    });
    let largest_body = settings.server.max_body_bytes;
    let server = HttpServer::new(move || {
        HttpApp::new()
            .app_data(Data::clone(&api))
            .app_data(PayloadConfig::new(largest_body))
            .wrap(from_fn(http::answer))
            .configure(http::routes)
    })
    .workers(settings.server.workers)
    .client_request_timeout(settings.server.request_timeout)
    .shutdown_timeout(settings.server.stop_grace.as_secs())
    .disable_signals()
    .listen(listener)
    .map_err(cannot_listen)?
    .run();
    let handle = server.handle();
    background.start(async move {
        // Ends when it is stopped; what it could say then, nobody waits for.
        let _ = server.await;
    });
    Ok((addr, handle, app))
}

/// Starts a loop of the service, which begins anew should it panic.
fn keep<F>(
    tasks: &Tasks,
    app: &App,
    stop: &CancellationToken,
    run: impl Fn(App, CancellationToken) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (app, until) = (app.clone(), stop.clone());
    tasks.keep(stop.clone(), move || run(app.clone(), until.clone()));
}

/// Arms the faults that the data file holds, and those of the file that the settings name.
async fn arm_faults(settings: &Settings, app: &App) -> Result<(), StartError> {
    app.read_faults_again().await.map_err(StartError::Faults)?;
    let Some(file) = &settings.faults.file else { return Ok(()) };
    let wrong = |why: String| StartError::FaultFile { file: file.clone(), why };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let drafts = fault_file::parse(&text).map_err(|mistakes| wrong(mistakes.join("\n")))?;
    app.arm_faults(&drafts).await.map_err(|refused| wrong(refused.to_string()))
}

/// Makes what a data file begins with, as far as it is not there: accounts, disk types, and what the
/// settings' scenario says.
pub(crate) async fn make_first(settings: &Settings, app: &App) -> Result<(), StartError> {
    app.make_first_accounts().await.map_err(StartError::FirstAccounts)?;
    app.make_first_disk_types().await.map_err(|why| {
        if matches!(why, ServiceError::DiskType(DiskTypeRefused::NoDefault)) {
            StartError::DefaultType(settings.disks.default_type.clone())
        } else {
            StartError::FirstDiskTypes(why)
        }
    })?;
    match (app.seed_at_first_start().await, &settings.bootstrap.scenario) {
        (Ok(_), _) => Ok(()),
        (Err(ServiceError::Scenario(complaints)), Some(path)) => {
            Err(StartError::Scenario(lines(path, &complaints)))
        }
        (Err(why), _) => Err(StartError::ScenarioFailed(why)),
    }
}

/// What the settings want a new data file to begin with beside accounts and types.
fn first_scenario(settings: &Settings) -> Result<Option<Scenario>, StartError> {
    let Some(path) = &settings.bootstrap.scenario else { return Ok(None) };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|why| StartError::NoScenario(path.clone(), why))?;
    let scenario = scenario_file::parse(&text);
    scenario.map(Some).map_err(|complaints| StartError::Scenario(lines(path, &complaints)))
}

/// A line for each complaint, with the file that it is about.
fn lines(path: &Path, complaints: &Complaints) -> String {
    let (name, told) = (path.display(), complaints.to_string());
    told.lines().map(|line| format!("{name}:{line}")).collect::<Vec<_>>().join("\n")
}

/// How the settings want the data file opened.
pub(crate) fn store_options(settings: &Settings) -> sqlite::Options {
    sqlite::Options {
        readers: settings.store.readers,
        group_size: settings.store.group_size,
        busy_timeout: settings.store.busy_timeout,
    }
}

/// The use cases over an open data file, whose clock goes on as it was set, over the machine's.
pub(crate) async fn app(
    settings: &Settings,
    machine: Arc<dyn Clock>,
    store: Arc<dyn Store>,
) -> Result<App, StartError> {
    let setting = async { store.read().await?.clock().await };
    let setting = setting.await.map_err(StartError::Clock)?;
    let clock = Arc::new(SimulatedClock::new(machine, setting));
    let threads = available_parallelism().map_or(1, usize::from);
    let hasher =
        Hasher::start(threads, params(settings.transfers.key)?, params(settings.auth.password)?)?;
    let mut rules = rules(settings);
    rules.first.scenario = first_scenario(settings)?;
    Ok(App::new(store, clock, hasher, rules))
}

/// In open mode or with the password that everybody knows, only this machine is let in. Asked before
/// the first accounts are made: accounts that have the default password would keep it, and whoever
/// then sets another one, as told, would be refused again.
async fn refuse_exposure(settings: &Settings, app: &App) -> Result<(), StartError> {
    let listen = settings.server.listen;
    if listen.ip().is_loopback() || settings.server.allow_remote {
        return Ok(());
    }
    if settings.auth.mode == AuthMode::Open {
        return Err(StartError::Exposed(listen, IN_OPEN_MODE));
    }
    let default = match app.default_password_in_use().await.map_err(StartError::FirstAccounts)? {
        Some(default) => default,
        None => settings.bootstrap.has_default_password(),
    };
    if default { Err(StartError::Exposed(listen, WITH_DEFAULT_PASSWORD)) } else { Ok(()) }
}

fn params(cost: HashCost) -> Result<Params, HasherError> {
    Params::new(cost.memory_kib, cost.iterations, cost.parallelism, None)
        .map_err(|why| HasherError::Argon2(why.to_string()))
}

fn rules(settings: &Settings) -> Rules {
    let disks = &settings.disks;
    Rules {
        transfers: OptionalRules {
            yearly_monthly: settings.transfers.refuse_yearly_monthly,
            dedicated_storage: settings.transfers.refuse_dedicated_storage,
        },
        transfers_last: Lifetime::of_seconds(settings.transfers.expire_after_s)
            .unwrap_or(Lifetime::FOREVER),
        answers_kept: settings.transfers.idempotency_window,
        default_type: disks.default_type.clone(),
        zones: settings.cloud.availability_zones.clone(),
        max_size_gib: disks.max_size_gib,
        missed_runs: missed_runs(&settings.policies),
        simulation: simulation(&settings.simulation),
        quotas: limits(&settings.quotas),
        token_lifetime: settings.auth.token_lifetime,
        signature_skew: settings.auth.signature_skew,
        key_guesses: guesses(settings.transfers.key_guesses),
        password_guesses: guesses(settings.auth.password_guesses),
        allow_crash: settings.server.allow_crash,
        webhooks: settings.events.webhooks.clone(),
        first: first_things(settings),
        exposed: !settings.server.listen.ip().is_loopback() && !settings.server.allow_remote,
    }
}

fn first_things(settings: &Settings) -> FirstThings {
    let bootstrap = &settings.bootstrap;
    let named = |account: &config::Account| {
        Some(FirstAccount { name: account.name.clone(), role: Role::parse(&account.role)? })
    };
    FirstThings {
        domain: bootstrap.domain.clone(),
        accounts: bootstrap.accounts.iter().filter_map(named).collect(),
        password: bootstrap.password.clone(),
        disk_types: first_disk_types(settings),
        scenario: None,
    }
}

fn missed_runs(settings: &config::Policies) -> MissedRule {
    MissedRule {
        runs: match settings.missed_runs {
            config::MissedRuns::All => MissedRuns::All,
            config::MissedRuns::Latest => MissedRuns::Latest,
            config::MissedRuns::Skip => MissedRuns::Skip,
        },
        after: settings.missed_after,
    }
}

fn simulation(settings: &config::Simulation) -> Simulation {
    Simulation {
        explicit: settings.explicit,
        delays: settings
            .delays
            .iter()
            .filter_map(|(word, delay)| Some((Operation::parse(word)?, *delay)))
            .collect(),
        failing: settings.fail.iter().filter_map(|word| Operation::parse(word)).collect(),
    }
}

fn first_disk_types(settings: &Settings) -> Vec<FirstDiskType> {
    let disks = &settings.disks;
    let named = |name: &String| FirstDiskType {
        name: name.clone(),
        encrypted: disks.encrypted_types.contains(name),
    };
    disks.types.iter().map(named).collect()
}

fn guesses(setting: Guesses) -> GuessLimit {
    GuessLimit { most: setting.most, window: setting.window }
}

fn hooks(settings: &config::Events) -> impl Iterator<Item = Hook> + '_ {
    let hook = |url: &String| Hook {
        url: url.clone(),
        timeout: settings.webhook_timeout,
        secret: settings.webhook_secret.clone(),
        beginning: match settings.webhook_from {
            WebhookFrom::Now => Beginning::Now,
            WebhookFrom::Start => Beginning::Start,
        },
        backoff: Backoff {
            first: settings.webhook_first_retry,
            longest: settings.webhook_longest_retry,
        },
    };
    settings.webhooks.iter().map(hook)
}

fn limits(quotas: &Quotas) -> Limits {
    let limits = [
        ("volumes", quotas.volumes),
        ("gigabytes", quotas.gigabytes),
        ("snapshots", quotas.snapshots),
        ("backups", quotas.backups),
        ("backup_gigabytes", quotas.backup_gigabytes),
        ("per_volume_gigabytes", quotas.per_volume_gigabytes),
        ("groups", quotas.groups),
    ];
    Limits(limits.into_iter().map(|(key, limit)| (key.to_owned(), limit)).collect())
}

impl Running {
    /// Where it listens; the port is the real one even where the settings say 0.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What its links begin with.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Removes what has expired, as happens by itself every now and then; how much it was.
    pub async fn purge(&self) -> service::Result<u32> {
        self.app.purge().await
    }

    /// Stops: takes no more connections, answers what is under way, finishes every write, brings
    /// the data file up to date and lets go of it.
    pub async fn stop(self) {
        self.app.stop_the_clock();
        self.http.stop(true).await;
        self.stop.cancel();
        self.writes.finish().await;
        self.store.close().await;
        self.background.finish().await;
        drop(self.data_dir);
        info!("stopped");
    }
}
