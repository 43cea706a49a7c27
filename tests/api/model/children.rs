//! What the reference says of snapshots and backups (`snapshots.md`, `backups-and-policies.md` §2).

use super::command::{By, Who};
use super::rules::{Expected, Outcome, Says, refused, wrong};
use super::world::{Backup, Disk, Snapshot, World};

impl World {
    pub(super) fn snapshot(&mut self, disk: usize, who: Who, force: bool) -> Outcome {
        let Disk { id, size, kind, status, .. } = self.disks[disk].clone();
        let fits = status == "available" || force && ["in-use", "attaching"].contains(&status);
        if !fits {
            let wanted = if force { "available, in-use" } else { "available" };
            return Err(refused(
                400,
                format!(
                    "Invalid volume: Volume {id} status must be {wanted}, but current status is: \
                     {status}."
                ),
            ));
        }
        let class = "VolumeSizeExceedsAvailableQuota: ";
        self.room_for_gigabytes(who, size, kind, class)?;
        let limit = self.limits(who).of("snapshots");
        if let Some(limit) = limit.filter(|limit| self.usage(who, "snapshots") + 1 > *limit) {
            let message = "SnapshotLimitExceeded: Maximum number of snapshots allowed";
            return Err(refused(413, format!("{message} ({limit}) exceeded")));
        }
        let course = Some(self.course("available", "error"));
        let (id, status) = (String::new(), "creating");
        self.snapshots.push(Snapshot { id, disk, owner: who, size, kind, status, course });
        Ok(202)
    }

    fn sees_snapshot(&self, snapshot: usize, by: By) -> Result<(), Expected> {
        let Snapshot { id, status, .. } = &self.snapshots[snapshot];
        if *status == "gone" || by == By::Other {
            return Err(refused(404, format!("Snapshot {id} could not be found.")));
        }
        Ok(())
    }

    pub(super) fn delete_snapshot(&mut self, snapshot: usize, by: By) -> Outcome {
        self.sees_snapshot(snapshot, by)?;
        if !["available", "error"].contains(&self.snapshots[snapshot].status) {
            return Err(refused(
                400,
                "Invalid snapshot: Snapshot status must be available or error and must not be part \
                 of a group.",
            ));
        }
        self.snapshots[snapshot].course = Some(self.course("gone", "error_deleting"));
        self.snapshots[snapshot].status = "deleting";
        Ok(202)
    }

    pub(super) fn reset_snapshot(&mut self, snapshot: usize, status: &'static str) -> Outcome {
        self.sees_snapshot(snapshot, By::Owner)?;
        self.snapshots[snapshot].course = None;
        self.snapshots[snapshot].status = status;
        Ok(202)
    }

    /// The cloud's own way: to any snapshot of the disk, whatever its size.
    pub(super) fn roll_back(&mut self, snapshot: usize, by: By) -> Outcome {
        self.sees_snapshot(snapshot, by)
            .map_err(|_| Expected { status: 404, says: Says::Anything })?;
        let disk = self.snapshots[snapshot].disk;
        let fits = ["available", "error_rollbacking"].contains(&self.disks[disk].status);
        if !fits || self.snapshots[snapshot].status != "available" {
            return Err(wrong());
        }
        let course = self.course("available", "error_rollbacking");
        self.begin(disk, "rollbacking", course);
        self.snapshots[snapshot].course = Some(self.course("available", "available"));
        self.snapshots[snapshot].status = "rollbacking";
        Ok(202)
    }

    /// Cinder's way: to the latest, which has the disk's size.
    pub(super) fn revert(&mut self, snapshot: usize, by: By) -> Outcome {
        let Snapshot { disk, size, status, .. } = self.snapshots[snapshot].clone();
        self.sees(disk, by)?;
        if status == "gone" {
            return Err(Expected { status: 404, says: Says::Anything });
        }
        let latest = self.snapshots_of(disk).last() == Some(&snapshot);
        let Disk { size: of_disk, status: of_status, .. } = self.disks[disk];
        if !latest || size != of_disk || of_status != "available" || status != "available" {
            return Err(wrong());
        }
        let course = self.course("available", "error");
        self.begin(disk, "reverting", course);
        self.snapshots[snapshot].course = Some(self.course("available", "available"));
        self.snapshots[snapshot].status = "restoring";
        Ok(202)
    }

