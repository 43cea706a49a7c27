//! What a scenario has decided, queued: what refers to something comes after that.

use super::{Known, Part, Seeder, record};
use crate::domain::backup::Backup;
use crate::domain::disk::{Disk, DiskStatus};
use crate::domain::event::{Event, State};
use crate::domain::policy::Policy;
use crate::domain::snapshot::Snapshot;
use crate::domain::tag::Tags;
use crate::service::{Result, attachments};
use crate::store::WriteTx;

impl Seeder<'_> {
    pub(super) fn write_disks(&mut self, unit: &mut dyn WriteTx) {
        for known in &self.known {
            let existed = known.disk.before.is_some();
            let tagged = known.tags.before.clone().unwrap_or_default() != known.tags.after;
            let changed = known.disk.is_changed() || tagged;
            if known.entry.is_some() {
                self.seeded.count("disk", existed, changed);
            }
            let after = match &known.disk.before {
                None => self.insert_disk(unit, &known.disk.after),
                Some(before) if known.disk.is_changed() => {
                    let after = known.disk.after.clone();
                    let saved =
                        self.app.save(unit, self.caller, "disk.update", before, Some(after));
                    saved.unwrap_or_else(|| known.disk.after.clone())
                }
                Some(before) => before.clone(),
            };
            if tagged {
                self.write_tags(unit, known, &after);
            }
            self.write_offer(unit, known, &after);
        }
    }

    fn insert_disk(&self, unit: &mut dyn WriteTx, disk: &Disk) -> Disk {
        unit.insert_disk(disk);
        let (at, id) = (self.now, disk.id);
        record(unit, Event::of_disk(self.caller, at, "disk.create", &id, None, Some(disk)));
        let bare = Disk { attachments: Vec::new(), ..disk.clone() };
        let mut after = disk.clone();
        attachments::save(unit, self.caller, self.now, &bare, Some(&mut after));
        after
    }

    fn write_tags(&self, unit: &mut dyn WriteTx, known: &Known, disk: &Disk) {
        let (before, after) = (known.tags.before.clone().unwrap_or_default(), &known.tags.after);
        for key in before.keys().filter(|key| !after.contains_key(*key)) {
            unit.delete_tag(disk.id, key);
        }
        for (key, value) in after.iter().filter(|(key, value)| before.get(*key) != Some(value)) {
            unit.set_tag(disk.id, key, value);
        }
        let state = |tags: &Tags| Some(State { values: tags.clone(), ..State::from(disk) });
        let (from, to) = (state(&before), state(after));
        let event = Event::of(self.caller, self.now, "disk.tag", &disk.id, from, to);
        record(unit, Event { disk: Some(disk.id), ..event });
    }

    fn write_offer(&self, unit: &mut dyn WriteTx, known: &Known, before: &Disk) {
        let Some(transfer) = &known.offer else { return };
        let mut offered = before.clone();
        offered.status = DiskStatus::AwaitingTransfer;
        offered.transfer = Some(transfer.id);
        unit.insert_transfer(transfer);
        unit.update_disk(&offered, before.status);
        let (at, id) = (self.now, transfer.id);
        let (from, to) = (Some(before), Some(&offered));
        record(unit, Event::of_disk(self.caller, at, "transfer.create", &id, from, to));
    }

    pub(super) fn write_policies(&mut self, unit: &mut dyn WriteTx) {
        for part in &self.policies {
            let Part { before, after } = part;
            let action = match before {
                None => {
                    unit.insert_policy(after);
                    "policy.create"
                }
                Some(before) if before != after => {
                    write_policy(unit, before, after);
                    "policy.update"
                }
                Some(_) => continue,
            };
            let (from, to) = (before.as_ref().map(State::from), Some(State::from(after)));
            record(unit, Event::of(self.caller, self.now, action, &after.id, from, to));
        }
        for known in &self.known {
            let was = known.policy.before.clone().flatten().map(|(id, _)| id);
            let will = known.policy.after.as_ref().map(|(id, _)| *id);
            let disk = as_written(known);
            if was == will {
                continue;
            }
            if let Some(was) = was {
                unit.unbind_disk(disk.id, was);
                self.record_binding(unit, "policy.unbind", &was, &disk);
            }
            if let Some(will) = will {
                unit.bind_disk(disk.id, will, self.now);
                self.record_binding(unit, "policy.bind", &will, &disk);
            }
        }
    }

    /// Binding changes nothing of the disk itself, so the disk's state stands on both sides.
    fn record_binding(
        &self,
        unit: &mut dyn WriteTx,
        action: &'static str,
        policy: &crate::domain::ids::PolicyId,
        disk: &Disk,
    ) {
        let both = (Some(disk), Some(disk));
        record(unit, Event::of_disk(self.caller, self.now, action, policy, both.0, both.1));
    }

    pub(super) async fn write_parts(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        let changed = |part: &&Part<Snapshot>| part.is_changed();
        for part in self.known.iter().flat_map(|known| &known.snapshots).filter(changed) {
            let after = &part.after;
            if let Some(before) = &part.before {
                let (caller, after) = (self.caller, Some(after.clone()));
                self.app.save_snapshot(unit, caller, "snapshot.update", before, after);
            } else {
                unit.insert_snapshot(after);
                let (action, to) = ("snapshot.create", Some(State::from(after)));
                record(unit, Event::of(self.caller, self.now, action, &after.id, None, to));
            }
        }
        let of_disks = self.known.iter().flat_map(|known| &known.backups);
        let changed = |part: &&Part<Backup>| part.is_changed();
        for part in of_disks.chain(&self.orphans).filter(changed) {
            let after = &part.after;
            if let Some(before) = &part.before {
                let (caller, after) = (self.caller, Some(after.clone()));
                self.app.save_backup(unit, caller, "backup.update", before, after).await?;
            } else {
                unit.insert_backup(after);
                let (action, to) = ("backup.create", Some(State::from(after)));
                record(unit, Event::of(self.caller, self.now, action, &after.id, None, to));
            }
        }
        Ok(())
    }
}

/// The disk as its last event so far left it.
fn as_written(known: &Known) -> Disk {
    let mut disk = known.disk.after.clone();
    if known.offer.is_some() {
        disk.status = DiskStatus::AwaitingTransfer;
    }
    disk
}

fn write_policy(unit: &mut dyn WriteTx, before: &Policy, after: &Policy) {
    unit.update_policy(after);
    for key in before.tags.keys().filter(|key| !after.tags.contains_key(*key)) {
        unit.delete_policy_tag(after.id, key);
    }
    for (key, value) in &after.tags {
        if before.tags.get(key) != Some(value) {
            unit.set_policy_tag(after.id, key, value);
        }
    }
}
