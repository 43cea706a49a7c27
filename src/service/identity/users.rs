//! Users: listing, making, changing and removing them. A new password ends every token of the user.

use secrecy::SecretString;
use tracing::info;

use super::super::hasher::random_bytes;
use super::super::{App, Result, ServiceError, settle};
use super::tokens::hex;
use super::{Asker, IdentityError, Kind, not_found};
use crate::domain::account::{NamedBy, User, UserFilter, UserProfile};
use crate::domain::event::{Event, State};
use crate::domain::guess::{Secret, Target};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ProjectId, UserId, random_hex};
use crate::domain::transfer::KeyHash;
use crate::store::WriteTx;

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Its name.
    pub name: String,
    /// The id of its domain; none: the asker's.
    pub domain: Option<String>,
    /// Its password; none: nobody logs in by password.
    pub password: Option<SecretString>,
    /// What people say of it.
    pub description: Option<String>,
    /// Where to write to.
    pub email: Option<String>,
    /// Whether it counts.
    pub enabled: bool,
    /// The project that a login without a scope acts on.
    pub default_project: Option<ProjectId>,
}

/// What to change of a user; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// Its name.
    pub name: Option<String>,
    /// The id of its domain, which may only be what it is.
    pub domain: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// What people say of it.
    pub description: Option<Option<String>>,
    /// Where to write to.
    pub email: Option<Option<String>>,
    /// Whether it counts.
    pub enabled: Option<bool>,
    /// The project that a login without a scope acts on.
    pub default_project: Option<Option<ProjectId>>,
}

impl From<&UserProfile> for State {
    fn from(profile: &UserProfile) -> Self {
        Self {
            status: Some(if profile.enabled { "enabled" } else { "disabled" }),
            project_id: profile.default_project.as_ref().map_or("", ProjectId::as_str).to_owned(),
            name: Some(profile.user.name.clone()),
            description: profile.description.clone(),
            ..Self::default()
        }
    }
}

impl App {
    /// One page of users.
    pub async fn list_users(&self, asker: &Asker, filter: UserFilter) -> Result<Vec<UserProfile>> {
        asker.must(IdentityAction::ListUsers, None)?;
        Ok(self.read().await?.list_users(&filter).await?)
    }

    /// A user, for itself or an admin.
    pub async fn show_user(&self, asker: &Asker, id: &UserId) -> Result<UserProfile> {
        asker.must(IdentityAction::GetUser, Some(id))?;
        let found = self.read().await?.user_profile(id).await?;
        found.ok_or_else(|| not_found(Kind::User, id.as_str()))
    }

    /// Makes a user.
    pub async fn create_user(&self, asker: &Asker, new: NewUser) -> Result<UserProfile> {
        asker.must(IdentityAction::CreateUser, None)?;
        let domain = new.domain.unwrap_or_else(|| asker.session.user.domain.id.clone());
        let domain = self.domain(&domain).await?;
        let password = self.password_hash(new.password).await?;
        let profile = UserProfile {
            user: User { id: UserId::new(random_hex()), name: new.name, domain, password },
            description: new.description,
            email: new.email,
            enabled: new.enabled,
            default_project: new.default_project,
        };
        let mut unit = self.write().await?;
        let made = may_stand(&mut *unit, None, &profile).await;
        if made.is_ok() {
            unit.insert_user(&profile.user);
            unit.update_user(&profile);
            self.record_user(&mut *unit, asker, "user.create", None, Some(&profile));
        }
        settle(unit, made).await?;
        info!(user.id = %profile.user.id, "made user {}", profile.user.name);
        Ok(profile)
    }

    /// The hash of a password; without one, that of a text which nobody has seen.
    async fn password_hash(&self, password: Option<SecretString>) -> Result<KeyHash> {
        let password = match password {
            Some(password) => password,
            None => SecretString::from(hex(&random_bytes::<32>()?)),
        };
        Ok(self.hasher.hash_password(password).await?)
    }

    /// Changes a user.
    pub async fn update_user(
        &self,
        asker: &Asker,
        id: &UserId,
        change: UserChange,
    ) -> Result<UserProfile> {
        asker.must(IdentityAction::UpdateUser, None)?;
        let hash = match &change.password {
            Some(password) => Some(self.password_hash(Some(password.clone())).await?),
            None => None,
        };
        let mut unit = self.write().await?;
        let changed = changed(&mut *unit, id, change, hash).await;
        if let Ok((before, after)) = &changed {
            unit.update_user(after);
            if after.user.password != before.user.password {
                unit.delete_tokens_of_user(id);
            }
            self.record_user(&mut *unit, asker, "user.update", Some(before), Some(after));
        }
        let (_, profile) = settle(unit, changed).await?;
        info!(user.id = %id, "changed user {}", profile.user.name);
        Ok(profile)
    }

