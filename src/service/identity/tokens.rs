//! Logging in, what a token stands for, and its end.

use chrono::SubsecRound;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tracing::info;

use super::super::hasher::random_bytes;
use super::super::{App, Result, ServiceError, settle};
use super::{Asker, DOMAIN_ID, IdentityError};
use crate::domain::access::{Caller, Role};
use crate::domain::account::{
    DomainNamedBy, IssuedFor, NamedBy, ProjectProfile, Session, TokenHash, TokenScope, User,
};
use crate::domain::application_credential::ApplicationCredential;
use crate::domain::clock::Time;
use crate::domain::event::{Event, State};
use crate::domain::guess::{Secret, Target};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ApplicationCredentialId, ProjectId, RequestId, UserId, derived};
use crate::domain::role_assignment::Place;
use crate::domain::transfer::KeyHash;

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
    /// By an application credential.
    ApplicationCredential {
        /// Which.
        named: CredentialNamedBy,
        /// Its secret.
        secret: SecretString,
    },
}

/// How an application credential is named in a login.
#[derive(Debug, Clone)]
pub enum CredentialNamedBy {
    /// By its id.
    Id(ApplicationCredentialId),
    /// By its name and its user.
    Name(String, NamedBy),
}

/// On what a token shall act.
#[derive(Debug, Clone)]
pub enum Scope {
    /// On the user's default project, if there is one that it may act on; else on nothing.
    Default,
    /// On nothing.
    Unscoped,
    /// On a project.
    Project(NamedBy),
    /// On a domain.
    Domain(DomainNamedBy),
    /// On the whole system.
    System,
}

/// A new token, and the only sight of it.
#[derive(Debug)]
pub struct Issued {
    /// The token's text.
    pub token: SecretString,
    /// What it stands for.
    pub session: Session,
}

/// Somebody who has proved who they are.
struct Proved {
    user: User,
    methods: Vec<String>,
    not_after: Option<Time>,
    credential: Option<ApplicationCredential>,
    /// Whose secret was right, if one was told.
    guessed: Option<Target>,
}

impl App {
    /// Issues a token. Whatever is wrong, the answer is the same, and an unknown user costs the
    /// time of a wrong password.
    pub async fn authenticate(
        &self,
        proof: Proof,
        scope: Scope,
        request: &RequestId,
    ) -> Result<Issued> {
        let proved = self.prove(proof, request).await?;
        let (scope, roles) = match &proved.credential {
            Some(credential) => self.scope_of(credential, &scope).await?,
            None => self.scope(&proved.user, scope).await?,
        };
        let now = self.now().trunc_subsecs(6);
        let expires_at = now + self.rules.token_lifetime;
        let token = SecretString::from(hex(&random_bytes::<32>()?));
        let session = Session {
            user: proved.user,
            scope,
            roles,
            methods: proved.methods,
            audit_id: hex(&random_bytes::<11>()?),
            issued_at: now,
            expires_at: proved.not_after.map_or(expires_at, |limit| expires_at.min(limit)),
            credential: proved.credential.map(|credential| IssuedFor {
                id: credential.id,
                name: credential.name,
                unrestricted: credential.unrestricted,
            }),
        };
        let mut unit = self.write().await?;
        let granted = async {
            // Again: of many guesses that were verified at once, a right one must not slip through.
            if let Some(target) = &proved.guessed {
                self.may_guess(&mut *unit, target).await?;
            }
            still_granted(&mut *unit, &session).await
        }
        .await;
        if let Ok(()) = granted {
            unit.insert_token(&hash_of(&token), &session);
        }
        settle(unit, granted).await?;
        info!(user.id = %session.user.id, "issued a token to user {}", session.user.name);
        Ok(Issued { token, session })
    }

