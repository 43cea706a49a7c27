//! Access keys: make, look, switch on and off, remove. Users manage their own, admins all.

use tracing::info;

use super::hasher::random_bytes;
use super::identity::DOMAIN_ID;
use super::identity::tokens::hex;
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::access_key::{AccessKey, AccessSecret, KeyStatus};
use crate::domain::account::{NamedBy, User};
use crate::domain::clock::Time;
use crate::domain::event::{Event, State};
use crate::domain::ids::{AccessId, ProjectId, UserId};
use crate::store::{ReadTx, WriteTx};

/// How many keys a user has at most.
pub const MOST_KEYS: usize = 10;

/// A new key, and the only sight of its secret.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// The key.
    pub key: AccessKey,
    /// Its secret.
    pub secret: AccessSecret,
}

/// What shall become of a key; none: what it is.
#[derive(Debug, Clone, Default)]
pub struct KeyChange {
    /// Whether it lets anybody in.
    pub status: Option<KeyStatus>,
    /// What people note about it.
    pub description: Option<String>,
}

impl App {
    /// Makes a key for a user: for the caller's project if it is the caller's own and acts on one,
    /// otherwise for the project that is usual for the user.
    pub async fn create_access_key(
        &self,
        caller: &Caller,
        user: &str,
        description: String,
    ) -> Result<NewKey> {
        let pair = random_pair()?;
        let mut unit = self.write().await?;
        let made = self.add_key(&mut *unit, caller, user, description, pair).await;
        let new = settle(unit, made).await?;
        info!(user.id = %new.key.user, key.access = %new.key.access,
            "made access key {} for user {}", new.key.access, new.key.user);
        Ok(new)
    }

    async fn add_key(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        user: &str,
        description: String,
        pair: (AccessId, AccessSecret),
    ) -> Result<NewKey> {
        let nobody = || ServiceError::NotFound(Resource::User, user.to_owned());
        let named = NamedBy::Id(user.to_owned());
        let user = unit.user(&named, DOMAIN_ID).await?.ok_or_else(nobody)?.id;
        let own = if caller.user == user {
            unit.project_profile(&caller.project).await?.map(|profile| profile.project.id)
        } else {
            None
        };
        let project = match own {
            Some(project) => project,
            None => unit.usual_project(&user).await?.ok_or_else(nobody)?,
        };
        if unit.access_keys(Some(&user)).await?.len() >= MOST_KEYS {
            return Err(ServiceError::TooManyAccessKeys(MOST_KEYS));
        }
        Ok(insert_key(unit, caller, self.now(), (user, project), description, pair))
    }

    /// A user's keys, or everybody's.
    pub async fn access_keys(&self, of: Option<&UserId>) -> Result<Vec<AccessKey>> {
        Ok(self.read().await?.access_keys(of).await?)
    }

    /// One key that the caller may manage.
    pub async fn access_key(&self, caller: &Caller, access: &AccessId) -> Result<AccessKey> {
        let mut view = self.read().await?;
        manageable(&mut *view, caller, access).await
    }

    /// Switches a key on or off, or notes something else about it.
    pub async fn update_access_key(
        &self,
        caller: &Caller,
        access: &AccessId,
        change: KeyChange,
    ) -> Result<AccessKey> {
        let mut unit = self.write().await?;
        let changed = self.change_key(&mut *unit, caller, access, change).await;
        let key = settle(unit, changed).await?;
        info!(key.access = %access, "access key {access} is {}", key.status.as_str());
        Ok(key)
    }

    async fn change_key(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        access: &AccessId,
        change: KeyChange,
    ) -> Result<AccessKey> {
        let before = manageable(unit, caller, access).await?;
        let after = AccessKey {
            status: change.status.unwrap_or(before.status),
            description: change.description.unwrap_or_else(|| before.description.clone()),
            ..before.clone()
        };
        unit.update_access_key(&after);
        let states = (Some(State::from(&before)), Some(State::from(&after)));
        let now = self.now();
        unit.record(&Event::of(caller, now, "access_key.update", access, states.0, states.1));
        Ok(after)
    }

    /// Removes a key for good.
    pub async fn delete_access_key(&self, caller: &Caller, access: &AccessId) -> Result<()> {
        let mut unit = self.write().await?;
        let removed = self.remove_key(&mut *unit, caller, access).await;
        settle(unit, removed).await?;
        info!(key.access = %access, "removed access key {access}");
        Ok(())
    }

    async fn remove_key(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        access: &AccessId,
    ) -> Result<()> {
        let before = State::from(&manageable(unit, caller, access).await?);
        unit.delete_access_key(access);
        let now = self.now();
        unit.record(&Event::of(caller, now, "access_key.delete", access, Some(before), None));
        Ok(())
    }

    /// The user of that name.
    pub async fn user_named(&self, name: &str) -> Result<User> {
        let named = NamedBy::Name { name: name.to_owned(), domain: None };
        let found = self.read().await?.user(&named, DOMAIN_ID).await?;
        found.ok_or_else(|| ServiceError::NotFound(Resource::User, name.to_owned()))
    }
}

/// A key of the caller's own, or any for an admin: others' and absent ones are not there.
async fn manageable(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    access: &AccessId,
) -> Result<AccessKey> {
    view.access_key(access)
        .await?
        .filter(|key| caller.role == Role::Admin || caller.user == key.user)
        .ok_or_else(|| ServiceError::NotFound(Resource::AccessKey, access.to_string()))
}

/// Queues a new key and the event that tells of it.
pub(super) fn insert_key(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    now: Time,
    (user, project): (UserId, ProjectId),
    description: String,
    (access, secret): (AccessId, AccessSecret),
) -> NewKey {
    let status = KeyStatus::Active;
    let key = AccessKey { access, user, project, description, status, created_at: now };
    unit.insert_access_key(&key, &secret);
    let after = Some(State::from(&key));
    unit.record(&Event::of(caller, now, "access_key.create", &key.access, None, after));
    NewKey { key, secret }
}

/// 20 upper-case letters and digits, 75 bits of them random, and 40 hexadecimal digits of 160 bits.
pub(super) fn random_pair() -> Result<(AccessId, AccessSecret)> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let letters = random_bytes::<15>()?;
    let letters = letters.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let access: String = "AKSIM".chars().chain(letters.map(|letter| char::from(*letter))).collect();
    Ok((AccessId::new(access), AccessSecret::new(hex(&random_bytes::<20>()?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_the_usual_lengths_and_is_new_each_time() {
        let ((access, secret), (other, _)) = (random_pair().unwrap(), random_pair().unwrap());
        let access = access.as_str();
        assert!(access.starts_with("AKSIM") && access.len() == 20, "{access}");
        assert!(access.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()), "{access}");
        assert_eq!(secret.reveal().len(), 40);
        assert_ne!(access, other.as_str());
    }
}
