//! What the reference says of each command (`transfers.md`, `disks.md`, `statuses.md` and the pages of
//! snapshots, backups and policies): its answer, and what it makes of the world.

use super::command::{By, Command, Deed, Time, Who};
use super::world::{Course, Disk, World};

/// So many wrong keys are answered within so many milliseconds, then none is.
pub(super) const GUESSES: (usize, i64) = (3, 10_000);

/// What the answer is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) status: u16,
    pub(super) says: Says,
}

/// What the message of an error is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// The reference leaves it open.
    Anything,
    Exactly(String),
    /// The reference has its beginning; the service goes on with what it found.
    Begins(&'static str),
}

/// The status of what works, or why it does not.
pub(super) type Outcome = Result<u16, Expected>;

pub(super) fn refused(status: u16, message: impl Into<String>) -> Expected {
    Expected { status, says: Says::Exactly(message.into()) }
}

pub(super) fn begins(message: &'static str) -> Expected {
    Expected { status: 400, says: Says::Begins(message) }
}

pub(super) fn wrong() -> Expected {
    Expected { status: 400, says: Says::Anything }
}

pub(super) const NOT_DELETABLE: &str = "Invalid volume: Volume status must be available or error or \
    error_restoring or error_extending or error_managing and must not be migrating, attached, \
    belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots \
    after volume transfer.";
pub(super) const DELETABLE: [&str; 6] = [
    "available",
    "error",
    "error_extending",
    "error_restoring",
    "error_rollbacking",
    "error_managing",
];
pub(super) const UNBINDABLE: [&str; 11] = [
    "awaiting-transfer",
    "error",
    "error_extending",
    "error_restoring",
    "error_rollbacking",
    "error_deleting",
    "error_managing",
    "error_backing-up",
    "deleting",
    "maintenance",
    "reserved",
];

impl Who {
    fn other(self) -> Self {
        match self {
            Self::Demo => Self::Partner,
            Self::Partner => Self::Demo,
        }
    }
}

impl By {
    /// Who that is of something that belongs to `owner`.
    pub(super) fn of(self, owner: Who) -> Who {
        match self {
            Self::Owner => owner,
            Self::Other => owner.other(),
        }
    }
}

impl World {
    /// The answer to a command, and the world after it. Ids and keys of what is made are left empty.
    pub(super) fn take(&mut self, command: Command) -> Expected {
        let outcome = match command {
            Command::Create { who, size } => self.create(who, size),
            Command::Disk { disk, by, deed } => self.deed(disk, by, deed),
            Command::ForceDelete { disk } => self.force_delete(disk),
            Command::ResetDisk { disk, status } => self.reset(disk, status),
            Command::Accept { transfer, by, key } => self.accept(transfer, by, key),
            Command::Withdraw { transfer, by } => self.withdraw(transfer, by),
            Command::DeleteSnapshot { snapshot, by } => self.delete_snapshot(snapshot, by),
            Command::ResetSnapshot { snapshot, status } => self.reset_snapshot(snapshot, status),
            Command::RollBack { snapshot, by } => self.roll_back(snapshot, by),
            Command::Revert { snapshot, by } => self.revert(snapshot, by),
            Command::DeleteBackup { backup, by } => self.delete_backup(backup, by),
            Command::ResetBackup { backup, status } => self.reset_backup(backup, status),
            Command::Restore { backup, disk, by } => self.restore(backup, disk, by),
            Command::Limit { who, quota, limit } => {
                self.limits[who as usize].0.push((quota, limit));
                Ok(200)
            }
            Command::End { disk, ends } => {
                self.end_on(disk, ends, true);
                Ok(200)
            }
            Command::Step => {
                self.end_due();
                Ok(200)
            }
            Command::Advance { .. }
            | Command::AdvanceToNext { .. }
            | Command::Restart
            | Command::Save { .. }
            | Command::Load { .. } => Ok(200),
        };
        if self.time == Time::Instant {
            self.end_due();
        }
        let says = Says::Anything;
        outcome.map_or_else(|refusal| refusal, |status| Expected { status, says })
    }

