//! Domains, projects, users, roles and tokens in the store.

use async_trait::async_trait;

use super::Result;
use crate::domain::access::Role;
use crate::domain::account::{Domain, DomainNamedBy, NamedBy, Project, Session, TokenHash, User};
use crate::domain::clock::Time;
use crate::domain::ids::{ProjectId, UserId};

/// Questions about accounts.
#[async_trait]
pub trait AccountReads {
    /// What a token stands for, unless it has expired by `now` or its user or project is disabled;
    /// roles are those of this moment. One read.
    async fn session(&mut self, token: &TokenHash, now: Time) -> Result<Option<Session>>;

    /// The domain so named.
    async fn domain(&mut self, named: &DomainNamedBy) -> Result<Option<Domain>>;

    /// Every domain, by name.
    async fn domains(&mut self) -> Result<Vec<Domain>>;

    /// The user so named; a name without a domain is looked up in `default_domain` (an id).
    async fn user(&mut self, named: &NamedBy, default_domain: &str) -> Result<Option<User>>;

    /// The project so named; a name without a domain is looked up in `default_domain` (an id).
    async fn project(&mut self, named: &NamedBy, default_domain: &str) -> Result<Option<Project>>;

    /// The roles of a user in a project.
    async fn roles(&mut self, user: &UserId, project: &ProjectId) -> Result<Vec<Role>>;

    /// How many tokens have expired by `now`; beyond `most` nobody counts.
    async fn expired_tokens(&mut self, now: Time, most: u32) -> Result<u32>;

    /// Every user, by name: few, and asked for at start only.
    async fn users(&mut self) -> Result<Vec<User>>;
}

/// Changes of accounts.
pub trait AccountWrites {
    /// A new domain.
    fn insert_domain(&mut self, domain: &Domain);

    /// A new project.
    fn insert_project(&mut self, project: &Project);

    /// A new user.
    fn insert_user(&mut self, user: &User);

    /// Gives a user a role in a project.
    fn grant(&mut self, user: &UserId, project: &ProjectId, role: Role);

    /// A new token for `session`: its hash is kept, the roles are looked up anew at each use.
    fn insert_token(&mut self, token: &TokenHash, session: &Session);

    /// Removes a token that is there.
    fn delete_token(&mut self, token: &TokenHash);

    /// Removes tokens that have expired by `now`, the oldest first, at most so many.
    fn delete_expired_tokens(&mut self, now: Time, most: u32);
}
