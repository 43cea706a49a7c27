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
    /// The project whose things alone are there for the caller; none: every project's.
    pub fn only_sees(&self) -> Option<&ProjectId> {
        (self.role != Role::Admin).then_some(&self.project)
    }

    /// Whether what `project` owns is there for the caller: its own, or anything for an admin.
    pub fn sees(&self, project: &ProjectId) -> bool {
        self.role == Role::Admin || self.project == *project
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident: $role:ident, $rule:literal, $name:literal;)+) => {
        /// Everything that a caller can ask for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $action,)+ }

        impl Action {
            /// Every action there is, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$action,)+];

            /// The weakest role that may (Cinder's defaults).
            pub fn needs(self) -> Role {
                match self { $(Self::$action => Role::$role,)+ }
            }

            /// The name of the rule in a refusal: Cinder's policy name, or for native calls VBS's.
            pub fn rule(self) -> &'static str {
                match self { $(Self::$action => $rule,)+ }
            }

            /// Whether something is written where it succeeds.
            pub fn writes(self) -> bool {
                let verb = self.name().rsplit(':').next().unwrap_or_default();
                let looks = ["get", "list", "export", "check", "compare"];
                let looks = looks.iter().any(|look| verb.starts_with(look));
                // A host is no row, and there is no other one to move a disk or a service to.
                let nothing = [
                    Self::InitializeConnection,
                    Self::TerminateConnection,
                    Self::MigrateDisk,
                    Self::UpdateServices,
                ];
                !looks && !nothing.contains(&self)
            }

            /// What the cloud's own permissions call it, `service:resource:verb`. Those of transfers
            /// and snapshots are documented (OTC "EVS API Reference", Appendix, "Permissions and
            /// Supported Actions"); the others follow their scheme.
            pub fn name(self) -> &'static str {
                match self { $(Self::$action => $name,)+ }
            }
        }
    };
}

