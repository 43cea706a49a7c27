//! Domains, projects, users, roles and tokens in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::readers::Question;
use super::rows::{Row, read};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::access::Role;
use crate::domain::account::{
    Domain, DomainNamedBy, IssuedFor, NamedBy, Project, Session, TokenHash, TokenScope, User,
};
use crate::domain::clock::Time;
use crate::domain::ids::{ApplicationCredentialId, ProjectId, UserId};
use crate::domain::transfer::KeyHash;
use crate::store::{AccountReads, AccountWrites, Result};

#[derive(FromRow)]
pub(super) struct UserRow {
    user_id: String,
    user_name: String,
    password_hash: String,
    user_domain_id: String,
    user_domain_name: String,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: UserId::new(row.user_id),
            name: row.user_name,
            domain: Domain { id: row.user_domain_id, name: row.user_domain_name },
            password: KeyHash::from_phc(row.password_hash),
        }
    }
}

#[derive(FromRow)]
#[expect(clippy::struct_field_names, reason = "a session has a user's columns beside them")]
pub(super) struct ProjectRow {
    project_id: String,
    project_name: String,
    project_domain_id: String,
    project_domain_name: String,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            id: ProjectId::new(row.project_id),
            name: row.project_name,
            domain: Domain { id: row.project_domain_id, name: row.project_domain_name },
        }
    }
}

/// A project that may not be there.
#[derive(FromRow)]
#[expect(clippy::struct_field_names, reason = "a session has a user's columns beside them")]
pub(super) struct OptionalProjectRow {
    project_id: Option<String>,
    project_name: Option<String>,
    project_domain_id: Option<String>,
    project_domain_name: Option<String>,
}

impl From<OptionalProjectRow> for Option<Project> {
    fn from(row: OptionalProjectRow) -> Self {
        Some(Project {
            id: ProjectId::new(row.project_id?),
            name: row.project_name?,
            domain: Domain { id: row.project_domain_id?, name: row.project_domain_name? },
        })
    }
}

#[derive(FromRow)]
struct SessionRow {
    #[sqlx(flatten)]
    user: UserRow,
    project_id: Option<String>,
    project_name: Option<String>,
    domain_id: Option<String>,
    domain_name: Option<String>,
    system: bool,
    roles: Option<String>,
    methods: String,
    audit_id: String,
    issued_at: String,
    expires_at: String,
    credential_id: Option<String>,
    credential_name: Option<String>,
    unrestricted: Option<bool>,
}

impl SessionRow {
    fn session(self) -> Result<Session> {
        let row = Row { table: "tokens", id: &self.audit_id };
        let domain = match (self.domain_id, self.domain_name) {
            (Some(id), Some(name)) => Some(Domain { id, name }),
            _ => None,
        };
        let scope = match (self.project_id, self.project_name, domain) {
            _ if self.system => TokenScope::System,
            (Some(id), Some(name), Some(domain)) => {
                TokenScope::Project(Project { id: ProjectId::new(id), name, domain })
            }
            (_, _, Some(domain)) => TokenScope::Domain(domain),
            (_, _, None) => TokenScope::Unscoped,
        };
        let credential = match (self.credential_id, self.credential_name, self.unrestricted) {
            (Some(id), Some(name), Some(unrestricted)) => {
                Some(IssuedFor { id: ApplicationCredentialId::new(id), name, unrestricted })
            }
            _ => None,
        };
        Ok(Session {
            roles: roles_of(row, self.roles.as_deref())?,
            issued_at: row.time("issued_at", &self.issued_at)?,
            expires_at: row.time("expires_at", &self.expires_at)?,
            methods: split(&self.methods).map(str::to_owned).collect(),
            user: self.user.into(),
            scope,
            audit_id: self.audit_id,
            credential,
        })
    }
}

/// The roles in a list with commas; none for a user without any.
pub(super) fn roles_of(row: Row<'_>, list: Option<&str>) -> Result<Vec<Role>> {
    split(list.unwrap_or_default())
        .map(|word| row.need("role", "role", Role::parse(word)))
        .collect()
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').filter(|word| !word.is_empty())
}

