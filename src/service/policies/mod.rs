//! Backup policies: made, shown, changed and removed. Each project has one from the start, which
//! gets a row when somebody first writes it.

mod bindings;
mod runs;
mod tags;
mod tasks;

use thiserror::Error;
use tracing::info;

use super::{App, Resource, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::clock::Time;
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, PolicyId};
use crate::domain::policy::{DEFAULT_NAME, Days, Hours, Policy, Retention, Schedule, Zone};
use crate::domain::quota::QuotaExceeded;
use crate::domain::tag::Tags;
use crate::store::{ReadTx, WriteTx};

pub use bindings::{Bound, MOST_DISKS};
pub use tags::{PolicySearch, WantedTag};

/// The most policies that a project has, the one from the start among them (VBS user guide).
pub const MOST_POLICIES: usize = 32;

/// What is asked for when a policy is made.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// Its name.
    pub name: String,
    /// When it runs and what it keeps.
    pub schedule: Schedule,
    /// Its tags.
    pub tags: Tags,
}

/// What of a policy changes; none: stays as it is.
#[derive(Debug, Clone, Default)]
pub struct PolicyChange {
    /// Its name.
    pub name: Option<String>,
    /// At which hours it runs.
    pub hours: Option<Hours>,
    /// On which days it runs.
    pub days: Option<Days>,
    /// The zone of both.
    pub zone: Option<Zone>,
    /// What it keeps.
    pub retention: Option<Retention>,
    /// Whether it keeps the first backup of each month for ever.
    pub keep_first_of_month: Option<bool>,
    /// Whether it runs or rests.
    pub enabled: Option<bool>,
}

impl PolicyChange {
    fn of(self, schedule: Schedule) -> Schedule {
        Schedule {
            hours: self.hours.unwrap_or(schedule.hours),
            days: self.days.unwrap_or(schedule.days),
            zone: self.zone.unwrap_or(schedule.zone),
            retention: self.retention.unwrap_or(schedule.retention),
            keep_first_of_month: self.keep_first_of_month.unwrap_or(schedule.keep_first_of_month),
            enabled: self.enabled.unwrap_or(schedule.enabled),
        }
    }
}

/// Why a policy is not made, changed, removed or run.
#[derive(Debug, Clone, Error)]
pub enum PolicyRefused {
    /// The project has too many.
    #[error("a project has at most {0} backup policies")]
    TooMany(usize),
    /// The policy that a project has from the start keeps its name and stays.
    #[error("backup policy {0} is the default one of its project")]
    Default(PolicyId),
    /// Only the policy that a project has from the start has such a name.
    #[error("'{0}' is reserved for the default backup policy")]
    ReservedName(String),
    /// It has run, and not all of that is over.
    #[error("backup policy {0} is running")]
    Running(PolicyId),
    /// A limit of the project does not allow the backups of a run.
    #[error(transparent)]
    Short(QuotaExceeded),
    /// It has no such tag.
    #[error("backup policy {0} has no such tag")]
    NoTag(PolicyId),
    /// It would have too many tags.
    #[error("a backup policy has at most {0} tags")]
    TooManyTags(usize),
}

impl App {
    /// Makes a policy.
    pub async fn create_policy(&self, caller: &Caller, new: NewPolicy) -> Result<Policy> {
        let made = Policy::new(caller.project.clone(), new.name, new.schedule, self.now());
        let policy = Policy { tags: new.tags, ..made };
        let mut unit = self.write().await?;
        let made = async {
            if policy.name.starts_with(DEFAULT_NAME) {
                return Err(PolicyRefused::ReservedName(policy.name.clone()).into());
            }
            let others = unit.policies(&caller.project).await?;
            if others.iter().filter(|policy| !policy.is_default).count() + 1 >= MOST_POLICIES {
                return Err(PolicyRefused::TooMany(MOST_POLICIES).into());
            }
            insert(&mut *unit, caller, &policy);
            Ok(())
        }
        .await;
        settle(unit, made).await?;
        self.woken.notify_one();
        info!(policy.id = %policy.id, "created backup policy {}", policy.id);
        Ok(policy)
    }