actions! {
    /// List transfers.
    ListTransfers: Reader, "volume:get_all_transfers", "evs:transfers:list";
    /// Show a transfer.
    ShowTransfer: Reader, "volume:get_transfer", "evs:transfers:get";
    /// Offer a disk.
    CreateTransfer: Member, "volume:create_transfer", "evs:transfers:create";
    /// Take an offered disk.
    AcceptTransfer: Member, "volume:accept_transfer", "evs:transfers:accept";
    /// Withdraw an offer.
    DeleteTransfer: Member, "volume:delete_transfer", "evs:transfers:delete";
    /// List disks.
    ListDisks: Reader, "volume:get_all", "evs:volumes:list";
    /// Show a disk.
    ShowDisk: Reader, "volume:get", "evs:volumes:get";
    /// Make a disk.
    CreateDisk: Member, "volume:create", "evs:volumes:create";
    /// Rename a disk, describe it, set its metadata or its bootable flag.
    UpdateDisk: Member, "volume:update", "evs:volumes:update";
    /// Show a disk's metadata.
    ShowDiskMetadata: Reader, "volume:get_volume_metadata", "evs:volumes:getMetadata";
    /// Add to a disk's metadata.
    CreateDiskMetadata: Member, "volume:create_volume_metadata", "evs:volumes:createMetadata";
    /// Replace a disk's metadata, or one value of it.
    UpdateDiskMetadata: Member, "volume:update_volume_metadata", "evs:volumes:updateMetadata";
    /// Take a key out of a disk's metadata.
    DeleteDiskMetadata: Member, "volume:delete_volume_metadata", "evs:volumes:deleteMetadata";
    /// Remove a disk.
    DeleteDisk: Member, "volume:delete", "evs:volumes:delete";
    /// Let a disk grow.
    ExtendDisk: Member, "volume:extend", "evs:volumes:extend";
    /// Make a disk read-only or writable.
    SetDiskReadOnly: Member, "volume:update_readonly_flag", "evs:volumes:setReadOnly";
    /// Give a disk another type.
    RetypeDisk: Member, "volume:retype", "evs:volumes:retype";
    /// Take a disk back to its latest snapshot.
    RevertDisk: Member, "volume:revert_to_snapshot", "evs:snapshots:rollback";
    /// Copy a disk into an image.
    UploadImage: Member, "volume_extension:volume_actions:upload_image", "evs:volumes:uploadImage";
    /// Show what is known of a disk's image.
    ShowImageMetadata: Reader, "volume_extension:volume_image_metadata:show",
        "evs:volumes:getImageMetadata";
    /// Change what is known of a disk's image.
    ChangeImageMetadata: Member, "volume_extension:volume_image_metadata:set",
        "evs:volumes:setImageMetadata";
    /// Move a disk to another host.
    MigrateDisk: Admin, "volume_extension:volume_admin_actions:migrate_volume",
        "evs:volumes:migrate";
    /// Show how a disk is encrypted.
    ShowDiskEncryption: Reader, "volume_extension:volume_encryption_metadata",
        "evs:volumes:getEncryption";
    /// Set a disk's status by hand.
    ResetDiskStatus: Admin, "volume_extension:volume_admin_actions:reset_status",
        "evs:volumes:resetStatus";
    /// Keep a disk for a server.
    ReserveDisk: Member, "volume_extension:volume_actions:reserve", "evs:volumes:reserve";
    /// Keep a disk no longer.
    UnreserveDisk: Member, "volume_extension:volume_actions:unreserve", "evs:volumes:unreserve";
    /// Attach a disk.
    AttachDisk: Member, "volume_extension:volume_actions:attach", "evs:volumes:attach";
    /// Detach a disk.
    DetachDisk: Member, "volume_extension:volume_actions:detach", "evs:volumes:detach";
    /// Begin to detach a disk.
    BeginDetaching: Member, "volume_extension:volume_actions:begin_detaching",
        "evs:volumes:beginDetaching";
    /// Call off the detaching of a disk.
    RollDetaching: Member, "volume_extension:volume_actions:roll_detaching",
        "evs:volumes:rollDetaching";
    /// Detach a disk by hand.
    ForceDetachDisk: Admin, "volume_extension:volume_admin_actions:force_detach",
        "evs:volumes:forceDetach";
    /// Learn how to connect to a disk.
    InitializeConnection: Member, "volume_extension:volume_actions:initialize_connection",
        "evs:volumes:initializeConnection";
    /// Leave a disk.
    TerminateConnection: Member, "volume_extension:volume_actions:terminate_connection",
        "evs:volumes:terminateConnection";
    /// List attachments.
    ListAttachments: Reader, "volume:attachment_get_all", "evs:attachments:list";
    /// Show an attachment.
    ShowAttachment: Reader, "volume:attachment_get", "evs:attachments:get";
    /// Make an attachment.
    CreateAttachment: Member, "volume:attachment_create", "evs:attachments:create";
    /// Connect the host of an attachment.
    UpdateAttachment: Member, "volume:attachment_update", "evs:attachments:update";
    /// Say that an attachment is done.
    CompleteAttachment: Member, "volume:attachment_complete", "evs:attachments:complete";
    /// Remove an attachment.
    DeleteAttachment: Member, "volume:attachment_delete", "evs:attachments:delete";
    /// Remove a disk whatever its status.
    ForceDeleteDisk: Admin, "volume_extension:volume_admin_actions:force_delete",
        "evs:volumes:forceDelete";
    /// List snapshots.
    ListSnapshots: Reader, "volume:get_all_snapshots", "evs:snapshots:list";
    /// Show a snapshot.
    ShowSnapshot: Reader, "volume:get_snapshot", "evs:snapshots:get";
    /// Take a snapshot.
    CreateSnapshot: Member, "volume:create_snapshot", "evs:snapshots:create";
    /// Rename or describe a snapshot.
    UpdateSnapshot: Member, "volume:update_snapshot", "evs:snapshots:update";
    /// Take a disk back to one of its snapshots, by the cloud's own way.
    RollBackDisk: Member, "evs:snapshots:rollback", "evs:snapshots:rollback";
    /// Show a snapshot's metadata.
    ShowSnapshotMetadata: Reader, "volume:get_snapshot_metadata", "evs:snapshots:getMetadata";
    /// Change a snapshot's metadata.
    UpdateSnapshotMetadata: Member, "volume:update_snapshot_metadata",
        "evs:snapshots:updateMetadata";
    /// Take a key out of a snapshot's metadata.
    DeleteSnapshotMetadata: Member, "volume:delete_snapshot_metadata",
        "evs:snapshots:deleteMetadata";
    /// Remove a snapshot whatever its status.
    ForceDeleteSnapshot: Admin, "volume_extension:snapshot_admin_actions:force_delete",
        "evs:snapshots:forceDelete";
    /// Say what has become of a snapshot that is being taken.
    TellSnapshotStatus: Member, "snapshot_extension:snapshot_actions:update_snapshot_status",
        "evs:snapshots:updateStatus";
    /// Remove a snapshot.
    DeleteSnapshot: Member, "volume:delete_snapshot", "evs:snapshots:delete";
    /// Set a snapshot's status by hand.
    ResetSnapshotStatus: Admin, "volume_extension:snapshot_admin_actions:reset_status",
        "evs:snapshots:resetStatus";
    /// List backups.
    ListBackups: Reader, "backup:get_all", "evs:backups:list";
    /// Show a backup.
    ShowBackup: Reader, "backup:get", "evs:backups:get";
    /// Make a backup.
    CreateBackup: Member, "backup:create", "evs:backups:create";
    /// Change what people say about a backup.
    UpdateBackup: Member, "backup:update", "evs:backups:update";
    /// Fill a disk from a backup.
    RestoreBackup: Member, "backup:restore", "evs:backups:restore";
    /// Remove a backup.
    DeleteBackup: Member, "backup:delete", "evs:backups:delete";
    /// Remove a backup whatever its status.
    ForceDeleteBackup: Admin, "volume_extension:backup_admin_actions:force_delete",
        "evs:backups:forceDelete";
    /// Take a backup out as a record.
    ExportBackup: Admin, "backup:export-import", "evs:backups:export";
    /// Make a backup of a record.
    ImportBackup: Admin, "backup:backup-import", "evs:backups:import";
    /// Make a backup by the backup service's own API.
    CreateCloudBackup: Member, "vbs:backups:create", "vbs:backups:create";
    /// Remove a backup by the backup service's own API.
    DeleteCloudBackup: Member, "vbs:backups:delete", "vbs:backups:delete";
    /// Fill a disk from a backup by the backup service's own API.
    RestoreCloudBackup: Member, "vbs:backups:restore", "vbs:backups:restore";
    /// Show the quota of backups.
    ShowBackupQuota: Reader, "vbs:backups:getQuota", "vbs:backups:getQuota";
    /// List shared backups.
    ListBackupShares: Reader, "vbs:backupSharing:list", "vbs:backupSharing:list";
    /// Show a shared backup.
    ShowBackupShare: Reader, "vbs:backupSharing:get", "vbs:backupSharing:get";
    /// Share a backup with other projects.
    ShareBackup: Member, "vbs:backupSharing:create", "vbs:backupSharing:create";
    /// Share a backup no more.
    UnshareBackup: Member, "vbs:backupSharing:delete", "vbs:backupSharing:delete";
    /// Set a backup's status by hand.
    ResetBackupStatus: Admin, "volume_extension:backup_admin_actions:reset_status",
        "evs:backups:resetStatus";
    /// List backup policies.
    ListPolicies: Reader, "vbs:backupPolicy:list", "vbs:backupPolicy:list";
    /// Show a backup policy.
    ShowPolicy: Reader, "vbs:backupPolicy:get", "vbs:backupPolicy:get";
    /// Make a backup policy.
    CreatePolicy: Member, "vbs:backupPolicy:create", "vbs:backupPolicy:create";
    /// Change a backup policy.
    UpdatePolicy: Member, "vbs:backupPolicy:update", "vbs:backupPolicy:update";
    /// Remove a backup policy.
    DeletePolicy: Member, "vbs:backupPolicy:delete", "vbs:backupPolicy:delete";
    /// Put disks under a backup policy.
    BindPolicy: Member, "vbs:backupPolicy:associate", "vbs:backupPolicy:associate";
    /// Take disks out of a backup policy.
    UnbindPolicy: Member, "vbs:backupPolicy:disassociate", "vbs:backupPolicy:disassociate";
    /// Run a backup policy at once.
    RunPolicy: Member, "vbs:backupPolicy:execute", "vbs:backupPolicy:execute";
    /// Show the tasks of a backup policy.
    ShowPolicyTasks: Reader, "vbs:backupPolicyTasks:list", "vbs:backupPolicyTasks:list";
    /// List every tag of a project's backup policies.
    ListPolicyTags: Reader, "vbs:backupPolicyTags:list", "vbs:backupPolicyTags:list";
    /// Find backup policies by their tags.
    SearchPolicyTags: Reader, "vbs:backupPolicyTags:get", "vbs:backupPolicyTags:get";
    /// Show the tags of a backup policy.
    ShowPolicyTags: Reader, "vbs:backupPolicyTags:getById", "vbs:backupPolicyTags:getById";
    /// Add tags to a backup policy, or change several.
    CreatePolicyTags: Member, "vbs:backupPolicyTags:create", "vbs:backupPolicyTags:create";
    /// Remove a tag of a backup policy.
    DeletePolicyTags: Member, "vbs:backupPolicyTags:delete", "vbs:backupPolicyTags:delete";
    /// Show a job.
    ShowJob: Reader, "evs:jobs:get", "evs:jobs:get";
    /// List every tag of a project's disks.
    ListTags: Reader, "evs:volumeTags:list", "evs:volumeTags:list";
    /// Find disks by their tags.
    SearchTags: Reader, "evs:volumeTags:get", "evs:volumeTags:get";
    /// Show the tags of a disk.
    ShowTags: Reader, "evs:volumeTags:getById", "evs:volumeTags:getById";
    /// Add tags to a disk.
    CreateTags: Member, "evs:volumeTags:create", "evs:volumeTags:create";
    /// Replace tags of a disk.
    UpdateTags: Member, "evs:volumeTags:update", "evs:volumeTags:update";
    /// Remove tags of a disk.
    DeleteTags: Member, "evs:volumeTags:delete", "evs:volumeTags:delete";
    /// Show the quota of a project.
    ShowQuota: Reader, "volume_extension:quotas:show", "evs:quotas:get";
    /// Change the quota of a project.
    UpdateQuota: Admin, "volume_extension:quotas:update", "evs:quotas:update";
    /// Take the quota of a project back to the defaults.
    DeleteQuota: Admin, "volume_extension:quotas:delete", "evs:quotas:delete";
    /// Show the limits of every project.
    ShowQuotaClass: Admin, "volume_extension:quota_classes:get", "evs:quotaClasses:get";
    /// Change the limits of every project.
    UpdateQuotaClass: Admin, "volume_extension:quota_classes:update", "evs:quotaClasses:update";
    /// Show one's limits and what is used of them.
    ShowLimits: Reader, "limits_extension:used_limits", "evs:limits:get";
    /// List disk types.
    ListTypes: Reader, "volume_extension:type_get_all", "evs:types:list";
    /// Show a disk type.
    ShowType: Reader, "volume_extension:type_get", "evs:types:get";
    /// Make a disk type.
    CreateType: Admin, "volume_extension:type_create", "evs:types:create";
    /// Change a disk type.
    UpdateType: Admin, "volume_extension:type_update", "evs:types:update";
    /// Remove a disk type.
    DeleteType: Admin, "volume_extension:type_delete", "evs:types:delete";
    /// List the projects that use a private disk type.
    ListTypeAccess: Admin, "volume_extension:volume_type_access:get_all_for_type",
        "evs:types:listAccess";
    /// Let a project use a private disk type.
    AddTypeAccess: Admin, "volume_extension:volume_type_access:addProjectAccess",
        "evs:types:addAccess";
    /// Let a project use a private disk type no more.
    RemoveTypeAccess: Admin, "volume_extension:volume_type_access:removeProjectAccess",
        "evs:types:removeAccess";
    /// List the extra specs of a disk type.
    ListExtraSpecs: Reader, "volume_extension:types_extra_specs:index", "evs:types:listExtraSpecs";
    /// Show an extra spec of a disk type.
    ShowExtraSpec: Reader, "volume_extension:types_extra_specs:show", "evs:types:getExtraSpec";
    /// Set extra specs of a disk type.
    CreateExtraSpecs: Admin, "volume_extension:types_extra_specs:create",
        "evs:types:createExtraSpecs";
    /// Set an extra spec of a disk type.
    UpdateExtraSpec: Admin, "volume_extension:types_extra_specs:update",
        "evs:types:updateExtraSpec";
    /// Remove an extra spec of a disk type.
    DeleteExtraSpec: Admin, "volume_extension:types_extra_specs:delete",
        "evs:types:deleteExtraSpec";
    /// Show the encryption of a disk type.
    ShowEncryption: Admin, "volume_extension:volume_type_encryption:get", "evs:types:getEncryption";
    /// Let the disks of a type be encrypted.
    CreateEncryption: Admin, "volume_extension:volume_type_encryption:create",
        "evs:types:createEncryption";
    /// Change the encryption of a disk type.
    UpdateEncryption: Admin, "volume_extension:volume_type_encryption:update",
        "evs:types:updateEncryption";
    /// Let the disks of a type be encrypted no more.
    DeleteEncryption: Admin, "volume_extension:volume_type_encryption:delete",
        "evs:types:deleteEncryption";
    /// List qualities of service and the disk types that have them.
    ListQosSpecs: Admin, "volume_extension:qos_specs_manage:get_all", "evs:qosSpecs:list";
    /// Show a quality of service.
    ShowQosSpecs: Admin, "volume_extension:qos_specs_manage:get", "evs:qosSpecs:get";
    /// Make a quality of service.
    CreateQosSpecs: Admin, "volume_extension:qos_specs_manage:create", "evs:qosSpecs:create";
    /// Change a quality of service or which disk types have it.
    UpdateQosSpecs: Admin, "volume_extension:qos_specs_manage:update", "evs:qosSpecs:update";
    /// Remove a quality of service or keys of it.
    DeleteQosSpecs: Admin, "volume_extension:qos_specs_manage:delete", "evs:qosSpecs:delete";
    /// List the access keys of others.
    ListOthersAccessKeys: Admin, "iam:credentials:listCredentials",
        "iam:credentials:listCredentials";
    /// Make an access key for somebody else.
    CreateOthersAccessKey: Admin, "iam:credentials:createCredential",
        "iam:credentials:createCredential";
    /// End what takes time.
    StepProgress: Admin, "evs:progress:step", "evs:progress:step";
    /// Show whether a disk may be offered.
    ShowTransferable: Reader, "evs:transfers:check", "evs:transfers:check";
    /// Show the clock.
    ShowClock: Admin, "evs:clock:get", "evs:clock:get";
    /// Steer the clock.
    ChangeClock: Admin, "evs:clock:update", "evs:clock:update";
    /// List faults.
    ListFaults: Admin, "evs:faults:list", "evs:faults:list";
    /// Show a fault.
    ShowFault: Admin, "evs:faults:get", "evs:faults:get";
    /// Add faults.
    CreateFaults: Admin, "evs:faults:create", "evs:faults:create";
    /// Remove faults.
    DeleteFaults: Admin, "evs:faults:delete", "evs:faults:delete";
    /// List the saved states.
    ListStates: Admin, "evs:states:list", "evs:states:list";
    /// Compare two states.
    CompareStates: Admin, "evs:states:compare", "evs:states:compare";
    /// Save the present state.
    SaveState: Admin, "evs:states:save", "evs:states:save";
    /// Put a saved state in place of the present one.
    LoadState: Admin, "evs:states:load", "evs:states:load";
    /// Remove a saved state.
    DeleteState: Admin, "evs:states:delete", "evs:states:delete";
    /// Take everything or a project back to its beginning.
    ResetState: Admin, "evs:states:reset", "evs:states:reset";
    /// List or follow events.
    ListEvents: Reader, "evs:events:list", "evs:events:list";
    /// Show how far webhooks have been told.
    ListWebhooks: Admin, "evs:webhooks:list", "evs:webhooks:list";
    /// Make what a scenario says so.
    ApplyScenario: Admin, "evs:scenario:apply", "evs:scenario:apply";
    /// Get what is there as a scenario.
    ExportScenario: Admin, "evs:scenario:export", "evs:scenario:export";
    /// List messages.
    ListMessages: Reader, "message:get_all", "evs:messages:list";
    /// Show a message.
    ShowMessage: Reader, "message:get", "evs:messages:get";
    /// Remove a message.
    DeleteMessage: Member, "message:delete", "evs:messages:delete";
    /// List availability zones.
    ListZones: Reader, "volume:availability_zone_list", "evs:availabilityZones:list";
    /// List what the API can do beyond its core.
    ListExtensions: Reader, "volume:extensions", "evs:extensions:list";
    /// List what lists can be narrowed by.
    ListResourceFilters: Reader, "volume:resource_filters", "evs:resourceFilters:list";
    /// List the services.
    ListServices: Admin, "volume_extension:services:index", "evs:services:list";
    /// Switch services on, off or over.
    UpdateServices: Admin, "volume_extension:services:update", "evs:services:update";
    /// List the hosts and what lies on them.
    ShowHosts: Admin, "volume_extension:hosts", "evs:hosts:get";
    /// List the pools that disks lie in.
    ListPools: Admin, "scheduler_extension:scheduler_stats:get_pools", "evs:pools:list";
    /// Show what a backend can do.
    ShowCapabilities: Admin, "volume_extension:capabilities", "evs:capabilities:get";
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
