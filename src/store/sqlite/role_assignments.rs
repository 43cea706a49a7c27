//! Role assignments in SQLite: one table for projects, one for domains.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::access::Role;
use crate::domain::account::{Domain, Project};
use crate::domain::ids::{ProjectId, UserId};
use crate::domain::role_assignment::{AssignmentFilter, NamedPlace, Place, RoleAssignment};
use crate::store::{Result, RoleAssignmentReads, RoleAssignmentWrites};

#[derive(FromRow)]
struct AssignmentRow {
    user_id: String,
    user_name: String,
    user_domain_id: String,
    user_domain_name: String,
    project_id: Option<String>,
    project_name: Option<String>,
    domain_id: String,
    domain_name: String,
    role: String,
}

impl AssignmentRow {
    fn assignment(self) -> Result<RoleAssignment> {
        let row = Row { table: "role_assignments", id: &self.user_id };
        let role = row.need("role", "role", Role::parse(&self.role))?;
        let domain = Domain { id: self.domain_id, name: self.domain_name };
        let place = match (self.project_id, self.project_name) {
            (Some(id), Some(name)) => {
                NamedPlace::Project(Project { id: ProjectId::new(id), name, domain })
            }
            _ => NamedPlace::Domain(domain),
        };
        Ok(RoleAssignment {
            user: UserId::new(self.user_id),
            user_name: self.user_name,
            user_domain: Domain { id: self.user_domain_id, name: self.user_domain_name },
            place,
            role,
        })
    }
}

#[async_trait]
impl<T: AsConnection> RoleAssignmentReads for T {
    async fn role_assignments(&mut self, filter: &AssignmentFilter) -> Result<Vec<RoleAssignment>> {
        let (project, domain) = match &filter.place {
            None => (None, None),
            Some(Place::Project(id)) => (Some(id.as_str()), None),
            Some(Place::Domain(id)) => (None, Some(id.as_str())),
        };
        let rows = sqlx::query_as::<_, AssignmentRow>(
            "SELECT u.id AS user_id, u.name AS user_name, ud.id AS user_domain_id,
                    ud.name AS user_domain_name, a.project_id, p.name AS project_name,
                    d.id AS domain_id, d.name AS domain_name, a.role
             FROM (SELECT user_id, project_id, NULL AS domain_id, role FROM role_assignments
                   UNION ALL
                   SELECT user_id, NULL, domain_id, role FROM domain_role_assignments) AS a
             JOIN users AS u ON u.id = a.user_id
             JOIN domains AS ud ON ud.id = u.domain_id
             LEFT JOIN projects AS p ON p.id = a.project_id
             JOIN domains AS d ON d.id = coalesce(a.domain_id, p.domain_id)
             WHERE ($1 IS NULL OR a.user_id = $1)
               AND ($2 IS NULL OR a.project_id = $2)
               AND ($3 IS NULL OR a.domain_id = $3)
               AND ($4 IS NULL OR a.role = $4)
             ORDER BY u.name, u.id, coalesce(p.name, d.name), coalesce(p.id, d.id), a.role",
        )
        .bind(filter.user.as_ref().map(UserId::as_str))
        .bind(project)
        .bind(domain)
        .bind(filter.role.map(Role::as_str))
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        rows.into_iter().map(AssignmentRow::assignment).collect()
    }

    async fn roles_in(&mut self, user: &UserId, place: &Place) -> Result<Vec<Role>> {
        let query = match place {
            Place::Project(_) => sqlx::query_scalar::<_, String>(
                "SELECT role FROM role_assignments WHERE user_id = $1 AND project_id = $2
                 ORDER BY role",
            ),
            Place::Domain(_) => sqlx::query_scalar(
                "SELECT role FROM domain_role_assignments WHERE user_id = $1 AND domain_id = $2
                 ORDER BY role",
            ),
        };
        let words = query
            .bind(user.as_str())
            .bind(place.id())
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        let row = Row { table: "role_assignments", id: user.as_str() };
        words.iter().map(|word| row.need("role", "role", Role::parse(word))).collect()
    }

    async fn is_admin_somewhere(&mut self, user: &UserId) -> Result<bool> {
        sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT 1 FROM role_assignments AS r
                            JOIN projects AS p ON p.id = r.project_id
                            WHERE r.user_id = $1 AND r.role = 'admin' AND p.enabled = 1)",
        )
        .bind(user.as_str())
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }
}

impl RoleAssignmentWrites for Unit {
    fn assign(&mut self, user: &UserId, place: &Place, role: Role) {
        let write = match place {
            Place::Project(_) => Write::of_one_row(
                "assign role",
                "INSERT INTO role_assignments (user_id, project_id, role) VALUES (?, ?, ?)",
            ),
            Place::Domain(_) => Write::of_one_row(
                "assign role in domain",
                "INSERT INTO domain_role_assignments (user_id, domain_id, role) VALUES (?, ?, ?)",
            ),
        };
        self.queue(write.bind(user).bind(place.id()).bind(role.as_str()));
    }

    fn unassign(&mut self, user: &UserId, place: &Place, role: Role) {
        let write = match place {
            Place::Project(_) => Write::of_one_row(
                "unassign role",
                "DELETE FROM role_assignments WHERE user_id = ? AND project_id = ? AND role = ?",
            ),
            Place::Domain(_) => Write::of_one_row(
                "unassign role in domain",
                "DELETE FROM domain_role_assignments
                 WHERE user_id = ? AND domain_id = ? AND role = ?",
            ),
        };
        self.queue(write.bind(user).bind(place.id()).bind(role.as_str()));
    }
}