    /// A policy of the caller's project, and the disks under it.
    pub async fn policy(&self, caller: &Caller, id: &str) -> Result<(Policy, Vec<DiskId>)> {
        let wanted = parse(id)?;
        let mut view = self.read().await?;
        let policy = self.visible_policy(&mut *view, caller, wanted).await?;
        let disks = view.bound_disks(wanted).await?;
        Ok((policy, disks))
    }

    /// Every policy of the caller's project, the one from the start first.
    pub async fn policies(&self, caller: &Caller) -> Result<Vec<Policy>> {
        let mut policies = self.read().await?.policies(&caller.project).await?;
        if policies.first().is_none_or(|first| !first.is_default) {
            policies.insert(0, Policy::default_of(&caller.project, self.now()));
        }
        Ok(policies)
    }

    /// Changes a policy.
    pub async fn update_policy(
        &self,
        caller: &Caller,
        id: &str,
        mut change: PolicyChange,
    ) -> Result<Policy> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let before = self.written_policy(&mut *unit, caller, wanted).await?;
            let name = change.name.take().unwrap_or_else(|| before.name.clone());
            if name != before.name && before.is_default {
                return Err(PolicyRefused::Default(wanted).into());
            }
            if name.starts_with(DEFAULT_NAME) && !before.is_default {
                return Err(PolicyRefused::ReservedName(name).into());
            }
            let now = self.now();
            let schedule = change.of(before.schedule.clone());
            let after = Policy { name, ..before.clone() }.scheduled(schedule, now);
            unit.update_policy(&after);
            record(&mut *unit, caller, "policy.update", now, Some(&before), Some(&after));
            Ok(after)
        }
        .await;
        let policy = settle(unit, changed).await?;
        self.woken.notify_one();
        info!(policy.id = %wanted, "changed backup policy {wanted}");
        Ok(policy)
    }

    /// Removes a policy; the disks under it are bound to nothing then.
    pub async fn delete_policy(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let policy = self.visible_policy(&mut *unit, caller, wanted).await?;
            if policy.is_default {
                return Err(PolicyRefused::Default(wanted).into());
            }
            unit.delete_policy(wanted);
            record(&mut *unit, caller, "policy.delete", self.now(), Some(&policy), None);
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        info!(policy.id = %wanted, "deleted backup policy {wanted}");
        Ok(())
    }

    /// A policy that the caller sees, with a row or without.
    async fn visible_policy(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        caller: &Caller,
        id: PolicyId,
    ) -> Result<Policy> {
        let found = view.policy(id).await?.filter(|policy| caller.sees(&policy.project));
        let unwritten = || {
            let policy = Policy::default_of(&caller.project, self.now());
            (policy.id == id).then_some(policy)
        };
        found
            .or_else(unwritten)
            .ok_or_else(|| ServiceError::NotFound(Resource::Policy, id.to_string()))
    }

    /// A policy that the caller sees, which has a row when the unit is done.
    async fn written_policy(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        id: PolicyId,
    ) -> Result<Policy> {
        let policy = self.visible_policy(unit, caller, id).await?;
        if policy.is_default && unit.policy(id).await?.is_none() {
            insert(unit, caller, &policy);
        }
        Ok(policy)
    }
}

fn insert(unit: &mut dyn WriteTx, caller: &Caller, policy: &Policy) {
    unit.insert_policy(policy);
    record(unit, caller, "policy.create", policy.created_at, None, Some(policy));
}

fn record(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    action: &'static str,
    at: Time,
    before: Option<&Policy>,
    after: Option<&Policy>,
) {
    let Some(id) = after.or(before).map(|policy| policy.id) else { return };
    let (before, after) = (before.map(State::from), after.map(State::from));
    unit.record(&Event::of(caller, at, action, &id, before, after));
}

fn parse(id: &str) -> Result<PolicyId> {
    PolicyId::parse(id).ok_or_else(|| ServiceError::NotFound(Resource::Policy, id.to_owned()))
}
