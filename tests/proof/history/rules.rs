//! What may be answered when things are so: rules of the test's own, which share nothing with the product's.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::record::{State, Told};
use crate::ask::Ask;

/// A disk and what hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) state: State,
    /// The size that it will have.
    pub(super) growing: Option<i64>,
    /// Its pending transfer.
    pub(super) transfer: Option<String>,
    pub(super) snapshots: BTreeMap<String, State>,
    pub(super) policy: Option<String>,
}

/// What is known of transfers and snapshots whenever: the disk of each, and the key that was told.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) keys: BTreeMap<String, String>,
    pub(super) transfers: BTreeMap<String, String>,
    pub(super) snapshots: BTreeMap<String, String>,
}

/// What comes of a call in a certain state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is refused, with a status and the code of a single failure in it, because of something.
    Refused(u16, &'static str, &'static str),
    /// A disk is shown.
    Shown(State),
    /// A transfer of this disk is shown.
    Pending(String),
    /// It is as asked already.
    Already,
    /// It is done.
    Done,
}

const ABSENT: Verdict = Verdict::Refused(404, "", "the project has no such disk");
const NO_TRANSFER: Verdict =
    Verdict::Refused(404, "", "the transfer is not pending for the project");
const NO_SNAPSHOT: Verdict = Verdict::Refused(404, "", "the project has no such snapshot");
const NOT_BINDABLE: &str = "AutoBackup.1400";

fn refused(why: &'static str) -> Verdict {
    Verdict::Refused(400, "", why)
}

impl Known {
    /// The disk that a call is about; none for a list and for what never was.
    pub(super) fn subject<'a>(&'a self, ask: &'a Ask) -> Option<&'a str> {
        match ask {
            Ask::ShowDisk { disk }
            | Ask::Rename { disk, .. }
            | Ask::Extend { disk, .. }
            | Ask::DeleteDisk { disk, .. }
            | Ask::Offer { disk }
            | Ask::Snapshot { disk, .. }
            | Ask::Backup { disk, .. }
            | Ask::Bind { disk, .. }
            | Ask::Unbind { disk, .. } => Some(disk),
            Ask::ShowTransfer { transfer }
            | Ask::Accept { transfer, .. }
            | Ask::Withdraw { transfer } => self.transfers.get(transfer).map(String::as_str),
            Ask::DeleteSnapshot { snapshot } => self.snapshots.get(snapshot).map(String::as_str),
            Ask::CreateDisk { .. } | Ask::ListDisks | Ask::DeleteBackup { .. } => None,
        }
    }

    /// What comes of a call of `project` when its disk is so.
    pub(super) fn verdict(&self, ask: &Ask, project: &str, disk: Option<&Disk>) -> Verdict {
        let own = disk.filter(|disk| disk.state.project == project);
        match ask {
            Ask::CreateDisk { .. } => Verdict::Done,
            Ask::ShowDisk { .. } => own.map_or(ABSENT, |disk| Verdict::Shown(disk.state.clone())),
            Ask::Rename { .. } => own.map_or(ABSENT, |_| Verdict::Done),
            Ask::Extend { size, .. } => own.map_or(ABSENT, |disk| match disk {
                disk if !disk.is("available") => refused("the disk is not available"),
                disk if *size <= disk.state.size => refused("the disk is as large"),
                _ => Verdict::Done,
            }),
            Ask::DeleteDisk { cascade, .. } => own.map_or(ABSENT, |disk| {
                let stuck = |snapshot: &State| !cascade || snapshot.status != "available";
                match disk {
                    disk if !disk.is("available") => refused("the disk is not available"),
                    disk if disk.snapshots.values().any(stuck) => refused("there are snapshots"),
                    _ => Verdict::Done,
                }
            }),
            Ask::Offer { .. } => own.map_or(ABSENT, |disk| match disk {
                disk if !disk.is("available") => refused("the disk is not available"),
                disk if !disk.snapshots.is_empty() => refused("there are snapshots"),
                disk if disk.policy.is_some() => refused("it is under a policy"),
                _ => Verdict::Done,
            }),
            Ask::ShowTransfer { transfer } => own.map_or(NO_TRANSFER, |disk| match disk {
                disk if disk.transfer.as_ref() != Some(transfer) => NO_TRANSFER,
                _ => Verdict::Pending(self.transfers[transfer].clone()),
            }),
            Ask::Accept { transfer, key } => match disk {
                Some(disk) if disk.transfer.as_ref() == Some(transfer) => {
                    if self.keys.get(transfer) == Some(key) {
                        Verdict::Done
                    } else {
                        refused("the key is not the transfer's own")
                    }
                }
                Some(_) | None => NO_TRANSFER,
            },
            Ask::Withdraw { transfer } => own.map_or(NO_TRANSFER, |disk| match disk {
                disk if disk.transfer.as_ref() != Some(transfer) => NO_TRANSFER,
                _ => Verdict::Done,
            }),
            Ask::Snapshot { .. } => own.map_or(ABSENT, |disk| match disk {
                disk if !disk.is("available") => refused("the disk is not available"),
                _ => Verdict::Done,
            }),
            Ask::DeleteSnapshot { snapshot } => {
                match own.and_then(|disk| disk.snapshots.get(snapshot)) {
                    None => NO_SNAPSHOT,
                    Some(state) if state.status != "available" => refused("it is not available"),
                    Some(_) => Verdict::Done,
                }
            }
            Ask::Bind { policy, .. } => match own {
                None => Verdict::Refused(200, NOT_BINDABLE, "the project has no such disk"),
                Some(disk) if disk.is("awaiting-transfer") || disk.is("deleting") => {
                    Verdict::Refused(200, "AutoBackup.0206", "its status forbids it")
                }
                Some(disk) if disk.policy.as_ref() == Some(policy) => Verdict::Already,
                Some(_) => Verdict::Done,
            },
            Ask::Unbind { policy, .. } => match own {
                Some(disk) if disk.policy.as_ref() == Some(policy) => Verdict::Done,
                Some(_) | None => Verdict::Refused(200, NOT_BINDABLE, "it is not bound"),
            },
            Ask::ListDisks | Ask::Backup { .. } | Ask::DeleteBackup { .. } => {
                panic!("no call about one disk: {ask:?}")
            }
        }
    }
}

