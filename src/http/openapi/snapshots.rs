//! Snapshots, by OpenStack's API and by the cloud's own.

use super::openstack::{ALL, BOTH, META, METADATA, PAGE};
use super::table::Kind::{self, Flag, Inside, Like, Null, Or, Sized, Uuid, Word};
use super::table::Member::{May, Must, Only, Some};
use super::table::{Act, Group, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::http::openstack::resource_filters::SNAPSHOT;

pub(super) const GROUPS: &[Group] = &[
    Group {
        tag: "snapshots",
        says: "Snapshots of disks, their metadata, and what is done to them.",
        roots: BOTH,
        operations: SNAPSHOTS,
    },
    Group {
        tag: "cloudsnapshots",
        says: "Snapshots as the cloud's own API has them, and the way back to any of them.",
        roots: &["/v2/{project_id}", "/v2.1/{project_id}", "/v3/{project_id}"],
        operations: NATIVE,
    },
];

/// Filters that administrators alone are heard with, and the number of all.
const MORE: &[&str] = &["with_count", "id", "project_id", "user_id", "size"];

const NEW: Schema = Schema::only(
    "NewSnapshot",
    "snapshot",
    &[
        Must("volume_id", Uuid),
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        May("display_name", Kind::LABEL),
        May("display_description", Kind::LABEL),
        May("metadata", Kind::MAYBE_METADATA),
        May("force", Kind::TRUTH),
    ],
);
const NEW_NATIVE: Schema = Schema::of(
    "NewCloudSnapshot",
    "snapshot",
    &[
        Must("volume_id", Uuid),
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        May("metadata", Kind::MAYBE_METADATA),
        May("force", Or(&[Flag, Like("^([Tt]rue|[Ff]alse|TRUE|FALSE)$"), Null])),
    ],
);

const CHANGE: Schema = Schema::only(
    "SnapshotChange",
    "snapshot",
    &[
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        May("display_name", Kind::LABEL),
        May("display_description", Kind::LABEL),
        Only,
        Some,
    ],
);
const CHANGE_NATIVE: Schema = Schema::of(
    "CloudSnapshotChange",
    "snapshot",
    &[Must("name", Sized(0, 255)), May("description", Kind::LABEL)],
);
const STATUSES: Kind = Word(&["available", "creating", "deleting", "error", "error_deleting"]);

const ROLLBACK: Schema = Schema::top(
    "Rollback",
    &[Must("rollback", Inside(&[Must("volume_id", Uuid), May("name", Kind::LABEL)]))],
);

const ACTS: &[Act] = &[
    Act::new("os-reset_status", A::ResetSnapshotStatus, &[Must("status", STATUSES), Only]),
    Act::new("os-force_delete", A::ForceDeleteSnapshot, &[]),
    Act::new(
        "os-update_snapshot_status",
        A::TellSnapshotStatus,
        &[
            Must("status", STATUSES),
            May("progress", Or(&[Like("^(100|[0-9]{1,2})%$"), Null])),
            Only,
        ],
    ),
];

const SNAPSHOTS: &[Operation] = operations! {
    get "/snapshots" 200 Many("snapshots"), "List snapshots", may(A::ListSnapshots),
        query(&[PAGE, ALL, SNAPSHOT, MORE]);
    get "/snapshots/detail" 200 Many("snapshots"), "List snapshots with all that is known of them",
        may(A::ListSnapshots), query(&[PAGE, ALL, SNAPSHOT, MORE]);
    post "/snapshots" 202 One("snapshot"), "Take a snapshot", may(A::CreateSnapshot), takes(&NEW);
    get "/snapshots/{id}" 200 One("snapshot"), "Show a snapshot", may(A::ShowSnapshot);
    put "/snapshots/{id}" 200 One("snapshot"), "Rename or describe a snapshot",
        may(A::UpdateSnapshot), takes(&CHANGE);
    delete "/snapshots/{id}" 202 Nothing, "Remove a snapshot", may(A::DeleteSnapshot);
    post "/snapshots/{id}/action" 202 Nothing, "Do one of several things to a snapshot",
        does("SnapshotAction", ACTS);
    get "/snapshots/{id}/metadata" 200 One("metadata"), "Show the metadata of a snapshot",
        may(A::ShowSnapshotMetadata);
    post "/snapshots/{id}/metadata" 200 One("metadata"), "Add to the metadata of a snapshot",
        may(A::UpdateSnapshotMetadata), takes(&METADATA);
    put "/snapshots/{id}/metadata" 200 One("metadata"), "Replace the metadata of a snapshot",
        may(A::UpdateSnapshotMetadata), takes(&METADATA);
    get "/snapshots/{id}/metadata/{key}" 200 One("meta"), "Show a value of a snapshot's metadata",
        may(A::ShowSnapshotMetadata);
    put "/snapshots/{id}/metadata/{key}" 200 One("meta"), "Set a value of a snapshot's metadata",
        may(A::UpdateSnapshotMetadata), takes(&META);
    delete "/snapshots/{id}/metadata/{key}" 200 Nothing,
        "Take a key out of the metadata of a snapshot", may(A::DeleteSnapshotMetadata);
};

const LIST: &[&str] = &["limit@native", "offset@native", "marker@native"];

const FILTERS: &[&str] = &[
    "id",
    "name",
    "status",
    "volume_id",
    "availability_zone",
    "service_type",
    "dedicated_storage_id",
    "dedicated_storage_name",
    "enterprise_project_id",
];

const NATIVE: &[Operation] = operations! {
    get "/cloudsnapshots/detail" 200 Many("snapshots"), "List snapshots and tell how many there are",
        may(A::ListSnapshots), query(&[LIST, FILTERS]);
    post "/cloudsnapshots" 202 One("snapshot"), "Take a snapshot", may(A::CreateSnapshot),
        takes(&NEW_NATIVE);
    get "/cloudsnapshots/{id}" 200 One("snapshot"), "Show a snapshot", may(A::ShowSnapshot);
    put "/cloudsnapshots/{id}" 200 One("snapshot"), "Rename or describe a snapshot",
        may(A::UpdateSnapshot), takes(&CHANGE_NATIVE);
    delete "/cloudsnapshots/{id}" 202 Nothing, "Remove a snapshot", may(A::DeleteSnapshot);
    post "/cloudsnapshots/{id}/rollback" 202 One("rollback"), "Take a disk back to a snapshot",
        may(A::RollBackDisk), takes(&ROLLBACK);
    post "/os-vendor-snapshots/{id}/rollback" 202 One("rollback"),
        "Take a disk back to a snapshot (other name)", may(A::RollBackDisk), takes(&ROLLBACK);
};
