//! Users, projects and tokens, as far as the service keeps its own identity.

use std::fmt;

use super::access::Role;
use super::clock::Time;
use super::ids::{ApplicationCredentialId, ProjectId, UserId};
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

/// On what a token acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenScope {
    /// On nothing: it names its user, and is good for getting another token.
    Unscoped,
    /// On a project.
    Project(Project),
    /// On a domain.
    Domain(Domain),
    /// On the whole system.
    System,
}

/// The application credential that a token was issued for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedFor {
    /// Its id.
    pub id: ApplicationCredentialId,
    /// Its name.
    pub name: String,
    /// Whether the token may make and delete application credentials.
    pub unrestricted: bool,
}

/// What a valid token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who logged in.
    pub user: User,
    /// What the token acts on.
    pub scope: TokenScope,
    /// What the user may do there; empty for an unscoped token.
    pub roles: Vec<Role>,
    /// How the user logged in: `password`, `token`, `application_credential`.
    pub methods: Vec<String>,
    /// 22 characters that name the token in audits without giving it away.
    pub audit_id: String,
    /// From when it counts.
    pub issued_at: Time,
    /// From when it counts no more.
    pub expires_at: Time,
    /// The application credential that it was issued for, if it was.
    pub credential: Option<IssuedFor>,
}

impl Session {
    /// The project that the token acts on, if it is one.
    pub fn project(&self) -> Option<&Project> {
        match &self.scope {
            TokenScope::Project(project) => Some(project),
            TokenScope::Unscoped | TokenScope::Domain(_) | TokenScope::System => None,
        }
    }

    /// Whether the token makes an admin of its bearer, wherever that is: Keystone's `admin_required`.
    pub fn is_admin(&self) -> bool {
        self.roles.contains(&Role::Admin)
    }
}

/// All that is known of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectProfile {
    /// The project.
    pub project: Project,
    /// What people say of it; may be empty.
    pub description: String,
    /// Whether it counts.
    pub enabled: bool,
}

/// All that is known of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserProfile {
    /// The user.
    pub user: User,
    /// What people say of it.
    pub description: Option<String>,
    /// Where to write to.
    pub email: Option<String>,
    /// Whether it counts.
    pub enabled: bool,
    /// The project that a login without a scope acts on.
    pub default_project: Option<ProjectId>,
}

/// Which projects to list; what is none restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectFilter {
    /// Of this name.
    pub name: Option<String>,
    /// In the domain of this id.
    pub domain: Option<String>,
    /// Enabled or not.
    pub enabled: Option<bool>,
    /// In which this user has a role.
    pub member: Option<UserId>,
    /// After this one.
    pub marker: Option<ProjectId>,
    /// At most so many.
    pub limit: u32,
}

/// Which users to list; what is none restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserFilter {
    /// Of this name.
    pub name: Option<String>,
    /// In the domain of this id.
    pub domain: Option<String>,
    /// Enabled or not.
    pub enabled: Option<bool>,
    /// After this one.
    pub marker: Option<UserId>,
    /// At most so many.
    pub limit: u32,
}
