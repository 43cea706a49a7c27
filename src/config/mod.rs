//! The settings: their layers, their origins and their checks, and the only place that reads the environment.
//!
//! `layers` lays the embedded defaults, the file of `--config`, the environment and the flags over each other,
//! key by key, each with its origin; `checks` turns the result into the typed values below, once, so that nothing
//! later can fail on them. Must not know what any setting is used for.

use std::{
    collections::BTreeMap, ffi::OsString, fmt::Write, net::SocketAddr, path::PathBuf,
    time::Duration,
};

use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};

mod checks;
mod events;
mod layers;
mod login;
mod simulation;

pub use events::{Events, WebhookFrom};
pub use layers::{ConfigError, Origin};
pub use login::{Login, login};

const DEFAULT_PASSWORD: &str = "secret";

/// What the command line says about settings.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`: the settings file.
    pub config: Option<PathBuf>,
    /// `--listen`: overrides `server.listen`.
    pub listen: Option<String>,
    /// `--data`: overrides `data.dir`.
    pub data: Option<PathBuf>,
    /// `--allow-remote`: sets `server.allow_remote`.
    pub allow_remote: bool,
    /// `--allow-crash`: sets `server.allow_crash`.
    pub allow_crash: bool,
}

/// All settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The listener.
    pub server: Server,
    /// The data directory.
    pub data: Data,
    /// The database connections.
    pub store: Store,
    /// The log.
    pub log: Log,
    /// Who is let in.
    pub auth: Auth,
    /// What an empty data file starts with.
    pub bootstrap: Bootstrap,
    /// The region that is simulated.
    pub cloud: Cloud,
    /// Disk types and sizes.
    pub disks: Disks,
    /// Disk transfers.
    pub transfers: Transfers,
    /// Backup policies.
    pub policies: Policies,
    /// How time passes.
    pub simulation: Simulation,
    /// Faults.
    pub faults: Faults,
    /// Who is told of events, and how.
    pub events: Events,
    /// The default limits of a project.
    pub quotas: Quotas,
}

/// Section `[server]`.
#[derive(Debug, Clone)]
pub struct Server {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What links begin with, without a slash at the end; `None`: taken from each request.
    pub public_url: Option<String>,
    /// Threads that answer requests, at least 1.
    pub workers: usize,
    /// Whether an unsafe server may listen beyond loopback.
    pub allow_remote: bool,
    /// Whether faults may kill the process.
    pub allow_crash: bool,
    /// How long requests under way may take at the stop.
    pub stop_grace: Duration,
    /// How long the head of a request may take to come in, and its body after it.
    pub request_timeout: Duration,
    /// The largest body that is read.
    pub max_body_bytes: usize,
}

/// Section `[data]`.
#[derive(Debug, Clone)]
pub struct Data {
    /// The data directory.
    pub dir: PathBuf,
    /// Whether it may lie on a network file system.
    pub allow_network_file_system: bool,
}

/// Section `[store]`.
#[derive(Debug, Clone)]
pub struct Store {
    /// Connections that only read.
    pub readers: u32,
    /// Most writes that share a commit.
    pub group_size: usize,
    /// How long to wait for another process's lock.
    pub busy_timeout: Duration,
}

/// Section `[log]`.
#[derive(Debug, Clone)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// What is logged, in `EnvFilter` syntax.
    pub filter: String,
}

/// Section `[auth]`.
#[derive(Debug, Clone)]
pub struct Auth {
    /// Who is let in.
    pub mode: AuthMode,
    /// How long a token is valid.
    pub token_lifetime: TimeDelta,
    /// How far the date of a signed request may be from the present time.
    pub signature_skew: TimeDelta,
    /// How long between two removals of what has expired.
    pub purge_interval: Duration,
    /// How many wrong passwords for one account.
    pub password_guesses: Guesses,
    /// The cost of hashing a password.
    pub password: HashCost,
}

/// Section `[bootstrap]`.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The password of every account.
    pub password: SecretString,
    /// The name of the domain.
    pub domain: String,
    /// The projects, each with its user.
    pub accounts: Vec<Account>,
    /// The file of a scenario that the first start applies; none: nothing more is made.
    pub scenario: Option<PathBuf>,
}

