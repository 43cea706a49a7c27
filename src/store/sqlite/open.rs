//! Opening a file: whose it is, how old its schema is, and bringing it up to date.
//!
//! Nothing is written before the file is known to be ours, and a file whose schema is older is
//! copied before it is changed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use log::LevelFilter;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, QueryBuilder, Sqlite, SqliteConnection};
use thiserror::Error;
use tracing::info;

use super::place::Place;
use super::readers::Readers;
use super::{Options, beside, checkpoint, errors, objects};
use crate::domain::page::LARGEST_PAGE;
use crate::store::StoreInfo;

/// Says in the file's header that it is ours: `EVS1`.
pub const APPLICATION_ID: i64 = 0x4556_5331;

/// Every migration there is, compiled in.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// The first SQLite that is safe: older ones may corrupt a WAL file that is reset while another
/// connection reads it.
const OLDEST_LIBRARY: [u32; 3] = [3, 51, 3];

/// Why a file is not opened. The file is as it was before, except for what migrations had done.
#[derive(Debug, Clone, Error)]
pub enum OpenError {
    /// The library has a known corruption bug.
    #[error("SQLite {0} can corrupt a database in WAL mode: 3.51.3 or newer is needed")]
    OldLibrary(String),
    /// The bytes are not SQLite's.
    #[error(
        "{} is not a SQLite database and is left alone; choose another directory with --data",
        .0.display()
    )]
    NotADatabase(PathBuf),
    /// Another program's database.
    #[error(
        "{} is the database of another program and is left alone; choose another directory with \
         --data",
        .0.display()
    )]
    Foreign(PathBuf),
    /// Another program was stopped while it wrote.
    #[error(
        "{} is in the middle of another program's transaction and is left alone; finish that with \
         the other program, or choose another directory with --data",
        .0.display()
    )]
    Unfinished(PathBuf),
    /// Written by a newer version of this program.
    #[error(
        "{} has schema {schema}, which is newer than {known}, the newest this program knows; run \
         the newer program, or choose another directory with --data",
        .file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its schema.
        schema: i64,
        /// Ours.
        known: i64,
    },
    /// Written by an older version of this program, and not to be changed by who only looks.
    #[error(
        "{} has schema {schema}, which is older than {known}: start the server once to bring it \
         up to date",
        .file.display()
    )]
    Older {
        /// The file.
        file: PathBuf,
        /// Its schema.
        schema: i64,
        /// Ours.
        known: i64,
    },
    /// Another process holds it.
    #[error("{} is locked by {}", .file.display(), .who.as_deref().unwrap_or("another process"))]
    Locked {
        /// The file.
        file: PathBuf,
        /// Who, if the system tells.
        who: Option<String>,
    },
    /// A file that belongs to the database cannot be used, mostly because another user made it.
    #[error(
        "{} cannot be read and written: another user's process seems to have made it; stop that \
         process and give the file to the user who runs this one",
        .0.display()
    )]
    Sidecar(PathBuf),
    /// The system does not let us.
    #[error("{} cannot be opened: {why}", .file.display())]
    CannotOpen {
        /// The file.
        file: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The schema could not be brought up to date.
    #[error("the schema of {} cannot be brought up to date: {why}", .file.display())]
    Migration {
        /// The file.
        file: PathBuf,
        /// What failed.
        why: String,
    },
    /// There is no room.
    #[error("no space is left for {}", .0.display())]
    Full(PathBuf),
}

/// What opening brings.
pub(super) struct Opened {
    pub(super) info: StoreInfo,
    pub(super) writer: SqliteConnection,
    pub(super) writer_options: SqliteConnectOptions,
    pub(super) readers: Readers,
    pub(super) place: Place,
}

