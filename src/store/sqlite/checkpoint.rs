//! Moving the log into the main file.

use std::time::Duration;

use sqlx::{QueryBuilder, SqliteConnection};

use super::errors;

/// Moves the log into the main file and empties it without waiting for anybody; `busy_timeout`
/// counts again afterwards. Says whether all of it could be moved.
pub(super) async fn checkpoint(
    connection: &mut SqliteConnection,
    busy_timeout: Duration,
) -> Result<bool, sqlx::Error> {
    sqlx::raw_sql("PRAGMA busy_timeout = 0").execute(&mut *connection).await?;
    let done = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *connection)
        .await;
    QueryBuilder::<sqlx::Sqlite>::new("PRAGMA busy_timeout = ")
        .push(busy_timeout.as_millis())
        .build()
        .execute(connection)
        .await?;
    match done {
        Ok(busy) => Ok(busy == 0),
        Err(error) if errors::is_busy(&error) => Ok(false),
        Err(error) => Err(error),
    }
}
