//! Backups as records: taken out of one data file, and into it or another again.

use std::collections::BTreeMap;

use crate::domain::clock::Time;
use crate::domain::ids::{BackupId, DiskId, SnapshotId};

/// What a record says about a backup. Whose it is depends on who imports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupRecord {
    /// Its id.
    pub id: BackupId,
    /// The disk it was made of.
    pub disk: DiskId,
    /// Its name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Where it is kept.
    pub container: Option<String>,
    /// The disk's size when it was made, in GiB.
    pub size_gib: i64,
    /// The backup that it builds on.
    pub base: Option<BackupId>,
    /// The snapshot that it was made from.
    pub snapshot: Option<SnapshotId>,
    /// Made by the backup service's own API or by a policy.
    pub native: bool,
    /// The disk's availability zone when it was made; none: the first there is.
    pub zone: Option<String>,
    /// The user's own keys and values.
    pub metadata: BTreeMap<String, String>,
    /// Of when its data are, if not of when it was made.
    pub data_at: Option<Time>,
    /// When it was made; none: when it is imported.
    pub created_at: Option<Time>,
}
