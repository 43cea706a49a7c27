//! Qualities of service in SQLite.

use async_trait::async_trait;
use sqlx::FromRow;

use super::page::{List, id_or_nothing};
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::ids::{DiskTypeId, QosSpecsId};
use crate::domain::qos_spec::{Consumer, QosQuery, QosSort, QosSpecs};
use crate::store::{QosReads, QosWrites, Result, StoreError};

#[derive(FromRow)]
struct QosRow {
    id: String,
    name: String,
    consumer: String,
    specs: String,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<QosRow> for QosSpecs {
    type Error = StoreError;

    fn try_from(found: QosRow) -> Result<Self> {
        let row = Row { table: "qos_specs", id: &found.id };
        let specs = codec::specs_from_text(&found.specs);
        Ok(Self {
            id: row.need("id", "UUID", QosSpecsId::parse(&found.id))?,
            consumer: row.need("consumer", "consumer", Consumer::parse(&found.consumer))?,
            specs: row.need("specs", "JSON object of texts", specs)?,
            created_at: row.time("created_at", &found.created_at)?,
            updated_at: row.time_if_any("updated_at", found.updated_at.as_deref())?,
            name: found.name,
        })
    }
}

#[async_trait]
impl<T: AsConnection> QosReads for T {
    async fn qos_specs(&mut self, id: QosSpecsId) -> Result<Option<QosSpecs>> {
        sqlx::query_as::<_, QosRow>(
            "SELECT q.id, q.name, q.consumer,
                    (SELECT json_group_object(v.key, v.value) FROM qos_spec_values AS v
                     WHERE v.qos_specs_id = q.id) AS specs,
                    q.created_at, q.updated_at
             FROM qos_specs AS q WHERE q.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(QosSpecs::try_from)
        .transpose()
    }

    async fn list_qos_specs(&mut self, query: &QosQuery) -> Result<Vec<QosSpecs>> {
        List::new(
            "SELECT id, name, consumer,
                    (SELECT json_group_object(v.key, v.value) FROM qos_spec_values AS v
                     WHERE v.qos_specs_id = qos_specs.id) AS specs,
                    created_at, updated_at
             FROM qos_specs WHERE TRUE",
            "qos_specs",
        )
        .only(" AND id = ", id_or_nothing(query.id.as_deref(), QosSpecsId::parse))
        .only(" AND name = ", query.name.as_ref())
        .only(" AND consumer = ", query.consumer.as_ref())
        .page(&query.page, QosSort::Id, |sort| match sort {
            QosSort::CreatedAt => "created_at",
            QosSort::UpdatedAt => "coalesce(updated_at, '')",
            QosSort::Id => "id",
            QosSort::Name => "name",
            QosSort::Consumer => "consumer",
        })
        .build_query_as::<QosRow>()
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(QosSpecs::try_from)
        .collect()
    }

    async fn qos_associations(&mut self, id: QosSpecsId) -> Result<Vec<(DiskTypeId, String)>> {
        sqlx::query_as::<_, (String, String)>(
            "SELECT id, name FROM disk_types WHERE qos_specs_id = $1 ORDER BY name, id",
        )
        .bind(id.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(|(id, name)| {
            let row = Row { table: "disk_types", id: &id };
            Ok((row.need("id", "UUID", DiskTypeId::parse(&id))?, name))
        })
        .collect()
    }
}

impl QosWrites for Unit {
    fn insert_qos_specs(&mut self, specs: &QosSpecs) {
        self.queue(
            Write::of_one_row(
                "insert qos specs",
                "INSERT INTO qos_specs (id, name, consumer, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind(specs.id)
            .bind(specs.name.as_str())
            .bind(specs.consumer.as_str())
            .bind(specs.created_at)
            .bind(specs.updated_at),
        );
        for (key, value) in &specs.specs {
            self.set_qos_value(specs.id, key, value.as_deref());
        }
    }

    fn update_qos_specs(&mut self, specs: &QosSpecs) {
        self.queue(
            Write::of_one_row(
                "update qos specs",
                "UPDATE qos_specs SET consumer = ?, updated_at = ? WHERE id = ?",
            )
            .bind(specs.consumer.as_str())
            .bind(specs.updated_at)
            .bind(specs.id),
        );
    }

    fn set_qos_value(&mut self, of: QosSpecsId, key: &str, value: Option<&str>) {
        self.queue(
            Write::of_one_row(
                "set qos value",
                "INSERT INTO qos_spec_values (qos_specs_id, key, value) VALUES (?, ?, ?)
                 ON CONFLICT (qos_specs_id, key) DO UPDATE SET value = excluded.value",
            )
            .bind(of)
            .bind(key)
            .bind(value),
        );
    }

    fn delete_qos_value(&mut self, of: QosSpecsId, key: &str) {
        self.queue(
            Write::of_one_row(
                "delete qos value",
                "DELETE FROM qos_spec_values WHERE qos_specs_id = ? AND key = ?",
            )
            .bind(of)
            .bind(key),
        );
    }

    fn delete_qos_specs(&mut self, id: QosSpecsId) {
        self.queue(
            Write::of_one_row("delete qos specs", "DELETE FROM qos_specs WHERE id = ?").bind(id),
        );
    }
}
