//! The pending transfers of a scenario, and the rules that they and their disks keep.

use chrono::TimeDelta;

use super::secrets::Which;
use super::{Known, Part, Seeder, no_hash};
use crate::domain::clock::Time;
use crate::domain::disk::DiskStatus;
use crate::domain::ids::TransferId;
use crate::domain::scenario::{Ends, Hidden, TransferEntry};
use crate::domain::transfer::{
    AuthKey, Expiry, ExpirySource, Obstacles, Transfer, TransferFacts, may_be_accepted,
    may_be_created,
};
use crate::service::Result;
use crate::store::WriteTx;

use super::SeededTransfer;

impl Seeder<'_> {
    pub(super) async fn decide_transfers(&mut self, unit: &mut dyn WriteTx) -> Result<()> {
        for (number, entry) in self.scenario.transfers.iter().enumerate() {
            let Some(index) = self.refer(unit, &entry.disk, entry.project.as_ref()).await? else {
                continue;
            };
            let Some(known) = self.known.get(index) else { continue };
            if known.offer.is_some() {
                self.complaints.add(entry.disk.place, "a disk has one pending transfer at most");
                continue;
            }
            let status = known.entry.and_then(|number| self.scenario.disks.get(number));
            let status = status.and_then(|entry| entry.status.as_ref());
            let leaves = |said: DiskStatus| {
                said == DiskStatus::Available
                    || (known.pending.is_some() && said != DiskStatus::AwaitingTransfer)
            };
            if let Some(said) = status.filter(|said| leaves(said.value)) {
                let sentence = "a disk that a [[transfer]] offers is awaiting-transfer";
                self.complaints.add(said.place, sentence);
                continue;
            }
            match known.pending.clone() {
                Some(pending) => self.keep(entry, number, &pending),
                None => self.offer(entry, number, index),
            }
        }
        Ok(())
    }

    /// A transfer that is there stays; what it cannot become is complained of.
    fn keep(&mut self, entry: &TransferEntry, number: usize, pending: &Transfer) {
        if let Some(name) = &entry.name
            && pending.name.as_ref() != Some(&name.value)
        {
            let is = pending.name.as_deref().unwrap_or_default();
            let sentence = format!("the disk is offered already, by a transfer named {is:?}");
            self.complaints.add(name.place, sentence);
        }
        if let Some(key) = &entry.auth_key {
            let given = Hidden::new(key.reveal().to_owned());
            let found = self.secret(Which::Key(number), Some(&given), Some(&pending.key_hash));
            if found.is_some_and(|secret| !secret.is_present) {
                let sentence = "the disk is offered already, with another auth_key";
                self.complaints.add(key.place, sentence);
            }
        }
        if let Some(expires) = &entry.expires {
            let fits = match expires.value {
                Ends::At(at) => pending.expiry.is_some_and(|expiry| expiry.at == at),
                Ends::In(ms) => pending.expiry.is_some() == (ms > 0),
            };
            if !fits {
                let sentence = "the disk is offered already, and that offer ends otherwise";
                self.complaints.add(expires.place, sentence);
            }
        }
        self.seeded.count("transfer", true, false);
    }

    fn offer(&mut self, entry: &TransferEntry, number: usize, index: usize) {
        let given = entry.auth_key.as_ref().map(|key| Hidden::new(key.reveal().to_owned()));
        let secret = self.secret(Which::Key(number), given.as_ref(), None);
        let Some(known) = self.known.get_mut(index) else { return };
        let transfer = Transfer {
            id: TransferId::random(),
            disk: known.disk.after.id,
            source_project: known.disk.after.project.clone(),
            source_user: known.disk.after.user.clone(),
            name: entry.name.as_ref().map(|name| name.value.clone()),
            no_snapshots: entry.no_snapshots.as_ref().is_some_and(|said| said.value),
            key_hash: secret.as_ref().map_or_else(no_hash, |secret| secret.hash.clone()),
            created_at: self.now,
            expiry: match entry.expires.as_ref().map(|said| said.value) {
                Some(Ends::In(0)) => None,
                Some(Ends::In(ms)) => Some(said(self.now + TimeDelta::milliseconds(ms))),
                Some(Ends::At(at)) => Some(said(at)),
                None => Expiry::of(self.now, None, self.app.rules().transfers_last),
            },
        };
        if transfer.expiry.is_some_and(|expiry| expiry.at <= self.now) {
            let place = entry.expires.as_ref().map_or(entry.place, |said| said.place);
            self.complaints.add(place, "this moment is over already");
        }
        known.place = entry.disk.place;
        if let Some(secret) = secret {
            self.seeded.transfers.push(SeededTransfer {
                name: transfer.name.clone(),
                id: transfer.id,
                disk: transfer.disk,
                key: AuthKey::presented(secret.text.reveal().to_owned()),
            });
        }
        known.offer = Some(transfer);
        self.seeded.count("transfer", false, true);
    }

    /// Complains of offered disks that a rule keeps where they are, and of disks that shall await a
    /// transfer that nobody makes.
    pub(super) fn check_offers(&mut self) {
        let rules = self.app.rules().transfers;
        for known in &self.known {
            let waits = known.disk.after.status == DiskStatus::AwaitingTransfer;
            let refused = if known.offer.is_some() {
                may_be_created(&facts(known), rules)
            } else if waits {
                may_be_accepted(&facts(known), rules)
            } else {
                Ok(())
            };
            if let Err(refused) = refused {
                self.complaints.add(known.place, refused.to_string());
            }
            let entry = known.entry.and_then(|number| self.scenario.disks.get(number));
            let status = entry.and_then(|entry| entry.status.as_ref());
            if let Some(status) = status
                && status.value == DiskStatus::AwaitingTransfer
                && !waits
                && known.offer.is_none()
            {
                let sentence = "a disk that is awaiting-transfer has a [[transfer]] in this file";
                self.complaints.add(status.place, sentence);
            }
        }
    }
}

/// An end that the scenario says, as who makes a transfer may.
fn said(at: Time) -> Expiry {
    Expiry { at, source: ExpirySource::Header }
}

/// All that decides whether a disk may be handed over, as it will be.
fn facts(known: &Known) -> TransferFacts {
    let snapshots = known.snapshots.iter().map(|part| &part.after);
    let oldest = snapshots.min_by_key(|snapshot| (snapshot.created_at, snapshot.id));
    let backups = known.backups.iter().map(|part| &part.after);
    let first = backups.min_by_key(|backup| (backup.created_at, backup.id));
    TransferFacts {
        disk: known.disk.after.clone(),
        snapshots: oldest.map(|snapshot| Obstacles {
            count: count(&known.snapshots),
            first: snapshot.id,
            status: snapshot.status,
        }),
        backups: first.map(|backup| Obstacles {
            count: count(&known.backups),
            first: backup.id,
            status: backup.status,
        }),
        policy: known.policy.after.clone(),
    }
}

fn count<T>(parts: &[Part<T>]) -> i64 {
    i64::try_from(parts.len()).unwrap_or(i64::MAX)
}
