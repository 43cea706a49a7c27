//! Application credentials: a user's secrets for programs, each for one project and some of the
//! user's roles there.

use secrecy::SecretString;
use tracing::info;

use super::super::hasher::random_bytes;
use super::super::{App, Result, ServiceError, settle};
use super::role_assignments::{role_by_id, role_id};
use super::tokens::hex;
use super::{Asker, IdentityError, Kind, not_found};
use crate::domain::access::Role;
use crate::domain::application_credential::ApplicationCredential;
use crate::domain::clock::Time;
use crate::domain::event::{Event, State};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ApplicationCredentialId, ProjectId, UserId, random_hex};
use crate::domain::role_assignment::Place;
use crate::store::WriteTx;

/// An application credential to be made.
#[derive(Debug, Clone)]
pub struct NewCredential {
    /// Its name.
    pub name: String,
    /// What people say of it.
    pub description: Option<String>,
    /// The ids or names of the roles that it shall give; none: all that the token has.
    pub roles: Option<Vec<String>>,
    /// Its secret; none: one that is made.
    pub secret: Option<SecretString>,
    /// Whether its tokens may make and delete application credentials.
    pub unrestricted: bool,
    /// From when it counts no more.
    pub expires_at: Option<Time>,
}

impl From<&ApplicationCredential> for State {
    fn from(credential: &ApplicationCredential) -> Self {
        Self {
            project_id: credential.project.to_string(),
            name: Some(credential.name.clone()),
            description: credential.description.clone(),
            ..Self::default()
        }
    }
}

impl App {
    /// Makes an application credential of the asker's own, for the project of the token; the secret
    /// is seen here and never again.
    pub async fn create_application_credential(
        &self,
        asker: &Asker,
        user: &UserId,
        new: NewCredential,
    ) -> Result<(ApplicationCredential, SecretString)> {
        asker.must(IdentityAction::CreateApplicationCredential, Some(user))?;
        refuse_restricted(asker)?;
        let project = asker.session.project().ok_or(IdentityError::NotScopedToProject)?.id.clone();
        let now = self.now();
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(IdentityError::AlreadyExpired.into());
        }
        let roles = chosen_roles(asker, &project, new.roles)?;
        let secret = match new.secret {
            Some(secret) => secret,
            None => SecretString::from(hex(&random_bytes::<32>()?)),
        };
        let credential = ApplicationCredential {
            id: ApplicationCredentialId::new(random_hex()),
            name: new.name,
            description: new.description,
            user: user.clone(),
            project,
            roles,
            secret: self.hasher.hash_password(secret.clone()).await?,
            unrestricted: new.unrestricted,
            created_at: now,
            expires_at: new.expires_at,
        };
        let mut unit = self.write().await?;
        let made = may_be_made(&mut *unit, &credential).await;
        if made.is_ok() {
            unit.insert_application_credential(&credential);
            let action = "application_credential.create";
            let (id, state) = (&credential.id, State::from(&credential));
            unit.record(&Event::of(&asker.caller(), now, action, id, None, Some(state)));
        }
        settle(unit, made).await?;
        info!(user.id = %user, application_credential.id = %credential.id,
            "made application credential {}", credential.name);
        Ok((credential, secret))
    }

    /// The application credentials of a user, of one name only if one is given.
    pub async fn list_application_credentials(
        &self,
        asker: &Asker,
        user: &UserId,
        name: Option<&str>,
    ) -> Result<Vec<ApplicationCredential>> {
        asker.must(IdentityAction::ListApplicationCredentials, Some(user))?;
        let mut view = self.read().await?;
        view.user_profile(user).await?.ok_or_else(|| not_found(Kind::User, user.as_str()))?;
        Ok(view.application_credentials(user, name).await?)
    }

    /// An application credential of a user.
    pub async fn show_application_credential(
        &self,
        asker: &Asker,
        user: &UserId,
        id: &ApplicationCredentialId,
    ) -> Result<ApplicationCredential> {
        asker.must(IdentityAction::GetApplicationCredential, Some(user))?;
        let found = self.read().await?.application_credential(id).await?;
        of_user(found, user, id)
    }

    /// Removes an application credential, and with it its tokens.
    pub async fn delete_application_credential(
        &self,
        asker: &Asker,
        user: &UserId,
        id: &ApplicationCredentialId,
    ) -> Result<()> {
        asker.must(IdentityAction::DeleteApplicationCredential, Some(user))?;
        refuse_restricted(asker)?;
        let mut unit = self.write().await?;
        let found = unit.application_credential(id).await.map_err(ServiceError::from);
        let found = found.and_then(|found| of_user(found, user, id));
        if let Ok(credential) = &found {
            unit.delete_application_credential(id);
            let (action, state) = ("application_credential.delete", State::from(credential));
            unit.record(&Event::of(&asker.caller(), self.now(), action, id, Some(state), None));
        }
        let credential = settle(unit, found).await?;
        info!(user.id = %user, application_credential.id = %id,
            "removed application credential {}", credential.name);
        Ok(())
    }
}

fn refuse_restricted(asker: &Asker) -> Result<()> {
    match &asker.session.credential {
        Some(credential) if !credential.unrestricted => Err(IdentityError::Restricted.into()),
        Some(_) | None => Ok(()),
    }
}

/// One of another user is not there.
fn of_user(
    found: Option<ApplicationCredential>,
    user: &UserId,
    id: &ApplicationCredentialId,
) -> Result<ApplicationCredential> {
    found
        .filter(|credential| credential.user == *user)
        .ok_or_else(|| not_found(Kind::ApplicationCredential, id.as_str()))
}

/// Some of the token's roles, by id or name; all of them if none are named.
fn chosen_roles(
    asker: &Asker,
    project: &ProjectId,
    named: Option<Vec<String>>,
) -> Result<Vec<Role>> {
    let Some(named) = named.filter(|named| !named.is_empty()) else {
        return Ok(asker.session.roles.clone());
    };
    let mut roles = Vec::with_capacity(named.len());
    for name in named {
        let role = role_by_id(&name)
            .or_else(|| Role::parse(&name))
            .ok_or_else(|| not_found(Kind::Role, &name))?;
        if !asker.session.roles.contains(&role) {
            let user = asker.session.user.id.to_string();
            return Err(IdentityError::RoleNotHeld(role_id(role), user, project.to_string()).into());
        }
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    roles.sort_unstable_by_key(|role| role.as_str());
    Ok(roles)
}

/// Looks in the unit whether the name is free and the roles are still the user's.
async fn may_be_made(unit: &mut dyn WriteTx, credential: &ApplicationCredential) -> Result<()> {
    let ApplicationCredential { user, project, name, .. } = credential;
    let held = unit.roles_in(user, &Place::Project(project.clone())).await?;
    for role in &credential.roles {
        if !held.contains(role) {
            return Err(ServiceError::Unauthenticated);
        }
    }
    if unit.application_credentials(user, Some(name)).await?.is_empty() {
        Ok(())
    } else {
        Err(IdentityError::CredentialNameTaken(name.clone()).into())
    }
}
