//! A project as if it had just been made: what it has goes, in one unit of work; its accounts and their
//! tokens stay, and so does whatever other projects have.

use std::collections::BTreeMap;

use tracing::info;

use super::told;
use crate::domain::access::Caller;
use crate::domain::account::NamedBy;
use crate::domain::backup::{Backup, BackupFilter, BackupQuery, BackupSort};
use crate::domain::disk::{Disk, DiskFilter, DiskQuery, DiskSort};
use crate::domain::event::{Event, State};
use crate::domain::ids::{ProjectId, SnapshotId};
use crate::domain::job::PartEnd;
use crate::domain::page::{Direction, LARGEST_PAGE, Paging};
use crate::domain::snapshot::{
    Snapshot, SnapshotCondition, SnapshotFilter, SnapshotQuery, SnapshotSort, SnapshotText,
};
use crate::domain::state::{Removed, StateRefused};
use crate::service::identity::DOMAIN_ID;
use crate::service::{App, Result, settle};
use crate::store::WriteTx;

/// So many disks are asked about in one question.
const MOST_IDS: usize = 500;

/// What a project has.
#[derive(Debug, Default)]
struct Belongings {
    disks: Vec<Disk>,
    /// Those of its disks too, whoever took them.
    snapshots: BTreeMap<SnapshotId, Snapshot>,
    backups: Vec<Backup>,
}

impl App {
    /// Takes a project, named by its id or its name, back to what a new one is; says which it was and
    /// what went.
    pub async fn reset_project(
        &self,
        caller: &Caller,
        project: &str,
    ) -> Result<(ProjectId, Removed)> {
        let turn = self.turn().await;
        let mut unit = self.write().await?;
        let emptied = self.empty(&mut *unit, caller, project).await;
        let (project, removed) = settle(unit, emptied).await?;
        drop(turn);
        self.woken.notify_one();
        info!(project.id = %project, disks.count = removed.disks, "reset project {project}");
        Ok((project, removed))
    }

    async fn empty(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        project: &str,
    ) -> Result<(ProjectId, Removed)> {
        let project = known(unit, project).await?;
        let has = belongings(unit, &project).await?;
        let policies = unit.policies(&project).await?;
        let now = self.now();
        let removed = Removed {
            disks: has.disks.len(),
            transfers: has.disks.iter().filter(|disk| disk.transfer.is_some()).count(),
            snapshots: has.snapshots.len(),
            backups: has.backups.len(),
            policies: policies.len(),
        };
        let why = format!("project {project} was reset");
        for snapshot in has.snapshots.values() {
            unit.delete_snapshot(snapshot.id, snapshot.status);
            let state = Some(State::from(snapshot));
            let event = Event::of(caller, now, "snapshot.delete", &snapshot.id, state, None);
            unit.record(&event.because(&*why));
        }
        for backup in &has.backups {
            // Those of other projects may build on it.
            unit.rebase_backups(backup.id);
            unit.end_backup_part(backup.id, PartEnd::Fail(None), now);
            if let Some(snapshot) = backup.snapshot.filter(|_| backup.own_snapshot) {
                unit.delete_snapshot_of_backup(snapshot);
            }
            unit.delete_backup(backup.id, backup.status);
            let state = Some(State::from(backup));
            let event = Event::of(caller, now, "backup.delete", &backup.id, state, None);
            unit.record(&event.because(&*why));
        }
        for disk in &has.disks {
            // Ends its transfer, its attachments and what is under way on it as any removal does.
            self.save(unit, caller, "disk.force_delete", disk, None);
        }
        for policy in &policies {
            unit.delete_policy(policy.id);
            let state = Some(State::from(policy));
            let event = Event::of(caller, now, "policy.delete", &policy.id, state, None);
            unit.record(&event.because(&*why));
        }
        unit.delete_limits(&project);
        unit.delete_messages_of(&project);
        unit.delete_jobs_of(&project);
        // What is sent again is not to be answered with what is gone.
        unit.delete_answers_of(&project);
        let counts = removed.counts().map(|(kind, count)| (kind.to_owned(), count.to_string()));
        let state = State { values: counts.into(), ..told(caller) };
        unit.record(&Event::of(caller, now, "state.reset", &project, None, Some(state)));
        Ok((project, removed))
    }
}

