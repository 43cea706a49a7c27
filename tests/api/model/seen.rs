//! What is compared: what the two projects see of everything, as the service answers and as the model
//! believes, in one form.

use serde_json::{Value, json};

use super::command::{Command, Deed, Who};
use super::world::World;

/// Every list.
pub(super) const LISTS: [&str; 4] = ["volumes", "snapshots", "backups", "os-volume-transfer"];

/// The member that a list answers.
pub(super) fn member(list: &str) -> &str {
    if list == "os-volume-transfer" { "transfers" } else { list }
}

/// What is looked at after a command. All of it would be the same, and cost three times as much: what a
/// command has no business with is looked at when the sequence is over.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) whose: Vec<Who>,
    pub(super) lists: Vec<&'static str>,
    pub(super) counts: bool,
}

impl Sight {
    /// Everything.
    pub(super) fn of_all() -> Self {
        Self { whose: vec![Who::Demo, Who::Partner], lists: LISTS.to_vec(), counts: true }
    }

    /// What a command may have changed in this world.
    pub(super) fn of(command: Command, world: &World) -> Self {
        let owner = |disk: usize| vec![world.disks[disk].owner];
        let both = || vec![Who::Demo, Who::Partner];
        let of_snapshots = vec!["volumes", "snapshots"];
        let (whose, lists) = match command {
            Command::Create { who, .. } => (vec![who], vec!["volumes"]),
            Command::Disk { disk, deed, .. } => (owner(disk), of_deed(deed)),
            Command::ForceDelete { disk } | Command::ResetDisk { disk, .. } => {
                (owner(disk), vec!["volumes", "os-volume-transfer"])
            }
            Command::DeleteSnapshot { snapshot, .. }
            | Command::ResetSnapshot { snapshot, .. }
            | Command::RollBack { snapshot, .. }
            | Command::Revert { snapshot, .. } => {
                (owner(world.snapshots[snapshot].disk), of_snapshots)
            }
            Command::DeleteBackup { backup, .. }
            | Command::ResetBackup { backup, .. }
            | Command::Restore { backup, .. } => {
                (vec![world.backups[backup].owner], vec!["volumes", "backups"])
            }
            Command::End { disk, .. } => (owner(disk), LISTS.to_vec()),
            Command::Limit { .. } => (Vec::new(), Vec::new()),
            Command::Accept { .. }
            | Command::Withdraw { .. }
            | Command::Advance { .. }
            | Command::AdvanceToNext { .. } => (both(), vec!["volumes", "os-volume-transfer"]),
            Command::Step | Command::Restart | Command::Save { .. } | Command::Load { .. } => {
                (both(), LISTS.to_vec())
            }
        };
        let counts = matches!(command, Command::Limit { .. } | Command::Load { .. });
        Self { whose, lists, counts }
    }
}

fn of_deed(deed: Deed) -> Vec<&'static str> {
    match deed {
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
        | Deed::Retype(_)
        | Deed::Upload
        | Deed::UploadByForce
        | Deed::Bind(_)
        | Deed::Unbind(_) => vec!["volumes"],
        Deed::Snapshot | Deed::SnapshotByForce | Deed::DeleteCascade => {
            vec!["volumes", "snapshots"]
        }
        Deed::Backup | Deed::BackupByForce => vec!["volumes", "backups"],
        Deed::Offer(_) | Deed::Delete => vec!["volumes", "os-volume-transfer"],
    }
}

/// The keys of quotas that the sequences touch.
pub(super) const QUOTAS: &[&str] = &[
    "volumes",
    "gigabytes",
    "snapshots",
    "backups",
    "backup_gigabytes",
    "volumes_SSD",
    "volumes_SAS",
    "gigabytes_SSD",
    "gigabytes_SAS",
];

/// What is compared of an element of a list.
pub(super) fn row(list: &str, row: &Value) -> Value {
    let members: &[&str] = match list {
        "volumes" => &["id", "name", "status", "size", "volume_type", "bootable"],
        "os-volume-transfer" => &["id", "volume_id"],
        _ => &["id", "volume_id", "status", "size"],
    };
    let mut kept: Vec<Value> = members.iter().map(|member| row[*member].clone()).collect();
    if list == "volumes" {
        kept.push((row["metadata"]["readonly"] == "True").into());
        kept.push(row["attachments"].as_array().unwrap().len().into());
    }
    kept.into()
}

impl World {
    /// What everybody is to see.
    pub(super) fn seen(&self) -> Value {
        let mut seen = json!({});
        for who in [Who::Demo, Who::Partner] {
            seen[format!("{who:?}")] = self.seen_by(who);
        }
        seen
    }

    fn seen_by(&self, who: Who) -> Value {
        let mut of = json!({});
        // The newest first, but for transfers (§5.2).
        let disks = self.disks.iter().rev().filter(|d| d.owner == who && d.status != "gone");
        let disks = disks.map(|disk| {
            let bootable = disk.bootable.to_string();
            let (read_only, servers) = (disk.read_only, disk.servers.len());
            json!([
                disk.id,
                disk.name,
                disk.status,
                disk.size,
                disk.kind,
                bootable,
                read_only,
                servers
            ])
        });
        of["volumes"] = disks.collect();
        let snapshots = self.snapshots.iter().rev();
        let snapshots = snapshots.filter(|row| row.owner == who && row.status != "gone");
        let id = |disk: usize| &self.disks[disk].id;
        of["snapshots"] =
            snapshots.map(|row| json!([row.id, id(row.disk), row.status, row.size])).collect();
        let backups = self.backups.iter().rev();
        let backups = backups.filter(|row| row.owner == who && row.status != "gone");
        of["backups"] =
            backups.map(|row| json!([row.id, id(row.disk), row.status, row.size])).collect();
        let open = (0..self.transfers.len()).filter(|transfer| {
            self.is_open(*transfer) && self.disks[self.transfers[*transfer].disk].owner == who
        });
        let open = open.map(|transfer| &self.transfers[transfer]);
        of["os-volume-transfer"] = open.map(|row| json!([row.id, id(row.disk)])).collect();
        for key in QUOTAS {
            let limit = self.limits(who).of(key).unwrap_or(-1);
            of[format!("quota {key}")] = json!([self.usage(who, key), limit]);
        }
        for policy in 0..2 {
            let bound = self.disks.iter().filter(|disk| {
                disk.owner == who && disk.status != "gone" && disk.policy == Some(policy)
            });
            of[format!("policy {policy}")] = bound.count().into();
        }
        of
    }
}
