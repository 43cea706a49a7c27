//! Disks in SQLite.

use async_trait::async_trait;

use super::page::List;
use super::rows::{DiskRow, FactsRow};
use super::unit::{AsConnection, Unit, Write};
use super::{codec, errors};
use crate::domain::disk::{Disk, DiskQuery, DiskSort, DiskStatus};
use crate::domain::ids::DiskId;
use crate::domain::transfer::TransferFacts;
use crate::store::{DiskReads, DiskWrites, Result};

#[async_trait]
impl<T: AsConnection> DiskReads for T {
    async fn disk(&mut self, id: DiskId) -> Result<Option<Disk>> {
        sqlx::query_as::<_, DiskRow>(
            "SELECT id, project_id, user_id, name, description, size_gib, status, disk_type, zone,
                    bootable, multiattach, encrypted, dedicated_storage, metadata, transfer_id,
                    created_at, updated_at
             FROM disks WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(Disk::try_from)
        .transpose()
    }

    async fn disk_with_facts(&mut self, id: DiskId) -> Result<Option<TransferFacts>> {
        sqlx::query_as::<_, FactsRow>(
            "SELECT d.id, d.project_id, d.user_id, d.name, d.description, d.size_gib, d.status,
                    d.disk_type, d.zone, d.bootable, d.multiattach, d.encrypted,
                    d.dedicated_storage, d.metadata, d.transfer_id, d.created_at, d.updated_at,
                    (SELECT count(*) FROM snapshots AS s WHERE s.disk_id = d.id) AS snapshots,
                    (SELECT s.id FROM snapshots AS s WHERE s.disk_id = d.id
                     ORDER BY s.created_at, s.id LIMIT 1) AS snapshot_id,
                    (SELECT s.status FROM snapshots AS s WHERE s.disk_id = d.id
                     ORDER BY s.created_at, s.id LIMIT 1) AS snapshot_status,
                    (SELECT count(*) FROM backups AS b WHERE b.disk_id = d.id) AS backups,
                    (SELECT b.id FROM backups AS b WHERE b.disk_id = d.id
                     ORDER BY b.created_at, b.id LIMIT 1) AS backup_id,
                    (SELECT b.status FROM backups AS b WHERE b.disk_id = d.id
                     ORDER BY b.created_at, b.id LIMIT 1) AS backup_status,
                    p.id AS policy_id, p.name AS policy_name
             FROM disks AS d
             LEFT JOIN policy_disks AS l ON l.disk_id = d.id
             LEFT JOIN policies AS p ON p.id = l.policy_id
             WHERE d.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .map(TransferFacts::try_from)
        .transpose()
    }

    async fn disks(&mut self, query: &DiskQuery) -> Result<Vec<Disk>> {
        List::new(
            "SELECT id, project_id, user_id, name, description, size_gib, status, disk_type, zone,
                    bootable, multiattach, encrypted, dedicated_storage, metadata, transfer_id,
                    created_at, updated_at
             FROM disks WHERE TRUE",
            "disks",
        )
        .only(" AND project_id = ", query.project.as_ref())
        .only(" AND name = ", query.name.as_ref())
        .only(" AND status = ", query.status.as_ref())
        .page(&query.page, DiskSort::Id, |sort| match sort {
            DiskSort::CreatedAt => "created_at",
            DiskSort::UpdatedAt => "coalesce(updated_at, '')",
            DiskSort::Id => "id",
            DiskSort::Name => "coalesce(name, '')",
            DiskSort::Status => "status",
            DiskSort::Size => "size_gib",
            DiskSort::Zone => "zone",
            DiskSort::Bootable => "bootable",
        })
        .build_query_as::<DiskRow>()
        .fetch_all(self.connection()?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Disk::try_from)
        .collect()
    }
}

impl DiskWrites for Unit {
    fn insert_disk(&mut self, disk: &Disk) {
        self.queue(
            Write::of_one_row(
                "insert disk",
                "INSERT INTO disks (id, project_id, user_id, name, description, size_gib, status,
                                    disk_type, zone, bootable, multiattach, encrypted,
                                    dedicated_storage, metadata, transfer_id, created_at,
                                    updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
            .bind(disk.transfer)
            .bind(disk.created_at)
            .bind(disk.updated_at),
        );
    }

    fn update_disk(&mut self, disk: &Disk, from: DiskStatus) {
        self.queue(
            Write::of_one_row(
                "update disk",
                "UPDATE disks
                 SET project_id = ?, user_id = ?, name = ?, description = ?, size_gib = ?,
                     status = ?, disk_type = ?, zone = ?, bootable = ?, multiattach = ?,
                     encrypted = ?, dedicated_storage = ?, metadata = ?, transfer_id = ?,
                     updated_at = ?
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
