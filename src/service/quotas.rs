//! Quotas: what a project may have and has.

use std::collections::BTreeMap;

use tracing::info;

use super::{App, Result, settle};
use crate::domain::access::Caller;
use crate::domain::event::{Event, State};
use crate::domain::ids::ProjectId;
use crate::domain::quota::{Limits, Quota, QuotaExceeded, Usage, Wish};
use crate::store::{ReadTx, WriteTx};

impl App {
    /// The limits and the usage of a project.
    pub async fn quota(&self, project: &ProjectId) -> Result<Quota> {
        let mut view = self.read().await?;
        self.quota_in(&mut *view, project).await
    }

    /// The same as seen from inside a unit of work.
    pub(super) async fn quota_in(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        project: &ProjectId,
    ) -> Result<Quota> {
        let (own, usage) = view.quota(project).await?;
        Ok(Quota { limits: self.rules.quotas.with(&own), usage })
    }

    /// Whether a project's limits allow the wish, seen from inside a unit of work. Where none of them
    /// is set, nothing is counted: a project without limits may have a million disks.
    pub(super) async fn check_quota(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        project: &ProjectId,
        wish: Wish<'_>,
    ) -> Result<std::result::Result<(), QuotaExceeded>> {
        let limits = self.rules.quotas.with(&view.limits(project).await?);
        let quota = if wish.is_counted(&limits) {
            self.quota_in(view, project).await?
        } else {
            Quota { limits, usage: Usage::default() }
        };
        Ok(quota.allows(wish))
    }

    /// Sets limits of a project; the keys are known ones. Limits below the usage stand: they only
    /// forbid more.
    pub async fn set_limits(
        &self,
        caller: &Caller,
        project: &ProjectId,
        limits: BTreeMap<String, i64>,
    ) -> Result<Quota> {
        let mut unit = self.write().await?;
        let changed = self.change_limits(&mut *unit, caller, project, &limits).await;
        let quota = settle(unit, changed).await?;
        info!(project.id = %project, "changed the quota of project {project}");
        Ok(quota)
    }

    async fn change_limits(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        project: &ProjectId,
        limits: &BTreeMap<String, i64>,
    ) -> Result<Quota> {
        let before = self.quota_in(unit, project).await?;
        let after = Quota { limits: before.limits.with(limits), usage: before.usage.clone() };
        for (key, limit) in limits {
            unit.set_limit(project, key, *limit);
        }
        let state = |of: &Limits| Some(state(project, limits.keys(), of));
        let (from, to) = (state(&before.limits), state(&after.limits));
        unit.record(&Event::of(caller, self.now(), "quota.update", project, from, to));
        Ok(after)
    }

    /// Takes the limits of a project back to those of every project.
    pub async fn reset_limits(&self, caller: &Caller, project: &ProjectId) -> Result<()> {
        let mut unit = self.write().await?;
        let reset = async {
            let before = Limits(unit.limits(project).await?);
            let after = self.rules.quotas.with(&unit.class_limits().await?);
            unit.delete_limits(project);
            let state = |of: &Limits| Some(state(project, before.0.keys(), of));
            let (from, to) = (state(&before), state(&after));
            unit.record(&Event::of(caller, self.now(), "quota.delete", project, from, to));
            Ok(())
        }
        .await;
        settle(unit, reset).await?;
        info!(project.id = %project, "took the quota of project {project} back to the defaults");
        Ok(())
    }

    /// The limits of a project that has none of its own.
    pub async fn default_limits(&self) -> Result<Limits> {
        Ok(self.rules.quotas.with(&self.read().await?.class_limits().await?))
    }

    /// Sets limits of every project that has none of its own; the keys are known ones.
    pub async fn set_default_limits(
        &self,
        caller: &Caller,
        limits: BTreeMap<String, i64>,
    ) -> Result<Limits> {
        let mut unit = self.write().await?;
        let changed = async {
            let before = self.rules.quotas.with(&unit.class_limits().await?);
            let after = before.with(&limits);
            for (key, limit) in &limits {
                unit.set_class_limit(key, *limit);
            }
            let nobody = ProjectId::new("");
            let state = |of: &Limits| Some(state(&nobody, limits.keys(), of));
            let (from, to) = (state(&before), state(&after));
            let class = QUOTA_CLASS;
            unit.record(&Event::of(caller, self.now(), "quota_class.update", &class, from, to));
            Ok(after)
        }
        .await;
        let limits = settle(unit, changed).await?;
        info!("changed the quota of every project");
        Ok(limits)
    }
}

/// The one class of quotas there is (Cinder's).
pub const QUOTA_CLASS: &str = "default";

/// The limits of these keys, as an event tells of them.
fn state<'a>(project: &ProjectId, keys: impl Iterator<Item = &'a String>, of: &Limits) -> State {
    State {
        project_id: project.to_string(),
        values: keys.map(|key| (key.clone(), of.of(key).to_string())).collect(),
        ..State::default()
    }
}