/// A project and the user of the same name.
#[derive(Debug, Clone)]
pub struct Account {
    /// The name of both.
    pub name: String,
    /// `reader`, `member` or `admin`.
    pub role: String,
}

/// Section `[cloud]`.
#[derive(Debug, Clone)]
pub struct Cloud {
    /// The region's name.
    pub region: String,
    /// At least one zone; the first is the default.
    pub availability_zones: Vec<String>,
}

/// Section `[disks]`.
#[derive(Debug, Clone)]
pub struct Disks {
    /// At least one type, for a data file without types.
    pub types: Vec<String>,
    /// Those of the types whose disks are encrypted.
    pub encrypted_types: Vec<String>,
    /// The type of a disk that names none.
    pub default_type: String,
    /// The largest disk.
    pub max_size_gib: i64,
}

/// Section `[transfers]`.
#[derive(Debug, Clone)]
pub struct Transfers {
    /// The cost of hashing an auth key.
    pub key: HashCost,
    /// How many wrong keys for one transfer.
    pub key_guesses: Guesses,
    /// For how many seconds a transfer stays open whose creation says nothing about it; 0 is for ever.
    pub expire_after_s: i64,
    /// For how long a request that is sent again gets its first answer.
    pub idempotency_window: TimeDelta,
    /// Whether disks billed by the year or month stay where they are.
    pub refuse_yearly_monthly: bool,
    /// Whether disks in a dedicated pool stay where they are.
    pub refuse_dedicated_storage: bool,
}

/// Section `[policies]`.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Which of the runs that were missed are made up for.
    pub missed_runs: MissedRuns,
    /// How late a run is that counts as missed.
    pub missed_after: TimeDelta,
}

/// Section `[simulation]`.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// Whether nothing ends until somebody steps.
    pub explicit: bool,
    /// How long each operation takes, by its word.
    pub delays: BTreeMap<&'static str, TimeDelta>,
    /// The words of the operations that fail.
    pub fail: Vec<String>,
}

/// Section `[faults]`.
#[derive(Debug, Clone)]
pub struct Faults {
    /// A file of rules that count from the start on; none: there is none.
    pub file: Option<PathBuf>,
}

/// Section `[quotas]`: limits, -1 for none.
#[derive(Debug, Clone)]
pub struct Quotas {
    /// Disks.
    pub volumes: i64,
    /// GiB of disks and snapshots.
    pub gigabytes: i64,
    /// Snapshots.
    pub snapshots: i64,
    /// Backups.
    pub backups: i64,
    /// GiB of backups.
    pub backup_gigabytes: i64,
    /// GiB of a single disk.
    pub per_volume_gigabytes: i64,
    /// Disk groups.
    pub groups: i64,
}

/// How often one may be wrong about a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guesses {
    /// So many times; 0 means any number of times.
    pub most: i64,
    /// Within so much time.
    pub window: TimeDelta,
}

/// Parameters of argon2id, known to be acceptable to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
}

/// Settings with the text and the origin of each key, for `evs config show`.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The checked settings.
    pub settings: Settings,
    /// Key to value as TOML (secrets redacted) and origin.
    pub origins: BTreeMap<String, (String, Origin)>,
}

/// How a log line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Who is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMode {
    /// Holders of a token and signers, to their own project.
    Token,
    /// Everybody, to the project in the path.
    Open,
}

/// Which of the runs of backup policies that were missed are made up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissedRuns {
    /// All of them.
    All,
    /// The latest one.
    Latest,
    /// None.
    Skip,
}

/// The settings that are in force, from the environment of the process.
pub fn load(flags: &Flags) -> Result<Settings, ConfigError> {
    Ok(load_with_process_environment(flags)?.settings)
}

/// Like [`load`], with the origin of each key.
pub fn load_with_process_environment(flags: &Flags) -> Result<Loaded, ConfigError> {
    // vars_os: std::env::vars panics on a variable that is not UTF-8, even one that is not ours.
    let environment = std::env::vars_os().filter_map(readable).collect::<Result<Vec<_>, _>>()?;
    load_with(flags, environment.into_iter())
}

