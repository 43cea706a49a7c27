//! Backup policies and the disks under them.

use tracing::info;

use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent, WrongStatus};
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, PolicyId};
use crate::domain::policy::{Policy, Schedule};
use crate::store::{ReadTx, WriteTx};

/// The most policies that a project has (VBS user guide).
pub const MOST_POLICIES: usize = 32;

/// What is asked for when a policy is made.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// When it runs and what it keeps.
    pub schedule: Schedule,
    /// The zone of its hours.
    pub time_zone: String,
}

/// What became of one disk in a call that names several.
#[derive(Debug, Clone)]
pub enum Bound {
    /// It is bound, or unbound, as asked.
    Done(Box<Disk>),
    /// There is no such disk for the caller.
    NoDisk(String),
    /// Its status forbids it.
    Status(WrongStatus),
    /// It is not bound to that policy.
    NotBound(String),
}

impl App {
    /// Makes a policy.
    pub async fn create_policy(&self, caller: &Caller, new: NewPolicy) -> Result<Policy> {
        let policy = Policy {
            id: PolicyId::random(),
            project: caller.project.clone(),
            name: new.name,
            schedule: new.schedule,
            time_zone: new.time_zone,
            disks: 0,
            created_at: self.now(),
        };
        let mut unit = self.write().await?;
        let made = async {
            if unit.policies(&caller.project).await?.len() >= MOST_POLICIES {
                return Err(ServiceError::TooManyPolicies(MOST_POLICIES));
            }
            unit.insert_policy(&policy);
            let state = Some(State::from(&policy));
            let at = policy.created_at;
            unit.record(&Event::of(caller, at, "policy.create", &policy.id, None, state));
            Ok(())
        }
        .await;
        settle(unit, made).await?;
        info!(policy.id = %policy.id, "created backup policy {}", policy.id);
        Ok(policy)
    }

    /// A policy of the caller's project, and the disks under it.
    pub async fn policy(&self, caller: &Caller, id: &str) -> Result<(Policy, Vec<DiskId>)> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        let policy = visible_policy(&mut *view, caller, wanted).await?;
        let disks = view.bound_disks(wanted).await?;
        Ok((policy, disks))
    }

    /// Every policy of the caller's project.
    pub async fn policies(&self, caller: &Caller) -> Result<Vec<Policy>> {
        Ok(self.read().await?.policies(&caller.project).await?)
    }

    /// Removes a policy; the disks under it are bound to nothing then.
    pub async fn delete_policy(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let policy = visible_policy(&mut *unit, caller, wanted).await?;
            unit.delete_policy(wanted);
            let state = Some(State::from(&policy));
            unit.record(&Event::of(caller, self.now(), "policy.delete", &wanted, state, None));
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(policy.id = %wanted, "deleted backup policy {wanted}");
        Ok(())
    }

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
            let policy = visible_policy(&mut *unit, caller, wanted).await?;
            let now = self.now();
            let mut results = Vec::with_capacity(disks.len());
            let mut seen = Seen::new();
            for disk in disks {
                results.push(bind(&mut *unit, caller, &policy, disk, &mut seen, now).await?);
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
            visible_policy(&mut *unit, caller, wanted).await?;
            let now = self.now();
            let mut results = Vec::with_capacity(disks.len());
            let mut seen = Seen::new();
            for disk in disks {
                results.push(unbind(&mut *unit, caller, wanted, disk, &mut seen, now).await?);
            }
            Ok(results)
        }
        .await;
        let results = settle(unit, unbound).await?;
        info!(policy.id = %wanted, "unbound disks from backup policy {wanted}");
        Ok(results)
    }
}

/// Disks that this call has dealt with: its writes are queued, so questions do not show them yet.
type Seen = std::collections::BTreeSet<DiskId>;

async fn bind(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    policy: &Policy,
    disk: &str,
    seen: &mut Seen,
    now: Time,
) -> Result<Bound> {
    let Some(disk) = own_disk(unit, caller, policy, disk).await? else {
        return Ok(Bound::NoDisk(disk.to_owned()));
    };
    if let Err(wrong) = disk.step(DiskEvent::BindPolicy) {
        return Ok(Bound::Status(wrong));
    }
    if seen.insert(disk.id) {
        let before = unit.binding(disk.id).await?;
        if before.as_ref().is_none_or(|before| before.policy != policy.id) {
            if let Some(before) = before {
                unit.unbind_disk(disk.id, before.policy);
            }
            unit.bind_disk(disk.id, policy.id, now);
            record(unit, caller, "policy.bind", policy.id, &disk, now);
        }
    }
    Ok(Bound::Done(Box::new(disk)))
}

async fn unbind(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    policy: PolicyId,
    disk: &str,
    seen: &mut Seen,
    now: Time,
) -> Result<Bound> {
    let found = match DiskId::parse(disk) {
        Some(id) => unit.disk(id).await?.filter(|disk| caller.sees(&disk.project)),
        None => None,
    };
    let Some(found) = found else {
        return Ok(Bound::NoDisk(disk.to_owned()));
    };
    let bound = unit.binding(found.id).await?.is_some_and(|binding| binding.policy == policy);
    if !bound || !seen.insert(found.id) {
        return Ok(Bound::NotBound(disk.to_owned()));
    }
    unit.unbind_disk(found.id, policy);
    record(unit, caller, "policy.unbind", policy, &found, now);
    Ok(Bound::Done(Box::new(found)))
}

/// The disk, if it belongs to the policy's project: a policy never holds another project's disk.
async fn own_disk(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    policy: &Policy,
    disk: &str,
) -> Result<Option<Disk>> {
    let Some(id) = DiskId::parse(disk) else { return Ok(None) };
    let found = unit.disk(id).await?;
    Ok(found.filter(|disk| caller.sees(&disk.project) && disk.project == policy.project))
}

/// Binding changes nothing of the disk itself, so the disk's state stands on both sides.
fn record(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    action: &'static str,
    policy: PolicyId,
    disk: &Disk,
    now: Time,
) {
    unit.record(&Event::of_disk(caller, now, action, &policy, Some(disk), Some(disk)));
}

async fn visible_policy(
    view: &mut (impl ReadTx + ?Sized),
    caller: &Caller,
    id: PolicyId,
) -> Result<Policy> {
    let found = view.policy(id).await?;
    found
        .filter(|policy| caller.sees(&policy.project))
        .ok_or_else(|| ServiceError::NotFound(Resource::Policy, id.to_string()))
}

fn parse(id: &str) -> Result<PolicyId> {
    PolicyId::parse(id).ok_or_else(|| ServiceError::NotFound(Resource::Policy, id.to_owned()))
}
