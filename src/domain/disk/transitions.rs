//! The status machine of disks, as a table.

use thiserror::Error;

use super::{Disk, DiskStatus};
use crate::domain::ids::DiskId;

/// What may happen to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DiskEvent {
    /// Its name, description or metadata change.
    Update,
    /// It grows.
    Extend,
    /// A snapshot of it is taken.
    Snapshot,
    /// A snapshot of it is taken although it is in use.
    ForceSnapshot,
    /// A backup of it is made.
    Backup,
    /// A backup of it is made although it is in use.
    ForceBackup,
    /// It is put under a backup policy.
    BindPolicy,
    /// It is offered to another project.
    CreateTransfer,
    /// The offer is taken.
    AcceptTransfer,
    /// The offer is withdrawn.
    DeleteTransfer,
    /// It is removed.
    Delete,
}

/// What an event makes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Its status changes to this one.
    Becomes(DiskStatus),
    /// Its status stays.
    Stays,
    /// There is no disk any more.
    Goes,
}

/// In which statuses an event is allowed.
#[derive(Debug)]
pub enum In {
    /// In these.
    Only(&'static [DiskStatus]),
    /// In all but these.
    AllBut(&'static [DiskStatus]),
}

impl In {
    fn contains(&self, status: DiskStatus) -> bool {
        match self {
            Self::Only(listed) => listed.contains(&status),
            Self::AllBut(listed) => !listed.contains(&status),
        }
    }
}

/// One row of [`TRANSITIONS`]: from any of these, this event, this outcome.
#[derive(Debug)]
pub struct Transition {
    /// The statuses in which the event is allowed.
    pub from: In,
    /// What happens.
    pub event: DiskEvent,
    /// What comes of it.
    pub step: Step,
}

const fn t(from: In, event: DiskEvent, step: Step) -> Transition {
    Transition { from, event, step }
}

/// What may happen to a disk in which status: the only source of status changes but for an
/// administrator's reset. What is not listed is refused.
pub const TRANSITIONS: &[Transition] = {
    use DiskStatus as S;
    use In::{AllBut, Only};
    &[
        // Cinder: nothing about a disk in maintenance is changed.
        t(AllBut(&[S::Maintenance]), DiskEvent::Update, Step::Stays),
        t(Only(&[S::Available]), DiskEvent::CreateTransfer, Step::Becomes(S::AwaitingTransfer)),
        t(Only(&[S::AwaitingTransfer]), DiskEvent::AcceptTransfer, Step::Becomes(S::Available)),
        t(Only(&[S::AwaitingTransfer]), DiskEvent::DeleteTransfer, Step::Becomes(S::Available)),
        t(Only(&[S::Available]), DiskEvent::Extend, Step::Stays),
        t(Only(&[S::Available]), DiskEvent::Snapshot, Step::Stays),
        t(Only(&[S::Available, S::InUse]), DiskEvent::ForceSnapshot, Step::Stays),
        t(Only(&[S::Available]), DiskEvent::Backup, Step::Stays),
        t(Only(&[S::Available, S::InUse]), DiskEvent::ForceBackup, Step::Stays),
        // VBS user guide: awaiting-transfer and the failed ones cannot be associated; what an
        // administrator set aside and what is going away neither.
        t(
            AllBut(&[
                S::AwaitingTransfer,
                S::Error,
                S::ErrorExtending,
                S::ErrorRestoring,
                S::ErrorRollbacking,
                S::ErrorDeleting,
                S::ErrorManaging,
                S::ErrorBackingUp,
                S::Deleting,
                S::Maintenance,
                S::Reserved,
            ]),
            DiskEvent::BindPolicy,
            Step::Stays,
        ),
        t(
            Only(&[
                S::Available,
                S::Error,
                S::ErrorExtending,
                S::ErrorRestoring,
                S::ErrorRollbacking,
                S::ErrorManaging,
            ]),
            DiskEvent::Delete,
            Step::Goes,
        ),
    ]
};

/// The event is not allowed in the disk's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{event:?} is not allowed in status {status}")]
pub struct WrongStatus {
    /// What was to happen.
    pub event: DiskEvent,
    /// The status that forbids it.
    pub status: DiskStatus,
    /// The disk.
    pub disk: DiskId,
}

impl Disk {
    /// What `event` would make of this disk.
    pub fn step(&self, event: DiskEvent) -> Result<Step, WrongStatus> {
        TRANSITIONS
            .iter()
            .find(|row| row.event == event && row.from.contains(self.status))
            .map(|row| row.step)
            .ok_or(WrongStatus { event, status: self.status, disk: self.id })
    }

    /// The status this disk has after `event`, for events that do not remove it.
    pub fn after(&self, event: DiskEvent) -> Result<DiskStatus, WrongStatus> {
        Ok(match self.step(event)? {
            Step::Becomes(status) => status,
            Step::Stays => self.status,
            Step::Goes => DiskStatus::Deleting,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_and_event_stand_in_at_most_one_row() {
        for status in DiskStatus::ALL {
            for event in [
                DiskEvent::Update,
                DiskEvent::Extend,
                DiskEvent::Snapshot,
                DiskEvent::ForceSnapshot,
                DiskEvent::Backup,
                DiskEvent::ForceBackup,
                DiskEvent::BindPolicy,
                DiskEvent::CreateTransfer,
                DiskEvent::AcceptTransfer,
                DiskEvent::DeleteTransfer,
                DiskEvent::Delete,
            ] {
                let rows = TRANSITIONS
                    .iter()
                    .filter(|row| row.event == event && row.from.contains(*status))
                    .count();
                assert!(rows <= 1, "{status} {event:?}");
            }
        }
    }

    /// What a disk awaiting transfer allows (OTC "EVS Disk Status", Cinder), spelled out.
    #[test]
    fn a_disk_awaiting_transfer_allows_its_acceptance_withdrawal_and_renaming_only() {
        let allowed: Vec<DiskEvent> = TRANSITIONS
            .iter()
            .filter(|row| row.from.contains(DiskStatus::AwaitingTransfer))
            .map(|row| row.event)
            .collect();
        let expected = [DiskEvent::Update, DiskEvent::AcceptTransfer, DiskEvent::DeleteTransfer];
        assert_eq!(allowed, expected);
    }
}
