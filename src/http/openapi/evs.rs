//! The cloud's own API: disks, tags, jobs, backups, backup policies.

use super::table::Kind::{
    Anything, Between, Each, Filled, Flag, From, Inside, Keyed, Like, Never, Null, Or, Sized, Text,
    Uuid, Word,
};
use super::table::Member::{May, Must, One, Only, Others, Some};
use super::table::{Group, Kind, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::domain::policy::LONGEST_INTERVAL;

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

const LIST: &[&str] =
    &["limit@native", "offset@native", "marker@native", "sort_key@native", "sort_dir"];
/// Of lists that page as OpenStack's do.
const PAGE: &[&str] = &["limit", "offset", "marker", "sort_key", "sort_dir"];

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
    "metadata@native",
    "not_metadata",
];

const PAYMENT: Kind = Inside(&[
    May("chargingMode", Or(&[Word(&["prePaid", "postPaid", ""]), Null])),
    May("periodType", Or(&[Word(&["month", "year", ""]), Null])),
    May("periodNum", AT_LEAST_ONE),
    May("isAutoPay", Or(&[Word(&["true", "false", ""]), Null])),
    May("isAutoRenew", Or(&[Word(&["true", "false", ""]), Null])),
]);

/// A whole number or its digits; decimals are dropped.
const AT_LEAST_ONE: Kind =
    Or(&[Between(1, 0x7FFF_FFFF), Like("^ *0*[1-9][0-9]{0,8}(\\.[0-9]{1,9})? *$"), Null]);
const NUMBER: Kind = Or(&[Between(-0x7FFF_FFFF, 0x7FFF_FFFF), Like("^-?[0-9]{1,9}$"), Null]);
const WORD: Kind = Or(&[Text, Null]);
const MAYBE_UUID: Kind = Or(&[Uuid, Word(&[""]), Null]);
const TRUTH: Kind = Or(&[Flag, Like("^([Tt]rue|[Ff]alse|TRUE|FALSE)$"), Null]);
const LABEL: Kind = Kind::LABEL;
/// Without the keys that the service shows there, and with what it knows about the others.
const METADATA: Kind = Or(&[
    Inside(&[
        May("__system__encrypted", Word(&["0"])),
        May("__system__cmkid", Sized(36, 36)),
        May("hw:passthrough", Word(&["true", "false"])),
        May("full_clone", Word(&["0", "1"])),
        May("create_for_volume_id", Sized(0, 255)),
        May("readonly", Never),
        May("attached_mode", Never),
        May("policy", Never),
        Others(Sized(0, 255)),
    ]),
    Null,
]);
const NEW_METADATA: Kind = Or(&[Keyed("^[A-Z][A-Za-z0-9:_ .-]{0,60}$", &Sized(0, 255)), Null]);
/// The tags of a disk as keys and values.
const TAGS_OF: Kind = Keyed("^[A-Za-z0-9_-]{1,36}$", &Like("^[A-Za-z0-9_-]{0,43}$"));
const KEY: Kind = Like("^[A-Za-z0-9_-]{1,36}$");
const VALUE: Kind = Or(&[Like("^[A-Za-z0-9_-]{0,43}$"), Null]);
const TAG: Kind = Inside(&[Must("key", KEY), May("value", VALUE)]);

const NEW: Schema = Schema::top(
    "NewCloudVolume",
    &[
        Must(
            "volume",
            Inside(&[
                Must("availability_zone", Sized(1, 255)),
                Must("volume_type", Sized(1, 255)),
                Must("size", SIZE),
                May("name", LABEL),
                May("description", LABEL),
                May("count", COUNT),
                May("imageRef", MAYBE_UUID),
                May("snapshot_id", MAYBE_UUID),
                May("backup_id", MAYBE_UUID),
                May("multiattach", TRUTH),
                May("shareable", TRUTH),
                May("iops", NUMBER),
                May("throughput", NUMBER),
                May("metadata", METADATA),
                May("tags", Or(&[TAGS_OF, Null])),
                May("enterprise_project_id", Or(&[Uuid, Word(&["0", ""]), Null])),
            ]),
        ),
        May("server_id", MAYBE_UUID),
        May("bssParam", Or(&[PAYMENT, Null])),
        May(
            "OS-SCH-HNT:scheduler_hints",
            Or(&[Inside(&[May("dedicated_storage_id", WORD)]), Null]),
        ),
    ],
);

