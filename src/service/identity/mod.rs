//! The identity service: who asks it, why it refuses, and the accounts of the first start.

pub mod application_credentials;
pub mod projects;
pub mod role_assignments;
pub mod tokens;
pub mod users;

use thiserror::Error;
use tracing::info;

use super::access_keys::{insert_key, random_pair};
use super::{App, FirstThings, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::access_key::AccessSecret;
use crate::domain::account::{Domain, DomainNamedBy, Project, Session, TokenScope, User};
use crate::domain::event::{Event, State};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{AccessId, ProjectId, RequestId, UserId, derived};
use crate::domain::transfer::KeyHash;
use crate::store::WriteTx;

/// The id of the one domain.
pub const DOMAIN_ID: &str = "default";

/// The password that everybody knows.
pub const DEFAULT_PASSWORD: &str = "secret";

/// An account that the first start makes: a project, a user and an access key of this name.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    /// The name of both.
    pub name: String,
    /// The user's role in the project.
    pub role: Role,
}

/// Who asks the identity service, in which request.
#[derive(Debug, Clone)]
pub struct Asker {
    /// What the asker's token stands for.
    pub session: Session,
    /// The request.
    pub request: RequestId,
}

impl Asker {
    /// Refuses what the asker may not do; `owner` is the user whom it is about.
    pub fn must(&self, action: IdentityAction, owner: Option<&UserId>) -> Result<()> {
        if action.is_open_to(&self.session, owner) {
            Ok(())
        } else {
            Err(IdentityError::NotAuthorized(action).into())
        }
    }

    /// The asker as the events name it; in place of a project stands what the token acts on.
    pub fn caller(&self) -> Caller {
        let project = match &self.session.scope {
            TokenScope::Project(project) => project.id.clone(),
            TokenScope::Domain(domain) => ProjectId::new(domain.id.as_str()),
            TokenScope::System => ProjectId::new("system"),
            TokenScope::Unscoped => ProjectId::new("unscoped"),
        };
        Caller {
            user: self.session.user.id.clone(),
            project,
            role: self.session.roles.iter().copied().max().unwrap_or(Role::Reader),
            request: self.request.clone(),
        }
    }
}

/// A kind of thing that the identity service keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A project.
    Project,
    /// A user.
    User,
    /// A domain.
    Domain,
    /// A role.
    Role,
    /// A region.
    Region,
    /// A service of the catalogue.
    Service,
    /// An endpoint of the catalogue.
    Endpoint,
    /// An application credential.
    ApplicationCredential,
}

impl Kind {
    /// Its name in Keystone's sentences.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
            Self::Domain => "domain",
            Self::Role => "role",
            Self::Region => "region",
            Self::Service => "service",
            Self::Endpoint => "endpoint",
            Self::ApplicationCredential => "Application Credential",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the identity service refuses; the texts are Keystone's.
#[derive(Debug, Clone, Error)]
pub enum IdentityError {
    /// There is no such thing.
    #[error("Could not find {0}: {1}.")]
    NotFound(Kind, String),
    /// There is no such token, and what was sent is not repeated.
    #[error("Could not find token.")]
    NoToken,
    /// The user does not have the role there.
    #[error(
        "Could not find role assignment with role: {role}, user or group: {user}, project, domain, \
         or system: {place}."
    )]
    NoAssignment {
        /// The role's id.
        role: String,
        /// The user's id.
        user: String,
        /// The project's or domain's id.
        place: String,
    },
    /// The asker may not.
    #[error("You are not authorized to perform the requested action: {}.", .0.rule())]
    NotAuthorized(IdentityAction),
    /// A token of a restricted application credential may not make or delete any.
    #[error(
        "You are not authorized to perform the requested action: Using method \
         'application_credential' is not allowed for managing additional application credentials."
    )]
    Restricted,
    /// The name is taken.
    #[error(
        "Conflict occurred attempting to store {kind} - Duplicate entry found with name {name} at \
         domain ID {domain}."
    )]
    NameTaken {
        /// `project` or `user`.
        kind: &'static str,
        /// The name.
        name: String,
        /// The domain's id.
        domain: String,
    },
    /// The user has an application credential of that name.
    #[error(
        "Conflict occurred attempting to store application_credential - Duplicate entry found with \
         name {0}."
    )]
    CredentialNameTaken(String),
    /// An application credential gives no role that its user does not have.
    #[error(
        "Invalid application credential: Could not find role assignment with role: {0}, user \
             or group: {1}, project, domain, or system: {2}."
    )]
    RoleNotHeld(String, String, String),
    /// An application credential needs a token that acts on a project.
    #[error("Invalid application credential: the token must be scoped to a project.")]
    NotScopedToProject,
    /// An application credential does not begin as expired.
    #[error("Invalid application credential: expires_at must be in the future.")]
    AlreadyExpired,
    /// A domain cannot be changed once it is given.
    #[error("Cannot change Domain ID.")]
    DomainFixed,
    /// The original password is wrong.
    #[error("The original password is wrong.")]
    WrongPassword,
}

