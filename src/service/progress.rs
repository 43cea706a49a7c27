//! What takes time: how long, how it ends, and who ends it.
//!
//! Everything that is under way stands in its disk's row with the moment of its end. The loop here
//! keeps nothing in memory, so a restart, the normal course and a step by hand are one path.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::jobs::end_part;
use super::{App, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::clock::Time;
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus, Operation, Outcome, Step};
use crate::domain::ids::{DiskId, RequestId, UserId};
use crate::domain::message::Message;
use crate::store::{StoreError, WriteTx};

/// The user who ends what takes time, in events.
const NOBODY: &str = "evs";

/// The most that one look brings; the next look follows at once.
const BATCH: u32 = 100;

/// The longest sleep between two looks, so that a hand in the file is noticed.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The longest wait after a failure.
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// How time passes for what takes time.
#[derive(Debug, Clone, Default)]
pub struct Simulation {
    /// Nothing ends by itself: somebody steps.
    pub explicit: bool,
    /// How long operations take; those not listed take no time.
    pub delays: BTreeMap<Operation, TimeDelta>,
    /// The operations that fail.
    pub failing: BTreeSet<Operation>,
}

/// What to end.
#[derive(Debug, Clone, Copy, Default)]
pub struct Due {
    /// What ends at this moment or before; none: everything.
    pub until: Option<Time>,
    /// Only what is under way on this disk.
    pub disk: Option<DiskId>,
    /// With this outcome, whatever was to come of it.
    pub outcome: Option<Outcome>,
}

/// Something that took time and is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The disk.
    pub disk: DiskId,
    /// Its status meanwhile.
    pub from: DiskStatus,
    /// Its status after it; none: it is gone.
    pub to: Option<DiskStatus>,
}

impl App {
    /// The disk when `operation` has begun, and when it takes no time, when it has ended; none: it
    /// is gone.
    pub(super) fn under_way(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        mut disk: Disk,
        former: Option<DiskStatus>,
        operation: Operation,
        becoming: Becoming,
    ) -> Option<Disk> {
        let simulation = &self.rules.simulation;
        let delay = simulation.delays.get(&operation).copied().unwrap_or_default();
        let failing = simulation.failing.contains(&operation);
        let outcome = if failing { Outcome::Failed } else { Outcome::Done };
        disk.begin(operation, former, becoming, outcome, self.now() + delay);
        if simulation.explicit || !delay.is_zero() {
            return Some(disk);
        }
        if failing {
            let (request, now) = (caller.request.clone(), self.now());
            let project = disk.project.clone();
            unit.insert_message(&Message::new(project, request, disk.id, operation, now));
        }
        disk.finished(outcome)
    }

    /// What `event` makes of `before`, given that `changed` is the disk with everything else that
    /// the event changes; none: it is gone.
    pub(super) fn happen(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        before: &Disk,
        mut changed: Disk,
        event: DiskEvent,
        becoming: Becoming,
    ) -> Result<Option<Disk>> {
        Ok(match before.step(event)? {
            Step::Takes(operation) => {
                let former = before.pending.as_ref().map_or(Some(before.status), |p| p.former);
                self.under_way(unit, caller, changed, former, operation, becoming)
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

    /// Ends what is due, a batch of it, and says what came of it. What cannot be ended, such as a row
    /// that somebody broke, does not hold up the others: its error is the answer only if nothing else
    /// was to end.
    pub async fn run_due(&self, due: Due) -> Result<Vec<Finished>> {
        let hints = match due.disk {
            Some(disk) => vec![disk],
            None => self.read().await?.due_disks(due.until, BATCH).await?,
        };
        let (mut finished, mut failure) = (Vec::new(), None);
        for hint in hints {
            match self.finish(hint, due).await {
                Ok(ended) => finished.extend(ended),
                Err(why) => failure = failure.or(Some(why)),
            }
        }
        match failure {
            Some(why) if finished.is_empty() => Err(why),
            Some(_) | None => Ok(finished),
        }
    }

    /// Ends what is under way on one disk, unless it is no longer due.
    async fn finish(&self, id: DiskId, due: Due) -> Result<Option<Finished>> {
        let mut unit = self.write().await?;
        let ended = async {
            let Some(before) = unit.disk(id).await? else { return Ok(None) };
            let Some(pending) = before.pending.clone() else { return Ok(None) };
            if due.until.is_some_and(|until| pending.at > until) {
                return Ok(None);
            }
            let outcome = due.outcome.unwrap_or(pending.outcome);
            let from = before.status;
            if outcome == Outcome::Failed {
                self.tell_of_failure(&mut *unit, &before, pending.operation).await?;
            }
            let nobody = Caller {
                user: UserId::new(NOBODY),
                project: before.project.clone(),
                role: Role::Admin,
                request: RequestId::random(),
            };
            let mut after = before.clone().finished(outcome);
            if let Some(disk) = after.as_mut().filter(|disk| disk.disk_type != before.disk_type) {
                let disk_type = unit.disk_type_named(&disk.disk_type, None).await?;
                disk.encrypted = disk_type.is_some_and(|disk_type| disk_type.encrypted);
            }
            if let Some(disk) = after.as_mut().filter(|_| before.pending_is_new()) {
                disk.hand_over_to_servers(self.now());
            }
            end_part(&mut *unit, &before, after.as_ref(), outcome, self.now());
            let to = after.as_ref().map(|disk| disk.status);
            self.save(&mut *unit, &nobody, "disk.progress", &before, after);
            Ok::<_, ServiceError>(Some(Finished { disk: id, from, to }))
        }
        .await;
        let ended = settle(unit, ended).await?;
        if let Some(Finished { disk, from, to }) = &ended {
            let to = to.map_or("gone", DiskStatus::as_str);
            info!(disk.id = %disk, disk.from = %from, disk.to = to, "disk {disk}: {from} is over, {to}");
        }
        Ok(ended)
    }

    /// Tells the project which request's work failed: the one that changed the disk last.
    async fn tell_of_failure(
        &self,
        unit: &mut dyn WriteTx,
        disk: &Disk,
        operation: Operation,
    ) -> Result<()> {
        let request = unit.last_request(disk.id).await?.unwrap_or_else(RequestId::random);
        let project = disk.project.clone();
        unit.insert_message(&Message::new(project, request, disk.id, operation, self.now()));
        Ok(())
    }

    /// Ends everything when it is due until `stop`; never ends by itself.
    pub async fn keep_going(self, stop: CancellationToken) {
        let mut backoff = Duration::ZERO;
        while !stop.is_cancelled() {
            let due = Due { until: Some(self.now()), ..Due::default() };
            let sleep = match self.run_due(due).await {
                Ok(finished) if !finished.is_empty() => {
                    backoff = Duration::ZERO;
                    continue;
                }
                Ok(_) => {
                    backoff = Duration::ZERO;
                    self.until_the_next_end().await
                }
                Err(ServiceError::Store(StoreError::Closed)) => return,
                Err(failure) => {
                    error!(error = %failure, "what takes time could not be ended");
                    backoff = (backoff * 2).clamp(LONGEST_SLEEP, LONGEST_BACKOFF);
                    backoff
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = self.woken.notified() => {}
                () = tokio::time::sleep(sleep) => {}
            }
        }
    }

    async fn until_the_next_end(&self) -> Duration {
        let next = match self.read().await {
            Ok(mut view) => view.next_due_disk().await.ok().flatten(),
            Err(_) => None,
        };
        let wait = next.map(|at| (at - self.now()).to_std().unwrap_or_default());
        wait.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP)
    }
}