/// Drops foreign variables that cannot be read, and complains about our own.
fn readable((name, value): (OsString, OsString)) -> Option<Result<(String, String), ConfigError>> {
    let name = name.into_string().ok()?;
    match value.into_string() {
        Ok(value) => Some(Ok((name, value))),
        Err(_) if name.starts_with(layers::ENVIRONMENT_PREFIX) => {
            Some(Err(ConfigError::NotUnicode(name)))
        }
        Err(_) => None,
    }
}

/// The settings that `flags` and the given environment make.
pub fn load_with(
    flags: &Flags,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<Loaded, ConfigError> {
    let entries = layers::merge(flags, environment)?;
    let settings = checks::check(&entries)?;
    let origins = entries.into_iter().map(|(key, entry)| {
        let rendered = layers::render(&key, &entry.value);
        (key, (rendered, entry.origin))
    });
    Ok(Loaded { settings, origins: origins.collect() })
}

impl Settings {
    /// The embedded defaults alone, whatever the environment says; tests start from here.
    pub fn defaults() -> Result<Self, ConfigError> {
        Ok(load_with(&Flags::default(), std::iter::empty())?.settings)
    }
}

impl Bootstrap {
    /// Whether the password is the one that everybody can read in the documentation.
    pub fn has_default_password(&self) -> bool {
        self.password.expose_secret() == DEFAULT_PASSWORD
    }
}

impl Loaded {
    /// One line a key: `key = value  # origin`, in TOML syntax except that the keys carry their section.
    pub fn show(&self) -> String {
        const WIDEST: usize = 56;
        let lines =
            self.origins.iter().map(|(key, (value, origin))| (format!("{key} = {value}"), origin));
        let lines = lines.collect::<Vec<_>>();
        let width = lines.iter().map(|(line, _)| line.len()).filter(|len| *len <= WIDEST).max();
        let mut text = String::new();
        for (line, origin) in &lines {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line:width$}  # {origin}", width = width.unwrap_or(0));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_have_the_default_password() {
        let settings = Settings::defaults().unwrap();
        assert!(settings.bootstrap.has_default_password());
        assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8776");
        assert_eq!(settings.server.public_url, None);
        assert!(settings.server.workers >= 1);
        assert_eq!(settings.bootstrap.accounts.len(), 3);
        assert_eq!(settings.quotas.per_volume_gigabytes, -1);
    }

    #[test]
    fn the_example_is_valid() {
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/config/example.toml");
        let flags = Flags { config: Some(example.into()), ..Flags::default() };
        load_with(&flags, std::iter::empty()).unwrap();
    }

    #[test]
    fn the_password_is_shown_nowhere() {
        let environment = [("EVS__BOOTSTRAP__PASSWORD".to_owned(), "hush".to_owned())];
        let loaded = load_with(&Flags::default(), environment.into_iter()).unwrap();
        assert!(!format!("{loaded:?}").contains("hush"));
        let shown = loaded.show();
        assert!(!shown.contains("hush"));
        let line = shown.lines().find(|line| line.starts_with("bootstrap.password")).unwrap();
        assert!(line.starts_with("bootstrap.password = [redacted] "), "{line}");
        assert!(line.ends_with("# environment EVS__BOOTSTRAP__PASSWORD"), "{line}");
    }

    #[test]
    fn every_key_is_shown_with_its_value_and_origin() {
        let flags = Flags { listen: Some("127.0.0.1:1".into()), ..Flags::default() };
        let shown = load_with(&flags, std::iter::empty()).unwrap().show();
        let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        assert!(line("server.listen").starts_with("server.listen = \"127.0.0.1:1\" "));
        assert!(line("server.listen").ends_with("# flag --listen"));
        assert!(line("disks.types").contains("[\"SATA\", \"SAS\", \"GPSSD\", \"SSD\", \"ESSD\"]"));
        assert!(line("quotas.volumes").ends_with("# default"));
    }

    #[test]
    fn a_foreign_variable_that_is_not_utf8_is_ignored_and_ours_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let broken = || OsString::from_vec(vec![0xff]);
        assert!(readable(("LS_COLORS".into(), broken())).is_none());
        let error = readable(("EVS__SERVER__LISTEN".into(), broken())).unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the environment variable EVS__SERVER__LISTEN is not UTF-8");
    }
}
