//! What an error says to somebody who wants to open a data file.

use std::path::Path;

use super::open::OpenError;
use super::{beside, errors, holder};

/// What an error is to somebody who wants to open `file`.
pub(super) fn refused(file: &Path, error: sqlx::Error) -> OpenError {
    const READONLY: i32 = 8;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    let code = errors::code(&error).map(errors::primary);
    if errors::is_busy(&error) {
        return OpenError::Locked { file: file.to_owned(), who: holder::who(file) };
    }
    if errors::is_full(&error) {
        return OpenError::Full(file.to_owned());
    }
    if errors::needs_rollback(&error) {
        return OpenError::Unfinished(file.to_owned());
    }
    if code == Some(NOTADB) {
        return OpenError::NotADatabase(file.to_owned());
    }
    if matches!(code, Some(READONLY | CANTOPEN))
        && let Some(sidecar) = ["-wal", "-shm"].into_iter().find_map(|suffix| {
            let sidecar = beside(file, suffix);
            is_denied(&sidecar).then_some(sidecar)
        })
    {
        return OpenError::Sidecar(sidecar);
    }
    OpenError::CannotOpen { file: file.to_owned(), why: errors::text(error) }
}

fn is_denied(file: &Path) -> bool {
    std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(file)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
}
