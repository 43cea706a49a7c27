//! What a sequence is made of. Printed with `{:?}` a command is what it is written as in Rust, so that
//! a sequence that failed is pasted into a test as it was printed.

use proptest::prelude::*;
use proptest::sample::select;

/// One of the two projects that hand disks to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Demo,
    Partner,
}

/// Who asks, seen from whom the thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Owner,
    Other,
}

/// How something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ends {
    Done,
    Failed,
}

/// The key that comes with an accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Right,
    Wrong,
}

/// What a project does to a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    Rename,
    /// By so many GiB.
    Extend(i64),
    /// The same from 3.42 on.
    ExtendInUse(i64),
    SetBootable(bool),
    SetReadOnly(bool),
    Reserve,
    Unreserve,
    /// To one of two servers.
    Attach(usize),
    BeginDetaching,
    RollDetaching,
    Detach,
    Snapshot,
    SnapshotByForce,
    Backup,
    BackupByForce,
    Retype(&'static str),
    Upload,
    UploadByForce,
    /// To one of the caller's two policies.
    Bind(usize),
    Unbind(usize),
    /// For so many seconds; 0: for ever.
    Offer(i64),
    Delete,
    DeleteCascade,
}

/// One step of a sequence. Things are named by their number, counted as they were made and gone ones
/// included, modulo how many there are; a step on something of which there is none is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Command {
    Create {
        who: Who,
        size: i64,
    },
    Disk {
        disk: usize,
        by: By,
        deed: Deed,
    },
    ForceDelete {
        disk: usize,
    },
    ResetDisk {
        disk: usize,
        status: &'static str,
    },
    Accept {
        transfer: usize,
        by: By,
        key: Key,
    },
    Withdraw {
        transfer: usize,
        by: By,
    },
    DeleteSnapshot {
        snapshot: usize,
        by: By,
    },
    ResetSnapshot {
        snapshot: usize,
        status: &'static str,
    },
    RollBack {
        snapshot: usize,
        by: By,
    },
    Revert {
        snapshot: usize,
        by: By,
    },
    DeleteBackup {
        backup: usize,
        by: By,
    },
    ResetBackup {
        backup: usize,
        status: &'static str,
    },
    Restore {
        backup: usize,
        disk: usize,
        by: By,
    },
    Limit {
        who: Who,
        quota: &'static str,
        limit: i64,
    },
    /// What is under way on a disk ends at once.
    End {
        disk: usize,
        ends: Ends,
    },
    /// What is due ends.
    Step,
    Advance {
        seconds: i64,
    },
    /// To the next moment at which something is due, or a millisecond before it.
    AdvanceToNext {
        short: bool,
    },
    Restart,
    Save {
        slot: usize,
    },
    Load {
        slot: usize,
    },
}

/// How the service of a case takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// What takes time takes two seconds, and ends when somebody says so.
    Explicit,
    /// Nothing takes time.
    Instant,
}

/// Every status of a disk (`statuses.md` §1), in the order of the printed matrix.
pub(super) const STATUSES: [&str; 24] = [
    "creating",
    "downloading",
    "available",
    "attaching",
    "in-use",
    "detaching",
    "extending",
    "backing-up",
    "restoring-backup",
    "uploading",
    "rollbacking",
    "reverting",
    "retyping",
    "awaiting-transfer",
    "deleting",
    "error",
    "error_extending",
    "error_restoring",
    "error_rollbacking",
    "error_deleting",
    "maintenance",
    "reserved",
    "error_managing",
    "error_backing-up",
];

fn by() -> impl Strategy<Value = By> {
    prop_oneof![9 => Just(By::Owner), 1 => Just(By::Other)]
}

fn who() -> impl Strategy<Value = Who> {
    select(vec![Who::Demo, Who::Partner])
}

fn deed() -> impl Strategy<Value = Deed> {
    let grows = || select(vec![10, 20, 0, -5]);
    prop_oneof![
        1 => Just(Deed::Rename),
        2 => grows().prop_map(Deed::Extend),
        2 => grows().prop_map(Deed::ExtendInUse),
        1 => any::<bool>().prop_map(Deed::SetBootable),
        1 => any::<bool>().prop_map(Deed::SetReadOnly),
        2 => Just(Deed::Reserve),
        1 => Just(Deed::Unreserve),
        3 => (0_usize..2).prop_map(Deed::Attach),
        2 => Just(Deed::BeginDetaching),
        1 => Just(Deed::RollDetaching),
        2 => Just(Deed::Detach),
        2 => Just(Deed::Snapshot),
        2 => Just(Deed::SnapshotByForce),
        2 => Just(Deed::Backup),
        1 => Just(Deed::BackupByForce),
        2 => select(vec!["SSD", "SAS"]).prop_map(Deed::Retype),
        1 => Just(Deed::Upload),
        1 => Just(Deed::UploadByForce),
        2 => (0_usize..2).prop_map(Deed::Bind),
        2 => (0_usize..2).prop_map(Deed::Unbind),
        7 => select(vec![0, 0, 0, 4, 60]).prop_map(Deed::Offer),
        2 => Just(Deed::Delete),
        1 => Just(Deed::DeleteCascade),
    ]
}

