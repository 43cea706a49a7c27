//! Role assignments: which user may do what, in which project or domain.

use tracing::info;

use super::super::{App, Result, settle};
use super::{Asker, IdentityError, Kind, not_found};
use crate::domain::access::Role;
use crate::domain::account::{Domain, DomainNamedBy};
use crate::domain::event::{Event, State};
use crate::domain::identity::IdentityAction;
use crate::domain::ids::{UserId, derived};
use crate::domain::role_assignment::{AssignmentFilter, NamedPlace, Place, RoleAssignment};
use crate::store::{ReadTx, WriteTx};

/// The id of a role: the same in every data file.
pub fn role_id(role: Role) -> String {
    derived("role", role.as_str())
}

/// The role with that id.
pub fn role_by_id(id: &str) -> Option<Role> {
    Role::ALL.iter().copied().find(|role| role_id(*role) == id)
}

/// One grant, as a path names it: whom, where, which role's id.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Whom.
    pub user: UserId,
    /// Where.
    pub place: Place,
    /// The id of the role.
    pub role: String,
}

impl App {
    /// The assignments that pass a filter.
    pub async fn list_role_assignments(
        &self,
        asker: &Asker,
        filter: AssignmentFilter,
    ) -> Result<Vec<RoleAssignment>> {
        asker.must(IdentityAction::ListRoleAssignments, None)?;
        Ok(self.read().await?.role_assignments(&filter).await?)
    }

    /// The domains that a user can get a token for.
    pub async fn domains_of(&self, user: &UserId) -> Result<Vec<Domain>> {
        let filter = AssignmentFilter { user: Some(user.clone()), ..AssignmentFilter::default() };
        let mut domains: Vec<Domain> = Vec::new();
        for assignment in self.read().await?.role_assignments(&filter).await? {
            let domain = match assignment.place {
                NamedPlace::Domain(domain) => domain,
                NamedPlace::Project(project) => project.domain,
            };
            if !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        Ok(domains)
    }

    /// Whether a user can get a token for the whole system.
    pub async fn has_system(&self, user: &UserId) -> Result<bool> {
        Ok(self.read().await?.is_admin_somewhere(user).await?)
    }

    /// A user's roles in one place.
    pub async fn list_grants(
        &self,
        asker: &Asker,
        user: &UserId,
        place: &Place,
    ) -> Result<Vec<Role>> {
        asker.must(IdentityAction::ListGrants, None)?;
        let mut view = self.read().await?;
        parties_are_there(&mut *view, user, place).await?;
        Ok(view.roles_in(user, place).await?)
    }

    /// Refuses if the user does not have the role there.
    pub async fn check_grant(&self, asker: &Asker, grant: &Grant) -> Result<()> {
        asker.must(IdentityAction::CheckGrant, None)?;
        let mut view = self.read().await?;
        let (role, has) = look(&mut *view, grant).await?;
        if has.contains(&role) { Ok(()) } else { Err(no_assignment(grant).into()) }
    }

    /// Gives a user a role; one that it has already stays.
    pub async fn grant_role(&self, asker: &Asker, grant: &Grant) -> Result<()> {
        asker.must(IdentityAction::CreateGrant, None)?;
        let mut unit = self.write().await?;
        let looked = look(&mut *unit, grant).await;
        if let Ok((role, has)) = &looked
            && !has.contains(role)
        {
            unit.assign(&grant.user, &grant.place, *role);
            self.record_grant(&mut *unit, asker, "role.grant", grant, *role);
        }
        settle(unit, looked).await?;
        info!(user.id = %grant.user, "gave user {} a role in {}", grant.user, grant.place.id());
        Ok(())
    }

    /// Takes a role from a user, and with it the user's application credentials in that project.
    pub async fn revoke_role(&self, asker: &Asker, grant: &Grant) -> Result<()> {
        asker.must(IdentityAction::RevokeGrant, None)?;
        let mut unit = self.write().await?;
        let revoked = match look(&mut *unit, grant).await {
            Ok((role, has)) if has.contains(&role) => Ok(role),
            Ok(_) => Err(no_assignment(grant).into()),
            Err(refusal) => Err(refusal),
        };
        if let Ok(role) = &revoked {
            unit.unassign(&grant.user, &grant.place, *role);
            if let Place::Project(project) = &grant.place {
                unit.delete_application_credentials_in(&grant.user, project);
            }
            self.record_grant(&mut *unit, asker, "role.revoke", grant, *role);
        }
        settle(unit, revoked).await?;
        info!(user.id = %grant.user, "took a role in {} from user {}", grant.place.id(), grant.user);
        Ok(())
    }

    fn record_grant(
        &self,
        unit: &mut dyn WriteTx,
        asker: &Asker,
        action: &'static str,
        grant: &Grant,
        role: Role,
    ) {
        let state = State {
            project_id: grant.place.id().to_owned(),
            name: Some(role.as_str().to_owned()),
            ..State::default()
        };
        let (before, after) =
            if action == "role.grant" { (None, Some(state)) } else { (Some(state), None) };
        let caller = asker.caller();
        unit.record(&Event::of(&caller, self.now(), action, &grant.user, before, after));
    }
}

/// The role that a grant names, and those that the user has there.
async fn look<T: ReadTx + ?Sized>(view: &mut T, grant: &Grant) -> Result<(Role, Vec<Role>)> {
    parties_are_there(view, &grant.user, &grant.place).await?;
    let role = role_by_id(&grant.role).ok_or_else(|| not_found(Kind::Role, &grant.role))?;
    Ok((role, view.roles_in(&grant.user, &grant.place).await?))
}

async fn parties_are_there<T: ReadTx + ?Sized>(
    view: &mut T,
    user: &UserId,
    place: &Place,
) -> Result<()> {
    match place {
        Place::Project(id) => {
            let found = view.project_profile(id).await?;
            found.ok_or_else(|| not_found(Kind::Project, id.as_str()))?;
        }
        Place::Domain(id) => {
            let found = view.domain(&DomainNamedBy::Id(id.clone())).await?;
            found.ok_or_else(|| not_found(Kind::Domain, id))?;
        }
    }
    view.user_profile(user).await?.ok_or_else(|| not_found(Kind::User, user.as_str()))?;
    Ok(())
}

fn no_assignment(grant: &Grant) -> IdentityError {
    IdentityError::NoAssignment {
        role: grant.role.clone(),
        user: grant.user.to_string(),
        place: grant.place.id().to_owned(),
    }
}
