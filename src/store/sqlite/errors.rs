//! What SQLite says, in the store's words. Codes and names of constraints go through; bound values
//! and the file's path never do.

use sqlx::Error;

use crate::store::{Constraint, StoreError};

const BUSY: i32 = 5;
const FULL: i32 = 13;
const CONSTRAINT: i32 = 19;
/// The shared-memory file could not grow, for want of room.
const IOERR_SHMSIZE: i32 = 4874;
const CONSTRAINT_FOREIGNKEY: i32 = 787;

/// The extended result code of an error, if SQLite gave one.
pub(super) fn code(error: &Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The result code without its extension: what kind of error it is.
pub(super) fn primary(code: i32) -> i32 {
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

fn broken_constraint(error: &Error) -> Option<Constraint> {
    let code = code(error)?;
    let message = error.as_database_error()?.message();
    if code == CONSTRAINT_FOREIGNKEY {
        return Some(Constraint::Reference);
    }
    // SQLite names the columns of a broken UNIQUE, not the constraint.
    if primary(code) != CONSTRAINT {
        None
    } else if message.ends_with("UNIQUE constraint failed: transfers.disk_id") {
        Some(Constraint::OnePendingTransfer)
    } else if message.ends_with("UNIQUE constraint failed: policy_disks.disk_id") {
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
