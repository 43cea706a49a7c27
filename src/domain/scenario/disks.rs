//! What an entry makes of a disk, and what no disk can be.

use chrono::TimeDelta;

use super::{At, Complaints, DiskEntry, Ends, Place, UnderWay};
use crate::domain::attachment::{AttachStatus, Attachment};
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskCourse, DiskStatus, Pending};
use crate::domain::ids::AttachmentId;
use crate::domain::progress::{End, Ending, Operation};

/// The moment at which a scenario is applied.
pub struct Moment<'a> {
    /// The time.
    pub now: Time,
    /// When and how an operation ends that begins now.
    pub begin: &'a dyn Fn(Operation) -> Ending,
}

impl std::fmt::Debug for Moment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Moment").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Moment<'_> {
    /// How an operation ends as the entry says, or as usual. What is under way already keeps what the
    /// entry does not say; a time that counts from the beginning counts once.
    pub(super) fn ending(
        &self,
        operation: Operation,
        said: &UnderWay,
        present: Option<Ending>,
    ) -> Ending {
        let usual = present.unwrap_or_else(|| (self.begin)(operation));
        let at = match said.ends.as_ref().map(|ends| ends.value) {
            Some(Ends::At(at)) => at,
            Some(Ends::In(ms)) if present.is_none() => self.now + TimeDelta::milliseconds(ms),
            Some(Ends::In(_)) | None => usual.at,
        };
        Ending { outcome: said.outcome.as_ref().map_or(usual.outcome, |said| said.value), at }
    }
}

impl UnderWay {
    /// Complains if it says how something ends that has no end.
    pub(super) fn must_be_silent(&self, complaints: &mut Complaints) {
        const WHY: &str = "only a status that takes time ends by itself, and this one does not";
        if let Some(ends) = &self.ends {
            complaints.add(ends.place, WHY);
        }
        if let Some(outcome) = &self.outcome {
            complaints.add(outcome.place, WHY);
        }
    }
}

/// Sets a value if it was said.
pub(super) fn set<T: Clone>(value: &mut T, said: Option<&At<T>>) {
    if let Some(said) = said {
        value.clone_from(&said.value);
    }
}

/// Sets a value that may be missing if it was said; an empty text is none.
pub(super) fn set_text(value: &mut Option<String>, said: Option<&At<String>>) {
    if let Some(said) = said {
        *value = Some(said.value.clone()).filter(|text| !text.is_empty());
    }
}

/// The disk as the entry wants it. Project, user, type and zone are looked up elsewhere; a disk that
/// is to await its transfer is available until the transfer is there. `before` is none for a new one.
pub fn onto_disk(
    entry: &DiskEntry,
    mut disk: Disk,
    before: Option<&Disk>,
    moment: &Moment<'_>,
    complaints: &mut Complaints,
) -> Disk {
    if let Some(name) = &entry.name {
        disk.name = Some(name.value.clone());
    }
    set_text(&mut disk.description, entry.description.as_ref());
    if let Some(size) = &entry.size {
        if before.is_some_and(|before| before.size_gib > size.value) {
            complaints
                .add(size.place, format!("the disk has {} GiB and does not shrink", disk.size_gib));
        }
        disk.size_gib = size.value;
    }
    set(&mut disk.bootable, entry.bootable.as_ref());
    set(&mut disk.multiattach, entry.multiattach.as_ref());
    if let Some(read_only) = &entry.read_only {
        disk.read_only = Some(read_only.value);
    }
    set_text(&mut disk.dedicated_storage, entry.dedicated_storage.as_ref());
    set(&mut disk.metadata, entry.metadata.as_ref());
    must_stay(entry.created_at.as_ref(), before.map(|before| before.created_at), complaints);
    attach(entry, &mut disk, moment.now);
    come_to(entry, &mut disk, before, moment, complaints);
    disk
}

/// Complains if a time is said of something that is there and has another.
pub(super) fn must_stay(said: Option<&At<Time>>, is: Option<Time>, complaints: &mut Complaints) {
    if let (Some(said), Some(is)) = (said, is)
        && said.value != is
    {
        complaints.add(said.place, "it is there already, and when it was made does not change");
    }
}

/// Gives the disk the attachments of the entry, those that it has under the same id, server and host
/// among them.
fn attach(entry: &DiskEntry, disk: &mut Disk, now: Time) {
    let Some(said) = &entry.attachments else { return };
    let mut left = std::mem::take(&mut disk.attachments);
    for wanted in &said.value {
        let server = wanted.server.as_ref().map(|server| server.value);
        let host = wanted.host.as_ref().map(|host| host.value.clone());
        let same = left.iter().position(|is| match &wanted.id {
            Some(id) => is.id == id.value,
            None => is.server == server && (host.is_none() || is.host_name == host),
        });
        let id = wanted.id.as_ref().map_or_else(AttachmentId::random, |id| id.value);
        let mut attachment = match same {
            Some(place) => left.remove(place),
            None => Attachment {
                mode: None,
                status: AttachStatus::Attached,
                attached_at: Some(now),
                ..Attachment::reserved(disk, id, server, now)
            },
        };
        attachment.server = server.or(attachment.server);
        attachment.host_name = host.or(attachment.host_name);
        set_text(&mut attachment.mountpoint, wanted.mountpoint.as_ref());
        if let Some(mode) = &wanted.mode {
            attachment.mode = Some(mode.value);
        }
        set(&mut attachment.status, wanted.status.as_ref());
        disk.attachments.push(attachment);
    }
    // As they are read: a disk that only lists them otherwise is the same.
    disk.attachments.sort_by_key(|attachment| (attachment.created_at, attachment.id));
}

