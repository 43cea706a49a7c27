//! Disk types in SQLite.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::FromRow;

use super::page::{List, Piece};
use super::rows::Row;
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::clock::Time;
use crate::domain::disk_type::{
    ControlLocation, DiskType, DiskTypeQuery, DiskTypeSort, Encryption, Shown,
};
use crate::domain::ids::{DiskTypeId, EncryptionId, ProjectId, QosSpecsId};
use crate::domain::quota::TYPE_KINDS;
use crate::store::{DiskTypeReads, DiskTypeWrites, Result, StoreError};

#[derive(FromRow)]
struct DiskTypeRow {
    id: String,
    name: String,
    description: Option<String>,
    is_public: bool,
    qos_specs_id: Option<String>,
    extra_specs: String,
    encrypted: bool,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<DiskTypeRow> for DiskType {
    type Error = StoreError;

    fn try_from(found: DiskTypeRow) -> Result<Self> {
        let row = Row { table: "disk_types", id: &found.id };
        Ok(Self {
            id: row.need("id", "UUID", DiskTypeId::parse(&found.id))?,
            qos_specs: found
                .qos_specs_id
                .as_deref()
                .map(|id| row.need("qos_specs_id", "UUID", QosSpecsId::parse(id)))
                .transpose()?,
            extra_specs: row.need(
                "extra_specs",
                "JSON object of texts",
                codec::specs_from_text(&found.extra_specs),
            )?,
            created_at: row.time("created_at", &found.created_at)?,
            updated_at: row.time_if_any("updated_at", found.updated_at.as_deref())?,
            name: found.name,
            description: found.description,
            is_public: found.is_public,
            encrypted: found.encrypted,
        })
    }
}

#[derive(FromRow)]
struct EncryptionRow {
    id: String,
    disk_type_id: String,
    provider: String,
    cipher: Option<String>,
    key_size: Option<i64>,
    control_location: String,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<EncryptionRow> for Encryption {
    type Error = StoreError;

    fn try_from(found: EncryptionRow) -> Result<Self> {
        let row = Row { table: "disk_type_encryptions", id: &found.id };
        let location = ControlLocation::parse(&found.control_location);
        Ok(Self {
            id: row.need("id", "UUID", EncryptionId::parse(&found.id))?,
            disk_type: row.need("disk_type_id", "UUID", DiskTypeId::parse(&found.disk_type_id))?,
            control_location: row.need("control_location", "location", location)?,
            created_at: row.time("created_at", &found.created_at)?,
            updated_at: row.time_if_any("updated_at", found.updated_at.as_deref())?,
            provider: found.provider,
            cipher: found.cipher,
            key_size: found.key_size,
        })
    }
}

/// The condition that a type is one of those shown.
fn shown(shown: &Shown) -> Vec<Piece> {
    match shown {
        Shown::All => Vec::new(),
        Shown::Private => vec![Piece::Sql(" AND is_public = 0")],
        Shown::Public { and_of } => vec![
            Piece::Sql(
                " AND (is_public = 1
                       OR EXISTS (SELECT 1 FROM disk_type_access AS a
                                  WHERE a.disk_type_id = disk_types.id AND a.project_id = ",
            ),
            Piece::Value(and_of.to_string()),
            Piece::Sql("))"),
        ],
    }
}

#[async_trait]
impl<T: AsConnection> DiskTypeReads for T {
    async fn disk_type(
        &mut self,
        id: DiskTypeId,
        seen_by: Option<&ProjectId>,
    ) -> Result<Option<DiskType>> {
        sqlx::query_as::<_, DiskTypeRow>(
            "SELECT t.id, t.name, t.description, t.is_public, t.qos_specs_id,
                    (SELECT json_group_object(s.key, s.value) FROM disk_type_extra_specs AS s
                     WHERE s.disk_type_id = t.id) AS extra_specs,
                    EXISTS (SELECT 1 FROM disk_type_encryptions AS e
                            WHERE e.disk_type_id = t.id) AS encrypted,
                    t.created_at, t.updated_at
             FROM disk_types AS t
             WHERE t.id = $1
               AND (t.is_public = 1 OR $2 IS NULL
                    OR EXISTS (SELECT 1 FROM disk_type_access AS a
                               WHERE a.disk_type_id = t.id AND a.project_id = $2))",
        )
        .bind(id.to_string())
        .bind(seen_by.map(ProjectId::as_str))
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(DiskType::try_from)
        .transpose()
    }

    async fn disk_type_named(
        &mut self,
        id_or_name: &str,
        seen_by: Option<&ProjectId>,
    ) -> Result<Option<DiskType>> {
        sqlx::query_as::<_, DiskTypeRow>(
            "SELECT t.id, t.name, t.description, t.is_public, t.qos_specs_id,
                    (SELECT json_group_object(s.key, s.value) FROM disk_type_extra_specs AS s
                     WHERE s.disk_type_id = t.id) AS extra_specs,
                    EXISTS (SELECT 1 FROM disk_type_encryptions AS e
                            WHERE e.disk_type_id = t.id) AS encrypted,
                    t.created_at, t.updated_at
             FROM disk_types AS t
             WHERE (t.id = $1 OR t.name = $2)
               AND (t.is_public = 1 OR $3 IS NULL
                    OR EXISTS (SELECT 1 FROM disk_type_access AS a
                               WHERE a.disk_type_id = t.id AND a.project_id = $3))
             ORDER BY t.name = $2 LIMIT 1",
        )
        .bind(DiskTypeId::parse(id_or_name).map(|id| id.to_string()))
        .bind(id_or_name)
        .bind(seen_by.map(ProjectId::as_str))
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(DiskType::try_from)
        .transpose()
    }

    async fn disk_types(&mut self, query: &DiskTypeQuery) -> Result<Vec<DiskType>> {
        let mut list = List::new(
            "SELECT id, name, description, is_public, qos_specs_id,
                    (SELECT json_group_object(s.key, s.value) FROM disk_type_extra_specs AS s
                     WHERE s.disk_type_id = disk_types.id) AS extra_specs,
                    EXISTS (SELECT 1 FROM disk_type_encryptions AS e
                            WHERE e.disk_type_id = disk_types.id) AS encrypted,
                    created_at, updated_at
             FROM disk_types WHERE TRUE",
            "disk_types",
        )
        .only(" AND name = ", query.name.as_ref())
        .when(shown(&query.shown));
        for (key, value) in &query.extra_specs {
            list = list.when(vec![
                Piece::Sql(
                    " AND EXISTS (SELECT 1 FROM disk_type_extra_specs AS s
                                  WHERE s.disk_type_id = disk_types.id AND s.key = ",
                ),
                Piece::Value(key.clone()),
                Piece::Sql(" AND s.value = "),
                Piece::Value(value.clone()),
                Piece::Sql(")"),
            ]);
        }
        list.page(&query.page, DiskTypeSort::Id, |sort| match sort {
            DiskTypeSort::CreatedAt => "created_at",
            DiskTypeSort::UpdatedAt => "coalesce(updated_at, '')",
            DiskTypeSort::Id => "id",
            DiskTypeSort::Name => "name",
            DiskTypeSort::IsPublic => "is_public",
        })
        .build_query_as::<DiskTypeRow>()
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(DiskType::try_from)
        .collect()
    }

    async fn disk_type_ids(&mut self) -> Result<BTreeMap<String, DiskTypeId>> {
        sqlx::query_as::<_, (String, String)>("SELECT name, id FROM disk_types")
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(|(name, id)| {
                let row = Row { table: "disk_types", id: &id };
                Ok((name, row.need("id", "UUID", DiskTypeId::parse(&id))?))
            })
            .collect()
    }

    async fn disk_type_is_used(&mut self, name: &str) -> Result<bool> {
        // What usage is counted by answers for disks at rest, the due ones are looked at besides: a
        // retype that fails leaves the type as it was.
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM disks WHERE coalesce(next_type, disk_type) = $1)
                    OR EXISTS (SELECT 1 FROM disks WHERE next_at IS NOT NULL AND disk_type = $1)",
        )
        .bind(name)
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }

    async fn disk_types_in_use(&mut self) -> Result<Vec<String>> {
        sqlx::query_scalar(
            "SELECT disk_type FROM disks
             UNION SELECT next_type FROM disks WHERE next_at IS NOT NULL AND next_type IS NOT NULL
             UNION SELECT disk_type FROM snapshots ORDER BY disk_type",
        )
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }

    async fn disk_type_access(&mut self, id: DiskTypeId) -> Result<Vec<ProjectId>> {
        let projects: Vec<String> = sqlx::query_scalar(
            "SELECT project_id FROM disk_type_access WHERE disk_type_id = $1
             ORDER BY created_at, project_id",
        )
        .bind(id.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        Ok(projects.into_iter().map(ProjectId::new).collect())
    }

    async fn encryption(&mut self, of: DiskTypeId) -> Result<Option<Encryption>> {
        sqlx::query_as::<_, EncryptionRow>(
            "SELECT id, disk_type_id, provider, cipher, key_size, control_location, created_at,
                    updated_at
             FROM disk_type_encryptions WHERE disk_type_id = $1",
        )
        .bind(of.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Encryption::try_from)
        .transpose()
    }
}

impl DiskTypeWrites for Unit {
    fn insert_disk_type(&mut self, disk_type: &DiskType) {
        self.queue(
            Write::of_one_row(
                "insert disk type",
                "INSERT INTO disk_types (id, name, description, is_public, qos_specs_id,
                                         created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(disk_type.id)
            .bind(disk_type.name.as_str())
            .bind(disk_type.description.as_deref())
            .bind(disk_type.is_public)
            .bind(disk_type.qos_specs)
            .bind(disk_type.created_at)
            .bind(disk_type.updated_at),
        );
        for (key, value) in &disk_type.extra_specs {
            self.set_extra_spec(disk_type.id, key, value.as_deref());
        }
    }

    fn update_disk_type(&mut self, disk_type: &DiskType) {
        self.queue(
            Write::of_one_row(
                "update disk type",
                "UPDATE disk_types
                 SET name = ?, description = ?, is_public = ?, qos_specs_id = ?, updated_at = ?
                 WHERE id = ?",
            )
            .bind(disk_type.name.as_str())
            .bind(disk_type.description.as_deref())
            .bind(disk_type.is_public)
            .bind(disk_type.qos_specs)
            .bind(disk_type.updated_at)
            .bind(disk_type.id),
        );
    }

    fn rename_disk_type(&mut self, from: &str, to: &str) {
        for (name, sql) in [
            ("rename type of disks", "UPDATE disks SET disk_type = ? WHERE disk_type = ?"),
            (
                "rename next type of disks",
                "UPDATE disks SET next_type = ? WHERE next_at IS NOT NULL AND next_type = ?",
            ),
            ("rename type of snapshots", "UPDATE snapshots SET disk_type = ? WHERE disk_type = ?"),
        ] {
            self.queue(Write::of_any_rows(name, sql).bind(to).bind(from));
        }
        for kind in TYPE_KINDS {
            for (name, sql) in [
                // A limit that somebody left for a type that was not there gives way.
                ("rename limits", "UPDATE OR REPLACE quotas SET key = ? WHERE key = ?"),
                (
                    "rename class limits",
                    "UPDATE OR REPLACE quota_classes SET key = ? WHERE key = ?",
                ),
            ] {
                let write = Write::of_any_rows(name, sql);
                self.queue(write.bind([kind, "_", to].concat()).bind([kind, "_", from].concat()));
            }
        }
    }

    fn delete_disk_type(&mut self, id: DiskTypeId, name: &str) {
        for kind in TYPE_KINDS {
            for (write, sql) in [
                ("delete limits of type", "DELETE FROM quotas WHERE key = ?"),
                ("delete class limits of type", "DELETE FROM quota_classes WHERE key = ?"),
            ] {
                self.queue(Write::of_any_rows(write, sql).bind([kind, "_", name].concat()));
            }
        }
        self.queue(
            Write::of_one_row("delete disk type", "DELETE FROM disk_types WHERE id = ?").bind(id),
        );
    }

    fn set_extra_spec(&mut self, of: DiskTypeId, key: &str, value: Option<&str>) {
        self.queue(
            Write::of_one_row(
                "set extra spec",
                "INSERT INTO disk_type_extra_specs (disk_type_id, key, value) VALUES (?, ?, ?)
                 ON CONFLICT (disk_type_id, key) DO UPDATE SET value = excluded.value",
            )
            .bind(of)
            .bind(key)
            .bind(value),
        );
    }

    fn delete_extra_spec(&mut self, of: DiskTypeId, key: &str) {
        self.queue(
            Write::of_one_row(
                "delete extra spec",
                "DELETE FROM disk_type_extra_specs WHERE disk_type_id = ? AND key = ?",
            )
            .bind(of)
            .bind(key),
        );
    }

    fn insert_disk_type_access(&mut self, id: DiskTypeId, project: &ProjectId, at: Time) {
        self.queue(
            Write::of_one_row(
                "insert disk type access",
                "INSERT INTO disk_type_access (disk_type_id, project_id, created_at)
                 VALUES (?, ?, ?)",
            )
            .bind(id)
            .bind(project)
            .bind(at),
        );
    }

    fn delete_disk_type_access(&mut self, id: DiskTypeId, project: &ProjectId) {
        self.queue(
            Write::of_one_row(
                "delete disk type access",
                "DELETE FROM disk_type_access WHERE disk_type_id = ? AND project_id = ?",
            )
            .bind(id)
            .bind(project),
        );
    }

    fn insert_encryption(&mut self, encryption: &Encryption) {
        self.queue(
            Write::of_one_row(
                "insert encryption",
                "INSERT INTO disk_type_encryptions (id, disk_type_id, provider, cipher, key_size,
                                                    control_location, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(encryption.id)
            .bind(encryption.disk_type)
            .bind(encryption.provider.as_str())
            .bind(encryption.cipher.as_deref())
            .bind(encryption.key_size)
            .bind(encryption.control_location.as_str())
            .bind(encryption.created_at)
            .bind(encryption.updated_at),
        );
    }

    fn update_encryption(&mut self, encryption: &Encryption) {
        self.queue(
            Write::of_one_row(
                "update encryption",
                "UPDATE disk_type_encryptions
                 SET provider = ?, cipher = ?, key_size = ?, control_location = ?, updated_at = ?
                 WHERE id = ?",
            )
            .bind(encryption.provider.as_str())
            .bind(encryption.cipher.as_deref())
            .bind(encryption.key_size)
            .bind(encryption.control_location.as_str())
            .bind(encryption.updated_at)
            .bind(encryption.id),
        );
    }

    fn delete_encryption(&mut self, of: DiskTypeId) {
        self.queue(
            Write::of_one_row(
                "delete encryption",
                "DELETE FROM disk_type_encryptions WHERE disk_type_id = ?",
            )
            .bind(of),
        );
    }
}