#[async_trait]
impl<T: AsConnection> AccountReads for T {
    async fn session(&mut self, token: &TokenHash, now: Time) -> Result<Option<Session>> {
        let question = Question::of(
            "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                    ud.id AS user_domain_id, ud.name AS user_domain_name,
                    p.id AS project_id, p.name AS project_name,
                    d.id AS domain_id, d.name AS domain_name, t.system,
                    CASE
                    WHEN t.project_id IS NOT NULL THEN
                        (SELECT group_concat(r.role, ',' ORDER BY r.role) FROM role_assignments AS r
                         WHERE r.user_id = t.user_id AND r.project_id = t.project_id
                           AND (c.id IS NULL
                                OR instr(',' || c.roles || ',', ',' || r.role || ',') > 0))
                    WHEN t.domain_id IS NOT NULL THEN
                        (SELECT group_concat(r.role, ',' ORDER BY r.role)
                         FROM domain_role_assignments AS r
                         WHERE r.user_id = t.user_id AND r.domain_id = t.domain_id)
                    WHEN t.system = 1 THEN
                        (SELECT r.role FROM role_assignments AS r
                         JOIN projects AS a ON a.id = r.project_id
                         WHERE r.user_id = t.user_id AND r.role = 'admin' AND a.enabled = 1 LIMIT 1)
                    END AS roles,
                    t.methods, t.audit_id, t.issued_at, t.expires_at,
                    c.id AS credential_id, c.name AS credential_name, c.unrestricted
             FROM tokens AS t
             JOIN users AS u ON u.id = t.user_id
             JOIN domains AS ud ON ud.id = u.domain_id
             LEFT JOIN projects AS p ON p.id = t.project_id
             LEFT JOIN domains AS d ON d.id = coalesce(t.domain_id, p.domain_id)
             LEFT JOIN application_credentials AS c ON c.id = t.application_credential_id
             WHERE t.hash = ? AND t.expires_at > ? AND u.enabled = 1
               AND (p.id IS NULL OR p.enabled = 1)",
        );
        self.one(question.bind(token.0.as_str()).bind(now))
            .await?
            .map(|row| read::<SessionRow>(&row)?.session())
            .transpose()
    }

    async fn domain(&mut self, named: &DomainNamedBy) -> Result<Option<Domain>> {
        let query = match named {
            DomainNamedBy::Id(id) => {
                sqlx::query_as("SELECT id, name FROM domains WHERE id = $1").bind(id.as_str())
            }
            DomainNamedBy::Name(name) => {
                sqlx::query_as("SELECT id, name FROM domains WHERE name = $1").bind(name.as_str())
            }
        };
        let row: Option<(String, String)> =
            query.fetch_optional(self.connection().await?).await.map_err(errors::of_statement)?;
        Ok(row.map(|(id, name)| Domain { id, name }))
    }

    async fn domains(&mut self) -> Result<Vec<Domain>> {
        let rows: Vec<(String, String)> =
            sqlx::query_as("SELECT id, name FROM domains ORDER BY name, id")
                .fetch_all(self.connection().await?)
                .await
                .map_err(errors::of_statement)?;
        Ok(rows.into_iter().map(|(id, name)| Domain { id, name }).collect())
    }

    async fn user(&mut self, named: &NamedBy, default_domain: &str) -> Result<Option<User>> {
        let query = match Search::of(named, default_domain) {
            Search::Id(id) => sqlx::query_as::<_, UserRow>(
                "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                        d.id AS user_domain_id, d.name AS user_domain_name
                 FROM users AS u JOIN domains AS d ON d.id = u.domain_id
                 WHERE u.id = $1",
            )
            .bind(id),
            Search::NameInDomainById(name, domain) => sqlx::query_as(
                "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                        d.id AS user_domain_id, d.name AS user_domain_name
                 FROM users AS u JOIN domains AS d ON d.id = u.domain_id
                 WHERE u.name = $1 AND d.id = $2",
            )
            .bind(name)
            .bind(domain),
            Search::NameInDomainByName(name, domain) => sqlx::query_as(
                "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                        d.id AS user_domain_id, d.name AS user_domain_name
                 FROM users AS u JOIN domains AS d ON d.id = u.domain_id
                 WHERE u.name = $1 AND d.name = $2",
            )
            .bind(name)
            .bind(domain),
        };
        let row =
            query.fetch_optional(self.connection().await?).await.map_err(errors::of_statement)?;
        Ok(row.map(User::from))
    }

    async fn project(&mut self, named: &NamedBy, default_domain: &str) -> Result<Option<Project>> {
        let query = match Search::of(named, default_domain) {
            Search::Id(id) => sqlx::query_as::<_, ProjectRow>(
                "SELECT p.id AS project_id, p.name AS project_name,
                        d.id AS project_domain_id, d.name AS project_domain_name
                 FROM projects AS p JOIN domains AS d ON d.id = p.domain_id
                 WHERE p.id = $1",
            )
            .bind(id),
            Search::NameInDomainById(name, domain) => sqlx::query_as(
                "SELECT p.id AS project_id, p.name AS project_name,
                        d.id AS project_domain_id, d.name AS project_domain_name
                 FROM projects AS p JOIN domains AS d ON d.id = p.domain_id
                 WHERE p.name = $1 AND d.id = $2",
            )
            .bind(name)
            .bind(domain),
            Search::NameInDomainByName(name, domain) => sqlx::query_as(
                "SELECT p.id AS project_id, p.name AS project_name,
                        d.id AS project_domain_id, d.name AS project_domain_name
                 FROM projects AS p JOIN domains AS d ON d.id = p.domain_id
                 WHERE p.name = $1 AND d.name = $2",
            )
            .bind(name)
            .bind(domain),
        };
        let row =
            query.fetch_optional(self.connection().await?).await.map_err(errors::of_statement)?;
        Ok(row.map(Project::from))
    }

