//! Users with all that is known of them, in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::accounts::UserRow;
use super::errors;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::account::{UserFilter, UserProfile};
use crate::domain::ids::{ProjectId, UserId};
use crate::store::{Result, UserReads, UserWrites};

#[derive(FromRow)]
struct ProfileRow {
    #[sqlx(flatten)]
    user: UserRow,
    description: Option<String>,
    email: Option<String>,
    enabled: bool,
    default_project_id: Option<String>,
}

impl From<ProfileRow> for UserProfile {
    fn from(row: ProfileRow) -> Self {
        Self {
            user: row.user.into(),
            description: row.description,
            email: row.email,
            enabled: row.enabled,
            default_project: row.default_project_id.map(ProjectId::new),
        }
    }
}

#[async_trait]
impl<T: AsConnection> UserReads for T {
    async fn user_profile(&mut self, id: &UserId) -> Result<Option<UserProfile>> {
        let row = sqlx::query_as::<_, ProfileRow>(
            "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                    d.id AS user_domain_id, d.name AS user_domain_name,
                    u.description, u.email, u.enabled, u.default_project_id
             FROM users AS u JOIN domains AS d ON d.id = u.domain_id
             WHERE u.id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(row.map(UserProfile::from))
    }

    async fn list_users(&mut self, filter: &UserFilter) -> Result<Vec<UserProfile>> {
        let rows = sqlx::query_as::<_, ProfileRow>(
            "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                    d.id AS user_domain_id, d.name AS user_domain_name,
                    u.description, u.email, u.enabled, u.default_project_id
             FROM users AS u JOIN domains AS d ON d.id = u.domain_id
             WHERE ($1 IS NULL OR u.name = $1)
               AND ($2 IS NULL OR u.domain_id = $2)
               AND ($3 IS NULL OR u.enabled = $3)
               AND ($4 IS NULL OR (u.name, u.id) > (SELECT m.name, m.id FROM users AS m
                                                    WHERE m.id = $4))
             ORDER BY u.name, u.id LIMIT $5",
        )
        .bind(filter.name.as_deref())
        .bind(filter.domain.as_deref())
        .bind(filter.enabled)
        .bind(filter.marker.as_ref().map(UserId::as_str))
        .bind(filter.limit)
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(rows.into_iter().map(UserProfile::from).collect())
    }
}

impl UserWrites for Unit {
    fn update_user(&mut self, profile: &UserProfile) {
        self.queue(
            Write::of_one_row(
                "update user",
                "UPDATE users SET name = ?, password_hash = ?, description = ?, email = ?,
                                  enabled = ?, default_project_id = ?
                 WHERE id = ?",
            )
            .bind(profile.user.name.as_str())
            .bind(profile.user.password.as_phc())
            .bind(profile.description.as_deref())
            .bind(profile.email.as_deref())
            .bind(profile.enabled)
            .bind(profile.default_project.as_ref())
            .bind(&profile.user.id),
        );
    }

    fn delete_user(&mut self, id: &UserId) {
        self.queue(Write::of_one_row("delete user", "DELETE FROM users WHERE id = ?").bind(id));
    }

    fn delete_tokens_of_user(&mut self, id: &UserId) {
        self.queue(
            Write::of_any_rows("delete tokens of user", "DELETE FROM tokens WHERE user_id = ?")
                .bind(id),
        );
    }
}
