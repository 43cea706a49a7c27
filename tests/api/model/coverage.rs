//! How often each operation met each status of a disk, and how it was answered.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::command::{Command, Deed, STATUSES};
use super::world::World;

/// Operation and status: how often it was accepted, how often refused.
#[derive(Debug, Default)]
pub(super) struct Coverage(BTreeMap<(String, &'static str), (usize, usize)>);

/// Every operation that meets a disk, in the order of the printed matrix.
const OPERATIONS: [&str; 33] = [
    "Rename",
    "Extend",
    "ExtendInUse",
    "SetBootable",
    "SetReadOnly",
    "Reserve",
    "Unreserve",
    "Attach",
    "BeginDetaching",
    "RollDetaching",
    "Detach",
    "Snapshot",
    "SnapshotByForce",
    "Backup",
    "BackupByForce",
    "Retype",
    "Upload",
    "UploadByForce",
    "Bind",
    "Unbind",
    "Offer",
    "Delete",
    "DeleteCascade",
    "ForceDelete",
    "ResetDisk",
    "Accept",
    "Withdraw",
    "DeleteSnapshot",
    "RollBack",
    "Revert",
    "DeleteBackup",
    "Restore",
    "End",
];

/// Cells that no sequence can reach, with the reason.
const UNREACHABLE: &[(&str, &str, &str)] = &[
    ("DeleteSnapshot", "awaiting-transfer", "a disk with snapshots is not offered"),
    ("RollBack", "awaiting-transfer", "a disk with snapshots is not offered"),
    ("Revert", "awaiting-transfer", "a disk with snapshots is not offered"),
    ("DeleteBackup", "awaiting-transfer", "a disk with backups is not offered"),
    ("DeleteSnapshot", "deleting", "a disk is removed without its snapshots, or they go at once"),
    ("RollBack", "deleting", "a disk is removed without its snapshots, or they go at once"),
    ("Revert", "deleting", "a disk is removed without its snapshots, or they go at once"),
];

/// What an operation is called: the first word of how it is written.
fn name(told: &str) -> String {
    told.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The operation and the disk that it meets; none: it meets no disk.
fn met(world: &World, command: Command) -> Option<(String, usize)> {
    let disk = match command {
        Command::Disk { disk, deed, .. } => return Some((name(&format!("{deed:?}")), disk)),
        Command::ForceDelete { disk }
        | Command::ResetDisk { disk, .. }
        | Command::Restore { disk, .. }
        | Command::End { disk, .. } => disk,
        Command::Accept { transfer, .. } | Command::Withdraw { transfer, .. } => {
            world.transfers[transfer].disk
        }
        Command::DeleteSnapshot { snapshot, .. }
        | Command::RollBack { snapshot, .. }
        | Command::Revert { snapshot, .. } => {
            Some(&world.snapshots[snapshot]).filter(|row| row.status != "gone")?.disk
        }
        Command::DeleteBackup { backup, .. } => {
            Some(&world.backups[backup]).filter(|row| row.status != "gone")?.disk
        }
        Command::Create { .. }
        | Command::ResetSnapshot { .. }
        | Command::ResetBackup { .. }
        | Command::Limit { .. }
        | Command::Step
        | Command::Advance { .. }
        | Command::AdvanceToNext { .. }
        | Command::Restart
        | Command::Save { .. }
        | Command::Load { .. } => return None,
    };
    Some((name(&format!("{command:?}")), disk))
}

impl Coverage {
    /// A command has met the world as it was before and was answered.
    pub(super) fn count(&mut self, world: &World, command: Command, accepted: bool) {
        let Some((operation, disk)) = met(world, command) else { return };
        if let Some(status) = STATUSES.iter().find(|word| **word == world.disks[disk].status) {
            let (good, bad) = self.0.entry((operation, status)).or_default();
            *if accepted { good } else { bad } += 1;
        }
    }

    fn cell(&self, operation: &str, status: &'static str) -> (usize, usize) {
        self.0.get(&(operation.to_owned(), status)).copied().unwrap_or_default()
    }

    /// How many cells were reached, and those that were not though they can be.
    pub(super) fn reached(&self) -> (usize, Vec<String>) {
        let cells = OPERATIONS.iter().flat_map(|operation| STATUSES.map(|s| (*operation, s)));
        let (reached, missed): (Vec<_>, Vec<_>) =
            cells.partition(|(operation, status)| self.cell(operation, status) != (0, 0));
        let impossible = |cell: &(&str, &str)| {
            UNREACHABLE.iter().any(|(operation, status, _)| (*operation, *status) == *cell)
        };
        for cell in &reached {
            assert!(!impossible(cell), "{cell:?} was reached, though it is said that it cannot be");
        }
        let missed = missed.into_iter().filter(|cell| !impossible(cell));
        (
            reached.len(),
            missed.map(|(operation, status)| format!("{operation} × {status}")).collect(),
        )
    }

    /// The matrix: accepted/refused, operations down, statuses across by number.
    pub(super) fn told(&self) -> String {
        let mut told = String::from("accepted/refused by the status of the disk:\n");
        for (number, status) in STATUSES.iter().enumerate() {
            let end = if number % 6 == 5 { '\n' } else { ' ' };
            write!(told, "{:<22}{end}", format!("{} {status}", number + 1)).unwrap();
        }
        write!(told, "{:<16}", "").unwrap();
        for number in 1..=STATUSES.len() {
            write!(told, "{number:>9}").unwrap();
        }
        for operation in OPERATIONS {
            write!(told, "\n{operation:<16}").unwrap();
            for status in STATUSES {
                let (good, bad) = self.cell(operation, status);
                let unreachable =
                    UNREACHABLE.iter().any(|cell| (cell.0, cell.1) == (operation, status));
                let cell = if unreachable { "-".to_owned() } else { format!("{good}/{bad}") };
                write!(told, "{cell:>9}").unwrap();
            }
        }
        for (operation, status, reason) in UNREACHABLE {
            write!(told, "\n-: {operation} × {status}: {reason}").unwrap();
        }
        told
    }
}

/// The list of operations is that of the deeds and commands.
#[test]
fn the_matrix_has_a_row_for_each_operation_that_meets_a_disk() {
    for deed in [Deed::Rename, Deed::Offer(0), Deed::Bind(1), Deed::DeleteCascade] {
        assert!(OPERATIONS.contains(&name(&format!("{deed:?}")).as_str()));
    }
}
