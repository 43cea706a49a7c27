//! Disks as the cloud's own API shows them, and their tags, in SQLite.
//!
//! A page in the default order is read off `disks_by_project`, and so is one that a filter narrows,
//! up to where it is full: a project's disks are few, and each index more would be written with
//! every disk. Tags are looked up by the disks that are shown.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use sqlx::FromRow;

use super::codec;
use super::errors;
use super::page::List;
use super::rows::{DiskRow, Row, disk_columns};
use super::unit::{AsConnection, Unit, Write};
use crate::domain::cloud_disk::{CloudCondition, CloudDisk, CloudFilter, CloudQuery, CloudSort};
use crate::domain::disk::Disk;
use crate::domain::ids::{DiskId, ProjectId};
use crate::store::{CloudDiskReads, CloudDiskWrites, Result, StoreError};

#[derive(Debug, FromRow)]
struct CloudDiskRow {
    #[sqlx(flatten)]
    disk: DiskRow,
    enterprise_project: String,
    tags: String,
}

impl TryFrom<CloudDiskRow> for CloudDisk {
    type Error = StoreError;

    fn try_from(cloud: CloudDiskRow) -> Result<Self> {
        let disk: Disk = cloud.disk.try_into()?;
        let id = disk.id.to_string();
        let row = Row { table: "disk_tags", id: &id };
        let tags =
            row.need("tags", "JSON object of texts", codec::values_from_text(&cloud.tags))?;
        Ok(Self { disk, enterprise_project: cloud.enterprise_project, tags })
    }
}

#[async_trait]
impl<T: AsConnection> CloudDiskReads for T {
    async fn cloud_disk(&mut self, id: DiskId) -> Result<Option<CloudDisk>> {
        sqlx::query_as::<_, CloudDiskRow>(concat!(
            "SELECT ",
            disk_columns!("disks"),
            ", enterprise_project,
                    (SELECT json_group_object(t.key, t.value) FROM disk_tags AS t
                     WHERE t.disk_id = disks.id) AS tags
             FROM disks WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(CloudDisk::try_from)
        .transpose()
    }

    async fn cloud_disks(&mut self, query: &CloudQuery) -> Result<Vec<CloudDisk>> {
        let list = List::new(
            concat!(
                "SELECT ",
                disk_columns!("disks"),
                ", enterprise_project,
                    (SELECT json_group_object(t.key, t.value) FROM disk_tags AS t
                     WHERE t.disk_id = disks.id) AS tags
             FROM disks WHERE TRUE"
            ),
            "disks",
        );
        narrowed(list, &query.filter)
            .page(&query.page, CloudSort::Id, |sort| match sort {
                CloudSort::CreatedAt => "created_at",
                CloudSort::Id => "id",
                CloudSort::Status => "status",
                CloudSort::Size => "size_gib",
            })
            .build_query_as::<CloudDiskRow>()
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(CloudDisk::try_from)
            .collect()
    }

    async fn count_cloud_disks(&mut self, filter: &CloudFilter) -> Result<i64> {
        let list = List::new("SELECT count(*) FROM disks WHERE TRUE", "disks");
        let (count,) = narrowed(list, filter)
            .whole()
            .build_query_as::<(i64,)>()
            .fetch_one(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        Ok(count)
    }

    async fn project_tags(
        &mut self,
        project: &ProjectId,
    ) -> Result<BTreeMap<String, BTreeSet<String>>> {
        let rows = sqlx::query_as::<_, (String, String)>(
            "SELECT DISTINCT t.key, t.value
             FROM disks AS d JOIN disk_tags AS t ON t.disk_id = d.id
             WHERE d.project_id = $1",
        )
        .bind(project.as_str())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?;
        let mut tags = BTreeMap::<String, BTreeSet<String>>::new();
        for (key, value) in rows {
            tags.entry(key).or_default().insert(value);
        }
        Ok(tags)
    }
}

fn narrowed(list: List, filter: &CloudFilter) -> List {
    let list = list.only(" AND project_id = ", Some(&filter.project));
    filter.conditions.iter().fold(list, |list, condition| holds(list.and(" AND "), condition))
}

/// With this condition, without an `AND` in front.
fn holds(list: List, condition: &CloudCondition) -> List {
    use CloudCondition as C;
    match condition {
        C::Among(ids) => {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            list.among("id IN (", &ids)
        }
        C::NameContains(part) => list.containing("name LIKE ", part),
        C::Status(word) => list.only("status = ", Some(word)),
        C::Zone(zone) => list.only("zone = ", Some(zone)),
        C::Type(name) => list.only("disk_type = ", Some(name)),
        C::Multiattach(flag) => list.among("multiattach IN (", &[*flag]),
        C::DedicatedStorage(id) => list.only("dedicated_storage = ", Some(id)),
        C::Dedicated(true) => list.and("dedicated_storage IS NOT NULL"),
        C::Dedicated(false) => list.and("dedicated_storage IS NULL"),
        C::EnterpriseProject(id) => list.only("enterprise_project = ", Some(id)),
        C::Metadata(key, value) => metadata(list, key, value),
        C::NotMetadata(key, value) => metadata(list.and("NOT "), key, value),
        C::Tag(key, values) => tag(list, key, values),
        C::NotTag(key, values) => tag(list.and("NOT "), key, values),
        C::Any(conditions) => conditions
            .iter()
            .fold(list.and("(FALSE"), |list, condition| holds(list.and(" OR "), condition))
            .and(")"),
        C::AttachedTo(server) => list
            .only(
                "EXISTS (SELECT 1 FROM attachments AS a WHERE a.disk_id = disks.id
                         AND a.server_id = ",
                Some(server.to_lowercase()),
            )
            .and(")"),
        C::Never => list.and("FALSE"),
    }
}

fn metadata(list: List, key: &str, value: &str) -> List {
    list.only("EXISTS (SELECT 1 FROM json_each(disks.metadata) WHERE key = ", Some(key))
        .only(" AND value = ", Some(value))
        .and(")")
}

fn tag(list: List, key: &str, values: &[String]) -> List {
    let list = list.only(
        "EXISTS (SELECT 1 FROM disk_tags AS t WHERE t.disk_id = disks.id AND t.key = ",
        Some(key),
    );
    if values.is_empty() { list } else { list.among(" AND t.value IN (", values) }.and(")")
}

impl CloudDiskWrites for Unit {
    fn set_enterprise_project(&mut self, disk: DiskId, enterprise_project: &str) {
        self.queue(
            Write::of_one_row(
                "set enterprise project",
                "UPDATE disks SET enterprise_project = ? WHERE id = ?",
            )
            .bind(enterprise_project)
            .bind(disk),
        );
    }

    fn set_tag(&mut self, disk: DiskId, key: &str, value: &str) {
        self.queue(
            Write::of_one_row(
                "set tag",
                "INSERT INTO disk_tags (disk_id, key, value) VALUES (?, ?, ?)
                 ON CONFLICT (disk_id, key) DO UPDATE SET value = excluded.value",
            )
            .bind(disk)
            .bind(key)
            .bind(value),
        );
    }

    fn delete_tag(&mut self, disk: DiskId, key: &str) {
        self.queue(
            Write::of_one_row("delete tag", "DELETE FROM disk_tags WHERE disk_id = ? AND key = ?")
                .bind(disk)
                .bind(key),
        );
    }
}
