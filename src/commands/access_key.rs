//! `evs access-key`: access keys in a data file that no server serves.
//!
//! Must not know how keys are stored. What changes them while a server runs is its API: two
//! processes never write one file side by side.

use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use evs_local::config::Settings;
use evs_local::data_dir::DataDirError;
use evs_local::domain::access_key::KeyStatus;
use evs_local::domain::ids::AccessId;
use evs_local::offline::{Offline, OfflineError};
use evs_local::server::StartError;
use evs_local::service::App;
use evs_local::service::access_keys::KeyChange;

use super::{clock_of_this_machine, on_the_file, operator, print};

/// What can be done with access keys.
#[derive(Debug, Subcommand)]
pub(crate) enum AccessKeyCommand {
    /// Make a key for a user and print it, the secret included, as lines for a shell
    Create {
        /// The user's name
        user: String,
        /// What to note about it
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Print every key without its secret: access key, status, user, description
    List,
    /// Let a key in no more
    Disable {
        /// The access key
        access: String,
    },
    /// Remove a key for good
    Delete {
        /// The access key
        access: String,
    },
}

/// Runs the command on the data file of `settings`.
pub(crate) fn run(settings: &Settings, command: &AccessKeyCommand) -> anyhow::Result<ExitCode> {
    let opening = Offline::open(settings, clock_of_this_machine());
    let done = on_the_file(opening, |app| async move { carry_out(&app, command).await });
    let text = done.map_err(|why| match why.downcast_ref() {
        Some(OfflineError::Start(StartError::DataDir(DataDirError::Locked { path, holder }))) => {
            let url = holder.as_ref().and_then(|holder| holder.url.as_deref());
            anyhow!(
                "a server runs on {}; ask it instead, at {}/v3.0/OS-CREDENTIAL/credentials",
                path.display(),
                url.unwrap_or_default()
            )
        }
        Some(_) | None => why,
    })??;
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(app: &App, command: &AccessKeyCommand) -> anyhow::Result<String> {
    let operator = operator();
    match command {
        AccessKeyCommand::Create { user, description } => {
            let user = app.user_named(user).await.with_context(|| no_user(user))?.id;
            let new = app.create_access_key(&operator, user.as_str(), description.clone()).await?;
            Ok(format!(
                "export HUAWEICLOUD_SDK_AK={}\nexport HUAWEICLOUD_SDK_SK={}\n\
                 export HUAWEICLOUD_SDK_PROJECT_ID={}\n",
                new.key.access,
                new.secret.reveal(),
                new.key.project
            ))
        }
        AccessKeyCommand::List => list(app).await,
        AccessKeyCommand::Disable { access } => {
            let change = KeyChange { status: Some(KeyStatus::Inactive), description: None };
            let access = AccessId::new(access);
            app.update_access_key(&operator, &access, change).await.with_context(no_key)?;
            Ok(format!("{access} is inactive\n"))
        }
        AccessKeyCommand::Delete { access } => {
            let access = AccessId::new(access);
            app.delete_access_key(&operator, &access).await.with_context(no_key)?;
            Ok(format!("{access} is gone\n"))
        }
    }
}

async fn list(app: &App) -> anyhow::Result<String> {
    let users = app.store().read().await?.users().await?;
    let keys = app.access_keys(None).await?;
    let lines = keys.iter().map(|key| {
        let user = users.iter().find(|user| user.id == key.user);
        let user = user.map_or(key.user.as_str(), |user| &user.name);
        let line = format!("{} {:8} {user} {}", key.access, key.status.as_str(), key.description);
        format!("{}\n", line.trim_end())
    });
    Ok(lines.collect())
}

fn no_user(name: &str) -> String {
    format!("cannot make a key for {name:?}")
}

fn no_key() -> &'static str {
    "cannot change the key; `evs access-key list` prints all"
}
