//! Scenarios: what a file wants to be there is made so, all of it or nothing, and what is there is told
//! as such a file.
//!
//! A unit's writes are seen by its own questions only when it is over. So everything is looked up and
//! decided in memory first, and written down together at the end. Whatever needs a hash is found out in
//! a first unit that writes nothing; the hashes are made while none is open.

mod accounts;
mod disks;
mod export;
mod offers;
mod parts;
mod secrets;
mod types;
mod writes;

use std::collections::BTreeMap;

use tracing::info;

use super::{App, Result, ServiceError, settle};
use crate::domain::access::{Caller, Role};
use crate::domain::backup::Backup;
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::disk_type::DiskType;
use crate::domain::event::Event;
use crate::domain::ids::{DiskId, PolicyId, ProjectId, RequestId, TransferId, UserId};
use crate::domain::policy::Policy;
use crate::domain::scenario::{Complaints, Place, Scenario};
use crate::domain::snapshot::Snapshot;
use crate::domain::tag::Tags;
use crate::domain::transfer::{AuthKey, KeyHash, Transfer};
use crate::store::WriteTx;
use secrets::{Needs, Secrets};

/// How often a scenario is tried again whose users or transfers change meanwhile.
const ATTEMPTS: u32 = 3;

/// Whether a scenario comes true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does.
    Apply,
    /// It is looked at only.
    DryRun,
}

/// How many things of a kind a scenario made, changed and found as they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// New ones.
    pub created: u32,
    /// Those that were there and differed.
    pub updated: u32,
    /// Those that were there and did not.
    pub unchanged: u32,
}

/// A new offer, and the only sight of its key.
#[derive(Debug, Clone)]
pub struct SeededTransfer {
    /// Its name.
    pub name: Option<String>,
    /// Its id.
    pub id: TransferId,
    /// The disk that it offers.
    pub disk: DiskId,
    /// Its key.
    pub key: AuthKey,
}

/// What came of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Seeded {
    /// How many things of each kind, by the word that an entry of that kind has in a file.
    pub counts: BTreeMap<&'static str, Count>,
    /// The new offers; none in a dry run, which makes none.
    pub transfers: Vec<SeededTransfer>,
}

impl Seeded {
    fn count(&mut self, kind: &'static str, existed: bool, changed: bool) {
        let count = self.counts.entry(kind).or_default();
        match (existed, changed) {
            (false, _) => count.created += 1,
            (true, true) => count.updated += 1,
            (true, false) => count.unchanged += 1,
        }
    }
}

impl App {
    /// Makes what a scenario says so, in one unit of work.
    pub async fn seed(&self, caller: &Caller, scenario: &Scenario, mode: Mode) -> Result<Seeded> {
        let mut secrets = Secrets::default();
        for _ in 0..ATTEMPTS {
            let mut unit = self.write().await?;
            let mut seeder = Seeder::new(self, caller, scenario, &secrets);
            let decided = seeder.decide(&mut *unit).await;
            let Seeder { complaints, needs, seeded, .. } = seeder;
            let decided = decided.and_then(|()| {
                if complaints.is_empty() {
                    Ok(())
                } else {
                    Err(ServiceError::Scenario(complaints.sorted()))
                }
            });
            // What nobody will see is hashed by no dry run; what must fit is looked at.
            let looks = mode == Mode::Apply || needs.values().any(|need| need.present.is_some());
            if decided.is_ok() && looks && !needs.is_empty() {
                unit.refuse().await?;
                secrets = self.provide(needs).await?;
                continue;
            }
            if decided.is_err() || mode == Mode::DryRun {
                unit.refuse().await?;
                return decided.map(|()| Seeded { transfers: Vec::new(), ..seeded });
            }
            settle(unit, decided).await?;
            self.woken.notify_one();
            let changed: u32 = seeded.counts.values().map(|n| n.created + n.updated).sum();
            info!(
                scenario.changed = changed,
                "applied a scenario: {changed} things made or changed"
            );
            return Ok(seeded);
        }
        let mut complaints = Complaints::default();
        complaints.add(
            Place { line: 1, column: 1 },
            "its users or transfers change all the time; try again",
        );
        Err(ServiceError::Scenario(complaints))
    }

