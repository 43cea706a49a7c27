//! The rows of `disks`.

use sqlx::FromRow;

use super::{Row, attachments};
use crate::domain::disk::{Disk, DiskCourse, DiskStatus, Pending};
use crate::domain::ids::{DiskId, PolicyId, ProjectId, SnapshotId, TransferId, UserId};
use crate::store::{Result, StoreError};

/// The columns that a [`DiskRow`] is read from, of `disks` under the name `$d`: the one list of them,
/// as a literal, with the policy it is under and its attachments as JSON, null if it
/// has none.
macro_rules! disk_columns {
    ($d:literal) => {
        concat!(
            $d,
            ".id, ",
            $d,
            ".project_id, ",
            $d,
            ".user_id, ",
            $d,
            ".name, ",
            $d,
            ".description, ",
            $d,
            ".size_gib, ",
            $d,
            ".status, ",
            $d,
            ".disk_type, ",
            $d,
            ".zone, ",
            $d,
            ".bootable, ",
            $d,
            ".multiattach, ",
            $d,
            ".encrypted, ",
            $d,
            ".dedicated_storage, ",
            $d,
            ".metadata, ",
            $d,
            ".read_only, ",
            $d,
            ".read_only_told, ",
            $d,
            ".from_snapshot_id, ",
            $d,
            ".from_disk_id, ",
            $d,
            ".image_metadata, ",
            $d,
            ".previous_status, ",
            $d,
            ".next_at, ",
            $d,
            ".next_outcome, ",
            $d,
            ".next_size_gib, ",
            $d,
            ".next_type, ",
            $d,
            ".transfer_id, ",
            $d,
            ".created_at, ",
            $d,
            ".updated_at, ",
            "(SELECT l.policy_id FROM policy_disks AS l WHERE l.disk_id = ",
            $d,
            ".id) AS policy_id, ",
            "(SELECT json_group_array(json_object(
                  'id', a.id, 'disk_id', a.disk_id, 'project_id', a.project_id,
                  'server_id', a.server_id, 'host_name', a.host_name,
                  'mountpoint', a.mountpoint, 'mode', a.mode, 'status', a.status,
                  'connector', a.connector, 'attached_at', a.attached_at,
                  'created_at', a.created_at, 'updated_at', a.updated_at)
                  ORDER BY a.created_at, a.id)
              FROM attachments AS a WHERE a.disk_id = ",
            $d,
            ".id HAVING count(*) > 0) AS attachments"
        )
    };
}

/// What decides, with the row of `disks` under the name `d` and of `policies` under `p`, whether a
/// disk may be handed over: the columns that a `FactsRow` has besides the disk's.
macro_rules! fact_columns {
    () => {
        "(SELECT count(*) FROM snapshots AS s WHERE s.disk_id = d.id) AS snapshots,
         (SELECT s.id FROM snapshots AS s WHERE s.disk_id = d.id
          ORDER BY s.created_at, s.id LIMIT 1) AS snapshot_id,
         (SELECT s.status FROM snapshots AS s WHERE s.disk_id = d.id
          ORDER BY s.created_at, s.id LIMIT 1) AS snapshot_status,
         (SELECT count(*) FROM backups AS b WHERE b.disk_id = d.id) AS backups,
         (SELECT b.id FROM backups AS b WHERE b.disk_id = d.id
          ORDER BY b.created_at, b.id LIMIT 1) AS backup_id,
         (SELECT b.status FROM backups AS b WHERE b.disk_id = d.id
          ORDER BY b.created_at, b.id LIMIT 1) AS backup_status,
         p.name AS policy_name"
    };
}

pub(in crate::store::sqlite) use {disk_columns, fact_columns};