/// Opens `file` as [`super::SqliteStore::open`] says, but for the writer's task.
pub(super) async fn open(file: &Path, options: &Options) -> Result<Opened, OpenError> {
    create(file)?;
    check_length(file)?;
    let wrong = |error| errors::of_opening(file, error);

    // No pragma may touch the file before it is known to be ours.
    let looked = match look(&read_only(file, options)).await {
        Err(error) if errors::needs_rollback(&error) && was_empty(file) => {
            look(&common(file, options)).await
        }
        looked => looked,
    };
    let (mut first, library, header) = looked.map_err(wrong)?;
    if !is_safe(&library) {
        return Err(OpenError::OldLibrary(library));
    }
    header.check(file)?;
    if header.is_older() {
        copy(&mut first, file, &header).await?;
    }
    first.close().await.map_err(wrong)?;

    let writer_options = common(file, options)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
        .pragma("journal_size_limit", "16777216");
    let mut writer = writer_options.connect().await.map_err(wrong)?;
    migrate(&mut writer, file, &header).await?;
    objects::bring_up_to_date(&mut writer).await.map_err(|error| not_migrated(file, error))?;
    checkpoint::checkpoint(&mut writer, options.busy_timeout).await.map_err(wrong)?;
    let durable = is_durable(&mut writer).await.map_err(wrong)?;

    // All of them now: one that is opened later may meet another file of that name, or none. A page leaves a
    // reader's thread at once, without a stop in its middle.
    let reader_options =
        common(file, options).pragma("query_only", "ON").row_buffer_size(LARGEST_PAGE as usize);
    let connect = async || {
        let mut reader = reader_options.connect().await?;
        has_read(&mut reader).await?;
        Ok(reader)
    };
    let common = connect().await.map_err(wrong)?;
    let mut others = Vec::new();
    for _ in 0..options.readers.max(1) {
        others.push(connect().await.map_err(wrong)?);
    }
    let readers = Readers::of(common, others);

    // One of these is always connected, so that SQLite keeps its files.
    let place = Place::of(file).map_err(|error| cannot_open(file, &error))?;
    let info = StoreInfo { file: file.to_owned(), schema: newest(), library, durable };
    Ok(Opened { info, writer, writer_options, readers, place })
}

/// A first look at a file: the connection, its library and what the file says of itself.
async fn look(options: &SqliteConnectOptions) -> sqlx::Result<(SqliteConnection, String, Header)> {
    let mut connection = options.connect().await?;
    let library = library(&mut connection).await?;
    let header = Header::of(&mut connection).await?;
    Ok((connection, library, header))
}

/// Whether the journal beside `file` takes it back to no pages at all: a first start was killed
/// while SQLite wrote the first page, and a connection that only looks may not roll that back.
/// Another journal is another program's, since ours is a write-ahead log from the first page on.
fn was_empty(file: &Path) -> bool {
    use std::io::Read as _;

    // Magic, count of records, nonce, pages before (https://sqlite.org/fileformat2.html#the_rollback_journal).
    let mut header = [0; 20];
    let read = std::fs::File::open(beside(file, "-journal"))
        .and_then(|mut journal| journal.read_exact(&mut header));
    read.is_ok() && header.ends_with(&[0; 4])
}

/// A connection that only looks, to a file that may be anybody's.
pub(super) fn read_only(file: &Path, options: &Options) -> SqliteConnectOptions {
    common(file, options).read_only(true)
}

/// How every connection of ours is made.
pub(super) fn common(file: &Path, options: &Options) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .foreign_keys(true)
        .busy_timeout(options.busy_timeout)
        // At `sqlx::query=trace` for who wants to see them; never by their duration, since most slow
        // statements only wait for another process's lock, which is told of elsewhere.
        .log_statements(LevelFilter::Trace)
        .log_slow_statements(LevelFilter::Off, Duration::MAX)
}

/// Makes the file if it is not there: empty, and no business of users outside the group.
fn create(file: &Path) -> Result<(), OpenError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    match options.open(file).and_then(|made| made.sync_all()) {
        // SQLite syncs the names of its own files, not that of a file it finds.
        Ok(()) => sync_directory_of(file).map_err(|error| cannot_open(file, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot_open(file, &error)),
    }
}

/// Tells the disk to keep the name of a file, which is not among what is told to be kept of the file.
fn sync_directory_of(file: &Path) -> std::io::Result<()> {
    file.parent()
        .filter(|directory| !directory.as_os_str().is_empty())
        .map_or(Ok(()), |directory| std::fs::File::open(directory)?.sync_all())
}