    /// Gives the asker another password, for who knows the present one.
    pub async fn change_password(
        &self,
        asker: &Asker,
        id: &UserId,
        original: SecretString,
        password: SecretString,
    ) -> Result<()> {
        if asker.session.user.id != *id {
            return Err(IdentityError::NotAuthorized(IdentityAction::UpdateUser).into());
        }
        let present = asker.session.user.password.clone();
        let target = Target { secret: Secret::Password, subject: id.to_string() };
        let checked = self.check_secret(&original, Some(present.clone()), &target, &asker.request);
        checked.await.map_err(|why| {
            let wrong = matches!(why, ServiceError::Unauthenticated);
            if wrong { IdentityError::WrongPassword.into() } else { why }
        })?;
        let hash = self.password_hash(Some(password)).await?;
        let mut unit = self.write().await?;
        let changed = async {
            // Again: of many guesses that were verified at once, a right one must not slip through.
            self.may_guess(&mut *unit, &target).await?;
            changed(&mut *unit, id, UserChange::default(), Some(hash)).await
        }
        .await;
        // Another change of the password may have come first; then the original is wrong.
        let changed = changed.and_then(|(before, after)| {
            if before.user.password == present {
                Ok((before, after))
            } else {
                Err(IdentityError::WrongPassword.into())
            }
        });
        if let Ok((before, after)) = &changed {
            unit.update_user(after);
            unit.delete_tokens_of_user(id);
            self.record_user(&mut *unit, asker, "user.password", Some(before), Some(after));
        }
        settle(unit, changed).await?;
        info!(user.id = %id, "changed the password of user {id}");
        Ok(())
    }

    /// Removes a user.
    pub async fn delete_user(&self, asker: &Asker, id: &UserId) -> Result<()> {
        asker.must(IdentityAction::DeleteUser, None)?;
        let mut unit = self.write().await?;
        let found = there(&mut *unit, id).await;
        if let Ok(profile) = &found {
            unit.delete_user(id);
            self.record_user(&mut *unit, asker, "user.delete", Some(profile), None);
        }
        let profile = settle(unit, found).await?;
        info!(user.id = %id, "removed user {}", profile.user.name);
        Ok(())
    }

    fn record_user(
        &self,
        unit: &mut dyn WriteTx,
        asker: &Asker,
        action: &'static str,
        before: Option<&UserProfile>,
        after: Option<&UserProfile>,
    ) {
        if let Some(profile) = after.or(before) {
            let (before, after) = (before.map(State::from), after.map(State::from));
            let id = &profile.user.id;
            unit.record(&Event::of(&asker.caller(), self.now(), action, id, before, after));
        }
    }
}

async fn there(unit: &mut dyn WriteTx, id: &UserId) -> Result<UserProfile> {
    unit.user_profile(id).await?.ok_or_else(|| not_found(Kind::User, id.as_str()))
}

/// The user before and after a change.
async fn changed(
    unit: &mut dyn WriteTx,
    id: &UserId,
    change: UserChange,
    password: Option<KeyHash>,
) -> Result<(UserProfile, UserProfile)> {
    let before = there(unit, id).await?;
    if change.domain.is_some_and(|domain| domain != before.user.domain.id) {
        return Err(IdentityError::DomainFixed.into());
    }
    let mut after = before.clone();
    after.user.name = change.name.unwrap_or(after.user.name);
    after.user.password = password.unwrap_or(after.user.password);
    after.description = change.description.unwrap_or(after.description);
    after.email = change.email.unwrap_or(after.email);
    after.enabled = change.enabled.unwrap_or(after.enabled);
    after.default_project = change.default_project.unwrap_or(after.default_project);
    may_stand(unit, Some(&before), &after).await?;
    Ok((before, after))
}

/// Whether the name is free and the default project is there, where they are new.
async fn may_stand(
    unit: &mut dyn WriteTx,
    before: Option<&UserProfile>,
    after: &UserProfile,
) -> Result<()> {
    if before.is_none_or(|before| before.user.name != after.user.name) {
        let named = NamedBy::Name { name: after.user.name.clone(), domain: None };
        if unit.user(&named, &after.user.domain.id).await?.is_some() {
            return Err(ServiceError::from(IdentityError::NameTaken {
                kind: "user",
                name: after.user.name.clone(),
                domain: after.user.domain.id.clone(),
            }));
        }
    }
    if let Some(project) = &after.default_project {
        let found = unit.project_profile(project).await?;
        found.ok_or_else(|| not_found(Kind::Project, project.as_str()))?;
    }
    Ok(())
}