/// The project of this id or name. One that nobody has made may have something all the same, since in
/// open mode any project may stand in a path.
async fn known(unit: &mut dyn WriteTx, named: &str) -> Result<ProjectId> {
    for named in
        [NamedBy::Id(named.to_owned()), NamedBy::Name { name: named.to_owned(), domain: None }]
    {
        if let Some(project) = unit.project(&named, DOMAIN_ID).await? {
            return Ok(project.id);
        }
    }
    let id = ProjectId::new(named);
    let has = belongings(unit, &id).await?;
    if has.disks.is_empty() && has.snapshots.is_empty() && has.backups.is_empty() {
        return Err(StateRefused::NoProject(id).into());
    }
    Ok(id)
}

/// What a project has, and what lies on its disks.
async fn belongings(unit: &mut dyn WriteTx, project: &ProjectId) -> Result<Belongings> {
    let of = Some(project.clone());
    let disks = disks(unit, DiskFilter { project: of.clone(), ..DiskFilter::default() }).await?;
    let ids: Vec<String> = disks.iter().map(|disk| disk.id.to_string()).collect();
    let mut wanted = vec![SnapshotFilter { project: of.clone(), ..SnapshotFilter::default() }];
    wanted.extend(ids.chunks(MOST_IDS).map(|ids| SnapshotFilter {
        conditions: vec![SnapshotCondition::Is(SnapshotText::Disk, ids.to_vec())],
        ..SnapshotFilter::default()
    }));
    let mut snapshots = BTreeMap::new();
    for filter in wanted {
        let found = self::snapshots(unit, filter).await?;
        snapshots.extend(found.into_iter().map(|snapshot| (snapshot.id, snapshot)));
    }
    let backups = backups(unit, BackupFilter { project: of, ..BackupFilter::default() }).await?;
    Ok(Belongings { disks, snapshots, backups })
}

/// The page behind the last one of those that are there already.
fn page<I, K>(marker: Option<I>, by: K) -> Paging<I, K> {
    Paging { limit: LARGEST_PAGE, offset: 0, marker, sort: vec![(by, Direction::Ascending)] }
}

async fn disks(unit: &mut dyn WriteTx, filter: DiskFilter) -> Result<Vec<Disk>> {
    let mut all: Vec<Disk> = Vec::new();
    loop {
        let page = page(all.last().map(|disk| disk.id), DiskSort::Id);
        let found = unit.disks(&DiskQuery { filter: filter.clone(), page }).await?;
        if found.is_empty() {
            return Ok(all);
        }
        all.extend(found);
    }
}

async fn snapshots(unit: &mut dyn WriteTx, filter: SnapshotFilter) -> Result<Vec<Snapshot>> {
    let mut all: Vec<Snapshot> = Vec::new();
    loop {
        let page = page(all.last().map(|snapshot| snapshot.id), SnapshotSort::Id);
        let found = unit.snapshots(&SnapshotQuery { filter: filter.clone(), page }).await?;
        if found.is_empty() {
            return Ok(all);
        }
        all.extend(found);
    }
}

async fn backups(unit: &mut dyn WriteTx, filter: BackupFilter) -> Result<Vec<Backup>> {
    let mut all: Vec<Backup> = Vec::new();
    loop {
        let page = page(all.last().map(|backup| backup.id), BackupSort::Id);
        let found = unit.backups(&BackupQuery { filter: filter.clone(), page }).await?;
        if found.is_empty() {
            return Ok(all);
        }
        all.extend(found);
    }
}