fn cannot_open(file: &Path, error: &std::io::Error) -> OpenError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return OpenError::Full(file.to_owned());
    }
    OpenError::CannotOpen { file: file.to_owned(), why: error.to_string() }
}

/// SQLite takes a file that is too short to be a database for an empty one, and would overwrite it.
pub(super) fn check_length(file: &Path) -> Result<(), OpenError> {
    const SHORTEST: u64 = 512;
    match std::fs::metadata(file) {
        Ok(found) if (1..SHORTEST).contains(&found.len()) => {
            Err(OpenError::NotADatabase(file.to_owned()))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_open(file, &error)),
    }
}

/// The version of the library that runs, which need not be the one that was compiled against.
async fn library(connection: &mut SqliteConnection) -> sqlx::Result<String> {
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await
}

/// Whether a library of this version may be used.
fn is_safe(version: &str) -> bool {
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let mut next = || numbers.next().and_then(Result::ok);
    match (next(), next()) {
        (Some(major), Some(minor)) => [major, minor, next().unwrap_or(0)] >= OLDEST_LIBRARY,
        _ => false,
    }
}

/// The number of the newest migration.
pub(super) fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// What the file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct Header {
    application_id: i64,
    user_version: i64,
    tables: i64,
}

impl Header {
    pub(super) async fn of(connection: &mut SqliteConnection) -> sqlx::Result<Self> {
        sqlx::query_as(
            "SELECT a.application_id, v.user_version,
                    (SELECT count(*) FROM sqlite_schema) AS tables
             FROM pragma_application_id AS a, pragma_user_version AS v",
        )
        .fetch_one(connection)
        .await
    }

    /// Nothing was ever written to it.
    fn is_fresh(self) -> bool {
        self.tables == 0 && self.application_id == 0
    }

    /// Whether there is a schema in it, and not only the beginning of a first start.
    pub(super) fn has_begun(self) -> bool {
        self.user_version > 0
    }

    /// Whether it is ours and not newer than we are.
    pub(super) fn check(self, file: &Path) -> Result<(), OpenError> {
        if self.is_fresh() {
            Ok(())
        } else if self.application_id != APPLICATION_ID {
            Err(OpenError::Foreign(file.to_owned()))
        } else if self.user_version > newest() {
            Err(OpenError::Newer {
                file: file.to_owned(),
                schema: self.user_version,
                known: newest(),
            })
        } else {
            Ok(())
        }
    }

    /// Whether it is ours and has the schema that we know, no older one.
    pub(super) fn check_complete(self, file: &Path) -> Result<(), OpenError> {
        self.check(file)?;
        if self.user_version == newest() {
            return Ok(());
        }
        Err(OpenError::Older { file: file.to_owned(), schema: self.user_version, known: newest() })
    }

    /// Whether it has something worth keeping and a schema older than ours. Version 0 is a first
    /// start that did not get to its end.
    fn is_older(self) -> bool {
        !self.is_fresh() && self.user_version > 0 && self.user_version < newest()
    }
}

/// Copies the whole database beside itself, as `evs.db.before-schema-N`. A half-finished copy has
/// another name.
async fn copy(
    connection: &mut SqliteConnection,
    file: &Path,
    header: &Header,
) -> Result<(), OpenError> {
    let target = beside(file, &format!(".before-schema-{}", newest()));
    // Migrations that ran before a crash are not what the copy is to be of: keep the earlier one.
    let applied: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| errors::of_opening(file, error))?;
    if applied != Some(header.user_version) && target.exists() {
        return Ok(());
    }
    let unfinished = beside(&target, ".unfinished");
    let failed = |error: std::io::Error| cannot_open(&target, &error);
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(failed)?;
    }
    create(&unfinished)?;
    sqlx::query("VACUUM INTO $1")
        .bind(unfinished.to_string_lossy())
        .execute(connection)
        .await
        .map_err(|error| errors::of_opening(&unfinished, error))?;
    std::fs::File::open(&unfinished).and_then(|copy| copy.sync_all()).map_err(failed)?;
    std::fs::rename(&unfinished, &target).map_err(failed)?;
    sync_directory_of(&target).map_err(failed)?;
    info!(
        schema.from = header.user_version,
        schema.to = newest(),
        "copied {} to {} before bringing its schema up to date",
        file.display(),
        target.display()
    );
    Ok(())
}

