//! Snapshots, by OpenStack's API and by the cloud's own.

use super::openstack::{ALL, BOTH, META, METADATA, PAGE, STATUS};
use super::table::Kind::{Flag, Inside, Text, Texts};
use super::table::Member::{May, Must};
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

const NEW: Schema = Schema::of(
    "NewSnapshot",
    "snapshot",
    &[
        Must("volume_id", Text),
        May("name", Text),
        May("description", Text),
        May("metadata", Texts),
        May("force", Flag),
    ],
);

const CHANGE: Schema =
    Schema::of("SnapshotChange", "snapshot", &[May("name", Text), May("description", Text)]);

const ROLLBACK: Schema = Schema::top(
    "Rollback",
    &[Must("rollback", Inside(&[Must("volume_id", Text), May("name", Text)]))],
);

const ACTS: &[Act] = &[
    Act::new("os-reset_status", A::ResetSnapshotStatus, STATUS),
    Act::new("os-force_delete", A::ForceDeleteSnapshot, &[]),
    Act::new(
        "os-update_snapshot_status",
        A::TellSnapshotStatus,
        &[Must("status", Text), May("progress", Text)],
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

const LIST: &[&str] = &["limit", "offset", "marker"];

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
        takes(&NEW);
    get "/cloudsnapshots/{id}" 200 One("snapshot"), "Show a snapshot", may(A::ShowSnapshot);
    put "/cloudsnapshots/{id}" 200 One("snapshot"), "Rename or describe a snapshot",
        may(A::UpdateSnapshot), takes(&CHANGE);
    delete "/cloudsnapshots/{id}" 202 Nothing, "Remove a snapshot", may(A::DeleteSnapshot);
    post "/cloudsnapshots/{id}/rollback" 202 One("rollback"), "Take a disk back to a snapshot",
        may(A::RollBackDisk), takes(&ROLLBACK);
    post "/os-vendor-snapshots/{id}/rollback" 202 One("rollback"),
        "Take a disk back to a snapshot (other name)", may(A::RollBackDisk), takes(&ROLLBACK);
};
