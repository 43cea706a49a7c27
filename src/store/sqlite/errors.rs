//! What SQLite says, in the store's words. Codes and names of constraints go through; bound values
//! and the file's path never do.

use std::path::Path;

use sqlx::Error;

use super::{OpenError, beside, holder};
use crate::store::{Constraint, StoreError};

const BUSY: i32 = 5;
const READONLY: i32 = 8;
const FULL: i32 = 13;
const CANTOPEN: i32 = 14;
const CONSTRAINT: i32 = 19;
const NOTADB: i32 = 26;
/// The shared-memory file could not grow, for want of room.
const IOERR_SHMSIZE: i32 = 4874;
/// What the guard says that stands before the foreign key of snapshots.
const HAS_SNAPSHOTS: &str = "evs: this disk has snapshots and is not deleted";
/// A transaction was cut, and this connection may not undo it.
const READONLY_ROLLBACK: i32 = 776;

/// The extended result code of an error, if SQLite gave one.
fn code(error: &Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The result code without its extension: what kind of error it is.
fn primary(code: i32) -> i32 {
    code & 0xff
}

/// Whether another connection stood in the way.
pub(super) fn is_busy(error: &Error) -> bool {
    code(error).map(primary) == Some(BUSY)
}

/// Whether there was no room.
pub(super) fn is_full(error: &Error) -> bool {
    code(error).is_some_and(|code| primary(code) == FULL || code == IOERR_SHMSIZE)
}

/// Whether the connection may not write.
pub(super) fn is_read_only(error: &Error) -> bool {
    code(error).map(primary) == Some(READONLY)
}

/// Whether the file, or what belongs beside it, may not be opened or written.
pub(super) fn is_denied(error: &Error) -> bool {
    is_read_only(error) || code(error).map(primary) == Some(CANTOPEN)
}

/// Whether a cut transaction must be undone first, by a connection that may write.
pub(super) fn needs_rollback(error: &Error) -> bool {
    code(error) == Some(READONLY_ROLLBACK)
}

/// What an error of a statement is to the store. Who holds a lock is not known here.
pub(super) fn of_statement(error: Error) -> StoreError {
    if is_busy(&error) {
        return StoreError::Busy(None);
    }
    if is_full(&error) {
        return StoreError::Full;
    }
    if let Some(constraint) = broken_constraint(&error) {
        return StoreError::Conflict(constraint);
    }
    StoreError::Database(text(error))
}

/// What an error of a whole transaction is to the units in it: which of them broke a constraint
/// cannot be told, so it is nobody's conflict.
pub(super) fn of_transaction(error: Error) -> StoreError {
    if is_full(&error) { StoreError::Full } else { StoreError::Lost(text(error)) }
}

/// What an error is to somebody who wants to open `file`.
pub(super) fn of_opening(file: &Path, error: Error) -> OpenError {
    if is_busy(&error) {
        return OpenError::Locked { file: file.to_owned(), who: holder::who(file) };
    }
    if is_full(&error) {
        return OpenError::Full(file.to_owned());
    }
    if needs_rollback(&error) {
        return OpenError::Unfinished(file.to_owned());
    }
    if code(&error).map(primary) == Some(NOTADB) {
        return OpenError::NotADatabase(file.to_owned());
    }
    if is_denied(&error)
        && let Some(sidecar) = ["-wal", "-shm"].into_iter().find_map(|suffix| {
            let sidecar = beside(file, suffix);
            may_not_be_opened(&sidecar).then_some(sidecar)
        })
    {
        return OpenError::Sidecar(sidecar);
    }
    OpenError::CannotOpen { file: file.to_owned(), why: text(error) }
}

fn may_not_be_opened(file: &Path) -> bool {
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(file)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}

fn broken_constraint(error: &Error) -> Option<Constraint> {
    let code = code(error)?;
    let message = error.as_database_error()?.message();
    // Only the message tells: ON DELETE RESTRICT has the code of a trigger (1811, not 787), and of
    // a broken UNIQUE SQLite names the columns, not the constraint.
    if primary(code) != CONSTRAINT {
        None
    } else if message == "FOREIGN KEY constraint failed" || message.starts_with(HAS_SNAPSHOTS) {
        Some(Constraint::Reference)
    } else if message == "UNIQUE constraint failed: transfers.disk_id" {
        Some(Constraint::OnePendingTransfer)
    } else if message == "UNIQUE constraint failed: policy_disks.disk_id" {
        Some(Constraint::OnePolicyPerDisk)
    } else {
        None
    }
}

/// A text for the log. Of an error that is not SQLite's own only the kind is said, since the rest
/// may quote a value.
#[expect(clippy::wildcard_enum_match_arm, reason = "sqlx::Error is open-ended")]
pub(super) fn text(error: Error) -> String {
    match error {
        Error::Database(error) => error.to_string(),
        Error::Io(error) => error.kind().to_string(),
        Error::ColumnNotFound(column) => format!("there is no column {column}"),
        Error::ColumnDecode { index, .. } => format!("column {index} cannot be read"),
        Error::RowNotFound => "there is no row".to_owned(),
        Error::PoolTimedOut => "no reader became free in time".to_owned(),
        Error::PoolClosed => "the readers are closed".to_owned(),
        Error::WorkerCrashed => "the connection's thread is gone".to_owned(),
        _ => "the driver failed".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use sqlx::{ConnectOptions as _, SqliteConnection};

    use super::*;

    async fn connection() -> SqliteConnection {
        let mut connection = sqlx::sqlite::SqliteConnectOptions::new().connect().await.unwrap();
        run(
            &mut connection,
            "CREATE TABLE disks (id TEXT PRIMARY KEY);
             CREATE TABLE transfers (
                 disk_id TEXT, name TEXT, CONSTRAINT named CHECK (name <> 'bad'));
             CREATE UNIQUE INDEX one ON transfers (disk_id) WHERE disk_id <> '';
             CREATE TABLE policy_disks (
                 disk_id TEXT PRIMARY KEY REFERENCES disks ON DELETE RESTRICT);
             INSERT INTO disks VALUES ('a');
             INSERT INTO transfers VALUES ('a', 'x');
             INSERT INTO policy_disks VALUES ('a')",
        )
        .await
        .unwrap();
        connection
    }

    async fn run(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(sql).execute(connection).await.map(|_| ())
    }

    async fn refused(sql: &'static str) -> StoreError {
        of_statement(run(&mut connection().await, sql).await.unwrap_err())
    }

    #[tokio::test]
    async fn the_constraints_that_a_race_may_break_are_told_apart() {
        let cases = [
            ("INSERT INTO transfers VALUES ('a', 'y')", Constraint::OnePendingTransfer),
            ("INSERT INTO policy_disks VALUES ('a')", Constraint::OnePolicyPerDisk),
            ("INSERT INTO policy_disks VALUES ('b')", Constraint::Reference),
            ("DELETE FROM disks", Constraint::Reference),
        ];
        for (sql, expected) in cases {
            let refused = refused(sql).await;
            assert!(matches!(refused, StoreError::Conflict(is) if is == expected), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn any_other_constraint_is_our_bug_and_named_without_the_value() {
        let refused = refused("INSERT INTO transfers VALUES ('b', 'bad')").await;
        let StoreError::Database(text) = refused else { panic!("{refused:?}") };
        assert_eq!(text, "(code: 275) CHECK constraint failed: named");
    }

    #[tokio::test]
    async fn no_room_is_told_of_a_statement_and_of_a_transaction() {
        let mut connection = connection().await;
        run(&mut connection, "PRAGMA max_page_count = 1").await.unwrap();
        let sql = "INSERT INTO transfers VALUES ('', hex(zeroblob(100000)))";
        let error = run(&mut connection, sql).await.unwrap_err();
        assert!(matches!(of_statement(error), StoreError::Full));
        let error = run(&mut connection, sql).await.unwrap_err();
        assert!(matches!(of_transaction(error), StoreError::Full));
    }

    #[tokio::test]
    async fn a_constraint_that_a_whole_transaction_broke_is_nobodys_conflict() {
        let error = run(&mut connection().await, "DELETE FROM disks").await.unwrap_err();
        assert!(matches!(of_transaction(error), StoreError::Lost(_)));
    }

    #[test]
    fn an_error_that_may_quote_a_value_is_told_by_its_kind() {
        let source = "the value secret".into();
        let text = text(Error::ColumnDecode { index: "2".to_owned(), source });
        assert_eq!(text, "column 2 cannot be read");
        assert_eq!(super::text(Error::Protocol("secret".to_owned())), "the driver failed");
    }
}