    async fn roles(&mut self, user: &UserId, project: &ProjectId) -> Result<Vec<Role>> {
        let words = sqlx::query_scalar::<_, String>(
            "SELECT role FROM role_assignments WHERE user_id = $1 AND project_id = $2
             ORDER BY role",
        )
        .bind(user.as_str())
        .bind(project.as_str())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let row = Row { table: "role_assignments", id: user.as_str() };
        words.iter().map(|word| row.need("role", "role", Role::parse(word))).collect()
    }

    async fn expired_tokens(&mut self, now: Time, most: u32) -> Result<u32> {
        sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM tokens WHERE expires_at <= $1 LIMIT $2)",
        )
        .bind(codec::time_to_text(now))
        .bind(most)
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }

    async fn users(&mut self) -> Result<Vec<User>> {
        let rows = sqlx::query_as::<_, UserRow>(
            "SELECT u.id AS user_id, u.name AS user_name, u.password_hash,
                    d.id AS user_domain_id, d.name AS user_domain_name
             FROM users AS u JOIN domains AS d ON d.id = u.domain_id
             ORDER BY u.name, u.id",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(rows.into_iter().map(User::from).collect())
    }
}

/// How a user or project is looked up.
enum Search<'a> {
    Id(&'a str),
    NameInDomainById(&'a str, &'a str),
    NameInDomainByName(&'a str, &'a str),
}

impl<'a> Search<'a> {
    fn of(named: &'a NamedBy, default_domain: &'a str) -> Self {
        match named {
            NamedBy::Id(id) => Self::Id(id),
            NamedBy::Name { name, domain: None } => Self::NameInDomainById(name, default_domain),
            NamedBy::Name { name, domain: Some(DomainNamedBy::Id(id)) } => {
                Self::NameInDomainById(name, id)
            }
            NamedBy::Name { name, domain: Some(DomainNamedBy::Name(domain)) } => {
                Self::NameInDomainByName(name, domain)
            }
        }
    }
}

impl AccountWrites for Unit {
    fn insert_domain(&mut self, domain: &Domain) {
        self.queue(
            Write::of_one_row("insert domain", "INSERT INTO domains (id, name) VALUES (?, ?)")
                .bind(domain.id.as_str())
                .bind(domain.name.as_str()),
        );
    }

    fn insert_project(&mut self, project: &Project) {
        self.queue(
            Write::of_one_row(
                "insert project",
                "INSERT INTO projects (id, name, domain_id) VALUES (?, ?, ?)",
            )
            .bind(&project.id)
            .bind(project.name.as_str())
            .bind(project.domain.id.as_str()),
        );
    }

    fn insert_user(&mut self, user: &User) {
        self.queue(
            Write::of_one_row(
                "insert user",
                "INSERT INTO users (id, name, domain_id, password_hash) VALUES (?, ?, ?, ?)",
            )
            .bind(&user.id)
            .bind(user.name.as_str())
            .bind(user.domain.id.as_str())
            .bind(user.password.as_phc()),
        );
    }

    fn grant(&mut self, user: &UserId, project: &ProjectId, role: Role) {
        self.queue(
            Write::of_one_row(
                "grant role",
                "INSERT INTO role_assignments (user_id, project_id, role) VALUES (?, ?, ?)",
            )
            .bind(user)
            .bind(project)
            .bind(role.as_str()),
        );
    }

    fn insert_token(&mut self, token: &TokenHash, session: &Session) {
        let domain = match &session.scope {
            TokenScope::Domain(domain) => Some(domain.id.as_str()),
            TokenScope::Unscoped | TokenScope::Project(_) | TokenScope::System => None,
        };
        self.queue(
            Write::of_one_row(
                "insert token",
                "INSERT INTO tokens (hash, user_id, project_id, domain_id, system, methods, audit_id,
                                     issued_at, expires_at, application_credential_id)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(token.0.as_str())
            .bind(&session.user.id)
            .bind(session.project().map(|project| &project.id))
            .bind(domain)
            .bind(session.scope == TokenScope::System)
            .bind(session.methods.join(","))
            .bind(session.audit_id.as_str())
            .bind(session.issued_at)
            .bind(session.expires_at)
            .bind(session.credential.as_ref().map(|credential| credential.id.as_str())),
        );
    }

    fn delete_token(&mut self, token: &TokenHash) {
        self.queue(
            Write::of_one_row("delete token", "DELETE FROM tokens WHERE hash = ?")
                .bind(token.0.as_str()),
        );
    }

    fn delete_expired_tokens(&mut self, now: Time, most: u32) {
        self.queue(
            Write::of_any_rows(
                "delete expired tokens",
                "DELETE FROM tokens WHERE hash IN
                     (SELECT hash FROM tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
            )
            .bind(now)
            .bind(i64::from(most)),
        );
    }
}
