//! Faults: the rules that are armed, what they meet, and how people add and remove them.
//!
//! All of them and what they have done are kept in memory, so that a server without rules pays one
//! look at a flag for a call; those that outlive a restart stand in the data file besides.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::{info, warn};

use super::{App, Resource, Result, ServiceError, settle};
use crate::crash;
use crate::domain::access::Caller;
use crate::domain::event::{Event, State};
use crate::domain::fault::{
    self, Armed, CallFaults, Called, Fault, FaultDraft, FaultRefused, Keeping, Way, WorkPoint,
};
use crate::domain::ids::{DiskId, FaultId, ProjectId, RequestId};
use crate::domain::progress::{Operation, Thing};
use crate::store::{StoreError, WriteTx};

/// The most rules there may be: each call asks every one of them.
const MOST: usize = 1000;

/// The rules.
#[derive(Default)]
pub(super) struct Faults {
    /// Whether there is any.
    any: AtomicBool,
    /// Whether any names a disk, so that it pays to find out which disk a call is about.
    name_disks: AtomicBool,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    rules: Vec<Armed>,
    /// How often they were changed.
    changes: u64,
    /// What was decided last about a step: what begins on a disk and on what belongs to it, in one
    /// request, is one step and ends in one way.
    last: Option<(Step, Option<FaultId>)>,
}

type Step = (RequestId, Operation, DiskId);

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults").field("any", &self.any).finish_non_exhaustive()
    }
}

impl Faults {
    /// The rules, if there are any.
    fn armed(&self) -> Option<MutexGuard<'_, Held>> {
        // A rule counts from its answer on: who has that has synchronised with us over the network.
        self.any.load(Ordering::Relaxed).then(|| self.held())
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Armed>)) {
        self.change_held(&mut self.held(), change);
    }

    fn change_held(&self, held: &mut Held, change: impl FnOnce(&mut Vec<Armed>)) {
        change(&mut held.rules);
        held.changes += 1;
        self.any.store(!held.rules.is_empty(), Ordering::Relaxed);
        let names_disk = held.rules.iter().any(|rule| rule.fault.disk.is_some());
        self.name_disks.store(names_disk, Ordering::Relaxed);
    }
}

impl App {
    /// Every rule, in the order in which they are asked.
    pub fn faults(&self) -> Vec<Armed> {
        self.faults.held().rules.clone()
    }

    /// One rule.
    pub fn fault(&self, id: &str) -> Result<Armed> {
        let held = self.faults.held();
        let found = held.rules.iter().find(|rule| Some(rule.fault.id) == FaultId::parse(id));
        found.cloned().ok_or_else(|| absent(id))
    }

    /// Adds rules, all or none.
    pub async fn add_faults(&self, caller: &Caller, drafts: &[FaultDraft]) -> Result<Vec<Armed>> {
        if self.faults.held().rules.len() + drafts.len() > MOST {
            return Err(FaultRefused::TooMany(MOST).into());
        }
        let mut added = Vec::new();
        for (number, draft) in drafts.iter().enumerate() {
            let fault =
                draft.check(self.now(), random_seed()).map_err(|refused| match refused {
                    FaultRefused::Wrong(sentence) if drafts.len() > 1 => {
                        FaultRefused::Wrong(format!("Fault {}: {sentence}", number + 1))
                    }
                    refused @ (FaultRefused::Wrong(_)
                    | FaultRefused::CrashNotAllowed
                    | FaultRefused::TooMany(_)) => refused,
                })?;
            let rule = Armed::new(fault, self.rules.allow_crash);
            if !rule.allowed {
                return Err(FaultRefused::CrashNotAllowed.into());
            }
            added.push(rule);
        }
        self.name_projects(&mut added).await?;
        let faults = added.iter().map(|rule| &rule.fault);
        let persisted: Vec<&Fault> = faults.filter(|f| f.keeping == Keeping::Persisted).collect();
        if !persisted.is_empty() {
            let mut unit = self.write().await?;
            for fault in persisted {
                unit.insert_fault(fault);
                let state = Some(state(caller, fault));
                unit.record(&Event::of(caller, self.now(), "fault.create", &fault.id, None, state));
            }
            settle(unit, Ok(())).await?;
        }
        for Armed { fault, .. } in &added {
            info!(fault.id = %fault.id, "armed fault {}: {}", fault.id, fault.effect);
        }
        self.faults.change(|rules| {
            for rule in &added {
                // Whoever has read the file meanwhile has found it there.
                if !rules.iter().any(|other| other.fault.id == rule.fault.id) {
                    rules.push(rule.clone());
                }
            }
        });
        Ok(added)
    }

