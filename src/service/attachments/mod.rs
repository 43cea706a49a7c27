//! What disks are attached to: the actions of servers, and attachments as things of their own.

mod decisions;
mod writes;

use tracing::info;

use decisions::{attach, begin_detaching, complete, connect, detach, reserve};

use super::disks::{no_disk, parse as parse_disk, visible};
use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::attachment::{
    AttachMode, AttachRefused, Attachment, AttachmentQuery, Connector,
};
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus, Step};
use crate::domain::ids::{AttachmentId, DiskId, ServerId};
use crate::store::WriteTx;

pub(super) use writes::save;

/// What a disk is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A server.
    Server(ServerId),
    /// A host.
    Host(String),
}

/// What is said when a server has attached a disk.
#[derive(Debug, Clone)]
pub struct Attaching {
    /// To what.
    pub place: Place,
    /// Where the server sees it.
    pub mountpoint: String,
    /// What the server may do with it.
    pub mode: AttachMode,
}

/// What is asked for when an attachment is made.
#[derive(Debug, Clone)]
pub struct NewAttachment {
    /// Of this disk.
    pub disk: DiskId,
    /// To this server.
    pub server: Option<ServerId>,
    /// What the server may do with it.
    pub mode: Option<AttachMode>,
    /// The host, if it connects at once.
    pub connector: Option<Connector>,
}

/// Whose wish it is to detach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detaching {
    /// A server's.
    Plain,
    /// An administrator's.
    Force,
}

impl App {
    /// Keeps a disk for a server that will attach it.
    pub async fn reserve_disk(&self, caller: &Caller, id: &str) -> Result<Disk> {
        self.on_disk(caller, id, "disk.reserve", |disk| {
            Ok(vec![if disk.multiattach { DiskEvent::ReserveShared } else { DiskEvent::Reserve }])
        })
        .await
    }

    /// Keeps a disk no longer; one that is not kept stays as it is.
    pub async fn unreserve_disk(&self, caller: &Caller, id: &str) -> Result<Disk> {
        self.on_disk(caller, id, "disk.unreserve", |_| Ok(vec![DiskEvent::Unreserve])).await
    }

    /// Attaches a disk. A server that has it already gets it again, which changes nothing.
    pub async fn attach_disk(&self, caller: &Caller, id: &str, to: Attaching) -> Result<Disk> {
        let now = self.now();
        self.on_disk(caller, id, "disk.attach", |disk| attach(disk, to, now)).await
    }

    /// Begins to detach a disk that is attached.
    pub async fn begin_detaching(&self, caller: &Caller, id: &str) -> Result<Disk> {
        self.on_disk(caller, id, "disk.begin_detaching", |disk| begin_detaching(disk)).await
    }

    /// Calls off the detaching; a disk that is not being detached stays as it is.
    pub async fn roll_detaching(&self, caller: &Caller, id: &str) -> Result<Disk> {
        self.on_disk(caller, id, "disk.roll_detaching", |_| Ok(vec![DiskEvent::RollDetaching]))
            .await
    }

    /// Ends one attachment of a disk, which has to be named if there are several.
    pub async fn detach_disk(
        &self,
        caller: &Caller,
        id: &str,
        attachment: Option<&str>,
        how: Detaching,
    ) -> Result<Disk> {
        let (action, event) = match how {
            Detaching::Plain => ("disk.detach", DiskEvent::Detach),
            Detaching::Force => ("disk.force_detach", DiskEvent::ForceDetach),
        };
        self.on_disk(caller, id, action, |disk| detach(disk, attachment, event)).await
    }

    /// A disk that a host may connect to or leave.
    pub async fn connectable_disk(&self, caller: &Caller, id: &str) -> Result<Disk> {
        let disk = self.disk(caller, id).await?;
        if disk.status == DiskStatus::Maintenance {
            return Err(AttachRefused::Maintenance.into());
        }
        Ok(disk)
    }

    /// Makes an attachment, which keeps the disk, and connects its host if there is one.
    pub async fn create_attachment(
        &self,
        caller: &Caller,
        new: NewAttachment,
    ) -> Result<Attachment> {
        let (id, now) = (AttachmentId::random(), self.now());
        let disk = new.disk.to_string();
        let reserve = |disk: &mut Disk| reserve(disk, id, new, now);
        let disk = self.on_disk(caller, &disk, "disk.reserve", reserve).await?;
        of_disk(disk, id)
    }

    /// Connects the host of an attachment.
    pub async fn update_attachment(
        &self,
        caller: &Caller,
        id: &str,
        connector: Connector,
    ) -> Result<Attachment> {
        let (wanted, now) = (parse(id)?, self.now());
        let disk = self
            .on_attachment(caller, wanted, "disk.connect", |disk| {
                connect(disk, wanted, connector, now)
            })
            .await?;
        of_disk(disk, wanted)
    }

