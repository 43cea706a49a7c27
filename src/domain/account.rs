//! Users, projects and tokens, as far as the service keeps its own identity.

use std::fmt;

use super::access::Role;
use super::clock::Time;
use super::ids::{ProjectId, UserId};
use super::transfer::KeyHash;

/// A domain: the name space of users and projects. There is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// Its id; `default` for the one that the first start makes.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// A project: who owns things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its name, unique in its domain.
    pub name: String,
    /// Its domain.
    pub domain: Domain,
}

/// A user: who does things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its id.
    pub id: UserId,
    /// Its name, unique in its domain.
    pub name: String,
    /// Its domain.
    pub domain: Domain,
    /// The argon2id PHC string of the password.
    pub password: KeyHash,
}

/// How a user or project is named in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedBy {
    /// By its id.
    Id(String),
    /// By its name within a domain.
    Name {
        /// The name.
        name: String,
        /// The domain, by id or by name; none means that of the user.
        domain: Option<DomainNamedBy>,
    },
}

/// How a domain is named in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainNamedBy {
    /// By its id.
    Id(String),
    /// By its name.
    Name(String),
}

/// SHA-256 of a token, 64 lower-case hexadecimal digits: all that is ever stored of one.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenHash(pub String);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}

/// What a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who logged in.
    pub user: User,
    /// The project it acts on; none for an unscoped token.
    pub project: Option<Project>,
    /// What the user may do in that project; empty for an unscoped token.
    pub roles: Vec<Role>,
    /// How the user logged in: `password`, `token`.
    pub methods: Vec<String>,
    /// 22 characters that name the token in audits without giving it away.
    pub audit_id: String,
    /// From when it counts.
    pub issued_at: Time,
    /// From when it counts no more.
    pub expires_at: Time,
}
