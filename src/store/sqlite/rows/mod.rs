//! Rows as they stand in the tables, and the way from there into the domain. A row that cannot be
//! what it says is an error that names it, never a panic and never a guess.

mod attachments;
mod backups;
mod disks;
mod snapshots;

use std::collections::BTreeMap;

use sqlx::FromRow;
use sqlx::sqlite::SqliteRow;

use super::{codec, errors};
use crate::domain::backup::BackupStatus;
use crate::domain::clock::Time;
use crate::domain::disk::Disk;
use crate::domain::ids::{BackupId, DiskId, PolicyId, ProjectId, SnapshotId, TransferId, UserId};
use crate::domain::policy::Binding;
use crate::domain::progress::{Ending, Outcome};
use crate::domain::snapshot::SnapshotStatus;
use crate::domain::transfer::{Expiry, ExpirySource, KeyHash, Obstacles, Transfer, TransferFacts};
use crate::store::{Result, StoreError};

pub(super) use attachments::AttachmentRow;
pub(super) use backups::{BackupRow, backup_columns};
pub(super) use disks::{DiskRow, disk_columns, fact_columns};
pub(super) use snapshots::{SnapshotRow, snapshot_columns};

/// One row, by name, for the errors about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) table: &'static str,
    pub(super) id: &'a str,
}

impl Row<'_> {
    pub(super) fn corrupt(self, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table: self.table, id: self.id.to_owned(), what: what.into() }
    }

    /// What `parsed` is, or that `column` is no `kind`.
    pub(super) fn need<T>(self, column: &str, kind: &str, parsed: Option<T>) -> Result<T> {
        parsed.ok_or_else(|| self.corrupt(format!("{column} is no {kind}")))
    }

    pub(super) fn time(self, column: &str, text: &str) -> Result<Time> {
        self.need(column, "time", codec::time_from_text(text))
    }

    pub(super) fn time_if_any(self, column: &str, text: Option<&str>) -> Result<Option<Time>> {
        text.map(|text| self.time(column, text)).transpose()
    }

    pub(super) fn id_if_any<I>(
        self,
        column: &str,
        text: Option<&str>,
        parse: fn(&str) -> Option<I>,
    ) -> Result<Option<I>> {
        text.map(|text| self.need(column, "UUID", parse(text))).transpose()
    }

    /// When and how what is under way ends, from `next_at` and `next_outcome`.
    pub(super) fn ending(self, at: Option<&str>, outcome: Option<&str>) -> Result<Option<Ending>> {
        let (Some(at), Some(outcome)) = (at, outcome) else { return Ok(None) };
        Ok(Some(Ending {
            outcome: self.need("next_outcome", "outcome", Outcome::parse(outcome))?,
            at: self.time("next_at", at)?,
        }))
    }

    /// When a transfer ends by itself, from `expires_at` and `expiry_source`.
    fn expiry(self, at: Option<&str>, source: Option<&str>) -> Result<Option<Expiry>> {
        let (Some(at), Some(source)) = (at, source) else { return Ok(None) };
        let source = ExpirySource::parse(source);
        Ok(Some(Expiry {
            at: self.time("expires_at", at)?,
            source: self.need("expiry_source", "source of an expiry", source)?,
        }))
    }

    /// Keys and values.
    pub(super) fn values(self, column: &str, text: &str) -> Result<BTreeMap<String, String>> {
        self.need(column, "JSON object of texts", codec::values_from_text(text))
    }
}

/// A disk with all that decides whether it may be handed over.
#[derive(Debug, FromRow)]
pub(super) struct FactsRow {
    #[sqlx(flatten)]
    disk: DiskRow,
    snapshots: i64,
    snapshot_id: Option<String>,
    snapshot_status: Option<String>,
    backups: i64,
    backup_id: Option<String>,
    backup_status: Option<String>,
    policy_name: Option<String>,
}

impl TryFrom<FactsRow> for TransferFacts {
    type Error = StoreError;

