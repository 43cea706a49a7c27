//! What a first start has to know before it applies a scenario.

use async_trait::async_trait;

use super::Result;

/// Questions about the beginning of a data file.
#[async_trait]
pub trait ScenarioReads {
    /// Whether anything was written down since the first start made its accounts and types.
    async fn has_begun(&mut self) -> Result<bool>;
}