fn come_to(
    entry: &DiskEntry,
    disk: &mut Disk,
    before: Option<&Disk>,
    moment: &Moment<'_>,
    complaints: &mut Complaints,
) {
    let silent = |complaints: &mut Complaints| {
        entry.under_way.must_be_silent(complaints);
        let said = [
            entry.former.as_ref().map(|said| said.place),
            entry.new_size.as_ref().map(|said| said.place),
            entry.new_type.as_ref().map(|said| said.place),
        ];
        for place in said.into_iter().flatten() {
            complaints
                .add(place, "only what is under way has a status before and something after it");
        }
    };
    let Some(status) = &entry.status else {
        if disk.pending.is_none() {
            silent(complaints);
        }
        if entry.attachments.is_some() {
            disk.settle();
        }
        return;
    };
    let status = status.value;
    let Some(course) = DiskCourse::ALL.iter().find(|course| course.during == status) else {
        silent(complaints);
        disk.pending = None;
        let offered = status == DiskStatus::AwaitingTransfer;
        let waits = before.is_some_and(|before| before.status == status);
        disk.status = if offered && !waits { DiskStatus::Available } else { status };
        return;
    };
    let goes_on = disk.pending.clone().filter(|pending| pending.course == *course);
    let ending =
        moment.ending(course.operation, &entry.under_way, goes_on.as_ref().map(|p| p.ending));
    let mut pending = goes_on.unwrap_or_else(|| Pending {
        course: *course,
        former: former(*course, disk, before),
        ending,
        size_gib: None,
        disk_type: None,
    });
    pending.ending = ending;
    if let Some(former) = &entry.former {
        if course.operation == Operation::Create || course.operation == Operation::Download {
            complaints.add(former.place, "a disk that is being made had no status before");
        }
        pending.former = Some(former.value);
    }
    if let Some(size) = &entry.new_size {
        if course.operation != Operation::Extend || size.value <= disk.size_gib {
            complaints
                .add(size.place, "only a disk that is extending will have another, larger size");
        }
        pending.size_gib = Some(size.value);
    }
    if let Some(name) = &entry.new_type {
        if course.operation != Operation::Retype {
            complaints.add(name.place, "only a disk that is retyping will have another type");
        }
        pending.disk_type = Some(name.value.clone());
    }
    disk.status = status;
    disk.pending = Some(pending);
}

/// The status before what is under way, if the entry does not say.
fn former(course: DiskCourse, disk: &Disk, before: Option<&Disk>) -> Option<DiskStatus> {
    if course.operation == Operation::Create || course.operation == Operation::Download {
        return None;
    }
    let was = before.filter(|before| before.pending.is_none()).map(|before| before.status);
    let usual = if disk.is_attached() { DiskStatus::InUse } else { DiskStatus::Available };
    let stable = was.filter(|was| [DiskStatus::Available, DiskStatus::InUse].contains(was));
    if course.operation == Operation::Restore { stable } else { Some(stable.unwrap_or(usual)) }
}

/// Complains of what no disk can be. `place` is where it is said to be there.
pub fn check_disk(entry: &DiskEntry, disk: &Disk, complaints: &mut Complaints) {
    let at_status = entry.status.as_ref().map_or(entry.place, |status| status.place);
    let at_attachments = entry.attachments.as_ref().map_or(at_status, |said| said.place);
    check_attachments(disk, at_status, at_attachments, complaints);
    let Some(pending) = &disk.pending else { return };
    let reserved = |attachment: &Attachment| attachment.status == AttachStatus::Reserved;
    let place = entry.former.as_ref().map_or(at_status, |former| former.place);
    match pending.former {
        None if !disk.attachments.iter().all(reserved) => {
            complaints
                .add(at_attachments, "a disk that is being made is only reserved for servers");
        }
        Some(former) => {
            let stays = [pending.course.done, pending.course.failed].contains(&End::Former);
            let any = [Operation::Delete, Operation::Rollback].contains(&pending.course.operation);
            let fits = if former == DiskStatus::InUse {
                (stays || any) && disk.is_attached()
            } else if former == DiskStatus::Available {
                disk.attachments.is_empty()
            } else {
                any
            };
            if !fits {
                let sentence = format!("a disk that is {} was not {former} before", disk.status);
                complaints.add(place, sentence);
            }
        }
        None => {}
    }
}

fn check_attachments(
    disk: &Disk,
    at_status: Place,
    at_attachments: Place,
    complaints: &mut Complaints,
) {
    let idle = [DiskStatus::Available, DiskStatus::AwaitingTransfer].contains(&disk.status);
    if idle && !disk.attachments.is_empty() {
        let sentence = format!("a disk that is {} has no attachments", disk.status);
        complaints.add(at_attachments, sentence);
    }
    if disk.status == DiskStatus::InUse && !disk.is_attached() {
        let sentence =
            "a disk that is in-use has an attachment: attachments = [{ server = \"…\" }]";
        complaints.add(at_status, sentence);
    }
    let servers = disk.attachments.iter().filter_map(|attachment| attachment.server);
    let servers: std::collections::BTreeSet<_> = servers.collect();
    if servers.len() > 1 && !disk.multiattach {
        complaints.add(at_attachments, "only a disk with multiattach = true has several servers");
    }
}