    fn try_from(facts: FactsRow) -> Result<Self> {
        let snapshots = match (facts.snapshot_id, facts.snapshot_status) {
            (Some(id), Some(status)) => {
                let row = Row { table: "snapshots", id: &id };
                Some(Obstacles {
                    count: facts.snapshots,
                    first: row.need("id", "UUID", SnapshotId::parse(&id))?,
                    status: row.need(
                        "status",
                        "status of a snapshot",
                        SnapshotStatus::parse(&status),
                    )?,
                })
            }
            _ => None,
        };
        let backups = match (facts.backup_id, facts.backup_status) {
            (Some(id), Some(status)) => {
                let row = Row { table: "backups", id: &id };
                Some(Obstacles {
                    count: facts.backups,
                    first: row.need("id", "UUID", BackupId::parse(&id))?,
                    status: row.need(
                        "status",
                        "status of a backup",
                        BackupStatus::parse(&status),
                    )?,
                })
            }
            _ => None,
        };
        let disk: Disk = facts.disk.try_into()?;
        let policy = disk.policy.zip(facts.policy_name);
        Ok(Self { disk, snapshots, backups, policy })
    }
}

#[derive(Debug, FromRow)]
pub(super) struct BindingRow {
    disk_id: String,
    policy_id: String,
    policy_name: String,
}

impl TryFrom<BindingRow> for Binding {
    type Error = StoreError;

    fn try_from(binding: BindingRow) -> Result<Self> {
        let row = Row { table: "policy_disks", id: &binding.disk_id };
        Ok(Self {
            disk: row.need("disk_id", "UUID", DiskId::parse(&binding.disk_id))?,
            policy: row.need("policy_id", "UUID", PolicyId::parse(&binding.policy_id))?,
            policy_name: binding.policy_name,
        })
    }
}

#[derive(FromRow)]
pub(super) struct TransferRow {
    id: String,
    disk_id: String,
    source_project_id: String,
    source_user_id: String,
    name: Option<String>,
    no_snapshots: bool,
    key_hash: String,
    created_at: String,
    expires_at: Option<String>,
    expiry_source: Option<String>,
}

impl TryFrom<TransferRow> for Transfer {
    type Error = StoreError;

    fn try_from(transfer: TransferRow) -> Result<Self> {
        let row = Row { table: "transfers", id: &transfer.id };
        Ok(Self {
            id: row.need("id", "UUID", TransferId::parse(&transfer.id))?,
            disk: row.need("disk_id", "UUID", DiskId::parse(&transfer.disk_id))?,
            created_at: row.time("created_at", &transfer.created_at)?,
            expiry: row
                .expiry(transfer.expires_at.as_deref(), transfer.expiry_source.as_deref())?,
            source_project: ProjectId::new(transfer.source_project_id),
            source_user: UserId::new(transfer.source_user_id),
            name: transfer.name,
            no_snapshots: transfer.no_snapshots,
            key_hash: KeyHash::from_phc(transfer.key_hash),
        })
    }
}

/// What a row holds.
pub(super) fn read<'row, T: FromRow<'row, SqliteRow>>(row: &'row SqliteRow) -> Result<T> {
    T::from_row(row).map_err(errors::of_statement)
}

/// A transfer, its columns named apart from those of the disk it is read with.
#[derive(FromRow)]
pub(super) struct OfferRow {
    offer_id: String,
    source_project_id: String,
    source_user_id: String,
    offer_name: Option<String>,
    no_snapshots: bool,
    key_hash: String,
    offered_at: String,
    expires_at: Option<String>,
    expiry_source: Option<String>,
    #[sqlx(flatten)]
    facts: FactsRow,
}

impl TryFrom<OfferRow> for (Transfer, TransferFacts) {
    type Error = StoreError;

    fn try_from(offer: OfferRow) -> Result<Self> {
        let transfer = TransferRow {
            id: offer.offer_id,
            disk_id: offer.facts.disk.id.clone(),
            source_project_id: offer.source_project_id,
            source_user_id: offer.source_user_id,
            name: offer.offer_name,
            no_snapshots: offer.no_snapshots,
            key_hash: offer.key_hash,
            created_at: offer.offered_at,
            expires_at: offer.expires_at,
            expiry_source: offer.expiry_source,
        };
        Ok((transfer.try_into()?, offer.facts.try_into()?))
    }
}