impl Disk {
    pub(super) fn is(&self, status: &str) -> bool {
        self.state.status == status
    }
}

impl Verdict {
    /// Whether an answer says this, of a call that changed nothing.
    pub(super) fn is_told(&self, told: &Told, project: &str) -> bool {
        let Told { status, body, .. } = told;
        let failure = || body["fail_resources"][0]["code"].as_str().unwrap_or_default();
        match self {
            Self::Refused(200, code, _) => *status == 200 && failure() == *code,
            Self::Refused(refused, ..) => status == refused,
            Self::Shown(state) => *status == 200 && shown(&body["volume"], project) == *state,
            Self::Pending(disk) => *status == 200 && body["transfer"]["volume_id"] == **disk,
            Self::Already => *status == 200 && failure().is_empty(),
            Self::Done => false,
        }
    }

    pub(super) fn tell(&self) -> String {
        match self {
            Self::Refused(_, _, why) => (*why).to_owned(),
            Self::Shown(state) => format!("the disk is {state:?}"),
            Self::Pending(disk) => format!("the transfer of disk {disk} is pending"),
            Self::Already => "it is so already".to_owned(),
            Self::Done => "nothing forbids it".to_owned(),
        }
    }
}

/// A disk as an answer shows it to a project.
pub(super) fn shown(disk: &Value, project: &str) -> State {
    let word = |member: &str| disk[member].as_str().unwrap_or_default().to_owned();
    let size = disk["size"].as_i64().unwrap_or_default();
    State { project: project.to_owned(), name: word("name"), status: word("status"), size }
}

/// Whether an answer says what a call has done: `made` is the id of what its event is about.
pub(super) fn confirms(ask: &Ask, told: &Told, made: &str, disk: Option<&Disk>) -> bool {
    let Told { status, body, .. } = told;
    let is = |of: &str, id: &str| body[of]["id"] == id;
    let volume = |disk: &Disk| shown(&body["volume"], &disk.state.project) == disk.state;
    match ask {
        Ask::CreateDisk { .. } => *status == 202 && is("volume", made) && disk.is_some_and(volume),
        Ask::Rename { disk: id, .. } => {
            *status == 200 && is("volume", id) && disk.is_some_and(volume)
        }
        Ask::Snapshot { .. } => *status == 202 && is("snapshot", made),
        Ask::Offer { disk } => {
            *status == 202 && is("transfer", made) && body["transfer"]["volume_id"] == **disk
        }
        Ask::Accept { transfer, .. } => *status == 202 && is("transfer", transfer),
        Ask::Bind { .. } | Ask::Unbind { .. } => {
            *status == 200 && body["fail_resources"] == json!([])
        }
        Ask::ShowDisk { .. }
        | Ask::ListDisks
        | Ask::Extend { .. }
        | Ask::DeleteDisk { .. }
        | Ask::ShowTransfer { .. }
        | Ask::Withdraw { .. }
        | Ask::DeleteSnapshot { .. }
        | Ask::Backup { .. }
        | Ask::DeleteBackup { .. } => *status == 202,
    }
}
