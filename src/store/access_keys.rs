//! Access keys in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::access_key::{AccessKey, AccessSecret, Signer};
use crate::domain::ids::{AccessId, ProjectId, UserId};

/// Questions about access keys.
#[async_trait]
pub trait AccessKeyReads {
    /// Who an active key lets in, and with what roles in `project`, or in the key's own if none is
    /// asked for; none for a key that is inactive or not there.
    async fn signer(
        &mut self,
        access: &AccessId,
        project: Option<&ProjectId>,
    ) -> Result<Option<Signer>>;

    /// One key.
    async fn access_key(&mut self, access: &AccessId) -> Result<Option<AccessKey>>;

    /// A user's keys, or everybody's, the oldest first.
    async fn access_keys(&mut self, of: Option<&UserId>) -> Result<Vec<AccessKey>>;

    /// The project that a user's new key is for unless told otherwise: the one of the user's own
    /// name, or the first by name, in which the user has a role.
    async fn usual_project(&mut self, user: &UserId) -> Result<Option<ProjectId>>;
}

/// Changes of access keys.
pub trait AccessKeyWrites {
    /// A new key.
    fn insert_access_key(&mut self, key: &AccessKey, secret: &AccessSecret);

    /// Sets the key's status and description.
    fn update_access_key(&mut self, key: &AccessKey);

    /// Removes the key for good.
    fn delete_access_key(&mut self, access: &AccessId);
}
