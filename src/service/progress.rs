//! What takes time: how long, how it ends, and who ends it.
//!
//! Everything that is under way stands in the row of what it happens to, with the moment of its end,
//! and each ends by itself: a disk that goes back to a snapshot has its end, and the snapshot has its
//! own. The loop here keeps nothing in memory, so a restart, the normal course and a step by hand are
//! one path.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tracing::{error, info};

use super::{App, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::ids::{
    DiskId, FaultId, JobId, PolicyId, ProjectId, RequestId, TransferId, UserId,
};
use crate::domain::progress::{Ending, Operation, Outcome};
use crate::store::StoreError;
use crate::store::progress::DueWork;
use crate::tasks::caught;

pub use crate::domain::progress::Thing;

/// The user who ends what takes time, in events.
const NOBODY: &str = "evs";

/// Who ends what takes time on something of `project`.
pub(super) fn nobody(project: &ProjectId) -> Caller {
    Caller {
        user: UserId::new(NOBODY),
        project: project.clone(),
        role: Role::Admin,
        request: RequestId::random(),
    }
}

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
    /// Nothing that takes time: only what begins by a schedule.
    pub only_schedules: bool,
}

impl Due {
    /// What takes time and ends at this moment or before is to end; none: all of it.
    fn ends(&self) -> Option<Time> {
        // Nothing ends before there was anything.
        if self.only_schedules { Some(Time::UNIX_EPOCH) } else { self.until }
    }

    /// How something ends that is due; none: it is not.
    pub(super) fn outcome_of(&self, ending: Ending) -> Option<Outcome> {
        let is_due = self.until.is_none_or(|until| ending.at <= until);
        is_due.then(|| self.outcome.unwrap_or(ending.outcome))
    }
}

/// What has come to its end, or to its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// Something on which something was under way.
    Thing(Thing),
    /// A transfer whose time was over.
    Transfer(TransferId),
    /// A backup policy that was due to run.
    Policy(PolicyId),
    /// A task of a backup policy.
    Task(JobId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Thing(thing) => thing.fmt(f),
            Self::Transfer(id) => write!(f, "transfer {id}"),
            Self::Policy(id) => write!(f, "backup policy {id}"),
            Self::Task(id) => write!(f, "task {id}"),
        }
    }
}

impl From<Thing> for Subject {
    fn from(thing: Thing) -> Self {
        Self::Thing(thing)
    }
}

/// Something that took time and is over, or a transfer, a policy or a task whose time came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The disk, or the one that the snapshot, backup, transfer or task is of; a policy has none.
    pub disk: Option<DiskId>,
    /// What it happened to.
    pub subject: Subject,
    /// The status word meanwhile.
    pub from: &'static str,
    /// The status word after it; none: it is gone.
    pub to: Option<&'static str>,
}

/// Something that begins now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    /// When and how it ends.
    pub(super) ending: Ending,
    /// Whether it takes no time, and so is over in the unit of work that begins it.
    pub(super) at_once: bool,
    /// The rule by which it fails.
    pub(super) fault: Option<FaultId>,
}

impl App {
    /// When and how `operation` ends if it begins now, in the caller's request on a disk of `project`
    /// or on what belongs to that.
    pub(super) fn begin(
        &self,
        caller: &Caller,
        operation: Operation,
        project: &ProjectId,
        disk: DiskId,
    ) -> Begun {
        let fault = self.failing_step(&caller.request, operation, project, disk);
        let usual = self.usual_ending(operation);
        let outcome = if fault.is_some() { Outcome::Failed } else { usual.outcome };
        let at_once = !self.rules.simulation.explicit && self.delay_of(operation).is_zero();
        Begun { ending: Ending { outcome, ..usual }, at_once, fault }
    }

    /// When and how `operation` ends by the settings alone if it begins now: whatever a fault has in
    /// store for those that people ask for.
    pub(super) fn usual_ending(&self, operation: Operation) -> Ending {
        let failing = self.rules.simulation.failing.contains(&operation);
        let outcome = if failing { Outcome::Failed } else { Outcome::Done };
        Ending { outcome, at: self.now() + self.delay_of(operation) }
    }

    fn delay_of(&self, operation: Operation) -> TimeDelta {
        self.rules.simulation.delays.get(&operation).copied().unwrap_or_default()
    }

    /// When and how `operation` ends if it has just begun on `disk` too, which has become `after`: at
    /// the same moment.
    pub(super) fn begin_with(
        &self,
        caller: &Caller,
        operation: Operation,
        disk: &Disk,
        after: Option<&Disk>,
    ) -> Begun {
        let begun = self.begin(caller, operation, &disk.project, disk.id);
        let pending = after.and_then(|disk| disk.pending.as_ref());
        Begun { ending: pending.map_or(begun.ending, |pending| pending.ending), ..begun }
    }

