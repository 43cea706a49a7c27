//! Access keys in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::accounts::{OptionalProjectRow, UserRow, roles_of};
use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::access_key::{AccessKey, AccessSecret, KeyStatus, Signer};
use crate::domain::ids::{AccessId, ProjectId, UserId};
use crate::store::{AccessKeyReads, AccessKeyWrites, Result, StoreError};

#[derive(FromRow)]
struct SignerRow {
    access: String,
    secret: String,
    #[sqlx(flatten)]
    user: UserRow,
    #[sqlx(flatten)]
    project: OptionalProjectRow,
    roles: Option<String>,
}

impl TryFrom<SignerRow> for Signer {
    type Error = StoreError;

    fn try_from(signer: SignerRow) -> Result<Self> {
        let row = Row { table: "access_keys", id: &signer.access };
        Ok(Self {
            roles: roles_of(row, signer.roles.as_deref())?,
            secret: AccessSecret::new(signer.secret),
            user: signer.user.into(),
            project: signer.project.into(),
        })
    }
}

#[derive(FromRow)]
struct AccessKeyRow {
    access: String,
    user_id: String,
    project_id: String,
    description: String,
    enabled: bool,
    created_at: String,
}

impl TryFrom<AccessKeyRow> for AccessKey {
    type Error = StoreError;

    fn try_from(key: AccessKeyRow) -> Result<Self> {
        let row = Row { table: "access_keys", id: &key.access };
        Ok(Self {
            created_at: row.time("created_at", &key.created_at)?,
            access: AccessId::new(key.access),
            user: UserId::new(key.user_id),
            project: ProjectId::new(key.project_id),
            description: key.description,
            status: if key.enabled { KeyStatus::Active } else { KeyStatus::Inactive },
        })
    }
}

#[async_trait]
impl<T: AsConnection> AccessKeyReads for T {
    async fn signer(
        &mut self,
        access: &AccessId,
        project: Option<&ProjectId>,
    ) -> Result<Option<Signer>> {
        sqlx::query_as::<_, SignerRow>(
            "SELECT k.access, k.secret,
                    u.id AS user_id, u.name AS user_name, u.password_hash,
                    ud.id AS user_domain_id, ud.name AS user_domain_name,
                    p.id AS project_id, p.name AS project_name,
                    pd.id AS project_domain_id, pd.name AS project_domain_name,
                    (SELECT group_concat(r.role, ',' ORDER BY r.role) FROM role_assignments AS r
                     WHERE r.user_id = k.user_id AND r.project_id = p.id) AS roles
             FROM access_keys AS k
             JOIN users AS u ON u.id = k.user_id
             JOIN domains AS ud ON ud.id = u.domain_id
             LEFT JOIN projects AS p ON p.id = coalesce($2, k.project_id) AND p.enabled = 1
             LEFT JOIN domains AS pd ON pd.id = p.domain_id
             WHERE k.access = $1 AND k.enabled = 1 AND u.enabled = 1",
        )
        .bind(access.as_str())
        .bind(project.map(ProjectId::as_str))
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Signer::try_from)
        .transpose()
    }

    async fn access_key(&mut self, access: &AccessId) -> Result<Option<AccessKey>> {
        sqlx::query_as::<_, AccessKeyRow>(
            "SELECT access, user_id, project_id, description, enabled, created_at
             FROM access_keys WHERE access = $1",
        )
        .bind(access.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(AccessKey::try_from)
        .transpose()
    }

    async fn access_keys(&mut self, of: Option<&UserId>) -> Result<Vec<AccessKey>> {
        sqlx::query_as::<_, AccessKeyRow>(
            "SELECT access, user_id, project_id, description, enabled, created_at
             FROM access_keys WHERE $1 IS NULL OR user_id = $1
             ORDER BY created_at, access",
        )
        .bind(of.map(UserId::as_str))
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(AccessKey::try_from)
        .collect()
    }

    async fn usual_project(&mut self, user: &UserId) -> Result<Option<ProjectId>> {
        let id = sqlx::query_scalar::<_, String>(
            "SELECT p.id FROM role_assignments AS r
             JOIN projects AS p ON p.id = r.project_id
             JOIN users AS u ON u.id = r.user_id
             WHERE r.user_id = $1
             ORDER BY p.name <> u.name, p.name, p.id LIMIT 1",
        )
        .bind(user.as_str())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(id.map(ProjectId::new))
    }
}

impl AccessKeyWrites for Unit {
    fn insert_access_key(&mut self, key: &AccessKey, secret: &AccessSecret) {
        self.queue(
            Write::of_one_row(
                "insert access key",
                "INSERT INTO access_keys (access, secret, user_id, project_id, description,
                                          enabled, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(&key.access)
            .bind(secret.reveal())
            .bind(&key.user)
            .bind(&key.project)
            .bind(key.description.as_str())
            .bind(key.status == KeyStatus::Active)
            .bind(key.created_at),
        );
    }

    fn update_access_key(&mut self, key: &AccessKey) {
        self.queue(
            Write::of_one_row(
                "update access key",
                "UPDATE access_keys SET enabled = ?, description = ? WHERE access = ?",
            )
            .bind(key.status == KeyStatus::Active)
            .bind(key.description.as_str())
            .bind(&key.access),
        );
    }

    fn delete_access_key(&mut self, access: &AccessId) {
        self.queue(
            Write::of_one_row("delete access key", "DELETE FROM access_keys WHERE access = ?")
                .bind(access),
        );
    }
}
