//! What each command does, a file a command, and what they share: how they print.
//!
//! Prints through a `Write` handle that may be closed at any time. Must not know how anything is served or checked.

pub(crate) mod access_key;
pub(crate) mod clock;
pub(crate) mod db;
pub(crate) mod doctor;
pub(crate) mod env;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod faults;
pub(crate) mod healthcheck;
pub(crate) mod seed;
pub(crate) mod serve;
pub(crate) mod state;

use std::future::Future;
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use evs_local::config::Settings;
use evs_local::domain::access::{Caller, Role};
use evs_local::domain::clock::{Clock, SystemClock};
use evs_local::domain::ids::{ProjectId, RequestId, UserId};
use evs_local::offline::{Offline, OfflineError};
use evs_local::service::App;

/// Prints all of `text`. A reader who left, as `head` does, wanted no more: that is no failure.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
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

/// Does something with the data file itself, and lets go of it whatever came of that.
fn on_the_file<T, F: Future<Output = T>>(
    opening: impl Future<Output = Result<Offline, OfflineError>>,
    what: impl FnOnce(App) -> F,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("cannot start a thread")?;
    runtime.block_on(async {
        let offline = opening.await?;
        let done = what(offline.app().clone()).await;
        offline.close().await;
        Ok(done)
    })
}

fn clock_of_this_machine() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// The names of the accounts of the settings.
fn names(settings: &Settings) -> Vec<&str> {
    settings.bootstrap.accounts.iter().map(|account| account.name.as_str()).collect()
}

/// Who works on a data file that no server serves: whoever may write the file may do anything with it.
fn operator() -> Caller {
    Caller {
        user: UserId::new("operator"),
        project: ProjectId::new("operator"),
        role: Role::Admin,
        request: RequestId::new("command-line"),
    }
}