    async fn prove(&self, proof: Proof, request: &RequestId) -> Result<Proved> {
        match proof {
            Proof::Password { user, password } => {
                let found = self.read().await?.user(&user, DOMAIN_ID).await?;
                let hash = found.as_ref().map(|user| user.password.clone());
                let known = found.as_ref().map(|user| user.id.to_string());
                let subject = known.unwrap_or_else(|| derived("nobody", &format!("{user:?}")));
                let target = Target { secret: Secret::Password, subject };
                self.check_secret(&password, hash, &target, request).await?;
                let user = found.ok_or(ServiceError::Unauthenticated)?;
                let methods = vec!["password".to_owned()];
                Ok(Proved {
                    user,
                    methods,
                    not_after: None,
                    credential: None,
                    guessed: Some(target),
                })
            }
            Proof::Token(token) => {
                let session = self.session(&token).await?;
                // What an application credential gives is not to be widened.
                if session.credential.is_some() {
                    return Err(ServiceError::Unauthenticated);
                }
                let mut methods = session.methods;
                if !methods.iter().any(|method| method == "token") {
                    methods.push("token".to_owned());
                }
                let not_after = Some(session.expires_at);
                let user = session.user;
                Ok(Proved { user, methods, not_after, credential: None, guessed: None })
            }
            Proof::ApplicationCredential { named, secret } => {
                let nobody = derived("nobody", &format!("{named:?}"));
                let found = self.credential_named(named).await?;
                let hash = found.as_ref().map(|(_, credential)| credential.secret.clone());
                let known = found.as_ref().map(|(_, credential)| credential.id.to_string());
                let subject = known.unwrap_or(nobody);
                let target = Target { secret: Secret::Password, subject };
                self.check_secret(&secret, hash, &target, request).await?;
                let (user, credential) = found.ok_or(ServiceError::Unauthenticated)?;
                if credential.expires_at.is_some_and(|end| end <= self.now()) {
                    return Err(ServiceError::Unauthenticated);
                }
                let methods = vec!["application_credential".to_owned()];
                let not_after = credential.expires_at;
                let (credential, guessed) = (Some(credential), Some(target));
                Ok(Proved { user, methods, not_after, credential, guessed })
            }
        }
    }

    /// Whether `secret` is what was hashed; without a hash it takes as long and fails. `target` is
    /// what was guessed at, in the count of wrong guesses.
    pub(super) async fn check_secret(
        &self,
        secret: &SecretString,
        hash: Option<KeyHash>,
        target: &Target,
        request: &RequestId,
    ) -> Result<()> {
        self.may_guess(&mut *self.read().await?, target).await?;
        let right = if let Some(hash) = hash {
            self.hasher.verify_password(secret.clone(), hash).await?
        } else {
            self.hasher.hash_password(secret.clone()).await?;
            false
        };
        if right {
            return Ok(());
        }
        let guesser = Caller {
            user: UserId::new(target.subject.as_str()),
            project: ProjectId::new(""),
            role: Role::Reader,
            request: request.clone(),
        };
        self.wrong_guess(&guesser, target).await?;
        Err(ServiceError::Unauthenticated)
    }

    async fn credential_named(
        &self,
        named: CredentialNamedBy,
    ) -> Result<Option<(User, ApplicationCredential)>> {
        let mut view = self.read().await?;
        let credential = match named {
            CredentialNamedBy::Id(id) => view.application_credential(&id).await?,
            CredentialNamedBy::Name(name, user) => match view.user(&user, DOMAIN_ID).await? {
                Some(user) => {
                    view.application_credentials(&user.id, Some(&name)).await?.into_iter().next()
                }
                None => None,
            },
        };
        let Some(credential) = credential else { return Ok(None) };
        let owner = NamedBy::Id(credential.user.to_string());
        Ok(view.user(&owner, DOMAIN_ID).await?.map(|user| (user, credential)))
    }

    /// What an application credential opens; a login with one names no scope.
    async fn scope_of(
        &self,
        credential: &ApplicationCredential,
        scope: &Scope,
    ) -> Result<(TokenScope, Vec<Role>)> {
        if !matches!(scope, Scope::Default) {
            return Err(ServiceError::Unauthenticated);
        }
        let found = self.read().await?.project_profile(&credential.project).await?;
        let project = found.ok_or(ServiceError::Unauthenticated)?.project;
        Ok((TokenScope::Project(project), credential.roles.clone()))
    }

