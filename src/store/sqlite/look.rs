//! A connection that only looks at a data file, whether a server runs or not, and whoever may write beside it.

use std::path::Path;

use sqlx::{ConnectOptions as _, SqliteConnection};

use super::open::{Header, read_only};
use super::{OpenError, Options, beside, errors, open};

/// Opens `file` for questions, and says whose it is.
///
/// A file in WAL mode needs others beside it, which a member of the group may not make: a running server has made
/// them. Where none runs, what is in the main file is all there is, and it is read as it stands.
pub(super) async fn open(file: &Path) -> Result<(SqliteConnection, Header), OpenError> {
    open::check_length(file)?;
    let opened = match connect(file, false).await {
        Err(why) if is_at_rest(file) && errors::is_denied(&why) => connect(file, true).await,
        opened => opened,
    };
    opened.map_err(|error| errors::of_opening(file, error))
}

async fn connect(file: &Path, as_it_stands: bool) -> sqlx::Result<(SqliteConnection, Header)> {
    let options = read_only(file, &Options::default()).pragma("query_only", "ON");
    let mut connection = options.immutable(as_it_stands).connect().await?;
    let header = Header::of(&mut connection).await?;
    Ok((connection, header))
}

/// Nobody has it open, and nothing waits to be moved into it.
fn is_at_rest(file: &Path) -> bool {
    !beside(file, "-wal").exists() && !beside(file, "-journal").exists()
}
