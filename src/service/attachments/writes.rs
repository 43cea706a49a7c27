//! Attachments are written with their disk, by what differs.

use crate::domain::access::Caller;
use crate::domain::attachment::Attachment;
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::event::{Event, State};
use crate::store::WriteTx;

/// Queues what became of a disk's attachments, and the events that tell of it; those of a disk that
/// is gone are gone.
pub(in crate::service) fn save(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    now: Time,
    before: &Disk,
    after: Option<&mut Disk>,
) {
    let mut none = Vec::new();
    let after = after.map_or(&mut none, |disk| &mut disk.attachments);
    for was in &before.attachments {
        match after.iter_mut().find(|attachment| attachment.id == was.id) {
            None => {
                unit.delete_attachment(was.id, was.status);
                record(unit, caller, now, "attachment.delete", (Some(was), None));
            }
            Some(is) if is != was => {
                is.updated_at = Some(now);
                unit.update_attachment(is, was.status);
                record(unit, caller, now, "attachment.update", (Some(was), Some(is)));
            }
            Some(_) => {}
        }
    }
    for is in after.iter() {
        if before.attachments.iter().all(|was| was.id != is.id) {
            unit.insert_attachment(is);
            record(unit, caller, now, "attachment.create", (None, Some(is)));
        }
    }
}

fn record(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    now: Time,
    action: &'static str,
    (was, is): (Option<&Attachment>, Option<&Attachment>),
) {
    if let Some(attachment) = is.or(was) {
        let (was, is) = (was.map(State::from), is.map(State::from));
        unit.record(&Event::of(caller, now, action, &attachment.id, was, is));
    }
}
