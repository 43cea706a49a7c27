//! What the reference says of handing disks over, of policies, and of how disks go
//! (`transfers.md`, `backups-and-policies.md` §3).

use super::command::{By, Key};
use super::rules::{
    DELETABLE, Expected, GUESSES, NOT_DELETABLE, Outcome, Says, UNBINDABLE, begins, refused, wrong,
};
use super::world::{Transfer, World};

impl World {
    pub(super) fn offer(&mut self, disk: usize, seconds: i64) -> Outcome {
        if self.disks[disk].status != "available" {
            return Err(begins("Invalid volume: status must be available"));
        }
        self.may_be_handed_over(disk)?;
        self.disks[disk].status = "awaiting-transfer";
        self.transfers.push(Transfer {
            id: String::new(),
            key: String::new(),
            disk,
            expires: (seconds > 0).then_some(self.now + seconds * 1000),
            over: false,
            wrong: Vec::new(),
        });
        Ok(202)
    }

    /// `transfers.md` §3.2, rows 6 to 9.
    fn may_be_handed_over(&self, disk: usize) -> Result<(), Expected> {
        if !self.snapshots_of(disk).is_empty() {
            return Err(begins("Invalid volume: disk has snapshots"));
        }
        if !self.backups_of(disk).is_empty() {
            return Err(begins("Invalid volume: disk has backups"));
        }
        if self.disks[disk].policy.is_some() {
            return Err(begins("Invalid volume: disk is associated with a backup policy"));
        }
        if self.disks[disk].bootable {
            return Err(begins("Invalid volume: system disks cannot be transferred"));
        }
        Ok(())
    }

    /// The open transfer, or that there is none.
    fn open(&self, transfer: usize) -> Result<usize, Expected> {
        let Transfer { id, disk, .. } = &self.transfers[transfer];
        let absent = || refused(404, format!("Transfer {id} could not be found."));
        self.is_open(transfer).then_some(*disk).ok_or_else(absent)
    }

    pub(super) fn accept(&mut self, transfer: usize, by: By, key: Key) -> Outcome {
        let disk = self.open(transfer)?;
        let (most, window) = GUESSES;
        let now = self.now;
        let row = &mut self.transfers[transfer];
        row.wrong.retain(|at| now - at < window);
        if row.wrong.len() >= most {
            return Err(Expected { status: 429, says: Says::Anything });
        }
        if key == Key::Wrong {
            row.wrong.push(now);
            let id = &row.id;
            let message =
                format!("Invalid auth key: Attempt to transfer {id} with invalid auth key.");
            return Err(refused(400, message));
        }
        self.may_be_handed_over(disk)?;
        let (owner, size, kind) = {
            let row = &self.disks[disk];
            (row.owner, row.size, row.kind)
        };
        let who = by.of(owner);
        // An own disk is counted already.
        if who == owner {
            self.fits_alone(who, size)?;
        } else {
            self.room_for_disk(who, size, kind, "")?;
        }
        self.end_offer(disk);
        self.disks[disk].owner = who;
        self.disks[disk].status = "available";
        Ok(202)
    }

    pub(super) fn withdraw(&mut self, transfer: usize, by: By) -> Outcome {
        let disk = self.open(transfer)?;
        if by == By::Other {
            let id = &self.transfers[transfer].id;
            return Err(refused(404, format!("Transfer {id} could not be found.")));
        }
        self.end_offer(disk);
        self.disks[disk].status = "available";
        Ok(202)
    }

    pub(super) fn bind(&mut self, disk: usize, by: By, policy: usize) -> Outcome {
        self.sees(disk, by).map_err(|_| wrong())?;
        if UNBINDABLE.contains(&self.disks[disk].status) {
            return Err(wrong());
        }
        self.disks[disk].policy = Some(policy);
        Ok(200)
    }

    pub(super) fn unbind(&mut self, disk: usize, by: By, policy: usize) -> Outcome {
        self.sees(disk, by).map_err(|_| wrong())?;
        if self.disks[disk].policy != Some(policy) {
            return Err(wrong());
        }
        self.disks[disk].policy = None;
        Ok(200)
    }

    pub(super) fn delete(&mut self, disk: usize, cascade: bool) -> Outcome {
        self.expire(disk);
        let row = &self.disks[disk];
        if !DELETABLE.contains(&row.status) || !row.servers.is_empty() {
            return Err(refused(400, NOT_DELETABLE));
        }
        let snapshots = self.snapshots_of(disk);
        let removable = |snapshot: &usize| {
            ["available", "error", "deleting"].contains(&self.snapshots[*snapshot].status)
        };
        if !snapshots.is_empty() && (!cascade || !snapshots.iter().all(removable)) {
            return Err(wrong());
        }
        for snapshot in snapshots {
            self.snapshots[snapshot].status = "gone";
            self.snapshots[snapshot].course = None;
        }
        let course = self.course("gone", "error_deleting");
        self.begin(disk, "deleting", course);
        Ok(202)
    }

    pub(super) fn force_delete(&mut self, disk: usize) -> Outcome {
        self.sees(disk, By::Owner)?;
        if !self.snapshots_of(disk).is_empty() {
            return Err(wrong());
        }
        self.end_offer(disk);
        let course = self.course("gone", "error_deleting");
        self.begin(disk, "deleting", course);
        Ok(202)
    }

    pub(super) fn reset(&mut self, disk: usize, status: &'static str) -> Outcome {
        // What nobody may say of a disk is refused whatever disk it is said of.
        if ["deleting", "awaiting-transfer"].contains(&status) {
            return Err(wrong());
        }
        self.sees(disk, By::Owner)?;
        let row = &mut self.disks[disk];
        if status == "in-use" && row.servers.is_empty() {
            return Err(wrong());
        }
        // Who says that it is free says that nobody has it.
        if status == "available" {
            row.servers.clear();
        }
        row.status = status;
        row.course = None;
        self.end_offer(disk);
        Ok(202)
    }
}
