//! The OpenStack Block Storage API: disk types and qualities of service.

use super::openstack::{BOTH, PAGE};
use super::table::Kind::{self, Between, Keyed, Like, Null, Or, Sized, Word};
use super::table::Member::{May, Must, One, Only};
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

const NEW_TYPE: Schema = Schema::only(
    "NewVolumeType",
    "volume_type",
    &[
        Must("name", NAME),
        May("description", Kind::LABEL),
        May("os-volume-type-access:is_public", Kind::TRUTH),
        May("extra_specs", Keyed(SPACED_KEY, &Kind::LABEL)),
        Only,
    ],
);
const TYPE_CHANGE: Schema = Schema::only(
    "VolumeTypeChange",
    "volume_type",
    &[Must("name", NAME), May("description", Kind::LABEL), May("is_public", Kind::TRUTH), Only],
);
/// What is not nothing but white space.
const NAME: Kind = Like("^[!-~]([ -~]{0,253}[!-~])?$");
const KEY: &str = "^[a-zA-Z0-9_:.-]{1,255}$";
const SPACED_KEY: &str = "^[a-zA-Z0-9_:. /-]{1,255}$";
const EXTRA_SPECS: Schema =
    Schema::top("ExtraSpecs", &[Must("extra_specs", Keyed(KEY, &Kind::LABEL)), Only]);
/// The one key is the path's.
const EXTRA_SPEC: Schema = Schema::top("ExtraSpec", &[Member::Like(KEY, Kind::LABEL), One]);
const CONTROL: Member = Must("control_location", Word(&["front-end", "back-end"]));
const NEW_ENCRYPTION: Schema = Schema::only(
    "NewEncryption",
    "encryption",
    &[
        Must("provider", Sized(0, 255)),
        CONTROL,
        May("cipher", Kind::LABEL),
        May("key_size", KEY_SIZE),
        Only,
    ],
);
const KEY_SIZE: Kind = Or(&[Between(0, 0x7FFF_FFFF), Like("^[0-9]{1,9}$"), Null]);
const ENCRYPTION_CHANGE: Schema = Schema::only(
    "EncryptionChange",
    "encryption",
    &[
        May("provider", Sized(0, 255)),
        May("control_location", Word(&["front-end", "back-end"])),
        May("cipher", Kind::LABEL),
        May("key_size", KEY_SIZE),
        Only,
    ],
);
const PROJECT: &[Member] = &[Must("project", Sized(1, 255)), Only];
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

const CONSUMER: Kind = Word(&["front-end", "back-end", "both"]);
/// The other keys are as those of extra specs that come with a type.
const NEW_QOS: Schema = Schema::only(
    "NewQosSpecs",
    "qos_specs",
    &[Must("name", NAME), May("consumer", CONSUMER), Member::Like(SPACED_KEY, Kind::LABEL)],
);
const QOS_CHANGE: Schema = Schema::only(
    "QosSpecsChange",
    "qos_specs",
    &[May("consumer", CONSUMER), Member::Like(SPACED_KEY, Kind::LABEL)],
);
const QOS_KEYS: Schema =
    Schema::top("QosSpecsKeys", &[Must("keys", Kind::Some(0, 255, &Sized(1, 255))), Only]);

const QOS: &[Operation] = operations! {
    get "/qos-specs" 200 Many("qos_specs"), "List qualities of service", may(A::ListQosSpecs),
        query(&[PAGE, &["id", "name", "consumer"]]);
    post "/qos-specs" 200 One("qos_specs"), "Make a quality of service", may(A::CreateQosSpecs),
        takes(&NEW_QOS), fails(&[409]);
    get "/qos-specs/{id}" 200 One("qos_specs"), "Show a quality of service", may(A::ShowQosSpecs);
    put "/qos-specs/{id}" 200 One("qos_specs"), "Set keys of a quality of service",
        may(A::UpdateQosSpecs), takes(&QOS_CHANGE);
    delete "/qos-specs/{id}" 202 Nothing, "Remove a quality of service", may(A::DeleteQosSpecs),
        query(&[&["force@always"]]);
    put "/qos-specs/{id}/delete_keys" 202 Nothing, "Remove keys of a quality of service",
        may(A::DeleteQosSpecs), takes(&QOS_KEYS);
    get "/qos-specs/{id}/associations" 200 Many("qos_associations"),
        "List the disk types with a quality of service", may(A::ListQosSpecs);
    get "/qos-specs/{id}/associate" 202 Nothing, "Give a disk type a quality of service",
        may(A::UpdateQosSpecs), query(&[&["vol_type_id!"]]), fails(&[507]);
    get "/qos-specs/{id}/disassociate" 202 Nothing, "Take a quality of service from a disk type",
        may(A::UpdateQosSpecs), query(&[&["vol_type_id!"]]), fails(&[507]);
    get "/qos-specs/{id}/disassociate_all" 202 Nothing,
        "Take a quality of service from all disk types", may(A::UpdateQosSpecs), fails(&[507]);
};
