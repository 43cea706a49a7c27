//! Disks in SQLite.

mod lists;

use async_trait::async_trait;

use super::readers::Question;
use super::rows::{DiskRow, FactsRow, disk_columns, fact_columns, read};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::disk::{Disk, DiskFilter, DiskQuery, DiskStatus};
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::transfer::TransferFacts;
use crate::store::disks::DiskSummary;
use crate::store::{DiskReads, DiskWrites, Result};

#[async_trait]
impl<T: AsConnection> DiskReads for T {
    async fn disk(&mut self, id: DiskId) -> Result<Option<Disk>> {
        sqlx::query_as::<_, DiskRow>(concat!(
            "SELECT ",
            disk_columns!("disks"),
            " FROM disks WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Disk::try_from)
        .transpose()
    }

    async fn disk_with_facts(
        &mut self,
        id: DiskId,
        of: Option<&ProjectId>,
    ) -> Result<Option<TransferFacts>> {
        let question = Question::of(concat!(
            "SELECT ",
            disk_columns!("d"),
            ", ",
            fact_columns!(),
            " FROM disks AS d
             LEFT JOIN policy_disks AS l ON l.disk_id = d.id
             LEFT JOIN policies AS p ON p.id = l.policy_id
             WHERE d.id = ? AND d.project_id = coalesce(?, d.project_id)"
        ));
        self.one(question.bind(id).bind(of))
            .await?
            .map(|row| read::<FactsRow>(&row)?.try_into())
            .transpose()
    }

    async fn disks(&mut self, query: &DiskQuery) -> Result<Vec<Disk>> {
        lists::page(self.connection().await?, query).await
    }

    async fn count_disks(&mut self, filter: &DiskFilter) -> Result<i64> {
        lists::count(self.connection().await?, filter).await
    }

    async fn disk_summary(&mut self, project: Option<&ProjectId>) -> Result<DiskSummary> {
        lists::summary(self.connection().await?, project).await
    }
}

impl DiskWrites for Unit {
    fn insert_disk(&mut self, disk: &Disk) {
        let pending = disk.pending.as_ref();
        self.queue(
            Write::of_one_row(
                "insert disk",
                "INSERT INTO disks (id, project_id, user_id, name, description, size_gib, status,
                                    disk_type, zone, bootable, multiattach, encrypted,
                                    dedicated_storage, metadata, read_only, read_only_told,
                                    from_snapshot_id, from_disk_id, image_metadata,
                                    previous_status, next_at, next_outcome, next_size_gib,
                                    next_type, transfer_id, created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
                         ?, ?)",
            )
            .bind(disk.id)
            .bind(&disk.project)
            .bind(&disk.user)
            .bind(disk.name.as_deref())
            .bind(disk.description.as_deref())
            .bind(disk.size_gib)
            .bind(disk.status.as_str())
            .bind(disk.disk_type.as_str())
            .bind(disk.zone.as_str())
            .bind(disk.bootable)
            .bind(disk.multiattach)
            .bind(disk.encrypted)
            .bind(disk.dedicated_storage.as_deref())
            .bind(codec::values_to_text(&disk.metadata))
            .bind(disk.read_only == Some(true))
            .bind(disk.read_only.is_some())
            .bind(disk.from_snapshot)
            .bind(disk.from_disk)
            .bind(codec::values_to_text(&disk.image_metadata))
            .bind(pending.and_then(|p| p.former).map(DiskStatus::as_str))
            .bind(pending.map(|p| p.ending.at))
            .bind(pending.map(|p| p.ending.outcome.as_str()))
            .bind(pending.and_then(|p| p.size_gib))
            .bind(pending.and_then(|p| p.disk_type.as_deref()))
            .bind(disk.transfer)
            .bind(disk.created_at)
            .bind(disk.updated_at),
        );
    }

    fn update_disk(&mut self, disk: &Disk, from: DiskStatus) {
        let pending = disk.pending.as_ref();
        self.queue(
            Write::of_one_row(
                "update disk",
                "UPDATE disks
                 SET project_id = ?, user_id = ?, name = ?, description = ?, size_gib = ?,
                     status = ?, disk_type = ?, zone = ?, bootable = ?, multiattach = ?,
                     encrypted = ?, dedicated_storage = ?, metadata = ?, read_only = ?,
                     read_only_told = ?, image_metadata = ?, previous_status = ?, next_at = ?, next_outcome = ?,
                     next_size_gib = ?, next_type = ?, transfer_id = ?, updated_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(&disk.project)
            .bind(&disk.user)
            .bind(disk.name.as_deref())
            .bind(disk.description.as_deref())
            .bind(disk.size_gib)
            .bind(disk.status.as_str())
            .bind(disk.disk_type.as_str())
            .bind(disk.zone.as_str())
            .bind(disk.bootable)
            .bind(disk.multiattach)
            .bind(disk.encrypted)
            .bind(disk.dedicated_storage.as_deref())
            .bind(codec::values_to_text(&disk.metadata))
            .bind(disk.read_only == Some(true))
            .bind(disk.read_only.is_some())
            .bind(codec::values_to_text(&disk.image_metadata))
            .bind(pending.and_then(|p| p.former).map(DiskStatus::as_str))
            .bind(pending.map(|p| p.ending.at))
            .bind(pending.map(|p| p.ending.outcome.as_str()))
            .bind(pending.and_then(|p| p.size_gib))
            .bind(pending.and_then(|p| p.disk_type.as_deref()))
            .bind(disk.transfer)
            .bind(disk.updated_at)
            .bind(disk.id)
            .bind(from.as_str()),
        );
    }

    fn delete_disk(&mut self, id: DiskId, from: DiskStatus) {
        self.queue(
            Write::of_one_row("delete disk", "DELETE FROM disks WHERE id = ? AND status = ?")
                .bind(id)
                .bind(from.as_str()),
        );
    }
}
