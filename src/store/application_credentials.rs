//! Application credentials in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::application_credential::ApplicationCredential;
use crate::domain::ids::{ApplicationCredentialId, ProjectId, UserId};

/// Questions about application credentials.
#[async_trait]
pub trait ApplicationCredentialReads {
    /// The one with that id, expired or not.
    async fn application_credential(
        &mut self,
        id: &ApplicationCredentialId,
    ) -> Result<Option<ApplicationCredential>>;

    /// Those of a user, by name; of one name only, if one is given.
    async fn application_credentials(
        &mut self,
        user: &UserId,
        name: Option<&str>,
    ) -> Result<Vec<ApplicationCredential>>;
}

/// Changes of application credentials.
pub trait ApplicationCredentialWrites {
    /// A new one.
    fn insert_application_credential(&mut self, credential: &ApplicationCredential);

    /// Removes one, and with it its tokens.
    fn delete_application_credential(&mut self, id: &ApplicationCredentialId);

    /// Removes those of a user for a project, however many there are.
    fn delete_application_credentials_in(&mut self, user: &UserId, project: &ProjectId);
}