/// What is made from nothing has at least 10 GiB.
const SIZE: Kind = Or(&[Between(10, 32_768), Like("^[1-9][0-9]{1,3}$")]);
const COUNT: Kind = Or(&[Between(1, 100), Like("^[1-9][0-9]?$"), Null]);

const CHANGE: Schema = Schema::of(
    "CloudVolumeChange",
    "volume",
    &[
        Must("name", Like("^[!-~]{1,255}$")),
        May("description", LABEL),
        May("metadata", NEW_METADATA),
    ],
);

const NEW_SIZE: Kind =
    Or(&[Between(1, 0x7FFF_FFFF), Like("^ *0*[1-9][0-9]{0,8}(\\.[0-9]{1,9})? *$")]);
const EXTEND: Schema = Schema::top(
    "ExtendCloudVolume",
    &[
        Must("os-extend", Inside(&[Must("new_size", NEW_SIZE)])),
        May("bssParam", Or(&[PAYMENT, Null])),
        Only,
    ],
);

const RETYPE: Schema = Schema::top(
    "RetypeCloudVolume",
    &[
        Must(
            "os-retype",
            Inside(&[
                Must("new_type", Sized(1, 255)),
                May("iops", NUMBER),
                May("throughput", NUMBER),
            ]),
        ),
        May("bssParam", Or(&[PAYMENT, Null])),
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
    &[Must("action", Word(&["create", "delete"])), Must("tags", Kind::Some(1, 10, &TAG))],
);

/// In a search.
const WANTED_VALUES: Kind = Or(&[Kind::Some(0, 10, &Text), Null]);
const SOME: Kind = Or(&[Between(1, 1000), Like("^([1-9][0-9]{0,2}|1000)$"), Null]);
const BEHIND: Kind = Or(&[From(0), Like("^[0-9]{1,9}$"), Null]);
const SEARCH: Schema = Schema::top(
    "TagSearch",
    &[
        Must("action", Word(&["filter", "count"])),
        May("tags", Or(&[Kind::Some(0, 10, &Inside(WANTED)), Null])),
        May(
            "matches",
            Or(&[
                Each(&[
                    Must("key", Word(&["resource_name", "service_type"])),
                    Must("value", Sized(0, 255)),
                ]),
                Null,
            ]),
        ),
        May("limit", SOME),
        May("offset", BEHIND),
    ],
);

const VENDOR_TAGS: Schema = Schema::top("VendorTags", &[Must("tags", TAGS_OF)]);
const VENDOR_TAG: Schema =
    Schema::top("VendorTag", &[Must("tag", Inside(&[Others(Like("^[A-Za-z0-9_-]{0,43}$")), One]))]);
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
        Must("volume_id", Uuid),
        Must("name", Like("^[b-zB-Z0-9_-][A-Za-z0-9_-]{0,63}$")),
        May("snapshot_id", Or(&[Uuid, Null])),
        May("description", Or(&[Like("^[^<>]{0,64}$"), Null])),
        May("tags", Or(&[Kind::Some(0, 10, &TAG), Null])),
        May("extend_param", Or(&[Inside(&[May("FullBackup", Or(&[TRUTH, Word(&[""])]))]), Null])),
    ],
);
const RESTORE: Schema = Schema::of("RestoreCloudBackup", "restore", &[Must("volume_id", Uuid)]);

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

const SHARE: Schema = Schema::of(
    "ShareBackup",
    "shared",
    &[
        Must("backup_id", Filled),
        Must("to_project_ids", Kind::Some(1, 255, &Like("^[A-Za-z0-9_-]{1,64}$"))),
    ],
);
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
        may(A::ListBackupShares), query(&[PAGE, SHARED]);
    get "/os-vendor-backup-sharing/count" 200 Object, "Count shared backups",
        may(A::ListBackupShares), query(&[SHARED]);
    get "/os-vendor-backup-sharing/{id}" 200 One("shared"), "Show a shared backup",
        may(A::ShowBackupShare);
    delete "/os-vendor-backup-sharing" 200 Nothing, "Share a backup with nobody any more",
        may(A::UnshareBackup), query(&[&["backup_id!"]]);
    delete "/os-vendor-backup-sharing/{id}" 200 Nothing, "Share a backup with a project no more",
        may(A::UnshareBackup), query(&[&["is_backup_id"]]);
};