    fn create(&mut self, who: Who, size: i64) -> Outcome {
        self.room_for_disk(who, size, "SSD", "VolumeSizeExceedsAvailableQuota: ")?;
        let course = self.course("available", "error");
        self.disks.push(Disk {
            id: String::new(),
            owner: who,
            name: None,
            size,
            kind: "SSD",
            status: "creating",
            bootable: false,
            read_only: false,
            servers: Vec::new(),
            policy: None,
            course: Some(course),
        });
        Ok(202)
    }

    /// Whether one more disk fits, in the order of the names that are exceeded.
    pub(super) fn room_for_disk(
        &self,
        who: Who,
        size: i64,
        kind: &str,
        class: &str,
    ) -> Result<(), Expected> {
        self.fits_alone(who, size)?;
        self.room_for_gigabytes(who, size, kind, class)?;
        for key in ["volumes", &format!("volumes_{kind}")] {
            let limit = self.limits(who).of(key);
            if let Some(limit) = limit.filter(|limit| self.usage(who, key) + 1 > *limit) {
                return Err(refused(
                    413,
                    format!(
                        "VolumeLimitExceeded: Maximum number of volumes allowed ({limit}) exceeded \
                         for quota '{key}'."
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Whether a single disk may be so large.
    pub(super) fn fits_alone(&self, who: Who, size: i64) -> Result<(), Expected> {
        let largest = self.limits(who).of("per_volume_gigabytes");
        if let Some(limit) = largest.filter(|limit| size > *limit) {
            return Err(refused(
                413,
                format!(
                    "VolumeSizeExceedsLimit: Requested volume size {size}G is larger than maximum \
                     allowed limit {limit}G."
                ),
            ));
        }
        Ok(())
    }

    /// Whether so many more GiB fit.
    pub(super) fn room_for_gigabytes(
        &self,
        who: Who,
        more: i64,
        kind: &str,
        class: &str,
    ) -> Result<(), Expected> {
        for key in ["gigabytes", &format!("gigabytes_{kind}")] {
            let (limit, used) = (self.limits(who).of(key), self.usage(who, key));
            if let Some(limit) = limit.filter(|limit| used + more > *limit) {
                return Err(refused(
                    413,
                    format!(
                        "{class}Requested volume or snapshot exceeds allowed {key} quota. Requested \
                         {more}G, quota is {limit}G and {used}G has been consumed."
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The caller, if the disk is theirs to see.
    pub(super) fn sees(&self, disk: usize, by: By) -> Result<Who, Expected> {
        let row = &self.disks[disk];
        if row.status == "gone" || by == By::Other {
            return Err(refused(404, format!("Volume {} could not be found.", row.id)));
        }
        Ok(row.owner)
    }

    fn deed(&mut self, disk: usize, by: By, deed: Deed) -> Outcome {
        match deed {
            // One request for several disks: each fails on its own.
            Deed::Bind(policy) => return self.bind(disk, by, policy),
            Deed::Unbind(policy) => return self.unbind(disk, by, policy),
            Deed::Rename
            | Deed::Extend(_)
            | Deed::ExtendInUse(_)
            | Deed::SetBootable(_)
            | Deed::SetReadOnly(_)
            | Deed::Reserve
            | Deed::Unreserve
            | Deed::Attach(_)
            | Deed::BeginDetaching
            | Deed::RollDetaching
            | Deed::Detach
            | Deed::Snapshot
            | Deed::SnapshotByForce
            | Deed::Backup
            | Deed::BackupByForce
            | Deed::Retype(_)
            | Deed::Upload
            | Deed::UploadByForce
            | Deed::Offer(_)
            | Deed::Delete
            | Deed::DeleteCascade => {}
        }
        let who = self.sees(disk, by)?;
        let status = self.disks[disk].status;
        match deed {
            Deed::Rename if status == "maintenance" => Err(wrong()),
            Deed::Rename => {
                self.disks[disk].name = Some("renamed".to_owned());
                Ok(200)
            }
            Deed::Extend(by_gib) => self.extend(disk, by_gib, &["available"]),
            Deed::ExtendInUse(by_gib) => self.extend(disk, by_gib, &["available", "in-use"]),
            Deed::SetBootable(flag) => {
                self.disks[disk].bootable = flag;
                Ok(200)
            }
            Deed::Snapshot => self.snapshot(disk, who, false),
            Deed::SnapshotByForce => self.snapshot(disk, who, true),
            Deed::Backup => self.backup(disk, who, false),
            Deed::BackupByForce => self.backup(disk, who, true),
            Deed::Retype(kind) => self.retype(disk, kind),
            Deed::Upload => self.upload(disk, &["available"]),
            Deed::UploadByForce => self.upload(disk, &["available", "in-use"]),
            Deed::Offer(seconds) => self.offer(disk, seconds),
            Deed::Delete => self.delete(disk, false),
            Deed::DeleteCascade => self.delete(disk, true),
            Deed::SetReadOnly(_)
            | Deed::Reserve
            | Deed::Unreserve
            | Deed::Attach(_)
            | Deed::BeginDetaching
            | Deed::RollDetaching
            | Deed::Detach => self.as_a_server(disk, deed),
            Deed::Bind(_) | Deed::Unbind(_) => Err(wrong()),
        }
    }

    fn extend(&mut self, disk: usize, by_gib: i64, from: &[&str]) -> Outcome {
        let Disk { id, owner, size, kind, status, .. } = self.disks[disk].clone();
        let to = size + by_gib;
        if !from.contains(&status) {
            if by_gib <= 0 {
                return Err(wrong());
            }
            let says = Says::Anything;
            return Err(if from.len() == 1 {
                refused(
                    400,
                    format!(
                        "Invalid volume: Volume {id} status must be '{{'status': 'available'}}' to \
                         extend, currently {status}."
                    ),
                )
            } else {
                Expected { status: 400, says }
            });
        }
        if by_gib <= 0 {
            return Err(refused(
                400,
                format!(
                    "Invalid input received: New size for extend must be greater than current \
                     size. (current: {size}, extended: {to})."
                ),
            ));
        }
        self.fits_alone(owner, to)?;
        self.room_for_gigabytes(owner, by_gib, kind, "VolumeSizeExceedsAvailableQuota: ")?;
        let course = Course { size: Some(to), ..self.course(status, "error_extending") };
        self.begin(disk, "extending", course);
        Ok(202)
    }

    fn as_a_server(&mut self, disk: usize, deed: Deed) -> Outcome {
        let row = &mut self.disks[disk];
        let free = if row.servers.is_empty() { "available" } else { "in-use" };
        match (deed, row.status) {
            (Deed::SetReadOnly(flag), "available") => row.read_only = flag,
            (Deed::Reserve, "available") => row.status = "attaching",
            (Deed::Unreserve, "attaching") | (Deed::RollDetaching, "detaching") => {
                row.status = free;
            }
            (Deed::BeginDetaching, "in-use") if !row.servers.is_empty() => {
                row.status = "detaching";
            }
            // Silently nothing.
            (Deed::Unreserve | Deed::RollDetaching, _) => {}
            (Deed::Detach, "in-use" | "detaching") => {
                row.servers.clear();
                row.status = "available";
            }
            (Deed::Attach(server), status) => {
                let again = row.servers == [server];
                let taken = !row.servers.is_empty() && !again;
                let fits = ["available", "attaching"].contains(&status);
                if row.read_only || taken || !(fits || (again && status == "in-use")) {
                    return Err(wrong());
                }
                row.servers = vec![server];
                row.status = "in-use";
            }
            _ => return Err(wrong()),
        }
        Ok(202)
    }

    fn retype(&mut self, disk: usize, kind: &'static str) -> Outcome {
        let Disk { owner, size, kind: old, status, .. } = self.disks[disk];
        if !["available", "in-use"].contains(&status) || kind == old {
            return Err(wrong());
        }
        for (key, more) in [("gigabytes", size), ("volumes", 1)] {
            let key = format!("{key}_{kind}");
            let limit = self.limits(owner).of(&key);
            if limit.is_some_and(|limit| self.usage(owner, &key) + more > limit) {
                return Err(Expected { status: 413, says: Says::Anything });
            }
        }
        let course = Course { kind: Some(kind), ..self.course(status, status) };
        self.begin(disk, "retyping", course);
        Ok(202)
    }

    fn upload(&mut self, disk: usize, from: &[&str]) -> Outcome {
        let status = self.disks[disk].status;
        if !from.contains(&status) {
            return Err(wrong());
        }
        let course = self.course(status, status);
        self.begin(disk, "uploading", course);
        Ok(202)
    }
}
