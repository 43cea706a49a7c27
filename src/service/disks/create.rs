//! Making disks: from nothing, a snapshot, another disk, a backup or an image.

use std::collections::BTreeMap;

use tracing::info;

use super::{no_disk, visible};
use crate::domain::access::Caller;
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus, Origin, SourceRefused};
use crate::domain::event::Event;
use crate::domain::ids::{DiskId, SnapshotId, is_uuid};
use crate::domain::quota::Wish;
use crate::service::backups::usable_backup;
use crate::service::{App, Resource, Result, ServiceError};
use crate::store::WriteTx;

/// What is asked for when a disk is made.
#[derive(Debug, Clone)]
pub struct NewDisk {
    /// Its size in GiB, at least 1; none means that of its source.
    pub size_gib: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The name or id of its type; none means its source's or the default type.
    pub disk_type: Option<String>,
    /// Its availability zone; none means its source's or the first.
    pub zone: Option<String>,
    /// May be attached to several servers.
    pub multiattach: bool,
    /// The dedicated storage it shall lie on.
    pub dedicated_storage: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// What it is made from.
    pub source: Source,
}

/// What a disk is made from, by its id as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nothing: it is empty.
    Nothing,
    /// A snapshot.
    Snapshot(String),
    /// Another disk.
    Disk(String),
    /// A backup.
    Backup(String),
    /// An image; any UUID names one.
    Image(String),
}

impl App {
    /// Makes a disk.
    pub async fn create_disk(&self, caller: &Caller, new: NewDisk) -> Result<Disk> {
        let mut unit = self.write().await?;
        let added = self.add_disk(&mut *unit, caller, new).await;
        let disk = self.settle_disk(unit, added).await?;
        info!(disk.id = %disk.id, disk.size_gib = disk.size_gib, "created disk {}", disk.id);
        Ok(disk)
    }

    pub(super) async fn add_disk(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewDisk,
    ) -> Result<Disk> {
        let mut disks = self.add_disks(unit, caller, new, 1).await?;
        disks.pop().ok_or_else(|| no_disk(String::new()))
    }

    /// Makes `count` disks alike in a unit of work; of several, each gets a number behind its name.
    pub(in crate::service) async fn add_disks(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewDisk,
        count: u16,
    ) -> Result<Vec<Disk>> {
        let origin = self.origin(unit, caller, &new.source).await?;
        let course = origin.course;
        let model = self.new_disk(unit, caller, new, origin).await?;
        let wish = Wish::Disks(&model.disk_type, model.size_gib, count.into());
        self.check_quota(unit, &caller.project, wish).await??;
        let mut disks = Vec::new();
        for number in 1..=count {
            let mut disk = Disk { id: DiskId::random(), ..model.clone() };
            if count > 1 {
                disk.name = disk.name.map(|name| format!("{name}-{number:04}"));
            }
            let disk = self
                .under_way(unit, caller, disk, None, course, Becoming::default())
                .ok_or_else(|| no_disk(String::new()))?;
            unit.insert_disk(&disk);
            let (at, id) = (disk.created_at, disk.id);
            unit.record(&Event::of_disk(caller, at, "disk.create", &id, None, Some(&disk)));
            disks.push(disk);
        }
        Ok(disks)
    }

    /// What the source brings along, if it is there, is the caller's and is ready.
    async fn origin(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        source: &Source,
    ) -> Result<Origin> {
        match source {
            Source::Nothing => Ok(Origin::nothing()),
            Source::Image(id) if is_uuid(id) => Ok(Origin::image(id)),
            Source::Image(_) => Err(SourceRefused::UnknownImage.into()),
            Source::Disk(id) => {
                let wanted = DiskId::parse(id).ok_or_else(|| no_disk(id.clone()))?;
                let disk = visible(unit, caller, wanted).await?.disk;
                disk.step(DiskEvent::Clone)?;
                Ok(Origin::disk(&disk))
            }
            Source::Snapshot(id) => {
                let absent = || ServiceError::NotFound(Resource::Snapshot, id.clone());
                let wanted = SnapshotId::parse(id).ok_or_else(absent)?;
                let found = unit.snapshot(wanted).await?;
                let snapshot = found.filter(|s| caller.sees(&s.project)).ok_or_else(absent)?;
                let disk = unit.disk(snapshot.disk).await?.ok_or_else(absent)?;
                Ok(Origin::snapshot(&snapshot, &disk)?)
            }
            Source::Backup(id) => {
                let backup = usable_backup(unit, caller, id).await?;
                Ok(Origin::backup(&backup)?)
            }
        }
    }

    /// The disk to be made. Its type is looked up in the unit that makes it: outside, the type could
    /// be renamed or removed before the disk is there.
    async fn new_disk(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewDisk,
        origin: Origin,
    ) -> Result<Disk> {
        let size_gib = origin.size(new.size_gib)?;
        if size_gib > self.rules.max_size_gib {
            return Err(ServiceError::TooLarge(self.rules.max_size_gib));
        }
        let (wanted, of_source) = (new.disk_type.as_deref(), origin.disk_type.as_deref());
        let disk_type = self.type_of_new_disk(unit, caller, wanted, of_source).await?;
        origin.fits_type(&disk_type.name)?;
        let zone = self.zone(new.zone, &origin)?;
        let mut metadata = new.metadata;
        metadata.extend(origin.inherited);
        Ok(Disk {
            id: DiskId::random(),
            project: caller.project.clone(),
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            size_gib,
            status: DiskStatus::Available,
            multiattach: new.multiattach || disk_type.is_multiattach(),
            disk_type: disk_type.name,
            zone,
            bootable: origin.bootable,
            encrypted: disk_type.encrypted,
            dedicated_storage: new.dedicated_storage,
            metadata,
            read_only: None,
            from_snapshot: origin.from_snapshot,
            from_disk: origin.from_disk,
            image_metadata: origin.image_metadata,
            pending: None,
            transfer: None,
            policy: None,
            attachments: Vec::new(),
            created_at: self.now(),
            updated_at: None,
        })
    }

    fn zone(&self, wanted: Option<String>, origin: &Origin) -> Result<String> {
        match wanted {
            Some(zone) if !self.rules.zones.contains(&zone) => Err(ServiceError::UnknownZone(zone)),
            Some(zone) => Ok(origin.fits_zone(zone)?),
            None => Ok(origin
                .zone
                .clone()
                .unwrap_or_else(|| self.rules.zones.first().cloned().unwrap_or_default())),
        }
    }
}