/// A refusal because it is not there.
fn not_found(kind: Kind, id: &str) -> ServiceError {
    IdentityError::NotFound(kind, id.to_owned()).into()
}

impl App {
    /// Every domain.
    pub async fn domains(&self) -> Result<Vec<Domain>> {
        Ok(self.read().await?.domains().await?)
    }

    /// The domain of that id.
    pub async fn domain(&self, id: &str) -> Result<Domain> {
        let named = DomainNamedBy::Id(id.to_owned());
        let found = self.read().await?.domain(&named).await?;
        found.ok_or_else(|| not_found(Kind::Domain, id))
    }

    /// Makes the domain, the projects, the users and their access keys in a data file that has none;
    /// says whether it did. Ids are derived from their names.
    pub async fn make_first_accounts(&self) -> Result<bool> {
        let FirstThings { domain, accounts, password, .. } = &self.rules.first;
        if !self.read().await?.users().await?.is_empty() {
            return Ok(false);
        }
        let domain = Domain { id: DOMAIN_ID.to_owned(), name: domain.clone() };
        let mut credentials = Vec::with_capacity(accounts.len());
        for _ in accounts {
            let hash = self.hasher.hash_password(password.clone()).await?;
            credentials.push((hash, random_pair()?));
        }
        let mut unit = self.write().await?;
        unit.insert_domain(&domain);
        for (account, credentials) in accounts.iter().zip(credentials) {
            self.make_account(&mut *unit, &domain, account, credentials);
        }
        settle(unit, Ok(())).await?;
        info!(accounts.count = accounts.len(), "made the first accounts");
        Ok(true)
    }

    fn make_account(
        &self,
        unit: &mut dyn WriteTx,
        domain: &Domain,
        account: &FirstAccount,
        (password, pair): (KeyHash, (AccessId, AccessSecret)),
    ) {
        let project = Project {
            id: ProjectId::new(derived("project", &account.name)),
            name: account.name.clone(),
            domain: domain.clone(),
        };
        let user = User {
            id: UserId::new(derived("user", &account.name)),
            name: account.name.clone(),
            domain: domain.clone(),
            password,
        };
        unit.insert_project(&project);
        unit.insert_user(&user);
        unit.grant(&user.id, &project.id, account.role);
        let starter = Caller {
            user: user.id.clone(),
            project: project.id.clone(),
            role: account.role,
            request: RequestId::new("start"),
        };
        let state = State {
            project_id: project.id.to_string(),
            name: Some(account.name.clone()),
            ..State::default()
        };
        unit.record(&Event::of(
            &starter,
            self.now(),
            "account.create",
            &user.id,
            None,
            Some(state),
        ));
        let holder = (user.id, project.id);
        let description = "made at the first start".to_owned();
        insert_key(unit, &starter, self.now(), holder, description, pair);
    }

    /// Whether some user's password is the one that everybody knows; none while there are no users.
    pub async fn default_password_in_use(&self) -> Result<Option<bool>> {
        let users = self.read().await?.users().await?;
        let mut in_use = (!users.is_empty()).then_some(false);
        for user in users {
            if self.hasher.verify_password(DEFAULT_PASSWORD.into(), user.password).await? {
                in_use = Some(true);
            }
        }
        Ok(in_use)
    }
}
