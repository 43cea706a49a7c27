//! Making backups: of a disk, of a snapshot, or of a snapshot that is taken for it.

use std::collections::BTreeMap;

use tracing::info;

use super::no_backup;
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupCourse, BackupRefused, BackupStatus, MOST_OF_A_DISK};
use crate::domain::disk::{Becoming, Disk, DiskEvent, DiskStatus};
use crate::domain::event::{Event, State};
use crate::domain::ids::{BackupId, DiskId, PolicyId, SnapshotId};
use crate::domain::progress::Operation;
use crate::domain::quota::Wish;
use crate::domain::snapshot::{OF_A_BACKUP, Snapshot, SnapshotCourse, SnapshotStatus};
use crate::domain::transfer::TransferFacts;
use crate::service::disks::visible;
use crate::service::progress::Begun;
use crate::service::snapshots::{self, visible_snapshot};
use crate::service::{App, Result, ServiceError, settle};
use crate::store::WriteTx;

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
    /// A snapshot of the disk that was taken before (VBS).
    GivenSnapshot(SnapshotId),
    /// A snapshot that is taken for it, stays as long as it does and goes with it (VBS).
    OwnSnapshot,
}

impl BackupOf {
    /// Whether the backup service makes it, by its own rules (VBS).
    fn is_native(self) -> bool {
        match self {
            Self::OwnSnapshot | Self::GivenSnapshot(_) => true,
            Self::Disk(_) | Self::Snapshot(_) => false,
        }
    }
}

/// How much a backup holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything.
    Full,
    /// What changed since the backup of the disk with the latest data, which must be there.
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
        let facts = visible(unit, caller, new.disk).await?;
        let zone = new.zone.filter(|zone| *zone != facts.disk.zone);
        if let Some(zone) = zone.as_ref().filter(|zone| !self.rules.zones.contains(*zone)) {
            return Err(ServiceError::UnknownZone(zone.clone()));
        }
        if new.of.is_native() {
            check_native(unit, &facts, new.policy).await?;
        }
        let disk = facts.disk;
        let (snapshot, begun) = self.begin_backup(unit, caller, &disk, new.of).await?;
        self.check_quota(unit, &disk.project, Wish::Backup(disk.size_gib)).await??;
        let base = base(unit, &disk, new.of, snapshot.as_ref(), new.extent).await?;
        let now = self.now();
        let backup = Backup {
            id: BackupId::random(),
            disk: disk.id,
            project: disk.project,
            user: caller.user.clone(),
            name: new.name,
            description: new.description,
            container: new.container,
            // Of the disk even if its snapshot is smaller, as its quota has it (Cinder).
            size_gib: disk.size_gib,
            incremental: base.is_some(),
            base: base.map(|base| base.id),
            has_dependents: false,
            snapshot: snapshot.as_ref().map(|snapshot| snapshot.id),
            own_snapshot: new.of == BackupOf::OwnSnapshot,
            policy: new.policy,
            native: new.of.is_native(),
            zone: zone.unwrap_or(disk.zone),
            status: BackupStatus::Available,
            fail_reason: None,
            metadata: new.metadata,
            data_at: snapshot.map(|snapshot| snapshot.created_at),
            ending: None,
            created_at: now,
            updated_at: None,
        };
        let backup = self
            .under_way_on_backup(unit, caller, backup, BackupCourse::CREATE, begun)
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
            BackupOf::Snapshot(id) | BackupOf::GivenSnapshot(id) => {
                let snapshot = visible_snapshot(unit, caller, id).await?;
                if snapshot.disk != disk.id {
                    let (disk, of) = (disk.id, snapshot.disk);
                    return Err(BackupRefused::SnapshotOfOtherDisk { disk, of }.into());
                }
                if snapshot.status != SnapshotStatus::Available {
                    return Err(BackupRefused::SnapshotNotAvailable(snapshot.status).into());
                }
                disk.step(DiskEvent::BackupSnapshot)?;
                let begun = self.begin(caller, Operation::Backup, &disk.project, disk.id);
                let (copied, course) = (snapshot.clone(), SnapshotCourse::BACKUP);
                let after = self.under_way_on_snapshot(unit, caller, copied, course, begun);
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
        let begun = self.begin_with(caller, Operation::Backup, disk, after.as_ref());
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
            name: Some(format!("{OF_A_BACKUP}{prefix}")),
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
        let snapshot = self
            .under_way_on_snapshot(unit, caller, snapshot, SnapshotCourse::BACKUP, begun)
            .ok_or_else(|| snapshots::no_snapshot(String::new()))?;
        unit.insert_snapshot(&snapshot);
        let (at, state) = (snapshot.created_at, Some(State::from(&snapshot)));
        unit.record(&Event::of(caller, at, "snapshot.create", &snapshot.id, None, state));
        Ok(snapshot)
    }
}

/// What the backup service asks for beyond what Cinder does (VBS, "Error Codes").
async fn check_native(
    unit: &mut dyn WriteTx,
    facts: &TransferFacts,
    policy: Option<PolicyId>,
) -> Result<()> {
    let TransferFacts { disk, backups, .. } = facts;
    if disk.dedicated_storage.is_some() {
        return Err(BackupRefused::OnDedicatedStorage.into());
    }
    let others = unit.backups_under_way(disk.id).await?;
    let being_made = others.iter().any(|backup| backup.status == BackupStatus::Creating);
    if being_made || disk.status == DiskStatus::BackingUp {
        return Err(BackupRefused::InProgress.into());
    }
    // A policy removes what it has made too much of, by a number of its own.
    let count = backups.as_ref().map_or(0, |backups| backups.count);
    if policy.is_none() && count >= MOST_OF_A_DISK {
        return Err(BackupRefused::TooMany.into());
    }
    Ok(())
}

/// The backup that the new one builds on, if it does: one whose data are older than its own.
async fn base(
    unit: &mut dyn WriteTx,
    disk: &Disk,
    of: BackupOf,
    snapshot: Option<&Snapshot>,
    extent: Extent,
) -> Result<Option<Backup>> {
    if extent == Extent::Full {
        return Ok(None);
    }
    let before = match of {
        BackupOf::Snapshot(_) | BackupOf::GivenSnapshot(_) => snapshot.map(|s| s.created_at),
        BackupOf::Disk(_) | BackupOf::OwnSnapshot => None,
    };
    let latest = unit.latest_backup(disk.id, &disk.project, before).await?;
    match extent {
        Extent::Incremental if latest.is_none() => Err(BackupRefused::NoBase.into()),
        Extent::Full | Extent::Incremental | Extent::IncrementalIfPossible => Ok(latest),
    }
}
