//! What the model believes: things in plain rows, each with its number, gone ones included.
//!
//! Nothing of the product is in here, above all none of its tables. What takes time has one naive form:
//! a course, which stands in the thing that it happens to.

use super::command::{Ends, Time, Who};

/// How long everything takes that takes time, in milliseconds.
pub(super) const TAKES_MS: i64 = 2000;

/// What a course makes of its thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) due: i64,
    /// The status if all goes well, and if not; "gone": none.
    pub(super) done: &'static str,
    pub(super) failed: &'static str,
    pub(super) size: Option<i64>,
    pub(super) kind: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) id: String,
    pub(super) owner: Who,
    pub(super) name: Option<String>,
    pub(super) size: i64,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) bootable: bool,
    pub(super) read_only: bool,
    /// The servers that have it.
    pub(super) servers: Vec<usize>,
    pub(super) policy: Option<usize>,
    pub(super) course: Option<Course>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) id: String,
    pub(super) disk: usize,
    pub(super) owner: Who,
    pub(super) size: i64,
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) course: Option<Course>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backup {
    pub(super) id: String,
    pub(super) disk: usize,
    pub(super) owner: Who,
    pub(super) size: i64,
    pub(super) status: &'static str,
    pub(super) course: Option<Course>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transfer {
    pub(super) id: String,
    pub(super) key: String,
    pub(super) disk: usize,
    pub(super) expires: Option<i64>,
    /// Accepted, withdrawn, or whatever else ends it.
    pub(super) over: bool,
    /// When somebody came with a wrong key.
    pub(super) wrong: Vec<i64>,
}

/// The limits of one project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Limits(pub(super) Vec<(&'static str, i64)>);

impl Limits {
    /// The limit of a key; none: there is none.
    pub(super) fn of(&self, key: &str) -> Option<i64> {
        let usual = match key {
            "volumes" | "snapshots" | "backups" => 1000,
            "gigabytes" | "backup_gigabytes" => 100_000,
            _ => -1,
        };
        let set = self.0.iter().rev().find(|(name, _)| *name == key).map(|(_, limit)| *limit);
        Some(set.unwrap_or(usual)).filter(|limit| *limit >= 0)
    }
}

/// Everything that the service holds of the two projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct World {
    pub(super) time: Time,
    /// In milliseconds, from wherever the case began.
    pub(super) now: i64,
    pub(super) disks: Vec<Disk>,
    pub(super) snapshots: Vec<Snapshot>,
    pub(super) backups: Vec<Backup>,
    pub(super) transfers: Vec<Transfer>,
    pub(super) limits: [Limits; 2],
}

impl World {
    pub(super) fn new(time: Time) -> Self {
        let (disks, snapshots, backups, transfers) = Default::default();
        Self { time, now: 0, disks, snapshots, backups, transfers, limits: Default::default() }
    }

    pub(super) fn limits(&self, who: Who) -> &Limits {
        &self.limits[who as usize]
    }

    /// The transfer that offers a disk, if it is open at this moment.
    pub(super) fn is_open(&self, transfer: usize) -> bool {
        let transfer = &self.transfers[transfer];
        !transfer.over && transfer.expires.is_none_or(|end| self.now < end)
    }

    /// The transfer that the disk's status comes from, open or expired and not yet ended.
    pub(super) fn offer_of(&self, disk: usize) -> Option<usize> {
        self.transfers.iter().position(|transfer| transfer.disk == disk && !transfer.over)
    }

    pub(super) fn snapshots_of(&self, disk: usize) -> Vec<usize> {
        let of = |number: &usize| {
            let snapshot = &self.snapshots[*number];
            snapshot.disk == disk && snapshot.status != "gone"
        };
        (0..self.snapshots.len()).filter(of).collect()
    }

    pub(super) fn backups_of(&self, disk: usize) -> Vec<usize> {
        let of = |number: &usize| {
            let backup = &self.backups[*number];
            backup.disk == disk && backup.status != "gone"
        };
        (0..self.backups.len()).filter(of).collect()
    }

