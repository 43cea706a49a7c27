//! Logging in, what a token stands for, and the accounts of the first start.

use chrono::SubsecRound;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tracing::info;

use super::access_keys::{insert_key, random_pair};
use super::hasher::random_bytes;
use super::{App, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::access_key::AccessSecret;
use crate::domain::account::{Domain, NamedBy, Project, Session, TokenHash, User};
use crate::domain::clock::Time;
use crate::domain::event::{Event, State};
use crate::domain::ids::{AccessId, ProjectId, RequestId, UserId, derived};
use crate::domain::transfer::{AuthKey, KeyHash};
use crate::store::WriteTx;

/// The id of the one domain.
pub const DOMAIN_ID: &str = "default";

/// The password that everybody knows.
pub const DEFAULT_PASSWORD: &str = "secret";

/// How somebody proves who they are.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By a name and a password.
    Password {
        /// Who.
        user: NamedBy,
        /// The password.
        password: SecretString,
    },
    /// By a token that still counts.
    Token(SecretString),
}

/// On what a token shall act.
#[derive(Debug, Clone)]
pub enum Scope {
    /// On nothing.
    Unscoped,
    /// On a project.
    Project(NamedBy),
    /// On a domain or the whole system: nobody has a role there.
    Elsewhere,
}

/// A new token, and the only sight of it.
#[derive(Debug)]
pub struct Issued {
    /// The token's text.
    pub token: SecretString,
    /// What it stands for.
    pub session: Session,
}

/// An account that the first start makes: a project, a user and an access key of this name.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    /// The name of both.
    pub name: String,
    /// The user's role in the project.
    pub role: Role,
}

impl App {
    /// Issues a token. Whatever is wrong, the answer is the same, and an unknown user costs the
    /// time of a wrong password.
    pub async fn authenticate(&self, proof: Proof, scope: Scope) -> Result<Issued> {
        let (user, methods, not_after) = self.prove(proof).await?;
        let (project, roles) = self.scope(&user, scope).await?;
        let now = self.now().trunc_subsecs(6);
        let expires_at = now + self.rules.token_lifetime;
        let token = SecretString::from(hex(&random_bytes::<32>()?));
        let session = Session {
            user,
            project,
            roles,
            methods,
            audit_id: hex(&random_bytes::<11>()?),
            issued_at: now,
            expires_at: not_after.map_or(expires_at, |limit| expires_at.min(limit)),
        };
        let mut unit = self.write().await?;
        unit.insert_token(&hash_of(&token), &session);
        settle(unit, Ok(())).await?;
        info!(user.id = %session.user.id, "issued a token to user {}", session.user.name);
        Ok(Issued { token, session })
    }

    async fn prove(&self, proof: Proof) -> Result<(User, Vec<String>, Option<Time>)> {
        match proof {
            Proof::Password { user, password } => {
                let found = self.read().await?.user(&user, DOMAIN_ID).await?;
                let password = AuthKey::presented(password.expose_secret().to_owned());
                let Some(found) = found else {
                    self.hasher.hash_password(password).await?;
                    return Err(ServiceError::Unauthenticated);
                };
                if self.hasher.verify(password, found.password.clone()).await? {
                    Ok((found, vec!["password".to_owned()], None))
                } else {
                    Err(ServiceError::Unauthenticated)
                }
            }
            Proof::Token(token) => {
                let session = self.session(&token).await?;
                let mut methods = session.methods;
                if !methods.iter().any(|method| method == "token") {
                    methods.push("token".to_owned());
                }
                Ok((session.user, methods, Some(session.expires_at)))
            }
        }
    }

    async fn scope(&self, user: &User, scope: Scope) -> Result<(Option<Project>, Vec<Role>)> {
        let named = match scope {
            Scope::Unscoped => return Ok((None, Vec::new())),
            Scope::Elsewhere => return Err(ServiceError::Unauthenticated),
            Scope::Project(named) => named,
        };
        let mut view = self.read().await?;
        let project =
            view.project(&named, &user.domain.id).await?.ok_or(ServiceError::Unauthenticated)?;
        let roles = view.roles(&user.id, &project.id).await?;
        if roles.is_empty() {
            return Err(ServiceError::Unauthenticated);
        }
        Ok((Some(project), roles))
    }

    /// What a token stands for, if it counts now.
    pub async fn session(&self, token: &SecretString) -> Result<Session> {
        let found = self.read().await?.session(&hash_of(token), self.now()).await?;
        found.ok_or(ServiceError::Unauthenticated)
    }

    /// Makes the domain, the projects, the users and their access keys in a data file that has none; says whether it
    /// did. Their ids are derived from their names.
    pub async fn make_first_accounts(
        &self,
        domain: &str,
        accounts: &[FirstAccount],
        password: &SecretString,
    ) -> Result<bool> {
        if !self.read().await?.users().await?.is_empty() {
            return Ok(false);
        }
        let domain = Domain { id: DOMAIN_ID.to_owned(), name: domain.to_owned() };
        let mut credentials = Vec::with_capacity(accounts.len());
        for _ in accounts {
            let password = AuthKey::presented(password.expose_secret().to_owned());
            credentials.push((self.hasher.hash_password(password).await?, random_pair()?));
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
            let known = AuthKey::presented(DEFAULT_PASSWORD.to_owned());
            if self.hasher.verify(known, user.password).await? {
                in_use = Some(true);
            }
        }
        Ok(in_use)
    }
}

fn hash_of(token: &SecretString) -> TokenHash {
    TokenHash(hex(&Sha256::digest(token.expose_secret().as_bytes())))
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
