//! Quotas: what a project may have and has.

use std::collections::BTreeMap;

use tracing::info;

use super::{App, Result, settle};
use crate::domain::access::Caller;
use crate::domain::event::{Event, State};
use crate::domain::ids::ProjectId;
use crate::domain::quota::{Quota, QuotaExceeded, Usage, Wish};
use crate::store::{ReadTx, WriteTx};

impl App {
    /// The limits and the usage of a project.
    pub async fn quota(&self, project: &ProjectId) -> Result<Quota> {
        let mut view = self.read().await?;
        self.quota_in(&mut *view, project).await
    }

    /// The same as seen from inside a unit of work.
    async fn quota_in(
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
        let state = |of: &dyn Fn(&str) -> i64| State {
            project_id: project.to_string(),
            values: limits.keys().map(|key| (key.clone(), of(key).to_string())).collect(),
            ..State::default()
        };
        let after = Quota { limits: before.limits.with(limits), usage: before.usage.clone() };
        for (key, limit) in limits {
            unit.set_limit(project, key, *limit);
        }
        unit.record(&Event::of(
            caller,
            self.now(),
            "quota.update",
            project,
            Some(state(&|key| before.limits.of(key))),
            Some(state(&|key| after.limits.of(key))),
        ));
        Ok(after)
    }
}
