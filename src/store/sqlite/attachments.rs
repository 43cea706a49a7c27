//! Attachments in SQLite.

use async_trait::async_trait;

use super::errors;
use super::page::{List, id_or_nothing};
use super::rows::AttachmentRow;
use super::unit::{AsConnection, Unit, Write};
use crate::domain::attachment::{
    AttachMode, AttachStatus, Attachment, AttachmentQuery, AttachmentSort,
};
use crate::domain::ids::{AttachmentId, DiskId, ServerId};
use crate::store::{AttachmentReads, AttachmentWrites, Result};

#[async_trait]
impl<T: AsConnection> AttachmentReads for T {
    async fn attachment(&mut self, id: AttachmentId) -> Result<Option<Attachment>> {
        sqlx::query_as::<_, AttachmentRow>(
            "SELECT id, disk_id, project_id, server_id, host_name, mountpoint, mode, status,
                    connector, attached_at, created_at, updated_at
             FROM attachments WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(Attachment::try_from)
        .transpose()
    }

    async fn attachments(&mut self, query: &AttachmentQuery) -> Result<Vec<Attachment>> {
        List::new(
            "SELECT id, disk_id, project_id, server_id, host_name, mountpoint, mode, status,
                    connector, attached_at, created_at, updated_at
             FROM attachments WHERE TRUE",
            "attachments",
        )
        .only(" AND project_id = ", query.project.as_ref())
        .only(" AND disk_id = ", id_or_nothing(query.disk.as_deref(), DiskId::parse))
        .only(" AND server_id = ", id_or_nothing(query.server.as_deref(), ServerId::parse))
        .only(" AND status = ", query.status.as_ref())
        .page(&query.page, AttachmentSort::Id, |sort| match sort {
            AttachmentSort::CreatedAt => "created_at",
            AttachmentSort::Id => "id",
            AttachmentSort::Disk => "disk_id",
            AttachmentSort::Server => "coalesce(server_id, '')",
            AttachmentSort::Status => "status",
        })
        .build_query_as::<AttachmentRow>()
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(Attachment::try_from)
        .collect()
    }
}

impl AttachmentWrites for Unit {
    fn insert_attachment(&mut self, attachment: &Attachment) {
        self.queue(
            Write::of_one_row(
                "insert attachment",
                "INSERT INTO attachments (id, disk_id, project_id, server_id, host_name,
                                          mountpoint, mode, status, connector, attached_at,
                                          created_at, updated_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(attachment.id)
            .bind(attachment.disk)
            .bind(&attachment.project)
            .bind(attachment.server)
            .bind(attachment.host_name.as_deref())
            .bind(attachment.mountpoint.as_deref())
            .bind(attachment.mode.map(AttachMode::as_str))
            .bind(attachment.status.as_str())
            .bind(attachment.connector.as_deref())
            .bind(attachment.attached_at)
            .bind(attachment.created_at)
            .bind(attachment.updated_at),
        );
    }

    fn update_attachment(&mut self, attachment: &Attachment, from: AttachStatus) {
        self.queue(
            Write::of_one_row(
                "update attachment",
                "UPDATE attachments
                 SET server_id = ?, host_name = ?, mountpoint = ?, mode = ?, status = ?,
                     connector = ?, attached_at = ?, updated_at = ?
                 WHERE id = ? AND status = ?",
            )
            .bind(attachment.server)
            .bind(attachment.host_name.as_deref())
            .bind(attachment.mountpoint.as_deref())
            .bind(attachment.mode.map(AttachMode::as_str))
            .bind(attachment.status.as_str())
            .bind(attachment.connector.as_deref())
            .bind(attachment.attached_at)
            .bind(attachment.updated_at)
            .bind(attachment.id)
            .bind(from.as_str()),
        );
    }

    fn delete_attachment(&mut self, id: AttachmentId, from: AttachStatus) {
        self.queue(
            Write::of_one_row(
                "delete attachment",
                "DELETE FROM attachments WHERE id = ? AND status = ?",
            )
            .bind(id)
            .bind(from.as_str()),
        );
    }
}
