//! Application credentials: secrets of a user that open one project with some of the user's roles.

use super::access::Role;
use super::clock::Time;
use super::ids::{ApplicationCredentialId, ProjectId, UserId};
use super::transfer::KeyHash;

/// An application credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationCredential {
    /// Its id.
    pub id: ApplicationCredentialId,
    /// Its name, unique among its user's.
    pub name: String,
    /// What people say of it.
    pub description: Option<String>,
    /// Whose it is.
    pub user: UserId,
    /// The project that it opens.
    pub project: ProjectId,
    /// The roles that it gives there: some of the user's.
    pub roles: Vec<Role>,
    /// The argon2id PHC string of its secret.
    pub secret: KeyHash,
    /// Whether its tokens may make and delete application credentials.
    pub unrestricted: bool,
    /// When it was made.
    pub created_at: Time,
    /// From when it counts no more; none: never.
    pub expires_at: Option<Time>,
}
