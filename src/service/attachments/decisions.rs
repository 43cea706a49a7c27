//! What becomes of a disk and its attachments: decided on the disk as it was read, nothing is asked
//! or written here.

use super::{Attaching, NewAttachment, Place};
use crate::domain::attachment::{AttachMode, AttachRefused, AttachStatus, Attachment, Connector};
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent, DiskStatus, WrongStatus};
use crate::domain::ids::AttachmentId;
use crate::service::Result;

/// A server or host has attached the disk.
pub(super) fn attach(disk: &mut Disk, to: Attaching, now: Time) -> Result<Vec<DiskEvent>> {
    let event = if disk.multiattach { DiskEvent::AttachShared } else { DiskEvent::Attach };
    if disk.read_only == Some(true) && to.mode == AttachMode::ReadWrite {
        return Err(AttachRefused::ReadOnly(disk.id).into());
    }
    let has_it = |a: &Attachment| a.status == AttachStatus::Attached && is_at(a, &to.place);
    if disk.attachments.iter().any(has_it) {
        return Ok(if disk.status == DiskStatus::InUse { Vec::new() } else { vec![event] });
    }
    if !disk.multiattach && !disk.attachments.is_empty() {
        return Err(AttachRefused::Already.into());
    }
    let (server, host_name) = match to.place {
        Place::Server(server) => (Some(server), None),
        Place::Host(host) => (None, Some(host)),
    };
    disk.read_only.get_or_insert(false);
    let mut attachment = Attachment::reserved(disk, AttachmentId::random(), server, now);
    attachment.host_name = host_name;
    attachment.mountpoint = Some(to.mountpoint);
    attachment.mode = Some(to.mode);
    attachment.come_to(AttachStatus::Attached, now);
    disk.attachments.push(attachment);
    Ok(vec![event])
}

fn is_at(attachment: &Attachment, place: &Place) -> bool {
    match place {
        Place::Server(server) => attachment.server == Some(*server),
        Place::Host(host) => {
            attachment.server.is_none() && attachment.host_name.as_ref() == Some(host)
        }
    }
}

/// Some server is about to let go of the disk.
pub(super) fn begin_detaching(disk: &Disk) -> Result<Vec<DiskEvent>> {
    let event = DiskEvent::BeginDetaching;
    if !disk.is_attached() {
        return Err(WrongStatus { event, status: disk.status, disk: disk.id }.into());
    }
    Ok(vec![event])
}

/// One attachment is over: the named one, or the only one.
pub(super) fn detach(
    disk: &mut Disk,
    named: Option<&str>,
    event: DiskEvent,
) -> Result<Vec<DiskEvent>> {
    disk.step(event)?;
    let ended = match (named, disk.attachments.as_slice()) {
        (Some(named), attachments) => {
            let id = AttachmentId::parse(named);
            let found = attachments.iter().find(|attachment| Some(attachment.id) == id);
            Some(found.ok_or_else(|| AttachRefused::NotBy(named.to_owned()))?.id)
        }
        (None, []) => None,
        (None, [only]) => Some(only.id),
        (None, _) => return Err(AttachRefused::Several.into()),
    };
    disk.attachments.retain(|attachment| Some(attachment.id) != ended);
    Ok(vec![event])
}

/// A new attachment keeps the disk; its host may connect at once.
pub(super) fn reserve(
    disk: &mut Disk,
    id: AttachmentId,
    wish: NewAttachment,
    now: Time,
) -> Result<Vec<DiskEvent>> {
    let event = if disk.multiattach {
        DiskEvent::ReserveAttachmentShared
    } else {
        DiskEvent::ReserveAttachment
    };
    let has_one = wish.server.is_some() && disk.attachments.iter().any(|a| a.server == wish.server);
    let again = disk.step(event).is_err() && has_one;
    let event = if again && disk.step(DiskEvent::ReserveAttachmentAgain).is_ok() {
        DiskEvent::ReserveAttachmentAgain
    } else {
        event
    };
    disk.step(event)?;
    let mut attachment = Attachment::reserved(disk, id, wish.server, now);
    // Cinder: what was said of the disk overrides what is said of one attachment.
    let read_only = disk.read_only == Some(true);
    attachment.mode = if read_only { Some(AttachMode::ReadOnly) } else { wish.mode };
    disk.attachments.push(attachment);
    let mut events = vec![event];
    if let Some(connector) = wish.connector {
        events.extend(connect(disk, id, connector, now)?);
    }
    Ok(events)
}

/// The host of an attachment connects; two attachments of one host are no way to share a disk.
pub(super) fn connect(
    disk: &mut Disk,
    id: AttachmentId,
    connector: Connector,
    now: Time,
) -> Result<Vec<DiskEvent>> {
    let twice = disk.attachments.iter().any(|other| {
        other.id != id
            && other.connector.is_some()
            && other.host_name.is_some()
            && other.host_name == connector.host
    });
    if twice && !disk.multiattach {
        return Err(AttachRefused::Twice(disk.id).into());
    }
    if let Some(attachment) = disk.attachments.iter_mut().find(|attachment| attachment.id == id) {
        attachment.connect(connector, now);
    }
    Ok(vec![DiskEvent::ConnectAttachment])
}

/// A server has the disk of an attachment.
pub(super) fn complete(disk: &mut Disk, id: AttachmentId, now: Time) -> Vec<DiskEvent> {
    if let Some(attachment) = disk.attachments.iter_mut().find(|attachment| attachment.id == id) {
        attachment.come_to(AttachStatus::Attached, now);
    }
    vec![DiskEvent::CompleteAttachment]
}