    /// Does what [`App::run_due`] does, when nobody else does: what a change of the clock comes by is
    /// for its own answer to tell.
    pub async fn step(&self, due: Due) -> Result<Vec<Finished>> {
        let _turn = self.turn().await;
        self.run_due(due).await
    }

    /// Ends what is due, a batch of it, and says what came of it. What cannot be ended, such as a row
    /// that somebody broke, does not hold up the others: its error is the answer only if nothing else
    /// was to end.
    pub async fn run_due(&self, due: Due) -> Result<Vec<Finished>> {
        let begins = due.until.unwrap_or_else(|| self.now());
        let works = match due.disk {
            Some(disk) => vec![DueWork::OnDisk(disk)],
            None => self.read().await?.due(due.ends(), begins, BATCH).await?,
        };
        let (mut finished, mut failure) = (Vec::new(), None);
        for work in works {
            // A bug that one of them meets holds up the others as little.
            match caught(self.end(work, due, begins)).await {
                Ok(Ok(ended)) => finished.extend(ended),
                Ok(Err(why)) => failure = failure.or(Some(why)),
                Err(panicked) => {
                    error!(error.cause = %panicked, "something that is due met a bug: {panicked}");
                    failure = failure.or(Some(panicked.into()));
                }
            }
        }
        match failure {
            Some(why) if finished.is_empty() => Err(why),
            Some(_) | None => Ok(finished),
        }
    }

    /// Ends one of what is due.
    async fn end(&self, work: DueWork, due: Due, begins: Time) -> Result<Vec<Finished>> {
        let fault = self.before_due_work(match work {
            DueWork::OnDisk(disk) => Some(disk),
            DueWork::Transfer(_) | DueWork::Policy(_) | DueWork::Task(_) => None,
        })?;
        let ended = match work {
            DueWork::OnDisk(disk) => self.finish_on_disk(disk, due).await?,
            DueWork::Transfer(id) => Vec::from_iter(self.expire_transfer(id).await?),
            DueWork::Policy(id) => Vec::from_iter(self.run_policy(id, begins).await?),
            DueWork::Task(id) => Vec::from_iter(self.run_task(&id, begins).await?),
        };
        if !ended.is_empty() {
            fault.after()?;
        }
        Ok(ended)
    }

    /// Ends what is due on one disk: what is under way on its snapshots, its backups and itself, and an
    /// offer of it whose time is over. What belongs together and ends at the same moment so ends in one
    /// unit of work.
    async fn finish_on_disk(&self, id: DiskId, due: Due) -> Result<Vec<Finished>> {
        let mut unit = self.write().await?;
        let ended = async {
            let mut finished = Vec::new();
            for snapshot in unit.snapshots_under_way(id).await? {
                finished.extend(self.end_on_snapshot(&mut *unit, &snapshot, due).await?);
            }
            for backup in unit.backups_under_way(id).await? {
                finished.extend(self.end_on_backup(&mut *unit, &backup, due).await?);
            }
            if let Some(disk) = unit.disk(id).await? {
                let expired = self.expire_offer(&mut *unit, &disk).await?;
                finished.extend(expired.map(|(_, finished)| finished));
                finished.extend(self.end_on_disk(&mut *unit, disk, due).await?);
            }
            Ok(finished)
        }
        .await;
        let ended = settle(unit, ended).await?;
        for Finished { subject, from, to, .. } in &ended {
            let to = to.unwrap_or("gone");
            info!(disk.id = %id, thing.from = from, thing.to = to, "{subject}: {from} is over, {to}");
        }
        Ok(ended)
    }

    /// Ends everything when it is due until `stop`; never ends by itself.
    pub async fn keep_going(self, stop: CancellationToken) {
        let mut backoff = Duration::ZERO;
        while !stop.is_cancelled() {
            let turn = self.turn().await;
            // Looked at when it is our turn: whoever had it may have moved the clock.
            let due = Due { until: Some(self.now()), ..Due::default() };
            let ended = self.run_due(due).await;
            drop(turn);
            let sleep = match ended {
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

    /// The first moment at which something is due, after `after` or at all; none: nothing is.
    pub(super) async fn next_due(&self, after: Option<Time>) -> Result<Option<Time>> {
        Ok(self.read().await?.next_due(after).await?)
    }

    async fn until_the_next_end(&self) -> Duration {
        let next = self.next_due(None).await.ok().flatten();
        // A clock that stands still never comes there by itself: whoever moves it wakes us.
        let wait = next.and_then(|at| self.clock.real_time_until(at));
        wait.map_or(LONGEST_SLEEP, |wait| wait.to_std().unwrap_or_default()).min(LONGEST_SLEEP)
    }
}
