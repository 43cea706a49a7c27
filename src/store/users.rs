//! Users with all that is known of them.

use async_trait::async_trait;

use super::Result;
use crate::domain::account::{UserFilter, UserProfile};
use crate::domain::ids::UserId;

/// Questions about users.
#[async_trait]
pub trait UserReads {
    /// The user with that id.
    async fn user_profile(&mut self, id: &UserId) -> Result<Option<UserProfile>>;

    /// One page of users, by name and id.
    async fn list_users(&mut self, filter: &UserFilter) -> Result<Vec<UserProfile>>;
}

/// Changes of users; a new one is inserted as an account's.
pub trait UserWrites {
    /// Sets everything but id and domain of a user that is there.
    fn update_user(&mut self, profile: &UserProfile);

    /// Removes a user, and with it its tokens, roles and application credentials.
    fn delete_user(&mut self, id: &UserId);

    /// Removes every token of a user, however many there are.
    fn delete_tokens_of_user(&mut self, id: &UserId);
}
