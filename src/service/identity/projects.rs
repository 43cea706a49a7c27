//! Projects: listing, making, changing and removing them.
//!
//! Removing a project removes its tokens, roles and application credentials. Disks, snapshots and
//! backups stay: the identity service does not know of them, as Keystone knows nothing of Cinder's,
//! and an admin still finds them under `all_tenants`.

use tracing::info;

use super::super::{App, Result, settle};
use super::{Asker, IdentityError, Kind, not_found};
use crate::domain::account::{NamedBy, Project, ProjectFilter, ProjectProfile};
use crate::domain::event::{Event, State};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{ProjectId, UserId, random_hex};
use crate::domain::page::LARGEST_PAGE;
use crate::domain::role_assignment::Place;
use crate::store::{ReadTx, WriteTx};

/// A project to be made.
#[derive(Debug, Clone)]
pub struct NewProject {
    /// Its name.
    pub name: String,
    /// The id of its domain; none: the asker's.
    pub domain: Option<String>,
    /// What people say of it.
    pub description: String,
    /// Whether it counts.
    pub enabled: bool,
}

/// What to change of a project; what is none stays.
#[derive(Debug, Clone, Default)]
pub struct ProjectChange {
    /// Its name.
    pub name: Option<String>,
    /// The id of its domain, which may only be what it is.
    pub domain: Option<String>,
    /// What people say of it.
    pub description: Option<String>,
    /// Whether it counts.
    pub enabled: Option<bool>,
}

impl From<&ProjectProfile> for State {
    fn from(profile: &ProjectProfile) -> Self {
        Self {
            status: Some(if profile.enabled { "enabled" } else { "disabled" }),
            project_id: profile.project.id.to_string(),
            name: Some(profile.project.name.clone()),
            description: Some(profile.description.clone()),
            ..Self::default()
        }
    }
}

impl App {
    /// One page of projects: every one for an admin, for others those with a role of theirs.
    pub async fn list_projects(
        &self,
        asker: &Asker,
        filter: ProjectFilter,
    ) -> Result<Vec<ProjectProfile>> {
        asker.must(IdentityAction::ListProjects, None)?;
        let own = (!asker.session.is_admin()).then(|| asker.session.user.id.clone());
        let filter = match (own, &filter.member) {
            (Some(own), Some(other)) if own != *other => {
                return Err(IdentityError::NotAuthorized(IdentityAction::ListProjects).into());
            }
            (Some(own), _) => ProjectFilter { member: Some(own), ..filter },
            (None, _) => filter,
        };
        Ok(self.read().await?.list_projects(&filter).await?)
    }

    /// The enabled projects that a user can get a token for.
    pub async fn projects_of(&self, user: &UserId) -> Result<Vec<ProjectProfile>> {
        let filter = ProjectFilter {
            member: Some(user.clone()),
            enabled: Some(true),
            limit: LARGEST_PAGE,
            ..ProjectFilter::default()
        };
        Ok(self.read().await?.list_projects(&filter).await?)
    }

    /// The projects of a user, for that user or an admin.
    pub async fn user_projects(&self, asker: &Asker, user: &UserId) -> Result<Vec<ProjectProfile>> {
        asker.must(IdentityAction::ListUserProjects, Some(user))?;
        let mut view = self.read().await?;
        view.user_profile(user).await?.ok_or_else(|| not_found(Kind::User, user.as_str()))?;
        let filter = ProjectFilter {
            member: Some(user.clone()),
            limit: LARGEST_PAGE,
            ..ProjectFilter::default()
        };
        Ok(view.list_projects(&filter).await?)
    }

    /// The project that an asker is at home in: the token's, else the user's default project, else
    /// the only one with a role of the user's. Huawei's SDK asks for the project of a region so.
    pub async fn home_project(&self, asker: &Asker) -> Result<Option<ProjectProfile>> {
        let mut view = self.read().await?;
        let home = if let Some(project) = asker.session.project() {
            Some(project.id.clone())
        } else {
            let user = view.user_profile(&asker.session.user.id).await?;
            user.and_then(|user| user.default_project)
        };
        if let Some(id) = home {
            return Ok(view.project_profile(&id).await?);
        }
        let mut own = self.projects_of(&asker.session.user.id).await?.into_iter();
        Ok(own.next().filter(|_| own.next().is_none()))
    }

