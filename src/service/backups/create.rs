//! Making backups: of a disk, of a snapshot, or of a snapshot that is taken for it.

use std::collections::BTreeMap;

use tracing::info;

use super::{no_backup, under_way};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupCourse, BackupRefused, BackupStatus};
use crate::domain::disk::{Becoming, Disk, DiskEvent};
use crate::domain::event::{Event, State};
use crate::domain::ids::{BackupId, DiskId, PolicyId, SnapshotId};
use crate::domain::progress::Operation;
use crate::domain::quota::Wish;
use crate::domain::snapshot::{Snapshot, SnapshotCourse, SnapshotStatus};
use crate::service::disks::visible;
use crate::service::progress::Begun;
use crate::service::snapshots::{self, visible_snapshot};
use crate::service::{App, Result, settle};
use crate::store::WriteTx;

/// What the name of a snapshot begins with that the backup service takes (VBS).
const OWN_SNAPSHOT_PREFIX: &str = "autobk_snapshot_";

/// The metadata key of a snapshot that the backup service takes (VBS).
const OWN_SNAPSHOT_KEY: &str = "__system__enableActive";

/// What is asked for when a backup is made.
#[derive(Debug, Clone)]
pub struct NewBackup {
    /// The disk.
    pub disk: DiskId,
    /// What it is made of.
    pub of: BackupOf,
    /// The backup's name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it shall be kept.
    pub container: Option<String>,
    /// How much it holds.
    pub extent: Extent,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Its availability zone; none means the disk's.
    pub zone: Option<String>,
    /// The policy that makes it; none: somebody does.
    pub policy: Option<PolicyId>,
}

/// What a backup is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupOf {
    /// The disk itself, which allows it by [`DiskEvent::Backup`] or [`DiskEvent::ForceBackup`].
    Disk(DiskEvent),
    /// A snapshot of the disk.
    Snapshot(SnapshotId),
    /// A snapshot that is taken for it, stays as long as it does and goes with it (VBS).
    OwnSnapshot,
}

/// How much a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Full,
    /// What changed since the latest backup of the disk, which must be there.
    Incremental,
    /// The same, and everything if there is none (VBS).
    IncrementalIfPossible,
}

impl App {
    /// Makes a backup of a disk.
    pub async fn create_backup(&self, caller: &Caller, new: NewBackup) -> Result<Backup> {
        let mut unit = self.write().await?;
        let made = self.back_up(&mut *unit, caller, new).await;
        let backup = settle(unit, made).await?;
        self.woken.notify_one();
        info!(backup.id = %backup.id, disk.id = %backup.disk,
            "made backup {} of disk {}", backup.id, backup.disk);
        Ok(backup)
    }

    /// Makes a backup in a unit of work. It is under way when `ending` is set, and over otherwise.
    pub(in crate::service) async fn back_up(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        new: NewBackup,
    ) -> Result<Backup> {
        let disk = visible(unit, caller, new.disk).await?.disk;
        let base = base(unit, &disk, new.extent).await?;
        let (snapshot, begun) = self.begin_backup(unit, caller, &disk, new.of).await?;
        self.check_quota(unit, &disk.project, Wish::Backup(disk.size_gib)).await??;
        let now = self.now();
        let backup = Backup {
            id: BackupId::random(),
            disk: disk.id,
            project: disk.project,
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            container: new.container,
            size_gib: snapshot.as_ref().map_or(disk.size_gib, |snapshot| snapshot.size_gib),
            incremental: base.is_some(),
            base: base.map(|base| base.id),
            has_dependents: false,
            snapshot: snapshot.as_ref().map(|snapshot| snapshot.id),
            own_snapshot: new.of == BackupOf::OwnSnapshot,
            policy: new.policy,
            native: new.of == BackupOf::OwnSnapshot,
            zone: new.zone.unwrap_or(disk.zone),
            status: BackupStatus::Available,
            fail_reason: None,
            metadata: new.metadata,
            data_at: snapshot.map(|snapshot| snapshot.created_at),
            ending: None,
            created_at: now,
            updated_at: None,
        };
        let backup = under_way(backup, BackupCourse::CREATE, begun)
            .ok_or_else(|| no_backup(String::new()))?;
        unit.insert_backup(&backup);
        let state = Some(State::from(&backup));
        unit.record(&Event::of(caller, now, "backup.create", &backup.id, None, state));
        Ok(backup)
    }