/// `default` is the policy that is there from the start.
const POLICY_NAME: Kind = Like("^[abce-zA-Z0-9_-][A-Za-z0-9_-]{0,63}$");
const HOURS: Kind = Like("^([01][0-9]|2[0-3]):00$");
const WEEK: Kind =
    Or(&[Kind::Some(1, 7, &Word(&["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])), Null]);
const KEPT: Kind = Or(&[Between(2, 99_999), Null]);
const TIME_ZONE: Kind = Or(&[Like("^UTC[+-](0[0-9]|1[0-3]):00$"), Null]);
const POLICY: Schema = Schema::top(
    "NewBackupPolicy",
    &[
        May("tags", Or(&[Kind::Some(0, 10, &TAG), Null])),
        Must("backup_policy_name", POLICY_NAME),
        Must(
            "scheduled_policy",
            Inside(&[
                Must("start_time", HOURS),
                Must("status", Word(&["ON", "OFF"])),
                // Or `week_frequency`, over which it wins.
                Must("frequency", Between(1, LONGEST_INTERVAL)),
                May("week_frequency", Anything),
                // Or `rentention_day`, over which it wins.
                Must("rentention_num", Between(2, 99)),
                // Not looked at beside that.
                May("rentention_day", Anything),
                May("remain_first_backup_of_curMonth", Or(&[Word(&["Y", "N"]), Null])),
            ]),
        ),
        May("time_zone", TIME_ZONE),
    ],
);

const POLICY_CHANGE: Schema = Schema::top(
    "BackupPolicyChange",
    &[
        May("backup_policy_name", Or(&[POLICY_NAME, Null])),
        May(
            "scheduled_policy",
            Or(&[
                Inside(&[
                    May("start_time", Or(&[HOURS, Null])),
                    May("status", Or(&[Word(&["ON", "OFF"]), Null])),
                    May("frequency", Or(&[Between(1, 14), Null])),
                    May("week_frequency", WEEK),
                    May("rentention_num", Or(&[Between(2, 14), Null])),
                    May("rentention_day", KEPT),
                    May("remain_first_backup_of_curMonth", Or(&[Word(&["Y", "N"]), Null])),
                    Some,
                ]),
                Null,
            ]),
        ),
        May("time_zone", TIME_ZONE),
        Some,
    ],
);

const POLICY_TAG: Schema =
    Schema::of("BackupPolicyTag", "tag", &[Must("key", KEY), May("value", VALUE)]);

const POLICY_TAG_CHANGE: Schema = Schema::top(
    "BackupPolicyTagChange",
    &[
        Must("action", Word(&["create", "update", "delete"])),
        May("tags", Or(&[Kind::Some(0, 10, &TAG), Null])),
    ],
);

const WANTED: &[Member] = &[Must("key", Text), May("values", WANTED_VALUES)];
const ALL_WANTED: Kind = Or(&[Kind::Some(0, 10, &Inside(WANTED)), Null]);

const POLICY_SEARCH: Schema = Schema::top(
    "BackupPolicySearch",
    &[
        Must("action", Word(&["filter", "count"])),
        May("tags", ALL_WANTED),
        May("tags_any", ALL_WANTED),
        May("not_tags", ALL_WANTED),
        May("not_tags_any", ALL_WANTED),
        May(
            "matches",
            Or(&[Each(&[Must("key", Word(&["resource_name"])), Must("value", Text)]), Null]),
        ),
        May("limit", SOME),
        May("offset", BEHIND),
    ],
);

const DISK: &[Member] =
    &[Must("resource_id", Like("^[^<>]{1,255}$")), Must("resource_type", Word(&["volume"]))];
const BOUND_DISK: &[Member] =
    &[Must("resource_id", Like("^[^<>]{1,255}$")), May("resource_type", Word(&["volume"]))];

const BIND: Schema = Schema::top(
    "BindBackupPolicy",
    &[Must("backup_policy_id", Sized(1, 255)), Must("resources", Kind::Some(1, 64, &Inside(DISK)))],
);
const UNBIND: Schema =
    Schema::top("UnbindBackupPolicy", &[Must("resources", Kind::Some(1, 64, &Inside(BOUND_DISK)))]);

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
        may(A::ShowPolicyTasks), query(&[PAGE, &["status@tasks", "job_id"]]);
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
        may(A::ShowPolicy), query(&[&["policy_id!"]]);
    post "/backuppolicyresources" 200 Many("success_resources"), "Put disks under a backup policy",
        may(A::BindPolicy), takes(&BIND);
    post "/backuppolicyresources/{id}/deleted_resources" 200 Many("success_resources"),
        "Take disks out of a backup policy", may(A::UnbindPolicy), takes(&UNBIND);
};