/// Applies what is missing, and writes into the header whose file it is and how new.
async fn migrate(
    connection: &mut SqliteConnection,
    file: &Path,
    header: &Header,
) -> Result<(), OpenError> {
    if header.user_version == newest() {
        return Ok(());
    }
    // First of all: a first start that breaks off leaves a file that the next one takes for ours.
    sqlx::raw_sql("PRAGMA application_id = 0x45565331")
        .execute(&mut *connection)
        .await
        .map_err(|error| errors::of_opening(file, error))?;
    objects::make_way(&mut *connection, header.user_version)
        .await
        .map_err(|error| errors::of_opening(file, error))?;
    MIGRATIONS.run(&mut *connection).await.map_err(|error| not_run(file, error))?;
    QueryBuilder::<Sqlite>::new("PRAGMA user_version = ")
        .push(newest())
        .build()
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| errors::of_opening(file, error))
}

/// What it is to somebody who wants to open `file` when a migration did not run.
fn not_run(file: &Path, error: MigrateError) -> OpenError {
    let why = error.to_string();
    if let MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) = error
        && (errors::is_full(&error) || errors::is_busy(&error))
    {
        return errors::of_opening(file, error);
    }
    OpenError::Migration { file: file.to_owned(), why }
}

/// What it is to somebody who wants to open `file` when what of the schema is code cannot be put into it.
fn not_migrated(file: &Path, error: sqlx::Error) -> OpenError {
    let why = errors::of_opening(file, error);
    if let OpenError::CannotOpen { file, why } = why {
        return OpenError::Migration { file, why };
    }
    why
}

/// Whether a commit is on disk when it returns, as the connection says itself.
async fn is_durable(connection: &mut SqliteConnection) -> sqlx::Result<bool> {
    let synchronous: i64 =
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *connection).await?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(connection).await?;
    Ok(synchronous >= 2 && journal == "wal")
}

/// Reads once. A connection that has read nothing does not hold the log: whoever closes the last one that
/// has takes the log away, even if that is another process while our writer connects anew.
async fn has_read(connection: &mut SqliteConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT count(*) FROM sqlite_schema").execute(connection).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_older_than_3_51_3_is_refused() {
        for version in ["3.51.3", "3.51.10", "3.52.0", "3.53", "4.0.0"] {
            assert!(is_safe(version), "{version}");
        }
        for version in ["3.51.2", "3.50.9", "3.9.99", "3.51", "2.99.99", "", "x.y.z"] {
            assert!(!is_safe(version), "{version}");
        }
    }

    #[test]
    fn only_an_empty_file_or_one_of_ours_that_is_not_newer_is_taken() {
        let file = Path::new("evs.db");
        let header =
            |application_id, user_version, tables| Header { application_id, user_version, tables };
        assert!(header(0, 0, 0).check(file).is_ok());
        assert!(header(APPLICATION_ID, 0, 0).check(file).is_ok(), "a first start broken off");
        assert!(header(APPLICATION_ID, newest(), 30).check(file).is_ok());
        assert!(matches!(header(0, 0, 1).check(file), Err(OpenError::Foreign(_))));
        assert!(matches!(header(7, 0, 0).check(file), Err(OpenError::Foreign(_))));
        let newer = header(APPLICATION_ID, newest() + 1, 30).check(file);
        assert!(matches!(newer, Err(OpenError::Newer { .. })));
        assert!(header(APPLICATION_ID, newest() - 1, 30).is_older());
        assert!(!header(APPLICATION_ID, newest(), 30).is_older());
        assert!(!header(APPLICATION_ID, 0, 3).is_older());
    }
}
