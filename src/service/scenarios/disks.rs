//! The disks of a scenario, and those that it only refers to.

use super::{Known, Part, Seeder};
use crate::domain::backup::{Backup, BackupCondition, BackupFilter, BackupQuery, BackupText};
use crate::domain::disk::{Disk, DiskCondition, DiskFilter, DiskQuery, DiskStatus, DiskText};
use crate::domain::disk_type::DiskType;
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::page::Paging;
use crate::domain::progress::{Ending, Operation};
use crate::domain::scenario::{At, DiskEntry, Moment, Place, check_disk, onto_disk};
use crate::domain::tag::Tags;
use crate::service::Result;
use crate::store::WriteTx;

/// The size of a disk that says none, in GiB.
const USUAL_SIZE_GIB: i64 = 10;

impl Seeder<'_> {
    pub(super) async fn decide_disks(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for number in 0..self.scenario.disks.len() {
            self.decide_disk(unit, number).await?;
        }
        Ok(())
    }

    async fn decide_disk(&mut self, unit: &mut dyn WriteTx, number: usize) -> Result<()> {
        let scenario = self.scenario;
        let Some(entry) = scenario.disks.get(number) else { return Ok(()) };
        let Some(project) = self.project(unit, &entry.project).await? else { return Ok(()) };
        let found = match &entry.id {
            Some(id) => unit.disk(id.value).await?,
            None => self.disk_of_name(unit, &project, entry).await?,
        };
        if let Some(other) = found.as_ref().filter(|found| found.project != project) {
            let sentence = format!(
                "disk {} belongs to another project, which only an accepted transfer changes",
                other.id
            );
            self.complaints.add(entry.project.place, sentence);
            return Ok(());
        }
        let index = match found {
            Some(found) => self.load(unit, found, entry.place).await?,
            None => self.new_disk(unit, project, entry, number).await?,
        };
        let Some(known) = self.known.get(index) else { return Ok(()) };
        if known.entry.is_some_and(|other| other != number) {
            self.complaints
                .add(entry.place, "this disk has an entry already; give one of them an id");
            return Ok(());
        }
        let before = known.disk.before.clone();
        let mut disk = known.disk.after.clone();
        self.look_up(unit, entry, &mut disk).await?;
        let begin = |operation: Operation| -> Ending { self.app.usual_ending(operation) };
        let moment = Moment { now: self.now, begin: &begin };
        let after = onto_disk(entry, disk, before.as_ref(), &moment, &mut self.complaints);
        let most = self.app.rules().max_size_gib;
        if after.size_gib > most {
            let place = entry.size.as_ref().map_or(entry.place, |size| size.place);
            self.complaints.add(place, format!("a disk holds at most {most} GiB"));
        }
        if let Some(known) = self.known.get_mut(index) {
            known.entry = Some(number);
            known.disk.after = after;
            if let Some(tags) = &entry.tags {
                known.tags.after.clone_from(&tags.value);
            }
        }
        Ok(())
    }

    /// User, type and zone of a disk, as far as the entry says them.
    async fn look_up(
        &mut self,
        unit: &mut dyn WriteTx,
        entry: &DiskEntry,
        disk: &mut Disk,
    ) -> Result<()> {
        if let Some(name) = &entry.user
            && let Some(user) = self.user(unit, name).await?
        {
            disk.user = user;
        }
        if let Some(name) = &entry.disk_type
            && name.value != disk.disk_type
            && let Some(disk_type) = self.type_named(unit, name).await?
        {
            disk.disk_type = disk_type.name;
            disk.encrypted = disk_type.encrypted;
        }
        if let Some(name) = &entry.new_type {
            self.type_named(unit, name).await?;
        }
        if let Some(zone) = &entry.zone {
            let zones = &self.app.rules().zones;
            if !zones.contains(&zone.value) && disk.zone != zone.value {
                let sentence =
                    format!("there is no zone {:?}; there are {}", zone.value, zones.join(", "));
                self.complaints.add(zone.place, sentence);
            }
            disk.zone.clone_from(&zone.value);
        }
        Ok(())
    }

    async fn disk_of_name(
        &mut self,
        unit: &mut dyn WriteTx,
        project: &ProjectId,
        entry: &DiskEntry,
    ) -> Result<Option<Disk>> {
        let Some(name) = &entry.name else { return Ok(None) };
        let mut found = disks_named(unit, project, name).await?;
        if found.len() > 1 {
            let sentence = "several disks of the project have this name; say which by its id";
            self.complaints.add(name.place, sentence);
        }
        Ok(found.pop())
    }

    async fn new_disk(
        &mut self,
        unit: &mut dyn WriteTx,
        project: ProjectId,
        entry: &DiskEntry,
        number: usize,
    ) -> Result<usize> {
        let name = entry.name.as_ref().map_or("", |name| &name.value);
        let id = match &entry.id {
            Some(id) => id.value,
            None => self.free_disk_id(unit, &project, name).await?,
        };
        if let Some(index) = self.known.iter().position(|known| known.disk.after.id == id) {
            return Ok(index);
        }
        let rules = self.app.rules();
        let at = At { value: rules.default_type.clone(), place: entry.place };
        let disk_type = match &entry.disk_type {
            Some(_) => None,
            None => self.type_named(unit, &at).await?,
        };
        let user = match self.user_if_any(unit, &entry.project).await? {
            Some(user) => user,
            None => self.caller.user.clone(),
        };
        let created_at = self.moment_of(number, self.scenario.disks.len());
        let disk = Disk {
            id,
            user,
            project,
            name: None,
            description: None,
            size_gib: USUAL_SIZE_GIB,
            status: DiskStatus::Available,
            multiattach: disk_type.as_ref().is_some_and(DiskType::is_multiattach),
            encrypted: disk_type.as_ref().is_some_and(|of| of.encrypted),
            disk_type: disk_type.map(|of| of.name).unwrap_or_default(),
            zone: rules.zones.first().cloned().unwrap_or_default(),
            bootable: false,
            dedicated_storage: None,
            metadata: Tags::new(),
            read_only: None,
            from_snapshot: None,
            from_disk: None,
            image_metadata: Tags::new(),
            pending: None,
            transfer: None,
            policy: None,
            attachments: Vec::new(),
            created_at: entry.created_at.as_ref().map_or(created_at, |said| said.value),
            updated_at: None,
        };
        self.known.push(Known {
            entry: None,
            place: entry.place,
            disk: Part { before: None, after: disk },
            tags: Part { before: None, after: Tags::new() },
            snapshots: Vec::new(),
            backups: Vec::new(),
            policy: Part { before: None, after: None },
            pending: None,
            offer: None,
        });
        Ok(self.known.len() - 1)
    }

    /// The id that a disk of this name has in every fresh file, unless somebody has it: a disk that
    /// was handed over, or backups of one that is gone.
    async fn free_disk_id(
        &mut self,
        unit: &mut dyn WriteTx,
        project: &ProjectId,
        name: &str,
    ) -> Result<DiskId> {
        let derived = DiskId::derived(project, name);
        let taken =
            unit.disk(derived).await?.is_some() || !backups_of(unit, derived).await?.is_empty();
        Ok(if taken { DiskId::random() } else { derived })
    }

    /// A disk that is there, with all that belongs to it; its place among the known ones.
    pub(super) async fn load(
        &mut self,
        unit: &mut dyn WriteTx,
        disk: Disk,
        place: Place,
    ) -> Result<usize> {
        if let Some(index) = self.known.iter().position(|known| known.disk.after.id == disk.id) {
            if let Some(known) = self.known.get_mut(index) {
                known.place = place;
            }
            return Ok(index);
        }
        // An offer whose time is over is gone, whether somebody has ended it or not.
        let disk = match self.app.expire_offer(unit, &disk).await? {
            Some((released, _)) => released,
            None => disk,
        };
        let tags = unit.cloud_disk(disk.id).await?.map(|cloud| cloud.tags).unwrap_or_default();
        let bound = unit.binding(disk.id).await?;
        let policy = bound.map(|bound| (bound.policy, bound.policy_name));
        let pending = match disk.transfer {
            Some(transfer) => unit.transfer(transfer).await?,
            None => None,
        };
        let snapshots = unit.snapshots_of(disk.id).await?;
        let backups = backups_of(unit, disk.id).await?;
        self.known.push(Known {
            entry: None,
            place,
            tags: Part { before: Some(tags.clone()), after: tags },
            snapshots: snapshots.into_iter().map(there).collect(),
            backups: backups.into_iter().map(there).collect(),
            policy: there(policy),
            pending,
            offer: None,
            disk: there(disk),
        });
        Ok(self.known.len() - 1)
    }

    /// The disk that an entry of something else refers to; complains if it cannot be told.
    pub(super) async fn refer(
        &mut self,
        unit: &mut dyn WriteTx,
        disk: &At<String>,
        project: Option<&At<String>>,
    ) -> Result<Option<usize>> {
        let of = match project {
            Some(name) => match self.project(unit, name).await? {
                Some(of) => Some(of),
                None => return Ok(None),
            },
            None => None,
        };
        let id = DiskId::parse(disk);
        let fits = |known: &&Known| {
            let is = &known.disk.after;
            let named = is.name.as_deref() == Some(disk.value.as_str());
            (Some(is.id) == id || named) && of.as_ref().is_none_or(|of| is.project == *of)
        };
        let mut found = self.known.iter().enumerate().filter(|(_, known)| fits(known));
        let (first, second) = (found.next().map(|(index, _)| index), found.next());
        if second.is_some() {
            let sentence =
                format!("several disks are named {:?}; say its project, or its id", disk.value);
            self.complaints.add(disk.place, sentence);
            return Ok(None);
        }
        if let Some(index) = first {
            if let Some(known) = self.known.get_mut(index) {
                known.place = disk.place;
            }
            return Ok(Some(index));
        }
        let there = match (id, &of) {
            (Some(id), _) => unit.disk(id).await?.into_iter().collect(),
            (None, Some(of)) => disks_named(unit, of, disk).await?,
            (None, None) => Vec::new(),
        };
        let mut there =
            there.into_iter().filter(|is| of.as_ref().is_none_or(|of| is.project == *of));
        match (there.next(), there.next()) {
            (Some(only), None) => self.load(unit, only, disk.place).await.map(Some),
            (Some(_), Some(_)) => {
                let sentence = "several disks of the project have this name; say which by its id";
                self.complaints.add(disk.place, sentence);
                Ok(None)
            }
            (None, _) => {
                let more = if of.is_none() && id.is_none() {
                    " in this file; if it is there already, say its project, or its id"
                } else {
                    ""
                };
                let sentence = format!("there is no disk {:?}{more}", disk.value);
                self.complaints.add(disk.place, sentence);
                Ok(None)
            }
        }
    }

    /// Complains of disks that cannot be as they will be.
    pub(super) fn check_disks(&mut self) {
        for known in &self.known {
            let entry = known.entry.and_then(|number| self.scenario.disks.get(number));
            if let Some(entry) = entry {
                check_disk(entry, &known.disk.after, &mut self.complaints);
            }
            let goes = known.disk.after.status == DiskStatus::Deleting;
            let stay = known.snapshots.iter().any(|part| part.after.ending.is_none());
            if goes && stay {
                let sentence = "a disk that has snapshots is not deleted without them";
                let status = entry.and_then(|entry| entry.status.as_ref());
                self.complaints.add(status.map_or(known.place, |status| status.place), sentence);
            }
        }
        self.check_offers();
    }
}

/// Something that is there and stays as it is so far.
pub(super) fn there<T: Clone>(is: T) -> Part<T> {
    Part { before: Some(is.clone()), after: is }
}

async fn disks_named(unit: &mut dyn WriteTx, project: &ProjectId, name: &str) -> Result<Vec<Disk>> {
    let conditions = vec![DiskCondition::Is(DiskText::Name, vec![name.to_owned()])];
    let filter = DiskFilter { project: Some(project.clone()), conditions };
    let page = Paging { limit: 2, offset: 0, marker: None, sort: Vec::new() };
    Ok(unit.disks(&DiskQuery { filter, page }).await?)
}

pub(super) async fn backups_of(unit: &mut dyn WriteTx, disk: DiskId) -> Result<Vec<Backup>> {
    let conditions = vec![BackupCondition::Is(BackupText::Disk, disk.to_string())];
    let filter = BackupFilter { project: None, conditions };
    let page = Paging { limit: u32::MAX, offset: 0, marker: None, sort: Vec::new() };
    Ok(unit.backups(&BackupQuery { filter, page }).await?)
}
