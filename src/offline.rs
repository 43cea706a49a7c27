//! The use cases on a data file that no server serves, for commands on this machine.
//!
//! Takes the directory's lock as a server does, so that the two never write side by side.

use std::sync::Arc;

use thiserror::Error;
use tokio::runtime::Handle;

use crate::config::Settings;
use crate::data_dir::{DataDir, DataDirError};
use crate::domain::clock::Clock;
use crate::server::{self, StartError};
use crate::service::App;
use crate::store::Store;
use crate::store::sqlite::SqliteStore;
use crate::tasks::Tasks;

/// A data file held by a command.
#[derive(Debug)]
pub struct Offline {
    app: App,
    store: Arc<SqliteStore>,
    tasks: Tasks,
    /// Held for its lock; let go last.
    data_dir: DataDir,
}

/// Why a command cannot have a data file.
#[derive(Debug, Error)]
pub enum OfflineError {
    /// There is none, and a command makes none.
    #[error("there is no data file {}; the first start of the server makes it", .0.display())]
    NoFile(std::path::PathBuf),
    /// As for a server.
    #[error(transparent)]
    Start(#[from] StartError),
}

impl From<DataDirError> for OfflineError {
    fn from(why: DataDirError) -> Self {
        Self::Start(why.into())
    }
}

impl Offline {
    /// Takes the data file of `settings` with all that a first start makes; makes that and the file if
    /// they are not there. Must run on a tokio runtime.
    pub async fn begin(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OfflineError> {
        let offline = Self::take(settings, clock).await?;
        match server::make_first(settings, &offline.app).await {
            Ok(()) => Ok(offline),
            Err(why) => {
                offline.close().await;
                Err(why.into())
            }
        }
    }

    /// Takes the data file of `settings`. Must run on a tokio runtime.
    pub async fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OfflineError> {
        let file = settings.data.dir.join("evs.db");
        // Without a look first, a mistyped --data would make an empty file.
        if std::fs::metadata(&file).map_or(0, |metadata| metadata.len()) == 0 {
            return Err(OfflineError::NoFile(file));
        }
        Self::take(settings, clock).await
    }

    async fn take(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OfflineError> {
        let data_dir = DataDir::open(&settings.data.dir, settings.data.allow_network_file_system)?;
        let tasks = Tasks::on(Handle::current());
        let options = server::store_options(settings);
        let opened = SqliteStore::open(&data_dir.database(), &options, &tasks).await;
        let store = Arc::new(opened.map_err(StartError::from)?);
        let app = server::app(settings, clock, Arc::clone(&store) as _).await?;
        Ok(Self { app, store, tasks, data_dir })
    }

    /// The use cases.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Writes what is left into the file and lets go of it.
    pub async fn close(self) {
        self.store.close().await;
        self.tasks.finish().await;
        drop(self.data_dir);
    }
}