    /// A project, for who has a role there or an admin.
    pub async fn show_project(&self, asker: &Asker, id: &ProjectId) -> Result<ProjectProfile> {
        let user = &asker.session.user.id;
        let mut view = self.read().await?;
        let roles = view.roles_in(user, &Place::Project(id.clone())).await?;
        asker.must(IdentityAction::GetProject, (!roles.is_empty()).then_some(user))?;
        view.project_profile(id).await?.ok_or_else(|| not_found(Kind::Project, id.as_str()))
    }

    /// Makes a project.
    pub async fn create_project(&self, asker: &Asker, new: NewProject) -> Result<ProjectProfile> {
        asker.must(IdentityAction::CreateProject, None)?;
        let domain = new.domain.unwrap_or_else(|| asker.session.user.domain.id.clone());
        let domain = self.domain(&domain).await?;
        let project = Project { id: ProjectId::new(random_hex()), name: new.name, domain };
        let profile =
            ProjectProfile { project, description: new.description, enabled: new.enabled };
        let mut unit = self.write().await?;
        let made = name_is_free(&mut *unit, &profile.project).await;
        if made.is_ok() {
            unit.insert_project(&profile.project);
            unit.update_project(&profile);
            self.record(&mut *unit, asker, "project.create", None, Some(&profile));
        }
        settle(unit, made).await?;
        info!(project.id = %profile.project.id, "made project {}", profile.project.name);
        Ok(profile)
    }

    /// Changes a project; one that is disabled has no tokens left.
    pub async fn update_project(
        &self,
        asker: &Asker,
        id: &ProjectId,
        change: ProjectChange,
    ) -> Result<ProjectProfile> {
        asker.must(IdentityAction::UpdateProject, None)?;
        let mut unit = self.write().await?;
        let changed = changed(&mut *unit, id, change).await;
        if let Ok((before, after)) = &changed {
            unit.update_project(after);
            self.record(&mut *unit, asker, "project.update", Some(before), Some(after));
        }
        let (_, profile) = settle(unit, changed).await?;
        info!(project.id = %id, "changed project {}", profile.project.name);
        Ok(profile)
    }

    /// Removes a project.
    pub async fn delete_project(&self, asker: &Asker, id: &ProjectId) -> Result<()> {
        asker.must(IdentityAction::DeleteProject, None)?;
        let mut unit = self.write().await?;
        let found = there(&mut *unit, id).await;
        if let Ok(profile) = &found {
            unit.delete_project(id);
            self.record(&mut *unit, asker, "project.delete", Some(profile), None);
        }
        let profile = settle(unit, found).await?;
        info!(project.id = %id, "removed project {}", profile.project.name);
        Ok(())
    }

    fn record(
        &self,
        unit: &mut dyn WriteTx,
        asker: &Asker,
        action: &'static str,
        before: Option<&ProjectProfile>,
        after: Option<&ProjectProfile>,
    ) {
        if let Some(profile) = after.or(before) {
            let (before, after) = (before.map(State::from), after.map(State::from));
            let id = &profile.project.id;
            unit.record(&Event::of(&asker.caller(), self.now(), action, id, before, after));
        }
    }
}

async fn there<T: ReadTx + ?Sized>(view: &mut T, id: &ProjectId) -> Result<ProjectProfile> {
    view.project_profile(id).await?.ok_or_else(|| not_found(Kind::Project, id.as_str()))
}

/// The project before and after a change.
async fn changed(
    unit: &mut dyn WriteTx,
    id: &ProjectId,
    change: ProjectChange,
) -> Result<(ProjectProfile, ProjectProfile)> {
    let before = there(unit, id).await?;
    if change.domain.is_some_and(|domain| domain != before.project.domain.id) {
        return Err(IdentityError::DomainFixed.into());
    }
    let mut after = before.clone();
    after.project.name = change.name.unwrap_or(after.project.name);
    after.description = change.description.unwrap_or(after.description);
    after.enabled = change.enabled.unwrap_or(after.enabled);
    if after.project.name != before.project.name {
        name_is_free(unit, &after.project).await?;
    }
    Ok((before, after))
}

async fn name_is_free(unit: &mut dyn WriteTx, project: &Project) -> Result<()> {
    let named = NamedBy::Name { name: project.name.clone(), domain: None };
    match unit.project(&named, &project.domain.id).await? {
        None => Ok(()),
        Some(_) => Err(IdentityError::NameTaken {
            kind: "project",
            name: project.name.clone(),
            domain: project.domain.id.clone(),
        }
        .into()),
    }
}
