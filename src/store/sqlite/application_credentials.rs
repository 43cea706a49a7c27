//! Application credentials in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::access::Role;
use crate::domain::application_credential::ApplicationCredential;
use crate::domain::ids::{ApplicationCredentialId, ProjectId, UserId};
use crate::domain::transfer::KeyHash;
use crate::store::{ApplicationCredentialReads, ApplicationCredentialWrites, Result};

#[derive(FromRow)]
struct CredentialRow {
    id: String,
    name: String,
    description: Option<String>,
    user_id: String,
    project_id: String,
    roles: String,
    secret_hash: String,
    unrestricted: bool,
    created_at: String,
    expires_at: Option<String>,
}

impl CredentialRow {
    fn credential(self) -> Result<ApplicationCredential> {
        let row = Row { table: "application_credentials", id: &self.id };
        Ok(ApplicationCredential {
            roles: self
                .roles
                .split(',')
                .map(|word| row.need("roles", "list of roles", Role::parse(word)))
                .collect::<Result<_>>()?,
            created_at: row.time("created_at", &self.created_at)?,
            expires_at: self
                .expires_at
                .as_deref()
                .map(|text| row.time("expires_at", text))
                .transpose()?,
            id: ApplicationCredentialId::new(self.id),
            name: self.name,
            description: self.description,
            user: UserId::new(self.user_id),
            project: ProjectId::new(self.project_id),
            secret: KeyHash::from_phc(self.secret_hash),
            unrestricted: self.unrestricted,
        })
    }
}

#[async_trait]
impl<T: AsConnection> ApplicationCredentialReads for T {
    async fn application_credential(
        &mut self,
        id: &ApplicationCredentialId,
    ) -> Result<Option<ApplicationCredential>> {
        sqlx::query_as::<_, CredentialRow>(
            "SELECT id, name, description, user_id, project_id, roles, secret_hash, unrestricted,
                    created_at, expires_at
             FROM application_credentials WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(CredentialRow::credential)
        .transpose()
    }

    async fn application_credentials(
        &mut self,
        user: &UserId,
        name: Option<&str>,
    ) -> Result<Vec<ApplicationCredential>> {
        sqlx::query_as::<_, CredentialRow>(
            "SELECT id, name, description, user_id, project_id, roles, secret_hash, unrestricted,
                    created_at, expires_at
             FROM application_credentials
             WHERE user_id = $1 AND ($2 IS NULL OR name = $2)
             ORDER BY name, id",
        )
        .bind(user.as_str())
        .bind(name)
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(CredentialRow::credential)
        .collect()
    }
}

impl ApplicationCredentialWrites for Unit {
    fn insert_application_credential(&mut self, credential: &ApplicationCredential) {
        let roles: Vec<&str> = credential.roles.iter().map(|role| role.as_str()).collect();
        self.queue(
            Write::of_one_row(
                "insert application credential",
                "INSERT INTO application_credentials
                     (id, name, description, user_id, project_id, roles, secret_hash, unrestricted,
                      created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(credential.id.as_str())
            .bind(credential.name.as_str())
            .bind(credential.description.as_deref())
            .bind(&credential.user)
            .bind(&credential.project)
            .bind(roles.join(","))
            .bind(credential.secret.as_phc())
            .bind(credential.unrestricted)
            .bind(credential.created_at)
            .bind(credential.expires_at),
        );
    }

    fn delete_application_credential(&mut self, id: &ApplicationCredentialId) {
        self.queue(
            Write::of_one_row(
                "delete application credential",
                "DELETE FROM application_credentials WHERE id = ?",
            )
            .bind(id.as_str()),
        );
    }

    fn delete_application_credentials_in(&mut self, user: &UserId, project: &ProjectId) {
        self.queue(
            Write::of_any_rows(
                "delete application credentials in project",
                "DELETE FROM application_credentials WHERE user_id = ? AND project_id = ?",
            )
            .bind(user)
            .bind(project),
        );
    }
}
