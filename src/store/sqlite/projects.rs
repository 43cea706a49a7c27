//! Projects with all that is known of them, in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::accounts::ProjectRow;
use super::errors;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::account::{ProjectFilter, ProjectProfile};
use crate::domain::ids::{ProjectId, UserId};
use crate::store::{ProjectReads, ProjectWrites, Result};

#[derive(FromRow)]
struct ProfileRow {
    #[sqlx(flatten)]
    project: ProjectRow,
    description: String,
    enabled: bool,
}

impl From<ProfileRow> for ProjectProfile {
    fn from(row: ProfileRow) -> Self {
        Self { project: row.project.into(), description: row.description, enabled: row.enabled }
    }
}

#[async_trait]
impl<T: AsConnection> ProjectReads for T {
    async fn project_profile(&mut self, id: &ProjectId) -> Result<Option<ProjectProfile>> {
        let row = sqlx::query_as::<_, ProfileRow>(
            "SELECT p.id AS project_id, p.name AS project_name, d.id AS project_domain_id,
                    d.name AS project_domain_name, p.description, p.enabled
             FROM projects AS p JOIN domains AS d ON d.id = p.domain_id
             WHERE p.id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(row.map(ProjectProfile::from))
    }

    async fn list_projects(&mut self, filter: &ProjectFilter) -> Result<Vec<ProjectProfile>> {
        let rows = sqlx::query_as::<_, ProfileRow>(
            "SELECT p.id AS project_id, p.name AS project_name, d.id AS project_domain_id,
                    d.name AS project_domain_name, p.description, p.enabled
             FROM projects AS p JOIN domains AS d ON d.id = p.domain_id
             WHERE ($1 IS NULL OR p.name = $1)
               AND ($2 IS NULL OR p.domain_id = $2)
               AND ($3 IS NULL OR p.enabled = $3)
               AND ($4 IS NULL OR EXISTS (SELECT 1 FROM role_assignments AS r
                                          WHERE r.project_id = p.id AND r.user_id = $4))
               AND ($5 IS NULL OR (p.name, p.id) > (SELECT m.name, m.id FROM projects AS m
                                                    WHERE m.id = $5))
             ORDER BY p.name, p.id LIMIT $6",
        )
        .bind(filter.name.as_deref())
        .bind(filter.domain.as_deref())
        .bind(filter.enabled)
        .bind(filter.member.as_ref().map(UserId::as_str))
        .bind(filter.marker.as_ref().map(ProjectId::as_str))
        .bind(filter.limit)
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(rows.into_iter().map(ProjectProfile::from).collect())
    }
}

impl ProjectWrites for Unit {
    fn update_project(&mut self, profile: &ProjectProfile) {
        self.queue(
            Write::of_one_row(
                "update project",
                "UPDATE projects SET name = ?, description = ?, enabled = ? WHERE id = ?",
            )
            .bind(profile.project.name.as_str())
            .bind(profile.description.as_str())
            .bind(profile.enabled)
            .bind(&profile.project.id),
        );
    }

    fn delete_project(&mut self, id: &ProjectId) {
        self.queue(
            Write::of_one_row("delete project", "DELETE FROM projects WHERE id = ?").bind(id),
        );
    }
}