    /// Says that a server has the disk of an attachment.
    pub async fn complete_attachment(&self, caller: &Caller, id: &str) -> Result<()> {
        let (wanted, now) = (parse(id)?, self.now());
        self.on_attachment(caller, wanted, "disk.attach", |disk| Ok(complete(disk, wanted, now)))
            .await?;
        Ok(())
    }

    /// Removes an attachment; those that the disk still has.
    pub async fn delete_attachment(&self, caller: &Caller, id: &str) -> Result<Vec<Attachment>> {
        let wanted = parse(id)?;
        let disk = self
            .on_attachment(caller, wanted, "disk.detach", |disk| {
                disk.attachments.retain(|attachment| attachment.id != wanted);
                Ok(vec![DiskEvent::DeleteAttachment])
            })
            .await?;
        Ok(disk.attachments)
    }

    /// An attachment that the caller sees.
    pub async fn attachment(&self, caller: &Caller, id: &str) -> Result<Attachment> {
        let wanted = parse(id)?;
        let found = self.read().await?.attachment(wanted).await?;
        found
            .filter(|attachment| caller.sees(&attachment.project))
            .ok_or_else(|| no_attachment(id.to_owned()))
    }

    /// One page of attachments: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, any project's. An unknown marker is not found.
    pub async fn attachments(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: AttachmentQuery,
    ) -> Result<Vec<Attachment>> {
        if !(everywhere && caller.role == Role::Admin) {
            query.project = Some(caller.project.clone());
        }
        if let Some(marker) = query.page.marker {
            self.attachment(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.attachments(&query).await?)
    }

    /// Does to a disk what `decide` makes of it.
    async fn on_disk(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        decide: impl FnOnce(&mut Disk) -> Result<Vec<DiskEvent>> + Send,
    ) -> Result<Disk> {
        let wanted = parse_disk(id)?;
        let mut unit = self.write().await?;
        let done = self.decided(&mut *unit, caller, wanted, action, decide).await;
        let disk = settle(unit, done).await?;
        info!(disk.id = %disk.id, disk.status = %disk.status, "{action}: disk {}", disk.id);
        Ok(disk)
    }

    /// The same for the disk of an attachment.
    async fn on_attachment(
        &self,
        caller: &Caller,
        id: AttachmentId,
        action: &'static str,
        decide: impl FnOnce(&mut Disk) -> Result<Vec<DiskEvent>> + Send,
    ) -> Result<Disk> {
        let mut unit = self.write().await?;
        let done = async {
            let attachment = unit
                .attachment(id)
                .await?
                .filter(|attachment| caller.sees(&attachment.project))
                .ok_or_else(|| no_attachment(id.to_string()))?;
            self.decided(&mut *unit, caller, attachment.disk, action, decide).await
        }
        .await;
        let disk = settle(unit, done).await?;
        info!(disk.id = %disk.id, disk.status = %disk.status, attachment.id = %id,
            "{action}: attachment {id} of disk {}", disk.id);
        Ok(disk)
    }

    /// Lets `decide` change the disk's attachments and say what happens to the disk by that, one
    /// after the other. Where nothing changes nothing is written.
    async fn decided(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: DiskId,
        action: &'static str,
        decide: impl FnOnce(&mut Disk) -> Result<Vec<DiskEvent>> + Send,
    ) -> Result<Disk> {
        let before = visible(unit, caller, id).await?.disk;
        let mut after = before.clone();
        for event in decide(&mut after)? {
            let so_far = after.clone();
            if so_far.step(event)? != Step::Stays {
                after = self
                    .happen(unit, caller, &so_far, after, event, Becoming::default())?
                    .ok_or_else(|| no_disk(id.to_string()))?;
            }
        }
        if after == before {
            return Ok(before);
        }
        self.save(unit, caller, action, &before, Some(after)).ok_or_else(|| no_disk(id.to_string()))
    }
}

fn parse(id: &str) -> Result<AttachmentId> {
    AttachmentId::parse(id).ok_or_else(|| no_attachment(id.to_owned()))
}

fn no_attachment(id: String) -> ServiceError {
    ServiceError::NotFound(Resource::Attachment, id)
}

/// One of a disk's attachments, which was just written.
fn of_disk(disk: Disk, id: AttachmentId) -> Result<Attachment> {
    disk.attachments
        .into_iter()
        .find(|attachment| attachment.id == id)
        .ok_or_else(|| no_attachment(id.to_string()))
}