    /// Applies the scenario of the first start, unless something happened since then: a first start
    /// that was cut off before this is gone on with by the next. None: something has happened, or the
    /// settings name no scenario.
    pub async fn seed_at_first_start(&self) -> Result<Option<Seeded>> {
        let Some(scenario) = &self.rules.first.scenario else { return Ok(None) };
        if self.read().await?.has_begun().await? {
            return Ok(None);
        }
        let starter = Caller {
            user: UserId::new("start"),
            project: ProjectId::new("start"),
            role: Role::Admin,
            request: RequestId::new("scenario"),
        };
        self.seed(&starter, scenario, Mode::Apply).await.map(Some)
    }
}

/// A thing before and after a scenario.
#[derive(Debug, Clone)]
struct Part<T> {
    before: Option<T>,
    after: T,
}

impl<T: PartialEq> Part<T> {
    fn is_changed(&self) -> bool {
        self.before.as_ref() != Some(&self.after)
    }
}

/// A disk that a scenario speaks of, with all that belongs to it.
#[derive(Debug)]
struct Known {
    /// The entry that is about it; none: others refer to it.
    entry: Option<usize>,
    /// Where it is spoken of last.
    place: Place,
    disk: Part<Disk>,
    tags: Part<Tags>,
    snapshots: Vec<Part<Snapshot>>,
    backups: Vec<Part<Backup>>,
    /// The policy that it is under: as it was, and as it will be.
    policy: Part<Option<(PolicyId, String)>>,
    /// The transfer that offers it already.
    pending: Option<Transfer>,
    /// The new transfer that will.
    offer: Option<Transfer>,
}

/// A scenario on its way to come true.
struct Seeder<'a> {
    app: &'a App,
    caller: &'a Caller,
    scenario: &'a Scenario,
    secrets: &'a Secrets,
    now: Time,
    complaints: Complaints,
    needs: Needs,
    seeded: Seeded,
    /// Every project that was looked up or will be made, by its name.
    projects: BTreeMap<String, Option<ProjectId>>,
    /// Every user, likewise.
    users: BTreeMap<String, Option<UserId>>,
    /// Every type, likewise.
    types: BTreeMap<String, Option<DiskType>>,
    known: Vec<Known>,
    policies: Vec<Part<Policy>>,
    /// Backups whose disk is gone.
    orphans: Vec<Part<Backup>>,
}

impl<'a> Seeder<'a> {
    fn new(app: &'a App, caller: &'a Caller, scenario: &'a Scenario, secrets: &'a Secrets) -> Self {
        Self {
            app,
            caller,
            scenario,
            secrets,
            now: app.now(),
            complaints: Complaints::default(),
            needs: Needs::default(),
            seeded: Seeded::default(),
            projects: BTreeMap::new(),
            users: BTreeMap::new(),
            types: BTreeMap::new(),
            known: Vec::new(),
            policies: Vec::new(),
            orphans: Vec::new(),
        }
    }

    /// Decides everything and queues what has to be written.
    async fn decide(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        self.name_projects(unit).await?;
        self.decide_types(unit).await?;
        self.decide_projects(unit).await?;
        self.decide_users(unit).await?;
        self.decide_disks(unit).await?;
        self.decide_snapshots(unit).await?;
        self.decide_policies(unit).await?;
        self.decide_backups(unit).await?;
        self.decide_transfers(unit).await?;
        self.check_disks();
        self.write_disks(unit);
        self.write_policies(unit);
        self.write_parts(unit).await
    }

    /// The moment of something new without a time of its own: a little before now, so that what
    /// stands first in the file is the oldest.
    fn moment_of(&self, place: usize, of: usize) -> Time {
        let behind = i64::try_from(of.saturating_sub(place)).unwrap_or_default();
        self.now - chrono::TimeDelta::microseconds(behind)
    }
}

/// Writes down a change.
fn record(unit: &mut dyn WriteTx, event: Event) {
    unit.record(&event.because("a scenario wants it so"));
}

/// A hash that is written nowhere: the real one is not there yet.
fn no_hash() -> KeyHash {
    KeyHash::from_phc(String::new())
}
