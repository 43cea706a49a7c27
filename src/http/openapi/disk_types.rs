//! The OpenStack Block Storage API: disk types and qualities of service.

use super::openstack::{BOTH, PAGE};
use super::table::Kind::{Flag, Text, Texts, Whole, Word, Words};
use super::table::Member::{May, Must, Others};
use super::table::{Act, Group, Member, Operation, Schema, operations};
use crate::domain::access::Action as A;

pub(super) const GROUPS: &[Group] = &[
    Group {
        tag: "types",
        says: "Disk types, who may use them, their extra specs and encryption.",
        roots: BOTH,
        operations: TYPES,
    },
    Group {
        tag: "qos-specs",
        says: "Qualities of service and the disk types that have them.",
        roots: BOTH,
        operations: QOS,
    },
];

const NEW_TYPE: Schema = Schema::of(
    "NewVolumeType",
    "volume_type",
    &[
        Must("name", Text),
        May("description", Text),
        May("os-volume-type-access:is_public", Flag),
        May("extra_specs", Texts),
    ],
);
const TYPE_CHANGE: Schema = Schema::of(
    "VolumeTypeChange",
    "volume_type",
    &[May("name", Text), May("description", Text), May("is_public", Flag)],
);
const EXTRA_SPECS: Schema = Schema::top("ExtraSpecs", &[Must("extra_specs", Texts)]);
const EXTRA_SPEC: Schema = Schema::top("ExtraSpec", &[Others(Text)]);
const CONTROL: Member = Must("control_location", Word(&["front-end", "back-end"]));
const NEW_ENCRYPTION: Schema = Schema::of(
    "NewEncryption",
    "encryption",
    &[Must("provider", Text), CONTROL, May("cipher", Text), May("key_size", Whole)],
);
const ENCRYPTION_CHANGE: Schema = Schema::of(
    "EncryptionChange",
    "encryption",
    &[
        May("provider", Text),
        May("control_location", Word(&["front-end", "back-end"])),
        May("cipher", Text),
        May("key_size", Whole),
    ],
);
const PROJECT: &[Member] = &[Must("project", Text)];
const ACCESS_ACTS: &[Act] = &[
    Act::new("addProjectAccess", A::AddTypeAccess, PROJECT),
    Act::new("removeProjectAccess", A::RemoveTypeAccess, PROJECT),
];

const TYPES: &[Operation] = operations! {
    get "/types" 200 Many("volume_types"), "List disk types", may(A::ListTypes),
        query(&[PAGE, &["is_public", "name", "extra_specs"]]);
    post "/types" 200 One("volume_type"), "Make a disk type", may(A::CreateType), takes(&NEW_TYPE),
        fails(&[409]);
    get "/types/{id}" 200 One("volume_type"), "Show a disk type", may(A::ShowType);
    put "/types/{id}" 200 One("volume_type"), "Change a disk type", may(A::UpdateType),
        takes(&TYPE_CHANGE), fails(&[409]);
    delete "/types/{id}" 202 Nothing, "Remove a disk type", may(A::DeleteType);
    post "/types/{id}/action" 202 Nothing, "Let a project use a private disk type, or no more",
        does("VolumeTypeAction", ACCESS_ACTS), fails(&[409]);
    get "/types/{id}/os-volume-type-access" 200 Many("volume_type_access"),
        "List the projects that use a private disk type", may(A::ListTypeAccess);
    get "/types/{id}/extra_specs" 200 One("extra_specs"), "List the extra specs of a disk type",
        may(A::ListExtraSpecs);
    post "/types/{id}/extra_specs" 200 One("extra_specs"), "Set extra specs of a disk type",
        may(A::CreateExtraSpecs), takes(&EXTRA_SPECS);
    get "/types/{id}/extra_specs/{key}" 200 Object, "Show an extra spec", may(A::ShowExtraSpec);
    put "/types/{id}/extra_specs/{key}" 200 Object, "Set an extra spec", may(A::UpdateExtraSpec),
        takes(&EXTRA_SPEC);
    delete "/types/{id}/extra_specs/{key}" 202 Nothing, "Remove an extra spec",
        may(A::DeleteExtraSpec);
    get "/types/{id}/encryption" 200 Object, "Show the encryption of a disk type",
        may(A::ShowEncryption);
    post "/types/{id}/encryption" 200 One("encryption"), "Let the disks of a type be encrypted",
        may(A::CreateEncryption), takes(&NEW_ENCRYPTION);
    get "/types/{id}/encryption/{key}" 200 Object, "Show a member of the encryption",
        may(A::ShowEncryption);
    put "/types/{id}/encryption/{key}" 200 One("encryption"), "Change the encryption",
        may(A::UpdateEncryption), takes(&ENCRYPTION_CHANGE);
    delete "/types/{id}/encryption/{key}" 202 Nothing,
        "Let the disks of a type be encrypted no more", may(A::DeleteEncryption);
};

const NEW_QOS: Schema = Schema::of("NewQosSpecs", "qos_specs", &[Must("name", Text), Others(Text)]);
const QOS_CHANGE: Schema = Schema::of("QosSpecsChange", "qos_specs", &[Others(Text)]);
const QOS_KEYS: Schema = Schema::top("QosSpecsKeys", &[Must("keys", Words)]);

const QOS: &[Operation] = operations! {
    get "/qos-specs" 200 Many("qos_specs"), "List qualities of service", may(A::ListQosSpecs),
        query(&[PAGE, &["id", "name", "consumer"]]);
    post "/qos-specs" 200 One("qos_specs"), "Make a quality of service", may(A::CreateQosSpecs),
        takes(&NEW_QOS), fails(&[409]);
    get "/qos-specs/{id}" 200 One("qos_specs"), "Show a quality of service", may(A::ShowQosSpecs);
    put "/qos-specs/{id}" 200 One("qos_specs"), "Set keys of a quality of service",
        may(A::UpdateQosSpecs), takes(&QOS_CHANGE);
    delete "/qos-specs/{id}" 202 Nothing, "Remove a quality of service", may(A::DeleteQosSpecs),
        query(&[&["force"]]);
    put "/qos-specs/{id}/delete_keys" 202 Nothing, "Remove keys of a quality of service",
        may(A::DeleteQosSpecs), takes(&QOS_KEYS);
    get "/qos-specs/{id}/associations" 200 Many("qos_associations"),
        "List the disk types with a quality of service", may(A::ListQosSpecs);
    get "/qos-specs/{id}/associate" 202 Nothing, "Give a disk type a quality of service",
        may(A::UpdateQosSpecs), query(&[&["vol_type_id"]]), fails(&[507]);
    get "/qos-specs/{id}/disassociate" 202 Nothing, "Take a quality of service from a disk type",
        may(A::UpdateQosSpecs), query(&[&["vol_type_id"]]), fails(&[507]);
    get "/qos-specs/{id}/disassociate_all" 202 Nothing,
        "Take a quality of service from all disk types", may(A::UpdateQosSpecs), fails(&[507]);
};
