//! The command line: what can be typed, and which command it is.
//!
//! What a command does stands in `commands`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use evs_local::config::{self, Flags};
use evs_local::http::openapi;

use crate::commands::access_key::{self, AccessKeyCommand};
use crate::commands::clock::{self, ClockCommand};
use crate::commands::db::{self, DbCommand};
use crate::commands::events::{self, EventsCommand};
use crate::commands::faults::{self, FaultsCommand};
use crate::commands::seed::{self, SeedCommand};
use crate::commands::state::{self, StateCommand};
use crate::commands::{doctor, env, export, healthcheck, print, serve};

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
    /// Let faults really kill the process at their crash points
    #[arg(long, global = true)]
    allow_crash: bool,
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
    /// Let something go wrong on purpose on the running server: errors, delays, lost answers, crashes
    ///
    /// Asks the server that runs on the data directory.
    #[command(subcommand, after_help = AS_WHOM)]
    Faults(FaultsCommand),
    /// Save, load and compare whole states by name, or begin anew
    ///
    /// Asks the server that runs on the data directory; where none runs, works on the data file itself.
    #[command(subcommand, after_help = AS_WHOM)]
    State(StateCommand),
    /// Print what happened on the running server, a line an event, or follow it as it happens
    ///
    /// Asks the server that runs on the data directory. An administrator sees everything, others what was done
    /// on behalf of their project.
    #[command(after_help = AS_WHOM)]
    Events(EventsCommand),
    /// Make what a scenario says so: projects, users, disks in any status, snapshots, pending transfers …
    ///
    /// All of it or nothing; what is so already stays. Asks the server that runs on the data directory; if none
    /// does, works on the data file itself, and makes it as a first start would if it is not there. Each complaint
    /// names the file, the line and the column.
    #[command(after_help = AS_WHOM)]
    Seed(SeedCommand),
    /// Print what is there as a scenario that `evs seed` takes
    ///
    /// Asks the server that runs on the data directory; if none does, reads the data file itself.
    #[command(after_help = AS_WHOM)]
    Export {
        /// Only what the project of this name has
        #[arg(long, value_name = "NAME")]
        project: Option<String>,
    },
    /// Look into the data file with SQL, whether a server runs or not
    ///
    /// Brings its own SQLite, for hosts whose sqlite3 is old or missing. Reads unless told to --write.
    #[command(subcommand)]
    Db(DbCommand),
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
        allow_crash: cli.settings.allow_crash,
    };
    match cli.command.as_ref().unwrap_or(&Command::Serve) {
        Command::Serve => serve::run(config::load(&flags)?),
        Command::Env { user } => env::run(&config::load(&flags)?, user),
        Command::AccessKey(command) => access_key::run(&config::load(&flags)?, command),
        Command::Clock { command } => clock::run(&config::load(&flags)?, command.as_ref()),
        Command::Faults(command) => faults::run(&config::load(&flags)?, command),
        Command::State(command) => state::run(&config::load(&flags)?, command),
        Command::Events(command) => events::run(&config::load(&flags)?, command),
        Command::Seed(command) => seed::run(&config::load(&flags)?, command),
        Command::Export { project } => export::run(&config::load(&flags)?, project.as_deref()),
        Command::Db(command) => db::run(&config::load(&flags)?, command),
        Command::Doctor => doctor::run(&config::load(&flags)?.data.dir),
        Command::Config(ConfigCommand::Show) => {
            print(&config::load_with_process_environment(&flags)?.show())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Openapi => {
            print(openapi::text())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Healthcheck => healthcheck::run(&config::load(&flags)?),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
}
