//! The cloud's own API: disks, tags, jobs, backups, backup policies.

use super::table::Kind::{Anything, Each, Flag, Inside, Text, Texts, Whole, Word, Words};
use super::table::Member::{May, Must, Others};
use super::table::{Group, Kind, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;

/// Under `/v2.1`, which only Huawei Cloud has, what has begun is answered with 202.
pub(super) const GROUPS: &[Group] = &[
    Group {
        tag: "cloudvolumes",
        says: "Disks as the cloud's own API has them; what takes long is answered with a job, with \
               202 under `/v2.1` and 200 elsewhere.",
        roots: &["/v2/{project_id}", "/v2.1/{project_id}", "/v3/{project_id}"],
        operations: DISKS,
    },
    Group {
        tag: "tags",
        says: "Tags of disks, and disks by their tags.",
        roots: &["/v2/{project_id}", "/v2.1/{project_id}", "/v3/{project_id}"],
        operations: TAGS,
    },
    Group {
        tag: "jobs",
        says: "What has begun, and what came of it.",
        roots: &["/v1/{project_id}"],
        operations: JOBS,
    },
    Group {
        tag: "cloudbackups",
        says: "Backups as the backup service's own API (VBS) has them, answered with jobs.",
        roots: &["/v2/{project_id}"],
        operations: BACKUPS,
    },
    Group {
        tag: "backup-sharing",
        says: "Backups that other projects may make disks from.",
        roots: &["/v2/{project_id}"],
        operations: SHARES,
    },
    Group {
        tag: "backup-policies",
        says: "Backup policies of VBS; a disk under one cannot be transferred.",
        roots: &["/v2/{project_id}"],
        operations: POLICIES,
    },
];

const LIST: &[&str] = &["limit", "offset", "marker", "sort_key", "sort_dir"];

const FILTERS: &[&str] = &[
    "name",
    "status",
    "availability_zone",
    "multiattach",
    "service_type",
    "dedicated_storage_id",
    "dedicated_storage_name",
    "server_id",
    "id",
    "ids",
    "volume_type_id",
    "enterprise_project_id",
    "metadata",
    "not_metadata",
];

const PAYMENT: Kind = Inside(&[
    May("chargingMode", Word(&["prePaid", "postPaid"])),
    May("periodType", Word(&["month", "year"])),
    May("periodNum", Whole),
    May("isAutoPay", Word(&["true", "false"])),
    May("isAutoRenew", Word(&["true", "false"])),
]);

const NEW: Schema = Schema::top(
    "NewCloudVolume",
    &[
        Must(
            "volume",
            Inside(&[
                Must("availability_zone", Text),
                Must("volume_type", Text),
                May("size", Whole),
                May("name", Text),
                May("description", Text),
                May("count", Whole),
                May("imageRef", Text),
                May("snapshot_id", Text),
                May("backup_id", Text),
                May("multiattach", Flag),
                May("metadata", Texts),
                May("tags", Texts),
                May("enterprise_project_id", Text),
            ]),
        ),
        May("server_id", Text),
        May("bssParam", PAYMENT),
        May("OS-SCH-HNT:scheduler_hints", Inside(&[May("dedicated_storage_id", Text)])),
    ],
);

const CHANGE: Schema = Schema::of(
    "CloudVolumeChange",
    "volume",
    &[May("name", Text), May("description", Text), May("metadata", Texts)],
);

const EXTEND: Schema = Schema::top(
    "ExtendCloudVolume",
    &[Must("os-extend", Inside(&[Must("new_size", Whole)])), May("bssParam", PAYMENT)],
);

const RETYPE: Schema = Schema::top(
    "RetypeCloudVolume",
    &[
        Must(
            "os-retype",
            Inside(&[Must("new_type", Text), May("iops", Whole), May("throughput", Whole)]),
        ),
        May("bssParam", PAYMENT),
    ],
);

const DISKS: &[Operation] = operations! {
    get "/cloudvolumes" 200 Many("volumes"), "List disks", may(A::ListDisks),
        query(&[LIST, FILTERS]);
    get "/cloudvolumes/detail" 200 Many("volumes"), "List disks with all that is known of them",
        may(A::ListDisks), query(&[LIST, FILTERS]);
    post "/cloudvolumes" 200 Id("job_id"), "Make disks", may(A::CreateDisk), takes(&NEW),
        headers(&["X-Client-Token"]), or(202, ONE_JOB), fails(&[409]);
    get "/cloudvolumes/{id}" 200 One("volume"), "Show a disk", may(A::ShowDisk);
    put "/cloudvolumes/{id}" 200 Object, "Rename or describe a disk, or set its metadata",
        may(A::UpdateDisk), takes(&CHANGE);
    delete "/cloudvolumes/{id}" 200 Id("job_id"), "Remove a disk", may(A::DeleteDisk);
    post "/cloudvolumes/{id}/action" 200 Id("job_id"), "Let a disk grow", may(A::ExtendDisk),
        takes(&EXTEND), or(202, ONE_JOB);
    post "/volumes/{id}/retype" 202 Id("job_id"), "Give a disk another type", may(A::RetypeDisk),
        takes(&RETYPE);
    get "/os-vendor-volumes/detail" 200 Many("volumes"),
        "List disks with all that is known of them (other name)", may(A::ListDisks),
        query(&[LIST, FILTERS]);
    post "/os-vendor-volumes" 200 Id("job_id"), "Make disks (other name)", may(A::CreateDisk),
        takes(&NEW), headers(&["X-Client-Token"]), or(202, ONE_JOB), fails(&[409]);
    get "/os-vendor-volumes/{id}" 200 One("volume"), "Show a disk (other name)", may(A::ShowDisk);
    get "/os-vendor-volumes/{id}/internal-info" 200 One("info"),
        "Tell how much of a disk is filled", may(A::ShowDisk);
};

const ONE_JOB: super::table::Body = super::table::Body::Id("job_id");

const TAG_CHANGE: Schema = Schema::top(
    "TagChange",
    &[
        Must("action", Word(&["create", "delete"])),
        Must("tags", Each(&[Must("key", Text), May("value", Text)])),
    ],
);

const SEARCH: Schema = Schema::top(
    "TagSearch",
    &[
        Must("action", Word(&["filter", "count"])),
        May("tags", Each(&[Must("key", Text), May("values", Words)])),
        May(
            "matches",
            Each(&[Must("key", Word(&["resource_name", "service_type"])), Must("value", Text)]),
        ),
        May("limit", Whole),
        May("offset", Whole),
    ],
);

const VENDOR_TAGS: Schema = Schema::top("VendorTags", &[Must("tags", Texts)]);
const VENDOR_TAG: Schema = Schema::top("VendorTag", &[Must("tag", Texts)]);
const DELETE_TAGS: Schema =
    Schema::top("DeleteVendorTags", &[Must("os-delete_tags", Inside(&[Others(Anything)]))]);

const TAG_FILTERS: &[&str] = &["tags", "tags_any", "not_tags", "not_tags_any"];

const TAGS: &[Operation] = operations! {
    get "/cloudvolumes/tags" 200 One("tags"), "List every tag of the project's disks",
        may(A::ListTags);
    post "/cloudvolumes/resource_instances/action" 200 Object,
        "Find or count disks by their tags", may(A::SearchTags), takes(&SEARCH);
    get "/cloudvolumes/{id}/tags" 200 Many("tags"), "Show the tags of a disk", may(A::ShowTags);
    post "/cloudvolumes/{id}/tags/action" 204 Nothing, "Add tags to a disk or remove some",
        may(A::CreateTags), takes(&TAG_CHANGE);
    post "/os-vendor-volumes/resource_instances/action" 200 Object,
        "Find or count disks by their tags (other name)", may(A::SearchTags), takes(&SEARCH);
    get "/os-vendor-volumes/{id}/tags" 200 Many("tags"), "Show the tags of a disk (other name)",
        may(A::ShowTags);
    post "/os-vendor-volumes/{id}/tags/action" 204 Nothing,
        "Add tags to a disk or remove some (other name)", may(A::CreateTags), takes(&TAG_CHANGE);
    get "/os-vendor-tags/{type}" 200 One("tags"), "List every tag of the project's disks (old form)",
        may(A::ListTags);
    get "/os-vendor-tags/{type}/resource_instances" 200 Many("resources"),
        "Find disks by their tags (old form)", may(A::SearchTags), query(&[TAG_FILTERS]);
    get "/os-vendor-tags/{type}/{id}" 200 One("tags"), "Show the tags of a disk (old form)",
        may(A::ShowTags);
    post "/os-vendor-tags/{type}/{id}" 200 One("tags"), "Add tags to a disk (old form)",
        may(A::CreateTags), takes(&VENDOR_TAGS);
    put "/os-vendor-tags/{type}/{id}" 200 One("tags"), "Replace the tags of a disk (old form)",
        may(A::UpdateTags), takes(&VENDOR_TAGS);
    post "/os-vendor-tags/{type}/{id}/action" 200 Nothing, "Remove tags of a disk (old form)",
        may(A::DeleteTags), takes(&DELETE_TAGS);
    get "/os-vendor-tags/{type}/{id}/{key}" 200 One("tag"), "Show a tag of a disk (old form)",
        may(A::ShowTags);
    put "/os-vendor-tags/{type}/{id}/{key}" 200 One("tag"), "Set a tag of a disk (old form)",
        may(A::UpdateTags), takes(&VENDOR_TAG);
    delete "/os-vendor-tags/{type}/{id}/{key}" 200 Nothing, "Remove a tag of a disk (old form)",
        may(A::DeleteTags);
};

const JOBS: &[Operation] = operations! {
    get "/jobs/{id}" 200 Object, "Show a job", may(A::ShowJob);
};

const NEW_BACKUP: Schema = Schema::of(
    "NewCloudBackup",
    "backup",
    &[
        Must("volume_id", Text),
        Must("name", Text),
        May("snapshot_id", Text),
        May("description", Text),
        May("tags", Each(&[Must("key", Text), May("value", Text)])),
        May("extend_param", Inside(&[May("FullBackup", Word(&["true", "false"]))])),
    ],
);
const RESTORE: Schema = Schema::of("RestoreCloudBackup", "restore", &[Must("volume_id", Text)]);

const BACKUPS: &[Operation] = operations! {
    post "/cloudbackups" 200 Id("job_id"), "Make a backup", may(A::CreateCloudBackup),
        takes(&NEW_BACKUP);
    post "/cloudbackups/{id}" 200 Id("job_id"),
        "Remove a backup; what builds on it takes over what it holds", may(A::DeleteCloudBackup);
    post "/cloudbackups/{id}/restore" 200 Id("job_id"), "Fill a disk from a backup",
        may(A::RestoreCloudBackup), takes(&RESTORE);
    get "/cloudbackups/quota" 200 One("quotas"), "Show the limits of backups and what is used",
        may(A::ShowBackupQuota);
};

const SHARE: Schema =
    Schema::of("ShareBackup", "shared", &[Must("backup_id", Text), Must("to_project_ids", Words)]);
const SHARED: &[&str] = &[
    "share_to_me",
    "volume_id",
    "name",
    "status",
    "backup_id",
    "from_project_id",
    "to_project_id",
    "avalilability_zone",
    "availability_zone",
];

const SHARES: &[Operation] = operations! {
    post "/os-vendor-backup-sharing" 200 Many("shared"), "Share a backup with projects",
        may(A::ShareBackup), takes(&SHARE);
    get "/os-vendor-backup-sharing/detail" 200 Many("shared"), "List shared backups",
        may(A::ListBackupShares), query(&[LIST, SHARED]);
    get "/os-vendor-backup-sharing/count" 200 Object, "Count shared backups",
        may(A::ListBackupShares), query(&[SHARED]);
    get "/os-vendor-backup-sharing/{id}" 200 One("shared"), "Show a shared backup",
        may(A::ShowBackupShare);
    delete "/os-vendor-backup-sharing" 200 Nothing, "Share a backup with nobody any more",
        may(A::UnshareBackup), query(&[&["backup_id"]]);
    delete "/os-vendor-backup-sharing/{id}" 200 Nothing, "Share a backup with a project no more",
        may(A::UnshareBackup), query(&[&["is_backup_id"]]);
};

const POLICY: Schema = Schema::top(
    "NewBackupPolicy",
    &[
        May("tags", Each(&[Must("key", Text), May("value", Text)])),
        Must("backup_policy_name", Text),
        Must(
            "scheduled_policy",
            Inside(&[
                Must("start_time", Text),
                Must("status", Word(&["ON", "OFF"])),
                May("frequency", Whole),
                May("week_frequency", Words),
                May("rentention_num", Whole),
                May("rentention_day", Whole),
                May("remain_first_backup_of_curMonth", Word(&["Y", "N"])),
            ]),
        ),
        May("time_zone", Text),
    ],
);

const POLICY_CHANGE: Schema = Schema::top(
    "BackupPolicyChange",
    &[
        May("backup_policy_name", Text),
        May(
            "scheduled_policy",
            Inside(&[
                May("start_time", Text),
                May("status", Word(&["ON", "OFF"])),
                May("frequency", Whole),
                May("week_frequency", Words),
                May("rentention_num", Whole),
                May("rentention_day", Whole),
                May("remain_first_backup_of_curMonth", Word(&["Y", "N"])),
            ]),
        ),
        May("time_zone", Text),
    ],
);

const POLICY_TAG: Schema =
    Schema::of("BackupPolicyTag", "tag", &[Must("key", Text), May("value", Text)]);

const POLICY_TAG_CHANGE: Schema = Schema::top(
    "BackupPolicyTagChange",
    &[
        Must("action", Word(&["create", "update", "delete"])),
        May("tags", Each(&[Must("key", Text), May("value", Text)])),
    ],
);

const WANTED: &[Member] = &[Must("key", Text), May("values", Words)];

const POLICY_SEARCH: Schema = Schema::top(
    "BackupPolicySearch",
    &[
        Must("action", Word(&["filter", "count"])),
        May("tags", Each(WANTED)),
        May("tags_any", Each(WANTED)),
        May("not_tags", Each(WANTED)),
        May("not_tags_any", Each(WANTED)),
        May("matches", Each(&[Must("key", Word(&["resource_name"])), Must("value", Text)])),
        May("limit", Whole),
        May("offset", Whole),
    ],
);

const DISK: &[Member] = &[Must("resource_id", Text), Must("resource_type", Word(&["volume"]))];
const BOUND_DISK: &[Member] = &[Must("resource_id", Text), May("resource_type", Word(&["volume"]))];

const BIND: Schema = Schema::top(
    "BindBackupPolicy",
    &[Must("backup_policy_id", Text), Must("resources", Each(DISK))],
);
const UNBIND: Schema = Schema::top("UnbindBackupPolicy", &[Must("resources", Each(BOUND_DISK))]);

const POLICIES: &[Operation] = operations! {
    get "/backuppolicy" 200 Many("backup_policies"), "List backup policies", may(A::ListPolicies);
    post "/backuppolicy" 200 Id("backup_policy_id"), "Make a backup policy", may(A::CreatePolicy),
        takes(&POLICY);
    get "/backuppolicy/{id}" 200 Object, "Show a backup policy", may(A::ShowPolicy);
    put "/backuppolicy/{id}" 200 Id("backup_policy_id"), "Change a backup policy",
        may(A::UpdatePolicy), takes(&POLICY_CHANGE);
    delete "/backuppolicy/{id}" 204 Nothing, "Remove a backup policy", may(A::DeletePolicy);
    post "/backuppolicy/{id}/action" 204 Nothing, "Run a backup policy at once",
        may(A::RunPolicy);
    get "/backuppolicy/{id}/backuptasks" 200 Many("tasks"), "List the tasks of a backup policy",
        may(A::ShowPolicyTasks), query(&[LIST, &["status", "job_id"]]);
    get "/backuppolicy/tags" 200 Many("tags"), "List every tag of the project's backup policies",
        may(A::ListPolicyTags);
    post "/backuppolicy/resource_instances/action" 200 Object,
        "Find or count backup policies by their tags", may(A::SearchPolicyTags),
        takes(&POLICY_SEARCH);
    get "/backuppolicy/{id}/tags" 200 Many("tags"), "Show the tags of a backup policy",
        may(A::ShowPolicyTags);
    post "/backuppolicy/{id}/tags" 204 Nothing, "Add a tag to a backup policy",
        may(A::CreatePolicyTags), takes(&POLICY_TAG);
    post "/backuppolicy/{id}/tags/action" 204 Nothing,
        "Add, change or remove tags of a backup policy", may(A::CreatePolicyTags),
        takes(&POLICY_TAG_CHANGE);
    delete "/backuppolicy/{id}/tags/{key}" 204 Nothing, "Remove a tag of a backup policy",
        may(A::DeletePolicyTags);
    get "/backuppolicyresources" 200 Many("resources"), "List the disks under a backup policy",
        may(A::ShowPolicy), query(&[&["policy_id"]]);
    post "/backuppolicyresources" 200 Many("success_resources"), "Put disks under a backup policy",
        may(A::BindPolicy), takes(&BIND);
    post "/backuppolicyresources/{id}/deleted_resources" 200 Many("success_resources"),
        "Take disks out of a backup policy", may(A::UnbindPolicy), takes(&UNBIND);
};
