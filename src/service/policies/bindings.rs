//! Which disks are under which policy.

use std::collections::BTreeSet;

use tracing::info;

use super::super::{App, Result, settle};
use super::parse;
use crate::domain::access::Caller;
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent, WrongStatus};
use crate::domain::event::Event;
use crate::domain::ids::{DiskId, PolicyId};
use crate::domain::policy::Policy;
use crate::store::WriteTx;

/// The most disks that a policy has. VBS has such a limit but names no number; this is what its
/// console offered at once.
pub const MOST_DISKS: i64 = 64;

/// What became of one disk in a call that names several.
#[derive(Debug, Clone)]
pub enum Bound {
    /// It is bound, or unbound, as asked.
    Done(Box<Disk>),
    /// There is no such disk for the caller.
    NoDisk(String),
    /// Its status forbids it.
    Status(WrongStatus),
    /// It lies on dedicated storage.
    Dedicated(DiskId),
    /// The policy has all the disks that it can have.
    Full(DiskId),
    /// It is not bound to that policy.
    NotBound(String),
}

impl App {
    /// Puts disks under a policy, each on its own: what cannot be bound does not hinder the rest. A
    /// disk that is under another policy leaves that one (VBS user guide).
    pub async fn bind_disks(
        &self,
        caller: &Caller,
        policy: &str,
        disks: &[String],
    ) -> Result<Vec<Bound>> {
        let wanted = parse(policy)?;
        let mut unit = self.write().await?;
        let bound = async {
            let policy = self.written_policy(&mut *unit, caller, wanted).await?;
            let mut binder = Binder::new(caller, policy, self.now());
            let mut results = Vec::with_capacity(disks.len());
            for disk in disks {
                results.push(binder.bind(&mut *unit, disk).await?);
            }
            Ok(results)
        }
        .await;
        let results = settle(unit, bound).await?;
        info!(policy.id = %wanted, "bound disks to backup policy {wanted}");
        Ok(results)
    }

    /// Takes disks out of a policy, each on its own.
    pub async fn unbind_disks(
        &self,
        caller: &Caller,
        policy: &str,
        disks: &[String],
    ) -> Result<Vec<Bound>> {
        let wanted = parse(policy)?;
        let mut unit = self.write().await?;
        let unbound = async {
            let policy = self.visible_policy(&mut *unit, caller, wanted).await?;
            let mut binder = Binder::new(caller, policy, self.now());
            let mut results = Vec::with_capacity(disks.len());
            for disk in disks {
                results.push(binder.unbind(&mut *unit, disk).await?);
            }
            Ok(results)
        }
        .await;
        let results = settle(unit, unbound).await?;
        info!(policy.id = %wanted, "unbound disks from backup policy {wanted}");
        Ok(results)
    }
}

/// One call that names several disks. Its writes are queued, so questions do not show them yet.
struct Binder<'a> {
    caller: &'a Caller,
    policy: Policy,
    now: Time,
    /// The disks that were dealt with.
    seen: BTreeSet<DiskId>,
    /// How many disks the policy has when the unit is done.
    disks: i64,
}

impl<'a> Binder<'a> {
    fn new(caller: &'a Caller, policy: Policy, now: Time) -> Self {
        let disks = policy.disks;
        Self { caller, policy, now, seen: BTreeSet::new(), disks }
    }

    async fn bind(&mut self, unit: &mut dyn WriteTx, disk: &str) -> Result<Bound> {
        let Some(disk) = self.own_disk(unit, disk).await? else {
            return Ok(Bound::NoDisk(disk.to_owned()));
        };
        if disk.dedicated_storage.is_some() {
            return Ok(Bound::Dedicated(disk.id));
        }
        if let Err(wrong) = disk.step(DiskEvent::BindPolicy) {
            return Ok(Bound::Status(wrong));
        }
        let before = unit.binding(disk.id).await?.map(|before| before.policy);
        if self.seen.contains(&disk.id) || before == Some(self.policy.id) {
            return Ok(Bound::Done(Box::new(disk)));
        }
        if self.disks >= MOST_DISKS {
            return Ok(Bound::Full(disk.id));
        }
        if let Some(before) = before {
            unit.unbind_disk(disk.id, before);
            self.record(unit, "policy.unbind", before, &disk);
        }
        unit.bind_disk(disk.id, self.policy.id, self.now);
        self.record(unit, "policy.bind", self.policy.id, &disk);
        self.seen.insert(disk.id);
        self.disks += 1;
        Ok(Bound::Done(Box::new(disk)))
    }

    async fn unbind(&mut self, unit: &mut dyn WriteTx, disk: &str) -> Result<Bound> {
        let found = match DiskId::parse(disk) {
            Some(id) => unit.disk(id).await?.filter(|disk| self.caller.sees(&disk.project)),
            None => None,
        };
        let Some(found) = found else {
            return Ok(Bound::NoDisk(disk.to_owned()));
        };
        let binding = unit.binding(found.id).await?;
        let bound = binding.is_some_and(|binding| binding.policy == self.policy.id);
        if !bound || !self.seen.insert(found.id) {
            return Ok(Bound::NotBound(disk.to_owned()));
        }
        unit.unbind_disk(found.id, self.policy.id);
        self.record(unit, "policy.unbind", self.policy.id, &found);
        Ok(Bound::Done(Box::new(found)))
    }

    /// The disk, if it belongs to the policy's project: a policy never holds another project's disk.
    async fn own_disk(&self, unit: &mut dyn WriteTx, disk: &str) -> Result<Option<Disk>> {
        let Some(id) = DiskId::parse(disk) else { return Ok(None) };
        let found = unit.disk(id).await?;
        let own =
            |disk: &Disk| self.caller.sees(&disk.project) && disk.project == self.policy.project;
        Ok(found.filter(own))
    }

    /// Binding changes nothing of the disk itself, so the disk's state stands on both sides.
    fn record(&self, unit: &mut dyn WriteTx, action: &'static str, policy: PolicyId, disk: &Disk) {
        let event = Event::of_disk(self.caller, self.now, action, &policy, Some(disk), Some(disk));
        unit.record(&event);
    }
}
