//! What a new disk brings along from what it is made from.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Disk, DiskCourse};
use crate::domain::backup::{Backup, BackupStatus};
use crate::domain::ids::{DiskId, SnapshotId};
use crate::domain::snapshot::{Snapshot, SnapshotStatus};

/// What a disk has from the disk whose snapshot it is made from: how its data are encrypted, and how
/// servers speak to it (OTC "Creating EVS Disks", EVS.1043).
const INHERITED: [&str; 3] = ["__system__encrypted", "__system__cmkid", "hw:passthrough"];

/// A kind of thing that a disk can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing.
    Nothing,
    /// An image.
    Image,
    /// Another disk.
    Disk,
    /// A snapshot.
    Snapshot,
    /// A backup.
    Backup,
}

/// Why a disk is not made from its source.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceRefused {
    /// The new disk would be smaller than the source. Sizes in GiB.
    #[error("{size_gib} GiB is less than the {source_gib} GiB of the {kind:?}")]
    TooSmall {
        /// What it is made from.
        kind: Kind,
        /// The size asked for.
        size_gib: i64,
        /// The source's size.
        source_gib: i64,
    },
    /// Neither the request nor the source says a size.
    #[error("no size is given")]
    NoSize,
    /// The source has another type.
    #[error("the type {0} is not that of the {1:?}")]
    OtherType(String, Kind),
    /// The source lies in another zone.
    #[error("the zone is not that of the {0:?}")]
    OtherZone(Kind),
    /// The source's status forbids it.
    #[error("the {0:?} is not available")]
    NotReady(Kind),
    /// What should be an image's id cannot be one.
    #[error("no such image")]
    UnknownImage,
}

/// What a source brings along.
#[derive(Debug, Clone)]
pub struct Origin {
    kind: Kind,
    /// How the disk is made.
    pub course: DiskCourse,
    /// The source's size in GiB.
    size_gib: Option<i64>,
    /// The name of the source's type.
    pub disk_type: Option<String>,
    /// The source's availability zone.
    pub zone: Option<String>,
    /// Whether the new disk is a system disk.
    pub bootable: bool,
    /// What is known of the image.
    pub image_metadata: BTreeMap<String, String>,
    /// The keys and values that the new disk has from it, whatever is asked for.
    pub inherited: BTreeMap<String, String>,
    /// The snapshot, if it is one.
    pub from_snapshot: Option<SnapshotId>,
    /// The disk, if it is one.
    pub from_disk: Option<DiskId>,
}

impl Origin {
    /// Nothing to start from.
    pub fn nothing() -> Self {
        Self {
            kind: Kind::Nothing,
            course: DiskCourse::CREATE,
            size_gib: None,
            disk_type: None,
            zone: None,
            bootable: false,
            image_metadata: BTreeMap::new(),
            inherited: BTreeMap::new(),
            from_snapshot: None,
            from_disk: None,
        }
    }

    /// A simulated image.
    pub fn image(id: &str) -> Self {
        let values = [
            ("image_id", id),
            ("image_name", id),
            ("container_format", "bare"),
            ("disk_format", "raw"),
            ("min_disk", "0"),
            ("min_ram", "0"),
            ("size", "0"),
        ];
        Self {
            kind: Kind::Image,
            course: DiskCourse::DOWNLOAD,
            bootable: true,
            image_metadata: values.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
            ..Self::nothing()
        }
    }

    /// Another disk.
    pub fn disk(disk: &Disk) -> Self {
        Self {
            kind: Kind::Disk,
            size_gib: Some(disk.size_gib),
            disk_type: Some(disk.disk_type.clone()),
            zone: Some(disk.zone.clone()),
            bootable: disk.bootable,
            image_metadata: disk.image_metadata.clone(),
            from_disk: Some(disk.id),
            ..Self::nothing()
        }
    }

    /// A snapshot of `disk`, if it is ready.
    pub fn snapshot(snapshot: &Snapshot, disk: &Disk) -> Result<Self, SourceRefused> {
        // EVS.2043: a snapshot that a backup is made from is ready, too.
        match snapshot.status {
            SnapshotStatus::Available | SnapshotStatus::BackingUp => Ok(Self {
                kind: Kind::Snapshot,
                size_gib: Some(snapshot.size_gib),
                inherited: INHERITED
                    .iter()
                    .filter_map(|key| disk.metadata.get_key_value(*key))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
                from_snapshot: Some(snapshot.id),
                from_disk: None,
                ..Self::disk(disk)
            }),
            SnapshotStatus::Creating
            | SnapshotStatus::Error
            | SnapshotStatus::Deleting
            | SnapshotStatus::ErrorDeleting
            | SnapshotStatus::Rollbacking
            | SnapshotStatus::Restoring => Err(SourceRefused::NotReady(Kind::Snapshot)),
        }
    }

    /// A backup, if it is ready.
    pub fn backup(backup: &Backup) -> Result<Self, SourceRefused> {
        if backup.status != BackupStatus::Available {
            return Err(SourceRefused::NotReady(Kind::Backup));
        }
        Ok(Self {
            kind: Kind::Backup,
            course: DiskCourse::RESTORE,
            size_gib: Some(backup.size_gib),
            ..Self::nothing()
        })
    }

    /// The size of the new disk in GiB: the one asked for, which is not less than the source's, or
    /// the source's.
    pub fn size(&self, wanted: Option<i64>) -> Result<i64, SourceRefused> {
        match (wanted, self.size_gib) {
            (Some(size_gib), Some(source_gib)) if size_gib < source_gib => {
                Err(SourceRefused::TooSmall { kind: self.kind, size_gib, source_gib })
            }
            (Some(size_gib), _) | (None, Some(size_gib)) => Ok(size_gib),
            (None, None) => Err(SourceRefused::NoSize),
        }
    }

    /// Whether a disk of type `name` can be made from the source: it has none or the same.
    pub fn fits_type(&self, name: &str) -> Result<(), SourceRefused> {
        match &self.disk_type {
            Some(own) if own != name => Err(SourceRefused::OtherType(name.to_owned(), self.kind)),
            _ => Ok(()),
        }
    }

    /// The zone, if a disk there can be made from the source: it lies in none or the same.
    pub fn fits_zone(&self, zone: String) -> Result<String, SourceRefused> {
        match &self.zone {
            Some(own) if *own != zone => Err(SourceRefused::OtherZone(self.kind)),
            _ => Ok(zone),
        }
    }
}
