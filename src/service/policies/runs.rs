//! Policies that run. A run that is due leaves a task for each disk; a task whose turn comes begins a
//! backup; a backup that ends ends its task, and what the policy no longer keeps goes. Each is one
//! small unit of work on what stands in the rows, so that a restart goes on where it was.

use std::collections::BTreeMap;
use std::pin::Pin;

use tracing::info;

use super::super::backups::{BackupOf, Extent, NewBackup};
use super::super::progress::{Finished, Subject, nobody};
use super::super::{App, Result, ServiceError, settle};
use super::{PolicyRefused, parse};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupStatus};
use crate::domain::clock::Time;
use crate::domain::disk::{Disk, DiskEvent};
use crate::domain::event::{Event, State};
use crate::domain::ids::{DiskId, JobId, PolicyId};
use crate::domain::policy::{Policy, Task, TaskStatus, Trigger, Turn};
use crate::domain::quota::{Quota, Wish};
use crate::store::WriteTx;

/// What the name of a backup begins with that a policy makes (VBS).
const BACKUP_PREFIX: &str = "autobk_";

/// What becomes of a task whose turn has come.
enum Began {
    /// It stands so after it.
    Task(Box<Task>),
    /// Its turn has not come, or is over.
    NotNow,
}

impl App {
    /// Runs a policy now: its disks get tasks, which the ordinary course takes from there.
    pub async fn run_policy_now(&self, caller: &Caller, id: &str) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let begun = async {
            let policy = self.written_policy(&mut *unit, caller, wanted).await?;
            if unit.unfinished_tasks(wanted).await? > 0 {
                return Err(PolicyRefused::Running(wanted).into());
            }
            let quota = self.quota_in(&mut *unit, &policy.project).await?;
            let bound = unit.bound_disks(wanted).await?;
            let mut disks = Vec::new();
            for disk in &bound {
                disks.extend(unit.disk(*disk).await?);
            }
            has_room(quota, &disks)?;
            let now = self.now();
            make_tasks(&mut *unit, caller, &policy, &bound, (now, Trigger::Hand), now);
            Ok(bound.len())
        }
        .await;
        let tasks = settle(unit, begun).await?;
        self.woken.notify_one();
        info!(policy.id = %wanted, policy.tasks = tasks, "backup policy {wanted} runs by hand");
        Ok(())
    }

    /// Runs a policy, unless it is no longer due.
    pub(in crate::service) async fn run_policy(
        &self,
        id: PolicyId,
        until: Time,
    ) -> Result<Option<Finished>> {
        let mut unit = self.write().await?;
        let run = async {
            let Some(policy) = unit.policy(id).await? else { return Ok(None) };
            let Some(due) = policy.next_run_at.filter(|due| *due <= until) else { return Ok(None) };
            let now = self.now();
            let (next, to) = match policy.turn(due, now, self.rules.missed_runs) {
                Turn::Run(next) => {
                    let disks = unit.bound_disks(id).await?;
                    let (caller, run) = (nobody(&policy.project), (due, Trigger::Schedule));
                    make_tasks(&mut *unit, &caller, &policy, &disks, run, now);
                    (next, "ran")
                }
                Turn::Wait(next) => (next, "waiting"),
            };
            unit.set_next_run(id, due, next);
            Ok::<_, ServiceError>(Some(Finished {
                disk: None,
                subject: Subject::Policy(id),
                from: "due",
                to: Some(to),
            }))
        }
        .await;
        let run = settle(unit, run).await?;
        if let Some(Finished { to: Some(to), .. }) = &run {
            info!(policy.id = %id, policy.to = to, "backup policy {id} was due, {to}");
        }
        Ok(run)
    }

    /// Begins what a task is about, if its turn has come. What the disk or a limit forbids ends it.
    pub(in crate::service) async fn run_task(
        &self,
        id: &JobId,
        until: Time,
    ) -> Result<Option<Finished>> {
        let mut unit = self.write().await?;
        let began = self.begin_task(&mut *unit, id, until).await;
        let began = match settle(unit, began).await {
            // What the attempt has queued is gone with its unit; the end of the task is one more.
            Err(refused) if !is_ours(&refused) => self.give_up(id, &refused).await?,
            other => other?,
        };
        let Began::Task(task) = began else { return Ok(None) };
        let status = task.status;
        info!(task.id = %id, disk.id = %task.disk, task.to = %status, "task {id}: {status}");
        Ok(Some(Finished {
            disk: Some(task.disk),
            subject: Subject::Task(task.id),
            from: TaskStatus::Waiting.as_str(),
            to: Some(status.as_str()),
        }))
    }

    async fn begin_task(&self, unit: &mut dyn WriteTx, id: &JobId, until: Time) -> Result<Began> {
        let Some((policy, task)) = waiting(unit, id).await? else { return Ok(Began::NotNow) };
        if task.due_at > until || unit.running_task(task.disk).await?.is_some() {
            return Ok(Began::NotNow);
        }
        let after = match self.why_not(unit, &policy, &task).await? {
            Some((code, why)) => {
                task.clone().ended(TaskStatus::Skip, Some((code, why)), self.now())
            }
            None => self.back_up_for(unit, &policy, &task).await?,
        };
        save_task(unit, &policy, &task, &after, self.now());
        Ok(Began::Task(Box::new(after)))
    }

    /// Why a disk is passed over, as a code and a sentence; none: it is backed up.
    async fn why_not(
        &self,
        unit: &mut dyn WriteTx,
        policy: &Policy,
        task: &Task,
    ) -> Result<Option<(&'static str, String)>> {
        let disk = unit.disk(task.disk).await?.filter(|disk| disk.project == policy.project);
        let Some(disk) = disk else {
            return Ok(Some(("VolumeBackup.0021", "The disk does not exist.".to_owned())));
        };
        let binding = unit.binding(task.disk).await?;
        if binding.is_none_or(|binding| binding.policy != policy.id) {
            let why = "The disk is not associated with the policy any more.";
            return Ok(Some(("AutoBackup.1400", why.to_owned())));
        }
        let forbidden = disk.step(DiskEvent::ForceBackup).err();
        Ok(forbidden.map(|wrong| {
            ("VolumeBackup.0012", format!("The disk status {} forbids it.", wrong.status))
        }))
    }

    /// The task when its backup has begun, and when that takes no time, when it has ended.
    async fn back_up_for(
        &self,
        unit: &mut dyn WriteTx,
        policy: &Policy,
        task: &Task,
    ) -> Result<Task> {
        let digits: String = task.id.as_str().chars().take(4).collect();
        let name = format!("{BACKUP_PREFIX}{digits}");
        let new = NewBackup {
            disk: task.disk,
            of: BackupOf::OwnSnapshot,
            name: Some(name.clone()),
            description: None,
            container: None,
            extent: Extent::IncrementalIfPossible,
            metadata: BTreeMap::new(),
            zone: None,
            policy: Some(policy.id),
        };
        let backup = self.back_up(unit, &nobody(&policy.project), new).await?;
        let running = task.clone().running(backup.id, name);
        if backup.ending.is_some() {
            return Ok(running);
        }
        self.end_with(unit, policy, running, Some(&backup)).await
    }

    /// Ends a task that came to nothing, unless it is over by now.
    async fn give_up(&self, id: &JobId, refused: &ServiceError) -> Result<Began> {
        let code = if let ServiceError::Quota(exceeded) = refused {
            if exceeded.is_about_backups() { "AutoBackup.0218" } else { "AutoBackup.0217" }
        } else {
            "AutoBackup.1700"
        };
        let mut unit = self.write().await?;
        let ended = async {
            let Some((policy, task)) = waiting(&mut *unit, id).await? else {
                return Ok(Began::NotNow);
            };
            let why = Some((code, refused.to_string()));
            let after = task.clone().ended(TaskStatus::Fail, why, self.now());
            save_task(&mut *unit, &policy, &task, &after, self.now());
            Ok(Began::Task(Box::new(after)))
        }
        .await;
        settle(unit, ended).await
    }

    /// Ends the task that makes a backup, if one does, when the backup is no longer being made. The
    /// future is boxed, since what a policy no longer keeps goes by the way that leads here.
    pub(in crate::service) fn end_task<'a>(
        &'a self,
        unit: &'a mut dyn WriteTx,
        before: &'a Backup,
        after: Option<&'a Backup>,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let is_making = |backup: &Backup| backup.status == BackupStatus::Creating;
            if before.policy.is_none() || !is_making(before) || after.is_some_and(is_making) {
                return Ok(());
            }
            let running = unit.running_task(before.disk).await?;
            let own = running.filter(|task| {
                task.backup.as_ref().is_some_and(|(backup, _)| *backup == before.id)
            });
            let Some(task) = own else { return Ok(()) };
            let Some(policy) = unit.policy(task.policy).await? else { return Ok(()) };
            let ended = self.end_with(unit, &policy, task.clone(), after).await?;
            save_task(unit, &policy, &task, &ended, self.now());
            Ok(())
        })
    }

    /// The task when its backup is as it is; none: it is gone. What the policy no longer keeps goes.
    async fn end_with(
        &self,
        unit: &mut dyn WriteTx,
        policy: &Policy,
        task: Task,
        backup: Option<&Backup>,
    ) -> Result<Task> {
        let Some(backup) = backup.filter(|backup| backup.status == BackupStatus::Available) else {
            let why = Some(("VolumeBackup.0064", "The backup failed.".to_owned()));
            return Ok(task.ended(TaskStatus::Fail, why, self.now()));
        };
        let mut made = unit.policy_backups(policy.id, task.disk).await?;
        made.retain(|other| other.id != backup.id);
        made.push(backup.clone());
        let times: Vec<_> = made.iter().map(|backup| (backup.id, backup.created_at)).collect();
        let outlived = policy.schedule.outlived(&times, self.now());
        for backup in made.iter().filter(|backup| outlived.contains(&backup.id)) {
            self.remove_backup(unit, &nobody(&policy.project), backup).await?;
        }
        Ok(task.ended(TaskStatus::Success, None, self.now()))
    }
}

