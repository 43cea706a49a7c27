//! What takes time on disks: how it begins, and how it ends.

use super::super::jobs::end_part;
use super::super::progress::{Begun, Due, Finished, Thing, nobody};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskCourse, DiskEvent, DiskStatus, Step};
use crate::domain::progress::Outcome;
use crate::service::{App, Result};
use crate::store::WriteTx;

impl App {
    /// The disk when what `course` is of has begun, and when it takes no time, when it has ended; none: it
    /// is gone.
    pub(in crate::service) fn under_way(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        mut disk: Disk,
        former: Option<DiskStatus>,
        course: DiskCourse,
        becoming: Becoming,
    ) -> Option<Disk> {
        let begun = self.begin(caller, course.operation, &disk.project, disk.id);
        let Begun { ending, at_once, fault } = begun;
        self.tell_of_fault(unit, caller, fault, Thing::Disk(disk.id), course.operation);
        disk.begin(course, former, becoming, ending);
        if !at_once {
            return Some(disk);
        }
        if ending.outcome == Outcome::Failed {
            let (thing, operation) = (Thing::Disk(disk.id), course.operation);
            self.tell_of_failed_request(unit, &caller.request, &disk.project, thing, operation);
        }
        disk.finished(ending.outcome)
    }

    /// What `event` makes of `before`, given that `changed` is the disk with everything else that
    /// the event changes; none: it is gone.
    pub(in crate::service) fn happen(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        before: &Disk,
        mut changed: Disk,
        event: DiskEvent,
        becoming: Becoming,
    ) -> Result<Option<Disk>> {
        Ok(match before.step(event)? {
            Step::Takes(course) => {
                let former = before.pending.as_ref().map_or(Some(before.status), |p| p.former);
                self.under_way(unit, caller, changed, former, course, becoming)
            }
            Step::Becomes(status) => {
                changed.status = status;
                Some(changed)
            }
            Step::Settles => {
                changed.settle();
                Some(changed)
            }
            Step::Stays => Some(changed),
        })
    }

    /// Ends what is under way on a disk, if it is due.
    pub(in crate::service) async fn end_on_disk(
        &self,
        unit: &mut dyn WriteTx,
        before: Disk,
        due: Due,
    ) -> Result<Option<Finished>> {
        let Some(pending) = before.pending.clone() else { return Ok(None) };
        let Some(outcome) = due.outcome_of(pending.ending) else { return Ok(None) };
        if outcome == Outcome::Failed {
            let (thing, operation) = (Thing::Disk(before.id), pending.course.operation);
            self.tell_of_failure(unit, &before.project, thing, operation).await?;
        }
        let mut after = before.clone().finished(outcome);
        if let Some(disk) = after.as_mut().filter(|disk| disk.disk_type != before.disk_type) {
            let disk_type = unit.disk_type_named(&disk.disk_type, None).await?;
            disk.encrypted = disk_type.is_some_and(|disk_type| disk_type.encrypted);
        }
        if let Some(disk) = after.as_mut().filter(|_| before.pending_is_new()) {
            disk.hand_over_to_servers(self.now());
        }
        end_part(unit, &before, after.as_ref(), outcome, self.now());
        let to = after.as_ref().map(|disk| disk.status.as_str());
        self.save(unit, &nobody(&before.project), "disk.progress", &before, after);
        let (thing, from) = (Thing::Disk(before.id), before.status.as_str());
        Ok(Some(Finished { disk: Some(before.id), subject: thing.into(), from, to }))
    }
}
