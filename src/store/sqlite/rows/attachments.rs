//! The rows of `attachments`: as such, and as an array of JSON in the row of their disk.

use serde::Deserialize;
use sqlx::FromRow;

use super::Row;
use crate::domain::attachment::{AttachMode, AttachStatus, Attachment};
use crate::domain::ids::{AttachmentId, DiskId, ProjectId, ServerId};
use crate::store::{Result, StoreError};

#[derive(Debug, FromRow, Deserialize)]
pub(in crate::store::sqlite) struct AttachmentRow {
    id: String,
    disk_id: String,
    project_id: String,
    server_id: Option<String>,
    host_name: Option<String>,
    mountpoint: Option<String>,
    mode: Option<String>,
    status: String,
    connector: Option<String>,
    attached_at: Option<String>,
    created_at: String,
    updated_at: Option<String>,
}

impl TryFrom<AttachmentRow> for Attachment {
    type Error = StoreError;

    fn try_from(attachment: AttachmentRow) -> Result<Self> {
        let row = Row { table: "attachments", id: &attachment.id };
        let server = attachment
            .server_id
            .as_deref()
            .map(|id| row.need("server_id", "UUID", ServerId::parse(id)))
            .transpose()?;
        let mode = attachment
            .mode
            .as_deref()
            .map(|mode| row.need("mode", "mode", AttachMode::parse(mode)))
            .transpose()?;
        Ok(Self {
            id: row.need("id", "UUID", AttachmentId::parse(&attachment.id))?,
            disk: row.need("disk_id", "UUID", DiskId::parse(&attachment.disk_id))?,
            server,
            mode,
            status: row.need(
                "status",
                "status of an attachment",
                AttachStatus::parse(&attachment.status),
            )?,
            attached_at: row.time_if_any("attached_at", attachment.attached_at.as_deref())?,
            created_at: row.time("created_at", &attachment.created_at)?,
            updated_at: row.time_if_any("updated_at", attachment.updated_at.as_deref())?,
            project: ProjectId::new(attachment.project_id),
            host_name: attachment.host_name,
            mountpoint: attachment.mountpoint,
            connector: attachment.connector,
        })
    }
}

/// The attachments in the row of a disk; none are null, which costs less than an empty array.
pub(super) fn of_disk(disk: Row<'_>, json: Option<&str>) -> Result<Vec<Attachment>> {
    let Some(json) = json else { return Ok(Vec::new()) };
    let rows: Vec<AttachmentRow> =
        disk.need("attachments", "JSON array of rows", serde_json::from_str(json).ok())?;
    rows.into_iter().map(Attachment::try_from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment() -> AttachmentRow {
        AttachmentRow {
            id: "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19".to_owned(),
            disk_id: "9d5c0a52-3a55-4f5e-8f4a-3a1d1f1b7c11".to_owned(),
            project_id: "atlas".to_owned(),
            server_id: None,
            host_name: None,
            mountpoint: None,
            mode: None,
            status: "reserved".to_owned(),
            connector: None,
            attached_at: None,
            created_at: "2025-07-31T22:13:20.000007Z".to_owned(),
            updated_at: None,
        }
    }

    #[test]
    fn a_row_that_cannot_be_what_it_says_is_named() {
        type Edit = (fn(&mut AttachmentRow), &'static str);
        let edits: &[Edit] = &[
            (|row| row.id = "x".to_owned(), "id is no UUID"),
            (|row| row.disk_id = "x".to_owned(), "disk_id is no UUID"),
            (|row| row.server_id = Some("x".to_owned()), "server_id is no UUID"),
            (|row| row.mode = Some("wo".to_owned()), "mode is no mode"),
            (|row| row.status = "detached".to_owned(), "status is no status of an attachment"),
            (|row| row.attached_at = Some("x".to_owned()), "attached_at is no time"),
            (|row| row.created_at = "2025-07-31 22:13:20".to_owned(), "created_at is no time"),
            (|row| row.updated_at = Some("x".to_owned()), "updated_at is no time"),
        ];
        assert!(Attachment::try_from(attachment()).is_ok());
        for (edit, sentence) in edits {
            let mut row = attachment();
            edit(&mut row);
            let id = row.id.clone();
            let error = Attachment::try_from(row).expect_err(sentence);
            assert_eq!(error.to_string(), format!("attachments {id}: {sentence}"));
        }
    }
}
