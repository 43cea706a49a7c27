//! Which user may do what, in which project or domain.

use async_trait::async_trait;

use super::Result;
use crate::domain::access::Role;
use crate::domain::ids::UserId;
use crate::domain::role_assignment::{AssignmentFilter, Place, RoleAssignment};

/// Questions about role assignments.
#[async_trait]
pub trait RoleAssignmentReads {
    /// The assignments that pass the filter, by user, place and role.
    async fn role_assignments(&mut self, filter: &AssignmentFilter) -> Result<Vec<RoleAssignment>>;

    /// The roles of a user in one place, by name.
    async fn roles_in(&mut self, user: &UserId, place: &Place) -> Result<Vec<Role>>;

    /// Whether a user is admin of any enabled project.
    async fn is_admin_somewhere(&mut self, user: &UserId) -> Result<bool>;
}

/// Changes of role assignments.
pub trait RoleAssignmentWrites {
    /// Gives a user a role that it does not have there.
    fn assign(&mut self, user: &UserId, place: &Place, role: Role);

    /// Takes a role from a user that has it there.
    fn unassign(&mut self, user: &UserId, place: &Place, role: Role);
}