    /// Puts the disk and the snapshot that a backup is made of into their statuses meanwhile.
    async fn begin_backup(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        disk: &Disk,
        of: BackupOf,
    ) -> Result<(Option<Snapshot>, Begun)> {
        match of {
            BackupOf::Disk(event) => {
                let begun = self.begin_backup_of_disk(unit, caller, disk, event)?;
                Ok((None, begun))
            }
            BackupOf::OwnSnapshot => {
                let begun =
                    self.begin_backup_of_disk(unit, caller, disk, DiskEvent::ForceBackup)?;
                let snapshot = self.take_own_snapshot(unit, caller, disk, begun).await?;
                Ok((Some(snapshot), begun))
            }
            BackupOf::Snapshot(id) => {
                let snapshot = visible_snapshot(unit, caller, id).await?;
                if snapshot.disk != disk.id {
                    let (disk, of) = (disk.id, snapshot.disk);
                    return Err(BackupRefused::SnapshotOfOtherDisk { disk, of }.into());
                }
                if snapshot.status != SnapshotStatus::Available {
                    return Err(BackupRefused::SnapshotNotAvailable(snapshot.status).into());
                }
                disk.step(DiskEvent::BackupSnapshot)?;
                let begun = self.begin(Operation::Backup);
                let after = snapshots::under_way(snapshot.clone(), SnapshotCourse::BACKUP, begun);
                if after.as_ref() != Some(&snapshot) {
                    self.save_snapshot(unit, caller, "snapshot.backup", &snapshot, after);
                }
                Ok((Some(snapshot), begun))
            }
        }
    }

    fn begin_backup_of_disk(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        disk: &Disk,
        event: DiskEvent,
    ) -> Result<Begun> {
        let changed = disk.clone();
        let after = self.happen(unit, caller, disk, changed, event, Becoming::default())?;
        let begun = self.begin_with(Operation::Backup, after.as_ref());
        if after.as_ref() != Some(disk) {
            self.save(unit, caller, "disk.backup", disk, after);
        }
        Ok(begun)
    }

    /// The snapshot that the backup service takes of a disk to make a backup of it.
    async fn take_own_snapshot(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        disk: &Disk,
        begun: Begun,
    ) -> Result<Snapshot> {
        let wish = Wish::Snapshot(&disk.disk_type, disk.size_gib);
        self.check_quota(unit, &disk.project, wish).await??;
        let id = SnapshotId::random();
        let prefix: String = id.to_string().chars().take(4).collect();
        let snapshot = Snapshot {
            id,
            disk: disk.id,
            project: disk.project.clone(),
            user: caller.user.clone(),
            name: Some(format!("{OWN_SNAPSHOT_PREFIX}{prefix}")),
            description: None,
            size_gib: disk.size_gib,
            disk_type: disk.disk_type.clone(),
            status: SnapshotStatus::Available,
            metadata: BTreeMap::from([(OWN_SNAPSHOT_KEY.to_owned(), "true".to_owned())]),
            progress: None,
            ending: None,
            created_at: self.now(),
            updated_at: None,
        };
        let snapshot = snapshots::under_way(snapshot, SnapshotCourse::BACKUP, begun)
            .ok_or_else(|| snapshots::no_snapshot(String::new()))?;
        unit.insert_snapshot(&snapshot);
        let (at, state) = (snapshot.created_at, Some(State::from(&snapshot)));
        unit.record(&Event::of(caller, at, "snapshot.create", &snapshot.id, None, state));
        Ok(snapshot)
    }
}

/// The backup that the new one builds on, if it does.
async fn base(unit: &mut dyn WriteTx, disk: &Disk, extent: Extent) -> Result<Option<Backup>> {
    if extent == Extent::Full {
        return Ok(None);
    }
    let latest = unit.latest_backup(disk.id).await?;
    match extent {
        Extent::Incremental if latest.is_none() => Err(BackupRefused::NoBase.into()),
        Extent::Full | Extent::Incremental | Extent::IncrementalIfPossible => Ok(latest),
    }
}
