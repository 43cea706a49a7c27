//! The one node that everything lies on: its backends, and how full they are.

use super::{App, Result};
use crate::domain::ids::ProjectId;
use crate::domain::quota::TypeUsage;

impl App {
    /// The names of all disk types in their own order: each is a backend.
    pub async fn disk_type_names(&self) -> Result<Vec<String>> {
        Ok(self.read().await?.disk_type_ids().await?.into_keys().collect())
    }

    /// What each project has of each disk type, as far as it has any, in the order of the projects.
    pub async fn usage_of_all(&self) -> Result<Vec<(ProjectId, String, TypeUsage)>> {
        Ok(self.read().await?.usage_of_all().await?)
    }
}