    /// What a project has of a key of its quota. What is under way counts as what it will be.
    pub(super) fn usage(&self, who: Who, key: &str) -> i64 {
        let (what, kind) = match key.rsplit_once('_') {
            Some((what, kind)) if ["SSD", "SAS"].contains(&kind) => (what, Some(kind)),
            _ => (key, None),
        };
        let is_of = |of: &str| kind.is_none_or(|kind| kind == of);
        let disks = self.disks.iter().filter(|disk| {
            let next = disk.course.as_ref().and_then(|course| course.kind);
            disk.owner == who && disk.status != "gone" && is_of(next.unwrap_or(disk.kind))
        });
        let size = |disk: &Disk| disk.course.as_ref().and_then(|c| c.size).unwrap_or(disk.size);
        let snapshots = self.snapshots.iter().filter(|snapshot| {
            snapshot.owner == who && snapshot.status != "gone" && is_of(snapshot.kind)
        });
        let backups = self.backups.iter().filter(|b| b.owner == who && b.status != "gone");
        let counted = |count: usize| i64::try_from(count).unwrap();
        match what {
            "volumes" => counted(disks.count()),
            "gigabytes" => disks.map(size).sum::<i64>() + snapshots.map(|s| s.size).sum::<i64>(),
            "snapshots" => counted(snapshots.count()),
            "backups" => counted(backups.count()),
            _ => backups.map(|backup| backup.size).sum(),
        }
    }

    /// The next moment at which something is due.
    pub(super) fn next_due(&self) -> Option<i64> {
        let courses = self.disks.iter().map(|disk| &disk.course);
        let courses = courses.chain(self.snapshots.iter().map(|snapshot| &snapshot.course));
        let courses = courses.chain(self.backups.iter().map(|backup| &backup.course));
        let due = courses.flatten().map(|course| course.due);
        let open = self.transfers.iter().filter(|transfer| !transfer.over);
        due.chain(open.filter_map(|transfer| transfer.expires)).filter(|at| *at > self.now).min()
    }

    /// Something begins on a disk, which is over with its offer.
    pub(super) fn begin(&mut self, disk: usize, during: &'static str, course: Course) {
        let disk = &mut self.disks[disk];
        disk.status = during;
        disk.course = Some(course);
    }

    /// A course that begins now.
    pub(super) fn course(&self, done: &'static str, failed: &'static str) -> Course {
        let due = self.now + if self.time == Time::Explicit { TAKES_MS } else { 0 };
        Course { due, done, failed, size: None, kind: None }
    }

    /// The offer of a disk is over; the disk is not touched.
    pub(super) fn end_offer(&mut self, disk: usize) {
        for transfer in self.transfers.iter_mut().filter(|transfer| transfer.disk == disk) {
            transfer.over = true;
        }
    }

    /// An offer whose time is over ends by the way, and its disk is available.
    pub(super) fn expire(&mut self, disk: usize) {
        if self.offer_of(disk).is_some_and(|transfer| !self.is_open(transfer)) {
            self.end_offer(disk);
            self.disks[disk].status = "available";
        }
    }

    /// Ends what is under way on one disk, whenever it is due, or only what is due.
    pub(super) fn end_on(&mut self, disk: usize, ends: Ends, whenever: bool) {
        let now = self.now;
        let is_due = |course: &&Course| whenever || course.due <= now;
        let how = |course: &Course| if ends == Ends::Done { course.done } else { course.failed };
        for snapshot in self.snapshots.iter_mut().filter(|snapshot| snapshot.disk == disk) {
            if let Some(course) = snapshot.course.as_ref().filter(is_due) {
                snapshot.status = how(course);
                snapshot.course = None;
            }
        }
        for backup in self.backups.iter_mut().filter(|backup| backup.disk == disk) {
            if let Some(course) = backup.course.as_ref().filter(is_due) {
                backup.status = how(course);
                backup.course = None;
            }
        }
        self.expire(disk);
        let row = &mut self.disks[disk];
        let Some(course) = row.course.clone().filter(|course| is_due(&course)) else { return };
        row.course = None;
        row.status = how(&course);
        if ends == Ends::Done {
            row.size = course.size.unwrap_or(row.size);
            row.kind = course.kind.unwrap_or(row.kind);
        }
        if row.status == "gone" {
            row.policy = None;
            row.servers.clear();
            self.end_offer(disk);
        }
    }

    /// Ends whatever is due.
    pub(super) fn end_due(&mut self) {
        for disk in 0..self.disks.len() {
            self.end_on(disk, Ends::Done, false);
        }
    }
}
