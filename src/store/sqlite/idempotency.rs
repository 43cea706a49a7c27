//! First answers in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::idempotency::{KeptAnswer, RetriedAction};
use crate::domain::ids::{ProjectId, TransferId, UserId};
use crate::store::{IdempotencyReads, IdempotencyWrites, Result, StoreError};

#[derive(FromRow)]
struct KeptRow {
    key_hash: String,
    request_hash: String,
    project_id: String,
    user_id: String,
    action: String,
    transfer_id: String,
    status: i64,
    nonce: String,
    sealed_answer: String,
    created_at: String,
    expires_at: String,
}

impl TryFrom<KeptRow> for KeptAnswer {
    type Error = StoreError;

    fn try_from(kept: KeptRow) -> Result<Self> {
        // Named by what it is of: a hash is nobody's business.
        let row = Row { table: "idempotency_keys", id: &kept.transfer_id };
        Ok(Self {
            action: row.need("action", "action", RetriedAction::parse(&kept.action))?,
            transfer: row.need("transfer_id", "UUID", TransferId::parse(&kept.transfer_id))?,
            status: row.need("status", "status", u16::try_from(kept.status).ok())?,
            created_at: row.time("created_at", &kept.created_at)?,
            expires_at: row.time("expires_at", &kept.expires_at)?,
            key_hash: kept.key_hash,
            request_hash: kept.request_hash,
            project: ProjectId::new(kept.project_id),
            user: UserId::new(kept.user_id),
            nonce: kept.nonce,
            sealed: kept.sealed_answer,
        })
    }
}

#[async_trait]
impl<T: AsConnection> IdempotencyReads for T {
    async fn kept_answer(&mut self, key_hash: &str) -> Result<Option<KeptAnswer>> {
        sqlx::query_as::<_, KeptRow>(
            "SELECT key_hash, request_hash, project_id, user_id, action, transfer_id, status, nonce,
                    sealed_answer, created_at, expires_at
             FROM idempotency_keys WHERE key_hash = $1",
        )
        .bind(key_hash)
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(KeptAnswer::try_from)
        .transpose()
    }

    async fn expired_answers(&mut self, now: Time, most: u32) -> Result<u32> {
        sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM idempotency_keys WHERE expires_at <= $1 LIMIT $2)",
        )
        .bind(codec::time_to_text(now))
        .bind(most)
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }
}

impl IdempotencyWrites for Unit {
    fn keep_answer(&mut self, answer: &KeptAnswer) {
        self.queue(
            Write::of_one_row(
                "keep answer",
                "INSERT OR REPLACE INTO idempotency_keys
                     (key_hash, request_hash, project_id, user_id, action, transfer_id, status,
                      nonce, sealed_answer, created_at, expires_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(answer.key_hash.as_str())
            .bind(answer.request_hash.as_str())
            .bind(&answer.project)
            .bind(&answer.user)
            .bind(answer.action.as_str())
            .bind(answer.transfer)
            .bind(i64::from(answer.status))
            .bind(answer.nonce.as_str())
            .bind(answer.sealed.as_str())
            .bind(answer.created_at)
            .bind(answer.expires_at),
        );
    }

    fn delete_answers_of(&mut self, project: &ProjectId) {
        self.queue(
            Write::of_any_rows(
                "delete answers of project",
                "DELETE FROM idempotency_keys WHERE project_id = ?",
            )
            .bind(project),
        );
    }

    fn delete_expired_answers(&mut self, now: Time, most: u32) {
        self.queue(
            Write::of_any_rows(
                "delete expired answers",
                "DELETE FROM idempotency_keys WHERE key_hash IN
                     (SELECT key_hash FROM idempotency_keys WHERE expires_at <= ?
                      ORDER BY expires_at LIMIT ?)",
            )
            .bind(now)
            .bind(i64::from(most)),
        );
    }
}
