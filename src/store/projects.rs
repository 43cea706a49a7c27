//! Projects with all that is known of them.

use async_trait::async_trait;

use super::Result;
use crate::domain::account::{ProjectFilter, ProjectProfile};
use crate::domain::ids::ProjectId;

/// Questions about projects.
#[async_trait]
pub trait ProjectReads {
    /// The project with that id.
    async fn project_profile(&mut self, id: &ProjectId) -> Result<Option<ProjectProfile>>;

    /// One page of projects, by name and id.
    async fn list_projects(&mut self, filter: &ProjectFilter) -> Result<Vec<ProjectProfile>>;
}

/// Changes of projects; a new one is inserted as an account's.
pub trait ProjectWrites {
    /// Sets everything but id and domain of a project that is there.
    fn update_project(&mut self, profile: &ProjectProfile);

    /// Removes a project, and with it its tokens, roles and application credentials. What it owns
    /// stays.
    fn delete_project(&mut self, id: &ProjectId);
}