    async fn scope(&self, user: &User, scope: Scope) -> Result<(TokenScope, Vec<Role>)> {
        let mut view = self.read().await?;
        let (scope, roles) = match scope {
            Scope::Unscoped => return Ok((TokenScope::Unscoped, Vec::new())),
            Scope::Default => return self.default_scope(user).await,
            Scope::Project(named) => {
                let project = view.project(&named, &user.domain.id).await?;
                let project = project.ok_or(ServiceError::Unauthenticated)?;
                let roles = view.roles(&user.id, &project.id).await?;
                (TokenScope::Project(project), roles)
            }
            Scope::Domain(named) => {
                let domain = view.domain(&named).await?.ok_or(ServiceError::Unauthenticated)?;
                let roles = view.roles_in(&user.id, &Place::Domain(domain.id.clone())).await?;
                (TokenScope::Domain(domain), roles)
            }
            Scope::System => {
                let admin = view.is_admin_somewhere(&user.id).await?;
                (TokenScope::System, if admin { vec![Role::Admin] } else { Vec::new() })
            }
        };
        if roles.is_empty() { Err(ServiceError::Unauthenticated) } else { Ok((scope, roles)) }
    }

    async fn default_scope(&self, user: &User) -> Result<(TokenScope, Vec<Role>)> {
        let mut view = self.read().await?;
        let profile = view.user_profile(&user.id).await?;
        if let Some(id) = profile.and_then(|profile| profile.default_project)
            && let Some(ProjectProfile { project, enabled: true, .. }) =
                view.project_profile(&id).await?
        {
            let roles = view.roles(&user.id, &project.id).await?;
            if !roles.is_empty() {
                return Ok((TokenScope::Project(project), roles));
            }
        }
        Ok((TokenScope::Unscoped, Vec::new()))
    }

    /// What a token stands for, if it counts now: one that has lost every role in its scope counts
    /// no more.
    pub async fn session(&self, token: &SecretString) -> Result<Session> {
        let found = self.read().await?.session(&hash_of(token), self.now()).await?;
        found.filter(is_worth_something).ok_or(ServiceError::Unauthenticated)
    }

    /// What somebody's token stands for, for its bearer or an admin.
    pub async fn subject(&self, asker: &Asker, token: &SecretString) -> Result<Session> {
        let found = self.read().await?.session(&hash_of(token), self.now()).await?;
        let session = found.filter(is_worth_something).ok_or(IdentityError::NoToken)?;
        asker.must(IdentityAction::ValidateToken, Some(&session.user.id))?;
        Ok(session)
    }

    /// Makes a token worthless at once.
    pub async fn revoke_token(&self, asker: &Asker, token: &SecretString) -> Result<()> {
        let hash = hash_of(token);
        let mut unit = self.write().await?;
        let found = unit.session(&hash, self.now()).await.map_err(ServiceError::from);
        let revoked = found.and_then(|found| {
            let session = found.filter(is_worth_something).ok_or(IdentityError::NoToken)?;
            asker.must(IdentityAction::RevokeToken, Some(&session.user.id))?;
            Ok(session)
        });
        if let Ok(session) = &revoked {
            unit.delete_token(&hash);
            let caller = asker.caller();
            let before = State {
                project_id: caller.project.to_string(),
                name: Some(session.user.name.clone()),
                ..State::default()
            };
            let audit_id = &session.audit_id;
            let (at, action) = (self.now(), "token.revoke");
            unit.record(&Event::of(&caller, at, action, audit_id, Some(before), None));
        }
        let session = settle(unit, revoked).await?;
        info!(user.id = %session.user.id, "revoked a token of user {}", session.user.name);
        Ok(())
    }
}

/// Looks again at what counts, in the unit that issues the token: whoever disabled or removed the
/// user, its project or its credential meanwhile has removed the tokens that there were, and must
/// not miss this one.
async fn still_granted(unit: &mut dyn crate::store::WriteTx, session: &Session) -> Result<()> {
    let user = unit.user_profile(&session.user.id).await?;
    let same = user.is_some_and(|user| user.enabled && user.user.password == session.user.password);
    let project = match session.project() {
        Some(project) => unit.project_profile(&project.id).await?.is_some_and(|is| is.enabled),
        None => true,
    };
    let credential = match &session.credential {
        Some(credential) => unit.application_credential(&credential.id).await?.is_some(),
        None => true,
    };
    if same && project && credential { Ok(()) } else { Err(ServiceError::Unauthenticated) }
}

fn is_worth_something(session: &Session) -> bool {
    session.scope == TokenScope::Unscoped || !session.roles.is_empty()
}

fn hash_of(token: &SecretString) -> TokenHash {
    TokenHash(hex(&Sha256::digest(token.expose_secret().as_bytes())))
}

/// Lower-case hexadecimal digits.
pub(in crate::service) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
