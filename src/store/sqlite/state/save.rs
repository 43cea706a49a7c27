//! Saving a state, and looking at those that are saved.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::files::Folder;
use crate::domain::clock::Time;
use crate::domain::state::{Contents, Overwrite, SavedState, StateName, StateRefused};
use crate::store::StoreError;
use crate::store::sqlite::open::{self, Header, OpenError};
use crate::store::sqlite::{Options, SqliteStore, codec, errors};
use crate::store::state::{StateError, StateResult};

/// Copies the file as it is at one moment. On a connection of its own, so that neither the writer nor
/// any reader waits for it.
pub(super) async fn save(
    store: &SqliteStore,
    name: &StateName,
    at: Time,
    overwrite: Overwrite,
) -> StateResult<SavedState> {
    let folder = Folder::beside(&store.info.file);
    if overwrite == Overwrite::No && folder.file(name).exists() {
        return Err(StateRefused::Exists(name.clone()).into());
    }
    let made = folder.unfinished()?;
    store.place.check()?;
    copy(&store.info.file, &made.0, &store.options).await.map_err(errors::of_statement)?;
    store.place.check()?;
    let contents = stamp(&made.0, &store.options, at).await.map_err(errors::of_statement)?;
    let (kept, as_name) = (folder.clone(), name.clone());
    let keeping = store.tasks.block(move || kept.keep(&made, &as_name)).await;
    keeping.map_err(|gone| StoreError::Database(gone.to_string()))??;
    let bytes = bytes(&folder.file(name));
    Ok(SavedState { name: name.clone(), bytes, contents: Ok(contents) })
}

/// Copies a whole database as of one moment into a file that is empty.
pub(super) async fn copy(from: &Path, into: &Path, options: &Options) -> sqlx::Result<()> {
    let mut connection = open::read_only(from, options).connect().await?;
    let copied =
        sqlx::query("VACUUM INTO $1").bind(into.to_string_lossy()).execute(&mut connection).await;
    connection.close().await?;
    copied.map(|_| ())
}

/// Writes into a copy when it was made. Without a journal: a copy that is cut off is of no use anyway.
async fn stamp(file: &Path, options: &Options, at: Time) -> sqlx::Result<Contents> {
    let plain: SqliteConnectOptions = open::common(file, options)
        .journal_mode(SqliteJournalMode::Off)
        .synchronous(SqliteSynchronous::Off);
    let mut connection = plain.connect().await?;
    let stamped = sqlx::query(
        "INSERT INTO lineage (id, epoch, saved_at) VALUES (1, 1, $1)
         ON CONFLICT (id) DO UPDATE SET saved_at = excluded.saved_at",
    )
    .bind(codec::time_to_text(at))
    .execute(&mut connection)
    .await;
    let contents = match stamped {
        Ok(_) => contents(&mut connection).await,
        Err(error) => Err(error),
    };
    connection.close().await?;
    contents
}

/// Every state there is.
pub(super) async fn list(store: &SqliteStore) -> StateResult<Vec<SavedState>> {
    let folder = Folder::beside(&store.info.file);
    let mut states = Vec::new();
    for name in folder.names()? {
        let file = folder.file(&name);
        let contents = match look(&file, &name, &store.options).await {
            Ok(contents) => Ok(contents),
            Err(StateError::Refused(refused)) => Err(refused),
            Err(failed @ StateError::Store(_)) => return Err(failed),
        };
        states.push(SavedState { bytes: bytes(&file), name, contents });
    }
    Ok(states)
}

pub(super) fn delete(store: &SqliteStore, name: &StateName) -> StateResult<()> {
    if Folder::beside(&store.info.file).remove(name)? {
        Ok(())
    } else {
        Err(StateRefused::Unknown(name.clone()).into())
    }
}

fn bytes(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// What a saved state says of itself, if it is one of ours and not newer than we are.
pub(super) async fn look(
    file: &Path,
    name: &StateName,
    options: &Options,
) -> StateResult<Contents> {
    if !file.exists() {
        return Err(StateRefused::Unknown(name.clone()).into());
    }
    open::check_length(file).map_err(|why| not_opened(name, why))?;
    let damaged = |error| not_opened(name, errors::of_opening(file, error));
    let mut connection = open::read_only(file, options).connect().await.map_err(damaged)?;
    let looked = async {
        let header = Header::of(&mut connection).await.map_err(damaged)?;
        header.check(file).map_err(|why| not_opened(name, why))?;
        if !header.has_begun() {
            return Err(StateRefused::Foreign(name.clone()).into());
        }
        contents(&mut connection).await.map_err(damaged)
    }
    .await;
    connection.close().await.map_err(damaged)?;
    looked
}

/// What a file of ours holds; an older one does not say when it was saved.
async fn contents(connection: &mut SqliteConnection) -> sqlx::Result<Contents> {
    let (schema, disks, transfers) = sqlx::query_as::<_, (i64, i64, i64)>(
        "SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM disks),
                (SELECT count(*) FROM transfers WHERE status = 'pending')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let known: bool =
        sqlx::query_scalar("SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'lineage'")
            .fetch_one(&mut *connection)
            .await?;
    let saved_at: Option<String> = if known {
        sqlx::query_scalar("SELECT saved_at FROM lineage WHERE id = 1")
            .fetch_optional(connection)
            .await?
            .flatten()
    } else {
        None
    };
    let saved_at = saved_at.as_deref().and_then(codec::time_from_text);
    Ok(Contents { saved_at, schema, disks, transfers })
}

/// Why a saved state is not opened.
pub(super) fn not_opened(name: &StateName, why: OpenError) -> StateError {
    let name = name.clone();
    let damaged = |why: String| StateRefused::Damaged { name: name.clone(), why }.into();
    match why {
        OpenError::Foreign(_) => StateRefused::Foreign(name).into(),
        OpenError::Newer { schema, known, .. } => {
            StateRefused::Newer { name, schema, known }.into()
        }
        OpenError::Locked { who, .. } => StoreError::Busy(who).into(),
        OpenError::Full(_) => StoreError::Full.into(),
        OpenError::NotADatabase(_) => damaged("it is no SQLite database".to_owned()),
        OpenError::Unfinished(_) => damaged("it is in the middle of a transaction".to_owned()),
        OpenError::CannotOpen { why, .. } | OpenError::Migration { why, .. } => damaged(why),
        why @ (OpenError::OldLibrary(_) | OpenError::Older { .. } | OpenError::Sidecar(_)) => {
            StoreError::Database(why.to_string()).into()
        }
    }
}
