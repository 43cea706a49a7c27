//! The beginning of a data file in SQLite.

use async_trait::async_trait;

use super::errors;
use super::unit::AsConnection;
use crate::store::{Result, ScenarioReads};

#[async_trait]
impl<T: AsConnection> ScenarioReads for T {
    async fn has_begun(&mut self) -> Result<bool> {
        // Read in the order of the events, so that the first one beyond the start ends it.
        let (begun,) = sqlx::query_as::<_, (bool,)>(
            "SELECT EXISTS (SELECT 1 FROM events WHERE request_id <> 'start')",
        )
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(begun)
    }
}
