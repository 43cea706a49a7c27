//! Who may do what: roles, actions and the one table that joins them.

use super::ids::{ProjectId, RequestId, UserId};

/// What a user may do in a project; each role includes those before it (Keystone's default roles).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look.
    Reader,
    /// Look and change.
    Member,
    /// Everything, in every project.
    Admin,
}

impl Role {
    /// Every role, the weakest first.
    pub const ALL: &[Self] = &[Self::Reader, Self::Member, Self::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }
}

/// Who asks, on behalf of which project, in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub user: UserId,
    /// The project of the token, which is the one in the path.
    pub project: ProjectId,
    /// The strongest role there.
    pub role: Role,
    /// The request.
    pub request: RequestId,
}

impl Caller {
    /// Whether what `project` owns is there for the caller: its own, or anything for an admin.
    pub fn sees(&self, project: &ProjectId) -> bool {
        self.role == Role::Admin || self.project == *project
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident: $role:ident, $rule:literal;)+) => {
        /// Everything that a caller can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $action,)+ }

        impl Action {
            /// The weakest role that may (Cinder's defaults).
            pub fn needs(self) -> Role {
                match self { $(Self::$action => Role::$role,)+ }
            }

            /// The name of the rule in a refusal: Cinder's policy name, or for native calls VBS's.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$action => $rule,)+ }
            }
        }
    };
}

actions! {
    /// List transfers.
    ListTransfers: Reader, "volume:get_all_transfers";
    /// Show a transfer.
    ShowTransfer: Reader, "volume:get_transfer";
    /// Offer a disk.
    CreateTransfer: Member, "volume:create_transfer";
    /// Take an offered disk.
    AcceptTransfer: Member, "volume:accept_transfer";
    /// Withdraw an offer.
    DeleteTransfer: Member, "volume:delete_transfer";
    /// List disks.
    ListDisks: Reader, "volume:get_all";
    /// Show a disk.
    ShowDisk: Reader, "volume:get";
    /// Make a disk.
    CreateDisk: Member, "volume:create";
    /// Rename a disk, describe it, set its metadata or its bootable flag.
    UpdateDisk: Member, "volume:update";
    /// Remove a disk.
    DeleteDisk: Member, "volume:delete";
    /// Let a disk grow.
    ExtendDisk: Member, "volume:extend";
    /// Make a disk read-only or writable.
    SetDiskReadOnly: Member, "volume:update_readonly_flag";
    /// Give a disk another type.
    RetypeDisk: Member, "volume:retype";
    /// Take a disk back to its latest snapshot.
    RevertDisk: Member, "volume:revert_to_snapshot";
    /// Copy a disk into an image.
    UploadImage: Member, "volume_extension:volume_actions:upload_image";
    /// Show what is known of a disk's image.
    ShowImageMetadata: Reader, "volume_extension:volume_image_metadata:show";
    /// Change what is known of a disk's image.
    ChangeImageMetadata: Member, "volume_extension:volume_image_metadata:set";
    /// Move a disk to another host.
    MigrateDisk: Admin, "volume_extension:volume_admin_actions:migrate_volume";
    /// Set a disk's status by hand.
    ResetDiskStatus: Admin, "volume_extension:volume_admin_actions:reset_status";
    /// Remove a disk whatever its status.
    ForceDeleteDisk: Admin, "volume_extension:volume_admin_actions:force_delete";
    /// List snapshots.
    ListSnapshots: Reader, "volume:get_all_snapshots";
    /// Show a snapshot.
    ShowSnapshot: Reader, "volume:get_snapshot";
    /// Take a snapshot.
    CreateSnapshot: Member, "volume:create_snapshot";
    /// Remove a snapshot.
    DeleteSnapshot: Member, "volume:delete_snapshot";
    /// Set a snapshot's status by hand.
    ResetSnapshotStatus: Admin, "volume_extension:snapshot_admin_actions:reset_status";
    /// List backups.
    ListBackups: Reader, "backup:get_all";
    /// Show a backup.
    ShowBackup: Reader, "backup:get";
    /// Make a backup.
    CreateBackup: Member, "backup:create";
    /// Remove a backup.
    DeleteBackup: Member, "backup:delete";
    /// Set a backup's status by hand.
    ResetBackupStatus: Admin, "volume_extension:backup_admin_actions:reset_status";
    /// List backup policies.
    ListPolicies: Reader, "vbs:backupPolicy:list";
    /// Show a backup policy.
    ShowPolicy: Reader, "vbs:backupPolicy:get";
    /// Make a backup policy.
    CreatePolicy: Member, "vbs:backupPolicy:create";
    /// Remove a backup policy.
    DeletePolicy: Member, "vbs:backupPolicy:delete";
    /// Put disks under a backup policy.
    BindPolicy: Member, "vbs:backupPolicy:associate";
    /// Take disks out of a backup policy.
    UnbindPolicy: Member, "vbs:backupPolicy:disassociate";
    /// Show the quota of a project.
    ShowQuota: Reader, "volume_extension:quotas:show";
    /// Change the quota of a project.
    UpdateQuota: Admin, "volume_extension:quotas:update";
    /// Take the quota of a project back to the defaults.
    DeleteQuota: Admin, "volume_extension:quotas:delete";
    /// Show the limits of every project.
    ShowQuotaClass: Admin, "volume_extension:quota_classes:get";
    /// Change the limits of every project.
    UpdateQuotaClass: Admin, "volume_extension:quota_classes:update";
    /// Show one's limits and what is used of them.
    ShowLimits: Reader, "limits_extension:used_limits";
    /// List disk types.
    ListTypes: Reader, "volume_extension:type_get_all";
    /// Show a disk type.
    ShowType: Reader, "volume_extension:type_get";
    /// List the access keys of others.
    ListOthersAccessKeys: Admin, "iam:credentials:listCredentials";
    /// Make an access key for somebody else.
    CreateOthersAccessKey: Admin, "iam:credentials:createCredential";
    /// End what takes time.
    StepProgress: Admin, "evs:progress:step";
    /// List messages.
    ListMessages: Reader, "message:get_all";
    /// Show a message.
    ShowMessage: Reader, "message:get";
    /// Remove a message.
    DeleteMessage: Member, "message:delete";
    /// List availability zones.
    ListZones: Reader, "volume:availability_zone_list";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_may_what_a_member_may_and_a_member_what_a_reader_may() {
        assert!(Role::Admin > Role::Member && Role::Member > Role::Reader);
        assert_eq!(Role::parse("member"), Some(Role::Member));
        assert_eq!(Role::parse("Member"), None);
    }
}