fn quota() -> impl Strategy<Value = Command> {
    let keys = ["volumes", "gigabytes", "per_volume_gigabytes"];
    let rare = ["snapshots", "backups", "backup_gigabytes", "gigabytes_SSD", "volumes_SAS"];
    let key = prop_oneof![3 => select(keys.to_vec()), 2 => select(rare.to_vec())];
    (who(), key, select(vec![-1, -1, -1, 0, 1, 2, 20, 30, 60])).prop_map(|(who, quota, limit)| {
        // So small a number of GiB is the same as none.
        let limit =
            if quota.contains("gigabytes") && (1..10).contains(&limit) { 10 } else { limit };
        Command::Limit { who, quota, limit }
    })
}

fn on_children() -> impl Strategy<Value = Command> {
    let snapshot_statuses = ["available", "error", "creating", "deleting", "error_deleting"];
    let thing = || 0_usize..6;
    prop_oneof![
        3 => (thing(), by()).prop_map(|(snapshot, by)| Command::DeleteSnapshot { snapshot, by }),
        1 => (thing(), select(snapshot_statuses.to_vec()))
            .prop_map(|(snapshot, status)| Command::ResetSnapshot { snapshot, status }),
        2 => (thing(), by()).prop_map(|(snapshot, by)| Command::RollBack { snapshot, by }),
        2 => (thing(), by()).prop_map(|(snapshot, by)| Command::Revert { snapshot, by }),
        3 => (thing(), by()).prop_map(|(backup, by)| Command::DeleteBackup { backup, by }),
        1 => (thing(), select(vec!["available", "error"]))
            .prop_map(|(backup, status)| Command::ResetBackup { backup, status }),
        3 => (thing(), thing(), by())
            .prop_map(|(backup, disk, by)| Command::Restore { backup, disk, by }),
    ]
}

fn on_time() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => Just(Command::Step),
        3 => select(vec![1, 2, 4, 60]).prop_map(|seconds| Command::Advance { seconds }),
        3 => any::<bool>().prop_map(|short| Command::AdvanceToNext { short }),
        1 => Just(Command::Restart),
        1 => (0_usize..2).prop_map(|slot| Command::Save { slot }),
        1 => (0_usize..2).prop_map(|slot| Command::Load { slot }),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let disk = || 0_usize..5;
    let accept = (0_usize..6, prop_oneof![1 => Just(By::Owner), 5 => Just(By::Other)], {
        prop_oneof![4 => Just(Key::Right), 1 => Just(Key::Wrong)]
    });
    prop_oneof![
        4 => (who(), select(vec![10, 10, 20, 40]))
            .prop_map(|(who, size)| Command::Create { who, size }),
        34 => (disk(), by(), deed())
            .prop_map(|(disk, by, deed)| Command::Disk { disk, by, deed }),
        1 => disk().prop_map(|disk| Command::ForceDelete { disk }),
        6 => (disk(), select(STATUSES.to_vec()))
            .prop_map(|(disk, status)| Command::ResetDisk { disk, status }),
        3 => disk().prop_map(|disk| Command::ResetDisk { disk, status: "available" }),
        7 => accept.prop_map(|(transfer, by, key)| Command::Accept { transfer, by, key }),
        2 => (0_usize..6, by()).prop_map(|(transfer, by)| Command::Withdraw { transfer, by }),
        10 => on_children(),
        2 => quota(),
        5 => (disk(), select(vec![Ends::Done, Ends::Done, Ends::Done, Ends::Failed]))
            .prop_map(|(disk, ends)| Command::End { disk, ends }),
        11 => on_time(),
    ]
}

/// A sequence and how its service takes time. It begins with two disks, without which most of what
/// follows means nothing.
pub(super) fn case(longest: usize) -> impl Strategy<Value = (Time, Vec<Command>)> {
    let first = [
        Command::Create { who: Who::Demo, size: 10 },
        Command::Create { who: Who::Partner, size: 20 },
        Command::Step,
    ];
    let time = prop_oneof![3 => Just(Time::Explicit), 2 => Just(Time::Instant)];
    let commands = proptest::collection::vec(command(), 1..longest);
    (time, commands)
        .prop_map(move |(time, commands)| (time, first.iter().copied().chain(commands).collect()))
}
