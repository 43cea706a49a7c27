//! The command line: one function a command, and what each prints.
//!
//! Prints through a `Write` handle that may be closed at any time. Must not know how anything is served or checked.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand};
use evs_local::{
    config::{self, Flags, Settings},
    data_dir,
    domain::clock::SystemClock,
    http::openapi,
    server::Server,
    store::sqlite::doctor,
    telemetry,
};
use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    access_key_command::{self, AccessKeyCommand},
    clock_command::{self, ClockCommand},
};

/// A local Elastic Volume Service.
///
/// One binary and one SQLite file answer the EVS and the OpenStack Block Storage API, disk transfers between
/// projects included. What was answered with 2xx is on disk. Without a command, evs serves.
#[derive(Debug, Parser)]
#[command(
    name = "evs",
    version,
    after_help = "Each setting can also be given in the --config file or as EVS__SECTION__KEY in the environment; \
                  `evs config show` lists them all."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: SettingsFlags,
}

#[derive(Debug, Args)]
struct SettingsFlags {
    /// Address and port of the server [default: 127.0.0.1:8776]
    #[arg(long, global = true, value_name = "ADDR")]
    listen: Option<String>,
    /// The data directory; made if absent [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// A TOML file with the settings that differ from the defaults
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve beyond loopback even with the default password or in open mode
    #[arg(long, global = true)]
    allow_remote: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until Ctrl-C or SIGTERM (what evs does without a command)
    Serve,
    /// Print the environment of the OpenStack clients for a user: eval "$(evs env demo)"
    Env {
        /// One of the accounts of the settings: admin, demo or partner, unless they name others
        user: String,
    },
    /// Check a data file, whether a server runs or not
    ///
    /// Exit code 0: healthy; 1: each violation on a line; 2: the file cannot be read.
    Doctor,
    /// Manage access keys (AK/SK) in a data file that no server serves
    ///
    /// Opens the data file itself and takes its lock, as serve does. While a server runs on it, the
    /// command refuses, and the server's API is to be used: /v3.0/OS-CREDENTIAL/credentials.
    #[command(subcommand)]
    AccessKey(AccessKeyCommand),
    /// Show or steer the clock of the running server
    ///
    /// Without a command, shows it. Asks the server that runs on the data directory.
    #[command(after_help = AS_WHOM)]
    Clock {
        #[command(subcommand)]
        command: Option<ClockCommand>,
    },
    /// Look at the settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the OpenAPI 3.1 document of the API, as a server gives it at /_evs/openapi.json
    ///
    /// Needs neither a running server nor a data directory.
    Openapi,
    /// Ask a running server whether it is ready, for container health checks
    ///
    /// Exit code 0: ready; 1: not ready, or no answer within 5 seconds.
    Healthcheck,
}

/// Who asks a running server.
const AS_WHOM: &str = "Logs in as OS_USERNAME with OS_PASSWORD, in OS_PROJECT_NAME, where they are set \
                       (`evs env` prints them), otherwise as the first administrator of the settings.";

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the settings in force, each with where it came from; secrets are redacted
    Show,
}

/// Runs the command; an error is a sentence for standard error and exit code 1.
pub(crate) fn run(cli: &Cli) -> anyhow::Result<ExitCode> {
    let flags = Flags {
        config: cli.settings.config.clone(),
        listen: cli.settings.listen.clone(),
        data: cli.settings.data.clone(),
        allow_remote: cli.settings.allow_remote,
    };
    match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve(config::load(&flags)?),
        Command::Env { user } => env(&config::load(&flags)?, user),
        Command::AccessKey(command) => access_key_command::run(&config::load(&flags)?, command),
        Command::Clock { command } => clock_command::run(&config::load(&flags)?, command.as_ref()),
        Command::Doctor => doctor(&config::load(&flags)?.data.dir),
        Command::Config(ConfigCommand::Show) => {
            print(&config::load_with_process_environment(&flags)?.show())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            print(openapi::text())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Healthcheck => healthcheck(&config::load(&flags)?),
    }
}

