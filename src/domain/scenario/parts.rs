//! What an entry makes of a snapshot, a backup or a backup policy.

use super::disks::{Moment, must_stay, set, set_text};
use super::{BackupEntry, Complaints, PolicyEntry, SnapshotEntry};
use crate::domain::backup::{Backup, BackupCourse, BackupStatus};
use crate::domain::clock::Time;
use crate::domain::policy::{Policy, Schedule};
use crate::domain::snapshot::{Snapshot, SnapshotCourse};

/// The snapshot as the entry wants it; `before` is none for a new one.
pub fn onto_snapshot(
    entry: &SnapshotEntry,
    mut snapshot: Snapshot,
    before: Option<&Snapshot>,
    moment: &Moment<'_>,
    complaints: &mut Complaints,
) -> Snapshot {
    if let Some(name) = &entry.name {
        snapshot.name = Some(name.value.clone());
    }
    set_text(&mut snapshot.description, entry.description.as_ref());
    set(&mut snapshot.metadata, entry.metadata.as_ref());
    if let Some(size) = &entry.size {
        if before.is_some_and(|before| before.size_gib != size.value) {
            complaints.add(size.place, "the size of a snapshot that is there does not change");
        }
        snapshot.size_gib = size.value;
    }
    must_stay(entry.created_at.as_ref(), before.map(|before| before.created_at), complaints);
    let status = entry.status.as_ref().map_or(snapshot.status, |status| status.value);
    if let Some(course) = SnapshotCourse::ALL.iter().find(|course| course.during == status) {
        let goes_on = snapshot.course().is_some_and(|course| course.during == status);
        let present = snapshot.ending.filter(|_| goes_on);
        let ending = moment.ending(course.operation, &entry.under_way, present);
        // Not `begin` where it goes on: that would forget how far it has come.
        snapshot.ending = Some(ending);
        if !goes_on {
            snapshot.begin(*course, ending);
        }
    } else {
        entry.under_way.must_be_silent(complaints);
        snapshot.ending = None;
    }
    snapshot.status = status;
    snapshot
}

/// The backup as the entry wants it; what it refers to is looked up elsewhere. `before` is none for a
/// new one.
pub fn onto_backup(
    entry: &BackupEntry,
    mut backup: Backup,
    before: Option<&Backup>,
    moment: &Moment<'_>,
    complaints: &mut Complaints,
) -> Backup {
    if let Some(name) = &entry.name {
        backup.name = Some(name.value.clone());
    }
    set_text(&mut backup.description, entry.description.as_ref());
    set_text(&mut backup.container, entry.container.as_ref());
    set(&mut backup.metadata, entry.metadata.as_ref());
    must_stay(entry.created_at.as_ref(), before.map(|before| before.created_at), complaints);
    fixed(&mut backup.size_gib, entry.size.as_ref(), before.is_some(), "size", complaints);
    fixed(&mut backup.native, entry.native.as_ref(), before.is_some(), "native", complaints);
    fixed(&mut backup.zone, entry.zone.as_ref(), before.is_some(), "zone", complaints);
    if let Some(at) = &entry.data_at {
        let mut is = Some(backup.data_time());
        let said = super::At { value: Some(at.value), place: at.place };
        fixed(&mut is, Some(&said), before.is_some(), "data_at", complaints);
        backup.data_at = Some(at.value);
    }
    let status = entry.status.as_ref().map_or(backup.status, |status| status.value);
    let course = match status {
        BackupStatus::Creating => Some(BackupCourse::CREATE),
        BackupStatus::Restoring => Some(backup.restoring()),
        BackupStatus::Deleting => Some(BackupCourse::DELETE),
        BackupStatus::Available
        | BackupStatus::Error
        | BackupStatus::ErrorRestoring
        | BackupStatus::ErrorDeleting => None,
    };
    if let Some(course) = course {
        let goes_on = backup.status == status && backup.ending.is_some();
        let present = backup.ending.filter(|_| goes_on);
        backup.ending = Some(moment.ending(course.operation, &entry.under_way, present));
    } else {
        entry.under_way.must_be_silent(complaints);
        backup.ending = None;
    }
    backup.status = status;
    set_text(&mut backup.fail_reason, entry.fail_reason.as_ref());
    backup
}

/// Sets what never changes of something that is there.
fn fixed<T: Clone + PartialEq>(
    value: &mut T,
    said: Option<&super::At<T>>,
    is_there: bool,
    key: &str,
    complaints: &mut Complaints,
) {
    if let Some(said) = said {
        if is_there && *value != said.value {
            let sentence = format!("the {key} of a backup that is there does not change");
            complaints.add(said.place, sentence);
        }
        value.clone_from(&said.value);
    }
}

/// The policy as the entry wants it, with what it says about when to run in force from `now` on.
pub fn onto_policy(entry: &PolicyEntry, mut policy: Policy, now: Time) -> Policy {
    policy.name.clone_from(&entry.name.value);
    set(&mut policy.tags, entry.tags.as_ref());
    let mut schedule: Schedule = policy.schedule.clone();
    set(&mut schedule.hours, entry.hours.as_ref());
    set(&mut schedule.days, entry.days.as_ref());
    set(&mut schedule.zone, entry.time_zone.as_ref());
    set(&mut schedule.retention, entry.retention.as_ref());
    set(&mut schedule.keep_first_of_month, entry.keep_first_of_month.as_ref());
    set(&mut schedule.enabled, entry.enabled.as_ref());
    policy.scheduled(schedule, now)
}