    /// Arms rules for the session, those that may not do anything too.
    pub async fn arm_faults(&self, drafts: &[FaultDraft]) -> Result<()> {
        let mut armed = Vec::new();
        for draft in drafts {
            let fault = draft.check(self.now(), random_seed())?;
            if fault.keeping == Keeping::Persisted {
                let sentence = "persist does not go with a file that is read at each start.";
                return Err(FaultRefused::Wrong(sentence.to_owned()).into());
            }
            armed.push(Armed::new(fault, self.rules.allow_crash));
        }
        self.name_projects(&mut armed).await?;
        warn_of_idle(&armed);
        self.faults.change(|rules| rules.extend(armed));
        Ok(())
    }

    /// Puts ids in the place of the names of projects. A name that nobody has may be the id of a project
    /// that is only known by what it owns.
    async fn name_projects(&self, added: &mut [Armed]) -> Result<()> {
        let named = added.iter_mut().filter_map(|rule| rule.fault.project.as_mut());
        for project in named {
            if let Some(meant) = self.read().await?.project_meant(project.as_str()).await? {
                *project = meant;
            }
        }
        Ok(())
    }

    /// Removes a rule.
    pub async fn remove_fault(&self, caller: &Caller, id: &str) -> Result<()> {
        let rule = self.fault(id)?;
        self.remove(caller, &[rule]).await
    }

    /// Removes every rule, and says how many there were.
    pub async fn remove_faults(&self, caller: &Caller) -> Result<usize> {
        let rules = self.faults();
        self.remove(caller, &rules).await?;
        Ok(rules.len())
    }

    async fn remove(&self, caller: &Caller, going: &[Armed]) -> Result<()> {
        let faults = going.iter().map(|rule| &rule.fault);
        let persisted: Vec<&Fault> = faults.filter(|f| f.keeping == Keeping::Persisted).collect();
        if !persisted.is_empty() {
            let mut unit = self.write().await?;
            let removed = async {
                let there = unit.faults().await?;
                for fault in persisted {
                    // A hand in the file may have been faster.
                    if there.iter().any(|row| row.id == fault.id) {
                        unit.delete_fault(fault.id);
                        let (id, state) = (&fault.id, Some(state(caller, fault)));
                        unit.record(&Event::of(
                            caller,
                            self.now(),
                            "fault.delete",
                            id,
                            state,
                            None,
                        ));
                    }
                }
                Ok(())
            }
            .await;
            settle(unit, removed).await?;
        }
        let gone = |rule: &Armed| going.iter().any(|other| other.fault.id == rule.fault.id);
        self.faults.change(|rules| rules.retain(|rule| !gone(rule)));
        info!("removed {} faults", going.len());
        Ok(())
    }

    /// Arms the rules of the data file as they stand there, in the place of those that stood there
    /// before; who is the same has done what it has done. Those for the session stay.
    pub async fn read_faults_again(&self) -> Result<()> {
        loop {
            let changes = self.faults.held().changes;
            let read = self.read().await?.faults().await?;
            let mut held = self.faults.held();
            // What was read may be older than what was added or removed meanwhile. No lock is held
            // instead: whoever adds waits for the writer, and so may whoever wants this read.
            if held.changes == changes {
                self.faults.change_held(&mut held, |rules| {
                    self.replace_persisted(rules, read);
                    warn_of_idle(rules);
                });
                return Ok(());
            }
        }
    }

    fn replace_persisted(&self, rules: &mut Vec<Armed>, read: Vec<Fault>) {
        let before = std::mem::take(rules);
        for fault in read {
            let same = before.iter().find(|rule| rule.fault == fault).cloned();
            rules.push(same.unwrap_or_else(|| Armed::new(fault, self.rules.allow_crash)));
        }
        let session = |rule: &Armed| rule.fault.keeping == Keeping::Session;
        rules.extend(before.into_iter().filter(session));
    }

    /// Whether it pays to find out which disk a call is about.
    pub fn faults_name_disks(&self) -> bool {
        self.faults.name_disks.load(Ordering::Relaxed)
    }