fn serve(settings: Settings) -> anyhow::Result<ExitCode> {
    telemetry::init(&settings.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("evs")
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    runtime.block_on(async {
        // Before the start, so that a stop that comes during it waits for its turn instead of ending the process.
        let mut stop = StopSignals::listen().context("cannot listen for signals")?;
        let (accounts, data) = (accounts(&settings), settings.data.dir.join("evs.db"));
        let running = Server::start(settings, Arc::new(SystemClock)).await?;
        // The server is up, whoever reads this or does not.
        let _ = print(&banner(running.url(), &data, &accounts));
        stop.received().await;
        tracing::info!("stopping; a second signal stops at once");
        tokio::select! {
            () = running.stop() => {}
            // What was answered is on disk, so leaving in the middle loses nothing that was promised.
            () = stop.received() => tracing::warn!("stopped before the last requests were answered"),
        }
        anyhow::Ok(())
    })?;
    // Does not wait for threads that still compute: their requests have no one to answer to.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn banner(url: &str, data: &Path, accounts: &str) -> String {
    format!(
        "evs {} serves {url}\n  data      {}\n  accounts  {accounts}\n  durable   yes\n  stop with Ctrl-C\n",
        env!("CARGO_PKG_VERSION"),
        data.display()
    )
}

fn accounts(settings: &Settings) -> String {
    let bootstrap = &settings.bootstrap;
    let password = if bootstrap.has_default_password() {
        bootstrap.password.expose_secret()
    } else {
        "[as configured]"
    };
    format!("{} (password: {password})", names(settings).join(", "))
}

fn names(settings: &Settings) -> Vec<&str> {
    settings.bootstrap.accounts.iter().map(|account| account.name.as_str()).collect()
}

fn env(settings: &Settings, user: &str) -> anyhow::Result<ExitCode> {
    let names = names(settings);
    if !names.contains(&user) {
        bail!("there is no account {user:?}; choose one of {}", names.join(", "));
    }
    let running = data_dir::running(&settings.data.dir).and_then(|holder| holder.url);
    print(&exports(settings, user, running))?;
    Ok(ExitCode::SUCCESS)
}

fn exports(settings: &Settings, user: &str, running: Option<String>) -> String {
    let configured = || {
        let reachable = reachable(settings.server.listen);
        settings.server.public_url.clone().unwrap_or_else(|| format!("http://{reachable}"))
    };
    let url = running.unwrap_or_else(configured);
    let identity = format!("{url}/identity");
    let lines = [
        ("OS_AUTH_URL", identity.as_str()),
        ("OS_IDENTITY_API_VERSION", "3"),
        ("OS_USERNAME", user),
        ("OS_PASSWORD", settings.bootstrap.password.expose_secret()),
        ("OS_PROJECT_NAME", user),
        ("OS_USER_DOMAIN_NAME", &settings.bootstrap.domain),
        ("OS_PROJECT_DOMAIN_NAME", &settings.bootstrap.domain),
        ("OS_REGION_NAME", &settings.cloud.region),
    ];
    lines.map(|(name, value)| format!("export {name}={}\n", quoted(value))).concat()
}

/// In single quotes, inside which a shell reads nothing but their end; bare where nothing could be misread.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@,+".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Where a server that listens on `listen` is reached from this machine: 0.0.0.0 is no address to connect to.
pub(crate) fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

fn doctor(dir: &Path) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = match runtime.block_on(examine(&dir.join("evs.db"))) {
        Ok(report) => report,
        Err(error) => {
            // As in main: there is nowhere else to say it.
            let _ = writeln!(io::stderr().lock(), "evs: {error:#}");
            return Ok(ExitCode::from(2));
        }
    };
    if report.violations.is_empty() {
        print(&format!("healthy: {} checks\n", report.checks))?;
        return Ok(ExitCode::SUCCESS);
    }
    let lines = report.violations.iter();
    let lines: Vec<String> = lines
        .map(|violation| format!("{} {}\n", violation.invariant, violation.sentence))
        .collect();
    print(&lines.concat())?;
    Ok(ExitCode::FAILURE)
}

async fn examine(database: &Path) -> anyhow::Result<doctor::Report> {
    // SQLite would say the same of an absent file as of one that it may not read.
    std::fs::File::open(database).with_context(|| format!("cannot read {}", database.display()))?;
    Ok(doctor::examine(database).await?)
}