    pub(super) fn backup(&mut self, disk: usize, who: Who, force: bool) -> Outcome {
        let Disk { size, status, .. } = self.disks[disk];
        if !["available", "in-use"].contains(&status) {
            return Err(refused(
                400,
                format!(
                    "Invalid volume: Volume to be backed up must be available or in-use, but the \
                     current status is \"{status}\"."
                ),
            ));
        }
        if status == "in-use" && !force {
            let message = "Invalid volume: Backing up an in-use volume must use the force flag.";
            return Err(refused(400, message));
        }
        let limit = self.limits(who).of("backup_gigabytes");
        let used = self.usage(who, "backup_gigabytes");
        if let Some(limit) = limit.filter(|limit| used + size > *limit) {
            return Err(refused(
                413,
                format!(
                    "VolumeBackupSizeExceedsAvailableQuota: Requested backup exceeds allowed Backup \
                     gigabytes quota. Requested {size}G, quota is {limit}G and {used}G has been \
                     consumed."
                ),
            ));
        }
        let limit = self.limits(who).of("backups");
        if let Some(limit) = limit.filter(|limit| self.usage(who, "backups") + 1 > *limit) {
            let message = "BackupLimitExceeded: Maximum number of backups allowed";
            return Err(refused(413, format!("{message} ({limit}) exceeded")));
        }
        let course = self.course(status, status);
        self.begin(disk, "backing-up", course);
        let course = Some(self.course("available", "error"));
        let (id, status) = (String::new(), "creating");
        self.backups.push(Backup { id, disk, owner: who, size, status, course });
        Ok(202)
    }

    fn sees_backup(&self, backup: usize, by: By) -> Result<(), Expected> {
        let Backup { id, status, .. } = &self.backups[backup];
        if *status == "gone" || by == By::Other {
            return Err(refused(404, format!("Backup {id} could not be found.")));
        }
        Ok(())
    }

    pub(super) fn delete_backup(&mut self, backup: usize, by: By) -> Outcome {
        self.sees_backup(backup, by)?;
        if !["available", "error"].contains(&self.backups[backup].status) {
            let message = "Invalid backup: Backup status must be available or error";
            return Err(refused(400, message));
        }
        self.backups[backup].course = Some(self.course("gone", "error_deleting"));
        self.backups[backup].status = "deleting";
        Ok(202)
    }

    pub(super) fn reset_backup(&mut self, backup: usize, status: &'static str) -> Outcome {
        self.sees_backup(backup, By::Owner)?;
        self.backups[backup].course = None;
        self.backups[backup].status = status;
        Ok(202)
    }

    pub(super) fn restore(&mut self, backup: usize, disk: usize, by: By) -> Outcome {
        self.sees_backup(backup, by)?;
        let Backup { size, status, owner, .. } = self.backups[backup];
        if status != "available" {
            return Err(refused(400, "Invalid backup: Backup status must be available"));
        }
        let into = self.disks[disk].clone();
        if into.status == "gone" || into.owner != owner {
            return Err(refused(404, format!("Volume {} could not be found.", into.id)));
        }
        if into.status != "available" {
            let message = "Invalid volume: Volume to be restored to must be available";
            return Err(refused(400, message));
        }
        if into.size < size {
            return Err(refused(
                400,
                format!(
                    "Invalid volume: volume size {} is too small to restore backup of size {size}.",
                    into.size
                ),
            ));
        }
        let course = self.course("available", "error_restoring");
        self.begin(disk, "restoring-backup", course);
        self.backups[backup].course = Some(self.course("available", "available"));
        self.backups[backup].status = "restoring";
        Ok(202)
    }
}
