//! The projects and users of a scenario, with their limits and roles.

use std::collections::BTreeMap;

use super::secrets::Which;
use super::{Seeder, no_hash, record};
use crate::domain::access::Role;
use crate::domain::account::{
    Domain, DomainNamedBy, NamedBy, Project, ProjectProfile, User, UserProfile,
};
use crate::domain::event::{Event, State};
use crate::domain::ids::{ProjectId, UserId, derived, random_hex};
use crate::domain::quota::TYPE_KINDS;
use crate::domain::role_assignment::Place;
use crate::domain::scenario::{At, ProjectEntry, UserEntry};
use crate::service::Result;
use crate::service::identity::DOMAIN_ID;
use crate::store::WriteTx;

fn named(name: &str) -> NamedBy {
    NamedBy::Name { name: name.to_owned(), domain: None }
}

impl Seeder<'_> {
    /// Finds out the id of each project of the file, there already or about to be.
    pub(super) async fn name_projects(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for entry in &self.scenario.projects {
            let name = &entry.name;
            if self.projects.contains_key(&name.value) {
                let sentence = format!("the project {:?} is named twice", name.value);
                self.complaints.add(name.place, sentence);
            }
            let found = unit.project(&named(name), DOMAIN_ID).await?;
            let usual = ProjectId::new(derived("project", name));
            let id = match (found, &entry.id) {
                (Some(found), said) => {
                    if let Some(said) = said
                        && said.value != found.id
                    {
                        let sentence =
                            format!("the project {:?} has the id {}", name.value, found.id);
                        self.complaints.add(said.place, sentence);
                    }
                    found.id
                }
                (None, Some(said)) => {
                    if let Some(other) = unit.project_profile(&said.value).await? {
                        let sentence = format!("this id has the project {:?}", other.project.name);
                        self.complaints.add(said.place, sentence);
                    }
                    said.value.clone()
                }
                (None, None) if unit.project_profile(&usual).await?.is_some() => {
                    ProjectId::new(random_hex())
                }
                (None, None) => usual,
            };
            self.projects.insert(name.value.clone(), Some(id));
        }
        Ok(())
    }

    /// The project of that name, there already or about to be; complains if there is none.
    pub(super) async fn project(
        &mut self,
        unit: &mut dyn WriteTx,
        name: &At<String>,
    ) -> Result<Option<ProjectId>> {
        if !self.projects.contains_key(&name.value) {
            let found = unit.project(&named(name), DOMAIN_ID).await?;
            self.projects.insert(name.value.clone(), found.map(|found| found.id));
        }
        let found = self.projects.get(&name.value).cloned().flatten();
        if found.is_none() {
            self.complaints.add(name.place, format!("there is no project {:?}", name.value));
        }
        Ok(found)
    }

    async fn domain(&self, unit: &mut dyn WriteTx) -> Result<Domain> {
        let found = unit.domain(&DomainNamedBy::Id(DOMAIN_ID.to_owned())).await?;
        Ok(found.unwrap_or_else(|| Domain { id: DOMAIN_ID.to_owned(), name: String::new() }))
    }

    pub(super) async fn decide_projects(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        let domain = self.domain(unit).await?;
        for entry in &self.scenario.projects {
            let Some(id) = self.projects.get(&entry.name.value).cloned().flatten() else {
                continue;
            };
            let before = unit.project_profile(&id).await?;
            let mut after = before.clone().unwrap_or_else(|| ProjectProfile {
                project: Project {
                    id: id.clone(),
                    name: entry.name.value.clone(),
                    domain: domain.clone(),
                },
                description: String::new(),
                enabled: true,
            });
            if let Some(text) = &entry.description {
                after.description.clone_from(&text.value);
            }
            if let Some(enabled) = &entry.enabled {
                after.enabled = enabled.value;
            }
            let changed = before.as_ref() != Some(&after);
            if changed {
                if before.is_none() {
                    unit.insert_project(&after.project);
                }
                unit.update_project(&after);
                let action = if before.is_some() { "project.update" } else { "project.create" };
                let (from, to) = (before.as_ref().map(State::from), Some(State::from(&after)));
                record(unit, Event::of(self.caller, self.now, action, &id, from, to));
            }
            let limited = self.limit(unit, entry, &id).await?;
            self.seeded.count("project", before.is_some(), changed || limited);
        }
        Ok(())
    }

    /// Sets the limits that differ; whether any did.
    async fn limit(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &ProjectEntry,
        id: &ProjectId,
    ) -> Result<bool> {
        let present = unit.limits(id).await?;
        let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
        for (key, limit) in &entry.quota {
            let of_type =
                TYPE_KINDS.iter().find_map(|kind| key.strip_prefix(kind)?.strip_prefix('_'));
            if let Some(name) = of_type {
                let name = At { value: name.to_owned(), place: limit.place };
                self.type_named(unit, &name).await?;
            }
            if present.get(key) == Some(&limit.value) {
                continue;
            }
            unit.set_limit(id, key, limit.value);
            let before =
                present.get(key).copied().unwrap_or_else(|| self.app.rules().quotas.of(key));
            from.insert(key.clone(), before.to_string());
            to.insert(key.clone(), limit.value.to_string());
        }
        if to.is_empty() {
            return Ok(false);
        }
        let state = |values| Some(State { project_id: id.to_string(), values, ..State::default() });
        let (from, to) = (state(from), state(to));
        record(unit, Event::of(self.caller, self.now, "quota.update", id, from, to));
        Ok(true)
    }

    pub(super) async fn decide_users(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        let domain = self.domain(unit).await?;
        for (number, entry) in self.scenario.users.iter().enumerate() {
            let name = &entry.name;
            if self.users.contains_key(&name.value) {
                self.complaints
                    .add(name.place, format!("the user {:?} is named twice", name.value));
                continue;
            }
            let found = unit.user(&named(name), DOMAIN_ID).await?;
            let before = match &found {
                Some(found) => unit.user_profile(&found.id).await?,
                None => None,
            };
            let id = self.user_id(unit, entry, before.as_ref()).await?;
            self.users.insert(name.value.clone(), Some(id.clone()));
            let mut after = before.clone().unwrap_or_else(|| UserProfile {
                user: User {
                    id,
                    name: name.value.clone(),
                    domain: domain.clone(),
                    password: no_hash(),
                },
                description: None,
                email: None,
                enabled: true,
                default_project: None,
            });
            self.describe(unit, entry, &mut after).await?;
            let present = before.as_ref().map(|before| &before.user.password);
            if present.is_none() || entry.password.is_some() {
                let given = entry.password.as_ref().map(|password| &password.value);
                if let Some(secret) = self.secret(Which::Password(number), given, present) {
                    after.user.password = secret.hash;
                }
            }
            let changed = before.as_ref() != Some(&after);
            if changed {
                self.write_user(unit, before.as_ref(), &after);
            }
            let granted = self.grant(unit, entry, &after.user.id).await?;
            self.seeded.count("user", before.is_some(), changed || granted);
        }
        Ok(())
    }

    async fn user_id(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &UserEntry,
        before: Option<&UserProfile>,
    ) -> Result<UserId> {
        let usual = UserId::new(derived("user", &entry.name));
        Ok(match (before, &entry.id) {
            (Some(before), said) => {
                let is = &before.user.id;
                if let Some(said) = said
                    && said.value != *is
                {
                    let sentence = format!("the user {:?} has the id {is}", entry.name.value);
                    self.complaints.add(said.place, sentence);
                }
                is.clone()
            }
            (None, Some(said)) => {
                if let Some(other) = unit.user_profile(&said.value).await? {
                    let sentence = format!("this id has the user {:?}", other.user.name);
                    self.complaints.add(said.place, sentence);
                }
                said.value.clone()
            }
            (None, None) if unit.user_profile(&usual).await?.is_some() => UserId::new(random_hex()),
            (None, None) => usual,
        })
    }

    async fn describe(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &UserEntry,
        user: &mut UserProfile,
    ) -> Result<()> {
        let filled = |text: &At<String>| Some(text.value.clone()).filter(|text| !text.is_empty());
        if let Some(text) = &entry.description {
            user.description = filled(text);
        }
        if let Some(text) = &entry.email {
            user.email = filled(text);
        }
        if let Some(enabled) = &entry.enabled {
            user.enabled = enabled.value;
        }
        if let Some(name) = &entry.default_project {
            user.default_project = self.project(unit, name).await?;
        }
        Ok(())
    }

    fn write_user(
        &self,
        unit: &mut dyn WriteTx,
        before: Option<&UserProfile>,
        after: &UserProfile,
    ) {
        if before.is_none() {
            unit.insert_user(&after.user);
        }
        unit.update_user(after);
        if before.is_some_and(|before| before.user.password != after.user.password) {
            unit.delete_tokens_of_user(&after.user.id);
        }
        let action = if before.is_some() { "user.update" } else { "user.create" };
        let (from, to) = (before.map(State::from), Some(State::from(after)));
        record(unit, Event::of(self.caller, self.now, action, &after.user.id, from, to));
    }

    /// Gives the roles that the user does not have yet; whether there were any.
    async fn grant(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &UserEntry,
        user: &UserId,
    ) -> Result<bool> {
        let mut wanted: Vec<(Place, Role)> = Vec::new();
        for said in &entry.projects {
            let (name, role) = &said.value;
            let name = At { value: name.clone(), place: said.place };
            if let Some(project) = self.project(unit, &name).await? {
                wanted.push((Place::Project(project), *role));
            }
        }
        wanted.extend(
            entry.domain_roles.iter().map(|role| (Place::Domain(DOMAIN_ID.to_owned()), role.value)),
        );
        let mut given: Vec<(Place, Role)> = Vec::new();
        for (place, role) in wanted {
            let wish = (place, role);
            if given.contains(&wish) || unit.roles_in(user, &wish.0).await?.contains(&role) {
                continue;
            }
            unit.assign(user, &wish.0, role);
            let state = State {
                project_id: wish.0.id().to_owned(),
                name: Some(role.as_str().to_owned()),
                ..State::default()
            };
            record(unit, Event::of(self.caller, self.now, "role.grant", user, None, Some(state)));
            given.push(wish);
        }
        Ok(!given.is_empty())
    }

    /// The user of that name, there already or about to be; complains if there is none and it must be.
    pub(super) async fn user(
        &mut self,
        unit: &mut dyn WriteTx,
        name: &At<String>,
    ) -> Result<Option<UserId>> {
        let found = self.user_if_any(unit, name).await?;
        if found.is_none() {
            self.complaints.add(name.place, format!("there is no user {:?}", name.value));
        }
        Ok(found)
    }

    /// The same without a complaint.
    pub(super) async fn user_if_any(
        &mut self,
        unit: &mut dyn WriteTx,
        name: &str,
    ) -> Result<Option<UserId>> {
        if !self.users.contains_key(name) {
            let found = unit.user(&named(name), DOMAIN_ID).await?;
            self.users.insert(name.to_owned(), found.map(|found| found.id));
        }
        Ok(self.users.get(name).cloned().flatten())
    }
}
