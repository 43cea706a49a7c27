//! Wrong guesses of secrets in SQLite.

use async_trait::async_trait;

use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::guess::{Failures, Target};
use crate::store::{GuessReads, GuessWrites, Result};

#[async_trait]
impl<T: AsConnection> GuessReads for T {
    async fn failures(&mut self, target: &Target, since: Time) -> Result<Failures> {
        let (count, oldest): (i64, Option<String>) = sqlx::query_as(
            "SELECT count(*), min(failed_at) FROM wrong_guesses
             WHERE what = $1 AND subject = $2 AND failed_at > $3",
        )
        .bind(target.secret.as_str())
        .bind(target.subject.as_str())
        .bind(codec::time_to_text(since))
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let row = Row { table: "wrong_guesses", id: &target.subject };
        let oldest = oldest.map(|text| row.time("failed_at", &text)).transpose()?;
        Ok(Failures { count, oldest })
    }

    async fn old_failures(&mut self, until: Time, most: u32) -> Result<u32> {
        sqlx::query_scalar(
            "SELECT count(*) FROM (SELECT 1 FROM wrong_guesses WHERE failed_at <= $1 LIMIT $2)",
        )
        .bind(codec::time_to_text(until))
        .bind(most)
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }
}

impl GuessWrites for Unit {
    fn insert_failure(&mut self, target: &Target, at: Time) {
        self.queue(
            Write::of_one_row(
                "insert failure",
                "INSERT INTO wrong_guesses (what, subject, failed_at) VALUES (?, ?, ?)",
            )
            .bind(target.secret.as_str())
            .bind(target.subject.as_str())
            .bind(at),
        );
    }

    fn forget_failures(&mut self, until: Time, most: u32) {
        self.queue(
            Write::of_any_rows(
                "forget failures",
                "DELETE FROM wrong_guesses WHERE rowid IN
                     (SELECT rowid FROM wrong_guesses WHERE failed_at <= ?
                      ORDER BY failed_at LIMIT ?)",
            )
            .bind(until)
            .bind(i64::from(most)),
        );
    }
}
