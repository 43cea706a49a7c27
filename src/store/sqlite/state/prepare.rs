//! What is to take the place of everything, before it does: a copy that is brought up to date and
//! examined, so that nothing is found out only half-way.

use std::path::Path;
use std::sync::Arc;

use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::runtime::Handle;

use super::super::open::MIGRATIONS;
use super::files::Folder;
use super::replace::columns;
use super::save::{copy, look, not_opened};
use crate::domain::state::{StateName, StateRefused};
use crate::store::sqlite::{OpenError, Options, SqliteStore, doctor, errors, open};
use crate::store::state::{Candidate, Source, StateError, StateResult};
use crate::store::{Result, Store as _, StoreError};
use crate::tasks::Tasks;

/// So many of the doctor's sentences are told.
const MOST_SENTENCES: usize = 5;

pub(super) async fn prepare(store: &SqliteStore, source: Source) -> StateResult<Candidate> {
    let options = Options { readers: 1, ..store.options };
    let folder = Folder::beside(&store.info.file);
    let (file, saved_at) = match &source {
        Source::Empty => (folder.unfinished()?, None),
        Source::Saved(name) => {
            let saved = folder.file(name);
            let contents = look(&saved, name, &options).await?;
            let file = folder.unfinished()?;
            let damaged = |error| not_opened(name, errors::of_opening(&saved, error));
            copy(&saved, &file.0, &options).await.map_err(damaged)?;
            (file, contents.saved_at)
        }
    };
    let opened =
        open_store(&file.0, options, &store.tasks).await?.map_err(|why| match &source {
            Source::Saved(name) => not_opened(name, why),
            Source::Empty => StoreError::Database(why.to_string()).into(),
        })?;
    if let Source::Saved(name) = &source
        && let Err(why) = examine(&file.0, name, &options).await
    {
        opened.close().await;
        return Err(why);
    }
    Ok(Candidate { store: Arc::new(opened), saved_at, source, file })
}

/// Opens a store of its own, on a thread of its own: what migrates a file is no future that could go
/// from thread to thread.
async fn open_store(
    file: &Path,
    options: Options,
    tasks: &Tasks,
) -> Result<std::result::Result<SqliteStore, OpenError>> {
    let (file, runtime, of_store) = (file.to_owned(), Handle::current(), tasks.clone());
    tasks
        .block(move || runtime.block_on(SqliteStore::open(&file, &options, &of_store)))
        .await
        .map_err(|gone| StoreError::Database(gone.to_string()))
}

/// Whether a state may be loaded: SQLite finds it intact, and nothing in it contradicts what must hold.
async fn examine(file: &Path, name: &StateName, options: &Options) -> StateResult<()> {
    let damaged = |error| not_opened(name, errors::of_opening(file, error));
    // Only on a connection that may write does SQLite compare rows with CHECK constraints, and loading
    // does not do it again.
    let mut connection = open::common(file, options).connect().await.map_err(damaged)?;
    let checked = wrong_with(&mut connection).await;
    connection.close().await.map_err(damaged)?;
    if let Some(why) = checked.map_err(damaged)? {
        return Err(StateRefused::Damaged { name: name.clone(), why }.into());
    }
    let report = doctor::examine(file).await.map_err(|why| not_opened(name, why))?;
    let all = report.violations.into_iter().map(|violation| violation.sentence);
    let sentences: Vec<String> = all.take(MOST_SENTENCES).collect();
    if sentences.is_empty() {
        Ok(())
    } else {
        Err(StateError::Refused(StateRefused::Broken { name: name.clone(), sentences }))
    }
}

/// What SQLite finds wrong, or what of the schema is missing.
async fn wrong_with(connection: &mut SqliteConnection) -> sqlx::Result<Option<String>> {
    let found: Vec<String> =
        sqlx::query_scalar("PRAGMA quick_check(5)").fetch_all(&mut *connection).await?;
    if found != ["ok"] {
        return Ok(Some(found.join("; ")));
    }
    let there = columns(connection, "main").await?;
    let mut schema = SqliteConnection::connect("sqlite::memory:").await?;
    for migration in MIGRATIONS.iter() {
        sqlx::raw_sql(migration.sql.clone()).execute(&mut schema).await?;
    }
    let ours = columns(&mut schema, "main").await?;
    schema.close().await?;
    let missing = ours.into_iter().find(|column| !there.contains(column));
    Ok(missing.map(|(table, column)| format!("it has no column {column} of a table {table}")))
}
