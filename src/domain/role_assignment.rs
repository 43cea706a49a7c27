//! Role assignments: which user may do what, in which project or domain.

use super::access::Role;
use super::account::{Domain, Project};
use super::ids::{ProjectId, UserId};

/// Where a role is given, by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a project.
    Project(ProjectId),
    /// In a domain.
    Domain(String),
}

impl Place {
    /// The id of the project or domain.
    pub fn id(&self) -> &str {
        match self {
            Self::Project(id) => id.as_str(),
            Self::Domain(id) => id,
        }
    }
}

/// Where a role is given, with names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedPlace {
    /// In a project.
    Project(Project),
    /// In a domain.
    Domain(Domain),
}

/// One assignment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleAssignment {
    /// Who.
    pub user: UserId,
    /// The user's name.
    pub user_name: String,
    /// The user's domain.
    pub user_domain: Domain,
    /// Where.
    pub place: NamedPlace,
    /// May do what.
    pub role: Role,
}

/// Which assignments to list; what is none restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssignmentFilter {
    /// Of this user.
    pub user: Option<UserId>,
    /// In this project or domain.
    pub place: Option<Place>,
    /// Of this role.
    pub role: Option<Role>,
}
