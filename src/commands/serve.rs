//! `evs serve`: serves until it is told to stop.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use evs_local::config::Settings;
use evs_local::domain::clock::SystemClock;
use evs_local::server::Server;
use evs_local::telemetry;
use secrecy::ExposeSecret as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{names, print};

/// Runs the command.
pub(crate) fn run(settings: Settings) -> anyhow::Result<ExitCode> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_shows_the_default_password_and_no_other() {
        let mut settings = Settings::defaults().unwrap();
        assert_eq!(accounts(&settings), "admin, demo, partner (password: secret)");
        settings.bootstrap.password = "hush".into();
        assert_eq!(accounts(&settings), "admin, demo, partner (password: [as configured])");
    }
}