fn healthcheck(settings: &Settings) -> anyhow::Result<ExitCode> {
    let addr = reachable(settings.server.listen);
    let status =
        ask(addr, Duration::from_secs(5)).with_context(|| format!("no answer from {addr}"))?;
    if status == "200" {
        print(&format!("evs on {addr} is ready\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    bail!("evs on {addr} is not ready (status {status})")
}

/// The status of `GET /_evs/ready`, by hand: a health check needs no HTTP client.
fn ask(addr: SocketAddr, patience: Duration) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&addr, patience)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    write!(stream, "GET /_evs/ready HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
    // The status line is the first of the answer; the rest does not matter.
    let mut start = Vec::new();
    stream.take(64).read_to_end(&mut start)?;
    let text = String::from_utf8_lossy(&start);
    match text.split(' ').collect::<Vec<_>>().as_slice() {
        [version, status, ..] if version.starts_with("HTTP/1.") => Ok((*status).to_owned()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "what answers does not speak HTTP")),
    }
}

/// Prints all of `text`. A reader who left, as `head` does, wanted no more: that is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Cli {
        Cli::try_parse_from(line.split(' ')).unwrap()
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_flags_are_the_same_with_and_without_a_command() {
        for line in [
            "evs --listen h:1 --data d --config c --allow-remote",
            "evs serve --listen h:1 --data d --config c --allow-remote",
            "evs --data d doctor --listen h:1 --config c --allow-remote",
        ] {
            let settings = parse(line).settings;
            assert_eq!(settings.listen.as_deref(), Some("h:1"), "{line}");
            assert_eq!(settings.data.as_deref(), Some(Path::new("d")), "{line}");
            assert_eq!(settings.config.as_deref(), Some(Path::new("c")), "{line}");
            assert!(settings.allow_remote, "{line}");
        }
        assert!(parse("evs").command.is_none());
        assert!(matches!(parse("evs config show").command, Some(Command::Config(_))));
        assert!(Cli::try_parse_from(["evs", "env"]).is_err());
    }

    #[test]
    fn exports_name_the_running_server_and_are_quoted_for_the_shell() {
        let mut settings = Settings::defaults().unwrap();
        settings.bootstrap.password = "it's $HOME".into();
        settings.server.listen = "0.0.0.0:9000".parse().unwrap();
        let expected = |url: &str| {
            format!(
                "export OS_AUTH_URL={url}/identity\nexport OS_IDENTITY_API_VERSION=3\n\
                 export OS_USERNAME=demo\nexport OS_PASSWORD='it'\\''s $HOME'\n\
                 export OS_PROJECT_NAME=demo\nexport OS_USER_DOMAIN_NAME=Default\n\
                 export OS_PROJECT_DOMAIN_NAME=Default\nexport OS_REGION_NAME=sim-1\n"
            )
        };
        assert_eq!(exports(&settings, "demo", None), expected("http://127.0.0.1:9000"));
        let running = Some("http://127.0.0.1:1".to_owned());
        assert_eq!(exports(&settings, "demo", running), expected("http://127.0.0.1:1"));
        settings.server.public_url = Some("https://evs.test".to_owned());
        assert_eq!(exports(&settings, "demo", None), expected("https://evs.test"));
    }

    #[test]
    fn an_unknown_user_is_told_the_names() {
        let error = env(&Settings::defaults().unwrap(), "bob").unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no account \"bob\"; choose one of admin, demo, partner"
        );
    }

    #[test]
    fn the_banner_shows_the_default_password_and_no_other() {
        let mut settings = Settings::defaults().unwrap();
        assert_eq!(accounts(&settings), "admin, demo, partner (password: secret)");
        settings.bootstrap.password = "hush".into();
        assert_eq!(accounts(&settings), "admin, demo, partner (password: [as configured])");
    }

    #[test]
    fn a_health_check_reads_the_status_of_the_answer() {
        let answered = |answer: &'static str| {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let addr = listener.local_addr().unwrap();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                // All of it: what is left unread at the end resets the connection, and the answer
                // with it.
                let (mut request, mut byte) = (Vec::new(), [0]);
                while !request.ends_with(b"\r\n\r\n") {
                    stream.read_exact(&mut byte).unwrap();
                    request.extend(byte);
                }
                assert!(request.starts_with(b"GET /_evs/ready HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).unwrap();
            });
            let status = ask(addr, Duration::from_secs(5));
            server.join().unwrap();
            status
        };
        assert_eq!(answered("HTTP/1.1 200 OK\r\n\r\n").unwrap(), "200");
        assert_eq!(answered("HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap(), "503");
        assert!(answered("SSH-2.0\r\n").is_err());
        assert!(answered("").is_err());
    }
}