#[derive(Debug, FromRow)]
#[expect(clippy::struct_excessive_bools, reason = "each column is a flag of its own")]
pub(in crate::store::sqlite) struct DiskRow {
    pub(super) id: String,
    project_id: String,
    user_id: String,
    name: Option<String>,
    description: Option<String>,
    size_gib: i64,
    status: String,
    disk_type: String,
    zone: String,
    bootable: bool,
    multiattach: bool,
    encrypted: bool,
    dedicated_storage: Option<String>,
    metadata: String,
    read_only: bool,
    read_only_told: bool,
    from_snapshot_id: Option<String>,
    from_disk_id: Option<String>,
    image_metadata: String,
    previous_status: Option<String>,
    next_at: Option<String>,
    next_outcome: Option<String>,
    next_size_gib: Option<i64>,
    next_type: Option<String>,
    transfer_id: Option<String>,
    policy_id: Option<String>,
    attachments: Option<String>,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<DiskRow> for Disk {
    type Error = StoreError;

    fn try_from(disk: DiskRow) -> Result<Self> {
        let row = Row { table: "disks", id: &disk.id };
        let status = row.need("status", "status of a disk", DiskStatus::parse(&disk.status))?;
        Ok(Self {
            id: row.need("id", "UUID", DiskId::parse(&disk.id))?,
            metadata: row.values("metadata", &disk.metadata)?,
            from_snapshot: row.id_if_any(
                "from_snapshot_id",
                disk.from_snapshot_id.as_deref(),
                SnapshotId::parse,
            )?,
            from_disk: row.id_if_any(
                "from_disk_id",
                disk.from_disk_id.as_deref(),
                DiskId::parse,
            )?,
            image_metadata: row.values("image_metadata", &disk.image_metadata)?,
            pending: disk.pending(status)?,
            transfer: row.id_if_any(
                "transfer_id",
                disk.transfer_id.as_deref(),
                TransferId::parse,
            )?,
            policy: row.id_if_any("policy_id", disk.policy_id.as_deref(), PolicyId::parse)?,
            attachments: attachments::of_disk(row, disk.attachments.as_deref())?,
            created_at: row.time("created_at", &disk.created_at)?,
            updated_at: row.time_if_any("updated_at", disk.updated_at.as_deref())?,
            project: ProjectId::new(disk.project_id),
            user: UserId::new(disk.user_id),
            name: disk.name,
            description: disk.description,
            size_gib: disk.size_gib,
            status,
            disk_type: disk.disk_type,
            zone: disk.zone,
            bootable: disk.bootable,
            multiattach: disk.multiattach,
            encrypted: disk.encrypted,
            dedicated_storage: disk.dedicated_storage,
            read_only: (disk.read_only || disk.read_only_told).then_some(disk.read_only),
        })
    }
}

impl DiskRow {
    /// What is under way: the status tells what, the other columns tell how it ends.
    fn pending(&self, status: DiskStatus) -> Result<Option<Pending>> {
        let row = Row { table: "disks", id: &self.id };
        let ending = row.ending(self.next_at.as_deref(), self.next_outcome.as_deref())?;
        let Some(ending) = ending else { return Ok(None) };
        let former = self
            .previous_status
            .as_deref()
            .map(|word| row.need("previous_status", "status of a disk", DiskStatus::parse(word)));
        Ok(Some(Pending {
            course: row.need(
                "status",
                "status of something that takes time",
                DiskCourse::ALL.iter().copied().find(|course| course.during == status),
            )?,
            former: former.transpose()?,
            ending,
            size_gib: self.next_size_gib,
            disk_type: self.next_type.clone(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk() -> DiskRow {
        DiskRow {
            id: "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19".to_owned(),
            project_id: "atlas".to_owned(),
            user_id: "ann".to_owned(),
            name: None,
            description: None,
            size_gib: 40,
            status: "available".to_owned(),
            disk_type: "SSD".to_owned(),
            zone: "az-sim-1".to_owned(),
            bootable: false,
            multiattach: false,
            encrypted: false,
            dedicated_storage: None,
            metadata: "{}".to_owned(),
            read_only: false,
            read_only_told: false,
            from_snapshot_id: None,
            from_disk_id: None,
            image_metadata: "{}".to_owned(),
            previous_status: None,
            next_at: None,
            next_outcome: None,
            next_size_gib: None,
            next_type: None,
            transfer_id: None,
            policy_id: None,
            attachments: None,
            created_at: "2025-07-31T22:13:20.000007Z".to_owned(),
            updated_at: None,
        }
    }

    #[test]
    fn a_row_that_cannot_be_what_it_says_is_named() {
        type Edit = (fn(&mut DiskRow), &'static str);
        let edits: &[Edit] = &[
            (|disk| disk.id = "x".to_owned(), "id is no UUID"),
            (|disk| disk.status = "in_use".to_owned(), "status is no status of a disk"),
            (|disk| disk.metadata = "[]".to_owned(), "metadata is no JSON object of texts"),
            (
                |disk| disk.image_metadata = "x".to_owned(),
                "image_metadata is no JSON object of texts",
            ),
            (|disk| disk.from_disk_id = Some("x".to_owned()), "from_disk_id is no UUID"),
            (
                |disk| {
                    disk.next_at = Some("2025-07-31T22:13:20.000007Z".to_owned());
                    disk.next_outcome = Some("done".to_owned());
                },
                "status is no status of something that takes time",
            ),
            (|disk| disk.transfer_id = Some("x".to_owned()), "transfer_id is no UUID"),
            (
                |disk| disk.attachments = Some("{}".to_owned()),
                "attachments is no JSON array of rows",
            ),
            (|disk| disk.created_at = "2025-07-31 22:13:20".to_owned(), "created_at is no time"),
            (|disk| disk.updated_at = Some("x".to_owned()), "updated_at is no time"),
        ];
        assert!(Disk::try_from(disk()).is_ok());
        for (edit, sentence) in edits {
            let mut row = disk();
            edit(&mut row);
            let id = row.id.clone();
            let error = Disk::try_from(row).expect_err(sentence);
            assert_eq!(error.to_string(), format!("disks {id}: {sentence}"));
        }
    }
}