/// A task that waits for its turn, and its policy.
async fn waiting(unit: &mut dyn WriteTx, id: &JobId) -> Result<Option<(Policy, Task)>> {
    let task = unit.policy_task(id).await?.filter(|task| task.status == TaskStatus::Waiting);
    let Some(task) = task else { return Ok(None) };
    Ok(unit.policy(task.policy).await?.map(|policy| (policy, task)))
}

/// Whether something is wrong with the service, not with what was asked of it: it is tried again.
fn is_ours(error: &ServiceError) -> bool {
    matches!(error, ServiceError::Store(_) | ServiceError::Hasher(_))
}

/// A waiting task for each disk, and the events of all.
fn make_tasks(
    unit: &mut dyn WriteTx,
    caller: &Caller,
    policy: &Policy,
    disks: &[DiskId],
    due: (Time, Trigger),
    now: Time,
) {
    let state = Some(State::from(policy));
    unit.record(&Event::of(caller, now, "policy.run", &policy.id, state.clone(), state));
    for disk in disks {
        let task = Task::waiting(policy.id, *disk, due, now);
        unit.insert_policy_task(&task);
        let state = Some(State::of_task(&task, &policy.project));
        unit.record(&Event::of(caller, now, "policy.task", &task.id, None, state));
    }
}

fn save_task(unit: &mut dyn WriteTx, policy: &Policy, before: &Task, after: &Task, now: Time) {
    unit.update_policy_task(before.status, after);
    let state = |task: &Task| Some(State::of_task(task, &policy.project));
    let (was, is) = (state(before), state(after));
    let caller = nobody(&policy.project);
    unit.record(&Event::of(&caller, now, "policy.task", &after.id, was, is));
}

/// Whether the limits allow a backup of each disk and the snapshot that it is made of.
fn has_room(mut quota: Quota, disks: &[Disk]) -> Result<()> {
    for disk in disks.iter().filter(|disk| disk.step(DiskEvent::ForceBackup).is_ok()) {
        for wish in [Wish::Snapshot(&disk.disk_type, disk.size_gib), Wish::Backup(disk.size_gib)] {
            quota.allows(wish).map_err(PolicyRefused::Short)?;
            quota.usage.add(wish);
        }
    }
    Ok(())
}
