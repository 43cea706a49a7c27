//! The snapshots, backups and backup policies of a scenario.

use super::disks::there;
use super::{Part, Seeder};
use crate::domain::backup::{Backup, BackupStatus};
use crate::domain::ids::{BackupId, DiskId, PolicyId, ProjectId, SnapshotId};
use crate::domain::policy::{DEFAULT_NAME, Policy};
use crate::domain::progress::{Ending, Operation};
use crate::domain::scenario::{
    At, BackupEntry, Moment, PolicyEntry, SnapshotEntry, onto_backup, onto_policy, onto_snapshot,
};
use crate::domain::snapshot::{Snapshot, SnapshotStatus};
use crate::domain::tag::Tags;
use crate::service::Result;
use crate::service::policies::{MOST_DISKS, MOST_POLICIES};
use crate::store::WriteTx;

impl Seeder<'_> {
    pub(super) async fn decide_snapshots(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for (number, entry) in self.scenario.snapshots.iter().enumerate() {
            let Some(index) = self.refer(unit, &entry.disk, entry.project.as_ref()).await? else {
                continue;
            };
            let Some(known) = self.known.get(index) else { continue };
            let is_it = |part: &Part<Snapshot>| match &entry.id {
                Some(id) => part.after.id == id.value,
                None => part.after.name == entry.name.as_ref().map(|name| name.value.clone()),
            };
            let place = known.snapshots.iter().position(is_it);
            let part = place.and_then(|place| known.snapshots.get(place)).cloned();
            if part.as_ref().is_some_and(|part| part.before.is_none() || part.is_changed()) {
                self.complaints.add(entry.place, "this snapshot has an entry already");
                continue;
            }
            let part = match part {
                Some(part) => part,
                None => self.new_snapshot(unit, entry, index, number).await?,
            };
            let begin = |operation: Operation| -> Ending { self.app.usual_ending(operation) };
            let moment = Moment { now: self.now, begin: &begin };
            let before = part.before.as_ref();
            let mut after =
                onto_snapshot(entry, part.after.clone(), before, &moment, &mut self.complaints);
            if before.is_some_and(|before| *before != after) {
                after.updated_at = Some(self.now);
            }
            let part = Part { before: part.before, after };
            self.seeded.count("snapshot", part.before.is_some(), part.is_changed());
            if let Some(known) = self.known.get_mut(index) {
                match place.and_then(|place| known.snapshots.get_mut(place)) {
                    Some(old) => *old = part,
                    None => known.snapshots.push(part),
                }
            }
        }
        Ok(())
    }

    async fn new_snapshot(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &SnapshotEntry,
        index: usize,
        number: usize,
    ) -> Result<Part<Snapshot>> {
        let disk = self.known.get(index).map(|known| known.disk.after.clone());
        let name = entry.name.as_ref().map_or("", |name| &name.value);
        let of = disk.as_ref().map_or_else(DiskId::random, |disk| disk.id);
        let derived = SnapshotId::derived(of, name);
        let id = match &entry.id {
            Some(id) => {
                if unit.snapshot(id.value).await?.is_some() {
                    self.complaints.add(id.place, "this id has a snapshot of another disk");
                }
                id.value
            }
            None if unit.snapshot(derived).await?.is_some() => SnapshotId::random(),
            None => derived,
        };
        let created_at = self.moment_of(number, self.scenario.snapshots.len());
        let after = Snapshot {
            id,
            disk: of,
            project: disk.as_ref().map_or_else(|| ProjectId::new(""), |disk| disk.project.clone()),
            user: disk.as_ref().map_or_else(|| self.caller.user.clone(), |disk| disk.user.clone()),
            name: None,
            description: None,
            size_gib: disk.as_ref().map_or(1, |disk| disk.size_gib),
            disk_type: disk.map(|disk| disk.disk_type).unwrap_or_default(),
            status: SnapshotStatus::Available,
            metadata: Tags::new(),
            progress: None,
            ending: None,
            created_at: entry.created_at.as_ref().map_or(created_at, |said| said.value),
            updated_at: None,
        };
        Ok(Part { before: None, after })
    }

    pub(super) async fn decide_policies(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for entry in &self.scenario.policies {
            let Some(project) = self.project(unit, &entry.project).await? else { continue };
            let before = self.policy_that_is_there(unit, entry, &project).await?;
            if let Some(other) = before.as_ref().filter(|before| before.project != project) {
                let sentence = format!("policy {} belongs to another project", other.id);
                self.complaints.add(entry.project.place, sentence);
                continue;
            }
            let fresh = self.new_policy(unit, entry, &project).await?;
            let base = before.clone().unwrap_or(fresh);
            if self.policies.iter().any(|part| part.after.id == base.id) {
                self.complaints.add(entry.name.place, "this policy has an entry already");
                continue;
            }
            let is_default = base.is_default;
            if is_default != (entry.name.value == DEFAULT_NAME)
                || (!is_default && entry.name.starts_with(DEFAULT_NAME))
            {
                let sentence =
                    "only the policy that a project has from the start is named \"default\"";
                self.complaints.add(entry.name.place, sentence);
            }
            let after = onto_policy(entry, base, self.now);
            let part = Part { before, after };
            let bound = self.bind(unit, entry, &part.after).await?;
            self.seeded.count("policy", part.before.is_some(), part.is_changed() || bound);
            self.policies.push(part);
        }
        Ok(())
    }

    async fn policy_that_is_there(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &PolicyEntry,
        project: &ProjectId,
    ) -> Result<Option<Policy>> {
        if let Some(id) = &entry.id {
            return Ok(unit.policy(id.value).await?);
        }
        let mut same = unit.policies(project).await?;
        same.retain(|policy| policy.name == entry.name.value);
        if same.len() > 1 {
            let sentence = "several policies of the project have this name; say which by its id";
            self.complaints.add(entry.name.place, sentence);
        }
        Ok(same.pop())
    }

    async fn new_policy(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &PolicyEntry,
        project: &ProjectId,
    ) -> Result<Policy> {
        let default = Policy::default_of(project, self.now);
        if entry.name.value == DEFAULT_NAME {
            return Ok(default);
        }
        let of_project = |part: &&Part<Policy>| {
            part.before.is_none() && part.after.project == *project && !part.after.is_default
        };
        let others = unit.policies(project).await?.iter().filter(|other| !other.is_default).count();
        if others + self.policies.iter().filter(of_project).count() + 1 >= MOST_POLICIES {
            let sentence = format!("a project has at most {MOST_POLICIES} backup policies");
            self.complaints.add(entry.name.place, sentence);
        }
        let derived = PolicyId::derived(project, &entry.name);
        let id = match &entry.id {
            Some(id) => id.value,
            None if unit.policy(derived).await?.is_some() => PolicyId::random(),
            None => derived,
        };
        let mut schedule = default.schedule;
        schedule.enabled = true;
        let name = entry.name.value.clone();
        Ok(Policy { id, ..Policy::new(project.clone(), name, schedule, self.now) })
    }

    /// Puts the disks of an entry under their policy; whether any was not.
    async fn bind(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &PolicyEntry,
        policy: &Policy,
    ) -> Result<bool> {
        let (mut bound, mut count) = (false, policy.disks);
        for name in &entry.disks {
            let Some(index) = self.refer(unit, name, Some(&entry.project)).await? else { continue };
            let Some(known) = self.known.get_mut(index) else { continue };
            let will = Some((policy.id, policy.name.clone()));
            if known.policy.after == will {
                continue;
            }
            let was = known.policy.before.clone().flatten();
            if known.policy.after != was {
                self.complaints.add(name.place, "a disk is under one policy only");
                continue;
            }
            if known.disk.after.dedicated_storage.is_some() {
                let sentence = "a disk on dedicated storage is under no backup policy";
                self.complaints.add(name.place, sentence);
            }
            count += 1;
            if count > MOST_DISKS {
                self.complaints.add(name.place, format!("a policy has at most {MOST_DISKS} disks"));
            }
            if was.as_ref().map(|(id, _)| *id) != Some(policy.id) {
                bound = true;
            }
            known.policy.after = will;
        }
        Ok(bound)
    }

    pub(super) async fn decide_backups(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for (number, entry) in self.scenario.backups.iter().enumerate() {
            let gone = self.gone_disk(unit, entry).await?;
            let index = match gone {
                Some(_) => None,
                None => match self.refer(unit, &entry.disk, entry.project.as_ref()).await? {
                    Some(index) => Some(index),
                    None => continue,
                },
            };
            let others: &[Part<Backup>] = match index.and_then(|index| self.known.get(index)) {
                Some(known) => &known.backups,
                None => &self.orphans,
            };
            let is_it = |part: &Part<Backup>| match &entry.id {
                Some(id) => part.after.id == id.value,
                None => {
                    part.after.name == entry.name.as_ref().map(|name| name.value.clone())
                        && gone.is_none_or(|gone| part.after.disk == gone)
                }
            };
            let place = others.iter().position(is_it);
            let part = place.and_then(|place| others.get(place)).cloned();
            if part.as_ref().is_some_and(|part| part.before.is_none() || part.is_changed()) {
                self.complaints.add(entry.place, "this backup has an entry already");
                continue;
            }
            let part = match (part, gone) {
                (Some(part), _) => part,
                (None, gone) => match self.backup_that_is_there(unit, entry, gone).await? {
                    Some(backup) => there(backup),
                    None => match self.new_backup(unit, entry, index, gone, number).await? {
                        Some(part) => part,
                        None => continue,
                    },
                },
            };
            let begin = |operation: Operation| -> Ending { self.app.usual_ending(operation) };
            let moment = Moment { now: self.now, begin: &begin };
            let before = part.before.as_ref();
            let after =
                onto_backup(entry, part.after.clone(), before, &moment, &mut self.complaints);
            let mut after = self.builds_on(entry, after, before, index);
            if before.is_some_and(|before| *before != after) {
                after.updated_at = Some(self.now);
            }
            let part = Part { before: part.before, after };
            self.seeded.count("backup", part.before.is_some(), part.is_changed());
            let others = match index.and_then(|index| self.known.get_mut(index)) {
                Some(known) => &mut known.backups,
                None => &mut self.orphans,
            };
            match place.and_then(|place| others.get_mut(place)) {
                Some(old) => *old = part,
                None => others.push(part),
            }
        }
        Ok(())
    }

    /// The id of a disk that is not there and that the backup outlives: its project and size are said.
    async fn gone_disk(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &BackupEntry,
    ) -> Result<Option<DiskId>> {
        let Some(id) = DiskId::parse(&entry.disk) else { return Ok(None) };
        let here = self.known.iter().any(|known| known.disk.after.id == id);
        let said = entry.project.is_some() && entry.size.is_some();
        Ok((said && !here && unit.disk(id).await?.is_none()).then_some(id))
    }

    async fn backup_that_is_there(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &BackupEntry,
        gone: Option<DiskId>,
    ) -> Result<Option<Backup>> {
        let Some(gone) = gone else { return Ok(None) };
        let of_disk = super::disks::backups_of(unit, gone).await?;
        let is_it = |backup: &Backup| match &entry.id {
            Some(id) => backup.id == id.value,
            None => backup.name == entry.name.as_ref().map(|name| name.value.clone()),
        };
        Ok(of_disk.into_iter().find(is_it))
    }

    async fn new_backup(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &BackupEntry,
        index: Option<usize>,
        gone: Option<DiskId>,
        number: usize,
    ) -> Result<Option<Part<Backup>>> {
        let disk =
            index.and_then(|index| self.known.get(index)).map(|known| known.disk.after.clone());
        let project = match (&disk, &entry.project) {
            (Some(disk), _) => Some(disk.project.clone()),
            (None, Some(name)) => self.project(unit, name).await?,
            (None, None) => None,
        };
        let Some(project) = project else { return Ok(None) };
        let of = disk.as_ref().map(|disk| disk.id).or(gone).unwrap_or_else(DiskId::random);
        let name = entry.name.as_ref().map_or("", |name| &name.value);
        let derived = BackupId::derived(of, name);
        let id = match &entry.id {
            Some(id) => {
                if unit.backup(id.value).await?.is_some() {
                    self.complaints.add(id.place, "this id has a backup of another disk");
                }
                id.value
            }
            None if unit.backup(derived).await?.is_some() => BackupId::random(),
            None => derived,
        };
        let zone = self.app.rules().zones.first().cloned().unwrap_or_default();
        let created_at = self.moment_of(number, self.scenario.backups.len());
        let user = disk.as_ref().map_or_else(|| self.caller.user.clone(), |disk| disk.user.clone());
        let after = Backup {
            id,
            disk: of,
            project,
            user,
            name: None,
            description: None,
            container: None,
            size_gib: disk.as_ref().map_or(1, |disk| disk.size_gib),
            incremental: false,
            base: None,
            has_dependents: false,
            snapshot: None,
            own_snapshot: false,
            policy: None,
            native: false,
            zone: disk.map_or(zone, |disk| disk.zone),
            status: BackupStatus::Available,
            fail_reason: None,
            metadata: Tags::new(),
            data_at: None,
            ending: None,
            created_at: entry.created_at.as_ref().map_or(created_at, |said| said.value),
            updated_at: None,
        };
        Ok(Some(Part { before: None, after }))
    }

    /// What a backup refers to: the backup that it builds on, its snapshot and its policy.
    fn builds_on(
        &mut self,
        entry: &BackupEntry,
        mut backup: Backup,
        before: Option<&Backup>,
        index: Option<usize>,
    ) -> Backup {
        let known = index.and_then(|index| self.known.get(index));
        let others = known.map_or(&self.orphans, |known| &known.backups);
        let others = || {
            others
                .iter()
                .map(|part| &part.after)
                .filter(|other| other.id != backup.id && other.disk == backup.disk)
        };
        let mut wrong: Vec<(crate::domain::scenario::Place, String)> = Vec::new();
        let no = |said: &At<String>, what: &str| {
            (said.place, format!("there is no {what} {:?} of its disk before it", said.value))
        };
        if let Some(said) = &entry.base {
            let id = BackupId::parse(said);
            let named =
                |other: &&Backup| Some(other.id) == id || other.name.as_ref() == Some(&said.value);
            match others().find(named).map(|other| other.id).or(id) {
                Some(base) => (backup.base, backup.incremental) = (Some(base), true),
                None => wrong.push(no(said, "backup")),
            }
        } else if entry.incremental.as_ref().is_some_and(|said| said.value) && backup.base.is_none()
        {
            let ready = others().filter(|other| other.status == BackupStatus::Available);
            let base =
                ready.max_by_key(|other| (other.data_time(), other.id)).map(|other| other.id);
            backup.base = base.or(backup.base);
            if base.is_none() && before.is_none() {
                let place = entry.incremental.as_ref().map_or(entry.place, |said| said.place);
                wrong.push((place, "the disk has no backup before it to build on".to_owned()));
            }
            backup.incremental = true;
        }
        if let Some(said) = &entry.incremental
            && !said.value
        {
            if entry.base.is_some() {
                wrong.push((said.place, "a backup with a base is incremental".to_owned()));
            }
            backup.incremental = false;
        }
        if let Some(said) = &entry.snapshot {
            let id = SnapshotId::parse(said);
            let snapshots = known.into_iter().flat_map(|known| &known.snapshots);
            let mut ids = snapshots.filter(|part| {
                Some(part.after.id) == id || part.after.name.as_ref() == Some(&said.value)
            });
            match ids.next().map(|part| part.after.id).or(id) {
                Some(snapshot) => backup.snapshot = Some(snapshot),
                None => wrong.push(no(said, "snapshot")),
            }
        }
        if let Some(said) = &entry.policy {
            let id = PolicyId::parse(said);
            let mut ids = self.policies.iter().map(|part| &part.after).filter(|policy| {
                policy.project == backup.project
                    && (Some(policy.id) == id || policy.name == said.value)
            });
            match ids.next().map(|policy| policy.id).or(id) {
                Some(policy) => backup.policy = Some(policy),
                None => wrong.push((
                    said.place,
                    format!("there is no policy {:?} in this file", said.value),
                )),
            }
        }
        if let Some(said) = &entry.own_snapshot {
            backup.own_snapshot = said.value;
            if said.value && backup.snapshot.is_none() {
                wrong.push((
                    said.place,
                    "a backup has no snapshot of its own without a snapshot".to_owned(),
                ));
            }
        }
        if !backup.native && (backup.own_snapshot || backup.policy.is_some()) {
            let sentence = "what a policy or a snapshot of its own made has native = true";
            wrong.push((entry.place, sentence.to_owned()));
        }
        let fixed = before.is_some_and(|before| {
            (before.base, before.incremental, before.snapshot, before.policy, before.own_snapshot)
                != (
                    backup.base,
                    backup.incremental,
                    backup.snapshot,
                    backup.policy,
                    backup.own_snapshot,
                )
        });
        if fixed {
            let sentence = "how a backup that is there was made does not change";
            wrong.push((entry.place, sentence.to_owned()));
        }
        for (place, sentence) in wrong {
            self.complaints.add(place, sentence);
        }
        backup
    }
}
