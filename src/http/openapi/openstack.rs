//! The OpenStack Block Storage API: disks, transfers, backups, attachments, the node.

use super::backups;
use super::table::Kind::{
    self, Anything, From, Inside, Like, Null, Or, Secret, Sized, Text, Uuid, Whole, Word,
};
use super::table::Member::{May, Must, One, Only, Others, Since, Some};
use super::table::{Act, Group, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::http::openstack::resource_filters::VOLUME;

/// Under `/v2` and under `/v3` alike.
pub(super) const BOTH: &[&str] = &["/v2/{project_id}", "/v3/{project_id}"];
const V3: &[&str] = &["/v3/{project_id}"];

pub(super) const GROUPS: &[Group] = &[
    Group {
        tag: "versions",
        says: "What versions of the API there are.",
        roots: &[""],
        operations: VERSIONS,
    },
    Group {
        tag: "transfers",
        says: TRANSFER,
        roots: &["/v2/{project_id}/os-volume-transfer", "/v3/{project_id}/os-volume-transfer"],
        operations: OFFER,
    },
    Group {
        tag: "transfers",
        says: TRANSFER,
        roots: &["/v3/{project_id}/volume-transfers"],
        operations: OFFER_355,
    },
    Group {
        tag: "transfers",
        says: TRANSFER,
        roots: &[
            "/v2/{project_id}/os-volume-transfer",
            "/v3/{project_id}/os-volume-transfer",
            "/v3/{project_id}/volume-transfers",
        ],
        operations: TRANSFERS,
    },
    Group {
        tag: "volumes",
        says: "Disks, their metadata, and what is done to them.",
        roots: BOTH,
        operations: DISKS,
    },
    backups::GROUP,
    Group {
        tag: "attachments",
        says: "What disks are attached to.",
        roots: V3,
        operations: ATTACHMENTS,
    },
    Group {
        tag: "messages",
        says: "What failed after its answer.",
        roots: V3,
        operations: MESSAGES,
    },
    Group {
        tag: "quotas",
        says: "Limits of projects and what is used of them.",
        roots: BOTH,
        operations: QUOTAS,
    },
    Group {
        tag: "node",
        says: "Services, hosts, pools, zones, and what the API can do.",
        roots: BOTH,
        operations: NODE,
    },
];

const TRANSFER: &str = "Hand a disk over to another project: one offers it, the other accepts it \
                        with the key. `volume-transfers` is the newer name.";

const VERSIONS: &[Operation] = operations! {
    get "/" 300 Many("versions"), "List the versions", open();
    get "/v1" 200 Many("versions"), "Show the first version, which is no more", open();
    get "/v2" 200 Many("versions"), "Show version 2", open();
    get "/v2/" 200 Many("versions"), "Show version 2", open();
    get "/v3" 200 Many("versions"), "Show version 3 and its microversions", open();
    get "/v3/" 200 Many("versions"), "Show version 3 and its microversions", open();
};

/// What chooses a page and its order.
pub(super) const PAGE: &[&str] = &["limit", "offset", "marker", "sort", "sort_key", "sort_dir"];
/// For administrators.
pub(super) const ALL: &[&str] = &["all_tenants"];

const NEW_TRANSFER: Schema =
    Schema::only("NewTransfer", "transfer", &[Must("volume_id", Uuid), May("name", NAME), Only]);
/// From 3.55 on, under the newer name.
const NEW_VOLUME_TRANSFER: Schema = Schema::only(
    "NewVolumeTransfer",
    "transfer",
    &[Must("volume_id", Uuid), May("name", NAME), Since(55, "no_snapshots", Kind::TRUTH), Only],
);
const ACCEPT_TRANSFER: Schema =
    Schema::only("AcceptTransfer", "accept", &[Must("auth_key", Or(&[Secret, Whole])), Only]);
/// A name that is not nothing but white space.
const NAME: Kind = Or(&[Like("^[!-~]([ -~]{0,253}[!-~])?$"), Null]);

const OFFER: &[Operation] = operations! {
    post "" 202 One("transfer"), "Offer a disk; the answer alone has the key",
        may(A::CreateTransfer), takes(&NEW_TRANSFER),
        headers(&["Idempotency-Key", "X-Evs-Transfer-Expires-In"]), fails(&[422]);
};
const OFFER_355: &[Operation] = operations! {
    post "" 202 One("transfer"), "Offer a disk; the answer alone has the key",
        may(A::CreateTransfer), takes(&NEW_VOLUME_TRANSFER),
        headers(&["Idempotency-Key", "X-Evs-Transfer-Expires-In"]), fails(&[422]);
};

const TRANSFERS: &[Operation] = operations! {
    get "" 200 Many("transfers"), "List pending transfers", may(A::ListTransfers),
        query(&[PAGE, ALL, &["name", "id", "volume_id"]]);
    get "/detail" 200 Many("transfers"), "List pending transfers with all that is known of them",
        may(A::ListTransfers), query(&[PAGE, ALL, &["name", "id", "volume_id"]]);
    get "/{id}" 200 One("transfer"), "Show a transfer", may(A::ShowTransfer);
    delete "/{id}" 202 Nothing, "Withdraw an offer", may(A::DeleteTransfer),
        headers(&["Idempotency-Key"]), fails(&[422]);
    post "/{id}/accept" 202 One("transfer"), "Take an offered disk", may(A::AcceptTransfer),
        takes(&ACCEPT_TRANSFER), headers(&["Idempotency-Key"]), fails(&[422, 429]);
};

const NEW_VOLUME: Schema = Schema::top(
    "NewVolume",
    &[
        Must(
            "volume",
            Inside(&[
                May("size", Or(&[Kind::SIZE, Null])),
                May("name", Kind::LABEL),
                May("description", Kind::LABEL),
                May("display_name", Kind::LABEL),
                May("display_description", Kind::LABEL),
                May("volume_type", Kind::TEXT),
                May("availability_zone", Kind::TEXT),
                May("metadata", Kind::MAYBE_METADATA),
                May("multiattach", Kind::TRUTH),
                May("shareable", Anything),
                May("count", Anything),
                May("consistencygroup_id", Anything),
                May("source_replica", Anything),
                May("group_id", Anything),
                May("snapshot_id", Kind::TEXT),
                May("source_volid", Kind::TEXT),
                May("imageRef", Kind::TEXT),
                May("image_id", Kind::TEXT),
                Since(47, "backup_id", Kind::TEXT),
                // Up to 3.52 others are taken and not heard.
                Only,
            ]),
        ),
        May("OS-SCH-HNT:scheduler_hints", HINTS),
        Only,
    ],
);
const HINTS: Kind = Or(&[Inside(&[May("dedicated_storage_id", Kind::TEXT)]), Null]);
const VOLUME_CHANGE: Schema = Schema::only(
    "VolumeChange",
    "volume",
    &[
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        May("display_name", Kind::LABEL),
        May("display_description", Kind::LABEL),
        May("metadata", Kind::MAYBE_METADATA),
        Only,
        Some,
    ],
);
pub(super) const METADATA: Schema =
    Schema::top("Metadata", &[Must("metadata", Kind::METADATA), Only]);
/// Its one key is the path's.
pub(super) const META: Schema = Schema::only(
    "MetadataValue",
    "meta",
    &[Member::Like("^[^\\u0000]{1,255}$", Sized(0, 255)), One],
);

/// Filters of disks beyond those that `resource_filters` tells.
const DISK_FILTERS: &[&str] = &["with_count", "glance_metadata"];
/// Filters that administrators alone are heard with.
const ADMINS_FILTERS: &[&str] =
    &["id", "project_id", "user_id", "host", "snapshot_id", "source_volid", "volume_type_id"];

const DISKS: &[Operation] = operations! {
    get "/volumes" 200 Many("volumes"), "List disks", may(A::ListDisks),
        query(&[PAGE, ALL, VOLUME, DISK_FILTERS, ADMINS_FILTERS]);
    get "/volumes/detail" 200 Many("volumes"), "List disks with all that is known of them",
        may(A::ListDisks), query(&[PAGE, ALL, VOLUME, DISK_FILTERS, ADMINS_FILTERS]);
    get "/volumes/summary" 200 One("volume-summary"), "Count and sum up disks", may(A::ListDisks),
        since(12), query(&[ALL]);
    post "/volumes" 202 One("volume"), "Make a disk", may(A::CreateDisk), takes(&NEW_VOLUME);
    get "/volumes/{id}" 200 One("volume"), "Show a disk", may(A::ShowDisk);
    put "/volumes/{id}" 200 One("volume"), "Rename or describe a disk, or set its metadata",
        may(A::UpdateDisk), takes(&VOLUME_CHANGE);
    delete "/volumes/{id}" 202 Nothing, "Remove a disk", may(A::DeleteDisk),
        query(&[&["cascade", "force"]]);
    post "/volumes/{id}/action" 202 Perhaps, "Do one of several things to a disk",
        does("VolumeAction", DISK_ACTS), or(200, PERHAPS);
    get "/volumes/{id}/encryption" 200 Object, "Tell how a disk is encrypted",
        may(A::ShowDiskEncryption);
    get "/volumes/{id}/encryption/{key}" 200 Plain("text/plain; charset=utf-8"),
        "Tell a member of how a disk is encrypted", may(A::ShowDiskEncryption);
    get "/volumes/{id}/metadata" 200 One("metadata"), "Show the metadata of a disk",
        may(A::ShowDiskMetadata);
    post "/volumes/{id}/metadata" 200 One("metadata"), "Add to the metadata of a disk",
        may(A::CreateDiskMetadata), takes(&METADATA), or(412, EMPTY);
    put "/volumes/{id}/metadata" 200 One("metadata"), "Replace the metadata of a disk",
        may(A::UpdateDiskMetadata), takes(&METADATA), or(412, EMPTY);
    get "/volumes/{id}/metadata/{key}" 200 One("meta"), "Show a value of the metadata",
        may(A::ShowDiskMetadata);
    put "/volumes/{id}/metadata/{key}" 200 One("meta"), "Set a value of the metadata",
        may(A::UpdateDiskMetadata), takes(&META), or(412, EMPTY);
    delete "/volumes/{id}/metadata/{key}" 200 Nothing, "Take a key out of the metadata",
        may(A::DeleteDiskMetadata), or(412, EMPTY);
};

const EMPTY: super::table::Body = super::table::Body::Nothing;
const PERHAPS: super::table::Body = super::table::Body::Perhaps;

const DISK_STATUSES: &[&str] = &[
    "available",
    "attaching",
    "backing-up",
    "creating",
    "detaching",
    "error",
    "error_deleting",
    "error_extending",
    "error_restoring",
    "extending",
    "in-use",
    "maintenance",
    "reserved",
    "retyping",
    "restoring-backup",
];
const CONNECTOR: &[Member] = &[Must("connector", Or(&[Inside(&[Others(Anything)]), Text])), Only];
const LEFT_CONNECTOR: &[Member] =
    &[Must("connector", Or(&[Inside(&[Others(Anything)]), Text, Null])), Only];

const DISK_ACTS: &[Act] = &[
    Act::new("os-extend", A::ExtendDisk, &[Must("new_size", Kind::SIZE), Only]),
    Act::new("os-set_bootable", A::UpdateDisk, &[Must("bootable", Kind::TRUTH), Only]),
    Act::new(
        "os-reset_status",
        A::ResetDiskStatus,
        &[
            May("status", Or(&[Word(DISK_STATUSES), Null])),
            May("attach_status", Or(&[Word(&["attached", "detached", "attaching"]), Null])),
            May("migration_status", Kind::TEXT),
            Only,
            Some,
        ],
    ),
    Act::new("os-force_delete", A::ForceDeleteDisk, &[]),
    Act::new("os-update_readonly_flag", A::SetDiskReadOnly, &[Must("readonly", Kind::TRUTH), Only]),
    Act::new(
        "os-retype",
        A::RetypeDisk,
        &[
            Must("new_type", Text),
            May("migration_policy", Or(&[Word(&["on-demand", "never"]), Null])),
            Only,
        ],
    ),
    Act::new("revert", A::RevertDisk, &[Must("snapshot_id", Uuid), Only]).since(40),
    Act::new(
        "os-volume_upload_image",
        A::UploadImage,
        &[
            Must("image_name", Sized(1, 255)),
            May("force", Kind::TRUTH),
            May("disk_format", Kind::TEXT),
            May("container_format", Kind::TEXT),
            May("__os_type", Anything),
            Since(1, "visibility", Anything),
            Since(1, "protected", Anything),
            Only,
        ],
    ),
    Act::new(
        "os-set_image_metadata",
        A::ChangeImageMetadata,
        &[Must("metadata", Kind::MAYBE_METADATA), Only],
    ),
    Act::new("os-show_image_metadata", A::ShowImageMetadata, &[]),
    Act::new("os-unset_image_metadata", A::ChangeImageMetadata, &[Must("key", Text), Only]),
    Act::new("os-migrate_volume", A::MigrateDisk, &[]),
    Act::new("os-reserve", A::ReserveDisk, &[]),
    Act::new("os-unreserve", A::UnreserveDisk, &[]),
    Act::new(
        "os-attach",
        A::AttachDisk,
        &[
            Must("mountpoint", Sized(1, 255)),
            May("instance_uuid", Uuid),
            May("host_name", Sized(0, 255)),
            May("mode", Word(&["rw", "ro"])),
            Only,
        ],
    ),
    Act::new("os-detach", A::DetachDisk, &[May("attachment_id", Kind::UUID), Only]).or_null(),
    Act::new("os-begin_detaching", A::BeginDetaching, &[]),
    Act::new("os-roll_detaching", A::RollDetaching, &[]),
    Act::new(
        "os-force_detach",
        A::ForceDetachDisk,
        &[
            May("attachment_id", Kind::TEXT),
            May("connector", Or(&[Inside(&[Others(Anything)]), Text, Null])),
            Only,
        ],
    ),
    Act::new("os-initialize_connection", A::InitializeConnection, CONNECTOR),
    Act::new("os-terminate_connection", A::TerminateConnection, LEFT_CONNECTOR),
];

const NEW_ATTACHMENT: Schema = Schema::only(
    "NewAttachment",
    "attachment",
    &[
        Must("volume_uuid", Uuid),
        May("instance_uuid", Uuid),
        May("connector", Or(&[Inside(&[Others(Anything)]), Null])),
        Since(54, "mode", Word(&["rw", "ro"])),
        Only,
    ],
);
const CONNECT: Schema = Schema::only(
    "ConnectAttachment",
    "attachment",
    &[Must("connector", Inside(&[Others(Anything), Some])), Only],
);
const ATTACHMENT_ACTS: &[Act] = &[Act::new("os-complete", A::CompleteAttachment, &[]).since(44)];
const ATTACHMENT_FILTERS: &[&str] =
    &["volume_id", "instance_id", "status", "attach_status", "project_id"];

const ATTACHMENTS: &[Operation] = operations! {
    get "/attachments" 200 Many("attachments"), "List attachments", may(A::ListAttachments),
        since(27), query(&[PAGE, ALL, ATTACHMENT_FILTERS]);
    get "/attachments/detail" 200 Many("attachments"),
        "List attachments with all that is known of them", may(A::ListAttachments), since(27),
        query(&[PAGE, ALL, ATTACHMENT_FILTERS]);
    post "/attachments" 200 One("attachment"), "Make an attachment", may(A::CreateAttachment),
        since(27), takes(&NEW_ATTACHMENT);
    get "/attachments/{id}" 200 One("attachment"), "Show an attachment", may(A::ShowAttachment),
        since(27);
    put "/attachments/{id}" 200 One("attachment"), "Connect the host of an attachment",
        may(A::UpdateAttachment), since(27), takes(&CONNECT);
    delete "/attachments/{id}" 200 Many("attachments"),
        "Remove an attachment; what the disk is still attached to is the answer",
        may(A::DeleteAttachment), since(27);
    post "/attachments/{id}/action" 204 Nothing, "Say that an attachment is done", since(44),
        does("AttachmentAction", ATTACHMENT_ACTS);
};

const MESSAGE_FILTERS: &[&str] =
    &["resource_uuid", "request_id", "event_id", "resource_type", "message_level"];

const MESSAGES: &[Operation] = operations! {
    get "/messages" 200 Many("messages"), "List messages", may(A::ListMessages), since(3),
        query(&[PAGE, ALL, MESSAGE_FILTERS]);
    get "/messages/{id}" 200 One("message"), "Show a message", may(A::ShowMessage), since(3);
    delete "/messages/{id}" 204 Nothing, "Remove a message", may(A::DeleteMessage), since(3);
};

/// There are more, two for each disk type: `volumes_SSD`, `gigabytes_SSD`.
const LIMITS: &[Member] = &[
    May("volumes", LIMIT),
    May("snapshots", LIMIT),
    May("gigabytes", LIMIT),
    May("backups", LIMIT),
    May("backup_gigabytes", LIMIT),
    May("per_volume_gigabytes", LIMIT),
    May("groups", LIMIT),
    Others(LIMIT),
];
const LIMIT: Kind = Or(&[From(-1), Like("^(-1|[0-9]{1,18})$")]);
const QUOTA_SET: Schema = Schema::only("QuotaSet", "quota_set", LIMITS);
const QUOTA_CLASS_SET: Schema = Schema::only("QuotaClassSet", "quota_class_set", LIMITS);

const QUOTAS: &[Operation] = operations! {
    get "/os-quota-sets/{target}" 200 One("quota_set"), "Show the quota of a project",
        may(A::ShowQuota), query(&[&["usage"]]);
    put "/os-quota-sets/{target}" 200 One("quota_set"), "Change the quota of a project",
        may(A::UpdateQuota), takes(&QUOTA_SET);
    delete "/os-quota-sets/{target}" 200 Nothing, "Take the quota of a project back to the defaults",
        may(A::DeleteQuota);
    get "/os-quota-sets/{target}/defaults" 200 One("quota_set"), "Show the default quota",
        may(A::ShowQuota);
    get "/os-quota-class-sets/{class}" 200 One("quota_class_set"), "Show the limits of every project",
        may(A::ShowQuotaClass);
    put "/os-quota-class-sets/{class}" 200 One("quota_class_set"),
        "Change the limits of every project", may(A::UpdateQuotaClass), takes(&QUOTA_CLASS_SET);
    get "/limits" 200 One("limits"), "Show one's limits and what is used of them",
        may(A::ShowLimits), query(&[&["project_id"]]);
};

const SWITCH: Schema = Schema::top(
    "SwitchService",
    &[
        Must("host", Sized(1, 255)),
        May("binary", Text),
        May("service", Text),
        May("disabled_reason", Text),
        May("backend_id", Anything),
        May("cluster", Anything),
        Only,
    ],
);

const NODE: &[Operation] = operations! {
    get "/os-availability-zone" 200 Many("availabilityZoneInfo"), "List availability zones",
        may(A::ListZones);
    get "/extensions" 200 Many("extensions"), "List what the API can do beyond its core",
        may(A::ListExtensions);
    get "/extensions/{alias}" 200 One("extension"), "Show an extension", may(A::ListExtensions);
    get "/resource_filters" 200 Many("resource_filters"), "List what lists can be narrowed by",
        may(A::ListResourceFilters), since(33), query(&[&["resource"]]);
    get "/os-services" 200 Many("services"), "List the services", may(A::ListServices),
        query(&[&["binary", "host"]]);
    put "/os-services/{action}" 200 Object, "Switch a service on, off or over",
        may(A::UpdateServices), takes(&SWITCH);
    get "/os-hosts" 200 Many("hosts"), "List the hosts", may(A::ShowHosts), query(&[&["zone"]]);
    get "/os-hosts/{host}" 200 Many("host"), "Show what lies on a host", may(A::ShowHosts);
    get "/scheduler-stats/get_pools" 200 Many("pools"), "List the pools that disks lie in",
        may(A::ListPools), query(&[&["detail", "name", "volume_type"]]);
    get "/capabilities/{host}" 200 Object, "Show what a backend can do", may(A::ShowCapabilities);
};