    /// The disks that an id in a call stands for: a disk's own, or that of what belongs to one.
    pub async fn disk_behind(&self, id: DiskId) -> Result<Option<DiskId>> {
        Ok(self.read().await?.disk_behind(&id.to_string()).await?)
    }

    /// What becomes of a call that begins; none: nothing but what is asked for.
    pub fn meet_call(&self, called: Called<'_>) -> Option<CallFaults> {
        let met = fault::call(&mut self.faults.armed()?.rules, called)?;
        for id in &met.by {
            info!(fault.id = %id, "fault {id} meets {:?}", called.action);
        }
        Some(met)
    }

    /// The rule by which what begins on a disk fails, if there is one.
    pub(super) fn failing_step(
        &self,
        request: &RequestId,
        operation: Operation,
        project: &ProjectId,
        disk: DiskId,
    ) -> Option<FaultId> {
        let mut held = self.faults.armed()?;
        let step = (request.clone(), operation, disk);
        if let Some((last, decided)) = &held.last
            && *last == step
        {
            return *decided;
        }
        let decided = fault::fail_step(&mut held.rules, operation, project, disk);
        held.last = Some((step, decided));
        decided
    }

    /// Says in the events which rule lets something fail.
    pub(super) fn tell_of_fault(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        fault: Option<FaultId>,
        thing: Thing,
        operation: Operation,
    ) {
        let Some(fault) = fault.filter(|_| operation.told_of() == thing.kind()) else { return };
        info!(fault.id = %fault, "fault {fault} lets {operation} of {thing} fail");
        let (at, id) = (self.now(), thing.id());
        let event = Event::of(caller, at, "fault.fail_step", &id, None, None);
        unit.record(&event.because(format!("fault {fault} lets {operation} of {thing} fail")));
    }

    /// Goes wrong before something that is due is ended if a rule wants that, and says whether one wants
    /// it afterwards.
    pub(super) fn before_due_work(&self, disk: Option<DiskId>) -> Result<DueWorkFault> {
        let met = self.faults.armed().and_then(|mut held| fault::due_work(&mut held.rules, disk));
        let fault = DueWorkFault(met);
        fault.at(WorkPoint::BeforeStep)?;
        Ok(fault)
    }
}

/// What is to go wrong when something that was due has ended.
#[derive(Debug)]
pub(super) struct DueWorkFault(Option<(FaultId, Way, WorkPoint)>);

impl DueWorkFault {
    /// It has ended, and that is on disk.
    pub(super) fn after(self) -> Result<()> {
        self.at(WorkPoint::AfterStep)
    }

    fn at(&self, point: WorkPoint) -> Result<()> {
        match self.0 {
            Some((id, way, wanted)) if wanted == point => {
                Ok(crash::go_wrong(way, id, point).map_err(StoreError::from)?)
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn warn_of_idle(rules: &[Armed]) {
    for rule in rules.iter().filter(|rule| !rule.allowed) {
        let id = rule.fault.id;
        warn!(fault.id = %id, "fault {id} would kill this process and is not allowed to");
    }
}

fn absent(id: &str) -> ServiceError {
    ServiceError::NotFound(Resource::Fault, id.to_owned())
}

/// Dice that nobody loaded; what they begin with is told, so that they can be thrown again.
fn random_seed() -> u32 {
    getrandom::u32().unwrap_or_default()
}

fn state(caller: &Caller, fault: &Fault) -> State {
    let said = [
        ("effect", Some(fault.effect.word().to_string())),
        ("detail", Some(fault.effect.detail())),
        ("operation", fault.effect.operations().map(|of| of.as_str().to_owned())),
        ("project_id", fault.project.as_ref().map(ToString::to_string)),
        ("disk_id", fault.disk.map(|disk| disk.to_string())),
        ("skip", Some(fault.chance.skip.to_string())),
        ("times", fault.chance.times.map(|times| times.to_string())),
        ("probability", Some(fault.chance.probability.fraction().to_string())),
        ("seed", Some(fault.chance.seed.to_string())),
    ];
    let given = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    State {
        project_id: caller.project.to_string(),
        description: fault.note.clone(),
        values: given.collect::<BTreeMap<_, _>>(),
        ..State::default()
    }
}
