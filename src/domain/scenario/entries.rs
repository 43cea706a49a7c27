//! What a scenario can say of each kind of thing.

#![expect(missing_docs, reason = "each field is the key of that name in a scenario")]

use std::collections::BTreeMap;

use super::{At, Hidden, Place};
use crate::domain::access::Role;
use crate::domain::attachment::{AttachMode, AttachStatus};
use crate::domain::backup::BackupStatus;
use crate::domain::clock::Time;
use crate::domain::disk::DiskStatus;
use crate::domain::disk_type::Specs;
use crate::domain::ids::{
    AttachmentId, BackupId, DiskId, DiskTypeId, PolicyId, ProjectId, ServerId, SnapshotId, UserId,
};
use crate::domain::policy::{Days, Hours, Retention, Zone};
use crate::domain::progress::Outcome;
use crate::domain::snapshot::SnapshotStatus;
use crate::domain::tag::Tags;
use crate::domain::transfer::AuthKey;

/// Something that an entry may say.
type Maybe<T> = Option<At<T>>;

/// A project; its name identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectEntry {
    pub name: At<String>,
    pub id: Maybe<ProjectId>,
    pub description: Maybe<String>,
    pub enabled: Maybe<bool>,
    /// Limits of the project's own.
    pub quota: BTreeMap<String, At<i64>>,
}

/// A user; its name identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserEntry {
    pub name: At<String>,
    pub id: Maybe<UserId>,
    pub password: Maybe<Hidden>,
    pub description: Maybe<String>,
    pub email: Maybe<String>,
    pub enabled: Maybe<bool>,
    pub default_project: Maybe<String>,
    /// Roles in projects, by their names.
    pub projects: Vec<At<(String, Role)>>,
    /// Roles in the domain.
    pub domain_roles: Vec<At<Role>>,
}

/// A disk type; its name identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeEntry {
    pub name: At<String>,
    pub id: Maybe<DiskTypeId>,
    pub description: Maybe<String>,
    pub public: Maybe<bool>,
    pub encrypted: Maybe<bool>,
    pub extra_specs: Maybe<Specs>,
    /// The projects that see it although it is not public.
    pub access: Vec<At<String>>,
}

/// When something that is under way ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// So many milliseconds after it was put there.
    In(i64),
    /// At this moment.
    At(Time),
}

/// How what a status tells of ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnderWay {
    /// `ends_in_s` or `ends_at`.
    pub ends: Maybe<Ends>,
    pub outcome: Maybe<Outcome>,
}

/// A disk; its id, or its project and name, identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskEntry {
    pub place: Place,
    pub project: At<String>,
    pub name: Maybe<String>,
    pub id: Maybe<DiskId>,
    pub user: Maybe<String>,
    pub description: Maybe<String>,
    pub size: Maybe<i64>,
    pub disk_type: Maybe<String>,
    pub zone: Maybe<String>,
    pub status: Maybe<DiskStatus>,
    pub under_way: UnderWay,
    /// The status before what is under way.
    pub former: Maybe<DiskStatus>,
    /// The size after what is under way.
    pub new_size: Maybe<i64>,
    /// The type after what is under way.
    pub new_type: Maybe<String>,
    pub bootable: Maybe<bool>,
    pub multiattach: Maybe<bool>,
    pub read_only: Maybe<bool>,
    pub dedicated_storage: Maybe<String>,
    pub metadata: Maybe<BTreeMap<String, String>>,
    pub tags: Maybe<Tags>,
    pub attachments: Maybe<Vec<AttachmentEntry>>,
    pub created_at: Maybe<Time>,
}

/// What a disk is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachmentEntry {
    pub place: Place,
    pub id: Maybe<AttachmentId>,
    pub server: Maybe<ServerId>,
    pub host: Maybe<String>,
    pub mountpoint: Maybe<String>,
    pub mode: Maybe<AttachMode>,
    pub status: Maybe<AttachStatus>,
}

/// A snapshot; its id, or its disk and name, identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotEntry {
    pub place: Place,
    /// The disk's name or id.
    pub disk: At<String>,
    /// The disk's project, if the name alone does not tell which disk.
    pub project: Maybe<String>,
    pub name: Maybe<String>,
    pub id: Maybe<SnapshotId>,
    pub description: Maybe<String>,
    pub size: Maybe<i64>,
    pub status: Maybe<SnapshotStatus>,
    pub under_way: UnderWay,
    pub metadata: Maybe<BTreeMap<String, String>>,
    pub created_at: Maybe<Time>,
}

/// A backup; its id, or its disk and name, identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupEntry {
    pub place: Place,
    /// The disk's name or id; the id alone of a disk that is gone.
    pub disk: At<String>,
    /// The disk's project, if the name alone does not tell which disk or the disk is gone.
    pub project: Maybe<String>,
    pub name: Maybe<String>,
    pub id: Maybe<BackupId>,
    pub description: Maybe<String>,
    pub container: Maybe<String>,
    pub size: Maybe<i64>,
    pub zone: Maybe<String>,
    pub status: Maybe<BackupStatus>,
    pub under_way: UnderWay,
    pub fail_reason: Maybe<String>,
    pub incremental: Maybe<bool>,
    /// The name or id of the backup of the same disk that it builds on.
    pub base: Maybe<String>,
    /// The name or id of the snapshot that it was made of.
    pub snapshot: Maybe<String>,
    pub own_snapshot: Maybe<bool>,
    /// The name or id of the policy that made it.
    pub policy: Maybe<String>,
    pub native: Maybe<bool>,
    pub metadata: Maybe<BTreeMap<String, String>>,
    pub data_at: Maybe<Time>,
    pub created_at: Maybe<Time>,
}

/// A backup policy; its id, or its project and name, identify it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEntry {
    pub project: At<String>,
    pub name: At<String>,
    pub id: Maybe<PolicyId>,
    pub hours: Maybe<Hours>,
    pub days: Maybe<Days>,
    pub time_zone: Maybe<Zone>,
    pub retention: Maybe<Retention>,
    pub keep_first_of_month: Maybe<bool>,
    pub enabled: Maybe<bool>,
    pub tags: Maybe<Tags>,
    /// The names or ids of disks of its project.
    pub disks: Vec<At<String>>,
}

/// A pending transfer; its disk identifies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferEntry {
    pub place: Place,
    /// The disk's name or id.
    pub disk: At<String>,
    /// The disk's project, if the name alone does not tell which disk.
    pub project: Maybe<String>,
    pub name: Maybe<String>,
    pub auth_key: Maybe<AuthKey>,
    pub no_snapshots: Maybe<bool>,
    /// `expires_in_s`, 0 for never, or `expires_at`.
    pub expires: Maybe<Ends>,
}
