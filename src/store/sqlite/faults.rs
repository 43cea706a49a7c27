//! Faults in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::fault::{Chance, Effect, EffectWord, Fault, Keeping, Operations, Probability};
use crate::domain::ids::{DiskId, FaultId, ProjectId};
use crate::store::{FaultReads, FaultWrites, Result, StoreError};

#[derive(Debug, FromRow)]
struct FaultRow {
    id: String,
    note: Option<String>,
    operation: Option<String>,
    project_id: Option<String>,
    disk_id: Option<String>,
    skip: i64,
    times: Option<i64>,
    probability_ppm: i64,
    seed: i64,
    effect: String,
    detail: String,
    created_at: String,
}

impl TryFrom<FaultRow> for Fault {
    type Error = StoreError;

    fn try_from(fault: FaultRow) -> Result<Self> {
        let row = Row { table: "faults", id: &fault.id };
        let count = |column, number: i64| row.need(column, "count", u32::try_from(number).ok());
        let probability = Probability::of_millionths(fault.probability_ppm);
        let operations = fault
            .operation
            .map(|written| row.need("operation", "operation", Operations::parse(&written)))
            .transpose()?;
        let word = row.need("effect", "effect", EffectWord::parse(&fault.effect))?;
        let effect = Effect::parse(word, &fault.detail, operations);
        Ok(Self {
            id: row.need("id", "UUID", FaultId::parse(&fault.id))?,
            disk: row.id_if_any("disk_id", fault.disk_id.as_deref(), DiskId::parse)?,
            chance: Chance {
                skip: count("skip", fault.skip)?,
                times: fault.times.map(|times| count("times", times)).transpose()?,
                probability: row.need("probability_ppm", "probability", probability)?,
                seed: count("seed", fault.seed)?,
            },
            effect: row.need("detail", "detail of the effect", effect)?,
            created_at: row.time("created_at", &fault.created_at)?,
            note: fault.note,
            project: fault.project_id.map(ProjectId::new),
            keeping: Keeping::Persisted,
        })
    }
}

#[async_trait]
impl<T: AsConnection> FaultReads for T {
    async fn faults(&mut self) -> Result<Vec<Fault>> {
        // A frozen clock gives many the same time; each row's number is larger than the last.
        sqlx::query_as::<_, FaultRow>(
            "SELECT id, note, operation, project_id, disk_id, skip, times, probability_ppm, seed,
                    effect, detail, created_at
             FROM faults ORDER BY rowid",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Fault::try_from)
        .collect()
    }

    async fn disk_behind(&mut self, id: &str) -> Result<Option<DiskId>> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT disk_id FROM transfers WHERE id = $1
             UNION ALL SELECT disk_id FROM snapshots WHERE id = $1
             UNION ALL SELECT disk_id FROM backups WHERE id = $1
             UNION ALL SELECT disk_id FROM attachments WHERE id = $1
             LIMIT 1",
        )
        .bind(id.to_owned())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(found.and_then(|id| DiskId::parse(&id)))
    }

    async fn project_meant(&mut self, text: &str) -> Result<Option<ProjectId>> {
        let found: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM projects WHERE id = $1
             UNION ALL
             SELECT id FROM projects
             WHERE name = $1 AND NOT EXISTS (SELECT 1 FROM projects WHERE id = $1)
             LIMIT 2",
        )
        .bind(text.to_owned())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let mut found = found.into_iter();
        Ok(found.next().filter(|_| found.next().is_none()).map(ProjectId::new))
    }
}

impl FaultWrites for Unit {
    fn insert_fault(&mut self, fault: &Fault) {
        let Chance { skip, times, probability, seed } = fault.chance;
        self.queue(
            Write::of_one_row(
                "insert fault",
                "INSERT INTO faults (id, note, operation, project_id, disk_id, skip, times,
                                     probability_ppm, seed, effect, detail, created_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(fault.id)
            .bind(fault.note.clone())
            .bind(fault.effect.operations().map(Operations::as_str))
            .bind(fault.project.as_ref())
            .bind(fault.disk)
            .bind(i64::from(skip))
            .bind(times.map(i64::from))
            .bind(probability.millionths())
            .bind(i64::from(seed))
            .bind(fault.effect.word().as_str())
            .bind(fault.effect.detail())
            .bind(fault.created_at),
        );
    }

    fn delete_fault(&mut self, id: FaultId) {
        self.queue(Write::of_one_row("delete fault", "DELETE FROM faults WHERE id = ?").bind(id));
    }
}
