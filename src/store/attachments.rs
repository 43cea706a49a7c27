//! Attachments in the store. Those of a disk come with the disk.

use async_trait::async_trait;

use super::Result;
use crate::domain::attachment::{AttachStatus, Attachment, AttachmentQuery};
use crate::domain::ids::AttachmentId;

/// Questions about attachments.
#[async_trait]
pub trait AttachmentReads {
    /// The attachment, whoever owns its disk.
    async fn attachment(&mut self, id: AttachmentId) -> Result<Option<Attachment>>;

    /// One page of attachments.
    async fn attachments(&mut self, query: &AttachmentQuery) -> Result<Vec<Attachment>>;
}

/// Changes of attachments.
pub trait AttachmentWrites {
    /// A new attachment.
    fn insert_attachment(&mut self, attachment: &Attachment);

    /// Everything of an attachment that can change, provided that its status is still `from`.
    fn update_attachment(&mut self, attachment: &Attachment, from: AttachStatus);

    /// Removes an attachment, provided that its status is still `from`.
    fn delete_attachment(&mut self, id: AttachmentId, from: AttachStatus);
}
